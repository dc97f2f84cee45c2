"""Who may join a cluster: certificates, addresses, and what the commands refuse."""

import logging
import signal
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed.comm import connect, listen
from distributed.security import Security

from localwhisper import cli, settings
from localwhisper.distributed import cluster_workers
from localwhisper.distributed.certificates import CA, KEY, make_certificates
from localwhisper.distributed.connection import security_for
from localwhisper.errors import CertificatesMissing, PackageMissing

ADDRESS = "tls://127.0.0.1:0"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
LONG_S = 60.0
REFUSED_S = 0.3  # dask tries again and again meanwhile


def security(folder: Path) -> Security:
    return security_for(ADDRESS, settings.load({"cluster_certificates": str(folder)}, {}))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates") / "ours"
    make_certificates(folder)
    return folder


@pytest.fixture
def _process_as_it_was() -> Iterator[None]:
    """Restores what commands that run until they are stopped change: the handlers of signals and of the log."""
    root = logging.getLogger()
    signals, handlers = {number: signal.getsignal(number) for number in SIGNALS}, list(root.handlers)
    yield
    for number, handler in signals.items():
        signal.signal(number, handler)
    for added in set(root.handlers) - set(handlers):
        root.removeHandler(added)


def test_only_the_user_can_read_the_certificates(certificates: Path) -> None:
    assert stat.S_IMODE(certificates.stat().st_mode) == 0o700
    assert stat.S_IMODE((certificates / KEY).stat().st_mode) == 0o600


@pytest.mark.gen_test
@pytest.mark.parametrize("who", ["a member", "another cluster", "nobody"])
async def test_only_members_can_connect(certificates: Path, tmp_path: Path, who: str) -> None:
    if who == "another cluster":
        make_certificates(tmp_path / "theirs")
    folder = tmp_path / "theirs" if who == "another cluster" else certificates
    arguments = security(folder).get_connection_args("worker")
    if who == "nobody":  # who has the authority's certificate, but none of its own
        arguments["ssl_context"] = ssl.create_default_context(cafile=certificates / CA)
        arguments["ssl_context"].check_hostname = False
    greeted: list[object] = []

    async def greet(comm: object) -> None:
        greeted.append(comm)

    listener = await listen(ADDRESS, greet, **security(certificates).get_listen_args("scheduler"))
    try:
        comm = await connect(listener.contact_address, LONG_S if who == "a member" else REFUSED_S, **arguments)
    except OSError:
        assert who != "a member"
    else:
        await comm.close()
        assert who == "a member"
    finally:
        listener.stop()
    assert bool(greeted) == (who == "a member")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--scheduler", "tcp://10.0.0.5:8786"], "tls://HOST:PORT"),
        (["worker", "tcp://box.example:8786"], "tls://HOST:PORT"),
        (["worker"], "tls://HOST:PORT"),
        (["worker", "tls://127.0.0.1:8786"], "cluster certificates DIR"),
        (["cluster", "scheduler", "--scheduler", "tls://0.0.0.0:8786"], "one address of this machine"),
    ],
)
@pytest.mark.usefixtures("_process_as_it_was")
def test_what_is_not_safe_is_refused(
    arguments: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments, "--data-dir", str(tmp_path / "data")]) in (1, 2)
    assert text in capsys.readouterr().err


def test_a_server_needs_the_certificates_too(tmp_path: Path) -> None:
    with pytest.raises(CertificatesMissing):
        cluster_workers("tls://127.0.0.1:8786", settings.load({"data_dir": str(tmp_path)}, {}), lambda name: None)


def test_certificates_are_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "certificates"
    assert cli.main(["cluster", "certificates", str(folder)]) == 0
    key = (folder / KEY).read_bytes()
    assert cli.main(["cluster", "certificates", str(folder)]) == 1
    assert (folder / KEY).read_bytes() == key
    assert "certificates already" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["worker"], ["cluster", "local", "1"]])
def test_without_the_extra_the_command_names_it(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("localwhisper.distributed.find_spec", lambda package: None)
    with pytest.raises(PackageMissing):
        cluster_workers("tls://127.0.0.1:8786", settings.load({}, {}), lambda name: None)
    assert cli.main([*arguments, "--data-dir", str(tmp_path / "data")]) == 1
    assert "localwhisper[distributed]" in capsys.readouterr().err

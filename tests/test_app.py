"""The start of a server whose address can't be used."""

import asyncio
import errno
from pathlib import Path
from typing import NoReturn

import pytest
import tornado.netutil

from localwhisper.app import App
from localwhisper.errors import LocalWhisperError, PortForbidden, PortInUse
from localwhisper.settings import load


@pytest.mark.parametrize(
    ("number", "error_class"),
    [(errno.EADDRINUSE, PortInUse), (errno.EACCES, PortForbidden), (errno.EPERM, PortForbidden)],
)
def test_a_port_that_is_refused_is_reported_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error_class: type[LocalWhisperError]
) -> None:
    def refuse(*args: object) -> NoReturn:
        raise OSError(number, "refused")

    monkeypatch.setattr(tornado.netutil, "bind_sockets", refuse)
    app = App(load({"data_dir": str(tmp_path), "port": "80"}, {}))
    with pytest.raises(error_class) as raised:
        asyncio.run(app.start())
    assert raised.value.params == {"host": "127.0.0.1", "port": 80}

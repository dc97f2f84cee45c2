"""The command line in separate processes. Most transcriptions run on the shared server."""

import asyncio
import errno
import importlib.util
import json
import os
import plistlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from localwhisper import paths
from localwhisper.cli import main
from localwhisper.commands import selftest
from localwhisper.commands.arguments import normalize, parse_arguments
from localwhisper.commands.doctor import CHECKS
from localwhisper.commands.models import describe
from localwhisper.commands.service import plist, unit
from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.engine.checkpoints.model_source import Offer
from localwhisper.engine.checkpoints.origin import Origin
from localwhisper.errors import PortForbidden
from localwhisper.jobs.estimates import FactorKey
from localwhisper.option_types import SettableIn
from localwhisper.options import OPTIONS
from localwhisper.settings import load
from tests.conftest import Serve
from tests.option_values import OTHER_TEXTS, OTHER_VALUES
from tests.process.server import Server, port_of_its_own
from tests.speech import CLIP, SPANISH_CLIP, is_text_of, samples
from tests.step_engine import StepEngine

TIMEOUT_S = 180


def start(*arguments: str, cwd: Path, **environ: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "localwhisper", *arguments],
        cwd=cwd,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def run(*arguments: str, cwd: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    process = start(*arguments, cwd=cwd, **environ)
    out, err = process.communicate(timeout=TIMEOUT_S)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, one in a subfolder, and a text file."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    shutil.copy(CLIP, tmp_path / "in" / "one.opus")
    shutil.copy(SPANISH_CLIP, tmp_path / "in" / "deep" / "dos.opus")
    (tmp_path / "in" / "notes.txt").write_text("no recording")
    return tmp_path


def test_finished_recordings_of_a_folder_are_skipped_unless_overwritten(server: Server, folder: Path) -> None:
    call = [
        "transcribe",
        "in",
        "--server",
        server.url,
        "--output_dir",
        "out",
        "--output_format",
        "srt,txt",
        "--jobs",
        "2",
    ]
    ended = run(*call, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert is_text_of(CLIP, (folder / "out" / "one.txt").read_text())
    assert is_text_of(SPANISH_CLIP, (folder / "out" / "deep" / "dos.txt").read_text())
    assert " --> " in (folder / "out" / "one.srt").read_text()
    assert {path.name for path in (folder / "out").rglob("*") if path.is_file()} == {
        "one.srt",
        "one.txt",
        "dos.srt",
        "dos.txt",
    }
    assert "good morning" in ended.stdout
    assert "-->" not in ended.stdout
    (folder / "out" / "one.txt").write_text("edited by hand")
    again = run(*call, cwd=folder)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr.count("done before") == 2
    assert (folder / "out" / "one.txt").read_text() == "edited by hand"
    assert run(*call, "--overwrite", "--verbose", "False", cwd=folder).stdout == ""
    assert is_text_of(CLIP, (folder / "out" / "one.txt").read_text())


def test_the_arguments_of_whisper_are_accepted(server: Server, folder: Path) -> None:
    """In the process itself, with a file that is not audio among the recordings."""
    (folder / "broken.wav").write_text("no audio")
    ended = run(
        "transcribe",
        "broken.wav",
        "in/one.opus",
        "--model",
        "demo",
        "--language",
        "English",
        "--max_words_per_line",
        "2",
        *("--fp16", "False", "--device", "cpu", "--threads", "2", "--verbose", "True"),
        *("--best_of", "5", "--patience", "1.0", "--length_penalty", "0.5", "--suppress_tokens", "-1,50363"),
        *("--condition_on_previous_text", "False", "--temperature_increment_on_fallback", "None"),
        *("--logprob_threshold", "-1.0", "--no_speech_threshold", "None", "--clip_timestamps", "0,5"),
        *("--prepend_punctuations", "-(", "--append_punctuations", ".", "--hallucination_silence_threshold", "2"),
        "--output_dir",
        ".",
        cwd=folder,
        LOCALWHISPER_DATA_DIR=str(server.data_dir),
    )
    assert ended.returncode == 1, ended.stderr
    assert "broken.wav" in ended.stderr
    for note in (
        "--patience is for beam search",
        "--device has no effect",
        "--threads has no effect",
        "--fp16 has no effect",
        "Word times are computed",
    ):
        assert note in ended.stderr
    assert not list(folder.glob("broken.txt"))
    assert {path.name for path in folder.glob("one.*")} == {
        f"one.{name}" for name in ("txt", "vtt", "srt", "tsv", "json")
    }
    assert is_text_of(CLIP, ended.stdout)
    blocks = (folder / "one.srt").read_text().strip().split("\n\n")
    assert all(len(block.split("\n")[2].split()) <= 2 for block in blocks)


def test_stdin_is_transcribed_to_stdout(server: Server, tmp_path: Path) -> None:
    with open(CLIP, "rb") as audio:
        ended = subprocess.run(
            [sys.executable, "-m", "localwhisper", "transcribe", "-", "--server", server.url, "-f", "vtt"],
            stdin=audio,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=TIMEOUT_S,
            check=True,
        )
    assert ended.stdout.startswith("WEBVTT\n\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.gen_test
async def test_every_flag_reaches_the_server(serve: Serve, engine: StepEngine, tmp_path: Path) -> None:
    names = [name for name, option in OPTIONS.items() if SettableIn.CLI in option.settable_in]
    texts = {**OTHER_TEXTS, "model": "demo", "task": "transcribe"}  # the one model of this server can't translate
    engine.release()
    server = await serve()
    flags = [part for name in names for part in (f"--{name}", texts[name])]
    call = ["transcribe", str(CLIP), "--server", f"http://{server.host}", "-f", "txt", "-o", str(tmp_path)]
    assert await asyncio.to_thread(main, [*call, *flags]) == 0
    (job,) = (await server.fetch("GET", "/jobs")).json["jobs"]
    taken = {"model": job["model"], **job["options"]}
    values = {**OTHER_VALUES, "model": "demo", "task": "transcribe"}
    assert {name: taken[name] for name in names} == {name: values[name] for name in names}


class ClosedEngine(StepEngine):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.gen_test
async def test_the_self_test_frees_its_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = ClosedEngine()
    engine.release()
    monkeypatch.setattr(selftest, "whisper_engine", lambda *_: engine)
    assert not await selftest.run(load({"data_dir": str(tmp_path)}, {}))  # the engine's text is not the sample's
    assert engine.decoded
    assert engine.is_closed


def test_ctrl_c_cancels_the_job_and_keeps_finished_files(server: Server, long_speech: Path, tmp_path: Path) -> None:
    shutil.copy(CLIP, tmp_path / "a.opus")
    shutil.copy(long_speech, tmp_path / "b.wav")
    process = start("transcribe", "a.opus", "b.wav", "--server", server.url, "-f", "txt", cwd=tmp_path)
    newest = server.newest_job_when("processing", "b.wav")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"a.opus", "b.wav", "a.txt"}
    assert server.job_when(newest["job_id"], "cancelled", "completed")["status"] == "cancelled"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["transcribe", "nothing.mp3"], "nothing.mp3"),
        (["transcribe", "a.opus", "-f", "pdf"], "docx"),
        (["transcribe", "a.opus", "--language", "klingon"], "klingon"),
        (["transcribe", "a.opus", "--jobs", "0"], "--jobs"),
        (["watch", "nowhere"], "nowhere"),
    ],
)
def test_wrong_usage_exits_with_2_and_names_the_argument(arguments: list[str], said: str, tmp_path: Path) -> None:
    ended = run(*arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unreachable_server_is_reported(tmp_path: Path) -> None:
    shutil.copy(CLIP, tmp_path / "a.opus")
    ended = run("transcribe", "a.opus", "--server", "http://127.0.0.1:9", cwd=tmp_path)
    assert ended.returncode == 1
    assert "can't be reached" in ended.stderr


def test_watch_transcribes_a_recording_once_it_is_complete(server: Server, tmp_path: Path) -> None:
    process = start("watch", ".", "--server", server.url, "--settle", "0.6", cwd=tmp_path)
    try:
        assert process.stderr is not None
        assert "Watching" in process.stderr.readline()
        audio = CLIP.read_bytes()
        with open(tmp_path / "new.opus", "wb") as file:  # in pieces
            for at in range(0, len(audio), len(audio) // 5 + 1):
                file.write(audio[at : at + len(audio) // 5 + 1])
                file.flush()
                time.sleep(0.15)
        # The last line about a recording, after its text. If the program ends early, readline returns "".
        assert any(" → " in line for line in iter(process.stderr.readline, ""))
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert is_text_of(CLIP, out)
    assert " --> " in (tmp_path / "new.srt").read_text()


def test_doctor_finds_no_problems(tmp_path: Path) -> None:
    well = run("doctor", "--data-dir", str(tmp_path), "--port", "0", "--default-model", "demo", cwd=tmp_path)
    assert well.returncode == 0, well.stdout
    assert well.stdout.splitlines()[-1] == "All is well."
    assert "CPU" in well.stdout or "GPU" in well.stdout


def test_doctor_finds_problems(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    asked = {"data_dir": str(tmp_path / "file"), "port": str(server.port), "default_model": "nonsense"}
    settings = load(asked, {})
    found = {name: CHECKS[name](settings) for name in ("data folder", "models", "port")}
    assert [finding.state for finding in found.values()] == ["problem", "problem", "ok"]
    assert "can't be written" in found["data folder"].text
    assert "there is no model nonsense" in found["models"].text
    assert f"runs on {server.port}" in found["port"].text
    assert all(finding.advice for finding in found.values() if finding.state == "problem")


def test_doctor_names_a_port_that_the_system_reserves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "reserved")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(PortForbidden):  # doctor reports it as a problem
        CHECKS["port"](load({"data_dir": str(tmp_path), "port": "80"}, {}))


def test_desktop_entry_is_installed_and_removed(tmp_path: Path) -> None:
    assert run("desktop", "install", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path)).returncode == 0
    entry = (tmp_path / "applications" / "localwhisper.desktop").read_text()
    assert "video/x-matroska;" in entry
    assert (tmp_path / "icons/hicolor/scalable/apps/localwhisper.svg").exists()
    assert run("desktop", "remove", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path)).returncode == 0
    assert not list(tmp_path.rglob("localwhisper.*"))  # the desktop's own cache of types may be there


def test_a_token_of_a_service_is_in_its_environment() -> None:
    command = ["/usr/bin/python3", "-m", "localwhisper"]
    token = {"LOCALWHISPER_TOKEN": 'a "b" \\ 100%'}
    service = unit(command, token)
    assert 'Environment="LOCALWHISPER_TOKEN=a \\"b\\" \\\\ 100%%"' in service.splitlines()
    assert "ExecStart=/usr/bin/python3 -m localwhisper" in service.splitlines()
    assert plistlib.loads(plist(command, token))["EnvironmentVariables"] == token


def test_service_files_quote_arguments() -> None:
    command = ["/usr/bin/python3", "-m", "localwhisper", "--data-dir", "/home/a b/100%"]
    assert 'ExecStart=/usr/bin/python3 -m localwhisper --data-dir "/home/a b/100%%"' in unit(command, {})
    for folder in ("/home/o'brien", "/a\tb", "/a;b", "/a#b", "/é", "/*"):
        assert f'--data-dir "{folder}"' in unit(["python3", "--data-dir", folder], {})
    agent = plistlib.loads(plist([*command, "<&>"], {}))
    assert agent["ProgramArguments"] == [*command, "<&>"]
    assert {key: type(value) for key, value in agent.items()} == {  # as launchd.plist(5) has them
        "Label": str,
        "ProgramArguments": list,
        "EnvironmentVariables": dict,
        "RunAtLoad": bool,
        "KeepAlive": dict,
        "ProcessType": str,
    }


def test_a_token_is_not_in_the_command_line_of_a_started_server(tmp_path: Path) -> None:
    """Every user of the machine can read command lines."""
    data_dir, port = tmp_path / "data", port_of_its_own()
    flags = ["--data-dir", str(data_dir), "--port", str(port), "--token", "sesame"]
    ended = run("open", *flags, cwd=tmp_path, BROWSER="true")
    command_lines = {
        int(path.parent.name): text
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(data_dir) in (text := text_of(path))
    }
    for pid in command_lines:
        os.kill(pid, signal.SIGTERM)
    assert ended.returncode == 0, ended.stderr  # the server accepted the token
    assert command_lines
    assert not any("sesame" in text for text in command_lines.values())


def text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # the process has ended
        return ""


def test_open_submits_files_to_the_running_server(server: Server, tmp_path: Path) -> None:
    ended = run("open", str(CLIP), "--port", str(server.port), cwd=tmp_path, BROWSER="true")
    assert ended.returncode == 0, ended.stderr
    assert server.request("GET", "/jobs?limit=1")["jobs"][0]["filename"] == CLIP.name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_of_each_shell(shell: str, tmp_path: Path) -> None:
    ended = run("completion", shell, cwd=tmp_path)
    for word in ("transcribe", "watch", "doctor", "word-timestamps"):
        assert word in ended.stdout
    if shell == "bash":
        script = (
            f"{ended.stdout}\nCOMP_WORDS=(localwhisper do); COMP_CWORD=1; _shtab_localwhisper; echo ${{COMPREPLY[@]}}"
        )
        told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert "doctor" in told.stdout.split()


def test_the_value_of_a_boolean_flag_is_optional() -> None:
    assert normalize(["--word_timestamps", "a.mp3"]) == ["--word-timestamps=true", "a.mp3"]
    assert normalize(["--word-timestamps", "False", "a.mp3"]) == ["--word-timestamps=False", "a.mp3"]
    assert normalize(["--", "--verbose"]) == ["--", "--verbose"]


def test_flags_are_accepted_with_underscores() -> None:
    options = parse_arguments(["transcribe", "a", "--output_dir", "x", "--model_dir", "y", "--initial_prompt", "z"])
    assert (options.output_dir, options.model_dir, options.initial_prompt) == ("x", "y", "z")


def test_models_list_shows_where_a_converted_model_comes_from() -> None:
    entry = ModelEntry("base", 145_000_000, True, False, True, True, {}, Origin("ggml", False, "a==1.0", "0" * 64))
    text = "\n".join(describe(entry, {}))
    for part in ("converted from whisper.cpp", "quantised", "package index: a==1.0", f"SHA-256 {'0' * 64}"):
        assert part in text


def test_models_list_says_what_a_model_is_for_and_where_it_can_be_had() -> None:
    offers = (Offer("openai", "OpenAI's host", 1), Offer("index", "the package index", 1))
    entry = ModelEntry("base", 10, False, False, True, True, {}, None, ("basis",), "quick", offers)
    lines = describe(entry, {FactorKey(model="base"): 0.1})
    assert lines[0].split() == ["quick", "base", "0", "MiB", "to", "download", "recommended"]
    assert [line.strip() for line in lines[1:]] == [
        "also named basis",
        "an hour of audio takes about 6 min on this machine (measured)",
        "from OpenAI's host or the package index",
    ]


def test_every_option_of_whispers_command_is_accepted() -> None:
    spec = importlib.util.find_spec("whisper")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "transcribe.py").read_text(encoding="utf-8")
    flags = re.findall(r'add_argument\("(--\w+)".*type=(\w+)', source)
    assert len(flags) >= 30
    values = {"str2bool": "True", "optional_int": "None", "optional_float": "None", "float": "0.5"}
    texts = {"--task": "translate", "--language": "French", "--suppress_tokens": "-1,50", "--clip_timestamps": "1,2"}
    for flag, kind in flags:
        options = parse_arguments(["transcribe", "a.mp3", flag, texts.get(flag, values.get(kind, "x"))])
        assert options.files == ["a.mp3"]
        name = flag.removeprefix("--")
        if name in OPTIONS and name != "model":  # its value is one
            OPTIONS[name].from_text(str(getattr(options, name)))


def test_a_model_can_be_a_file(tmp_path: Path, server: Server) -> None:
    (demo,) = paths.engine_data(server.data_dir).glob("demo-*.pt")
    shutil.copy(demo, tmp_path / "my model.pt")
    call = ["transcribe", str(CLIP), "--model", "my model.pt", "-f", "txt", "-o", "out"]
    ended = run(*call, cwd=tmp_path, LOCALWHISPER_DATA_DIR=str(server.data_dir))
    assert ended.returncode == 0, ended.stderr
    assert is_text_of(CLIP, (tmp_path / "out" / CLIP.with_suffix(".txt").name).read_text())
    refused = run(*call, "--server", server.url, cwd=tmp_path)
    assert refused.returncode == 2
    assert "imported there first" in refused.stderr


@pytest.mark.parametrize("is_local", [True, False], ids=["here", "on a server"])
def test_a_script_is_written_with_the_times_of_its_words(server: Server, tmp_path: Path, is_local: bool) -> None:
    """Lines and spelling are the script's; a word that isn't spoken is somewhere, too."""
    text = samples()[CLIP].split()
    script = f"{' '.join(text[:2]).upper()}!\n{' '.join([*text[2:-1], 'Xyz', *text[-1:]])}\n"
    (tmp_path / "talk.txt").write_text(script, encoding="utf-8-sig")
    where = ["--model", "demo", "--data-dir", str(tmp_path / "data")] if is_local else ["--server", server.url]
    call = ["transcribe", str(CLIP), "--script", "talk.txt", "-f", "srt,json", "-o", str(tmp_path), *where]
    ended = run(*call, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    segments = json.loads((tmp_path / f"{CLIP.stem}.json").read_text(encoding="utf-8"))["segments"]
    assert [segment["text"].strip() for segment in segments] == script.splitlines()
    edges = [edge for segment in segments for word in segment["words"] for edge in (word["start"], word["end"])]
    assert edges == sorted(edges)
    assert 0.5 < edges[-1] < 10
    assert script.splitlines()[0] in (tmp_path / f"{CLIP.stem}.srt").read_text()


@pytest.mark.parametrize(
    ("content", "sources"),
    [(b"\xff\xfe", [str(CLIP)]), (b" - ", [str(CLIP)]), (b"text", [str(CLIP)] * 2), (None, ["-"])],
)
def test_what_is_not_a_script_is_refused(
    content: bytes | None, sources: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.txt"
    if content is not None:
        path.write_bytes(content)
    assert main(["transcribe", *sources, "--script", str(path), "--data-dir", str(tmp_path / "data")]) == 2
    assert str(path) in capsys.readouterr().err

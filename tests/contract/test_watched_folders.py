"""Watched folders: from a new recording to its transcript, across restarts, and only for clients of this machine."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localwhisper import paths
from localwhisper.errors import StorageFull
from localwhisper.export.registry import EXPORTERS
from localwhisper.services import file_jobs, watched_folders
from localwhisper.watching import growing_files
from localwhisper.watching.watched_folders import WatchedFolder, WatchedFolderFile
from tests.conftest import Serve
from tests.http_client import Answer, Client, wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_folders, "SETTLE_S", 0.2)
    monkeypatch.setattr(watched_folders, "RETRY_S", 0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


async def watch(client: Client, folder: Path, **more: Any) -> Answer:
    body = {"path": str(folder), "formats": ["srt", "txt"], **more}
    return await client.fetch("POST", "/watched-folders", body=json.dumps(body).encode())


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


async def names(client: Client) -> list[str]:
    return sorted(job["filename"] for job in (await client.get("/jobs")).json["jobs"])


async def test_new_recordings_are_transcribed_with_the_folders_settings(
    serve: Serve, engine: StepEngine, folder: Path, tmp_path: Path
) -> None:
    engine.release()
    client = await serve()
    (folder / "old.wav").write_bytes(wav(2.0))
    texts = tmp_path / "texts"
    texts.mkdir()
    answer = await watch(
        client,
        folder,
        output=str(texts),
        skip=["raw/*", "*.tmp.wav"],
        options={"language": "es", "word_timestamps": True},
    )
    assert answer.status == 201
    assert (await client.get("/watched-folders")).json["watched_folders"] == [answer.json]
    for name in ("sub/new.wav", "raw/no.wav", "sub/no.tmp.wav"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(wav(2.0))
    (folder / "sub" / "notes.txt").write_text("not a recording")
    os.chmod(folder / "sub" / "new.wav", 0o400)
    await until(lambda: (texts / "sub" / "new.srt").exists() and (texts / "sub" / "new.txt").exists())
    assert "part 0" in (texts / "sub" / "new.txt").read_text()
    (job,) = (await client.get("/jobs")).json["jobs"]
    assert (job["filename"], job["options"]["language"], job["options"]["word_timestamps"]) == ("new.wav", "es", True)
    assert (folder / "sub" / "new.wav").read_bytes() == wav(2.0)

    removed = await client.fetch("DELETE", f"/watched-folders/{answer.json['id']}")
    assert removed.status == 204
    assert (await client.get("/watched-folders")).json["watched_folders"] == []
    assert (await client.fetch("DELETE", f"/watched-folders/{answer.json['id']}")).code == "watched_folder_not_found"


async def test_a_folders_names_and_terms_are_those_of_each_new_recording(
    serve: Serve, engine: StepEngine, folder: Path
) -> None:
    """A list that the folder names is read anew for each recording, also after a restart."""
    engine.release()
    client = await serve()

    async def keep(terms: str) -> None:
        body = json.dumps({"terms": terms}).encode()
        assert (await client.fetch("PUT", "/term-lists/Talks", body=body)).status == 200

    missing = await watch(client, folder, options={"terms": "@Talks"})
    assert (missing.code, missing.json["error"]["message"].count("Talks")) == ("invalid_option", 1)
    await keep("part 0 => chapter one")
    assert (await watch(client, folder, options={"terms": "@Talks; Ada"})).status == 201
    (folder / "a.wav").write_bytes(wav(2.0))
    await until((folder / "a.txt").exists)
    assert "chapter one" in (folder / "a.txt").read_text()
    await keep("part 0 => the beginning")
    await client.close()
    client = await serve()
    (folder / "b.wav").write_bytes(wav(2.0))
    await until((folder / "b.txt").exists)
    assert "the beginning" in (folder / "b.txt").read_text()
    terms = {job["filename"]: job["options"]["terms"] for job in (await client.get("/jobs")).json["jobs"]}
    assert terms["b.wav"] == "# Talks\npart 0 => the beginning\nAda"


async def test_a_restart_loses_nothing_and_repeats_nothing(serve: Serve, engine: StepEngine, folder: Path) -> None:
    client = await serve()
    (folder / "one.wav").write_bytes(wav(2.0))
    await watch(client, folder, existing=True)
    await until(lambda: engine.started)
    await client.close()  # while the job runs
    (folder / "two.wav").write_bytes(wav(2.5))
    engine.release()
    client = await serve()
    await until(lambda: all((folder / name).exists() for name in ("one.srt", "two.srt", "one.txt", "two.txt")))
    assert await names(client) == ["one.wav", "two.wav"]
    await client.close()
    client = await serve()
    await asyncio.sleep(0.6)
    assert await names(client) == ["one.wav", "two.wav"]
    await client.close()
    (folder / "one.wav").write_bytes(wav(3.0))  # another content
    client = await serve()
    while await names(client) != ["one.wav", "one.wav", "two.wav"]:
        await asyncio.sleep(0.02)


async def test_a_removed_job_does_not_come_back(serve: Serve, engine: StepEngine, folder: Path) -> None:
    client = await serve()
    (folder / "one.wav").write_bytes(wav(2.0))
    await watch(client, folder, existing=True)
    await until(lambda: engine.started)
    (job,) = (await client.get("/jobs")).json["jobs"]
    await client.fetch("DELETE", f"/job/{job['job_id']}?remove=true")
    await client.close()
    client = await serve()
    await asyncio.sleep(0.6)
    assert await names(client) == []


async def test_after_a_kill_before_the_removal_of_a_job_was_noted_it_does_not_come_back(
    serve: Serve, engine: StepEngine, folder: Path, tmp_path: Path
) -> None:
    client = await serve()
    (folder / "one.wav").write_bytes(wav(2.0))
    await watch(client, folder, existing=True)
    await until(lambda: engine.started)
    (job,) = (await client.get("/jobs")).json["jobs"]
    file = paths.watched_folders(tmp_path / "data")
    await until(lambda: json.loads(file.read_bytes())["jobs"][job["job_id"]]["is_queued"])
    before = file.read_bytes()
    await client.fetch("DELETE", f"/job/{job['job_id']}?remove=true")
    await client.close()
    file.write_bytes(before)
    client = await serve()
    await asyncio.sleep(0.6)
    assert await names(client) == []


async def test_after_a_kill_before_a_transcript_was_noted_there_is_no_second_copy(
    serve: Serve, engine: StepEngine, folder: Path, tmp_path: Path
) -> None:
    formats = list(EXPORTERS)
    client = await serve()
    (folder / "one.wav").write_bytes(wav(2.0))
    await watch(client, folder, existing=True, formats=formats)
    await until(lambda: engine.started)
    before = paths.watched_folders(tmp_path / "data").read_bytes()
    engine.release()
    await until(lambda: len([path for path in folder.iterdir() if path.suffix != ".tmp"]) == 1 + len(formats))
    await client.close()
    written = {path: path.read_bytes() for path in folder.iterdir()}
    paths.watched_folders(tmp_path / "data").write_bytes(before)
    paths.finished_recordings(tmp_path / "data").unlink()

    client = await serve()
    await until(lambda: not json.loads(paths.watched_folders(tmp_path / "data").read_text())["jobs"])
    assert {path: path.read_bytes() for path in folder.iterdir()} == written
    assert await names(client) == ["one.wav"]


async def test_of_a_drive_that_is_connected_late_only_new_recordings_are_taken(
    serve: Serve, engine: StepEngine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing reports what is on it."""
    engine.release()
    monkeypatch.setattr(growing_files, "SCAN_INTERVAL_S", 0.1)
    monkeypatch.setattr(growing_files, "watch", lambda *_, **__: iter(()))
    (folder / "old.wav").write_bytes(wav(2.0))
    client = await serve()
    await watch(client, folder)
    await client.close()
    folder.rename(tmp_path / "elsewhere")
    client = await serve()
    await asyncio.sleep(0.3)
    (tmp_path / "elsewhere" / "new.wav").write_bytes(wav(2.5))
    (tmp_path / "elsewhere").rename(folder)
    await until(lambda: (folder / "new.txt").exists())
    await asyncio.sleep(0.5)
    assert await names(client) == ["new.wav"]


async def test_a_folder_that_can_not_be_saved_is_not_listed(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(_: WatchedFolderFile) -> None:
        raise StorageFull

    client = await serve()
    with monkeypatch.context() as patch:
        patch.setattr(WatchedFolderFile, "save", save)
        assert (await watch(client, folder)).code == "storage_full"
    assert (await client.get("/watched-folders")).json["watched_folders"] == []


async def test_a_clock_that_is_set_back_hides_no_recording(
    serve: Serve, engine: StepEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.release()
    client = await serve()
    (folder / "old.wav").write_bytes(wav(2.0))
    real_ns, hours_ns = time.time_ns, 9 * 3600 * 10**9
    is_new, seen = WatchedFolder.is_new, set()
    monkeypatch.setattr(WatchedFolder, "is_new", lambda self, path: (seen.add(path), is_new(self, path))[1])
    with monkeypatch.context() as patch:
        patch.setattr(watched_folders.time, "time_ns", lambda: real_ns() + hours_ns)
        await watch(client, folder)
    await until(lambda: folder / "old.wav" in seen)
    (folder / "new.wav").write_bytes(wav(2.5))
    await until(lambda: (folder / "new.txt").exists())
    assert await names(client) == ["new.wav"]


async def test_what_is_being_saved_is_saved_before_the_server_ends(
    serve: Serve, engine: StepEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = WatchedFolderFile.save

    def save_slowly(self: WatchedFolderFile) -> None:
        time.sleep(0.3)
        save(self)

    client = await serve()
    (folder / "one.wav").write_bytes(wav(2.0))
    await watch(client, folder, existing=True)
    await until(lambda: engine.started)
    (job,) = (await client.get("/jobs")).json["jobs"]
    monkeypatch.setattr(WatchedFolderFile, "save", save_slowly)
    await client.fetch("DELETE", f"/job/{job['job_id']}?remove=true")
    await client.close()
    monkeypatch.setattr(WatchedFolderFile, "save", save)
    client = await serve()
    await asyncio.sleep(0.6)
    assert await names(client) == []


async def test_what_can_not_be_written_is_said(serve: Serve, engine: StepEngine, folder: Path, tmp_path: Path) -> None:
    client = await serve()
    texts = tmp_path / "texts"
    texts.mkdir()
    await watch(client, folder, output=str(texts))
    (folder / "one.wav").write_bytes(wav(2.0))
    await until(lambda: engine.started)
    shutil.rmtree(texts)
    texts.write_text("a file in its place")
    engine.release()

    async def problem(client: Client) -> str | None:
        (state,) = (await client.get("/watched-folders")).json["watched_folders"]
        said: str | None = state["problem"]
        return said

    while (said := await problem(client)) is None:
        await asyncio.sleep(0.02)
    assert said.startswith("one.wav")
    await client.close()
    client = await serve()  # tries again, now and later
    await asyncio.sleep(0.2)
    texts.unlink()
    await until(lambda: (texts / "one.srt").exists() and (texts / "one.txt").exists())
    while await problem(client) is not None:
        await asyncio.sleep(0.02)


async def test_a_recording_for_which_the_disk_has_no_room_is_taken_once_there_is(
    serve: Serve, engine: StepEngine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.release()
    client = await serve()
    n_attempts = 0

    def copy_in_part(source: Path, target: Path) -> None:
        nonlocal n_attempts
        n_attempts += 1
        target.write_bytes(source.read_bytes()[:100])
        raise StorageFull

    with monkeypatch.context() as patch:
        patch.setattr(file_jobs, "copy_private", copy_in_part)
        await watch(client, folder)
        (folder / "one.wav").write_bytes(wav(2.0))
        await until(lambda: n_attempts > 1)
        assert len(list(paths.incoming(tmp_path / "data").iterdir())) <= 1  # that of the next attempt
    await until(lambda: (folder / "one.srt").exists())


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("path", {"path": "relative"}),
        ("path", {"path": "/nonexistent/folder"}),
        ("path", {"path": 5}),
        ("path", {"path": "/" + "a" * 5000}),
        ("output", {"output": "relative"}),
        ("formats", {"formats": ["exe"]}),
        ("skip", {"skip": [""]}),
        ("language", {"options": {"language": "klingon"}}),
        ("terms", {"options": {"terms": "@Missing"}}),
    ],
)
async def test_bad_folders_are_refused(serve: Serve, folder: Path, field: str, body: dict[str, Any]) -> None:
    client = await serve()
    answer = await watch(client, folder, **body)
    assert (answer.status, answer.code) == (400, "invalid_option")
    assert f"'{field}'" in answer.json["error"]["message"] or field in answer.json["error"]["message"]
    assert (await client.get("/watched-folders")).json["watched_folders"] == []


async def test_the_data_directory_is_never_watched(serve: Serve, folder: Path, tmp_path: Path) -> None:
    client = await serve()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for path in (tmp_path / "data" / "jobs", tmp_path / "link" / "jobs", folder / ".." / "data", tmp_path / "link"):
        assert (await watch(client, path)).code == "invalid_option"


async def test_a_file_that_somebody_wrote_is_never_replaced(serve: Serve, engine: StepEngine, folder: Path) -> None:
    engine.release()
    client = await serve()
    for name in ("new", "old"):
        (folder / f"{name}.wav").write_bytes(wav(2.0))
        (folder / f"{name}.srt").write_text("by hand")
    os.utime(folder / "old.srt", (1, 1))
    await watch(client, folder, existing=True)
    await until(lambda: (folder / "new.wav.txt").exists() and (folder / "old.wav.txt").exists())
    assert [(folder / name).read_text() for name in ("new.srt", "old.srt")] == ["by hand", "by hand"]
    await client.close()
    client = await serve()
    await asyncio.sleep(0.6)
    assert await names(client) == ["new.wav", "old.wav"]  # they are done


async def test_many_recordings_at_once_get_a_transcript_each(serve: Serve, engine: StepEngine, folder: Path) -> None:
    engine.release()
    client = await serve()
    recordings = [folder / f"{number}.{extension}" for number in range(6) for extension in ("wav", "snd")]
    for number, recording in enumerate(recordings):
        recording.write_bytes(wav(1.0 + number / 10))
    await watch(client, folder, formats=["txt"], existing=True)
    await watch(client, folder.parent, formats=["txt"], existing=True, skip=["data/*"])  # contains the other one
    await until(lambda: len(list(folder.glob("*.txt"))) == len(recordings))
    await asyncio.sleep(0.3)
    assert await names(client) == sorted(recording.name for recording in recordings)


async def test_of_many_recordings_only_a_few_are_copied_before_their_turn(
    serve: Serve, engine: StepEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_folders, "MAX_WAITING", 3)
    monkeypatch.setattr(watched_folders, "WAITING_S", 0.05)
    client = await serve(max_concurrent_jobs=1)
    for number in range(8):
        (folder / f"{number}.wav").write_bytes(wav(1.0 + number / 10))
    await watch(client, folder, formats=["txt"], existing=True)
    while len(await names(client)) < 3:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    assert len(await names(client)) == 3
    engine.release()
    await until(lambda: len(list(folder.glob("*.txt"))) == 8)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-20], lambda text: text.replace('"options": {}', '"options": 5')]
)
async def test_a_damaged_list_of_folders_is_kept(
    serve: Serve, folder: Path, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    client = await serve()
    await watch(client, folder)
    await client.close()
    (file,) = (tmp_path / "data").glob("watched-folders*")
    damaged = damage(file.read_text())
    file.write_text(damaged)
    client = await serve()
    assert (await watch(client, folder)).status == 201
    assert damaged in [path.read_text() for path in (tmp_path / "data").glob("watched-folders.damaged-*.json")]


async def test_folders_of_this_machine_are_listed_by_name(serve: Serve, folder: Path) -> None:
    client = await serve()
    for name in ("b", "a", ".hidden"):
        (folder / name).mkdir()
    (folder / "file").touch()
    answer = (await client.get(f"/folders?path={folder}")).json
    assert answer == {"path": str(folder), "parent": str(folder.parent), "folders": ["a", "b"]}
    assert (await client.get("/folders")).json["path"] == str(Path.home())
    for path in ("relative", str(folder / "missing"), str(folder / "file"), "%00"):
        assert (await client.get(f"/folders?path={path}")).code == "invalid_option"


async def test_clients_of_other_machines_need_the_token(serve: Serve, folder: Path) -> None:
    client = await serve(trusted_proxies="127.0.0.1, ::1")
    for method, path in (("GET", "/watched-folders"), ("POST", "/watched-folders"), ("GET", "/folders")):
        body = b"{}" if method == "POST" else None
        answer = await client.fetch(method, path, body=body, X_Forwarded_For="203.0.113.9")
        assert (answer.status, answer.code) == (403, "local_only")

"""The requests of other programs, part by part as their code makes them, and what that code reads of the answer.

Which versions: docs/api.md.
"""

import json
from collections.abc import Iterator

import pytest
import requests

from tests.process.server import Server
from tests.speech import CLIP, SPANISH_CLIP, is_text_of

TIMEOUT_S = 180
BOUNDARY = "----------------------------598d936983d84f461a3703dd"
Part = tuple[str, str | bytes]  # the headers after `form-data; `, and the content


def post(server: Server, path: str, *parts: Part, length: bool = False, **headers: str) -> requests.Response:
    """Send parts in this order; without a length, in chunks, as streams are sent."""

    def pieces() -> Iterator[bytes]:
        for header, content in parts:
            yield f"--{BOUNDARY}\r\nContent-Disposition: form-data; {header}\r\n\r\n".encode()
            yield content.encode() if isinstance(content, str) else content
            yield b"\r\n"
        yield f"--{BOUNDARY}--\r\n".encode()

    body = b"".join(pieces()) if length else pieces()
    headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
    return requests.post(server.url + path, data=body, headers=headers, timeout=TIMEOUT_S)


def test_open_webui(server: Server) -> None:
    """The fields come first, the file has no type and no length; if its text is refused, it reads error.message."""
    key = {"Authorization": "Bearer none"}
    file = ('name="file"; filename="3f2c.mp3"', CLIP.read_bytes())
    model: Part = ('name="model"', "whisper-1")
    answer = post(server, "/v1/audio/transcriptions", model, ('name="language"', "en-US"), file, **key)
    assert answer.status_code == 200
    assert is_text_of(CLIP, answer.json()["text"])
    refused = post(server, "/v1/audio/transcriptions", model, ('name="language"', "klingon"), file, **key)
    assert refused.status_code == 400
    assert "klingon" in refused.json()["error"]["message"]


def test_librechat(server: Server) -> None:
    """The file comes first, without a length, named by its type; only `text` is read, and an empty one is an error."""
    answer = post(
        server,
        "/v1/audio/transcriptions",
        ('name="file"; filename="audio.webm"\r\nContent-Type: video/webm', SPANISH_CLIP.read_bytes()),
        ('name="model"', "whisper-1"),
        ('name="language"', "es"),
        Authorization="Bearer none",
        Accept="application/json, text/plain, */*",
    )
    assert answer.status_code == 200
    assert is_text_of(SPANISH_CLIP, answer.json()["text"])


@pytest.mark.parametrize("stream", [False, True])
def test_subtitle_edit(server: Server, stream: bool) -> None:
    """It asks for `json` with times; in a stream it reads named events only, and the times of the last."""
    parts: list[Part] = [
        ("name=file; filename=\"a b.wav\"; filename*=utf-8''a%20b.wav\r\nContent-Type: audio/wav", CLIP.read_bytes()),
        ("name=model", "whisper-1"),
        ("name=language", "en"),
        ("name=response_format", "json"),
        ('name="timestamp_granularities[]"', "segment"),
        ('name="timestamp_granularities[]"', "word"),
        *([("name=stream", "true")] if stream else []),
        ("name=prompt", "Greetings."),
    ]
    answer = post(server, "/v1/audio/transcriptions", *parts, length=True)
    assert answer.status_code == 200
    if stream:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        events = [named_event(text) for text in answer.text.split("\n\n") if text]
        deltas = [data["delta"] for name, data in events if name == "transcript.text.delta"]
        assert is_text_of(CLIP, "".join(deltas))
        name, body = events[-1]
        assert name == "transcript.text.done"
    else:
        body = answer.json()
    assert is_text_of(CLIP, body["text"])
    assert is_text_of(CLIP, "".join(segment["text"] for segment in body["segments"]))
    for segment in body["segments"]:
        assert isinstance(segment["id"], int)
        assert 0 <= segment["start"] < segment["end"] <= 5
        assert all(isinstance(token, int) for token in segment["tokens"])
        assert isinstance(segment["avg_logprob"], float)


def named_event(text: str) -> tuple[str, dict[str, object]]:
    name, data = text.split("\n")
    assert name.startswith("event: ")
    assert data.startswith("data: ")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

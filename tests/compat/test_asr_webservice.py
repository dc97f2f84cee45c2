"""whisper-asr-webservice's API against the real process, also as Bazarr uses it."""

import json
import subprocess
from pathlib import Path

import pysubs2
import pytest
import requests

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, command
from localwhisper.options import MAX_PROMPT_CHARS
from tests.process.server import Server
from tests.speech import CLIP, SPANISH_CLIP, is_text_of

TIMEOUT_S = 180


def pcm(clip: Path) -> bytes:
    """As Bazarr's ffmpeg makes it: no header, 16 bit, 16 kHz, mono."""
    return subprocess.run(command(clip, *PCM_TO_STDOUT), capture_output=True, check=True).stdout


def asr(server: Server, audio: bytes, name: str = "audio_file", **query: str) -> requests.Response:
    return requests.post(f"{server.url}/asr", params=query, files={"audio_file": (name, audio)}, timeout=TIMEOUT_S)


def test_txt_is_the_default(server: Server) -> None:
    answer = asr(server, CLIP.read_bytes(), "día 1.opus")
    assert is_text_of(CLIP, answer.text)
    assert answer.text.endswith("\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Asr-Engine"] == "openai_whisper"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="d%C3%ADa%201.opus.txt"'


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        ("srt", "1\n00:00:0"),
        ("vtt", "WEBVTT\n\n00:0"),
        ("tsv", "start\tend\ttext\n"),
        ("nonsense", "good"),
    ],
)
def test_output_selects_the_format(server: Server, output: str, begins: str) -> None:
    answer = asr(server, CLIP.read_bytes(), output=output, language="en")
    assert answer.text.lower().lstrip().startswith(begins.lower())


def test_the_longest_prompt_fits_in_a_query(server: Server) -> None:
    prompt = "\N{BRAIN}" * MAX_PROMPT_CHARS  # 12 bytes each in a query
    assert asr(server, CLIP.read_bytes(), language="en", initial_prompt=prompt).status_code == 200
    assert asr(server, CLIP.read_bytes(), language="en", initial_prompt=prompt + "a").status_code == 422


def test_json_has_words(server: Server) -> None:
    answer = asr(server, CLIP.read_bytes(), output="json", word_timestamps="true", task="transcribe")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    body = json.loads(answer.text)
    assert list(body) == ["text", "segments", "language"]
    assert set(body["segments"][0]) == {
        "id",
        "seek",
        "start",
        "end",
        "text",
        "tokens",
        "temperature",
        "avg_logprob",
        "compression_ratio",
        "no_speech_prob",
        "words",
    }
    assert is_text_of(CLIP, body["text"])


def test_errors_have_fastapi_s_shape(server: Server) -> None:
    answer = requests.post(f"{server.url}/asr", files={"file": b"x"}, timeout=TIMEOUT_S)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "audio_file"]
    assert requests.post(f"{server.url}/asr", timeout=TIMEOUT_S).status_code == 422
    assert asr(server, CLIP.read_bytes(), language="klingon").json()["detail"][0]["loc"] == ["query", "language"]
    assert isinstance(asr(server, b"no audio").json()["detail"], str)


def bazarr_detects(server: Server, audio: bytes) -> dict[str, object]:
    """The video's name is sent only if it is told to."""
    answer = requests.post(
        f"{server.url}/detect-language",
        params={"encode": "false", "video_file": None},
        files={"audio_file": audio},
        timeout=(TIMEOUT_S, TIMEOUT_S),
    )
    body: dict[str, object] = answer.json()
    return body


def test_bazarr_s_requests_work(server: Server) -> None:
    audio = pcm(SPANISH_CLIP)
    detection = bazarr_detects(server, audio)
    assert (detection["detected_language"], detection["language_code"]) == ("spanish", "es")
    assert 0.5 < float(str(detection["confidence"])) <= 1
    answer = requests.post(
        f"{server.url}/asr",
        params={
            "task": "transcribe",
            "language": "es",
            "output": "srt",
            "encode": "false",
            "video_file": "/films/Un día.mkv",
        },
        files={"audio_file": audio},
        timeout=(TIMEOUT_S, TIMEOUT_S),
    )
    assert answer.content.startswith(b"1\n00:00:0")
    cues = pysubs2.SSAFile.from_string(answer.content.decode(), "srt")
    assert is_text_of(SPANISH_CLIP, " ".join(cue.plaintext for cue in cues))
    job = server.request("GET", "/jobs?limit=1")["jobs"][0]
    assert job["filename"] == "Un día.mkv"
    assert job["audio_duration"] == pytest.approx(len(audio) / 32000, abs=0.01)


def test_detection_does_not_wait_for_the_queue(server: Server, long_speech: Path) -> None:
    running = server.submit(long_speech)
    waiting = server.submit(long_speech)
    server.job_when(running, "processing")
    try:
        assert bazarr_detects(server, pcm(SPANISH_CLIP))["language_code"] == "es"
        assert server.request("GET", f"/job/{running}")["status"] == "processing"
        assert server.request("GET", f"/job/{waiting}")["status"] == "queued"
    finally:
        for job_id in (waiting, running):
            server.request("DELETE", f"/job/{job_id}?remove=true")
    assert list((server.data_dir / "incoming").iterdir()) == []


def test_diarize_tells_speakers_apart(server: Server) -> None:
    answer = asr(server, CLIP.read_bytes(), output="json", diarize="true", max_speakers="2")
    assert "X-Ignored-Fields" not in answer.headers
    assert {segment["speaker"] for segment in answer.json()["segments"]} == {"S1"}
    assert len(answer.json()["speakers"]) == 1

"""whisper.cpp's server API against the real process, with the curl calls of its README."""

import json
import subprocess
from pathlib import Path

import pysubs2
import pytest

from tests.documented_answers import check_answer
from tests.process.server import Server
from tests.speech import CLIP, SPANISH_CLIP, is_text_of


def inference(server: Server, clip: Path, **fields: str) -> str:
    command = [
        "curl",
        "-s",
        f"{server.url}/inference",
        "-H",
        "Content-Type: multipart/form-data",
        "-F",
        f"file=@{clip}",
        "-w",
        "\n%{content_type}",
    ]
    for name, value in fields.items():
        command += ["-F", f"{name}={value}"]
    output = subprocess.run(command, capture_output=True, check=True, text=True, timeout=180).stdout
    body, _, content_type = output.rpartition("\n")
    check_answer("POST", "/inference", 200, content_type, body.encode())
    return body


def test_the_readme_s_call_works(server: Server) -> None:
    answer = inference(server, CLIP, temperature="0.0", temperature_inc="0.2", response_format="json")
    body = json.loads(answer)
    assert set(body) == {"text"}
    assert is_text_of(CLIP, body["text"])


def test_text_format_and_language(server: Server) -> None:
    assert is_text_of(SPANISH_CLIP, inference(server, SPANISH_CLIP, response_format="text", language="auto"))


@pytest.mark.parametrize("format_", ["srt", "vtt"])
def test_subtitle_formats(server: Server, format_: str) -> None:
    cues = pysubs2.SSAFile.from_string(inference(server, CLIP, response_format=format_), format_)
    assert is_text_of(CLIP, " ".join(cue.plaintext for cue in cues))


def test_verbose_json_has_words(server: Server) -> None:
    body = json.loads(inference(server, CLIP, response_format="verbose_json"))
    assert (body["task"], body["language"]) == ("transcribe", "english")
    words = [word["word"] for segment in body["segments"] for word in segment["words"]]
    assert is_text_of(CLIP, "".join(words))


def test_errors_have_whisper_cpp_s_shape(server: Server) -> None:
    process = subprocess.run(["curl", "-s", "-F", "a=b", f"{server.url}/inference"], capture_output=True, check=True)
    assert "'file'" in json.loads(process.stdout)["error"]


def test_a_part_in_short_segments(server: Server) -> None:
    body = json.loads(
        inference(
            server,
            CLIP,
            offset_t="0",
            duration="2000",
            max_len="10",
            split_on_word="true",
            response_format="verbose_json",
        )
    )
    assert body["segments"]
    assert all(len(segment["text"].strip()) <= 10 for segment in body["segments"])
    assert body["segments"][-1]["end"] <= 2.1

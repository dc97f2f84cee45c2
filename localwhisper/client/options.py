"""The keywords of the client's methods; generated from the option table by tools/client_options.py."""

from typing import Literal, TypedDict


class Options(TypedDict, total=False):
    """The form fields of POST /transcribe-job."""

    model: str
    language: str
    task: Literal["transcribe", "translate"]
    quality: Literal["exact", "fast", "compact"]
    return_timestamps: bool
    word_timestamps: bool
    initial_prompt: str
    temperature: float
    beam_size: int
    vad_filter: bool
    audio_track: str
    channels: Literal["mix", "split"]
    language_detection_segments: int
    priority: Literal["normal", "high"]
    batch: Literal["auto", "off"]


class Layout(TypedDict, total=False):
    """How subtitles are cut: the query of GET /job/{job_id}/transcript."""

    max_line_width: int
    max_line_count: int
    max_words_per_line: int
    highlight_words: bool

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
    terms: str
    initial_prompt: str
    vad_filter: bool
    audio_track: str
    channels: Literal["mix", "split"]
    language_detection_segments: int
    priority: Literal["normal", "high"]
    batch: Literal["auto", "off"]
    speakers: Literal["off", "auto", "channels", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
    min_speakers: int
    max_speakers: int
    temperature: float
    temperature_increment_on_fallback: float
    beam_size: int
    patience: float
    best_of: int
    length_penalty: float
    suppress_tokens: str
    suppress_blank: bool
    condition_on_previous_text: bool
    carry_initial_prompt: bool
    hotwords: str
    compression_ratio_threshold: float
    logprob_threshold: float
    no_speech_threshold: float
    clip_timestamps: str
    hallucination_silence_threshold: float
    prepend_punctuations: str
    append_punctuations: str
    max_new_tokens: int
    chunk_length: int
    multilingual: bool


class Layout(TypedDict, total=False):
    """How subtitles are cut: the query of GET /job/{job_id}/transcript."""

    subtitles: Literal["whisper", "standard", "netflix", "youtube", "word"]
    max_line_width: int
    max_line_count: int
    max_words_per_line: int
    highlight_words: bool
    paragraphs: bool
    bom: bool
    speaker_names: bool

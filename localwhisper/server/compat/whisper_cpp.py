"""whisper.cpp's server: POST /inference. The header X-Ignored-Fields names what tunes whisper.cpp itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from localwhisper.errors import InvalidOption, LocalWhisperError
from localwhisper.export.about import About
from localwhisper.export.json_ import finite, segment_body
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Segment, Transcript, Word
from localwhisper.option_types import NONE, boolean_argument
from localwhisper.server.compat.synchronous_job import SynchronousJobHandler, temperature_option
from localwhisper.server.serializers import Json

MEDIA_TYPES = {"text": "text/html", "srt": "application/x-subrip", "vtt": "text/vtt"}
SEGMENT_KEYS = ("id", "text", "start", "end", "tokens", "words", "temperature", "avg_logprob", "no_speech_prob")


class InferenceHandler(SynchronousJobHandler):
    async def process_upload(self) -> None:
        fields = dict(self.form_fields())
        response_format = fields.get("response_format", "json")
        options = await self.job_options(option_fields(fields))
        self.name_ignored(fields.keys() - KNOWN_FIELDS)
        job, transcript = await self.transcribe(options)
        if max_length(fields):
            transcript = cut(transcript, max_length(fields))
        if response_format in ("srt", "vtt"):
            to_text, about = EXPORTERS[response_format].to_text, About(duration_s=job.audio_duration)
            await self.write_text(MEDIA_TYPES[response_format], lambda: to_text(transcript, about=about))
        elif response_format == "text":
            await self.write_text(MEDIA_TYPES[response_format], segment_lines, transcript)
        elif response_format == "verbose_json":
            language = self.dependencies.models.languages.get(transcript.language, "")
            await self.write_result(verbose_body, job, transcript, language)
        else:  # as whisper.cpp does with unknown formats
            self.write_json({"text": segment_lines(transcript)})

    @classmethod
    def format_error(cls, error: LocalWhisperError, status: int, message: str) -> tuple[Json, int]:
        return {"error": message}, status


# whisper.cpp's name → ours, where the value means the same
SAME_MEANING = {
    "prompt": "initial_prompt",
    "carry_initial_prompt": "carry_initial_prompt",
    "best_of": "best_of",
    "beam_size": "beam_size",
    "logprob_thold": "logprob_threshold",
    "no_speech_thold": "no_speech_threshold",
    "vad": "vad_filter",
}
KNOWN_FIELDS = {
    *("language", "detect_language", "translate", "response_format", "temperature", "temperature_inc"),
    *("offset_t", "offset-t", "duration", "max_len", "split_on_word", "no_context", "no_timestamps"),
    *SAME_MEANING,
}


def option_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """whisper.cpp's fields as those of /transcribe-job. Raises InvalidOption."""

    def is_set(name: str) -> bool:
        return boolean_argument(name, fields.get(name) or "false")

    options = {
        "language": "auto" if is_set("detect_language") else fields.get("language") or "en",
        "task": "translate" if is_set("translate") else "transcribe",
        "word_timestamps": str(fields.get("response_format") == "verbose_json" or max_length(fields) > 0),
        "condition_on_previous_text": str(not is_set("no_context")),
    }
    for theirs, ours in SAME_MEANING.items():
        text = fields.get(theirs, "").strip()
        if text and not (theirs in ("best_of", "beam_size") and text.startswith("-")):  # -1: the default
            options[ours] = text
    start_ms = _milliseconds(fields, "offset_t") or _milliseconds(fields, "offset-t")
    duration_ms = _milliseconds(fields, "duration")
    if start_ms or duration_ms:
        end = f",{(start_ms + duration_ms) / 1000}" if duration_ms else ""
        options["clip_timestamps"] = f"{start_ms / 1000}{end}"
    options |= temperature_option(fields.get("temperature"))
    if increment := fields.get("temperature_inc", "").strip():
        options["temperature_increment_on_fallback"] = (
            NONE if float_argument("temperature_inc", increment) == 0 else increment
        )
    return options


def max_length(fields: Mapping[str, str]) -> int:
    """Characters per segment; 0: no limit. Raises InvalidOption."""
    return round(float_argument("max_len", fields.get("max_len") or "0"))


def _milliseconds(fields: Mapping[str, str], name: str) -> int:
    return round(float_argument(name, fields.get(name) or "0"))


def float_argument(name: str, text: str) -> float:
    """A number from 0. Raises InvalidOption."""
    if not re.fullmatch(r"\d{1,12}(\.\d*)?|\.\d+", text.strip(), re.ASCII):
        raise InvalidOption(field=name, value=text[:100], accepted="a number from 0")
    return float(text)


def cut(transcript: Transcript, max_chars: int) -> Transcript:
    """The transcript in segments of at most so many characters, cut between words; a longer word stays whole."""
    segments: list[Segment] = []
    for segment in transcript.segments:
        words: list[Word] = []
        for word in segment.words or ():
            if words and len("".join(each.word for each in [*words, word]).strip()) > max_chars:
                segments.append(_of_words(segment, words))
                words = []
            words.append(word)
        segments.append(_of_words(segment, words) if words else segment)
    return replace(transcript, segments=tuple(replace(segment, id=n) for n, segment in enumerate(segments)))


def _of_words(segment: Segment, words: Sequence[Word]) -> Segment:
    text = "".join(word.word for word in words)
    return replace(segment, start=words[0].start, end=words[-1].end, text=text, words=tuple(words), tokens=())


def segment_lines(transcript: Transcript) -> str:
    """One line per segment, each with the space that its text begins with."""
    return "".join(f"{segment.text}\n" for segment in transcript.segments)


def verbose_body(job: Job, transcript: Transcript, language: str) -> Json:
    segments = []
    for segment in transcript.segments:
        body = segment_body(segment)
        body["words"] = [
            {
                "word": word.word,
                "start": word.start,
                "end": word.end,
                "t_dtw": -1,
                "probability": finite(word.probability),
            }
            for word in segment.words or ()
        ]
        segments.append({key: body[key] for key in SEGMENT_KEYS})
    return {
        "task": job.options.task,
        "language": language,
        "duration": round(job.audio_duration, 3),
        "text": segment_lines(transcript),
        "segments": segments,
    }

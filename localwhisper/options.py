"""The form fields of a submission → Options. One row a field: parser, and how the documentation puts it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.whisper_tables import language_code
from localwhisper.errors import InvalidOption, ModelCannotTranslate
from localwhisper.export.cues import Layout
from localwhisper.jobs.model import Batch, Options, Quality

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
MAX_PROMPT_CHARS = 2000  # whisper reads the last 223 tokens of a prompt


@dataclass(frozen=True)
class Field:
    """`parse` raises ValueError for what it doesn't accept."""

    name: str
    parse: Callable[[str], Any]
    accepted: str
    schema: Mapping[str, Any]
    help: str


def parse_boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError(text)
    return word in TRUE


def _language(text: str) -> str | None:
    if text.strip().lower() in ("auto", ""):
        return None
    return language_code(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.strip().lower() not in words:
            raise ValueError(text)
        return text.strip().lower()

    return parse


def _prompt(text: str) -> str | None:
    if len(text) > MAX_PROMPT_CHARS:
        raise ValueError(text)
    return text.strip() or None


def _temperature(text: str) -> float | None:
    if not text.strip():
        return None
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _beam_size(text: str) -> int | None:
    if not text.strip():
        return None
    value = int(text)
    if not 1 <= value <= 10:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise ValueError(text)
    return value


_BOOLEAN = {"type": "boolean"}
_YES_NO = "true, false, 1, 0, yes, no, on, off"
FIELDS: tuple[Field, ...] = (
    Field("language", _language, "auto, a code such as en, or an English name such as spanish",
          {"type": "string", "default": "auto"}, "language spoken; auto detects it"),
    Field("model", str.strip, "a model of GET /models", {"type": "string"}, "model that transcribes"),
    Field("return_timestamps", parse_boolean, _YES_NO, {**_BOOLEAN, "default": True},
          "segments with times, not only the text"),
    Field("task", _one_of("transcribe", "translate"), "transcribe, translate",
          {"type": "string", "enum": ["transcribe", "translate"], "default": "transcribe"},
          "translate: into English"),
    Field("word_timestamps", parse_boolean, _YES_NO, {**_BOOLEAN, "default": False}, "times for each word"),
    Field("initial_prompt", _prompt, f"a text of at most {MAX_PROMPT_CHARS} characters",
          {"type": "string", "maxLength": MAX_PROMPT_CHARS}, "names and terms to expect"),
    Field("temperature", _temperature, "a number from 0 to 1", {"type": "number", "minimum": 0, "maximum": 1},
          "one fixed sampling temperature instead of whisper's ladder"),
    Field("beam_size", _beam_size, "a whole number from 1 to 10",
          {"type": "integer", "minimum": 1, "maximum": 10}, "beams of the search; greedy without"),
    Field("vad_filter", parse_boolean, _YES_NO, {**_BOOLEAN, "default": False}, "leave out silence and even noise"),
    Field("priority", _one_of("normal", "high"), "normal, high",
          {"type": "string", "enum": ["normal", "high"], "default": "normal"}, "high: before the others, which rest"),
    Field("quality", _one_of("exact", "fast", "compact"), "exact, fast, compact",
          {"type": "string", "enum": ["exact", "fast", "compact"]},
          "exact: openai-whisper's own text; fast: a quicker one; compact: one in the least memory"),
    Field("batch", _one_of("auto", "off"), "auto, off", {"type": "string", "enum": ["auto", "off"]},
          "auto: windows cut in pauses, several at once, without the text before and without silence; "
          "off: one after the other, as whisper; auto where quality is fast"),
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}


LAYOUT_FIELDS: tuple[Field, ...] = (
    Field("max_line_width", _count, "a whole number from 1 to 1000", {"type": "integer", "minimum": 1, "maximum": 1000},
          "characters in a line of subtitles (needs word times)"),
    Field("max_line_count", _count, "a whole number from 1 to 1000", {"type": "integer", "minimum": 1, "maximum": 1000},
          "lines in a subtitle (needs word times and max_line_width)"),
    Field("max_words_per_line", _count, "a whole number from 1 to 1000",
          {"type": "integer", "minimum": 1, "maximum": 1000}, "words in a subtitle (needs word times)"),
    Field("highlight_words", parse_boolean, _YES_NO, {**_BOOLEAN, "default": False},
          "underline each word as it is spoken (needs word times)"),
)  # fmt: skip


def parse_layout(given: Mapping[str, str]) -> Layout:
    """How subtitles are to be cut. Raises InvalidOption."""
    return Layout(**{field.name: _value(field, given[field.name]) for field in LAYOUT_FIELDS if field.name in given})


def _value(field: Field, text: str) -> Any:
    try:
        return field.parse(text)
    except ValueError:
        raise InvalidOption(field=field.name, value=text[:100], accepted=field.accepted) from None


def parse_options(
    fields: Mapping[str, str],
    *,
    default_model: str,
    default_quality: Quality,
    library: ModelLibrary,
    default_batch: Batch | None = None,
) -> Options:
    """Raises InvalidOption or ModelCannotTranslate, each naming what is accepted."""
    values: dict[str, Any] = {"model": default_model, "quality": default_quality, "batch": default_batch}
    for name, text in fields.items():
        values[name] = _value(BY_NAME[name], text)
    options = Options(**values)
    entries = {entry.name: entry for entry in library.entries()}
    if options.model not in entries:
        raise InvalidOption(field="model", value=options.model[:100], accepted=", ".join(entries))
    if options.task == "translate" and not entries[options.model].translates:
        raise ModelCannotTranslate(model=options.model)
    return options

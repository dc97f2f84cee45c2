"""The option table: how a job is transcribed, and how its subtitles are cut.

The API's form fields and JSON, OpenAPI, the flags of the command line, the page's form and the stored records derive
from it. To add an option: add a field here with its texts, use it in the engine, test that, and run
`python -m tools.client_options`, which writes the keywords of the Python client.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from localwhisper.errors import InvalidOption, ModelCannotTranslate, UnknownOption
from localwhisper.layout import LAYOUT_OPTIONS as LAYOUT_OPTIONS
from localwhisper.layout import WITHOUT_WORDS as WITHOUT_WORDS
from localwhisper.layout import Layout as Layout
from localwhisper.layout import layout_from_texts as layout_from_texts
from localwhisper.option_types import SettableIn, row, table
from localwhisper.search_options import SearchOptions
from localwhisper.speaker_options import SpeakerOptions, check_speakers

Task = Literal["transcribe", "translate"]
Quality = Literal["exact", "fast", "compact"]
Batch = Literal["auto", "off"]
Channels = Literal["mix", "split"]
Priority = Literal["normal", "high"]

_EVERYWHERE = SettableIn.CLI | SettableIn.PAGE | SettableIn.COMPAT
PER_SEGMENT = "per-segment"  # a language that stands for the option `multilingual`, with windows of
SHORT_WINDOW_S = 15  # since of two languages in one window, whisper hears only one
MAX_PROMPT_CHARS = 65_536  # whisper reads the last 223 tokens of a prompt


@dataclass(frozen=True, kw_only=True)
class Options(SearchOptions, SpeakerOptions):
    """How one job is transcribed. The names are openai-whisper's where it has such an option.

    Fields with a row are options that a user can set. The page and --help show them in this order, then those about
    speakers and of the search.
    """

    model: str = field(
        metadata=row(
            help="model that transcribes the recording",
            label=("Model", "Modelo"),
            kind="model",
            whisper="model",
            settable_in=SettableIn.CLI | SettableIn.PAGE,
            setting="default_model",
        )
    )
    language: str | None = field(
        default=None,
        metadata=row(
            help="spoken language, a code or an English name; auto (the default): detected in the first 30 s, "
            "or where speech begins if hardly anybody speaks in them; per-segment: in each window of 15 s",
            label=("Spoken language", "Idioma hablado"),
            kind="language",
            whisper="language",
            settable_in=_EVERYWHERE,
            needs_model="multilingual",
        ),
    )
    task: Task = field(
        default="transcribe",
        metadata=row(
            help="transcribe, or translate into English",
            label=("Result", "Resultado"),
            choice_labels={
                "transcribe": ("Text in the spoken language", "Texto en el idioma hablado"),
                "translate": ("Translation into English", "Traducción al inglés"),
            },
            whisper="task",
            settable_in=_EVERYWHERE,
            needs_model="translates",
        ),
    )
    quality: Quality = field(
        default="exact",
        metadata=row(
            help="exact: the text of openai-whisper; fast: quicker, a word may differ; compact: least memory",
            label=("Accuracy and speed", "Exactitud y rapidez"),
            hint=(
                "Where the others gain nothing on this machine, exact is used.",
                "Si las otras no aportan nada en este equipo, se usa la exacta.",
            ),
            choice_labels={
                "exact": ("Exact: the same text as Whisper", "Exacta: el mismo texto que Whisper"),
                "fast": ("Fast: a word may differ", "Rápida: alguna palabra puede variar"),
                "compact": ("Compact: needs the least memory", "Compacta: usa menos memoria"),
            },
            settable_in=SettableIn.CLI | SettableIn.PAGE,
            setting="quality",
        ),
    )
    return_timestamps: bool = field(
        default=True,
        metadata=row(
            help="segments with start and end times, not only the text",
            label=("Times for each line", "Tiempos de cada línea"),
            settable_in=SettableIn.PAGE,
        ),
    )
    word_timestamps: bool = field(
        default=False,
        metadata=row(
            help="times for each word",
            label=("Times for each word", "Tiempos de cada palabra"),
            whisper="word_timestamps",
            settable_in=_EVERYWHERE,
            needs="return_timestamps",
        ),
    )
    terms: str | None = field(
        default=None,
        metadata=row(
            help="names and terms, one a line or between semicolons: Ada Lovelace; 'cube control => kubectl' also "
            "replaces what is heard; '@Interviews' stands for a list that is kept under this name",
            label=("Names and terms", "Nombres y términos"),
            hint=(
                "One per line, as Ada Lovelace. What is misheard is replaced: cube control => kubectl",
                "Uno por línea, como Ada Lovelace. Lo que se oye mal se reemplaza: cube control => kubectl",
            ),
            kind="terms",
            settable_in=_EVERYWHERE,
            max_length=MAX_PROMPT_CHARS,
        ),
    )
    initial_prompt: str | None = field(
        default=None,
        metadata=row(
            help="text to regard as said before the recording, as in whisper: it sets the style and the spelling",
            label=("Text before the recording", "Texto anterior a la grabación"),
            whisper="initial_prompt",
            settable_in=SettableIn.CLI | SettableIn.COMPAT,
            max_length=MAX_PROMPT_CHARS,
        ),
    )
    vad_filter: bool = field(
        default=False,
        metadata=row(
            help="decode only where somebody speaks",
            label=("Only where somebody speaks", "Solo donde alguien habla"),
            settable_in=SettableIn.CLI | SettableIn.COMPAT,
        ),
    )
    audio_track: str | None = field(
        default=None,
        metadata=row(
            help="audio track of a file that has several: its number, from 1, or its language; "
            "by default the first that isn't silent",
            label=("Audio track", "Pista de audio"),
            hint=(
                "Of a file that has several: a number, or a language. Empty: the first with sound.",
                "De un archivo con varias: un número o un idioma. Vacío: la primera con sonido.",
            ),
            kind="track",
            settable_in=SettableIn.CLI,
        ),
    )
    channels: Channels = field(
        default="mix",
        metadata=row(
            help="mix: all channels together; split: each for itself, without silence, named beside each segment",
            label=("Channels", "Canales"),
            hint=(
                "Separately: for interviews and calls with one person on each channel.",
                "Por separado: para entrevistas y llamadas con una persona en cada canal.",
            ),
            choice_labels={
                "mix": ("Together", "Juntos"),
                "split": ("Separately", "Por separado"),
            },
            settable_in=SettableIn.CLI | SettableIn.PAGE,
        ),
    )
    language_detection_segments: int = field(
        default=1,
        metadata=row(
            help="number of windows of 30 s, spread over the recording, from which its language is detected",
            label=("Windows for language detection", "Ventanas para detectar el idioma"),
            minimum=1,
            maximum=20,
        ),
    )
    priority: Priority = field(
        default="normal",
        metadata=row(
            help="high: before other jobs, which pause meanwhile",
            label=("Priority", "Prioridad"),
            choice_labels={
                "normal": ("Normal: in turn", "Normal: por orden"),
                "high": ("High: before the others", "Alta: antes que las demás"),
            },
            settable_in=SettableIn.API_ONLY,
        ),
    )
    batch: Batch | None = field(
        default=None,
        metadata=row(
            help="auto: windows end in pauses and are decoded several at once, without the preceding text and without "
            "silence; off: one after the other, as in whisper; by default auto if quality is fast, else off",
            label=("Decoding of windows", "Decodificación de ventanas"),
            choice_labels={
                "auto": ("Several at once", "Varias a la vez"),
                "off": ("One after the other", "Una tras otra"),
            },
            setting="batch",
        ),
    )

    @property
    def is_batched(self) -> bool:
        """Whether several windows are decoded at once, each without the preceding text."""
        if self.decodes_in_order:
            return False
        return (self.batch or ("auto" if self.quality == "fast" else "off")) == "auto"

    @property
    def skips_silence(self) -> bool:
        """Whether windows are filled with speech, and times don't begin or end in a pause."""
        return self.is_batched or ((self.vad_filter or self.channels == "split") and not self.has_clips)


OPTIONS = table(Options)
_WITHOUT_EFFECT_ON_TEXT: Mapping[str, Any] = {"priority": "normal", "return_timestamps": True}


def give_same_text(one: Options, other: Options) -> bool:
    """Whether two jobs with these options get the same text of the same recording."""
    return replace(one, **_WITHOUT_EFFECT_ON_TEXT) == replace(other, **_WITHOUT_EFFECT_ON_TEXT)


class KnownModel(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...
    @property
    def translates(self) -> bool: ...


def options_from_texts(
    texts: Mapping[str, str], *, defaults: Mapping[str, object], models: Iterable[KnownModel]
) -> Options:
    """Read the options of a form, a query or the command line; `defaults`: Settings.option_defaults.

    Raises UnknownOption, InvalidOption, ModelCannotTranslate.
    """
    _check_names(texts)
    if texts.get("language", "").strip().lower() == PER_SEGMENT:
        texts = {"chunk_length": str(SHORT_WINDOW_S), **texts, "language": "auto", "multilingual": "true"}
    parsed = {name: OPTIONS[name].from_text(text) for name, text in texts.items()}
    return _build({**defaults, **parsed}, models)


def options_from_json(values: Mapping[str, object], *, models: Iterable[KnownModel]) -> Options:
    """Read the options of a JSON object; null stands for the default. Raises the same as options_from_texts()."""
    _check_names(values)
    if values.get("language") == PER_SEGMENT:
        chunk_length = values.get("chunk_length") or SHORT_WINDOW_S
        values = {**values, "language": "auto", "multilingual": True, "chunk_length": chunk_length}
    parsed = {name: OPTIONS[name].from_json(value) for name, value in values.items() if value is not None}
    return _build(parsed, models)


def options_to_json(options: Options) -> dict[str, Any]:
    """The options as in the API's JSON, which options_from_json() reads back."""
    return {name: option.to_json(getattr(options, name)) for name, option in OPTIONS.items()}


def _check_names(values: Mapping[str, object]) -> None:
    unknown = values.keys() - OPTIONS.keys()
    if unknown:
        raise UnknownOption(field=min(unknown)[:100], accepted=", ".join(OPTIONS))


def _build(values: Mapping[str, Any], models: Iterable[KnownModel]) -> Options:
    known = {name: model for model in models for name in (model.name, *model.aliases)}
    name = values.get("model", "")
    if name not in known:
        raise InvalidOption(field="model", value=name[:100], accepted=", ".join(known))
    options = Options(**{**values, "model": known[name].name})
    if options.patience is not None and options.beam_size is None:
        raise InvalidOption(field="patience", value=str(options.patience), accepted="a number, together with beam_size")
    check_speakers(options)
    times = [time for clip in options.clips for time in clip if time is not None]
    if times != sorted(times):
        raise InvalidOption(field="clip_timestamps", value=options.clip_timestamps[:100], accepted="rising times")
    if options.task == "translate" and not known[name].translates:
        raise ModelCannotTranslate(model=name)
    return options

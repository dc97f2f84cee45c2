"""The option table: every way to say how one job is transcribed, and how its subtitles are cut.

From it come the form fields, the JSON, OpenAPI, the command line's flags, the Python client's keywords, the page's form
and what is stored. To add an option: its field here with its texts, its use in the engine, a test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from localwhisper.errors import InvalidOption, ModelCannotTranslate, UnknownOption
from localwhisper.option_types import Shown, row, table

Task = Literal["transcribe", "translate"]
Quality = Literal["exact", "fast", "compact"]
Batch = Literal["auto", "off"]
Priority = Literal["normal", "high"]

_EVERYWHERE = Shown.CLI | Shown.PAGE | Shown.COMPAT
_MAX_PROMPT_CHARS = 2000  # whisper reads the last 223 tokens of a prompt


@dataclass(frozen=True, kw_only=True)
class Options:
    """How one job is transcribed. The names are openai-whisper's where it has such an option.

    A field with a row is an option that people can set; their order is that of the page and of --help.
    """

    model: str = field(
        metadata=row(
            help="model that transcribes",
            label=("Model", "Modelo"),
            kind="model",
            whisper="model",
            shown=Shown.CLI | Shown.PAGE,
            setting="default_model",
        )
    )
    language: str | None = field(
        default=None,
        metadata=row(
            help="language spoken: a code or an English name; auto, the default, detects it in the first 30 s",
            label=("Spoken language", "Idioma hablado"),
            kind="language",
            whisper="language",
            shown=_EVERYWHERE,
            needs_model="multilingual",
        ),
    )
    task: Task = field(
        default="transcribe",
        metadata=row(
            help="translate: into English",
            label=("Result", "Resultado"),
            choice_labels={
                "transcribe": ("Text in the spoken language", "Texto en el idioma hablado"),
                "translate": ("Translation into English", "Traducción al inglés"),
            },
            whisper="task",
            shown=_EVERYWHERE,
            needs_model="translates",
        ),
    )
    quality: Quality = field(
        default="exact",
        metadata=row(
            help="exact: openai-whisper's own text; fast: a quicker one; compact: one in the least memory",
            label=("Speed or exactness", "Rapidez o exactitud"),
            hint=(
                "Fast and compact round the weights; where that gains nothing here, exact is used.",
                "Rápida y compacta redondean los pesos; donde eso no sirve aquí, se usa la exacta.",
            ),
            choice_labels={
                "exact": ("Exact: whisper's own text", "Exacta: el texto del propio whisper"),
                "fast": ("Fast: a word may differ", "Rápida: alguna palabra puede variar"),
                "compact": ("Compact: least memory", "Compacta: la menor memoria"),
            },
            shown=Shown.CLI | Shown.PAGE,
            setting="quality",
        ),
    )
    return_timestamps: bool = field(
        default=True,
        metadata=row(
            help="segments with times, not only the text",
            label=("Times for each line", "Tiempos de cada línea"),
            shown=Shown.PAGE,
        ),
    )
    word_timestamps: bool = field(
        default=False,
        metadata=row(
            help="times for each word",
            label=("Times for each word", "Tiempos de cada palabra"),
            whisper="word_timestamps",
            shown=_EVERYWHERE,
            needs="return_timestamps",
        ),
    )
    initial_prompt: str | None = field(
        default=None,
        metadata=row(
            help="names and terms to expect",
            label=("Names and terms", "Nombres y términos"),
            hint=(
                "What is hard to spell, as in: Ada Lovelace, Köln, kubectl.",
                "Lo que es difícil de escribir, por ejemplo: Ada Lovelace, Köln, kubectl.",
            ),
            whisper="initial_prompt",
            shown=_EVERYWHERE,
            max_length=_MAX_PROMPT_CHARS,
        ),
    )
    temperature: float | None = field(
        default=None,
        metadata=row(
            help="one fixed sampling temperature instead of whisper's ladder 0.0, 0.2 … 1.0",
            label=("Sampling temperature", "Temperatura de muestreo"),
            whisper="temperature",
            minimum=0,
            maximum=1,
        ),
    )
    beam_size: int | None = field(
        default=None,
        metadata=row(
            help="beams of the search; greedy without",
            label=("Beams of the search", "Haces de la búsqueda"),
            whisper="beam_size",
            minimum=1,
            maximum=10,
        ),
    )
    condition_on_previous_text: bool = True  # not for people to set: stored and used, shown nowhere
    vad_filter: bool = field(
        default=False,
        metadata=row(
            help="leave out silence and even noise",
            label=("Skip silence and noise", "Omitir silencio y ruido"),
            shown=Shown.CLI | Shown.COMPAT,
        ),
    )
    priority: Priority = field(
        default="normal",
        metadata=row(
            help="high: before the others, which rest",
            label=("Priority", "Prioridad"),
            choice_labels={
                "normal": ("Normal: in turn", "Normal: por orden"),
                "high": ("High: before the others", "Alta: antes que las demás"),
            },
            shown=Shown.API_ONLY,
        ),
    )
    batch: Batch | None = field(
        default=None,
        metadata=row(
            help="auto: windows cut in pauses, several at once, without the text before and without silence; "
            "off: one after the other, as whisper; auto where quality is fast",
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
        """Whether windows stand alone, and are decoded several at once."""
        return (self.batch or ("auto" if self.quality == "fast" else "off")) == "auto"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How subtitles are cut, by openai-whisper's names. All of it needs word times.

    With both a width and a count of lines, subtitles run on over segments.
    """

    max_line_width: int | None = field(
        default=None,
        metadata=row(
            help="characters in a line of subtitles (needs word times)",
            whisper="max_line_width",
            minimum=1,
            maximum=1000,
        ),
    )
    max_line_count: int | None = field(
        default=None,
        metadata=row(
            help="lines in a subtitle (needs word times and max_line_width)",
            whisper="max_line_count",
            minimum=1,
            maximum=1000,
        ),
    )
    max_words_per_line: int | None = field(
        default=None,
        metadata=row(
            help="words in a subtitle (needs word times)", whisper="max_words_per_line", minimum=1, maximum=1000
        ),
    )
    highlight_words: bool = field(
        default=False,
        metadata=row(help="underline each word as it is spoken (needs word times)", whisper="highlight_words"),
    )


OPTIONS = table(Options)
LAYOUT_OPTIONS = table(Layout)


class KnownModel(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def translates(self) -> bool: ...


def options_from_texts(
    texts: Mapping[str, str], *, defaults: Mapping[str, object], models: Iterable[KnownModel]
) -> Options:
    """Options of a form, a query or the command line; `defaults`: of those not given, as Settings has them.

    Raises UnknownOption, InvalidOption, ModelCannotTranslate, each naming what is accepted.
    """
    _check_names(texts)
    return _checked({**defaults, **{name: OPTIONS[name].from_text(text) for name, text in texts.items()}}, models)


def options_from_json(values: Mapping[str, object], *, models: Iterable[KnownModel]) -> Options:
    """Options of a JSON object; null stands for the default. Raises as options_from_texts()."""
    _check_names(values)
    given = {name: OPTIONS[name].from_json(value) for name, value in values.items() if value is not None}
    return _checked(given, models)


def options_to_json(options: Options) -> dict[str, Any]:
    return {name: option.to_json(getattr(options, name)) for name, option in OPTIONS.items()}


def layout_from_texts(texts: Mapping[str, str]) -> Layout:
    """The layout among other arguments. Raises InvalidOption."""
    return Layout(**{name: option.from_text(texts[name]) for name, option in LAYOUT_OPTIONS.items() if name in texts})


def _check_names(given: Mapping[str, object]) -> None:
    unknown = given.keys() - OPTIONS.keys()
    if unknown:
        raise UnknownOption(field=min(unknown)[:100], accepted=", ".join(OPTIONS))


def _checked(values: Mapping[str, Any], models: Iterable[KnownModel]) -> Options:
    known = {model.name: model for model in models}
    name = values.get("model", "")
    if name not in known:
        raise InvalidOption(field="model", value=name[:100], accepted=", ".join(known))
    options = Options(**values)
    if options.task == "translate" and not known[name].translates:
        raise ModelCannotTranslate(model=name)
    return options

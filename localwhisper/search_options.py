"""The options of openai-whisper's and faster-whisper's search, with their names, defaults and bounds."""

from dataclasses import dataclass, field

from localwhisper.option_types import SettableIn, row

MAX_CANDIDATES = 64  # whisper has no limit; more only cost memory
WHOLE_RECORDING = "0"
_NUMBERS = r"\d+(\.\d*)?|\.\d+"


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How the text of a window is searched for. Fields are documented by their rows."""

    temperature: float | None = field(
        default=None,
        metadata=row(
            help="sampling temperature of the first attempt; by default 0, which takes the most probable text",
            label=("Sampling temperature", "Temperatura de muestreo"),
            whisper="temperature",
            minimum=0,
            maximum=1,
        ),
    )
    temperature_increment_on_fallback: float | None = field(
        default=0.2,
        metadata=row(
            help="added to the temperature when a text fails a threshold; none: there is only one attempt",
            label=("Rise of the temperature", "Aumento de la temperatura"),
            whisper="temperature_increment_on_fallback",
            minimum=0.01,
            maximum=1,
        ),
    )
    beam_size: int | None = field(
        default=None,
        metadata=row(
            help="number of beams in beam search; without it, decoding is greedy",
            label=("Beams of the search", "Haces de la búsqueda"),
            whisper="beam_size",
            minimum=1,
            maximum=MAX_CANDIDATES,
        ),
    )
    patience: float | None = field(
        default=None,
        metadata=row(
            help="how long beam search goes on: 1 as usual, 2 for twice as many finished texts (needs beam_size)",
            label=("Patience of the search", "Paciencia de la búsqueda"),
            whisper="patience",
            minimum=0.1,
            maximum=10,
        ),
    )
    best_of: int | None = field(
        default=None,
        metadata=row(
            help="number of texts sampled at temperatures above 0, of which the best counts",
            label=("Samples to choose from", "Muestras para elegir"),
            whisper="best_of",
            minimum=1,
            maximum=MAX_CANDIDATES,
        ),
    )
    length_penalty: float | None = field(
        default=None,
        metadata=row(
            help="exponent of the length penalty (alpha) when texts are compared; by default their mean probability",
            label=("Length penalty", "Penalización por longitud"),
            whisper="length_penalty",
            minimum=0,
            maximum=1,
        ),
    )
    suppress_tokens: str = field(
        default="-1",
        metadata=row(
            help="token ids that never occur, separated by commas; -1 stands for symbols that aren't speech",
            label=("Tokens that never occur", "Tokens que no aparecen"),
            whisper="suppress_tokens",
            pattern=r"(-1|\d{1,5})(,(-1|\d{1,5}))*|",
            max_length=10_000,
        ),
    )
    suppress_blank: bool = field(
        default=True,
        metadata=row(
            help="whether a window's text may not begin with its end or a space",
            label=("No blank beginning", "Sin comienzo vacío"),
        ),
    )
    condition_on_previous_text: bool = field(
        default=True,
        metadata=row(
            help="give each window the text before it; without that, a text is less consistent and loops less",
            label=("Context from the text before", "Contexto del texto anterior"),
            whisper="condition_on_previous_text",
        ),
    )
    carry_initial_prompt: bool = field(
        default=False,
        metadata=row(
            help="give initial_prompt to every window, not only to the first",
            label=("That text for every window", "Ese texto para cada ventana"),
            whisper="carry_initial_prompt",
        ),
    )
    hotwords: str | None = field(
        default=None,
        metadata=row(
            help="words to expect in every window, besides initial_prompt, as in faster-whisper",
            label=("Words to expect", "Palabras esperadas"),
            settable_in=SettableIn.CLI | SettableIn.COMPAT,
            max_length=65_536,
        ),
    )
    compression_ratio_threshold: float | None = field(
        default=2.4,
        metadata=row(
            help="a text that compresses better than this is too repetitive, and decoded again; none: never",
            label=("Limit of repetition", "Límite de repetición"),
            whisper="compression_ratio_threshold",
            minimum=0,
            maximum=1000,
        ),
    )
    logprob_threshold: float | None = field(
        default=-1.0,
        metadata=row(
            help="a text with a lower mean log probability is too improbable, and decoded again; none: never",
            label=("Limit of improbability", "Límite de improbabilidad"),
            whisper="logprob_threshold",
            minimum=-1000,
            maximum=1000,
        ),
    )
    no_speech_threshold: float | None = field(
        default=0.6,
        metadata=row(
            help="an improbable text is dropped as silence if its no-speech probability is higher; none: never",
            label=("Limit of silence", "Límite de silencio"),
            whisper="no_speech_threshold",
            minimum=0,
            maximum=1000,
        ),
    )
    clip_timestamps: str = field(
        default=WHOLE_RECORDING,
        metadata=row(
            help="parts to transcribe: start,end,start,end… in seconds, rising; the last end may be missing",
            label=("Parts to transcribe", "Partes que transcribir"),
            whisper="clip_timestamps",
            pattern=rf"\s*({_NUMBERS})?(\s*,\s*({_NUMBERS}))*\s*",
            max_length=10_000,
        ),
    )
    hallucination_silence_threshold: float | None = field(
        default=None,
        metadata=row(
            help="skip silence longer than this many seconds around what may be a hallucination (needs word times)",
            label=("Silence around hallucinations", "Silencio junto a alucinaciones"),
            whisper="hallucination_silence_threshold",
            minimum=0,
            maximum=3600,
            needs="word_timestamps",
        ),
    )
    prepend_punctuations: str = field(
        default="\"'“¿([{-",
        metadata=row(
            help="punctuation that belongs to the word after it (for word times)",
            label=("Punctuation before words", "Puntuación ante palabras"),
            whisper="prepend_punctuations",
            max_length=1000,
            needs="word_timestamps",
        ),
    )
    append_punctuations: str = field(
        default="\"'.。,，!！?？:：”)]}、",
        metadata=row(
            help="punctuation that belongs to the word before it (for word times)",
            label=("Punctuation after words", "Puntuación tras palabras"),
            whisper="append_punctuations",
            max_length=1000,
            needs="word_timestamps",
        ),
    )
    max_new_tokens: int | None = field(
        default=None,
        metadata=row(
            help="tokens of a window's text at most, as in faster-whisper; by default 224",
            label=("Tokens per window", "Tokens por ventana"),
            minimum=1,
            maximum=224,
        ),
    )
    chunk_length: int | None = field(
        default=None,
        metadata=row(
            help="seconds of audio per window at most, as in faster-whisper; by default 30",
            label=("Seconds per window", "Segundos por ventana"),
            minimum=1,
            maximum=30,
        ),
    )
    multilingual: bool = field(
        default=False,
        metadata=row(
            help="detect the language of every window, as in faster-whisper",
            label=("Several languages", "Varios idiomas"),
            needs_model="multilingual",
        ),
    )

    @property
    def temperatures(self) -> tuple[float, ...]:
        """Of the attempts at a window, as whisper's command line computes them."""
        first, increment = self.temperature or 0.0, self.temperature_increment_on_fallback
        if increment is None:
            return (first,)
        n_attempts = int((1.0 + 1e-6 - first) / increment) + 1
        return tuple(first + number * increment for number in range(max(n_attempts, 1)))

    @property
    def clips(self) -> tuple[tuple[float, float | None], ...]:
        """The parts to transcribe, (start, end) in seconds; None: the recording's end."""
        times = [float(text) for text in self.clip_timestamps.split(",") if text.strip()]
        starts, ends = times[::2] or [0.0], [*times[1::2], None]
        return tuple(zip(starts, ends, strict=False))

    @property
    def has_clips(self) -> bool:
        """Whether only parts of the recording are transcribed; then vad_filter has no effect, as in faster-whisper."""
        return self.clips != ((0.0, None),)

    def selected_s(self, from_s: float, until_s: float) -> float:
        """How many seconds between two positions of the recording are transcribed."""
        if self.clip_timestamps == WHOLE_RECORDING:
            return until_s - from_s
        clips = ((start_s, until_s if end_s is None else end_s) for start_s, end_s in self.clips)
        return sum(max(min(end_s, until_s) - max(start_s, from_s), 0.0) for start_s, end_s in clips)

    @property
    def decodes_in_order(self) -> bool:
        """Whether an option needs one window after the other."""
        needs_word_times = self.hallucination_silence_threshold is not None
        return self.has_clips or needs_word_times or self.multilingual or self.chunk_length is not None

"""Speech synthesis with libespeak-ng in this process: text → 16 kHz samples and the time of each word.

Needed only for training, evaluation and making samples. Knows nothing of windows or tokens.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from tools.demo_model.words import Text

SAMPLE_RATE = 16000
ESPEAK_RATE = 22050
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_EVENT_LIST_TERMINATED, _EVENT_WORD = 0, 1
_CHARS_UTF8, _END_PAUSE = 1, 0x1000
_POS_CHARACTER = 1
_PARAM_RATE, _PARAM_PITCH, _PARAM_RANGE = 1, 3, 4
_QUIET_DB = -38.0  # relative to the peak; below it, a word has faded out
_MAX_MERGED = 0.35  # share of a text's words that may have no time of their own
_HOP = 80  # samples: 5 ms

VARIANTS = [
    "f1",
    "f2",
    "f3",
    "f4",
    "m1",
    "m2",
    "m3",
    "m5",
    "m6",
    "m8",
    "Andy",
    "Annie",
    "Lee",
    "Michael",
    "Alex",
    "Alicia",
    "adam",
    "anika",
    "antonio",
    "aunty",
    "belinda",
    "benjamin",
    "caleb",
    "david",
    "ed",
    "edward",
    "grandma",
    "grandpa",
    "iven",
    "john",
    "linda",
    "max",
    "miguel",
    "norbert",
    "pablo",
    "paul",
    "pedro",
    "rob",
    "robert",
    "sandro",
    "shelby",
    "steph2",
    "travis",
    "victor",
    "zac",
    "klatt",
    "klatt2",
]
HELD_OUT_VARIANTS = ["f5", "m4", "m7", "Andrea", "marcelo", "boris"]
ACCENTS = {
    "en": ["gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland", "gmw/en-US-nyc", "gmw/en-029"],
    "es": ["roa/es", "roa/es-419"],
}


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Voice:
    """A voice. `name` is a voice file and variant, such as `gmw/en-US+f2`."""

    name: str
    rate_wpm: int
    pitch: int = 50
    pitch_range: int = 50


@dataclass
class Spoken:
    """A spoken text. samples: int16, shape (n_samples,), 16 kHz; starts_s, ends_s: one time per word."""

    text: Text
    voice: Voice
    samples: np.ndarray
    starts_s: np.ndarray
    ends_s: np.ndarray

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE


class Synthesizer:
    """The only libespeak-ng of this process. Threading: UNSAFE, because libespeak-ng has global state."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        if self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 200, None, 0) != ESPEAK_RATE:
            raise RuntimeError("libespeak-ng did not start with its usual 22050 Hz")
        self._chunks: list[np.ndarray] = []
        self._words: list[tuple[int, float]] = []  # (character position, seconds)
        self._callback = _Callback(self._collect)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _collect(self, wav, n_samples, events) -> int:  # type: ignore[no-untyped-def]
        if n_samples > 0 and wav:
            self._chunks.append(np.ctypeslib.as_array(wav, (n_samples,)).copy())
        i = 0
        while events[i].type != _EVENT_LIST_TERMINATED:
            if events[i].type == _EVENT_WORD:
                self._words.append((events[i].text_position, events[i].audio_position / 1000))
            i += 1
        return 0

    def speak(self, text: Text, voice: Voice) -> Spoken | None:
        """Speak `text`; None if libespeak-ng reports other words than it was given."""
        self._chunks, self._words = [], []
        if self._lib.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"libespeak-ng has no voice {voice.name!r}")
        for parameter, value in (
            (_PARAM_RATE, voice.rate_wpm),
            (_PARAM_PITCH, voice.pitch),
            (_PARAM_RANGE, voice.pitch_range),
        ):
            self._lib.espeak_SetParameter(parameter, value, 0)
        reading = text.reading()
        data = reading.encode() + b"\0"
        self._lib.espeak_Synth(data, len(data), 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        self._lib.espeak_Synchronize()
        times = self._word_times(text, reading)
        if times is None or not self._chunks:
            return None
        samples = resample(np.concatenate(self._chunks))
        starts, ends = word_spans(samples, times)
        return Spoken(text, voice, samples, starts, ends)

    def _word_times(self, text: Text, reading: str) -> np.ndarray | None:
        """The start of each word in seconds, shape (n_words,).

        Some events come twice, in long texts the reported positions drift by a character or two, and pairs
        such as "on the" are read as one: the second word of such a pair gets a start in between.
        """
        reported: dict[int, float] = {}
        for position, time_s in self._words:
            reported.setdefault(position, time_s)
        times = np.full(len(text.words), np.nan)
        cursor = 0
        for i, word in enumerate(text.words):
            cursor = reading.index(word, cursor)
            near = (reported.pop(cursor + 1 + shift, None) for shift in (0, -1, 1, -2))
            times[i] = next((t for t in near if t is not None), np.nan)
            cursor += len(word)
        missing = np.isnan(times)
        if missing.mean() > _MAX_MERGED or missing[0] or missing[-1]:
            return None
        index = np.arange(len(times))
        times[missing] = np.interp(index[missing], index[~missing], times[~missing])
        return times if (np.diff(times) > 0).all() else None


@lru_cache
def _resampling_kernel(cutoff: float = 0.95, zeros: int = 16) -> tuple[torch.Tensor, int]:
    """Windowed-sinc kernels, shape (320, 1, width): 441 input samples become 320 output samples."""
    base = 320 * cutoff / 441  # cutoff in units of the input's Nyquist frequency
    width = math.ceil(zeros / base)
    taps = torch.arange(-width, width + 441, dtype=torch.float64)
    phase = torch.arange(320, dtype=torch.float64) * 441 / 320
    t = (taps[None, :] - phase[:, None]) * base
    window = torch.cos(torch.clamp(t / zeros, -1, 1) * math.pi / 2) ** 2
    return (torch.sinc(t) * window * base).float()[:, None, :], width


def resample(samples: np.ndarray) -> np.ndarray:
    """int16 at 22050 Hz to int16 at 16 kHz."""
    kernel, width = _resampling_kernel()
    signal = torch.from_numpy(samples.astype(np.float32))
    padded = torch.nn.functional.pad(signal[None, None], (width, width + 441))
    out = torch.nn.functional.conv1d(padded, kernel, stride=441)[0].T.reshape(-1)
    length = math.ceil(len(samples) * 320 / 441)
    return out[:length].round().clamp(-32768, 32767).to(torch.int16).numpy()


def word_spans(samples: np.ndarray, starts_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word starts and ends in seconds: the reported ones without the silence at either end."""
    n_hops = len(samples) // _HOP
    frames = samples[: n_hops * _HOP].astype(np.float32).reshape(n_hops, _HOP)
    power = (frames**2).mean(1)
    loud = power > power.max() * 10 ** (_QUIET_DB / 10)
    hops = np.clip((starts_s * SAMPLE_RATE / _HOP).round().astype(int), 0, n_hops - 1)
    edges = np.append(hops, n_hops)
    starts, ends = np.empty(len(hops)), np.empty(len(hops))
    for i in range(len(hops)):
        inside = np.flatnonzero(loud[edges[i] : edges[i + 1]])
        first, last = (inside[0], inside[-1] + 1) if len(inside) else (0, max(1, edges[i + 1] - edges[i]))
        starts[i], ends[i] = edges[i] + first, edges[i] + last
    scale = _HOP / SAMPLE_RATE
    return starts * scale, ends * scale

"""The labels of a window: tokens, targets, the frames each target attends to, and the word of each frame.

Tokens are ids of a compact vocabulary: the used ids of whisper's multilingual tokenizer, and one row for all others,
which the export expands again (`network.py`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from whisper.tokenizer import get_tokenizer

from tools.demo_model.pool import WORDS
from tools.demo_model.windows import PlacedWord, Window
from tools.demo_model.words import LANGUAGES

N_TIMESTAMPS = 1501
FRAME_S = 0.02
N_CONTEXT = 448  # tokens in the decoder's context
MAX_TEXT_TOKENS = 224
MAX_PROMPT_TOKENS = 223
SEGMENT_WORDS = 8
PAUSE_S = 0.2  # a longer gap between words starts a new segment
EDGE_S = 0.1  # a word that ends closer to the end of a full window belongs to the next window
NO_TARGET = -1


class TokenTable:
    """The compact vocabulary. `ids` are whisper's ids in compact order; the last compact id is UNK."""

    def __init__(self) -> None:
        tokenizer = get_tokenizer(True, num_languages=99, language="en", task="transcribe")
        pieces = [tokenizer.encode(" " + word) for _, word in WORDS]
        specials = [
            tokenizer.eot,
            tokenizer.sot,
            tokenizer.sot_prev,
            tokenizer.transcribe,
            tokenizer.translate,
            tokenizer.no_timestamps,
            tokenizer.no_speech,
            *(tokenizer.to_language_token(x) for x in LANGUAGES),
        ]
        first_time = tokenizer.timestamp_begin
        texts = sorted({token for piece in pieces for token in piece})
        self.ids = texts + specials + list(range(first_time, first_time + N_TIMESTAMPS))
        compact = {token: i for i, token in enumerate(self.ids)}
        self.words = [[compact[token] for token in piece] for piece in pieces]
        eot, sot, prev, transcribe, translate, no_timestamps, no_speech, *languages = (compact[t] for t in specials)
        self.eot, self.sot, self.prev, self.no_timestamps, self.no_speech = (
            eot,
            sot,
            prev,
            no_timestamps,
            no_speech,
        )
        self.transcribe, self.translate = transcribe, translate
        self.languages = dict(zip(LANGUAGES, languages, strict=True))
        self.time_zero = compact[first_time]
        self.unk = len(self.ids)
        self.size = len(self.ids) + 1

    def time(self, seconds: float) -> int:
        return self.time_zero + min(N_TIMESTAMPS - 1, max(0, round(seconds / FRAME_S)))


@dataclass
class Labels:
    """One training sequence. tokens, targets, look_from, look_to: (n,); frame_words: (n_frames,), 0 = none.

    Position i reads tokens[i], shall predict targets[i] (or NO_TARGET) and look at frames [look_from, look_to).
    """

    tokens: list[int]
    targets: list[int]
    look_from: list[int]
    look_to: list[int]
    frame_words: np.ndarray


def segments_of(words: Sequence[PlacedWord]) -> list[list[PlacedWord]]:
    """Split at pauses, and after SEGMENT_WORDS words without a pause."""
    segments: list[list[PlacedWord]] = []
    for word in words:
        if segments and len(segments[-1]) < SEGMENT_WORDS and word.start_s - segments[-1][-1].end_s < PAUSE_S:
            segments[-1].append(word)
        else:
            segments.append([word])
    return segments


def frame_words(window: Window) -> np.ndarray:
    """The word (1 + id) in the middle of each 20 ms frame, shape (n_frames,)."""
    frames = np.zeros(round(window.length_s / FRAME_S), np.int64)
    for word in window.words:
        frames[max(0, round(word.start_s / FRAME_S)) : max(0, round(word.end_s / FRAME_S))] = word.word_id + 1
    return frames


class Labeller:
    """Turns windows into token sequences; `rng` draws prompts and modes."""

    def __init__(self, table: TokenTable, rng: random.Random) -> None:
        self.table = table
        self.rng = rng

    def label(self, window: Window, *, prompt: list[int], with_times: bool, offset_s: float = 0.0) -> Labels:
        """The labels of a window. `offset_s` shifts all times, for short clips placed later in the context."""
        table = self.table
        is_translate = self.rng.random() < 0.03
        head = [*([table.prev, *prompt] if prompt else []), table.sot]
        language = table.languages[window.language]
        labels = Labels([*head, language], [NO_TARGET] * len(head), [], [], frame_words(window))
        labels.targets[-1] = language if window.words else table.no_speech
        labels.tokens.append(table.translate if is_translate else table.transcribe)
        labels.targets.append(NO_TARGET)
        if not with_times:
            labels.tokens.append(table.no_timestamps)
            labels.targets.append(NO_TARGET)
        labels.look_from = [0] * (len(labels.tokens) - 1)
        labels.look_to = [0] * (len(labels.tokens) - 1)
        room = min(MAX_TEXT_TOKENS + 1, N_CONTEXT - len(labels.tokens) + 1)
        body = self._body(window, with_times, offset_s)[:room]
        for target, look_from, look_to in body:
            labels.targets.append(target)
            labels.look_from.append(look_from)
            labels.look_to.append(look_to)
        labels.tokens += [target for target, _, _ in body[:-1]]
        return labels

    def _body(self, window: Window, with_times: bool, offset_s: float) -> list[tuple[int, int, int]]:
        """(target, look_from, look_to) for each token of the answer."""
        table = self.table
        if not window.words:
            return [(self.rng.randint(table.time_zero, table.time_zero + 50), 0, 0), (table.eot, 0, 0)][
                0 if with_times else 1 :
            ]
        limit_s = window.length_s - EDGE_S
        inside = [w for w in window.words if w.start_s > -0.04]
        whole = [w for w in inside if w.end_s <= limit_s]
        is_cut = len(whole) < len(inside)
        body: list[tuple[int, int, int]] = []
        for segment in segments_of(whole):
            start_s, end_s = max(0.0, segment[0].start_s), segment[-1].end_s
            if not body and not offset_s:
                start_s = min(start_s, 1.0)
            if with_times:
                body.append(self._time(start_s, offset_s, -1, 4))
            for word in segment:
                first = max(0, round(word.start_s / FRAME_S))
                last = max(first + 1, round(word.end_s / FRAME_S))
                body += [(token, first, last) for token in table.words[word.word_id]]
            if with_times:
                body.append(self._time(max(end_s, start_s + FRAME_S), offset_s, -4, 1))
        if with_times and is_cut and body:
            rest = inside[len(whole)]
            body.append(self._time(max(rest.start_s, whole[-1].end_s), offset_s, -1, 4))
        elif with_times and not body:
            body.append(self._time(min(1.0, max(0.0, inside[0].start_s if inside else 0.0)), offset_s, -1, 4))
        return [*body, (table.eot, 0, 0)]

    def _time(self, seconds: float, offset_s: float, before: int, after: int) -> tuple[int, int, int]:
        frame = round(seconds / FRAME_S)
        return self.table.time(seconds + offset_s), max(0, frame + before), max(1, frame + after)

    def prompt(self, words_of: Sequence[Sequence[PlacedWord]], *, with_times: bool, n_tokens: int) -> list[int]:
        """The last `n_tokens` of the output of earlier windows, with some words wrong, lost or repeated."""
        table, rng = self.table, self.rng
        error_rate = rng.choice((0.0, 0.0, 0.05, 0.2))
        tokens: list[int] = []
        for words in words_of:
            for segment in segments_of(words):
                pieces = [self._misheard(table.words[w.word_id], error_rate) for w in segment]
                text = [token for piece in pieces for token in piece]
                if with_times:
                    text = [table.time(segment[0].start_s), *text, table.time(segment[-1].end_s)]
                tokens += text
        return tokens[-n_tokens:]

    def _misheard(self, piece: list[int], error_rate: float) -> list[int]:
        if self.rng.random() >= error_rate:
            return piece
        wrong = self.rng.choice(self.table.words)
        return self.rng.choice(([], piece * 2, wrong, wrong, [self.table.unk]))

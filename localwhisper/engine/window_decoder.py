"""Turns windows of one recording into segments: encoding, decoding with fallback, cutting segments, word times.

sequential.py and batched.py decide which windows, and in which order.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol

import torch
from whisper.audio import FRAMES_PER_SECOND, HOP_LENGTH, N_FRAMES
from whisper.decoding import DecodingResult
from whisper.tokenizer import get_tokenizer

from localwhisper.engine.alignment import add_word_times
from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.base import Control
from localwhisper.engine.decoding import TEMPERATURES, FallbackResult, decode_with_fallback, is_good, is_silence
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model.cross_kv import CrossKeysValues, cat_cross_kv, select_windows
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.segmentation import (
    SegmentDict,
    WindowSegments,
    final_segments,
    last_word_end_s,
    move_to_recording,
    split_by_timestamps,
)
from localwhisper.engine.system_resources import trim_heap
from localwhisper.engine.threads import CoreBudget
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Position, Segment, Window
from localwhisper.options import Options, Quality

MIN_ENCODED_FRAMES = 1000
TRAILING_SILENCE_FRAMES = 300  # models were trained on 30 s: some of the silence after a clip has to stay
PROMPT_RESET_TEMPERATURE = 0.5  # whisper.transcribe's


@dataclass(frozen=True)
class DecodedWindow:
    """A window with speech in it."""

    segments: Sequence[SegmentDict]
    fallback: FallbackResult
    next_seek: int  # where whisper continues
    last_speech_s: float  # end of the last word so far


class WindowDecoder:
    """Decodes windows of one recording with one set of options. Threading: one thread."""

    def __init__(
        self,
        model: WhisperModel,
        pcm: PcmSpool,
        mel: LogMel,
        options: Options,
        language: str,
        *,
        voice_activity: Callable[[], VoiceActivity],
        first_segment_id: int,
        control: Control,
        cores: CoreBudget,
    ) -> None:
        """`voice_activity`: the recording's, computed by the first call."""
        self.model = model
        self.pcm = pcm
        self.options = options
        self.language = language
        self.voice_activity = voice_activity
        self._mel = mel
        self._check = control.check
        self._cores = cores
        self._tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task=options.task
        )
        self._segment_ids = count(first_segment_id)

    def is_silent(self, window: AudioWindow) -> bool:
        """Whether a window contains only zeros, or is so faint beside the rest that the model sees no difference."""
        if not any(self.pcm.samples(start * HOP_LENGTH, end * HOP_LENGTH).any() for start, end in window.spans):
            return True
        return self._mel.is_uniform(window)

    def silence(self, position: Position, seek: int) -> Window:
        """A window without segments that ends at frame `seek`."""
        return Window(segments=(), after=replace(position, seek=seek, language=self.language))

    def decode(
        self, windows: Sequence[AudioWindow], prompt: Sequence[int], last_speech_s: Sequence[float]
    ) -> list[DecodedWindow | None]:
        """Decode windows together, all with the same prompt. None for a window without speech.

        `last_speech_s`: for each window, the end of the word before it.
        """
        self._cores.take_share()
        results, cross_kv = self._decode(windows, prompt)
        decoded_windows: list[DecodedWindow | None] = []
        for index, (window, fallback, end_s) in enumerate(zip(windows, results, last_speech_s, strict=True)):
            if is_silence(fallback.result):
                decoded_windows.append(None)
                continue
            split = split_by_timestamps(fallback.result, self._tokenizer, seek=window.seek, n_frames=window.n_frames)
            next_seek = window.seek + split.advance_frames
            if self.options.word_timestamps:
                window_kv = cross_kv if len(windows) == 1 else select_windows(cross_kv, [index])
                next_seek, end_s = self._add_word_times(split, window_kv, window, next_seek, end_s)
            if self.options.is_batched or self.options.vad_filter:
                move_to_recording(split.segments, window)
            next_seek += window.n_left_out(next_seek)
            end_s += window.n_left_out(round(end_s * FRAMES_PER_SECOND), is_end=True) / FRAMES_PER_SECOND
            decoded_windows.append(DecodedWindow(split.segments, fallback, next_seek, end_s))
        return decoded_windows

    def segments(self, window: DecodedWindow) -> tuple[Segment, ...]:
        """A window's final segments, numbered in the order of the calls."""
        return final_segments(
            window.segments, window.fallback, self._segment_ids, with_words=self.options.word_timestamps
        )

    def initial_prompt(self) -> tuple[int, ...]:
        text = self.options.initial_prompt
        return self._trimmed(self._tokenizer.encode(" " + text.strip())) if text else ()

    def next_prompt(
        self, prompt: Sequence[int], segments: Sequence[Segment], result: DecodingResult
    ) -> tuple[int, ...]:
        """The prompt for the window after these segments; empty if they needed a high temperature."""
        if not self.options.condition_on_previous_text or result.temperature > PROMPT_RESET_TEMPERATURE:
            return ()
        return self._trimmed([*prompt, *(token for segment in segments for token in segment.tokens)])

    def text(self, segments: Sequence[Segment]) -> str:
        """A transcript's whole text."""
        text: str = self._tokenizer.decode([token for segment in segments for token in segment.tokens])
        return text

    def _trimmed(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """The last tokens of a prompt: as many as whisper reads."""
        return tuple(tokens[-(self.model.dims.n_text_ctx // 2 - 1) :])

    def _decode(
        self, windows: Sequence[AudioWindow], prompt: Sequence[int]
    ) -> tuple[list[FallbackResult], CrossKeysValues]:
        options = self.options
        temperatures = TEMPERATURES if options.temperature is None else (options.temperature,)
        n_frames = n_frames_to_encode(max(window.n_frames for window in windows), options.quality)
        if n_frames < N_FRAMES:
            results, cross_kv = self._encode_and_decode(windows, n_frames, prompt, temperatures[:1])
            if all(is_good(fallback.result) for fallback in results):
                return results, cross_kv
        results, cross_kv = self._encode_and_decode(windows, N_FRAMES, prompt, temperatures)
        return [replace(fallback, retries=fallback.retries + (n_frames < N_FRAMES)) for fallback in results], cross_kv

    def _encode_and_decode(
        self, windows: Sequence[AudioWindow], n_frames: int, prompt: Sequence[int], temperatures: Sequence[float]
    ) -> tuple[list[FallbackResult], CrossKeysValues]:
        options = self.options
        mels = (self._mel.window(window, n_frames) for window in windows)
        encoded = [self.model.encode(mel[None], self._check) for mel in mels]
        features = torch.cat([features for features, _ in encoded])
        cross_kv = encoded[0][1] if len(encoded) == 1 else cat_cross_kv([kv for _, kv in encoded])
        del encoded
        if options.quality == "compact":
            trim_heap()
        results = decode_with_fallback(
            self.model,
            features,
            cross_kv,
            language=self.language,
            task=options.task,
            prompt=prompt,
            beam_size=options.beam_size,
            check=self._check,
            temperatures=temperatures,
            exact=options.quality == "exact",
        )
        return results, cross_kv

    def _add_word_times(
        self,
        split: WindowSegments,
        cross_kv: CrossKeysValues,
        window: AudioWindow,
        next_seek: int,
        last_speech_s: float,
    ) -> tuple[int, float]:
        """Add word times. Returns where to continue, which they change as in whisper, and the end of the last word."""
        add_word_times(
            split.segments,
            self.model,
            cross_kv,
            self._tokenizer,
            n_frames=window.n_frames,
            last_speech_s=last_speech_s,
        )
        end_s = last_word_end_s(split.segments)
        if end_s is None:
            return next_seek, last_speech_s
        if not split.single_timestamp_ending and end_s > window.seek / FRAMES_PER_SECOND:
            next_seek = round(end_s * FRAMES_PER_SECOND)
        return next_seek, float(end_s)


class TranscribeWindows(Protocol):
    """The type of sequential.transcribe_sequential and batched.transcribe_batched."""

    def __call__(self, decoder: WindowDecoder, position: Position) -> Iterator[Window]:
        """Yield the windows from `position` to the recording's end, each decoded when the iterator reaches it."""


def n_frames_to_encode(n_frames: int, quality: Quality) -> int:
    """The number of frames to encode for a window with `n_frames` of audio.

    `fast` leaves out most of the silence after a short clip, which would take most of the time. If the text isn't good,
    the window is encoded and decoded again with all of it.
    """
    if quality != "fast":
        return int(N_FRAMES)
    return min(int(N_FRAMES), max(MIN_ENCODED_FRAMES, 2 * math.ceil((n_frames + TRAILING_SILENCE_FRAMES) / 2)))

"""Turns windows of one recording into segments: encoding, decoding with fallback, cutting segments, word times.

sequential.py and batched.py decide which windows, and in which order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Protocol

from torch import Tensor
from whisper.audio import FRAMES_PER_SECOND, HOP_LENGTH, N_FRAMES
from whisper.decoding import DecodingResult
from whisper.tokenizer import Tokenizer, get_tokenizer

from localwhisper.engine.alignment import add_word_times
from localwhisper.engine.audio_window import MIN_ENCODED_FRAMES, AudioWindow, n_frames_to_encode
from localwhisper.engine.base import Control
from localwhisper.engine.decoding import FallbackResult, decode_with_fallback, is_silence
from localwhisper.engine.gradual_vad import GradualVoiceActivity
from localwhisper.engine.hallucinations import DecodedAudio, without_hallucinations
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.prompts import last, prompt_tokens, window_prefix
from localwhisper.engine.segmentation import (
    SegmentDict,
    WindowSegments,
    final_segments,
    last_word_end_s,
    move_to_recording,
    split_by_timestamps,
)
from localwhisper.engine.system_resources import trim_heap
from localwhisper.engine.threads import CoreBudget, StoppableCheck
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Position, Segment, Window
from localwhisper.options import Options

PROMPT_RESET_TEMPERATURE = 0.5  # whisper.transcribe's


@dataclass(frozen=True)
class DecodedWindow:
    """A window with speech in it."""

    segments: Sequence[SegmentDict]
    fallback: FallbackResult
    next_seek: int  # where whisper continues
    last_speech_s: float  # end of the last word so far
    is_skipped: bool = False  # it is decoded again from `next_seek`


# what decoding a window gave, and the keys and values of its audio
_Result = tuple[FallbackResult, CrossKeysValues]


class WindowDecoder:
    """Decodes windows of one recording with one set of options. Threading: decode() may run on several threads."""

    def __init__(
        self,
        model: WhisperModel,
        pcm: PcmSpool,
        mel: LogMel,
        options: Options,
        language: str,
        *,
        listen: Callable[..., VoiceActivity],
        speech_windows: GradualVoiceActivity | None = None,
        encoded: Mapping[AudioWindow, Tensor],
        first_segment_id: int,
        control: Control,
        cores: CoreBudget,
    ) -> None:
        """`listen`: vad.voice_activity() of the recording; `speech_windows`: gives the windows of transcribe_batched();
        `encoded`: features of windows, with all of their frames."""
        self.model = model
        self.pcm = pcm
        self.options = options
        self.language = language
        self._listen = listen
        self.speech_windows = speech_windows
        self.mel = mel
        self._encoded = dict(encoded)
        self.cores = cores
        self.check = StoppableCheck(control.check)
        self.helpers = control.helpers
        self._tokenizer = self._tokenizer_of(language)
        self._segment_ids = count(first_segment_id)
        n_prompt_tokens = model.dims.n_text_ctx // 2 - 1  # as many as whisper reads
        self._prefix = window_prefix(self._tokenizer, options, n_prompt_tokens)
        self._n_previous_tokens = n_prompt_tokens - len(self._prefix)

    def _tokenizer_of(self, language: str) -> Tokenizer:
        model = self.model
        return get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task=self.options.task
        )

    def clip_at(self, seek: int) -> tuple[int, int] | None:
        """(start, end) of the first part to transcribe that doesn't end before frame `seek`; None after the last."""
        n_frames = self.pcm.n_frames
        for start_s, end_s in self.options.clips:
            end = n_frames if end_s is None else min(round(end_s * FRAMES_PER_SECOND), n_frames)
            start = max(round(start_s * FRAMES_PER_SECOND), seek)
            if start < end:
                return start, end
        return None

    @property
    def max_window_frames(self) -> int:
        seconds = self.options.chunk_length
        return int(N_FRAMES) if seconds is None else min(seconds * FRAMES_PER_SECOND, int(N_FRAMES))

    @cached_property
    def voice_activity(self) -> VoiceActivity:
        return self._listen()

    @cached_property
    def nobody_speaks(self) -> bool:
        """Whether there is no speech in the whole recording. It is read until some is heard."""
        return self.options.no_speech_threshold is not None and not self._listen(enough_frames=1).spans

    def is_silent(self, window: AudioWindow) -> bool:
        """Whether a window contains only zeros, or is so faint beside the rest that the model sees no difference."""
        if not any(self.pcm.samples(start * HOP_LENGTH, end * HOP_LENGTH).any() for start, end in window.spans):
            return True
        return self.mel.is_uniform(window)

    def silence(self, position: Position, seek: int) -> Window:
        """A window without segments that ends at frame `seek`."""
        return Window(segments=(), after=replace(position, seek=seek, language=self.language))

    def decode(
        self, windows: Sequence[AudioWindow], prompt: Sequence[int], last_speech_s: Sequence[float]
    ) -> list[DecodedWindow | None]:
        """Decode windows together, all with the same prompt. None for a window without speech.

        `last_speech_s`: for each window, the end of the word before it.
        """
        results = self._decode(windows, (*self._prefix, *last(prompt, self._n_previous_tokens)))
        decoded_windows: list[DecodedWindow | None] = []
        for window, (fallback, cross_kv), end_s in zip(windows, results, last_speech_s, strict=True):
            if is_silence(fallback.result, self.options):
                decoded_windows.append(None)
                continue
            split = split_by_timestamps(fallback.result, self._tokenizer, seek=window.seek, n_frames=window.n_frames)
            if self.options.multilingual and split.segments:  # the rest of the window may be in another language
                heard_frames = round(split.segments[-1]["end"] * FRAMES_PER_SECOND) - window.seek
                advance_frames = min(split.advance_frames, max(heard_frames, FRAMES_PER_SECOND))
                split = replace(split, advance_frames=advance_frames)
            if self.options.word_timestamps:
                decoded = self._with_word_times(split, cross_kv, window, fallback, end_s)
            else:
                decoded = DecodedWindow(split.segments, fallback, window.seek + split.advance_frames, end_s)
            decoded_windows.append(self._in_recording(decoded, window))
        return decoded_windows

    def segments(self, window: DecodedWindow) -> tuple[Segment, ...]:
        """A window's final segments, numbered in the order of the calls."""
        return final_segments(
            window.segments, window.fallback, self._segment_ids, with_words=self.options.word_timestamps
        )

    def initial_prompt(self) -> tuple[int, ...]:
        """The text before the first window. A prompt for every window is added to this in decode()."""
        if self.options.carry_initial_prompt:
            return ()
        return self._trimmed(prompt_tokens(self._tokenizer, self.options.initial_prompt))

    def next_prompt(
        self, prompt: Sequence[int], segments: Sequence[Segment], result: DecodingResult
    ) -> tuple[int, ...]:
        """The prompt for the window after these segments; empty if they needed a high temperature, or may be in another
        language: then whisper translates."""
        options = self.options
        is_kept = options.condition_on_previous_text and not options.multilingual
        if not is_kept or result.temperature > PROMPT_RESET_TEMPERATURE:
            return ()
        return self._trimmed([*prompt, *(token for segment in segments for token in segment.tokens)])

    def text(self, segments: Sequence[Segment]) -> str:
        """A transcript's whole text."""
        return str(self._tokenizer.decode([token for segment in segments for token in segment.tokens]))

    def _trimmed(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """The last tokens of a prompt: as many as whisper reads."""
        return tuple(tokens[-(self.model.dims.n_text_ctx // 2 - 1) :])

    def _decode(self, windows: Sequence[AudioWindow], prompt: Sequence[int]) -> list[_Result]:
        """Decode windows together.

        A clip of a few seconds whose text isn't good is encoded again with all 30 s, as the model often says nothing
        sensible of so little audio; there, and to a longer clip, higher temperatures are applied.
        """
        temperatures = self.options.temperatures
        encoded_frames = [n_frames_to_encode(window.n_frames, self.options.quality) for window in windows]
        little = [i for i, n_frames in enumerate(encoded_frames) if n_frames == MIN_ENCODED_FRAMES]
        results: dict[int, _Result] = {}
        if little:
            tried = self._encode_and_decode(
                [(windows[i], MIN_ENCODED_FRAMES) for i in little], prompt, temperatures[:1]
            )
            results |= zip(little, tried, strict=True)
            for i in little:
                if not results[i][0].is_good:
                    encoded_frames[i] = int(N_FRAMES)
        rest = [i for i, n_frames in enumerate(encoded_frames) if n_frames > MIN_ENCODED_FRAMES]
        if rest:
            tried = self._encode_and_decode([(windows[i], encoded_frames[i]) for i in rest], prompt, temperatures)
            for i, (fallback, cross_kv) in zip(rest, tried, strict=True):
                results[i] = replace(fallback, retries=fallback.retries + (i in results)), cross_kv
        return [results[i] for i in range(len(windows))]

    def _encode_and_decode(
        self, windows: Sequence[tuple[AudioWindow, int]], prompt: Sequence[int], temperatures: Sequence[float]
    ) -> list[_Result]:
        """`windows`: each with the number of its frames to encode."""
        options, language = self.options, self.language
        is_multilingual = options.multilingual and self.model.is_multilingual
        if is_multilingual and len(windows) > 1:  # each may be in another language
            return [self._encode_and_decode([window], prompt, temperatures)[0] for window in windows]
        cross_kv = []
        for window, n_frames in windows:
            features, window_kv = self._encode(window, n_frames)
            cross_kv.append(window_kv)
        if options.quality == "compact":
            trim_heap()
        if is_multilingual:
            language = self.model.detect_language(features).language
        results = decode_with_fallback(
            self.model,
            cross_kv,
            options=options,
            language=language,
            prompt=prompt,
            check=self.check,
            temperatures=temperatures,
        )
        return list(zip(results, cross_kv, strict=True))

    def _encode(self, window: AudioWindow, n_frames: int) -> tuple[Tensor, CrossKeysValues]:
        features = self._encoded.pop(window, None) if n_frames == window.n_frames else None
        if features is None:
            features = self.model.encode_audio(self.mel.window(window, n_frames)[None], self.check)
        return features, self.model.cross_kv(features, self.check)

    def _with_word_times(
        self,
        split: WindowSegments,
        cross_kv: CrossKeysValues,
        window: AudioWindow,
        fallback: FallbackResult,
        last_speech_s: float,
    ) -> DecodedWindow:
        """Add word times, which change where to continue, as in whisper. `last_speech_s`: end of the word before."""
        options, next_seek = self.options, window.seek + split.advance_frames
        add_word_times(
            split.segments,
            self.model,
            cross_kv,
            self._tokenizer_of(fallback.result.language),
            n_frames=window.n_frames,
            last_speech_s=last_speech_s,
            prepend_punctuations=options.prepend_punctuations,
            append_punctuations=options.append_punctuations,
        )
        segments: Sequence[SegmentDict] = split.segments
        end_s = last_word_end_s(split.segments)
        if end_s is not None and not split.single_timestamp_ending and end_s > window.seek / FRAMES_PER_SECOND:
            next_seek = round(end_s * FRAMES_PER_SECOND)
        if options.hallucination_silence_threshold is not None:
            audio = DecodedAudio(window.seek, window.n_frames, self.pcm.n_frames, last_speech_s)
            kept, next_seek = without_hallucinations(split, audio, next_seek, options.hallucination_silence_threshold)
            if kept is None:
                return DecodedWindow((), fallback, next_seek, last_speech_s, is_skipped=True)
            segments = kept
            end_s = last_word_end_s(segments)
        return DecodedWindow(segments, fallback, next_seek, last_speech_s if end_s is None else float(end_s))

    def _in_recording(self, decoded: DecodedWindow, window: AudioWindow) -> DecodedWindow:
        """Times and frames of the window as those of the recording."""
        if self.options.skips_silence:
            move_to_recording(decoded.segments, window, self.speech_windows or self.voice_activity)
        end_s = decoded.last_speech_s
        return replace(
            decoded,
            next_seek=decoded.next_seek + window.n_left_out(decoded.next_seek),
            last_speech_s=end_s + window.n_left_out(round(end_s * FRAMES_PER_SECOND), is_end=True) / FRAMES_PER_SECOND,
        )


class TranscribeWindows(Protocol):
    """The type of sequential.transcribe_sequential and batched.transcribe_batched."""

    def __call__(self, decoder: WindowDecoder, position: Position) -> Iterator[Window]:
        """Yield the windows from `position` to the recording's end, each decoded when the iterator reaches it."""

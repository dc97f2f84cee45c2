"""The loop over a recording's windows: language, prompts, fallbacks, segments, word times.

Gives what `whisper.transcribe` gives for the same options, window by window and in bounded memory, and goes
on from any window.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeVar

import torch
from whisper.audio import FRAMES_PER_SECOND, HOP_LENGTH, N_FRAMES
from whisper.decoding import DecodingResult
from whisper.tokenizer import Tokenizer, get_tokenizer

from localwhisper.engine import segmentation
from localwhisper.engine.alignment import add_word_times
from localwhisper.engine.base import Control
from localwhisper.engine.decoding import TEMPERATURES, Decoded, decode, is_good, is_silence
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model.cross_kv import CrossKeysValues, cat_cross_kv
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.system_memory import trim_heap
from localwhisper.engine.threads import CoreBudget
from localwhisper.engine.vad import Speech
from localwhisper.jobs.model import Detection, Position, Segment, Window, joined
from localwhisper.messages import Message
from localwhisper.options import Options, Quality

LEAST_SKIP_FRAMES = 100  # of silence before speech: what is worth leaving out
LEAST_HEARD_FRAMES = 1000
SILENCE_BEHIND_FRAMES = 300
R = TypeVar("R", bound="Run")


class Part(NamedTuple):
    """What a window is made of: frames of 10 ms."""

    seek: int
    size: int  # at most N_FRAMES


@dataclass
class Run:
    """One recording being transcribed by one thread, one window after the other."""

    model: WhisperModel
    recording: PcmSpool
    mel: LogMel
    options: Options
    control: Control
    cores: CoreBudget
    tokenizer: Tokenizer
    language: str
    position: Position
    n_segments: int
    rested_s: float = 0.0  # while more urgent jobs were done

    @classmethod
    def begin(
        cls: type[R],
        model: WhisperModel,
        recording: PcmSpool,
        options: Options,
        control: Control,
        cores: CoreBudget,
        done: Sequence[Window],
    ) -> R:
        """At the start, or behind what is done."""
        cores.take_share()
        mel = LogMel(recording, model.dims.n_mels, control.check)
        language = done[-1].after.language if done else options.language
        if not model.is_multilingual:
            language = "en"
        if language is None:
            language = detect_language(model, mel, control.check).language
        tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task=options.task
        )
        if done:
            position = done[-1].after
        else:
            position = Position(language=language, prompt=initial_prompt(options, tokenizer, model))
        return cls(model, recording, mel, options, control, cores, tokenizer, language, position, len(joined(done)))

    @cached_property
    def speech(self) -> Speech:
        return Speech(self.recording, self.control.check)

    def decode_all(self) -> list[Window]:
        """Decode to the end; each window is handed over as it is done."""
        made: list[Window] = []
        n_frames = self.recording.n_frames
        while self.position.seek < n_frames:
            self._tell(self.position.seek)
            for window in self._next():
                if window.after.seek <= self.position.seek:  # never stand still, whatever the model says
                    window = replace(window, after=replace(window.after, seek=self.position.seek + N_FRAMES))
                handed_s = time.monotonic()
                with self.cores.resting():
                    self.control.window(window)
                self.rested_s += time.monotonic() - handed_s
                made.append(window)
                self.position = window.after
                self.n_segments += len(window.segments)
        self._tell(n_frames)
        return made

    def _tell(self, seek: int) -> None:
        total = segmentation.n_windows(self.recording.n_frames)
        done_s = seek / FRAMES_PER_SECOND if seek < self.recording.n_frames else self.recording.duration_s
        current = min(seek // N_FRAMES + 1, total)
        self.control.progress(done_s, Message("processing_segment", {"current": current, "total": total}))

    def _next(self) -> Iterator[Window]:
        """What comes behind `position`, which moves with each that is taken."""
        seek = self.position.seek
        size = min(N_FRAMES, self.recording.n_frames - seek)
        if self.options.vad_filter:
            begins = self.speech.begins(seek)
            if begins is None or begins >= seek + LEAST_SKIP_FRAMES:
                yield self._nothing(self.recording.n_frames if begins is None else begins)
                return
        yield self._nothing(seek + size) if self._is_empty(seek, size) else self._window(seek, size)

    def _nothing(self, seek: int) -> Window:
        """Silence up to frame `seek`."""
        return Window(segments=(), after=replace(self.position, seek=seek, language=self.language))

    def _is_empty(self, seek: int, size: int) -> bool:
        """Zeros; or so faint against the rest that the model would see the same everywhere."""
        if not self.recording.samples(seek * HOP_LENGTH, (seek + size) * HOP_LENGTH).any():
            return True
        return self.mel.is_uniform(seek, size)

    def _window(self, seek: int, size: int) -> Window:
        self.cores.take_share()
        (decoded,), cross = self._decoded([Part(seek, size)], self.position.prompt)
        if is_silence(decoded.result):
            return self._nothing(seek + size)
        cut = segmentation.cut(decoded.result, self.tokenizer, seek=seek, size=size)
        after, last_speech_s = self._timed(cut, cross, seek, size, self.position.last_speech_s)
        made = segmentation.segments(
            cut.drafts, decoded, first_id=self.n_segments, with_words=self.options.word_timestamps
        )
        position = Position(
            seek=after,
            language=self.language,
            prompt=self._next_prompt(made, decoded.result),
            last_speech_s=last_speech_s,
        )
        return Window(segments=made, after=position)

    def _decoded(self, parts: Sequence[Part], prompt: Sequence[int]) -> tuple[list[Decoded], CrossKeysValues]:
        """Windows side by side behind the same prompt; and what the decoder read of their audio."""
        options = self.options
        temperatures = TEMPERATURES if options.temperature is None else (options.temperature,)
        n_frames = heard_frames(max(part.size for part in parts), options.quality)
        if n_frames < N_FRAMES:
            found, cross = self._attempt(parts, n_frames, prompt, temperatures[:1])
            if all(is_good(one.result) for one in found):
                return found, cross
        found, cross = self._attempt(parts, N_FRAMES, prompt, temperatures)
        return [replace(one, retries=one.retries + (n_frames < N_FRAMES)) for one in found], cross

    def _attempt(
        self, parts: Sequence[Part], n_frames: int, prompt: Sequence[int], temperatures: Sequence[float]
    ) -> tuple[list[Decoded], CrossKeysValues]:
        check, options = self.control.check, self.options
        mels = (self.mel.window(part.seek, part.size, n_frames) for part in parts)
        encoded = [self.model.encode(mel[None], check) for mel in mels]
        features = torch.cat([features for features, _ in encoded])
        cross = encoded[0][1] if len(encoded) == 1 else cat_cross_kv([cross for _, cross in encoded])
        del encoded
        if options.quality == "compact":
            trim_heap()
        found = decode(
            self.model,
            features,
            cross,
            language=self.language,
            task=options.task,
            prompt=prompt,
            beam_size=options.beam_size,
            check=check,
            temperatures=temperatures,
            as_whisper=options.quality == "exact",
        )
        return found, cross

    def _timed(
        self, cut: segmentation.Cut, cross: CrossKeysValues, seek: int, size: int, last_speech_s: float
    ) -> tuple[int, float]:
        """Where to go on behind a window, and the end of its last word; its drafts get their words where asked for."""
        after = seek + cut.advance
        if not self.options.word_timestamps:
            return after, last_speech_s
        add_word_times(cut.drafts, self.model, cross, self.tokenizer, n_frames=size, last_speech_s=last_speech_s)
        end_s = segmentation.last_word_end_s(cut.drafts)
        if end_s is None:
            return after, last_speech_s
        if not cut.ends_in_silence and end_s > seek / FRAMES_PER_SECOND:
            after = round(end_s * FRAMES_PER_SECOND)
        return after, float(end_s)

    def _next_prompt(self, made: Sequence[Segment], result: DecodingResult) -> tuple[int, ...]:
        """Nothing behind a window that needed a high temperature."""
        if not self.options.condition_on_previous_text or result.temperature > 0.5:
            return ()
        return _trimmed([*self.position.prompt, *(token for segment in made for token in segment.tokens)], self.model)


def heard_frames(size: int, quality: Quality) -> int:
    """How much of a window with `size` frames of sound is encoded: in `fast` not all of the silence behind a clip,
    whose encoding is most of its time. Models learnt to listen to 30 s, so some of it stays, and a text that isn't good
    is none."""
    if quality != "fast":
        return int(N_FRAMES)
    return min(int(N_FRAMES), max(LEAST_HEARD_FRAMES, 2 * math.ceil((size + SILENCE_BEHIND_FRAMES) / 2)))


def initial_prompt(options: Options, tokenizer: Tokenizer, model: WhisperModel) -> tuple[int, ...]:
    text = options.initial_prompt
    return _trimmed(tokenizer.encode(" " + text.strip()), model) if text else ()


def _trimmed(tokens: Sequence[int], model: WhisperModel) -> tuple[int, ...]:
    """The last tokens of a prompt: what whisper reads of it."""
    return tuple(tokens[-(model.dims.n_text_ctx // 2 - 1) :])


def detect_language(model: WhisperModel, mel: LogMel, check: Callable[[], None]) -> Detection:
    """From the first 30 s, what is missing of them being silence."""
    features = model.encoder(mel.frames(0, N_FRAMES)[None].to(model.device), check)
    return model.detect_language(features[0])

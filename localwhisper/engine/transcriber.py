"""The loop over a recording's windows: language, prompts, fallbacks, segments, word times.

Gives what `whisper.transcribe` gives for the same options, window by window and in bounded memory, and goes
on from any window.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from whisper.audio import CHUNK_LENGTH, FRAMES_PER_SECOND, HOP_LENGTH, N_FRAMES, SAMPLE_RATE
from whisper.decoding import DecodingResult
from whisper.tokenizer import Tokenizer, get_tokenizer

from localwhisper.audio.decode import decode as decode_audio
from localwhisper.engine import windows
from localwhisper.engine.alignment import add_word_times
from localwhisper.engine.base import Control
from localwhisper.engine.cores import Cores
from localwhisper.engine.inference import TEMPERATURES, decode, is_silence
from localwhisper.engine.loading import ModelCache, as_out_of_memory
from localwhisper.engine.models import ModelLibrary
from localwhisper.engine.network import Network
from localwhisper.engine.recording import LogMel, Recording
from localwhisper.engine.state import CrossKeysValues
from localwhisper.errors import ModelCannotTranslate
from localwhisper.jobs.model import Detection, Options, Position, Segment, Transcript, Window, joined
from localwhisper.messages import Message

VAD_FRAME_S = 0.03
VAD_LEVEL_DB = -50.0  # of full scale: the loudest frame of a window without speech stays below


class WhisperEngine:
    """An Engine. Threading: SAFE."""

    def __init__(self, library: ModelLibrary, models: ModelCache, *, max_audio_s: float) -> None:
        self._library = library
        self._models = models
        self._max_audio_s = max_audio_s
        self._cores = Cores()

    def transcribe(self, audio: Path, options: Options, control: Control, *, done: Sequence[Window] = ()) -> Transcript:
        """See base.Engine. Raises also what reading the audio and loading the model raise."""
        started_s = time.monotonic()
        control.progress(0.0, Message("reading_audio"))
        with Recording(decode_audio(audio, check=control.check, max_audio_s=self._max_audio_s)) as recording:
            with self._models.lease(options.model, options.quality, control) as model, self._working():
                if options.task == "translate" and not model.is_multilingual:
                    raise ModelCannotTranslate(model=options.model)
                try:
                    run = Run.begin(model, recording, options, control, self._cores, done)
                    every = [*done, *run.decode_all()]
                except (MemoryError, RuntimeError) as error:
                    raise as_out_of_memory(error, options.model) from error
                segments = joined(every)
                text = run.tokenizer.decode([token for segment in segments for token in segment.tokens])
        return Transcript(
            text=text, language=run.language, segments=segments, processing_time=time.monotonic() - started_s
        )

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self._cores.working(), torch.inference_mode():
            yield

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """See base.Engine."""
        samples = decode_audio(audio, check=control.check, max_audio_s=CHUNK_LENGTH)
        with Recording(samples) as recording:
            with self._models.lease(model, "exact", control) as network, self._working():
                if not network.is_multilingual:
                    return Detection(language="en", probability=1.0)
                return _detect_language(network, LogMel(recording, network.dims.n_mels, control.check), control.check)

    def model_bytes(self) -> Mapping[str, int]:
        return self._models.model_bytes()

    def close(self) -> None:
        self._models.close()


@dataclass
class Run:
    """One recording being transcribed by one thread."""

    model: Network
    recording: Recording
    mel: LogMel
    options: Options
    control: Control
    cores: Cores
    tokenizer: Tokenizer
    language: str
    position: Position
    n_segments: int

    @classmethod
    def begin(
        cls, model: Network, recording: Recording, options: Options, control: Control, cores: Cores,
        done: Sequence[Window],
    ) -> "Run":  # fmt: skip
        """At the start, or behind what is done."""
        cores.take_share()
        mel = LogMel(recording, model.dims.n_mels, control.check)
        language = done[-1].after.language if done else options.language
        if not model.is_multilingual:
            language = "en"
        if language is None:
            language = _detect_language(model, mel, control.check).language
        tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task=options.task
        )
        if done:
            position = done[-1].after
        else:
            prompt = tokenizer.encode(" " + options.initial_prompt.strip()) if options.initial_prompt else []
            position = Position(language=language, prompt=_trimmed(prompt, model))
        return cls(model, recording, mel, options, control, cores, tokenizer, language, position, len(joined(done)))

    def decode_all(self) -> list[Window]:
        """Decode to the end; each window is handed over as it is done."""
        made: list[Window] = []
        n_frames = self.recording.n_frames
        total = windows.n_windows(n_frames)
        while self.position.seek < n_frames:
            current = min(self.position.seek // N_FRAMES + 1, total)
            message = Message("processing_segment", {"current": current, "total": total})
            self.control.progress(self.position.seek / FRAMES_PER_SECOND, message)
            window = self._window()
            if window.after.seek <= self.position.seek:  # never stand still, whatever the model says
                window = replace(window, after=replace(window.after, seek=self.position.seek + N_FRAMES))
            self.control.window(window)
            made.append(window)
            self.position = window.after
            self.n_segments += len(window.segments)
        self.control.progress(
            self.recording.duration_s, Message("processing_segment", {"current": total, "total": total})
        )
        return made

    def _window(self) -> Window:
        seek = self.position.seek
        size = min(N_FRAMES, self.recording.n_frames - seek)
        if self._is_quiet(seek, size):
            return Window(segments=(), after=self._after(seek + size))
        self.cores.take_share()
        mel = self.mel.window(seek).to(self.model.device)
        check = self.control.check
        features = self.model.encoder(mel[None], check)
        cross = self.model.decoder.cross(features, check)
        options = self.options
        decoded = decode(
            self.model, features[0], cross, language=self.language, task=options.task, prompt=self.position.prompt,
            beam_size=options.beam_size, check=check,
            temperatures=TEMPERATURES if options.temperature is None else (options.temperature,),
            keeps_prompt=options.quality == "exact",
        )  # fmt: skip
        result = decoded.result
        if is_silence(result):
            return Window(segments=(), after=self._after(seek + size))
        cut = windows.cut(result, self.tokenizer, seek=seek, size=size)
        seek += cut.advance
        last_speech_s = self.position.last_speech_s
        if options.word_timestamps:
            seek, last_speech_s = self._time_words(cut, cross, size, seek)
        made = windows.segments(cut.drafts, decoded, first_id=self.n_segments, with_words=options.word_timestamps)
        prompt = self._next_prompt(made, result)
        return Window(segments=made, after=self._after(seek, prompt=prompt, last_speech_s=last_speech_s))

    def _time_words(self, cut: windows.Cut, cross: CrossKeysValues, size: int, seek: int) -> tuple[int, float]:
        """Give the drafts their words; returns where to go on, and the end of the last word."""
        start_s = self.position.seek / FRAMES_PER_SECOND
        last_speech_s = self.position.last_speech_s
        add_word_times(cut.drafts, self.model, cross, self.tokenizer, n_frames=size, last_speech_s=last_speech_s)
        end_s = windows.last_word_end_s(cut.drafts)
        if end_s is None:
            return seek, last_speech_s
        if not cut.ends_in_silence and end_s > start_s:
            seek = round(end_s * FRAMES_PER_SECOND)
        return seek, float(end_s)

    def _next_prompt(self, made: Sequence[Segment], result: DecodingResult) -> tuple[int, ...]:
        """Nothing behind a window that needed a high temperature."""
        if not self.options.condition_on_previous_text or result.temperature > 0.5:
            return ()
        return _trimmed([*self.position.prompt, *(token for segment in made for token in segment.tokens)], self.model)

    def _after(
        self, seek: int, *, prompt: tuple[int, ...] | None = None, last_speech_s: float | None = None
    ) -> Position:
        before = self.position
        return Position(
            seek=seek, language=self.language, prompt=before.prompt if prompt is None else prompt,
            last_speech_s=before.last_speech_s if last_speech_s is None else last_speech_s,
        )  # fmt: skip

    def _is_quiet(self, seek: int, size: int) -> bool:
        """Digital silence; with the filter, anything without a loud enough moment."""
        samples = self.recording.samples(seek * HOP_LENGTH, (seek + size) * HOP_LENGTH)
        if not samples.any():
            return True
        if not self.options.vad_filter:
            return False
        length = round(VAD_FRAME_S * SAMPLE_RATE)
        frames = np.resize(samples, (max(1, len(samples) // length), length))
        return bool(10 * np.log10((frames**2).mean(axis=1).max() + 1e-12) < VAD_LEVEL_DB)


def _trimmed(tokens: Sequence[int], model: Network) -> tuple[int, ...]:
    """The last tokens of a prompt: what whisper reads of it."""
    return tuple(tokens[-(model.dims.n_text_ctx // 2 - 1) :])


def _detect_language(model: Network, mel: LogMel, check: Callable[[], None]) -> Detection:
    """From the first 30 s, what is missing of them being silence."""
    features = model.encoder(mel.frames(0, N_FRAMES)[None].to(model.device), check)
    return model.detect_language(features[0])

"""The engine: transcribes audio files and detects their language. Windows are decoded by window_decoder.py."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from whisper.audio import CHUNK_LENGTH, N_FRAMES

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.recording import Channel, RecordingReader
from localwhisper.audio.waveform import SpeechSink
from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.base import BatchSource, Control
from localwhisper.engine.batched import transcribe_batched
from localwhisper.engine.channels import ChannelRun, channel_languages, main_language, transcribe_channels
from localwhisper.engine.gradual_vad import GradualVoiceActivity
from localwhisper.engine.helping import Helper
from localwhisper.engine.language_detection import (
    ENOUGH_FRAMES,
    DetectedLanguage,
    detect_language,
    windows_to_detect_from,
)
from localwhisper.engine.live_transcriber import LiveTranscriber, open_live
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.progress import report_progress
from localwhisper.engine.recorded_speakers import RecordedSpeakers
from localwhisper.engine.run_formats import formats, plan_changed
from localwhisper.engine.sequential import transcribe_sequential
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.speakers.labelling import SpeakerLabels, with_what_speakers_need
from localwhisper.engine.spoken_times import SpokenTimes
from localwhisper.engine.text_alignment import TextAligner
from localwhisper.engine.threads import use_one_thread
from localwhisper.engine.upstream.torch_internals import is_out_of_memory
from localwhisper.engine.vad import VoiceActivity, voice_activity
from localwhisper.engine.window_decoder import TranscribeWindows, WindowDecoder
from localwhisper.errors import ModelCannotTranslate, ModelTooLarge
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Detection, Diarization, Position, Segment, Transcript, Window, segments_of
from localwhisper.messages import Message
from localwhisper.options import Options


class WhisperEngine:
    """An Engine. Threading: SAFE."""

    def __init__(self, models: ModelCache, ffmpeg: Ffmpeg, spool_dir: Path, *, max_audio_s: float) -> None:
        """`spool_dir`: for decoded audio, 32 kB a second."""
        self._models = models
        self._reader = RecordingReader(ffmpeg, max_audio_s=max_audio_s)
        self._spool_dir = spool_dir
        self._cores = models.cores
        self._detector = SileroVad()
        self._speakers = RecordedSpeakers(self._reader, self._new_spool, self._detector)
        self._helper = Helper(models, self._reader, self._new_spool)

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        """See base.Engine. Also raises what reading the audio and loading the model raise."""
        started_s = time.monotonic()
        options = with_what_speakers_need(options)
        control.progress(0.0, Message("reading_audio"))
        is_split = options.channels == "split"
        if control.helpers is not None and options.is_batched and not is_split:
            control.helpers.offer()
        with self._reader.read(
            audio, self._new_spool, check=control.check, track=options.audio_track, split=is_split
        ) as recording:
            control.measured(recording.duration_s, recording.track.track.number)
            read_s = time.monotonic() - started_s
            quality, plan = formats(options, done[-1].after.plan if done else None, footprint)
            with (
                self._models.lease(options.model, quality, control, plan=plan) as model,
                self._working(),
                nullcontext() if footprint is Footprint.USUAL else self._cores.all_but_one_kept(),
            ):
                if options.task == "translate" and not model.is_multilingual:
                    raise ModelCannotTranslate(model=options.model)
                started_s = time.monotonic()
                with _reporting_memory(options.model):
                    runs = [
                        self._channel_run(model, channel, number, options, control, done)
                        for number, channel in enumerate(recording.channels)
                    ]
                    decoder = runs[0].decoder
                    labels = SpeakerLabels(options, decoder.pcm, lambda: decoder.voice_activity, control)
                    windows, waited_s = self._decode_windows(runs, _transcriber(options, footprint), labels, done)
                segments = segments_of([*done, *windows])
                if len(runs) > 1:
                    segments = tuple(replace(segment, id=number) for number, segment in enumerate(segments))
                text = decoder.text(segments)
                transcript = Transcript(
                    text=text,
                    language=main_language(runs, segments),
                    channel_languages=channel_languages(runs, segments),
                    segments=segments,
                    processing_time=read_s + time.monotonic() - started_s - waited_s,
                    warnings=(*recording.warnings_for(text), *plan_changed(windows, done)),
                )
            return labels.of_transcript(transcript)

    def _new_spool(self) -> PcmSpool:
        return PcmSpool((), self._spool_dir)

    def _channel_run(
        self,
        model: WhisperModel,
        channel: Channel[PcmSpool],
        number: int,
        options: Options,
        control: Control,
        done: Sequence[Window],
    ) -> ChannelRun:
        done = [window for window in done if window.after.channel == number]
        decoder = self._window_decoder(model, channel.sink, options, control, done)
        position = Position(language=decoder.language, prompt=decoder.initial_prompt())
        return ChannelRun(channel.name, decoder, done[-1].after if done else position)

    def _window_decoder(
        self, model: WhisperModel, pcm: PcmSpool, options: Options, control: Control, done: Sequence[Window]
    ) -> WindowDecoder:
        listen: Callable[..., VoiceActivity] = partial(voice_activity, pcm, self._detector, control.check)
        speech_windows: GradualVoiceActivity | None = None
        if options.is_batched:
            speech_windows = GradualVoiceActivity(pcm, self._detector, control.check)
            listen = speech_windows.whole
            self._cores.team.start(speech_windows.begin)
        mel = LogMel(pcm, model.dims.n_mels, control.check)
        language = done[-1].after.language if done else options.language
        if not model.is_multilingual:
            language = "en"
        encoded: Mapping[AudioWindow, Tensor] = {}
        if language is None:
            detected = self._detect_language(model, pcm, mel, options.language_detection_segments, control)
            language, encoded = detected.detection.language, detected.features
        return WindowDecoder(
            model,
            pcm,
            mel,
            options,
            language,
            listen=listen,
            speech_windows=speech_windows,
            encoded=encoded,
            first_segment_id=len(segments_of(done)),
            control=control,
            cores=self._cores,
        )

    def _detect_language(
        self, model: WhisperModel, pcm: PcmSpool, mel: LogMel, n_windows: int, control: Control
    ) -> DetectedLanguage:
        """Detect the language of `n_windows` of the recording. Reads no more of it than that takes."""
        enough_frames = N_FRAMES if n_windows == 1 else math.inf
        vad = voice_activity(pcm, self._detector, control.check, enough_frames=enough_frames)
        return detect_language(model, mel, windows_to_detect_from(vad, pcm.n_frames, n_windows), control.check)

    def _decode_windows(
        self, runs: Sequence[ChannelRun], transcribe: TranscribeWindows, labels: SpeakerLabels, done: Sequence[Window]
    ) -> tuple[list[Window], float]:
        """Decode what comes after `done` and hand over each window. Returns them and the seconds spent handing over."""
        plan = runs[0].decoder.model.plan.name
        windows: list[Window] = []
        waited_s = 0.0
        pcm, control = runs[0].decoder.pcm, labels.control
        report_progress(control, pcm, min(run.position.seek for run in runs))
        for window, seek in transcribe_channels(runs, transcribe, len(segments_of(done))):
            handed_over_s = time.monotonic()
            window = labels.of_window(replace(window, after=replace(window.after, plan=plan)))
            control.window(window)
            waited_s += time.monotonic() - handed_over_s
            windows.append(window)
            report_progress(control, pcm, seek)
        return windows, waited_s

    @staticmethod
    @contextmanager
    def _working() -> Iterator[None]:
        use_one_thread()
        with torch.inference_mode():
            yield

    def help(self, audio: Path, options: Options, batches: BatchSource, control: Control) -> None:
        """See base.Engine."""
        self._helper.help(audio, options, batches, control)

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """See base.Engine. Reads more than the first 30 s only if hardly anybody speaks in them."""
        with self._reader.read(audio, self._new_spool, check=control.check, until_s=CHUNK_LENGTH) as recording:
            pcm = recording.channels[0].sink
            vad = voice_activity(pcm, self._detector, control.check)
            if vad.n_speech_frames >= ENOUGH_FRAMES or pcm.duration_s < CHUNK_LENGTH:
                return self._detect_in(pcm, model, control)
        with self._reader.read(audio, self._new_spool, check=control.check) as recording:
            return self._detect_in(recording.channels[0].sink, model, control)

    def _detect_in(self, pcm: PcmSpool, model: str, control: Control) -> Detection:
        with self._models.lease(model, "exact", control) as whisper_model, self._working():
            if not whisper_model.is_multilingual:
                return Detection(language="en", probability=1.0)
            mel = LogMel(pcm, whisper_model.dims.n_mels, control.check)
            return self._detect_language(whisper_model, pcm, mel, 1, control).detection

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        """See base.Engine. Also raises what reading the audio and loading the model raise."""
        control.progress(0.0, Message("reading_audio"))
        split = options.channels == "split"
        with self._reader.read(
            audio, self._new_spool, check=control.check, track=options.audio_track, split=split
        ) as recording:
            control.measured(recording.duration_s, recording.track.track.number)
            with (
                self._models.lease(options.model, options.quality, control) as model,
                self._working(),
                _reporting_memory(options.model),
            ):
                first, names = recording.channels[0].name, {channel.name for channel in recording.channels}
                aligned: list[Segment] = []
                for channel in recording.channels:
                    own = [s for s in segments if channel.name == (s.channel if s.channel in names else first)]
                    for timed in self._aligner(model, channel.sink, options, language, control).align(own):
                        aligned += timed
                        control.progress(_done_s(aligned, segments, recording.duration_s), Message("aligning"))
        return tuple(sorted(aligned, key=lambda segment: segment.id))

    def _aligner(
        self, model: WhisperModel, pcm: PcmSpool, options: Options, language: str, control: Control
    ) -> TextAligner:
        listen = partial(voice_activity, pcm, self._detector, control.check)
        return TextAligner(model, pcm, options, language, listen=listen, check=control.check)

    def find_speakers(self, audio: Path, options: Options, control: Control) -> Diarization:
        """See base.Engine."""
        return self._speakers.find(audio, options, control)

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> dict[str, tuple[float, ...]]:
        """See base.Engine."""
        return self._speakers.voiceprints(audio, spans, options, control)

    def open_live(self, options: Options, control: Control) -> LiveTranscriber:
        """See base.Engine."""
        return open_live(self._models, self._detector, options, control)

    def speech_sink(self) -> SpeechSink:
        """See base.Engine."""
        return SpokenTimes(self._new_spool(), self._detector)

    def model_bytes(self) -> Mapping[str, int]:
        return self._models.model_bytes()

    def close(self) -> None:
        self._models.close()


def _transcriber(options: Options, footprint: Footprint) -> TranscribeWindows:
    if not options.is_batched:
        return transcribe_sequential
    return transcribe_batched if footprint is Footprint.USUAL else partial(transcribe_batched, max_batch_size=1)


@contextmanager
def _reporting_memory(model: str) -> Iterator[None]:
    """Raises ModelTooLarge where memory isn't enough."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise ModelTooLarge(model=model) from error
        raise


def _done_s(aligned: Sequence[Segment], segments: Sequence[Segment], duration_s: float) -> float:
    """The part of the text that is aligned, as a part of the recording."""
    return duration_s * len(aligned) / max(len(segments), 1)

"""Speakers in recordings that are files: found, and made voiceprints of."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from localwhisper.audio.recording import RecordingReader
from localwhisper.engine.base import Control
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.speakers.labelling import finished, open_diarization
from localwhisper.engine.threads import use_one_thread
from localwhisper.engine.vad import voice_activity
from localwhisper.jobs.transcript import Diarization
from localwhisper.messages import Message
from localwhisper.options import Options


class RecordedSpeakers:
    """Threading: SAFE."""

    def __init__(self, reader: RecordingReader, new_spool: Callable[[], PcmSpool], detector: SileroVad) -> None:
        self._reader = reader
        self._new_spool = new_spool
        self._detector = detector

    def find(self, audio: Path, options: Options, control: Control) -> Diarization:
        """See Engine.find_speakers()."""
        control.progress(0.0, Message("reading_audio"))
        with self._reader.read(audio, self._new_spool, check=control.check, track=options.audio_track) as recording:
            use_one_thread()
            pcm = recording.channels[0].sink
            vad = voice_activity(pcm, self._detector, control.check)
            return finished(open_diarization(pcm, vad, control), pcm, options, control)

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> dict[str, tuple[float, ...]]:
        """See Engine.voiceprints(). Reads no more of the recording than that takes."""
        from localwhisper.engine.speakers.diarizer import NeuralDiarizer  # reads 17 MB

        until_s = max((end for own in spans.values() for _, end in own), default=0.0)
        with self._reader.read(
            audio, self._new_spool, check=control.check, track=options.audio_track, until_s=until_s
        ) as recording:
            use_one_thread()
            return NeuralDiarizer().voiceprints(recording.channels[0].sink, spans, control.check)

"""A job's part in telling speakers apart: what its options need, and whose line each segment is."""

from collections.abc import Callable
from dataclasses import replace

from localwhisper.engine.base import Control
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.speakers import attributed, by_channel
from localwhisper.jobs.transcript import Diarization, Speaker, Transcript
from localwhisper.messages import Message
from localwhisper.options import Options


def with_what_speakers_need(options: Options) -> Options:
    """Word times tell whose word it is; one speaker on each channel takes each channel for itself."""
    if options.speakers == "off":
        return options
    channels = "split" if options.speakers == "channels" else options.channels
    return replace(options, word_timestamps=True, channels=channels)


def label_speakers(
    transcript: Transcript, options: Options, pcm: PcmSpool, listen: Callable[[], VoiceActivity], control: Control
) -> Transcript:
    """The transcript with each segment's speaker, if the options ask for it. `listen`: gives `pcm`'s voice activity.

    Raises what `control` raises.
    """
    if options.speakers == "off" or not transcript.text.strip():
        return transcript
    if options.channels == "split":
        return by_channel(transcript)
    found = find_speakers(pcm, listen(), options, control)
    return attributed(transcript, found.turns, speakers_in(found))


def find_speakers(pcm: PcmSpool, vad: VoiceActivity, options: Options, control: Control) -> Diarization:
    """Raises what `control` raises."""
    from localwhisper.engine.speakers.diarizer import NeuralDiarizer  # reads 17 MB, which few jobs need

    minimum, maximum = options.speaker_bounds

    def progress(done_s: float) -> None:
        percent = round(100 * done_s / max(pcm.duration_s, 0.01))
        control.progress(pcm.duration_s, Message("finding_speakers", {"percent": percent}))

    progress(0.0)
    return NeuralDiarizer().diarize(
        pcm,
        vad,
        minimum=minimum,
        maximum=maximum,
        check=control.check,
        progress=progress,
        file=control.speakers_file,
    )


def speakers_in(found: Diarization) -> tuple[Speaker, ...]:
    return tuple(Speaker(id=each) for each in dict.fromkeys(turn.speaker for turn in found.turns))

"""How a transcription reports its progress."""

import math

from whisper.audio import FRAMES_PER_SECOND, N_FRAMES

from localwhisper.engine.base import Control
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.messages import Message


def report_progress(control: Control, pcm: PcmSpool, seek: int) -> None:
    """`seek`: the number of frames of 10 ms done so far."""
    n_frames = pcm.n_frames
    total = max(1, math.ceil(n_frames / int(N_FRAMES)))  # windows of 30 s
    done_s = seek / FRAMES_PER_SECOND if seek < n_frames else pcm.duration_s
    current = min(seek // N_FRAMES + 1, total)
    control.progress(done_s, Message("processing_segment", {"current": current, "total": total}))

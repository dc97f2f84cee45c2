"""The log-mel spectrogram computed in pieces."""

from pathlib import Path

import numpy as np
import pytest
import torch
from whisper.audio import N_FRAMES, N_SAMPLES, log_mel_spectrogram, pad_or_trim

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.pcm_spool import PcmSpool


@pytest.mark.parametrize("n_samples", [1, 100, 399, 400, 16000, 480000, 480123, 1_700_001])
@pytest.mark.parametrize("n_mels", [80, 128])
def test_pieces_equal_whispers_spectrogram_of_the_whole(n_samples: int, n_mels: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(n_samples)
    samples = (rng.standard_normal(n_samples) * np.linspace(30, 6000, n_samples)).astype(np.int16)
    whole = log_mel_spectrogram(samples.astype(np.float32) / 32768.0, n_mels, padding=N_SAMPLES)
    blocks = (samples[i : i + 70_000] for i in range(0, n_samples, 70_000))
    with PcmSpool(blocks, tmp_path) as pcm:
        mel = LogMel(pcm, n_mels, lambda: None)
        assert pcm.n_frames == whole.shape[-1] - N_FRAMES
        for start in range(0, max(pcm.n_frames, 1), 2500):
            size = min(N_FRAMES, pcm.n_frames - start)
            if size > 0:
                expected = pad_or_trim(whole[:, start : start + size], N_FRAMES)
                torch.testing.assert_close(
                    mel.window(AudioWindow((Span(start, start + size),))), expected, atol=1e-4, rtol=0
                )
        torch.testing.assert_close(mel.frames(0, N_FRAMES), pad_or_trim(whole, N_FRAMES), atol=1e-4, rtol=0)

"""pyannote's segmentation-3.0: 10 s of samples → which of up to three local speakers talk in each frame of 17 ms.

The published network and weights (docs/speakers.md), written as functions over its tensors. It hears up to three people
in a chunk, two at once; who of them is who in another chunk, diarizer.py finds out.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

CHUNK_SAMPLES = 160_000
FRAME_SAMPLES = 270  # from one frame to the next
FIRST_FRAME_SAMPLE = 360  # the network hears 991 samples for a frame; of their middle, these are its own from here on
N_FRAMES = 589  # of a chunk
N_LOCAL = 3  # speakers of a chunk
# the network's classes: nobody, one of three, two of three
CLASSES = torch.tensor(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=torch.float32
)
SAMPLE_RATE = 16_000
MIN_LOW_HZ = MIN_BAND_HZ = 50.0  # of SincNet's filters
HIDDEN, N_LAYERS = 128, 4


class SegmentationNet:
    """Threading: SAFE."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """`weights`: the checkpoint's state_dict."""
        self._weights = weights
        self._filters = _sinc_filters(weights)
        self._lstm = torch.nn.LSTM(60, HIDDEN, N_LAYERS, batch_first=True, bidirectional=True)
        self._lstm.load_state_dict(
            {name.removeprefix("lstm."): tensor for name, tensor in weights.items() if name.startswith("lstm.")}
        )
        self._lstm.eval()

    def __call__(self, chunks: Tensor) -> Tensor:
        """Samples, shape (n_chunks, CHUNK_SAMPLES) → the probability that each local speaker talks in each frame, shape
        (n_chunks, N_FRAMES, N_LOCAL)."""
        x = self._normalized(chunks[:, None], "wav_norm1d")
        for layer in range(3):
            x = F.conv1d(x, self._filters, stride=10).abs() if layer == 0 else self._convolved(x, f"conv1d.{layer}")
            x = F.leaky_relu(self._normalized(F.max_pool1d(x, 3), f"norm1d.{layer}"))
        x, _ = self._lstm(x.transpose(1, 2))
        for layer in range(2):
            x = F.leaky_relu(F.linear(x, *self._parameters(f"linear.{layer}")))
        classes = F.linear(x, *self._parameters("classifier")).softmax(-1)
        return classes @ CLASSES

    def _parameters(self, name: str) -> tuple[Tensor, Tensor]:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]

    def _convolved(self, x: Tensor, name: str) -> Tensor:
        return F.conv1d(x, *self._parameters(f"sincnet.{name}"))

    def _normalized(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._parameters(f"sincnet.{name}")
        return F.instance_norm(x, weight=weight, bias=bias)


def _sinc_filters(weights: Mapping[str, Tensor]) -> Tensor:
    """SincNet's 80 band-pass filters, even and odd ones, shape (80, 1, 251)."""
    prefix = "sincnet.conv1d.0.filterbank."
    low = MIN_LOW_HZ + weights[f"{prefix}low_hz_"].abs()
    high = (low + MIN_BAND_HZ + weights[f"{prefix}band_hz_"].abs()).clamp(MIN_LOW_HZ, SAMPLE_RATE / 2)
    window, time = weights[f"{prefix}window_"], weights[f"{prefix}n_"]
    band = high - low
    even = (torch.sin(high @ time) - torch.sin(low @ time)) / (time / 2) * window
    odd = (torch.cos(low @ time) - torch.cos(high @ time)) / (time / 2) * window
    filters = torch.cat(
        [
            torch.cat([even, 2 * band, even.flip(1)], 1) / (2 * band),
            torch.cat([odd, torch.zeros_like(band), -odd.flip(1)], 1) / (2 * band),
        ]
    )
    return filters[:, None]

"""CAM++: speech → an embedding, by which voices are compared; and the Kaldi filter banks that it reads.

The published network and weights (docs/speakers.md), written as functions over its tensors.
"""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

SAMPLE_RATE = 16_000
FRAME_SAMPLES, FRAME_STEP, N_FFT, N_MELS = 400, 160, 512, 80
LOW_HZ = 20.0
PREEMPHASIS = 0.97
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation of each
CONTEXT_FRAMES = 100  # over which a layer averages


class FilterBanks:
    """Kaldi's log mel filter banks, without dither. Threading: SAFE."""

    first_centre, step = FRAME_SAMPLES // 2, FRAME_STEP  # of its frames, in samples

    def __init__(self) -> None:
        self._window = torch.hann_window(FRAME_SAMPLES, periodic=False).pow(0.85)  # Kaldi's "povey"
        low, high = _mel(LOW_HZ), _mel(SAMPLE_RATE / 2)
        edges = low + (high - low) / (N_MELS + 1) * torch.arange(N_MELS + 2, dtype=torch.float64)
        bins = torch.tensor([_mel(SAMPLE_RATE / N_FFT * number) for number in range(N_FFT // 2 + 1)])
        left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
        rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
        self._filters = torch.minimum(rising, falling).clamp(min=0).float().T

    def __call__(self, samples: Tensor) -> Tensor:
        """Samples, shape (n,), n at least FRAME_SAMPLES → shape (n_frames, N_MELS)."""
        frames = samples.unfold(0, FRAME_SAMPLES, FRAME_STEP)
        frames = frames - frames.mean(1, keepdim=True)
        before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
        power = torch.fft.rfft((frames - PREEMPHASIS * before) * self._window, N_FFT).abs().square()
        banks: Tensor = power @ self._filters
        return banks.clamp(min=torch.finfo(torch.float32).eps).log()


def _mel(hertz: float) -> float:
    return 1127.0 * math.log(1.0 + hertz / 700.0)


class VoiceprintNet:
    """Threading: SAFE."""

    size = 192

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """`weights`: the checkpoint's state_dict."""
        self._weights = weights

    def __call__(self, features: Tensor) -> Tensor:
        """Filter banks, shape (n, n_frames, N_MELS) → embeddings of unit length, shape (n, size)."""
        features = features - features.mean(1, keepdim=True)
        x = self._head(features.transpose(1, 2)[:, None])
        x = self._normalized(self._convolved(x, "xvector.tdnn.linear", 2, 2), "xvector.tdnn.nonlinear.batchnorm")
        for number, (n_layers, dilation) in enumerate(BLOCKS, start=1):
            for layer in range(1, n_layers + 1):
                x = torch.cat([x, self._dense_layer(x, f"xvector.block{number}.tdnnd{layer}", dilation)], 1)
            name = f"xvector.transit{number}"
            x = self._convolved(self._normalized(x, f"{name}.nonlinear.batchnorm"), f"{name}.linear")
        x = self._normalized(x, "xvector.out_nonlinear.batchnorm")
        x = torch.cat([x.mean(-1), x.std(-1)], 1)
        x = self._convolved(x[..., None], "xvector.dense.linear")
        return F.normalize(self._normalized(x, "xvector.dense.nonlinear.batchnorm", relu=False).squeeze(-1))

    def _head(self, x: Tensor) -> Tensor:
        """Two-dimensional convolutions, which reduce the frequencies to an eighth."""
        x = self._convolved_2d(x, "head.conv1", "head.bn1").relu()
        for name, stride in (("layer1.0", 2), ("layer1.1", 1), ("layer2.0", 2), ("layer2.1", 1)):
            block = f"head.{name}"
            y = self._convolved_2d(x, f"{block}.conv1", f"{block}.bn1", stride).relu()
            y = self._convolved_2d(y, f"{block}.conv2", f"{block}.bn2")
            if stride > 1:
                x = self._convolved_2d(x, f"{block}.shortcut.0", f"{block}.shortcut.1", stride)
            x = (x + y).relu()
        return self._convolved_2d(x, "head.conv2", "head.bn2", 2).relu().flatten(1, 2)

    def _dense_layer(self, x: Tensor, name: str, dilation: int) -> Tensor:
        x = self._convolved(self._normalized(x, f"{name}.nonlinear1.batchnorm"), f"{name}.linear1")
        x = self._normalized(x, f"{name}.nonlinear2.batchnorm")
        n_frames = x.shape[-1]
        means = F.avg_pool1d(x, CONTEXT_FRAMES, CONTEXT_FRAMES, ceil_mode=True)
        context = x.mean(-1, keepdim=True) + means.repeat_interleave(CONTEXT_FRAMES, -1)[..., :n_frames]
        gate = self._convolved(context, f"{name}.cam_layer.linear1").relu()
        gate = self._convolved(gate, f"{name}.cam_layer.linear2").sigmoid()
        return self._convolved(x, f"{name}.cam_layer.linear_local", padding=dilation, dilation=dilation) * gate

    def _convolved(self, x: Tensor, name: str, stride: int = 1, padding: int = 0, dilation: int = 1) -> Tensor:
        bias = self._weights.get(f"{name}.bias")
        return F.conv1d(x, self._weights[f"{name}.weight"], bias, stride, padding, dilation)

    def _convolved_2d(self, x: Tensor, name: str, norm: str, stride: int = 1) -> Tensor:
        weight = self._weights[f"{name}.weight"]
        x = F.conv2d(x, weight, stride=(stride, 1), padding=weight.shape[-1] // 2)
        return self._normalized(x, norm, relu=False)

    def _normalized(self, x: Tensor, name: str, *, relu: bool = True) -> Tensor:
        means, variances = self._weights[f"{name}.running_mean"], self._weights[f"{name}.running_var"]
        x = F.batch_norm(x, means, variances, self._weights.get(f"{name}.weight"), self._weights.get(f"{name}.bias"))
        return x.relu() if relu else x

"""openai-whisper's AudioEncoder as a pure function of weights that all threads share."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.int8_gemm import Int8GemmLinear, add_feed_forward
from localwhisper.engine.model.linear_formats import Linear, LinearFormat, by_blocks, float32_onednn
from localwhisper.engine.model.weights import Norm, Weights
from localwhisper.engine.threads import ThreadTeam
from localwhisper.engine.upstream.torch_internals import gelu_

FRONT = ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "positional_embedding")


class _Layer:
    def __init__(self, weights: Weights, n_head: int, format: LinearFormat) -> None:
        self.n_head = n_head
        self.attention = ATTENTIONS[format.attention]
        self._team = weights.team
        self.attn_ln = Norm(weights.part("attn_ln"))
        self.qkv = weights.part("attn").linear_source(format, "query", "key", "value")
        self.out = weights.linear_source(format, "attn.out")
        self.mlp_ln = Norm(weights.part("mlp_ln"))
        self.up = weights.linear_source(format, "mlp.0")
        self.down = weights.linear_source(format, "mlp.2")

    def __call__(self, x: Tensor) -> Tensor:
        """Shape (n, n_ctx, n_state) → the same."""
        n_state, project = x.shape[-1], self.qkv()
        qkv = by_blocks(lambda rows: project(self.attn_ln(rows)), 3 * n_state, self._team, x)
        attended = self.attention(qkv, self.n_head, self._team)
        del qkv
        out, up, down = self.out(), self.up(), self.down()

        def finish(before: Tensor, attended: Tensor) -> Tensor:
            rows = out(attended).add_(before)
            if isinstance(up, Int8GemmLinear) and isinstance(down, Int8GemmLinear):
                add_feed_forward(rows, self.mlp_ln, up, down)
                return rows
            return down(gelu_(up(self.mlp_ln(rows)))).add_(rows)

        return by_blocks(finish, n_state, self._team, x, attended)


class Encoder:
    """Threading: SAFE."""

    def __init__(self, dims: ModelDimensions, weights: Weights, format: LinearFormat) -> None:
        # the CPU reads these from the file for each window, which takes a millisecond; a GPU has to keep them
        self._load_front: Callable[[str], Tensor] = weights.load
        if weights.device.type != "cpu":
            self._load_front = {name: weights.load(name) for name in FRONT}.__getitem__
        self._dtype = weights.dtype
        self._n_state = dims.n_audio_state
        self._team = weights.team
        self._convolutions: list[Linear] | None = None  # as matrix products
        if format.build in {Int8GemmLinear, float32_onednn}:
            self._convolutions = [_convolution(weights, format, name) for name in ("conv1", "conv2")]
        self.layers = [
            _Layer(weights.part(f"blocks.{i}"), dims.n_audio_head, format) for i in range(dims.n_audio_layer)
        ]
        self.ln_post = Norm(weights.part("ln_post"))

    def __call__(self, mel: Tensor, check: Callable[[], None] = lambda: None) -> Tensor:
        """Encode log-mel, float32, shape (n, n_mels, n_frames), to features, shape (n, n_frames / 2, n_audio_state).

        n_frames is 3000, or less for a short clip. `check` may raise between layers.
        """
        x = self.front(mel)
        for layer in self.layers:
            check()
            x = layer(x)
        return self.ln_post(x)

    def front(self, mel: Tensor) -> Tensor:
        """Compute the layers' input, with the shape of the features, from log-mel."""
        load = self._load_front
        if self._convolutions is not None:
            x = mel.transpose(1, 2)
            for stride, linear in enumerate(self._convolutions, 1):
                x = _convolve(linear, x, self._n_state, stride, self._team)
        else:
            x = gelu_(F.conv1d(mel.to(self._dtype), load("conv1.weight"), load("conv1.bias"), padding=1))
            x = gelu_(F.conv1d(x, load("conv2.weight"), load("conv2.bias"), stride=2, padding=1)).permute(0, 2, 1)
        return x + load("positional_embedding")[: x.shape[1]]


def _convolution(weights: Weights, format: LinearFormat, name: str) -> Linear:
    """A convolution of width 3 as a linear layer of all values in its range: shape (…, n_in * 3) → (…, n_out)."""
    return format.build(weights.load(f"{name}.weight").flatten(1), weights.load(f"{name}.bias"), weights.team)


def _convolve(linear: Linear, x: Tensor, n_out: int, stride: int, team: ThreadTeam) -> Tensor:
    """Convolution and GELU: float32, shape (n, n_ctx, n_in) → (n, n_ctx / stride, n_out)."""
    triples = F.pad(x, (0, 0, 1, 1)).unfold(1, 3, stride)  # (n, n_ctx / stride, n_in, 3)
    return by_blocks(lambda rows: gelu_(linear(rows.flatten(1))), n_out, team, triples)

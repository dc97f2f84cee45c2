"""openai-whisper's AudioEncoder as a pure function of weights that all threads share."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.int8_gemm import Int8GemmLinear, add_feed_forward
from localwhisper.engine.model.linear_formats import LinearFormat
from localwhisper.engine.model.weights import Norm, Weights
from localwhisper.engine.upstream.torch_internals import gelu_

FRONT = ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "positional_embedding")


class _Layer:
    def __init__(self, weights: Weights, n_head: int, format: LinearFormat) -> None:
        self.n_head = n_head
        self.attention = ATTENTIONS[format.attention]
        self._team = weights.team
        self.attn_ln = Norm(weights.part("attn_ln"))
        self.qkv = weights.part("attn").linear(format, "query", "key", "value")
        self.out = weights.linear(format, "attn.out")
        self.mlp_ln = Norm(weights.part("mlp_ln"))
        self.up = weights.linear(format, "mlp.0")
        self.down = weights.linear(format, "mlp.2")

    def __call__(self, x: Tensor) -> Tensor:
        """Shape (n, n_ctx, n_state) → the same."""
        # sums go in place: allocating memory for each costs more than the addition
        x = self.out(self.attention(self.qkv(self.attn_ln(x)), self.n_head, self._team)).add_(x)
        if isinstance(self.up, Int8GemmLinear) and isinstance(self.down, Int8GemmLinear):
            add_feed_forward(x, self.mlp_ln, self.up, self.down)
            return x
        return self.down(gelu_(self.up(self.mlp_ln(x)))).add_(x)


class Encoder:
    """Threading: SAFE."""

    def __init__(self, dims: ModelDimensions, weights: Weights, format: LinearFormat) -> None:
        # the CPU reads these from the file for each window, which takes a millisecond; a GPU has to keep them
        self._load_front: Callable[[str], Tensor] = weights.load
        if weights.device.type != "cpu":
            self._load_front = {name: weights.load(name) for name in FRONT}.__getitem__
        self._dtype = weights.dtype
        self._int8_convolutions = (
            [_int8_convolution(weights, "conv1", 1), _int8_convolution(weights, "conv2", 2)]
            if format.build is Int8GemmLinear
            else None
        )
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
        if self._int8_convolutions:
            x = mel.transpose(1, 2)
            for convolution in self._int8_convolutions:
                x = gelu_(convolution(x))
        else:
            x = gelu_(F.conv1d(mel.to(self._dtype), load("conv1.weight"), load("conv1.bias"), padding=1))
            x = gelu_(F.conv1d(x, load("conv2.weight"), load("conv2.bias"), stride=2, padding=1)).permute(0, 2, 1)
        return x + load("positional_embedding")[: x.shape[1]]


def _int8_convolution(weights: Weights, name: str, stride: int) -> Callable[[Tensor], Tensor]:
    """A convolution of width 3 as a matrix product: float32, shape (n, n_ctx, n_in) → (n, n_ctx / stride, n_out)."""
    kernel = weights.load(f"{name}.weight")  # (n_out, n_in, 3)
    linear = Int8GemmLinear(kernel.transpose(1, 2).flatten(1), weights.load(f"{name}.bias"), weights.team)

    def convolution(x: Tensor) -> Tensor:
        triples = F.pad(x, (0, 0, 1, 1)).unfold(1, 3, stride)  # (n, n_ctx / stride, n_in, 3)
        return linear(triples.transpose(2, 3).flatten(2))

    return convolution

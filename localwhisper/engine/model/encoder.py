"""whisper's audio encoder (openai-whisper's AudioEncoder) as a pure function of weights that any thread may share."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.model.attention import Attention
from localwhisper.engine.model.int8_gemm import Int8GemmLinear, add_feed_forward
from localwhisper.engine.model.layers import Norm, Weights, gelu_
from localwhisper.engine.model.linear_formats import Format, Streamed

SMALL = ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "positional_embedding")


class _Layer:
    def __init__(self, weights: Weights, n_head: int, linear: Format | Streamed, attention: Attention) -> None:
        self.n_head = n_head
        self.attention = attention
        self.attn_ln = Norm(weights.part("attn_ln"))
        self.qkv = weights.part("attn").linear(linear, "query", "key", "value")
        self.out = weights.linear(linear, "attn.out")
        self.mlp_ln = Norm(weights.part("mlp_ln"))
        self.up = weights.linear(linear, "mlp.0")
        self.down = weights.linear(linear, "mlp.2")

    def __call__(self, x: Tensor) -> Tensor:
        """Shape (n, n_ctx, n_state) → the same."""
        # into what was made here: memory that is fresh each time costs more than the sum
        x = self.out(self.attention(self.qkv(self.attn_ln(x)), self.n_head)).add_(x)
        if isinstance(self.up, Int8GemmLinear) and isinstance(self.down, Int8GemmLinear):
            add_feed_forward(x, self.mlp_ln, self.up, self.down)
            return x
        return self.down(gelu_(self.up(self.mlp_ln(x)))).add_(x)


class Encoder:
    """Threading: SAFE."""

    def __init__(
        self, dims: ModelDimensions, weights: Weights, linear: Format | Streamed, attention: Attention
    ) -> None:
        # a processor reads them from the file for each window, which takes a millisecond; a device has to keep them
        self._small = weights if weights.device.type == "cpu" else {name: weights[name] for name in SMALL}
        self._numbers = weights.numbers
        self._convolutions = (
            [_convolution(weights, "conv1", 1), _convolution(weights, "conv2", 2)] if linear is Int8GemmLinear else None
        )
        self.layers = [
            _Layer(weights.part(f"blocks.{i}"), dims.n_audio_head, linear, attention) for i in range(dims.n_audio_layer)
        ]
        self.ln_post = Norm(weights.part("ln_post"))

    def __call__(self, mel: Tensor, check: Callable[[], None] = lambda: None) -> Tensor:
        """Log-mel, float32, shape (n, n_mels, n_frames) → features, shape (n, n_frames / 2, n_audio_state).

        n_frames is 3000, or less for a clip that is shorter. `check` may raise between layers.
        """
        x = self.front(mel)
        for layer in self.layers:
            check()
            x = layer(x)
        return self.ln_post(x)

    def front(self, mel: Tensor) -> Tensor:
        """What comes before the layers: shapes as of the whole."""
        w = self._small
        if self._convolutions:
            x = mel.transpose(1, 2)
            for convolution in self._convolutions:
                x = gelu_(convolution(x))
        else:
            x = gelu_(F.conv1d(mel.to(self._numbers), w["conv1.weight"], w["conv1.bias"], padding=1))
            x = gelu_(F.conv1d(x, w["conv2.weight"], w["conv2.bias"], stride=2, padding=1)).permute(0, 2, 1)
        return x + w["positional_embedding"][: x.shape[1]]


def _convolution(weights: Weights, name: str, stride: int) -> Callable[[Tensor], Tensor]:
    """Over three places in bytes: float32, shape (n, n_ctx, n_in) → (n, n_ctx / stride, n_out)."""
    kernel = weights[f"{name}.weight"]  # (n_out, n_in, 3)
    linear = Int8GemmLinear(kernel.transpose(1, 2).flatten(1), weights[f"{name}.bias"])

    def convolution(x: Tensor) -> Tensor:
        threes = F.pad(x, (0, 0, 1, 1)).unfold(1, 3, stride)  # (n, n_ctx / stride, n_in, 3)
        return linear(threes.transpose(2, 3).flatten(2))

    return convolution

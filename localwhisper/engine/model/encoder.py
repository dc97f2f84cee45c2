"""openai-whisper's AudioEncoder as a pure function of weights that all threads share."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.int8_gemm import Int8GemmLinear, add_feed_forward
from localwhisper.engine.model.linear_formats import Linear, LinearFormat, by_blocks
from localwhisper.engine.model.weights import Norm, Weights
from localwhisper.engine.threads import ThreadTeam
from localwhisper.engine.upstream.torch_internals import gelu_


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
        self._dtype = weights.dtype
        self._n_state = dims.n_audio_state
        self._team = weights.team
        self._convolutions = [weights.linear_source(format, name) for name in ("conv1", "conv2")]
        self._positions = weights.load("positional_embedding")
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
        x = mel.transpose(1, 2).to(self._dtype)
        for stride, linear in enumerate(self._convolutions, 1):
            x = _convolve(linear(), x, self._n_state, stride, self._team)
        return x + self._positions[: x.shape[1]]


def _convolve(linear: Linear, x: Tensor, n_out: int, stride: int, team: ThreadTeam) -> Tensor:
    """Convolution of width 3 and GELU: shape (n, n_ctx, n_in) → (n, n_ctx / stride, n_out).

    `linear`: from all values in its range, shape (…, n_in * 3), to (…, n_out).
    """
    triples = F.pad(x, (0, 0, 1, 1)).unfold(1, 3, stride)  # (n, n_ctx / stride, n_in, 3)
    return by_blocks(lambda rows: gelu_(linear(rows.flatten(1))), n_out, team, triples)

"""openai-whisper's TextDecoder, with decode states that are kept outside of it.

Several decodes of any lengths can take their next step in one pass, which reads the weights once for all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model.cross_kv import CrossKeysValues, project_keys_values
from localwhisper.engine.model.cuda_graph import CapturedStep
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.jit_decoder import JitDecoderLayers
from localwhisper.engine.model.linear_formats import Linear, LinearFormat
from localwhisper.engine.model.weight_only_linear import MAX_ROWS, WeightOnlyLinear
from localwhisper.engine.model.weights import Norm, Weights
from localwhisper.engine.upstream.torch_internals import gelu_

MAX_NEW = 4  # tokens that a row begins with: start, language, task, no timestamps


@dataclass(frozen=True)
class Step:
    """New tokens for a state.

    `tokens`: int64, shape (n_rows, n_new), on the CPU; n_rows is the state's n_audio * n_group, or its n_audio while
    all rows of a window share them. `positions`: which of the n_new to give logits for. `is_active`: bool, shape
    (n_rows,), False for rows whose text has ended, of which the logits may be anything; None where all are active.
    """

    tokens: Tensor
    state: DecodeState
    positions: Sequence[int] = (-1,)
    is_active: Tensor | None = None

    @property
    def n_new(self) -> int:
        return self.tokens.shape[1]

    @property
    def end(self) -> int:
        """The text's length with the new tokens."""
        return self.state.length + self.n_new

    @property
    def active_tokens(self) -> Tensor:
        return self.tokens if self.is_active is None else self.tokens[self.is_active]

    @property
    def n_active(self) -> int:
        return len(self.tokens) if self.is_active is None else int(self.is_active.sum())

    @property
    def fits_fixed_step(self) -> bool:
        """Whether a step of a fixed form can compute this: the compiled one, or a captured CUDA graph.

        It needs a token for every row, and gives no cross-attention scores.
        """
        state = self.state
        return len(self.tokens) == state.n_audio * state.n_group and state.cross_scores is None


class _Layer:
    def __init__(self, weights: Weights, format: LinearFormat, cross_format: LinearFormat) -> None:
        self.attn_ln = Norm(weights.part("attn_ln"))
        self.qkv = weights.part("attn").linear(format, "query", "key", "value")
        self.out = weights.linear(format, "attn.out")
        self.cross_ln = Norm(weights.part("cross_attn_ln"))
        self.cross_query = weights.linear(format, "cross_attn.query")
        self.cross_kv = weights.part("cross_attn").linear_source(cross_format, "key", "value")
        self.cross_out = weights.linear(format, "cross_attn.out")
        self.mlp_ln = Norm(weights.part("mlp_ln"))
        self.up = weights.linear(format, "mlp.0")
        self.down = weights.linear(format, "mlp.2")
        # in the order of decoder_step.py
        self.linears = [self.qkv, self.out, self.cross_query, self.cross_out, self.up, self.down]
        self.norms = [self.attn_ln, self.cross_ln, self.mlp_ln]


class Decoder:
    """Threading: SAFE, as long as each state is used by one thread at a time."""

    def __init__(
        self,
        dims: ModelDimensions,
        weights: Weights,
        format: LinearFormat,
        cross_format: LinearFormat,
        vocabulary: Callable[[], Linear],
    ) -> None:
        """`cross_format`: for the projection of a whole window's features to keys and values, many rows at once.
        `vocabulary`: called last; returns the function from shape (n, n_text_state) to (n, n_vocab)."""
        self.dims = dims
        self.device = weights.device
        self._team = weights.team
        self._cross_dtype = format.cross_kv
        self.positions = weights.load("positional_embedding")
        self.layers = [_Layer(weights.part(f"blocks.{i}"), format, cross_format) for i in range(dims.n_text_layer)]
        self.ln = Norm(weights.part("ln"))
        self.vocabulary = vocabulary()
        self._embedding = _embedding(self.vocabulary, weights)
        self.compiled: JitDecoderLayers | None = None
        linears = [[x for x in layer.linears if isinstance(x, WeightOnlyLinear)] for layer in self.layers]
        if all(len(matrices) == len(layer.linears) for matrices, layer in zip(linears, self.layers, strict=True)):
            layers = [(matrices, layer.norms) for matrices, layer in zip(linears, self.layers, strict=True)]
            self.compiled = JitDecoderLayers(layers, self.ln, dims.n_text_head, weights.team)

    def compute_cross_kv(self, features: Tensor, check: Callable[[], None] = lambda: None) -> CrossKeysValues:
        """Compute every layer's keys and values of features, shape (n_audio, n_audio_ctx, n_audio_state).

        They are quantized as the format says, but only once the kernels that do it are compiled.
        """
        dtype = self._cross_dtype
        if not dtype.is_floating_point and not kernel_cache().is_ready():
            dtype = torch.float32
        pairs = []
        for layer in self.layers:
            check()
            pairs.append(project_keys_values(layer.cross_kv(), features, self.dims.n_text_head, dtype, self._team))
        return pairs

    def __call__(self, steps: Sequence[Step]) -> list[Tensor]:
        """Logits of each step, float32, shape (n_rows, len(positions), n_vocab), on the CPU; the states advance.

        Raises RuntimeError for a text that is longer than its state.
        """
        if any(step.end > step.state.n_text_ctx for step in steps):
            raise RuntimeError("a text is longer than the model's context")
        fit_fixed_step = all(step.fits_fixed_step for step in steps)
        if self.device.type == "cuda" and fit_fixed_step and all(s.n_new == 1 and s.state.length > 0 for s in steps):
            return [self._replay(step) for step in steps]
        compiled = self.compiled if fit_fixed_step and _suit_kernels(steps) else None
        if compiled is None:
            steps = [replace(step, is_active=None) for step in steps]
        x = _cat([self._embed(step, self.positions[step.state.length : step.end]) for step in steps])
        if compiled is not None:
            x = compiled(
                x, [step.state for step in steps], [step.n_new for step in steps], [s.is_active for s in steps]
            )
        else:
            positions = [torch.arange(step.state.length, step.end, device=self.device) for step in steps]
            x = self._by_torch(x, steps, positions, [step.end for step in steps])
        selected = [_select(x[part], step) for step, part in zip(steps, _parts(steps), strict=True)]
        logits = self.vocabulary(_cat([rows.flatten(0, 1) for rows in selected])).float().cpu()
        for step in steps:
            step.state.advance(step.n_new, shared=len(step.tokens) == step.state.n_audio)
        split: tuple[Tensor, ...] = torch.split(logits, [rows.shape[0] * rows.shape[1] for rows in selected])
        by_step = [part.view(*rows.shape[:2], -1) for part, rows in zip(split, selected, strict=True)]
        return [_for_all_rows(part, step) for part, step in zip(by_step, steps, strict=True)]

    def _embed(self, step: Step, positions: Tensor) -> Tensor:
        """Embed a step's active tokens: shape (n_active * n_new, n_text_state). `positions`: the rows of the positional
        embedding for them."""
        return (self._embedding(step.active_tokens.to(self.device)) + positions).flatten(0, 1)

    def _by_torch(self, x: Tensor, steps: Sequence[Step], positions: Sequence[Tensor], ends: Sequence[int]) -> Tensor:
        """Compute the vocabulary's input from embedded new tokens, both of shape (n, n_text_state).

        For each step `positions`, int64, shape (n_new,), are its new tokens' in the text; what is before its end of
        `ends` is read.
        """
        parts = _parts(steps)
        masks = [step.state.mask(at, end) for step, at, end in zip(steps, positions, ends, strict=True)]
        texts = list(zip(steps, parts, positions, masks, strict=True))
        for i, layer in enumerate(self.layers):
            q, k, v = layer.qkv(layer.attn_ln(x)).chunk(3, dim=-1)
            attended = [step.state.attend_text(i, q[p], k[p], v[p], at, mask) for step, p, at, mask in texts]
            x = x + layer.out(_cat(attended))
            q = layer.cross_query(layer.cross_ln(x))
            x = x + layer.cross_out(_cat([step.state.attend_audio(i, q[p], step.n_new) for step, p, *_ in texts]))
            x = x + layer.down(gelu_(layer.up(layer.mlp_ln(x))))
        return self.ln(x)

    def _replay(self, step: Step) -> Tensor:
        state = step.state
        if state.captured is None:
            state.clear_after()
            state.captured = CapturedStep(partial(self.static_step, state), len(step.tokens), self.device)
        logits = state.captured(step.tokens, state.length).cpu()
        state.advance(1, shared=len(step.tokens) == state.n_audio)
        return logits[:, None]

    def static_step(self, state: DecodeState, tokens: Tensor, length: Tensor) -> Tensor:
        """Compute one more token in every row, by operations that are the same for each token, as a CUDA graph needs.

        `tokens`: shape (n_rows, 1); `length`: shape (1,), of the text before them → logits, shape (n_rows, n_vocab).
        The state gets the tokens' keys and values, but doesn't advance; everything after them must be zeros.
        """
        step = Step(tokens, state)
        x = self._embed(step, self.positions.index_select(0, length))
        return self.vocabulary(self._by_torch(x, [step], [length], [state.n_text_ctx])).float()


def _embedding(vocabulary: Linear, weights: Weights) -> Callable[[Tensor], Tensor]:
    """Return a function from tokens, int64, shape (…), to embeddings, shape (…, n_state), of the layers' type.

    It reads the vocabulary's weights where it can, so that they aren't in memory twice.
    """
    if isinstance(vocabulary, WeightOnlyLinear):
        return vocabulary.lookup
    stored = weights.stored("token_embedding.weight").to(weights.device)
    return lambda tokens: F.embedding(tokens, stored).to(weights.dtype)


def _suit_kernels(steps: Sequence[Step]) -> bool:
    """Whether the compiled step can read the states' keys and values, and is faster than torch.

    For the first tokens without a prompt, however many windows are decoded together, as the last bits of the results
    differ.
    """
    is_quantized = all(not step.state.cross_dtype.is_floating_point for step in steps)
    n_active = sum(step.n_active for step in steps)
    return is_quantized and n_active <= MAX_ROWS and max(step.n_new for step in steps) <= MAX_NEW


def _parts(steps: Sequence[Step]) -> list[slice]:
    """Where each step's new tokens are among those of all."""
    ends = list(accumulate(step.n_active * step.n_new for step in steps))
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def _select(x: Tensor, step: Step) -> Tensor:
    """Select positions: shape (n_active * n_new, n_text_state) → (n_active, len(positions), n_text_state)."""
    by_row = x.view(step.n_active, step.n_new, -1)
    return by_row[:, -1:] if step.positions == (-1,) else by_row[:, list(step.positions)]


def _for_all_rows(logits: Tensor, step: Step) -> Tensor:
    """Zeros for the rows that aren't active: shape (n_active, …) → (n_rows, …)."""
    if step.is_active is None:
        return logits
    out = logits.new_zeros(len(step.tokens), *logits.shape[1:])
    out[step.is_active] = logits
    return out


def _cat(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)

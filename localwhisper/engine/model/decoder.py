"""whisper's text decoder (openai-whisper's TextDecoder) over states that their owners keep.

Several decodes of any lengths can take their next step in one pass: the weights are read once for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.model.cross_kv import CrossKeysValues, keys_values
from localwhisper.engine.model.cuda_graph import CapturedStep
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.jit_decoder import JitDecoderLayers
from localwhisper.engine.model.layers import Norm, Weights, gelu_
from localwhisper.engine.model.linear_formats import Format, Linear, Streamed
from localwhisper.engine.model.logits import Logits, embedding
from localwhisper.engine.model.weight_only_linear import MAX_ROWS, WeightOnlyLinear


@dataclass(frozen=True)
class Step:
    """Tokens to add to a state, and which of them are to be answered.

    `tokens`: int64, shape (n_rows, n_new), on the processor; n_rows is the state's n_audio * n_group, or its n_audio
    for tokens that all rows of a window share. `wanted`: positions among the n_new whose next token is asked for.
    `only_best`: of the logits, those that can win have to be exact, as greedy and beam search need them.
    """

    tokens: Tensor
    state: DecodeState
    wanted: Sequence[int] = (-1,)
    only_best: bool = False

    @property
    def n_new(self) -> int:
        return self.tokens.shape[1]

    @property
    def is_plain(self) -> bool:
        """Tokens in every row, and nothing else is asked for."""
        state = self.state
        has_room = state.length + self.n_new <= state.n_text_ctx
        return has_room and state.cross_scores is None and len(self.tokens) == state.n_audio * state.n_group


class _Layer:
    def __init__(self, weights: Weights, linear: Format | Streamed, cross_linear: Format | Streamed) -> None:
        self.attn_ln = Norm(weights.part("attn_ln"))
        self.qkv = weights.part("attn").linear(linear, "query", "key", "value")
        self.out = weights.linear(linear, "attn.out")
        self.cross_ln = Norm(weights.part("cross_attn_ln"))
        self.cross_query = weights.linear(linear, "cross_attn.query")
        self.cross_kv = weights.part("cross_attn").linear(cross_linear, "key", "value")
        self.cross_out = weights.linear(linear, "cross_attn.out")
        self.mlp_ln = Norm(weights.part("mlp_ln"))
        self.up = weights.linear(linear, "mlp.0")
        self.down = weights.linear(linear, "mlp.2")

    @property
    def matrices(self) -> list[Linear]:
        """In the order of decoder_step.py, as the norms."""
        return [self.qkv, self.out, self.cross_query, self.cross_out, self.up, self.down]

    @property
    def norms(self) -> list[Norm]:
        return [self.attn_ln, self.cross_ln, self.mlp_ln]


class Decoder:
    """Threading: SAFE, for states of one's own."""

    def __init__(
        self,
        dims: ModelDimensions,
        weights: Weights,
        linear: Format | Streamed,
        cross_linear: Format | Streamed,
        project: Logits,
        audio_type: torch.dtype = torch.float32,
    ) -> None:
        """`cross_linear`: for the projection of a whole window's features, many rows at once, to be kept in
        `audio_type`."""
        self.dims = dims
        self.device = weights.device
        self._numbers = weights.numbers
        self.embedding = embedding(project, weights)
        self.positions = weights["positional_embedding"]
        self.layers = [_Layer(weights.part(f"blocks.{i}"), linear, cross_linear) for i in range(dims.n_text_layer)]
        self.ln = Norm(weights.part("ln"))
        self.project = project
        self.audio_type = audio_type
        rows = [[one for one in layer.matrices if isinstance(one, WeightOnlyLinear)] for layer in self.layers]
        self.compiled: JitDecoderLayers | None = None
        if all(len(found) == len(layer.matrices) for found, layer in zip(rows, self.layers, strict=True)):
            parts = [(found, layer.norms) for found, layer in zip(rows, self.layers, strict=True)]
            self.compiled = JitDecoderLayers(parts, self.ln, dims.n_text_head)

    def cross(self, features: Tensor, check: Callable[[], None] = lambda: None) -> CrossKeysValues:
        """Encoded audio, shape (n_audio, n_audio_ctx, n_audio_state) → its keys and values for every layer."""
        features = features.to(self._numbers)
        pairs = []
        for layer in self.layers:
            check()
            pairs.append(keys_values(layer.cross_kv(features), self.dims.n_text_head, self.audio_type))
        return pairs

    def __call__(self, steps: Sequence[Step]) -> list[Tensor]:
        """Logits of each step, float32, shape (n_rows, len(wanted), n_vocab), on the processor; the states move on."""
        only_best = all(step.only_best for step in steps)
        are_plain = all(step.is_plain for step in steps)
        if self.device.type == "cuda" and are_plain and all(s.n_new == 1 and s.state.length > 0 for s in steps):
            return [self._replayed(step) for step in steps]
        ends = torch.tensor([step.tokens.numel() for step in steps]).cumsum(0).tolist()
        parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        x = _join([self._embedded(step) for step in steps])  # (all tokens of all steps, n_text_state)
        if self.compiled and are_plain and len(x) <= MAX_ROWS:
            x = self.compiled(x, [step.state for step in steps], [step.n_new for step in steps])
        else:
            x = self.ln(self._attended(x, steps, parts))
        asked = [_asked(x[part], step) for step, part in zip(steps, parts, strict=True)]
        logits = self.project(_join([one.flatten(0, 1) for one in asked]), only_best).cpu()
        for step in steps:
            step.state.advance(step.n_new, shared=len(step.tokens) == step.state.n_audio)
        sizes = [rows.shape[0] * rows.shape[1] for rows in asked]
        split: tuple[Tensor, ...] = torch.split(logits, sizes)
        return [one.view(*rows.shape[:2], -1) for one, rows in zip(split, asked, strict=True)]

    def _attended(self, x: Tensor, steps: Sequence[Step], parts: Sequence[slice]) -> Tensor:
        """Through the layers, the tokens of each step in its part of x."""

        def attend_text(i: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return _join(
                [
                    step.state.attend_text(i, q[part], k[part], v[part], step.n_new)
                    for step, part in zip(steps, parts, strict=True)
                ]
            )

        def attend_audio(i: int, q: Tensor) -> Tensor:
            return _join(
                [step.state.attend_audio(i, q[part], step.n_new) for step, part in zip(steps, parts, strict=True)]
            )

        return self._through_layers(x, attend_text, attend_audio)

    def _embedded(self, step: Step) -> Tensor:
        start = step.state.length
        positions = self.positions[start : start + step.n_new]
        return (self.embedding(step.tokens.to(self.device)) + positions).flatten(0, 1)

    def _through_layers(
        self,
        x: Tensor,
        attend_text: Callable[[int, Tensor, Tensor, Tensor], Tensor],
        attend_audio: Callable[[int, Tensor], Tensor],
    ) -> Tensor:
        """Shape (n, n_text_state) → the same; both kinds of attention are given by layer."""
        for i, layer in enumerate(self.layers):
            x = x + layer.out(attend_text(i, *layer.qkv(layer.attn_ln(x)).chunk(3, dim=-1)))
            x = x + layer.cross_out(attend_audio(i, layer.cross_query(layer.cross_ln(x))))
            x = x + layer.down(gelu_(layer.up(layer.mlp_ln(x))))
        return x

    def _replayed(self, step: Step) -> Tensor:
        state = step.state
        if state.recorded is None:
            state.clear_behind()
            state.recorded = CapturedStep(partial(self.next, state), len(step.tokens), self.device)
        logits = state.recorded(step.tokens, state.length).cpu()
        state.advance(1, shared=len(step.tokens) == state.n_audio)
        return logits[:, None]

    def next(self, state: DecodeState, tokens: Tensor, place: Tensor) -> Tensor:
        """One more token in every row of a state, as operations that are the same for each token: tokens, shape
        (n_rows, 1), and how many there are before them, shape (1,) → logits, shape (n_rows, n_vocab). The state has
        the token's keys and values, and its length from before; nothing may lie behind that."""
        hidden = state.hidden_behind(place)
        x = self._through_layers(
            self.embedding(tokens)[:, 0] + self.positions.index_select(0, place),
            lambda i, q, k, v: state.attend_text_at(i, q, k, v, place, hidden),
            lambda i, q: state.attend_audio(i, q, 1),
        )
        return self.project(self.ln(x), True)


def _asked(x: Tensor, step: Step) -> Tensor:
    """Of a step's tokens those to be answered: shape (n, n_text_state) → (n_rows, len(wanted), n_text_state)."""
    by_row = x.view(*step.tokens.shape, -1)
    return by_row[:, -1:] if step.wanted == (-1,) else by_row[:, list(step.wanted)]


def _join(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)

"""A slice of a model to measure: for each part, something to compute in any format.

The slice is small, but used as in a transcription: a token's weights come from memory, not from the processor's cache.
"""

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor
from whisper.audio import N_FRAMES

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.cross_kv import project_keys_values
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.model.encoder import Encoder
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.model.weights import VOCABULARY, Norm, Weights
from localwhisper.engine.threads import ThreadTeam

N_TEXT_LAYERS = 2
N_VOCAB = 1 << 14  # of the vocabulary's rows
N_ROWS = 8  # several decodes' tokens together
N_TOKENS = 4  # one by one
EVICTION_BYTES = 1 << 26  # more than a core's share of any cache


@dataclass(frozen=True)
class Benchmark:
    """The computations of one part in one format."""

    outputs: Callable[[], Sequence[Tensor]]  # to compare with the reference's
    timed: Sequence[Callable[[], Tensor]]
    before_each: Callable[[], object] = lambda: None  # of the timed ones; not timed


Build = Callable[[str], Benchmark]  # from a format's name


class ModelSlice:
    """A model's first layers and part of its vocabulary, with inputs. Threading: one thread at a time."""

    def __init__(
        self, checkpoint: Checkpoint, device: torch.device, team: ThreadTeam, check: Callable[[], None]
    ) -> None:
        """`check` may raise while weights are built."""
        name = f"decoder.{VOCABULARY}.weight"
        vocabulary = checkpoint.tensors[name]
        rows = vocabulary[:N_VOCAB].clone()
        n_text_layer = min(N_TEXT_LAYERS, checkpoint.dims.n_text_layer)
        self._layer_factor: float = checkpoint.dims.n_text_layer / n_text_layer
        self._vocabulary_factor: float = len(vocabulary) / len(rows)
        dims = self._dims = replace(checkpoint.dims, n_audio_layer=1, n_text_layer=n_text_layer)
        tensors = ChainMap({name: rows}, checkpoint.tensors)  # type: ignore[arg-type]  # the second is only read
        checkpoint = replace(checkpoint, tensors=tensors)
        self._weights = Weights(checkpoint, device, team, check)
        random = torch.Generator().manual_seed(0)
        mel = torch.randn(1, dims.n_mels, N_FRAMES // 2, generator=random).to(device) * 0.5
        self._tokens = torch.randint(len(rows), (1, N_TOKENS), generator=random)
        norm = Norm(self._weights.part("decoder.ln"))
        self._hidden = norm(torch.randn(N_ROWS, dims.n_text_state, generator=random).to(device))
        self._evicting = torch.zeros(EVICTION_BYTES, dtype=torch.int8, device=device)
        encoder = self._encoder("float32")
        self._embedded = encoder.front(mel)
        self._features = encoder(mel)
        text_layers = (self._weights.part(f"decoder.blocks.{i}.cross_attn") for i in range(n_text_layer))
        reference = FORMATS["float32-streamed"]
        self._cross_kv = [layer.linear(reference, "key", "value") for layer in text_layers]

    def encoder(self, format: str) -> Benchmark:
        """A layer, and a decoder layer's projection of the features: many rows at once."""
        dtype = FORMATS[format].activations
        embedded, features = self._embedded.to(dtype), self._features.to(dtype)
        (layer,) = self._encoder(format).layers
        cross_kv = self._weights.part("decoder.blocks.0.cross_attn").linear(FORMATS[format], "key", "value")
        computations = [partial(layer, embedded), partial(cross_kv, features)]
        return Benchmark(lambda: [compute() for compute in computations], computations)

    def logits(self, format: str) -> Benchmark:
        """The vocabulary: one token at a time, and several decodes' together."""
        linear = self._weights.part("decoder").linear(FORMATS[format], VOCABULARY)
        together = partial(linear, self._hidden)
        single = [partial(linear, row[None]) for row in self._hidden[:N_TOKENS]]
        return Benchmark(lambda: [together()], [*single, together], self._evict)

    def decoder(self, format: str) -> Benchmark:
        """The layers, one token at a time."""
        weights = self._weights.part("decoder", FORMATS[format].activations)
        decoder = Decoder(self._dims, weights, FORMATS[format], FORMATS["float32-streamed"], lambda: lambda x: x)
        out = self._features, self._dims.n_text_head, decoder.cross_dtype, self._weights.team
        cross_kv = [project_keys_values(project, *out) for project in self._cross_kv]
        state = DecodeState(cross_kv, self._dims.n_text_ctx)

        def step(i: int) -> Tensor:
            state.length = i
            return decoder([Step(self._tokens[:, i : i + 1], state)])[0]

        steps = [partial(step, i) for i in range(N_TOKENS)]
        return Benchmark(lambda: [step() for step in steps], steps, self._evict)

    def token_s(self, decoder_s: float, logits_s: float) -> float:
        """Extrapolate the benchmarks' times to a token of the whole model."""
        return self._layer_factor * decoder_s / N_TOKENS + self._vocabulary_factor * logits_s / (N_TOKENS + 1)

    def _evict(self) -> None:
        """Fill the processor's cache with other data."""
        self._evicting.max().item()  # waits for a GPU

    def _encoder(self, format: str) -> Encoder:
        weights = self._weights.part("encoder", FORMATS[format].activations)
        return Encoder(self._dims, weights, FORMATS[format])

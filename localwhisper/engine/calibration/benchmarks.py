"""A slice of a model to measure: for each part, something to compute in any format.

The slice is small, but used as in a transcription: weights come from memory, not from the processor's cache.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor
from whisper.audio import N_FRAMES

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.cross_kv import quantize_keys_values
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.model.encoder import Encoder
from localwhisper.engine.model.layers import VOCABULARY, Norm, Weights
from localwhisper.engine.model.linear_formats import FORMATS, Linear
from localwhisper.engine.threads import ThreadTeam

N_TEXT_LAYERS = 4  # with fewer, their weights would stay in the processor's cache
N_TOKENS = 8  # that the decoder computes
N_SINGLE = 4  # tokens for which the vocabulary is timed one by one
MAX_EVICTION_BYTES = 1 << 26  # more than a core's share of any cache


@dataclass(frozen=True)
class Benchmark:
    """What one part computes in one format."""

    outputs: Callable[[], Sequence[Tensor]]  # to compare with the reference's
    timed: Sequence[Callable[[], Tensor]]
    before_each: Callable[[], object] = lambda: None  # of the timed ones; not timed


Build = Callable[[str], Benchmark]  # from a format's name


class ModelSlice:
    """A model's first layers and its vocabulary, with inputs. Threading: one thread at a time."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        team: ThreadTeam,
        check: Callable[[], None],
        decoder_weight_bytes: int,
    ) -> None:
        """`check` may raise while weights are built; `decoder_weight_bytes`: in the format likely to be selected."""
        n_layer = min(N_TEXT_LAYERS, checkpoint.dims.n_text_layer)
        dims = self._dims = replace(checkpoint.dims, n_audio_layer=1, n_text_layer=n_layer)
        self.device = device
        self._weights = Weights(checkpoint, device, team, check)
        self._vocabularies: dict[str, Linear] = {}
        self._vocabulary: Linear | None = None
        random = torch.Generator().manual_seed(0)
        mel = torch.randn(1, dims.n_mels, N_FRAMES, generator=random).to(device) * 0.5
        self._tokens = torch.randint(dims.n_vocab, (1, N_TOKENS), generator=random)
        norm = Norm(self._weights.part("decoder.ln"))
        self._hidden = norm(torch.randn(N_TOKENS, dims.n_text_state, generator=random).to(device))
        layer_weights = dims.n_text_state * (14 * dims.n_text_state + 2 * dims.n_audio_ctx)
        layers_bytes = checkpoint.dims.n_text_layer * layer_weights * decoder_weight_bytes
        self._n_evicting = min(MAX_EVICTION_BYTES, layers_bytes)
        self._evicting: Tensor | None = None  # while vocabularies are measured
        encoder = self._encoder("float32")
        self._embedded = encoder.front(mel)
        self._features = encoder(mel)
        text_layers = (self._weights.part(f"decoder.blocks.{i}.cross_attn") for i in range(n_layer))
        reference = FORMATS["float32-streamed"]
        self._cross_kv = [layer.linear(reference, "key", "value")(self._features) for layer in text_layers]

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
        linear = self._vocabularies[format] = self._weights.part("decoder").linear(FORMATS[format], VOCABULARY)
        single = [partial(linear, row[None]) for row in self._hidden[:N_SINGLE]]
        if self._evicting is None:  # stands for the layers' weights, which evict the vocabulary from the cache
            self._evicting = torch.zeros(self._n_evicting, dtype=torch.int8, device=self.device)

        together = partial(linear, self._hidden)
        return Benchmark(lambda: [together()], [*single, together], self._evicting.max)

    def keep_vocabulary(self, format: str) -> None:
        """Use this one of those built for the decoder's steps, and free the others."""
        self._vocabulary = self._vocabularies[format]
        self._vocabularies.clear()
        self._evicting = None

    def decoder(self, format: str) -> Benchmark:
        """A token at a time, through the vocabulary, which evicts the layers from the cache."""
        weights = self._weights.part("decoder", FORMATS[format].activations)
        vocabulary = self._vocabulary or weights.linear(FORMATS[format], VOCABULARY)
        decoder = Decoder(self._dims, weights, FORMATS[format], FORMATS["float32-streamed"], vocabulary)
        cross_kv = [quantize_keys_values(kv, self._dims.n_text_head, decoder.cross_dtype) for kv in self._cross_kv]
        state = DecodeState(cross_kv, self._dims.n_text_ctx)

        def steps() -> Tensor:
            state.length = 0
            rows = [decoder([Step(self._tokens[:, i : i + 1], state)])[0] for i in range(N_TOKENS)]
            return torch.cat(rows, dim=1)

        return Benchmark(lambda: [steps()], [steps])

    def _encoder(self, format: str) -> Encoder:
        weights = self._weights.part("encoder", FORMATS[format].activations)
        return Encoder(self._dims, weights, FORMATS[format])

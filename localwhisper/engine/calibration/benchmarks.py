"""A slice of a model to measure: for each part, something to compute in any format.

The slice is small, but used as in a transcription: a token's weights come from memory, not from the processor's cache.
"""

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from whisper.audio import N_FRAMES

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.model.encoder import Encoder
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.model.weights import VOCABULARY, Weights
from localwhisper.engine.threads import ThreadTeam

N_TEXT_LAYERS = 2
N_VOCAB = 1 << 14  # of the vocabulary's rows
N_TOKENS = 4
EVICTION_BYTES = 1 << 26  # more than a core's share of any cache


Benchmark = Sequence[Callable[[], Tensor]]  # what one part computes in one format; the reference gives about the same


class ModelSlice:
    """A model's first layers and part of its vocabulary, with inputs. Threading: one thread at a time."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, team: ThreadTeam) -> None:
        name = f"decoder.{VOCABULARY}.weight"
        rows = checkpoint.tensors[name][:N_VOCAB].clone()
        n_text_layer = min(N_TEXT_LAYERS, checkpoint.dims.n_text_layer)
        self._dims = replace(checkpoint.dims, n_audio_layer=1, n_text_layer=n_text_layer)
        tensors = ChainMap({name: rows}, checkpoint.tensors)  # type: ignore[arg-type]  # the second is only read
        self._weights = Weights(replace(checkpoint, tensors=tensors), device, team)
        random = torch.Generator().manual_seed(0)
        mel = torch.randn(1, self._dims.n_mels, N_FRAMES // 2, generator=random).to(device) * 0.5
        self._tokens = torch.randint(len(rows), (1, N_TOKENS), generator=random)
        self._evicting = torch.zeros(EVICTION_BYTES, dtype=torch.int8, device=device)
        encoder = self._encoder("float32")
        self._embedded = encoder.front(mel)
        self._features = encoder(mel)

    def encoder(self, format: str) -> Benchmark:
        """A layer, and a decoder layer's projection of the features: many rows at once."""
        dtype = FORMATS[format].activations
        embedded, features = self._embedded.to(dtype), self._features.to(dtype)
        (layer,) = self._encoder(format).layers
        cross_kv = self._weights.part("decoder.blocks.0.cross_attn").linear(FORMATS[format], "key", "value")
        return [partial(layer, embedded), partial(cross_kv, features)]

    def decoder(self, format: str) -> Benchmark:
        """The layers and the vocabulary, one token at a time."""
        weights = self._weights.part("decoder", FORMATS[format].activations)
        vocabulary = partial(weights.linear, FORMATS[format], VOCABULARY)
        decoder = Decoder(self._dims, weights, FORMATS[format], FORMATS["float32-streamed"], vocabulary)
        state = DecodeState(decoder.compute_cross_kv(self._features), self._dims.n_text_ctx)

        def step(i: int) -> Tensor:
            state.length = i
            return decoder([Step(self._tokens[:, i : i + 1], state)])[0]

        return [partial(step, i) for i in range(N_TOKENS)]

    def evict(self) -> None:
        """Fill the processor's cache with other data."""
        self._evicting.max().item()  # waits for a GPU

    def _encoder(self, format: str) -> Encoder:
        weights = self._weights.part("encoder", FORMATS[format].activations)
        return Encoder(self._dims, weights, FORMATS[format])

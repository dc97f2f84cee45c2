"""The slice of a model that calibration.py measures: of each part something to compute, in any format.

What a trial computes is small, and as in use: the weights come from memory, not from the cache.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor
from whisper.audio import N_FRAMES

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model import logits
from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.cross_kv import rounded
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.model.encoder import Encoder
from localwhisper.engine.model.layers import Norm, Weights
from localwhisper.engine.model.linear_formats import FORMATS, HALVES, numbers


@dataclass(frozen=True)
class Work:
    """What one part computes in one format."""

    compared: Callable[[], Tensor]
    timed: Sequence[Callable[[], Tensor]]
    before: Callable[[], object] = lambda: None  # each of these, and not timed


Build = Callable[[str, str], Work]  # (format, attention) → the work

# by the decoder's format, in what it keeps a window's keys and values
AUDIO = {"int8-rows": "int8", "float16-rows": "int16", **{name: name for name in HALVES}}
N_TEXT_LAYERS = 4  # with fewer, their weights would stay in the processor's cache as they don't in use
N_TOKENS = 8  # of the text that the decoder is checked on
N_ALONE = 4  # of those tokens are timed one by one
N_BEST = 10  # of the logits: those that are compared
MOST_BETWEEN_BYTES = 1 << 26  # more than a core's share of any cache


def cross_kv_dtype(decoder: str) -> str:
    """torch's name of what a decoder of that format keeps a window's keys and values in."""
    return AUDIO.get(decoder, "float32")


def _alone(compute: Callable[[], Tensor]) -> Work:
    return Work(compute, [compute])


class Slice:
    """A model's first layers and its vocabulary, and inputs to compute them on. Threading: one thread at a time."""

    def __init__(
        self, checkpoint: Checkpoint, device: torch.device, check: Callable[[], None], decoder_bytes: int
    ) -> None:
        """`check` may raise while weights are built; `decoder_bytes`: of a weight, in what is likely to be chosen."""
        n_layer = min(N_TEXT_LAYERS, checkpoint.dims.n_text_layer)
        dims = self._dims = replace(checkpoint.dims, n_audio_layer=1, n_text_layer=n_layer)
        self.device = device
        self._vocabularies: dict[str, logits.Logits] = {}
        self._vocabulary: logits.Logits | None = None  # through which a decoder's steps go; None: one of its own format
        self._weights = Weights(checkpoint, device, check)
        random = torch.Generator().manual_seed(0)
        self._mel = torch.randn(1, dims.n_mels, N_FRAMES, generator=random).to(device) * 0.5
        self._tokens = torch.randint(dims.n_vocab, (1, N_TOKENS), generator=random)
        norm = Norm(self._weights.part("decoder.ln"))
        self._states = norm(torch.randn(N_TOKENS, dims.n_text_state, generator=random).to(device))
        self._best: Tensor | None = None
        of_layer = dims.n_text_state * (14 * dims.n_text_state + 2 * dims.n_audio_ctx)
        of_layers = checkpoint.dims.n_text_layer * of_layer * decoder_bytes
        self._n_between = min(MOST_BETWEEN_BYTES, of_layers)
        self._between: Tensor | None = None  # while vocabularies are measured
        encoder = self._encoder("float32", "float32")
        self._sound = encoder.front(self._mel)
        self._features = encoder(self._mel)
        nothing: logits.Logits = lambda x, only_best: x  # noqa: E731
        self._cross = [
            (keys.wide(), values.wide())
            for keys, values in self._decoder("float32-streamed", "float32-streamed", nothing).cross(self._features)
        ]

    def encoder(self, format: str, attention: str) -> Work:
        """A layer: what is in front of them is little beside them, in every format."""
        (layer,) = self._encoder(format, attention).layers
        sound = self._sound.to(numbers(format))
        return _alone(lambda: layer(sound))

    def _encoder(self, format: str, attention: str) -> Encoder:
        weights = self._weights.part("encoder", numbers(format))
        return Encoder(self._dims, weights, FORMATS[format], ATTENTIONS[attention])

    def cross(self, format: str, attention: str) -> Work:
        decoder = self._decoder("float32-streamed", format, lambda x, only_best: x)
        return _alone(lambda: torch.stack([one.wide() for one in decoder.cross(self._features)[0]]))

    def decoder(self, format: str, attention: str) -> Work:
        """A token at a time, as texts are decoded: through the vocabulary, which drives the layers from the cache."""
        project = self._vocabulary or self._project(format)
        decoder = self._decoder(format, "float32-streamed", project)
        cross = [
            (rounded(keys, decoder.audio_type), rounded(values, decoder.audio_type)) for keys, values in self._cross
        ]
        state = DecodeState(cross, self._dims.n_text_ctx)

        def steps() -> Tensor:
            state.length = 0
            rows = [decoder([Step(self._tokens[:, i : i + 1], state)])[0] for i in range(N_TOKENS)]
            return torch.cat(rows, dim=1)

        return _alone(steps)

    def words(self, format: str, attention: str) -> Work:
        """A token at a time, and several decodes' at once; what can win is compared, and what all together come to."""
        project = self._vocabularies[format] = self._project(format)
        alone = [partial(project, row[None], True) for row in self._states]

        def compared() -> Tensor:
            found = torch.cat([one() for one in alone])
            if self._best is None:  # the reference comes first
                self._best = found.topk(N_BEST).indices
            return torch.cat([found.gather(1, self._best), found.logsumexp(1, keepdim=True)], dim=1)

        if self._between is None:  # the layers' weights, which drive the vocabulary from the cache
            self._between = torch.zeros(self._n_between, dtype=torch.int8, device=self.device)
        return Work(compared, [*alone[:N_ALONE], partial(project, self._states, True)], self._between.max)

    def keep_vocabulary(self, format: str) -> None:
        """Of those built, for the decoder's steps; the others' memory is given back."""
        self._vocabulary = self._vocabularies[format]
        self._vocabularies.clear()
        self._between = None

    def _project(self, format: str) -> logits.Logits:
        return logits.FORMATS[format](self._weights.part("decoder", numbers(format)))

    def _decoder(self, linear: str, cross: str, project: logits.Logits) -> Decoder:
        weights = self._weights.part("decoder", numbers(linear))
        return Decoder(
            self._dims, weights, FORMATS[linear], FORMATS[cross], project, getattr(torch, cross_kv_dtype(linear))
        )

"""A checkpoint of openai-whisper's format, read by mapping: its tensors stay in the file until they are used."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.upstream.torch_internals import is_out_of_memory
from localwhisper.engine.upstream.whisper_internals import published_alignment_heads
from localwhisper.errors import ModelCorrupt

MOST_DIM = 200_000  # whisper's largest is its vocabulary of 51,866
MOST_LAYERS = 256  # whisper's large has 32
ZIP = b"PK\3\4"  # what torch saves begins with


@dataclass(frozen=True)
class Checkpoint:
    name: str
    dims: ModelDimensions
    tensors: Mapping[str, Tensor]  # by openai-whisper's names, such as encoder.conv1.weight; as stored: half or single
    is_mapped: bool = False  # the tensors lie in a file, not in memory

    def alignment_heads(self) -> list[tuple[int, int]]:
        """(layer, head) of the cross-attention heads that follow the audio: those published, else whisper's guess."""
        published = published_alignment_heads(self.name, self.dims)
        if published is not None:
            return published
        layers = range(self.dims.n_text_layer // 2, self.dims.n_text_layer)
        return [(layer, head) for layer in layers for head in range(self.dims.n_text_head)]


def read_checkpoint(path: Path, name: str) -> Checkpoint:
    """Raises ModelCorrupt where it isn't one, or lacks a tensor; MemoryError and OSError as they are."""
    try:
        with path.open("rb") as file:
            if file.read(len(ZIP)) != ZIP:
                raise ValueError("it is no file that torch.save wrote")
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        dims = ModelDimensions(**content["dims"])
        _check_dims(dims)
        tensors: dict[str, Tensor] = content["model_state_dict"]
        for key, shape in _shapes(dims).items():
            if tensors[key].shape != shape:
                raise ValueError(f"{key} has the shape {tuple(tensors[key].shape)}, not {tuple(shape)}")
    except MemoryError:
        raise
    except OSError as error:
        if error.errno != errno.EINVAL:  # that is a file that breaks off, mapped into memory
            raise
        raise ModelCorrupt(model=name, reason="it breaks off") from None
    except Exception as error:  # torch.load raises nearly everything for a file that isn't one
        if is_out_of_memory(error):  # in mapping it
            raise MemoryError(str(error)) from None
        reason = str(error).splitlines()[0][:120] if str(error) else "unreadable"
        raise ModelCorrupt(model=name, reason=reason) from None
    return Checkpoint(name, dims, tensors, is_mapped=True)


def _shapes(dims: ModelDimensions) -> dict[str, torch.Size]:
    """What a checkpoint of these dimensions holds. Written down, because to build whisper's modules without memory
    imports 900 more: a second in which no stop is heard."""
    audio, text = dims.n_audio_state, dims.n_text_state
    found = {
        **_linear("encoder.conv1", audio, dims.n_mels, 3),
        **_linear("encoder.conv2", audio, audio, 3),
        "encoder.positional_embedding": (dims.n_audio_ctx, audio),
        **_linear("encoder.ln_post", audio),
        "decoder.token_embedding.weight": (dims.n_vocab, text),
        "decoder.positional_embedding": (dims.n_text_ctx, text),
        **_linear("decoder.ln", text),
    }
    for layer in range(dims.n_audio_layer):
        found |= _layer(f"encoder.blocks.{layer}", audio, ("attn",))
    for layer in range(dims.n_text_layer):
        found |= _layer(f"decoder.blocks.{layer}", text, ("attn", "cross_attn"))
    return {name: torch.Size(shape) for name, shape in found.items()}


def _layer(name: str, n: int, attentions: Sequence[str]) -> dict[str, tuple[int, ...]]:
    found = _linear(f"{name}.mlp.0", 4 * n, n) | _linear(f"{name}.mlp.2", n, 4 * n) | _linear(f"{name}.mlp_ln", n)
    for attention in attentions:
        for part in ("query", "key", "value", "out"):
            found |= _linear(f"{name}.{attention}.{part}", n, n)
        del found[f"{name}.{attention}.key.bias"]
        found |= _linear(f"{name}.{attention}_ln", n)
    return found


def _linear(name: str, *weight: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": weight, f"{name}.bias": weight[:1]}


def _check_dims(dims: ModelDimensions) -> None:
    """A model is built from them before its weights are looked at. Raises ValueError for what none can have."""
    for name, value in vars(dims).items():
        most = MOST_LAYERS if name.endswith("_layer") else MOST_DIM
        if type(value) is not int or not 0 < value <= most:
            raise ValueError(f"{name} can't be {value!r:.20}")

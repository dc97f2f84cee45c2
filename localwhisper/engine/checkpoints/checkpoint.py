"""A checkpoint of openai-whisper's format: its tensors stay in the file until they are used."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.file_tensors import FileTensors
from localwhisper.engine.upstream.torch_internals import is_out_of_memory
from localwhisper.engine.upstream.whisper_internals import published_alignment_heads
from localwhisper.errors import ModelCorrupt

MAX_DIM = 200_000  # whisper's largest is its vocabulary of 51,866
MAX_LAYERS = 256  # whisper's large has 32
ZIP_MAGIC = b"PK\3\4"  # torch.save writes a ZIP file


@dataclass(frozen=True)
class Checkpoint:
    name: str
    dims: ModelDimensions
    tensors: Mapping[str, Tensor]  # by openai-whisper's names, such as encoder.conv1.weight; float16 or float32
    stored_alignment_heads: Sequence[tuple[int, int]] = ()  # in the file: of a converted model

    def n_elements(self, name: str) -> int:
        """The size of a tensor, which isn't read."""
        tensors = self.tensors
        return tensors.n_elements(name) if isinstance(tensors, FileTensors) else tensors[name].numel()

    def alignment_heads(self) -> list[tuple[int, int]]:
        """(layer, head) of the cross-attention heads that follow the audio.

        Those in the file, else those published for a model of this name, else whisper's default.
        """
        if self.stored_alignment_heads:
            return [*self.stored_alignment_heads]
        published = published_alignment_heads(self.name, self.dims)
        if published is not None:
            return published
        layers = range(self.dims.n_text_layer // 2, self.dims.n_text_layer)
        return [(layer, head) for layer in layers for head in range(self.dims.n_text_head)]


def read_checkpoint(path: Path, name: str) -> Checkpoint:
    """Raises ModelCorrupt if the file isn't a checkpoint or lacks a tensor, MemoryError, OSError."""
    try:
        tensors = FileTensors(path, name)
        check_magic(path, name)
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        dims = ModelDimensions(**content["dims"])
        _check_dims(dims)
        mapped: dict[str, Tensor] = content["model_state_dict"]
        for key, shape in _shapes(dims).items():
            if mapped[key].shape != shape:
                raise ValueError(f"{key} has the shape {tuple(mapped[key].shape)}, not {tuple(shape)}")
        check_overlap(mapped)
        tensors.locate(mapped, path)
        heads = _stored_alignment_heads(content, dims)
    except (MemoryError, ModelCorrupt):
        raise
    except OSError as error:
        if error.errno != errno.EINVAL:  # mapping a truncated file raises it
            raise
        raise ModelCorrupt(model=name, reason="it is truncated") from None
    except Exception as error:  # for other files torch.load raises nearly anything
        if is_out_of_memory(error):  # a RuntimeError, raised in mapping the file
            raise MemoryError(str(error)) from None
        reason = str(error).splitlines()[0][:120] if str(error) else "unreadable"
        raise ModelCorrupt(model=name, reason=reason) from None
    return Checkpoint(name, dims, tensors, stored_alignment_heads=heads)


def check_magic(path: Path, name: str) -> None:
    """Raises ModelCorrupt if torch.save can't have written the file, OSError."""
    with path.open("rb") as file:
        if file.read(len(ZIP_MAGIC)) != ZIP_MAGIC:
            raise ModelCorrupt(model=name, reason="torch.save didn't write it")


def check_overlap(tensors: Mapping[str, Tensor]) -> None:
    """Raises ValueError for tensors that need more memory than their data: the same numbers, read again and again."""
    storages = {storage.data_ptr(): storage.nbytes() for storage in map(Tensor.untyped_storage, tensors.values())}
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > sum(storages.values()):
        raise ValueError("its tensors overlap")


def _stored_alignment_heads(content: Mapping[str, Any], dims: ModelDimensions) -> list[tuple[int, int]]:
    """The field that conversion.py adds. Raises ValueError, TypeError."""
    heads = [(layer, head) for layer, head in content.get("alignment_heads") or ()]
    for layer, head in heads:
        if not (type(layer) is type(head) is int and 0 <= layer < dims.n_text_layer and 0 <= head < dims.n_text_head):
            raise ValueError(f"there is no alignment head ({layer!r:.20}, {head!r:.20})")
    return heads


def _shapes(dims: ModelDimensions) -> dict[str, torch.Size]:
    """The tensors of a checkpoint with these dimensions, by name.

    Listed here because building whisper's modules on the meta device imports 900 modules, which takes a second in which
    the work can't be stopped.
    """
    audio, text = dims.n_audio_state, dims.n_text_state
    shapes = {
        **_linear("encoder.conv1", audio, dims.n_mels, 3),
        **_linear("encoder.conv2", audio, audio, 3),
        "encoder.positional_embedding": (dims.n_audio_ctx, audio),
        **_linear("encoder.ln_post", audio),
        "decoder.token_embedding.weight": (dims.n_vocab, text),
        "decoder.positional_embedding": (dims.n_text_ctx, text),
        **_linear("decoder.ln", text),
    }
    for layer in range(dims.n_audio_layer):
        shapes |= _layer(f"encoder.blocks.{layer}", audio, ("attn",))
    for layer in range(dims.n_text_layer):
        shapes |= _layer(f"decoder.blocks.{layer}", text, ("attn", "cross_attn"))
    return {name: torch.Size(shape) for name, shape in shapes.items()}


def _layer(name: str, n: int, attentions: Sequence[str]) -> dict[str, tuple[int, ...]]:
    shapes = _linear(f"{name}.mlp.0", 4 * n, n) | _linear(f"{name}.mlp.2", n, 4 * n) | _linear(f"{name}.mlp_ln", n)
    for attention in attentions:
        for part in ("query", "key", "value", "out"):
            shapes |= _linear(f"{name}.{attention}.{part}", n, n)
        del shapes[f"{name}.{attention}.key.bias"]
        shapes |= _linear(f"{name}.{attention}_ln", n)
    return shapes


def _linear(name: str, *weight: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": weight, f"{name}.bias": weight[:1]}


def _check_dims(dims: ModelDimensions) -> None:
    """Raises ValueError for dimensions that no model has, before anything is sized by them."""
    for name, value in vars(dims).items():
        maximum = MAX_LAYERS if name.endswith("_layer") else MAX_DIM
        if type(value) is not int or not 0 < value <= maximum:
            raise ValueError(f"{name} can't be {value!r:.20}")

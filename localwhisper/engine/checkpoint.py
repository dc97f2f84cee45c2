"""A checkpoint of openai-whisper's format, read by mapping: its tensors stay in the file until they are used."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import whisper
from torch import Tensor
from whisper.model import AudioEncoder, ModelDimensions, TextDecoder, Whisper

from localwhisper.errors import ModelCorrupt

ZIP = b"PK"  # how what torch.save writes begins
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
        dims = self.dims
        dump = whisper._ALIGNMENT_HEADS.get(self.name)
        if dump is None:
            first = dims.n_text_layer // 2
            return [(layer, head) for layer in range(first, dims.n_text_layer) for head in range(dims.n_text_head)]
        with torch.device("meta"):
            holder = Whisper.__new__(Whisper)
        torch.nn.Module.__init__(holder)
        holder.dims = dims
        holder.set_alignment_heads(dump)
        return [(int(layer), int(head)) for layer, head in holder.alignment_heads.indices().T]


def read(path: Path, name: str) -> Checkpoint:
    """Raises ModelCorrupt where it isn't one, or lacks a tensor; MemoryError and OSError as they are."""
    with open(path, "rb") as file:
        if file.read(len(ZIP)) != ZIP:
            raise ModelCorrupt(model=name, reason="it is not what torch saves")
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
        if "allocate memory" in str(error):  # in mapping it
            raise MemoryError(str(error)) from None
        reason = str(error).splitlines()[0][:120] if str(error) else "unreadable"
        raise ModelCorrupt(model=name, reason=reason) from None
    return Checkpoint(name, dims, tensors, is_mapped=True)


def _shapes(dims: ModelDimensions) -> dict[str, torch.Size]:
    """What a checkpoint of these dimensions holds."""
    with torch.device("meta"):
        encoder = AudioEncoder(dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer)
        decoder = TextDecoder(dims.n_vocab, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer)
    parts = {"encoder": encoder, "decoder": decoder}
    return {
        f"{part}.{key}": value.shape for part, module in parts.items() for key, value in module.state_dict().items()
    }


def _check_dims(dims: ModelDimensions) -> None:
    """A model is built from them before its weights are looked at. Raises ValueError for what none can have."""
    for name, value in vars(dims).items():
        most = MOST_LAYERS if name.endswith("_layer") else MOST_DIM
        if type(value) is not int or not 0 < value <= most:
            raise ValueError(f"{name} can't be {value!r:.20}")

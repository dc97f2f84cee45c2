"""What the readers of other programs' model files have in common: the checkpoint that each of them gives."""

import mmap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.checkpoint import check_overlap
from localwhisper.engine.upstream.torch_internals import is_out_of_memory
from localwhisper.errors import ModelCorrupt, is_memory_error

MAX_JSON_BYTES = 1 << 24  # of a configuration; that of a sharded large model has 0.1 MB
AlignmentHeads = tuple[tuple[int, int], ...]  # (layer, head)


@dataclass(frozen=True)
class ConvertedCheckpoint:
    """A model with openai-whisper's names."""

    dims: ModelDimensions
    tensors: Mapping[str, Tensor]
    alignment_heads: AlignmentHeads | None  # None: the file doesn't say
    is_exact: bool = True  # False: the weights were quantised

    def save(self, path: Path) -> None:
        """Write openai-whisper's own format, which ignores the additional field. Raises OSError, ValueError."""
        for name, tensor in self.tensors.items():
            if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
                raise ValueError(f"{name} is no tensor of floating-point numbers")
        check_overlap(self.tensors)
        content: dict[str, Any] = {
            "dims": asdict(self.dims),
            "model_state_dict": {name: _stored(tensor) for name, tensor in self.tensors.items()},
        }
        if self.alignment_heads is not None:
            content["alignment_heads"] = [list(pair) for pair in self.alignment_heads]
        with open(path, "wb") as file:  # given a path, torch reports a full disk as a RuntimeError
            torch.save(content, file)


def _stored(tensor: Tensor) -> Tensor:
    """In half or single precision; bfloat16 fits only into the latter."""
    return (tensor if tensor.dtype == torch.float16 else tensor.float()).contiguous()


@contextmanager
def corrupt_if_it_fails(name: str, description: str) -> Iterator[None]:
    """Turn whatever reading a file raises into ModelCorrupt, except that memory ran out, which is a MemoryError."""
    try:
        yield
    except ModelCorrupt:
        raise
    except Exception as error:
        if is_memory_error(error) or is_out_of_memory(error):
            raise MemoryError(str(error)) from None
        raise ModelCorrupt(model=name, reason=f"not {description}: {_reason(error)}"[:160]) from None


def _reason(error: Exception) -> str:
    """What was wrong, in one line; of a file's path only its name, which says enough and always fits."""
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{Path(error.filename).name}: {error.strerror}"
    return (str(error) or type(error).__name__).splitlines()[0]


def mapped_file(path: Path) -> memoryview:
    """A file's bytes, read when they are used. Raises OSError, ValueError for an empty file."""
    with open(path, "rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def read_small_file(path: Path) -> str:
    """Raises OSError, ValueError for one that is too large."""
    if path.stat().st_size > MAX_JSON_BYTES:
        raise ValueError(f"{path.name} is too large")
    return path.read_text(encoding="utf-8")


def heads_of_json(value: Iterable[Iterable[int]] | None) -> AlignmentHeads | None:
    """The alignment heads in a configuration. Raises TypeError, ValueError."""
    return tuple((int(layer), int(head)) for layer, head in value) if value else None

"""The tensors of a checkpoint's file, each read when it is used.

They aren't mapped into memory: a mapped file that another program shortens ends the process (SIGBUS).
"""

import os
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from localwhisper.errors import ModelCorrupt

RECORD = re.compile(r"[^/]+/data/\d+")  # of a storage in a file of torch.save
HEADER_BYTES, NAME_LENGTH_AT = 30, 26  # of a ZIP file's entry, before its name; where the two lengths stand in it


@dataclass(frozen=True)
class _Extent:
    """Where the elements of a tensor are in the file."""

    offset: int  # bytes
    n_elements: int  # from the first to the last
    size: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype

    @property
    def n_bytes(self) -> int:
        return self.n_elements * self.dtype.itemsize


class FileTensors(Mapping[str, Tensor]):
    """Reads through an open file, so that a file put in its place isn't seen. Threading: SAFE."""

    def __init__(self, path: Path, model: str) -> None:
        """Raises OSError."""
        self._model = model
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115  # closed with the object
        self._stamp = self._current_stamp()
        self._lock = threading.Lock()
        self._extents: Mapping[str, _Extent] = {}

    def locate(self, mapped: Mapping[str, Tensor], path: Path) -> None:
        """Find the tensors that torch.load() has mapped from the file at `path`.

        Raises ValueError if that isn't the open file, or they aren't in it.
        """
        if not os.path.samestat(os.fstat(self._file.fileno()), path.stat()):
            raise ValueError("it was replaced while it was read")
        start = _start_of_mapping(mapped, self._record_offsets())
        extents = {name: _extent(tensor, start) for name, tensor in mapped.items()}
        n_bytes, _ = self._stamp
        if any(extent.offset < 0 or extent.offset + extent.n_bytes > n_bytes for extent in extents.values()):
            raise ValueError("it is truncated")
        self._extents = extents

    def _record_offsets(self) -> list[int]:
        offsets = []
        with zipfile.ZipFile(self._file) as archive:
            headers = [info.header_offset for info in archive.infolist() if RECORD.fullmatch(info.filename)]
        for header in headers:
            lengths = bytearray(HEADER_BYTES - NAME_LENGTH_AT)
            self._read(header + NAME_LENGTH_AT, lengths)
            n_name, n_extra = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
            offsets.append(header + HEADER_BYTES + n_name + n_extra)
        return offsets

    def __getitem__(self, name: str) -> Tensor:
        """Raises KeyError; ModelCorrupt if the file was changed since it was opened."""
        extent = self._extents[name]
        elements = torch.empty(extent.n_elements, dtype=extent.dtype)
        self._read(extent.offset, elements.view(torch.uint8).numpy())
        return elements.as_strided(extent.size, extent.stride)

    def n_elements(self, name: str) -> int:
        """Without reading the tensor. Raises KeyError."""
        return self._extents[name].size.numel()

    def _read(self, offset: int, buffer: Any) -> None:
        """Fill the buffer. Raises ModelCorrupt."""
        view, n_read = memoryview(buffer), 0
        with self._lock:
            self._file.seek(offset)
            while n_read < len(view) and (n := self._file.readinto(view[n_read:])):
                n_read += n
        if n_read != len(view) or self._current_stamp() != self._stamp:
            raise ModelCorrupt(model=self._model, reason="another program changed its file while it was in use")

    def _current_stamp(self) -> tuple[int, int]:
        """Size and time of the last change."""
        stat = os.fstat(self._file.fileno())
        return stat.st_size, stat.st_mtime_ns

    def __iter__(self) -> Iterator[str]:
        return iter(self._extents)

    def __len__(self) -> int:
        return len(self._extents)

    def __del__(self) -> None:
        self._file.close()


def _start_of_mapping(mapped: Mapping[str, Tensor], record_offsets: list[int]) -> int:
    """The address of the mapped file's first byte. Raises ValueError."""
    addresses = {tensor.untyped_storage().data_ptr() for tensor in mapped.values()}
    known = set(record_offsets)
    for offset in record_offsets:
        start = min(addresses) - offset
        if all(address - start in known for address in addresses):
            return start
    raise ValueError("its tensors aren't in the file")


def _extent(tensor: Tensor, start: int) -> _Extent:
    last = sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return _Extent(tensor.data_ptr() - start, last + 1, tensor.shape, tensor.stride(), tensor.dtype)

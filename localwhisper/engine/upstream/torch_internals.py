"""torch's private operations, public ones whose registration isn't documented (`torch.ops`), and its errors' texts."""

import torch

_OUT_OF_MEMORY_TEXTS = (
    "out of memory",  # CUDA and MPS
    "can't allocate memory",  # the CPU's allocator
    "not enough memory",  # the same on Windows
    "cannot allocate memory",  # the system, in mapping a file
    "bad_alloc",
    "_alloc_failed",  # cuBLAS and cuDNN
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch raised this because memory ran out.

    Uses: the texts of torch's RuntimeErrors.
    Why: only the caching CUDA allocator raises torch.OutOfMemoryError; the CPU's and others have no class of their own.
    If they change: adapt the texts; they must not match "an illegal memory access was encountered".
    """
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in _OUT_OF_MEMORY_TEXTS)

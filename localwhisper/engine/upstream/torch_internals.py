"""torch's private operations, public ones whose registration isn't documented (`torch.ops`), and its errors' texts.

Where an operation is missing, or not implemented for the processor, it raises one of UNSUPPORTED: calibration then
leaves out the formats that need it. That is also what happens if one goes.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

UNSUPPORTED = (RuntimeError, AttributeError)  # NotImplementedError is a RuntimeError
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


def onednn_linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """F.linear in float32 by oneDNN; `weight`: plain, or from onednn_pack.

    Uses: torch.ops.mkldnn._linear_pointwise.
    Why: torch's own choice, MKL, uses half of the vector width on some AMD processors.
    If it goes: delete the format float32-onednn.
    """
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def onednn_pack(weight: Tensor, n_rows: int) -> Tensor:
    """A float32 weight in the memory layout that oneDNN prefers for inputs of `n_rows` rows.

    Uses: torch.ops.mkldnn._reorder_linear_weight. Why, If it goes: see onednn_linear.
    """
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, n_rows)
    return packed


def int8_matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    """int8 (n, k) times int8 (k, m) → int32 (n, m) in `out`.

    Uses: torch._int_mm.
    Why: torch.matmul refuses int8, and quantized layers give no integer sums.
    If it goes: delete the format int8-gemm.
    """
    return torch._int_mm(a, b, out=out)


def int8_pack(levels: Tensor, scales: Tensor, bias: Tensor | None) -> Any:
    """An int8 weight, shape (n_out, n_in), with a scale for each row, for int8_dynamic_linear.

    Uses: torch._make_per_channel_quantized_tensor, torch.ops.quantized.linear_prepack.
    Why: the public quantize_per_channel quantizes again, and torch.ao.quantization replaces whole modules.
    If it goes: delete the format int8-dynamic.
    """
    zero_points = torch.zeros(len(levels), dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces that quantized tensors will be removed
        weight = torch._make_per_channel_quantized_tensor(levels, scales.double(), zero_points, 0)
    return torch.ops.quantized.linear_prepack(weight, bias)


def int8_dynamic_linear(x: Tensor, packed: Any, reduce_range: bool) -> Tensor:
    """float32 → float32, with one int8 scale for all of x. `reduce_range`: x in 7 bits.

    Uses: torch.ops.quantized.linear_dynamic. Why, If it goes: see int8_pack.
    """
    product: Tensor = torch.ops.quantized.linear_dynamic(x, packed, reduce_range)
    return product


def gelu_(x: Tensor) -> Tensor:
    """F.gelu in place.

    Uses: torch.ops.aten.gelu_.
    Why: F.gelu takes new memory, four times that of a window's features.
    If it goes: use F.gelu and copy.
    """
    out: Tensor = torch.ops.aten.gelu_(x)
    return out

"""How numba compiles and caches the kernels.

Kernels are functions marked `jit_cached`; `jit` marks the helpers that they call.
"""

from collections.abc import Callable
from typing import Any

import numba
import numba.extending
from numba import types
from numpy.typing import NDArray

from localwhisper.engine.upstream import numba_internals

Array = NDArray[Any]
VECTOR_BITS = 512  # where the processor has them; LLVM prefers 256, which costs a third of the speed here
_OPTIONS: Any = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz", "arcp", "nnan"}, "error_model": "numpy"}
jit: Callable[[Any], Any] = numba.njit(**_OPTIONS)
intrinsic: Callable[[Any], Any] = numba.extending.intrinsic


def njit_cached(function: Any, **options: Any) -> Any:
    """Apply numba.njit with numba's disk cache, or without it if no folder is writable."""
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no writable folder
        return numba.njit(**options)(function)


def jit_cached(function: Any) -> Any:
    """Compile a kernel, and cache it until any file of this folder changes."""
    return numba_internals.stamp_with_folder(njit_cached(function, **_OPTIONS))


@intrinsic
def noinline_wide_vectors(_context: Any) -> Any:
    """Have LLVM compile the calling function on its own instead of inlining it, with the widest vectors."""

    def generate(context: Any, builder: Any, _: Any, __: Any) -> Any:
        set.add(builder.function.attributes, "noinline")
        set.add(builder.function.attributes, f'"prefer-vector-width"="{VECTOR_BITS}"')
        return context.get_dummy_value()

    return types.void(), generate

"""What numba lacks for the compiled modules: stored numbers, addresses, early reads, meetings, a maximum, exponentials.

numba keeps what it compiled by the file of each kernel: after a change here, touch those with a `kept` function.
"""

import platform
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Array = NDArray[Any]
# how far before it is needed memory is asked for: the processor's own way of foreseeing takes up to twice as long
AHEAD_BYTES = 8192
LINE_BYTES, _SECOND_CACHE = 64, 2
VECTOR_BITS = 512  # where the processor has them; LLVM prefers half of that, which costs a third of the speed here
IS_ARM = platform.machine().lower() in {"arm64", "aarch64"}
EPSILON, HALF, ONE, ZERO = np.float32(1e-5), np.float32(0.5), np.float32(1), np.float32(0)
LOWEST, LOG2_E = np.float32(-np.inf), np.float32(1.44269504)
_LEAST_EXPONENT = np.float32(-60)  # nothing beside one; with less, numbers come about that some processors are slow at
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_OPTIONS: Any = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz", "arcp", "nnan"}, "error_model": "numpy"}
jit: Callable[[Any], Any] = numba.njit(**_OPTIONS)
_intrinsic: Callable[[Any], Any] = intrinsic


def compiled(function: Any, **options: Any) -> Any:
    """By numba; kept for the next process where there is a place to keep it."""
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nothing is writable
        return numba.njit(**options)(function)


def jit_cached(function: Any) -> Any:
    return compiled(function, **_OPTIONS)


@_intrinsic
def noinline(_context: Any) -> Any:
    """The function that calls this is compiled once, not in each place it is used in, and with wide vectors."""

    def generate(context: Any, builder: Any, _: Any, __: Any) -> Any:
        set.add(builder.function.attributes, "noinline")
        set.add(builder.function.attributes, f'"prefer-vector-width"="{VECTOR_BITS}"')
        return context.get_dummy_value()

    return types.void(), generate


@_intrinsic
def float32(_context: Any, value: Any) -> Any:
    """A stored number's value: of int8 or int16, of half precision's bits (uint16), of float32."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        if isinstance(value, types.Float):
            return values[0]
        if value.bitwidth == 16 and not value.signed:
            return builder.fpext(builder.bitcast(values[0], ir.HalfType()), ir.FloatType())
        return builder.sitofp(values[0], ir.FloatType())

    return types.float32(value), generate


@_intrinsic
def _float_of_bits(_context: Any, bits: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.FloatType())

    return types.float32(types.int32), generate


@_intrinsic
def pointer(_context: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to what `like` holds."""

    kind = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(kind))

    return kind(types.int64, like), generate


def _of_two(name: str) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        number = ir.FloatType()
        chosen = builder.module.declare_intrinsic(name, (number,), ir.FunctionType(number, [number, number]))
        return builder.call(chosen, values, fastmath=("nnan", "nsz"))

    return types.float32(types.float32, types.float32), generate


@_intrinsic
def fmax(_context: Any, one: Any, other: Any) -> Any:
    """Of two float32. Python's max is a comparison, from which no compiler makes vectors."""
    return _of_two("llvm.maxnum")


@_intrinsic
def fmin(_context: Any, one: Any, other: Any) -> Any:
    """Of two float32."""
    return _of_two("llvm.minnum")


@_intrinsic
def _ask_for(_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        where, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [where, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", (where,), kind)
        to_read, data = number(0), number(1)
        builder.call(prefetch, [builder.inttoptr(values[0], where), to_read, number(_SECOND_CACHE), data])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@jit
def prefetch(rows: Any, first: Any, n: Any, ahead_bytes: Any) -> None:
    """Have memory bring what lies so far behind these rows, whose shape is (…, width), to the processor's cache."""
    size = rows.shape[1] * rows.itemsize
    start = rows.ctypes.data + first * size + ahead_bytes
    for offset in range(0, n * size, LINE_BYTES):
        _ask_for(start + offset)


def _rest(builder: Any) -> None:
    """The processor's hint that a loop waits."""
    number = ir.IntType(32)
    name, given = ("llvm.aarch64.hint", [number(1)]) if IS_ARM else ("llvm.x86.sse2.pause", [])
    kind = ir.FunctionType(ir.VoidType(), [number] * len(given))
    builder.call(builder.module.declare_intrinsic(name, (), kind), given)


@_intrinsic
def _come(_context: Any, address: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        number = ir.IntType(64)
        return builder.atomic_rmw("add", builder.inttoptr(values[0], number.as_pointer()), number(1), "seq_cst")

    return types.int64(types.int64), generate


@_intrinsic
def _have_come(_context: Any, address: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        _rest(builder)
        return builder.load_atomic(builder.inttoptr(values[0], ir.IntType(64).as_pointer()), "acquire", 8)

    return types.int64(types.int64), generate


@jit
def barrier(arrivals: Any, n: Any) -> None:
    """Wait until all n threads have come as often as this one; `arrivals`: int64, shape (1,), of all so far.

    The wait takes a processor: it is for threads that arrive within microseconds of each other.
    """
    address = arrivals.ctypes.data
    awaited = (_come(address) // n + 1) * n
    while _have_come(address) < awaited:
        pass


@jit
def power_of_two(n: Any) -> Any:
    """2 ** n for a whole number in float32, -126 to 127."""
    return _float_of_bits((np.int32(n) + np.int32(127)) << np.int32(23))


@jit
def exp(x: Any) -> Any:
    """e ** x for x ≤ 0 within 2e-7 of one, in a form that compilers turn into vectors (Cephes' expf)."""
    x = fmax(x, _LEAST_EXPONENT)
    n = np.floor(x * LOG2_E + HALF)
    x = x - n * _LN2_HIGH - n * _LN2_LOW
    y = np.float32(1.9875691500e-4)
    y = y * x + np.float32(1.3981999507e-3)
    y = y * x + np.float32(8.3334519073e-3)
    y = y * x + np.float32(4.1665795894e-2)
    y = y * x + np.float32(1.6666665459e-1)
    y = y * x + np.float32(5.0000001201e-1)
    y = y * x * x + x + ONE
    return y * power_of_two(n)

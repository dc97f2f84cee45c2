"""What numba lacks: half-precision loads, raw addresses, prefetching, shared counters, fmax, a fast exponential."""

import os
import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from localwhisper.engine.kernels.jit import intrinsic, jit

PREFETCH_BYTES = 8192  # how far ahead to prefetch; the hardware prefetcher alone takes up to twice as long
LINE_BYTES, _L2_CACHE = 64, 2
MAX_SPINS, NAP_US = 1000, 50  # a spin takes some 20 ns
NAP_S = 1.1e-4  # how long a nap is in fact
IS_ARM = platform.machine().lower() in {"arm64", "aarch64"}
EPSILON, HALF, ONE, ZERO = np.float32(1e-5), np.float32(0.5), np.float32(1), np.float32(0)
LOWEST, LOG2_E = np.float32(-np.inf), np.float32(1.44269504)
_MIN_EXPONENT = np.float32(-60)  # negligible beside 1; below, there are denormal numbers, which can be slow
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)


@intrinsic
def to_float32(_context: Any, value: Any) -> Any:
    """The value of a stored number: int8, int16, the bits of a float16 (as uint16), or float32."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        if isinstance(value, types.Float):
            return values[0]
        if value.bitwidth == 16 and not value.signed:
            return builder.fpext(builder.bitcast(values[0], ir.HalfType()), ir.FloatType())
        return builder.sitofp(values[0], ir.FloatType())

    return types.float32(value), generate


@intrinsic
def _float_from_bits(_context: Any, bits: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def pointer(_context: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to the element type of the array `like`."""

    kind = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(kind))

    return kind(types.int64, like), generate


@intrinsic
def fmax(_context: Any, a: Any, b: Any) -> Any:
    """The larger of two float32. Python's max() is a branch, which LLVM doesn't vectorize."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        number = ir.FloatType()
        kind = ir.FunctionType(number, [number, number])
        function = builder.module.declare_intrinsic("llvm.maxnum", (number,), kind)
        return builder.call(function, values, fastmath=("nnan", "nsz"))

    return types.float32(types.float32, types.float32), generate


@intrinsic
def _prefetch_line(_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        byte_pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte_pointer, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", (byte_pointer,), kind)
        for_reading, is_data = number(0), number(1)
        builder.call(function, [builder.inttoptr(values[0], byte_pointer), for_reading, number(_L2_CACHE), is_data])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@jit
def prefetch(rows: Any, first: Any, n: Any, ahead_bytes: Any) -> None:
    """Prefetch the memory `ahead_bytes` after `n` rows from `first` on; rows: shape (n_rows, width)."""
    size = rows.shape[1] * rows.itemsize
    start = rows.ctypes.data + first * size + ahead_bytes
    for offset in range(0, n * size, LINE_BYTES):
        _prefetch_line(start + offset)


def _spin_hint(builder: Any) -> None:
    """Tell the processor that it is in a spin loop."""
    number = ir.IntType(32)
    name, arguments = ("llvm.aarch64.hint", [number(1)]) if IS_ARM else ("llvm.x86.sse2.pause", [])
    kind = ir.FunctionType(ir.VoidType(), [number] * len(arguments))
    builder.call(builder.module.declare_intrinsic(name, (), kind), arguments)


@intrinsic
def _increment(_context: Any, address: Any) -> Any:
    """Increment an int64 in memory; returns its value before."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        number = ir.IntType(64)
        return builder.atomic_rmw("add", builder.inttoptr(values[0], number.as_pointer()), number(1), "seq_cst")

    return types.int64(types.int64), generate


@intrinsic
def _poll(_context: Any, address: Any) -> Any:
    """An int64 in memory that other threads change."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        _spin_hint(builder)
        return builder.load_atomic(builder.inttoptr(values[0], ir.IntType(64).as_pointer()), "acquire", 8)

    return types.int64(types.int64), generate


@intrinsic
def _nap(_context: Any) -> Any:
    """Let the thread sleep for NAP_US, on Windows for the shortest time that it knows."""

    def generate(context: Any, builder: Any, _: Any, __: Any) -> Any:
        number = ir.IntType(32)
        name, time = ("Sleep", number(1)) if os.name == "nt" else ("usleep", number(NAP_US))
        kind = ir.FunctionType(number, [number])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [time])
        return context.get_dummy_value()

    return types.void(), generate


@jit
def claim(claimed: Any, phase: Any) -> Any:
    """The number of the next item of a phase, from 0; claimed: int64, shape (n_phases,)."""
    return _increment(claimed.ctypes.data + phase * 8)


@jit
def finish(finished: Any, phase: Any) -> None:
    """Count an item as done; finished: int64, shape (n_phases,)."""
    _increment(finished.ctypes.data + phase * 8)


@jit
def wait_for(finished: Any, phase: Any, n_items: Any, naps: Any, thread: Any) -> None:
    """Wait until all items of a phase are done: spin for some microseconds, as an item rarely takes longer, then sleep,
    as the thread that computes it has no core. `naps`: int64, shape (n_threads,), counts how often."""
    address = finished.ctypes.data + phase * 8
    n_spins = 0
    while _poll(address) < n_items:
        n_spins += 1
        if n_spins > MAX_SPINS:
            naps[thread] += 1
            _nap()


@jit
def power_of_two(n: Any) -> Any:
    """2 ** n for a whole number in float32, -126 to 127."""
    return _float_from_bits((np.int32(n) + np.int32(127)) << np.int32(23))


@jit
def exp(x: Any) -> Any:
    """e ** x for x ≤ 0, absolute error below 2e-7, in a form that LLVM vectorizes (Cephes' expf)."""
    x = fmax(x, _MIN_EXPONENT)
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

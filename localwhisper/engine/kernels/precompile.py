"""Compiles all kernels into numba's disk cache, once per machine.

That takes some 20 s, which no job should wait for, see calibration/. Until then torch computes the models; what runs
then uses the kernels as soon as they are there. If no cache folder is writable, torch always computes.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numba import typeof

from localwhisper.engine.kernels import attention_int8, linear_int8, quantize
from localwhisper.engine.kernels.decoder_step import LayerTables, Rows, Scratch, step
from localwhisper.engine.kernels.linear_weight_only import linear_kernel
from localwhisper.engine.kernels.token_choice import TimestampRules, choose_tokens
from localwhisper.engine.upstream import numba_internals

Signature = tuple[Any, tuple[Any, ...]]  # a kernel and numba's types of its arguments


class KernelCache:
    """Whether the kernels are compiled. Threading: SAFE."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._signatures = signatures
        self._is_ready = False
        self._lock = threading.Lock()

    def is_ready(self) -> bool:
        """Whether every kernel can be called without compiling it first."""
        with self._lock:
            self._is_ready = self._is_ready or all(numba_internals.load_cached(*use) for use in self._signatures)
            return self._is_ready

    def compile(self) -> None:
        """Compile all kernels on the calling thread."""
        for kernel, arguments in self._signatures:
            numba_internals.load_cached(kernel, arguments)  # removes what is damaged
            kernel.compile(arguments)


@lru_cache
def kernel_cache() -> KernelCache:
    """The process's only one: numba's compiled functions are attributes of their modules, hence process-wide too."""
    return KernelCache(signatures())


def signatures() -> list[Signature]:
    """Every kernel with every combination of argument types it is called with."""
    int64 = [np.empty((0,) * n, np.int64) for n in range(4)]
    float16, int8, int16, row = (np.empty(0, kind) for kind in (np.uint16, np.int8, np.int16, np.float32))
    x, levels, sums = (np.empty((0, 0), kind) for kind in (np.float32, np.int8, np.int32))
    number = np.float32(1)
    per_thread = np.empty((0, 0, 0), np.float32)
    scratch = Scratch(1, x, per_thread, x, x, x, x, x, row, int64[1], int64[1], int64[1])
    calls: list[tuple[Any, ...]] = []
    for like, audio_like in ((float16, int16), (int8, int8)):
        tables = LayerTables(int64[3], int64[3], int64[1], like)
        rows = Rows(int64[3], int64[3], audio_like, int64[1], int64[1])
        calls.append((step, tables, rows, scratch, 1, 0))
        calls.append((linear_kernel, x, int64[1], like, x, 0, 1))
    for like in (float16, row):  # a checkpoint's types
        calls.append((quantize.quantize_rows, np.empty((0, 0), like.dtype), levels, row, 0, 1))
    for kind in (np.int8, np.int16):
        calls.append((quantize.quantize_heads, x, 1, number, np.empty((0, 0, 0), kind), x, 1))
    calls += [
        (choose_tokens, x, int64[2], row, TimestampRules(0, 0, 0, 0), row, x, int64[1], row),
        (linear_int8.dequantize, sums, row, row, row, x, True),
        (linear_int8.gelu_and_quantize, sums, row, row, row, levels, row),
        (attention_int8.quantize_qkv, x, 1, levels, levels, levels, row, row, row),
        (attention_int8.softmax, sums, row, row, levels, row),
        (attention_int8.weighted_values, sums, row, row, x, 1),
    ]
    return [(kernel, tuple(map(typeof, arguments))) for kernel, *arguments in calls]

"""Compiling the kernels takes seconds that nobody is to wait for: a process of low priority does it, once a machine.

Until they are kept in numba's cache, models are computed by torch alone; a later load takes them into account.
Where no cache can be written it stays at that.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
from numba import typeof

from localwhisper.engine.kernels import attention_int8, decoder_step, greedy, linear_int8, linear_weight_only, quantize
from localwhisper.engine.kernels.exact_rescoring import screen

# as rows.like has them
HALF, SINGLE, BYTE, SHORT = (np.empty(0, kind) for kind in (np.uint16, np.float32, np.int8, np.int16))
FORMATS = frozenset({"float16-rows", "int8-rows", "int8-blocks", "screened", "screened-int8"})  # that need the kernels
ATTENTION = "int8"  # and that of the encoder's

_ready = threading.Event()


def is_ready() -> bool:
    """Whether nothing would have to be compiled."""
    if not _ready.is_set() and all(_is_kept(kernel, arguments) for kernel, arguments in _uses()):
        _ready.set()
    return _ready.is_set()


def is_needed(format: str, attention: str) -> bool:
    return format in FORMATS or attention == ATTENTION


def compile_all() -> None:
    for kernel, arguments in _uses():
        _is_kept(kernel, arguments)  # clears what is damaged
        kernel.compile(arguments)


@lru_cache
def begin() -> None:
    """Compile in a process of its own, once; a thread here would keep the others from their turns."""
    command = [sys.executable, "-m", "localwhisper.engine.kernels.precompile"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    threading.Thread(target=subprocess.run, args=(command,), kwargs=quiet, name="compiling", daemon=True).start()


def _is_kept(kernel: Any, arguments: tuple[Any, ...]) -> bool:
    if arguments in kernel.overloads:
        return True
    try:
        return kernel._cache.load_overload(arguments, kernel.targetctx) is not None  # numba has no public way to ask
    except Exception:  # after a power cut, say: to be compiled anew
        with suppress(OSError):
            kernel._cache.flush()
        return False


def _uses() -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Each kernel with the types of its arguments, for each form of the weights."""
    addresses = [np.empty((0,) * n, np.int64) for n in range(4)]
    x, row = np.empty((0, 0), np.float32), np.empty(0, np.float32)
    each, (_, lengths, *_), one = np.empty((0, 0, 0), np.float32), addresses, np.float32(1)
    scratch = decoder_step.Scratch(
        x=each,
        normed=each,
        scores=x,
        qkv=x,
        attended=x,
        cross_query=x,
        hidden=x,
        products=x,
        ones=row,
        arrivals=lengths,
    )
    rows = (addresses[3], addresses[3])
    for like, audio in ((HALF, SHORT), (BYTE, BYTE)):
        given = (addresses[3], addresses[3], lengths, like, scratch, *rows, audio, lengths, lengths, 1, 1, 0, 1)
        yield decoder_step.step, tuple(map(typeof, given))
    for like in (HALF, SINGLE, BYTE):
        yield linear_weight_only.product, tuple(map(typeof, (x, lengths, like, x, 0, 1)))
    for like in (HALF, SINGLE):  # as the checkpoint is
        yield screen, tuple(map(typeof, (x, lengths, like, row, row, one, one, row, x, 1, 1, 0, 1)))
    yield greedy.best, tuple(map(typeof, (x, lengths, row)))
    whole, numbers = np.empty((0, 0), np.int32), np.empty((0, 0), np.int8)
    for stored in (np.uint16, np.float32):
        weight = np.empty((0, 0), stored)
        yield quantize.rows_to_levels, tuple(map(typeof, (weight, one, numbers, row, 0, 1)))
        yield quantize.errors_of_levels, tuple(map(typeof, (weight, numbers, row, one, row, row, 0, 1)))
    for levels in (np.int8, np.int16):
        yield quantize.heads_to_levels, tuple(map(typeof, (x, 1, one, np.empty((0, 0, 0), levels), x)))
    yield linear_int8.to_levels, tuple(map(typeof, (x, numbers, row)))
    yield linear_int8.from_sums, tuple(map(typeof, (whole, row, row, row, x)))
    yield linear_int8.add_sums, tuple(map(typeof, (whole, row, row, row, x)))
    yield linear_int8.gelu_to_levels, tuple(map(typeof, (whole, row, row, row, numbers, row)))
    yield attention_int8.to_bytes, tuple(map(typeof, (x, 1, numbers, numbers, numbers, row, row, row)))
    yield attention_int8.to_weights, tuple(map(typeof, (whole, row, row, numbers, row)))
    yield attention_int8.add_up, tuple(map(typeof, (whole, row, row, x, 1)))


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(19)
    compile_all()

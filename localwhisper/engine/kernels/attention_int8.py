"""The encoder's attention in 8 bits, half as long as in single precision where a processor multiplies bytes.

Queries, keys and values are rounded to 8 bits, each row or column with its own scale. Weights are not: most are
tiny beside the largest, and their sum counts; so they are taken in 14 bits, as two bytes that are multiplied in turn.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels.decoder_step import Array
from localwhisper.engine.kernels.primitives import HALF, LOWEST, ONE, ZERO, apart, exp, inlined, kept, larger
from localwhisper.engine.kernels.rounding import LEAST, row_to_levels

BYTE = np.float32(127)
WHOLE = np.float32(127 * 128)  # a weight of one: 127 in the higher byte, of which each counts 128
SEVEN, LOW = np.int32(7), np.int32(127)
BLOCK_ROWS = 256  # queries at once: their weights stay in a core's cache


@lru_cache
def multiplies_right() -> bool:
    """Whether torch's products of bytes are right on this processor: without instructions for them, sums of two that
    don't fit in 16 bits are cut off."""
    highest = torch.full((64, 64), 127, dtype=torch.int8)
    try:
        return all(bool((torch._int_mm(x, highest) == int(x[0, 0]) * 127 * 64).all()) for x in (highest, -highest))
    except (RuntimeError, NotImplementedError, AttributeError):
        return False


def attend(qkv: Tensor, n_head: int) -> Tensor:
    """attention.Attention. Raises RuntimeError where the processor multiplies wrong."""
    if not multiplies_right():
        raise RuntimeError("8-bit products overflow on this processor")
    n, n_ctx, width = qkv.shape
    out = qkv.new_empty(n, n_ctx, width // 3)
    for one, its in zip(qkv.contiguous(), out, strict=True):
        _attend_one(one, n_head, its)
    return out


def _attend_one(qkv: Tensor, n_head: int, out: Tensor) -> None:
    n_ctx, n_state = out.shape
    bytes_ = torch.empty(3, n_head, n_ctx, n_state // n_head, dtype=torch.int8)
    q, k, v = bytes_
    of_q, of_k, of_v = torch.empty(n_head, n_ctx), torch.empty(n_head, n_ctx), torch.empty(n_state)
    to_bytes(qkv.numpy(), q.numpy(), k.numpy(), v.numpy(), of_q.numpy(), of_k.numpy(), of_v.numpy())
    weights = torch.empty(2 * BLOCK_ROWS, n_ctx, dtype=torch.int8)
    totals = torch.empty(BLOCK_ROWS)
    for head in range(n_head):
        keys = k[head].t()
        for start in range(0, n_ctx, BLOCK_ROWS):
            rows = slice(start, min(start + BLOCK_ROWS, n_ctx))
            scores = torch._int_mm(q[head, rows], keys)
            its = weights[: 2 * len(scores)]
            to_weights(scores.numpy(), of_q[head, rows].numpy(), of_k[head].numpy(), its.numpy(), totals.numpy())
            sums = torch._int_mm(its, v[head])
            add_up(sums.numpy(), of_v.numpy(), totals.numpy(), out[rows].numpy(), head)


@kept
def to_bytes(qkv: Array, q: Array, k: Array, v: Array, of_q: Array, of_k: Array, of_v: Array) -> None:
    """float32, shape (n_ctx, 3 * n_state) → int8, each (n_head, n_ctx, n_per_head), and their scales: of each row of
    q, with what attention divides by, and of k, (n_head, n_ctx); of each column of v, (n_state,)."""
    apart()
    n_head, n_ctx, size = q.shape
    n_state = n_head * size
    share = ONE / np.sqrt(np.float32(size))
    of_v[:] = LEAST
    for i in range(n_ctx):
        row = qkv[i, 2 * n_state :]
        for j in range(n_state):
            of_v[j] = larger(of_v[j], abs(row[j]))
    for j in range(n_state):
        of_v[j] /= BYTE
    for head in range(n_head):
        first = head * size
        for i in range(n_ctx):
            of_q[head, i] = row_to_levels(qkv[i, first : first + size], BYTE, q[head, i]) * share
            of_k[head, i] = row_to_levels(qkv[i, n_state + first : n_state + first + size], BYTE, k[head, i])
            row, out, scale = (
                qkv[i, 2 * n_state + first : 2 * n_state + first + size],
                v[head, i],
                of_v[first : first + size],
            )
            for j in range(size):
                out[j] = np.int32(np.rint(row[j] / scale[j]))


@inlined
def _row_to_weights(scores: Array, of_query: float, of_keys: Array, room: Array, high: Array, low: Array) -> float:
    """Gives the weights' sum."""
    apart()
    most = LOWEST
    for j in range(len(scores)):
        room[j] = np.float32(scores[j]) * (of_keys[j] * of_query)
        most = larger(most, room[j])
    total = ZERO
    for j in range(len(scores)):
        room[j] = np.floor(exp(room[j] - most) * WHOLE + HALF)
        total += room[j]
    for j in range(len(scores)):
        level = np.int32(room[j])
        high[j] = np.int8(level >> SEVEN)
        low[j] = np.int8(level & LOW)
    return total  # type: ignore[no-any-return]


@kept
def to_weights(scores: Array, of_q: Array, of_k: Array, weights: Array, totals: Array) -> None:
    """Softmax of each row of scores, int32, shape (n_rows, n_ctx), scaled by of_q, (n_rows,), and of_k, (n_ctx,):
    into weights, int8, (2 * n_rows, n_ctx), the higher bytes and then the lower, and their totals, (≥ n_rows,)."""
    n_rows, n_ctx = scores.shape
    room = np.empty(n_ctx, np.float32)
    for row in range(n_rows):
        totals[row] = _row_to_weights(scores[row], of_q[row], of_k, room, weights[row], weights[n_rows + row])


@kept
def add_up(sums: Array, of_v: Array, totals: Array, out: Array, head: int) -> None:
    """What the weights' bytes came to, int32, shape (2 * n_rows, n_per_head), to a head's place in out, float32, shape
    (n_rows, n_state)."""
    n_rows, size = len(sums) // 2, sums.shape[1]
    first = head * size
    for row in range(n_rows):
        high, low, its = sums[row], sums[n_rows + row], out[row]
        for j in range(size):
            its[first + j] = np.float32(high[j] * 128 + low[j]) * of_v[first + j] / totals[row]

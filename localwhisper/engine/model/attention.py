"""Ways to compute the encoder's attention. What each is worth depends on the processor: calibration.py measures it."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.kernels import attention_int8
from localwhisper.engine.model.int8_gemm import require_bytes
from localwhisper.engine.model.linear_formats import onednn
from localwhisper.engine.threads import divided, one_thread

# queries, keys and values one behind the other, shape (n, n_ctx, 3 * n_state), and the number of heads → the same
# type, shape (n, n_ctx, n_state); float32 but for linears.HALVES
Attention = Callable[[Tensor, int], Tensor]

BLOCK_ROWS = 256  # queries at once: their weights stay in a core's cache
BYTES_ROWS = 128  # in bytes: so do their scores, which torch writes from anew


def heads(x: Tensor, n_head: int) -> Tensor:
    """(n, n_ctx, n_state) → (n, n_head, n_ctx, n_state / n_head), a view."""
    return x.view(*x.shape[:2], n_head, -1).transpose(1, 2)


def joined_heads(x: Tensor) -> Tensor:
    """(n, n_head, n_ctx, n_per_head) → (n, n_ctx, n_state)."""
    return x.transpose(1, 2).flatten(start_dim=2)


def _by_torch(dtype: torch.dtype, qkv: Tensor, n_head: int) -> Tensor:
    q, k, v = (heads(part, n_head).to(dtype) for part in qkv.chunk(3, dim=-1))
    return joined_heads(F.scaled_dot_product_attention(q, k, v)).to(qkv.dtype)


def _in_blocks(qkv: Tensor, n_head: int) -> Tensor:
    """Single precision by oneDNN's products, which torch's own attention hasn't got."""
    n, n_ctx, width = qkv.shape
    size = width // 3 // n_head
    parts = qkv.view(n, n_ctx, 3, n_head, size)
    queries = (parts[:, :, 0] * size**-0.5).transpose(1, 2).contiguous()
    keys = parts[:, :, 1].transpose(1, 2).contiguous()
    values = parts[:, :, 2].permute(0, 2, 3, 1).contiguous()
    out = qkv.new_empty(n, n_ctx, n_head, size)
    for i in range(n):
        for head in range(n_head):
            for start in range(0, n_ctx, BLOCK_ROWS):
                rows = slice(start, start + BLOCK_ROWS)
                weights = onednn(queries[i, head, rows], keys[i, head], None)
                torch.softmax(weights, dim=-1, out=weights)
                out[i, rows, head] = onednn(weights, values[i, head], None)
    return out.flatten(2)


def _in_bytes(qkv: Tensor, n_head: int) -> Tensor:
    """See attention_int8.py. Raises as require_bytes."""
    require_bytes()
    n, n_ctx, width = qkv.shape
    qkv, out = qkv.contiguous(), qkv.new_empty(n, n_ctx, width // 3)

    def work(first: int, end: int) -> None:
        with one_thread():
            for head in range(first, end):
                for one, its in zip(qkv, out, strict=True):
                    _attend_head_in_bytes(one, head, width // 3 // n_head, its)

    divided(n_head, work)
    return out


def _attend_head_in_bytes(qkv: Tensor, head: int, size: int, out: Tensor) -> None:
    n_ctx = len(qkv)
    q, k, v = torch.empty(3, n_ctx, size, dtype=torch.int8)
    of_q, of_k, of_v = np.empty(n_ctx, np.float32), np.empty(n_ctx, np.float32), np.empty(size, np.float32)
    attention_int8.to_bytes(qkv.numpy(), head, q.numpy(), k.numpy(), v.numpy(), of_q, of_k, of_v)
    scores = torch.empty(BYTES_ROWS, n_ctx, dtype=torch.int32)
    weights = torch.empty(2 * BYTES_ROWS, n_ctx, dtype=torch.int8)
    totals = np.empty(BYTES_ROWS, np.float32)
    for start in range(0, n_ctx, BYTES_ROWS):
        rows = slice(start, min(start + BYTES_ROWS, n_ctx))
        n = rows.stop - start
        torch._int_mm(q[rows], k.t(), out=scores[:n])
        attention_int8.to_weights(scores[:n].numpy(), of_q[rows], of_k, weights[: 2 * n].numpy(), totals)
        sums = torch._int_mm(weights[: 2 * n], v)
        attention_int8.add_up(sums.numpy(), of_v, totals, out[rows].numpy(), head)


ATTENTIONS: Mapping[str, Attention] = {
    "float32": partial(_by_torch, torch.float32),
    "float32-blocks": _in_blocks,
    "bfloat16": partial(_by_torch, torch.bfloat16),
    "float16": partial(_by_torch, torch.float16),
    "int8": _in_bytes,
}

"""The encoder's self-attention, in the variants that the linear formats name."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.kernels import attention_int8
from localwhisper.engine.model.int8_gemm import require_int8_matmul
from localwhisper.engine.threads import ThreadTeam
from localwhisper.engine.upstream import torch_internals

# concatenated queries, keys and values, shape (n, n_ctx, 3 * n_state), and the number of heads → the same type, shape
# (n, n_ctx, n_state)
Attention = Callable[[Tensor, int, ThreadTeam], Tensor]

INT8_BLOCK_ROWS = 256  # queries at a time: their weights stay in a core's cache


def _by_torch(dtype: torch.dtype, qkv: Tensor, n_head: int, team: ThreadTeam) -> Tensor:
    n, n_ctx, width = qkv.shape
    q, k, v = qkv.view(n, n_ctx, 3, n_head, -1).permute(2, 0, 3, 1, 4).to(dtype)  # each (n, n_head, n_ctx, n_per_head)
    out = qkv.new_empty(n, n_head, n_ctx, width // 3 // n_head)

    def attend(first: int, end: int) -> None:
        heads = slice(first, end)
        out[:, heads] = F.scaled_dot_product_attention(q[:, heads], k[:, heads], v[:, heads])

    team.for_spans(n_head, 1, attend)
    return out.transpose(1, 2).flatten(2)


def _in_int8(qkv: Tensor, n_head: int, team: ThreadTeam) -> Tensor:
    """Compute attention in int8, see kernels/attention_int8.py. Raises as require_int8_matmul."""
    require_int8_matmul()
    n, n_ctx, width = qkv.shape
    qkv, out = qkv.contiguous(), qkv.new_empty(n, n_ctx, width // 3)

    def attend(first: int, end: int) -> None:
        for i, head in product(range(n), range(first, end)):
            _attend_head_in_int8(qkv[i], head, width // 3 // n_head, out[i])

    team.for_spans(n_head, 1, attend)
    return out


def _attend_head_in_int8(qkv: Tensor, head: int, size: int, out: Tensor) -> None:
    n_ctx = len(qkv)
    q, k, v = torch.empty(3, n_ctx, size, dtype=torch.int8)
    q_scales, k_scales, v_scales = (np.empty(n, np.float32) for n in (n_ctx, n_ctx, size))
    attention_int8.quantize_qkv(qkv.numpy(), head, q.numpy(), k.numpy(), v.numpy(), q_scales, k_scales, v_scales)
    scores = torch.empty(INT8_BLOCK_ROWS, n_ctx, dtype=torch.int32)
    weights = torch.empty(2 * INT8_BLOCK_ROWS, n_ctx, dtype=torch.int8)
    sums = torch.empty(2 * INT8_BLOCK_ROWS, size, dtype=torch.int32)
    totals = np.empty(INT8_BLOCK_ROWS, np.float32)
    for start in range(0, n_ctx, INT8_BLOCK_ROWS):
        rows = slice(start, min(start + INT8_BLOCK_ROWS, n_ctx))
        n = rows.stop - start
        torch_internals.int8_matmul(q[rows], k.t(), scores[:n])
        attention_int8.softmax(scores[:n].numpy(), q_scales[rows], k_scales, weights[: 2 * n].numpy(), totals)
        torch_internals.int8_matmul(weights[: 2 * n], v, sums[: 2 * n])
        attention_int8.weighted_values(sums[: 2 * n].numpy(), v_scales, totals, out[rows].numpy(), head)


ATTENTIONS: Mapping[str, Attention] = {
    "float32": partial(_by_torch, torch.float32),
    "bfloat16": partial(_by_torch, torch.bfloat16),
    "float16": partial(_by_torch, torch.float16),
    "int8": _in_int8,
}

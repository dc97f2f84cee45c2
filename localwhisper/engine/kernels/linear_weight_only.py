"""Linear layers over stored weights (int8, float16 or float32) for a few rows, with float32 arithmetic.

Each weight is read once for several rows: reading them is most of a token's time.
"""

from collections.abc import Callable

import numba

from localwhisper.engine.kernels.intrinsics import PREFETCH_BYTES, ZERO, pointer, prefetch, to_float32
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors
from localwhisper.engine.upstream.numba_internals import with_item


def _tile(n_rows: int, n_out: int) -> Callable[[Array, int, Array, int, Array], None]:
    """The function that computes n_rows rows and n_out columns of a product at once, from `row` and `o` on; its sums
    are in registers."""
    n = n_rows * n_out
    zeros = (ZERO,) * n

    @jit
    def compute(x: Array, row: int, weight: Array, o: int, out: Array) -> None:
        noinline_wide_vectors()
        rows, columns, sums = x[row : row + n_rows], weight[o : o + n_out], zeros
        for i in range(x.shape[1]):
            for k in range(n):
                product = rows[k % n_rows, i] * to_float32(columns[k // n_rows, i])
                sums = with_item(sums, k, sums[k] + product)
        for k in range(n):
            out[row + k % n_rows, o + k // n_rows] = sums[k]

    return compute  # type: ignore[no-any-return]


_1_by_2, _2_by_2, _4_by_2, _5_by_2 = (_tile(n_rows, 2) for n_rows in (1, 2, 4, 5))


@jit
def _dot_products(x: Array, weight: Array, out: Array, first: int, end: int) -> None:
    """out[row, o] = x[row] · weight[o] for the two or more o from `first` to `end`.

    One row of weights at a time, as memory is fastest in sequence; for several rows of x, which take longer to compute
    than to read, two, and four or five rows of x together: there are usually five beams, and five higher temperatures.
    Where one row of weights is left over, the one before it is computed again.
    """
    noinline_wide_vectors()
    n_rows = x.shape[0]
    if n_rows == 1:
        for o in range(first, end):
            prefetch(weight, o, 1, PREFETCH_BYTES)
            total = ZERO
            for i in range(x.shape[1]):
                total += x[0, i] * to_float32(weight[o, i])
            out[0, o] = total
        return
    for start in range(first, end, 2):
        o = min(start, end - 2)
        prefetch(weight, o, 2, PREFETCH_BYTES)
        row = 0
        while row < n_rows:
            if (n_rows - row) % 5 == 0:
                _5_by_2(x, row, weight, o, out)
                row += 5
            elif n_rows - row >= 4:
                _4_by_2(x, row, weight, o, out)
                row += 4
            elif n_rows - row >= 2:
                _2_by_2(x, row, weight, o, out)
                row += 2
            else:
                _1_by_2(x, row, weight, o, out)
                row += 1


@jit
def linear(x: Array, weights: Array, like: Array, out: Array, first: int, end: int) -> None:
    """out = x W + b, for the columns from `first` to `end`.

    `weights`: int64, shape (3,), the addresses of a matrix (n_out, n_in), of its rows' scales and of the bias, both
    (n_out,); `like`: an empty array of the matrix's type.
    """
    noinline_wide_vectors()
    n_out = out.shape[1]
    weight = numba.carray(pointer(weights[0], like), (n_out, x.shape[1]))
    scales = numba.carray(pointer(weights[1], x), (n_out,))
    bias = numba.carray(pointer(weights[2], x), (n_out,))
    _dot_products(x, weight, out, first, end)
    for row in range(x.shape[0]):
        for o in range(first, end):
            out[row, o] = out[row, o] * scales[o] + bias[o]


@jit_cached
def linear_kernel(x: Array, weights: Array, like: Array, out: Array, first: int, end: int) -> None:
    """linear(), callable from Python."""
    linear(x, weights, like, out, first, end)

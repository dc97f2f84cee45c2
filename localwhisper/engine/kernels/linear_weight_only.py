"""Linear layers over stored weights (int8, float16 or float32) for a few rows, with float32 arithmetic.

Each weight is read once for four rows: reading them is most of a token's time.
"""

import numba

from localwhisper.engine.kernels.intrinsics import PREFETCH_BYTES, ZERO, pointer, prefetch, to_float32
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors


@jit
def _dot_products(x: Array, weight: Array, out: Array, first: int, end: int) -> None:
    """out[row, o] = x[row] · weight[o] for the two or more o from `first` to `end`.

    One row of weights at a time, as memory is fastest in sequence; for several rows of x, which take longer to compute
    than to read, two, and four or five rows of x together: there are usually five beams, and five higher temperatures.
    Where one row of weights is left over, the one before it is computed again.
    """
    noinline_wide_vectors()
    n_rows, n = x.shape
    if n_rows == 1:
        x0, y0 = x[0], out[0]
        for o in range(first, end):
            prefetch(weight, o, 1, PREFETCH_BYTES)
            w0 = weight[o]
            a = ZERO
            for i in range(n):
                a += x0[i] * to_float32(w0[i])
            y0[o] = a
    else:
        n_in_fours = n_rows // 4 * 4 - (4 if n_rows % 4 == 1 else 0)
        for start in range(first, end, 2):
            o = min(start, end - 2)
            prefetch(weight, o, 2, PREFETCH_BYTES)
            w0, w1 = weight[o], weight[o + 1]
            for row in range(0, n_in_fours, 4):
                x0, x1, x2, x3 = x[row], x[row + 1], x[row + 2], x[row + 3]
                a = b = c = d = e = f = g = h = ZERO
                for i in range(n):
                    v0, v1 = to_float32(w0[i]), to_float32(w1[i])
                    a += x0[i] * v0
                    b += x1[i] * v0
                    c += x2[i] * v0
                    d += x3[i] * v0
                    e += x0[i] * v1
                    f += x1[i] * v1
                    g += x2[i] * v1
                    h += x3[i] * v1
                out[row, o], out[row + 1, o], out[row + 2, o], out[row + 3, o] = a, b, c, d
                out[row, o + 1], out[row + 1, o + 1], out[row + 2, o + 1], out[row + 3, o + 1] = e, f, g, h
            row = n_in_fours
            if n_rows % 4 == 1:
                x0, x1, x2, x3, x4 = x[row], x[row + 1], x[row + 2], x[row + 3], x[row + 4]
                a = b = c = d = e = f = g = h = k = m = ZERO
                for i in range(n):
                    v0, v1 = to_float32(w0[i]), to_float32(w1[i])
                    a += x0[i] * v0
                    b += x1[i] * v0
                    c += x2[i] * v0
                    d += x3[i] * v0
                    e += x4[i] * v0
                    f += x0[i] * v1
                    g += x1[i] * v1
                    h += x2[i] * v1
                    k += x3[i] * v1
                    m += x4[i] * v1
                out[row, o], out[row + 1, o], out[row + 2, o], out[row + 3, o], out[row + 4, o] = a, b, c, d, e
                o += 1
                out[row, o], out[row + 1, o], out[row + 2, o], out[row + 3, o], out[row + 4, o] = f, g, h, k, m
            elif n_rows % 4 >= 2:
                x0, x1 = x[row], x[row + 1]
                a = b = c = d = ZERO
                for i in range(n):
                    v0, v1 = to_float32(w0[i]), to_float32(w1[i])
                    a += x0[i] * v0
                    b += x0[i] * v1
                    c += x1[i] * v0
                    d += x1[i] * v1
                out[row, o], out[row, o + 1], out[row + 1, o], out[row + 1, o + 1] = a, b, c, d
                row += 2
            if n_rows % 4 == 3:
                x0 = x[row]
                a = b = ZERO
                for i in range(n):
                    a += x0[i] * to_float32(w0[i])
                    b += x0[i] * to_float32(w1[i])
                out[row, o], out[row, o + 1] = a, b


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

"""Linear layers over stored weights for a few rows, compiled: int8, half or single precision weights, read once for
four rows; the arithmetic is in single precision."""

import numba

from localwhisper.engine.kernels.intrinsics import (
    AHEAD_BYTES,
    ZERO,
    Array,
    barrier,
    float32,
    jit,
    jit_cached,
    noinline,
    pointer,
    prefetch,
)


@jit
def _products(x: Array, weight: Array, out: Array, first: int, end: int) -> None:
    """out[row, o] = x[row] · weight[o] for two or more o; x has one row or two, or a multiple of four.

    A row of weights at a time, as memory is quickest from end to end; for several rows of x two, as those take longer
    to compute: where one row is left, the one before is computed again.
    """
    noinline()
    n_rows, n = x.shape
    if n_rows == 1:
        y, found = x[0], out[0]
        for o in range(first, end):
            prefetch(weight, o, 1, AHEAD_BYTES)
            w0 = weight[o]
            a = ZERO
            for i in range(n):
                a += y[i] * float32(w0[i])
            found[o] = a
    elif n_rows == 2:
        y, z, found, others = x[0], x[1], out[0], out[1]
        for start in range(first, end, 2):
            o = min(start, end - 2)
            prefetch(weight, o, 2, AHEAD_BYTES)
            w0, w1 = weight[o], weight[o + 1]
            a = b = c = d = ZERO
            for i in range(n):
                v0, v1 = float32(w0[i]), float32(w1[i])
                a += y[i] * v0
                b += y[i] * v1
                c += z[i] * v0
                d += z[i] * v1
            found[o], found[o + 1], others[o], others[o + 1] = a, b, c, d
    else:
        for start in range(first, end, 2):
            o = min(start, end - 2)
            prefetch(weight, o, 2, AHEAD_BYTES)
            w0, w1 = weight[o], weight[o + 1]
            for row in range(0, n_rows - 3, 4):
                y0, y1, y2, y3 = x[row], x[row + 1], x[row + 2], x[row + 3]
                a = b = c = d = e = f = g = h = ZERO
                for i in range(n):
                    v0, v1 = float32(w0[i]), float32(w1[i])
                    a += y0[i] * v0
                    b += y1[i] * v0
                    c += y2[i] * v0
                    d += y3[i] * v0
                    e += y0[i] * v1
                    f += y1[i] * v1
                    g += y2[i] * v1
                    h += y3[i] * v1
                out[row, o], out[row + 1, o], out[row + 2, o], out[row + 3, o] = a, b, c, d
                out[row, o + 1], out[row + 1, o + 1], out[row + 2, o + 1], out[row + 3, o + 1] = e, f, g, h


@jit
def linear(x: Array, weights: Array, like: Array, out: Array, first: int, end: int) -> None:
    """out = x W + b, from the column `first` to `end`.

    `weights`: int64, shape (3,), where a matrix (n_out, n_in), the scales of its rows and its bias (n_out,) lie.
    """
    noinline()
    n_out = out.shape[1]
    weight = numba.carray(pointer(weights[0], like), (n_out, x.shape[1]))
    scale = numba.carray(pointer(weights[1], x), (n_out,))
    bias = numba.carray(pointer(weights[2], x), (n_out,))
    _products(x, weight, out, first, end)
    for row in range(x.shape[0]):
        for o in range(first, end):
            out[row, o] = out[row, o] * scale[o] + bias[o]


@jit
def add_linear(
    given: Array,
    weights: Array,
    like: Array,
    products: Array,
    x: Array,
    first: int,
    end: int,
    arrivals: Array,
    n_parts: int,
) -> None:
    """x += given W + b, all of it: each part computes its columns of the products, and adds those of all parts."""
    noinline()
    linear(given, weights, like, products, first, end)
    barrier(arrivals, n_parts)
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[row, i] += products[row, i]


@jit_cached
def product(x: Array, weights: Array, like: Array, out: Array, first: int, end: int) -> None:
    """out, shape (n_rows, n_out) = x W + b, from the column `first` to `end`; see linear, and for rows _products."""
    linear(x, weights, like, out, first, end)

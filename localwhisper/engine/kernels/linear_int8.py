"""The steps after a product of int8 matrices: converting its integer sums to float32, and GELU between two layers."""

import numpy as np

from localwhisper.engine.kernels.intrinsics import HALF, fmax
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors
from localwhisper.engine.kernels.quantize import INT8_MAX, MIN_PEAK

GELU_RANGE = np.float32(4)  # beyond ±4 the normal distribution function counts as 0 or 1
# the function less 1/2, divided by x, in powers of x ** 2; fitted to be within 4e-5 once multiplied by x
_COEFFICIENTS = (
    3.9867339e-01,
    -6.5887839e-02,
    9.5053958e-03,
    -1.0064895e-03,
    7.4854914e-05,
    -3.6571212e-06,
    1.0419553e-07,
    -1.3012854e-09,
)
C0, C1, C2, C3, C4, C5, C6, C7 = map(np.float32, _COEFFICIENTS)


@jit_cached
def dequantize(sums: Array, x_scales: Array, weight_scales: Array, bias: Array, out: Array, accumulate: bool) -> None:
    """out = sums · x_scales · weight_scales + bias, or added to `out`.

    sums: int32, shape (n_rows, n_out); x_scales: (≥ n_rows,); weight_scales and bias: (n_out,); out: float32.
    """
    noinline_wide_vectors()
    for row in range(len(sums)):
        row_sums, y, scale = sums[row], out[row], x_scales[row]
        if accumulate:
            for o in range(len(row_sums)):
                y[o] += np.float32(row_sums[o]) * (weight_scales[o] * scale) + bias[o]
        else:
            for o in range(len(row_sums)):
                y[o] = np.float32(row_sums[o]) * (weight_scales[o] * scale) + bias[o]


@jit
def _gelu(x: float) -> float:
    """Absolute error below 1e-4 within GELU_RANGE, relative beyond: a hundredth of what int8 costs."""
    y = fmax(-fmax(-x, -GELU_RANGE), -GELU_RANGE)  # clamped
    z = y * y
    p = ((((((C7 * z + C6) * z + C5) * z + C4) * z + C3) * z + C2) * z + C1) * z + C0
    return x * (p * y + HALF)  # type: ignore[no-any-return]


@jit_cached
def gelu_and_quantize(
    sums: Array, x_scales: Array, weight_scales: Array, bias: Array, levels: Array, scales: Array
) -> None:
    """GELU of what dequantize() gives, quantized again: levels, int8, shape (n_rows, n_out), scales, (≥ n_rows,)."""
    noinline_wide_vectors()
    n = sums.shape[1]
    y = np.empty(n, np.float32)
    for row in range(len(sums)):
        row_sums, out, scale = sums[row], levels[row], x_scales[row]
        peak = MIN_PEAK
        for o in range(n):
            y[o] = _gelu(np.float32(row_sums[o]) * (weight_scales[o] * scale) + bias[o])
            peak = fmax(peak, abs(y[o]))
        inverse = INT8_MAX / peak
        for o in range(n):
            out[o] = np.int32(np.rint(y[o] * inverse))
        scales[row] = peak / INT8_MAX

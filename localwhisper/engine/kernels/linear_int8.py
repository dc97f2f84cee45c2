"""What is around a product of bytes: numbers to bytes, each row with its own scale, and the sums back to numbers."""

import numpy as np

from localwhisper.engine.kernels.intrinsics import HALF, Array, fmax, fmin, jit, jit_cached, noinline
from localwhisper.engine.kernels.quantize import LEAST, row_to_levels

BYTE = np.float32(127)
FLAT = np.float32(4)  # beyond which the normal distribution counts as nothing or one
# its odd part by x, in powers of x ** 2, fitted for x times it to be right within 4e-5
_ODD_PART = (
    3.9867339e-01,
    -6.5887839e-02,
    9.5053958e-03,
    -1.0064895e-03,
    7.4854914e-05,
    -3.6571212e-06,
    1.0419553e-07,
    -1.3012854e-09,
)
G0, G1, G2, G3, G4, G5, G6, G7 = map(np.float32, _ODD_PART)


@jit_cached
def to_levels(x: Array, levels: Array, scale: Array) -> None:
    """float32, shape (n_rows, n) → int8, of that shape, and the scale of each row, float32, (≥ n_rows,)."""
    for row in range(len(x)):
        scale[row] = row_to_levels(x[row], BYTE, levels[row])


@jit_cached
def from_sums(sums: Array, of_x: Array, of_weight: Array, bias: Array, out: Array) -> None:
    """int32, shape (n_rows, n_out), scaled by of_x, (≥ n_rows,), and of_weight, (n_out,), with the bias: to out,
    float32."""
    noinline()
    for row in range(len(sums)):
        found, its, scale = sums[row], out[row], of_x[row]
        for o in range(len(found)):
            its[o] = np.float32(found[o]) * (of_weight[o] * scale) + bias[o]


@jit_cached
def add_sums(sums: Array, of_x: Array, of_weight: Array, bias: Array, out: Array) -> None:
    """from_sums, added to what out is."""
    noinline()
    for row in range(len(sums)):
        found, its, scale = sums[row], out[row], of_x[row]
        for o in range(len(found)):
            its[o] += np.float32(found[o]) * (of_weight[o] * scale) + bias[o]


@jit
def _gelu(x: float) -> float:
    """Within 1e-4, relative to x beyond FLAT: a hundredth of what rounding to bytes costs."""
    y = fmax(fmin(x, FLAT), -FLAT)
    z = y * y
    p = ((((((G7 * z + G6) * z + G5) * z + G4) * z + G3) * z + G2) * z + G1) * z + G0
    return x * (p * y + HALF)  # type: ignore[no-any-return]


@jit_cached
def gelu_to_levels(sums: Array, of_x: Array, of_weight: Array, bias: Array, levels: Array, scale: Array) -> None:
    """The GELU of what from_sums gives, as to_levels has it."""
    noinline()
    n = sums.shape[1]
    room = np.empty(n, np.float32)
    for row in range(len(sums)):
        found, its, by = sums[row], levels[row], of_x[row]
        most = LEAST
        for o in range(n):
            room[o] = _gelu(np.float32(found[o]) * (of_weight[o] * by) + bias[o])
            most = fmax(most, abs(room[o]))
        share = BYTE / most
        for o in range(n):
            its[o] = np.int32(np.rint(room[o] * share))
        scale[row] = most / BYTE

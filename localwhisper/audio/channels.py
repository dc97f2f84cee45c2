"""Whether mixing the two channels of a recording loses what is said in it."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEVEL_RATE = 8000  # Hz: enough for levels
BLOCK_SAMPLES = LEVEL_RATE // 2
MAX_CORRELATION = -0.6  # below it the channels cancel each other out; unrelated ones have 0, an inverted one -1
ONE_SIDED = 1e-3  # -30 dB: in no half second a channel is louder than that beside the other's loudest
_MIN_POWER = 1.0  # of 16-bit samples: below it is silence

Fault = Literal["channel_inverted", "channel_one_sided"]


class StereoLevels:
    """Collects the levels of two channels."""

    def __init__(self) -> None:
        self._waiting: list[NDArray[np.int16]] = []
        self._n_waiting = 0
        self._products = np.zeros(3)  # sums of left², right², left × right
        self._loudest = np.zeros(2)  # mean square of the loudest block of each

    def add(self, samples: NDArray[np.int16]) -> None:
        """`samples`: int16, shape (n, 2), at LEVEL_RATE."""
        self._waiting.append(samples)
        self._n_waiting += len(samples)
        if self._n_waiting >= BLOCK_SAMPLES:
            self._add_block(np.concatenate(self._waiting).astype(np.float64))
            self._waiting, self._n_waiting = [], 0

    def _add_block(self, block: NDArray[np.float64]) -> None:
        left, right = block[:, 0], block[:, 1]
        products = np.array([left @ left, right @ right, left @ right])
        self._products += products
        self._loudest = np.maximum(self._loudest, products[:2] / len(block))

    def fault(self) -> tuple[Fault, int] | None:
        """What is wrong with the mix of both, and which channel to take alone, from 0. None if nothing is."""
        if self._waiting:
            self._add_block(np.concatenate(self._waiting).astype(np.float64))
            self._waiting = []
        louder = int(self._loudest.argmax())
        if self._loudest[louder] < _MIN_POWER:
            return None
        if self._loudest[1 - louder] < ONE_SIDED * self._loudest[louder]:
            return "channel_one_sided", louder
        left, right, both = self._products
        if both < MAX_CORRELATION * np.sqrt(left * right):
            return "channel_inverted", louder
        return None

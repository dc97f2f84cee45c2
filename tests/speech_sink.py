"""A SpeechSink for tests in which somebody speaks in the first second."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


class FirstSecond:
    def write(self, start: int, samples: NDArray[np.int16]) -> None: ...

    def speech(self, check: Callable[[], None]) -> tuple[tuple[float, float], ...]:
        return ((0.0, 1.0),)

    def close(self) -> None: ...

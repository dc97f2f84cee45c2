"""Silero's network, computed for whole pieces, gives what the published one gives chunk by chunk."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from localwhisper.engine.silero import CHUNK_SAMPLES, SileroVad
from tests.engine.conftest import samples_of

REFERENCE = json.loads((Path(__file__).parent / "silero_reference.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("piece_chunks", [100, 1000])
def test_the_probabilities_are_those_of_the_published_network(piece_chunks: int) -> None:
    samples = samples_of(REFERENCE["clip"]).astype(np.float32) / 32768
    n = piece_chunks * CHUNK_SAMPLES
    pieces = [samples[start : start + n] for start in range(0, len(samples), n)]
    probabilities: NDArray[np.float32] = np.concatenate([*SileroVad().probabilities(pieces)])
    np.testing.assert_allclose(probabilities, REFERENCE["probabilities"], atol=1e-4)

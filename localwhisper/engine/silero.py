"""Silero's voice activity detector: samples → the probability of speech in each chunk of 32 ms.

The published network and weights (NOTICE.md), which were written for a stream, computed here for a minute at once: the
convolutions of all its chunks are one batch, and the LSTM takes the chunks as one sequence. vad.py uses the
probabilities.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

WEIGHTS = Path(__file__).parents[1] / "assets" / "silero_vad" / "silero_vad_16k.safetensors"
CHUNK_SAMPLES = 512
PIECE_SAMPLES = 1875 * CHUNK_SAMPLES  # a minute: bounds the memory
CONTEXT_SAMPLES = 64  # of the samples before a chunk, which it is computed with
REFLECTED_SAMPLES = 64  # after a chunk
N_FFT, HOP_SAMPLES = 256, 128
STATE_SIZE = 128


class SileroVad:
    """Threading: SAFE."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._weights = load_file(weights)
        self._hann_window = torch.hann_window(N_FFT)  # the weights' stft_conv is this window times the Fourier basis
        self._lstm = torch.nn.LSTM(STATE_SIZE, STATE_SIZE)
        self._lstm.load_state_dict(
            {
                f"{name}_l0": self._weights[f"lstm_cell.{name}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
        )

    def probabilities(self, pieces: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """For each piece of a recording the probability of speech in each of its chunks, shape (n_chunks,).

        `pieces`: samples, PIECE_SAMPLES each but the last, whose last chunk is zero-padded.
        """
        stream = SileroStream(self)
        for piece in pieces:
            yield stream.probabilities(piece)

    def judge(self, samples: Tensor, state: tuple[Tensor, Tensor]) -> tuple[NDArray[np.float32], tuple[Tensor, Tensor]]:
        """The probability of speech in each chunk of samples that begin with the context; the state after them."""
        with torch.inference_mode():
            outputs, state = self._lstm(self._features(samples)[:, None], state)
            outputs = F.conv1d(outputs.relu().transpose(1, 2), *self._convolution("final_conv"))
            return outputs.sigmoid().flatten().numpy(), state

    def _features(self, samples: Tensor) -> Tensor:
        """What the LSTM reads of each chunk, shape (n_chunks, STATE_SIZE). `samples` begin with the context."""
        chunks = samples.unfold(0, CONTEXT_SAMPLES + CHUNK_SAMPLES, CHUNK_SAMPLES)
        frames = F.pad(chunks, (0, REFLECTED_SAMPLES), mode="reflect").unfold(1, N_FFT, HOP_SAMPLES)
        x: Tensor = torch.fft.rfft(frames * self._hann_window).abs().transpose(1, 2)
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
            x = F.conv1d(x, *self._convolution(name), stride=stride, padding=1).relu()
        return x.squeeze(-1)

    def _convolution(self, name: str) -> tuple[Tensor, Tensor]:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]


class SileroStream:
    """The probabilities of a recording that arrives in pieces. Threading: one thread at a time."""

    def __init__(self, vad: SileroVad) -> None:
        self._vad = vad
        self._context = torch.zeros(CONTEXT_SAMPLES)
        self._state = (torch.zeros(1, 1, STATE_SIZE), torch.zeros(1, 1, STATE_SIZE))

    def probabilities(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of speech in each chunk of the next piece: whole chunks; the last piece's is zero-padded."""
        samples = torch.cat([self._context, torch.from_numpy(piece), torch.zeros(-len(piece) % CHUNK_SAMPLES)])
        self._context = samples[-CONTEXT_SAMPLES:]
        probabilities, self._state = self._vad.judge(samples, self._state)
        return probabilities

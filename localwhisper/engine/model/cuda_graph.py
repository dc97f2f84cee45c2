"""A decoder step captured as a CUDA graph, once for each decode, and then launched as a whole: launching its hundreds
of kernels one by one takes several times as long as they run."""

import threading
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor


class CapturedStep:
    """A captured step of one new token for each row. Threading: one thread at a time."""

    def __init__(self, step: Callable[[Tensor, Tensor], Tensor], n_rows: int, device: torch.device) -> None:
        """`step`: tokens, int64, shape (n_rows, 1), and the text's length before them, int64, shape (1,), both on the
        device → logits, shape (n_rows, n_vocab). All other tensors it uses must stay where they are.

        The thread must have computed something on the device: libraries can't be initialized during a capture.
        """
        self._tokens = torch.zeros(n_rows, 1, dtype=torch.long, device=device)
        self._length = torch.zeros(1, dtype=torch.long, device=device)
        self._graph = torch.cuda.CUDAGraph()
        stream, lock = _capture_stream(device)
        with lock, torch.cuda.device(device):
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._graph.capture_begin(capture_error_mode="thread_local")  # other threads may compute meanwhile
                try:
                    self._logits = step(self._tokens, self._length)
                finally:
                    self._graph.capture_end()
            torch.cuda.current_stream().wait_stream(stream)

    def __call__(self, tokens: Tensor, length: int) -> Tensor:
        """Logits, shape (n_rows, n_vocab), on the device, valid until the next call."""
        self._tokens.copy_(tokens)
        self._length.fill_(length)
        self._graph.replay()
        return self._logits


@lru_cache
def _capture_stream(device: torch.device) -> tuple[torch.cuda.Stream, threading.Lock]:
    """The process's only one, for one capture at a time: torch's libraries keep a workspace for every stream."""
    return torch.cuda.Stream(device), threading.Lock()  # type: ignore[no-untyped-call]

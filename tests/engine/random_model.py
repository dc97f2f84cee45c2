"""A small checkpoint of random weights, for tests that need no sensible text."""

import torch
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.plans import Plan
from tools.random_checkpoint import tensors

DIMS = ModelDimensions(80, 1500, 64, 2, 2, 51865, 448, 64, 4, 3)
TOKENS = torch.tensor([[50258, 50259, 50359, 300, 401, 7]])
REFERENCE = Plan(encoder="float32", decoder="float32")  # openai-whisper's own arithmetic on a CPU


def random_checkpoint() -> Checkpoint:
    """Its attention is sharpened, so that an error in it shows."""
    return Checkpoint("random", DIMS, tensors(DIMS))


def random_mel() -> Tensor:
    """Of two windows."""
    return torch.randn(2, 80, 3000, generator=torch.Generator().manual_seed(5))


def deviation(x: Tensor, reference: Tensor) -> float:
    """Root mean square, relative."""
    return float((x - reference).square().mean().sqrt() / reference.square().mean().sqrt())

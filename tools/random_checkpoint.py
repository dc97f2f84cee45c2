"""python -m tools.random_checkpoint tiny FILE: a checkpoint with a published model's dimensions and random weights.

Its text means nothing, but it needs the time and the memory of the real model, and no download.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor
from whisper.model import AudioEncoder, ModelDimensions, TextDecoder

# openai-whisper's and distil-whisper's model cards: n_state, n_head, layers of encoder and decoder, mels, tokens
SIZES = {
    "tiny": (384, 6, 4, 4, 80, 51865),
    "base": (512, 8, 6, 6, 80, 51865),
    "small": (768, 12, 12, 12, 80, 51865),
    "medium": (1024, 16, 24, 24, 80, 51865),
    "large-v3": (1280, 20, 32, 32, 128, 51866),
    "turbo": (1280, 20, 32, 4, 128, 51866),
    "distil-large-v3": (1280, 20, 32, 2, 128, 51866),
}
SHARPNESS = 3.0  # of queries and keys: with plain random ones attention is flat, and its errors don't show


def dimensions(size: str) -> ModelDimensions:
    n_state, n_head, n_audio_layer, n_text_layer, n_mels, n_vocab = SIZES[size]
    return ModelDimensions(n_mels, 1500, n_state, n_head, n_audio_layer, n_vocab, 448, n_state, n_head, n_text_layer)


def tensors(dims: ModelDimensions, seed: int = 0, sharpness: float = SHARPNESS) -> dict[str, Tensor]:
    """Random weights in half precision, by openai-whisper's names."""
    encoder = AudioEncoder(dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer)
    decoder = TextDecoder(dims.n_vocab, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer)
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for part, module in (("encoder", encoder), ("decoder", decoder)):
        for name, value in module.state_dict().items():
            weights[f"{part}.{name}"] = _value(name, value, generator, sharpness).half()
    return weights


def _value(name: str, old: Tensor, generator: torch.Generator, sharpness: float) -> Tensor:
    if "ln" in name.split(".")[-2:][0] or (name == "positional_embedding" and old.shape[0] > 1000):
        return old  # layer norms keep their initial values, and the encoder its sinusoids
    if name.endswith("bias"):
        return torch.zeros_like(old)
    if "embedding" in name:
        return torch.randn(old.shape, generator=generator) * 0.02
    fan_in = old[0].numel()
    scale = sharpness if name.endswith(("query.weight", "key.weight")) else 1.0
    return torch.randn(old.shape, generator=generator) * scale / fan_in**0.5


def write(size: str, path: Path) -> Path:
    """For timings alone: not sharpened, which would magnify the rounding that a plan is judged by."""
    dims = dimensions(size)
    torch.save({"dims": vars(dims), "model_state_dict": tensors(dims, sharpness=1.0)}, path)
    return path


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))

"""Which plan a model takes on this machine: every candidate is computed, checked against single precision, timed.

A slice of the model is measured, its first encoder and decoder layers and its vocabulary, which takes a second
or two for small ones. What raises, is wrong or is slower is never taken, whatever the processor is called.
"""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from whisper.audio import N_FRAMES

from localwhisper.engine.checkpoint import Checkpoint
from localwhisper.engine.decoder import Decoder, Step
from localwhisper.engine.encoder import Encoder
from localwhisper.engine.layers import Weights
from localwhisper.engine.linears import BYTES, FORMATS
from localwhisper.engine.plans import Chosen, Plan
from localwhisper.engine.state import State
from localwhisper.jobs.model import Quality

# Relative root mean square deviation from single precision that a part may have. Rounding alone gives 1e-6;
# 8-bit weights and activations give 1e-2 on real weights; a kernel that overflows gives 1e-1 and more.
TOLERANCE: dict[Quality, float] = {"exact": 1e-4, "fast": 0.05, "compact": 0.05}
ENCODERS = (("int8", "float32"), ("int8-reduced", "float32"), ("bfloat16", "bfloat16"), ("bfloat16", "float32"))
DECODERS = ("float16-packed", "int8", "int8-reduced")
ON_DEVICE = (("float16", "float16"), ("bfloat16", "bfloat16"))
REPEATS = 3
ALIKE = 1.1  # times that differ by less count as the same: the more accurate one is taken
N_TOKENS = 8  # of the text that the decoder is checked on


@dataclass(frozen=True)
class Trial:
    """One part in one format."""

    format: str
    attention: str
    work_s: float
    deviation: float


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def machine() -> str:
    """What a choice holds for."""
    parts = (platform.node(), platform.machine(), os.cpu_count(), torch.backends.cpu.get_cpu_capability(), device())
    return " ".join(map(str, (*parts, torch.__version__)))


@torch.inference_mode()
def choose(checkpoint: Checkpoint, quality: Quality, check: Callable[[], None]) -> Chosen:
    """`check` may raise between trials."""
    where = device()
    one_layer = replace(checkpoint.dims, n_audio_layer=1, n_text_layer=1)
    bench = _Bench(replace(checkpoint, dims=one_layer), torch.device(where), check)
    encoder, encoder_reference = _best(bench.encoder, ON_DEVICE if where != "cpu" else ENCODERS, quality)
    singles = [(name, "float32") for name in (("float16", "bfloat16") if where != "cpu" else DECODERS)]
    decoder, decoder_reference = _best(bench.decoder, singles, quality)
    cross, _ = _best(bench.cross, singles, quality)
    plan = Plan(
        encoder=encoder.format, attention=encoder.attention, decoder=decoder.format, cross=cross.format, device=where
    )
    return Chosen(
        plan=plan, encoder_speedup=encoder_reference.work_s / encoder.work_s,
        decoder_speedup=decoder_reference.work_s / decoder.work_s,
        deviation=max(encoder.deviation, decoder.deviation, cross.deviation),
    )  # fmt: skip


Measure = Callable[[str, str, Tensor | None], tuple[float, Tensor]]


def _best(measure: Measure, candidates: Sequence[tuple[str, str]], quality: Quality) -> tuple[Trial, Trial]:
    """The best of those that are right, and the reference, which is one of them."""
    work_s, right = measure("float32", "float32", None)
    reference = Trial("float32", "float32", work_s, 0.0)
    trials = [reference]
    for format, attention in candidates:
        try:
            work_s, found = measure(format, attention, right)
        except (RuntimeError, NotImplementedError, AttributeError):  # this torch or this processor hasn't got it
            continue
        deviation = float((found - right).square().mean().sqrt() / right.square().mean().sqrt())
        if deviation <= TOLERANCE[quality]:  # a NaN is not
            trials.append(Trial(format, attention, work_s, deviation))
    if quality == "compact":
        smallest = min(BYTES[trial.format] for trial in trials)
        return min((t for t in trials if BYTES[t.format] == smallest), key=lambda trial: trial.deviation), reference
    quick_s = min(trial.work_s for trial in trials) * ALIKE
    return min((t for t in trials if t.work_s <= quick_s), key=lambda trial: trial.deviation), reference


class _Bench:
    """The slice of a model, and inputs to compute it on."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, check: Callable[[], None]) -> None:
        self._check = check
        dims = self._dims = checkpoint.dims
        weights = Weights(checkpoint, device, check)
        self._encoder_weights, self._decoder_weights = weights.part("encoder"), weights.part("decoder")
        random = torch.Generator().manual_seed(0)
        self._mel = torch.randn(1, dims.n_mels, N_FRAMES, generator=random).to(device) * 0.5
        self._tokens = torch.randint(dims.n_vocab, (1, N_TOKENS), generator=random).to(device)
        encoder = Encoder(dims, self._encoder_weights, FORMATS["float32"], torch.float32)
        self._features = encoder(self._mel)
        single = FORMATS["float32"]
        self._cross = Decoder(dims, self._decoder_weights, single, single).cross(self._features)

    def encoder(self, format: str, attention: str, right: Tensor | None) -> tuple[float, Tensor]:
        encoder = Encoder(self._dims, self._encoder_weights, FORMATS[format], getattr(torch, attention))
        return self._timed(lambda: encoder(self._mel), 2)

    def cross(self, format: str, attention: str, right: Tensor | None) -> tuple[float, Tensor]:
        decoder = Decoder(self._dims, self._decoder_weights, FORMATS["float32"], FORMATS[format])
        return self._timed(lambda: torch.stack(list(decoder.cross(self._features)[0])), REPEATS)

    def decoder(self, format: str, attention: str, right: Tensor | None) -> tuple[float, Tensor]:
        """Timed a token at a time, as texts are decoded."""
        decoder = Decoder(self._dims, self._decoder_weights, FORMATS[format], FORMATS["float32"])

        def step() -> Tensor:
            state = State(self._cross, self._dims.n_text_ctx)
            rows = [decoder([Step(self._tokens[:, i : i + 1], state)])[0] for i in range(N_TOKENS)]
            return torch.cat(rows, dim=1)

        return self._timed(step, REPEATS)

    def _timed(self, work: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
        """The shortest of several times, and what came of it."""
        times_s = []
        for _ in range(repeats):
            self._check()
            started_s = time.perf_counter()
            found = work().float().cpu()
            times_s.append(time.perf_counter() - started_s)
        return min(times_s), found

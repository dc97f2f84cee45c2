"""Which plan a model takes on this machine: every candidate is computed, checked against single precision, timed.

A slice of the model is measured, its first layers and its vocabulary, which takes a second
or two for small ones. What raises, is wrong or is slower is never taken, whatever the processor is called.
"""

import os
import platform
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from localwhisper.engine.calibration.benchmarks import Build, Slice, Work, cross_kv_dtype
from localwhisper.engine.calibration.plan_store import MeasuredPlan, Plan
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.kernels import precompile
from localwhisper.engine.model import linear_formats
from localwhisper.engine.model.linear_formats import BYTES, HALVES
from localwhisper.options import Quality

# Relative root mean square deviation from single precision that a part may have. Rounding alone gives 1e-6;
# 8-bit weights and activations give 1e-2 on real weights; a kernel that overflows gives 1e-1 and more.
TOLERANCE: dict[Quality, float] = {"exact": 1e-4, "fast": 0.05, "compact": 0.05}
# `exact` tries what keeps single precision; `compact` takes one of the smallest for each part: to quantise what is
# streamed would take as long as it saves
ENCODERS: Mapping[Quality, Sequence[tuple[str, str]]] = {
    "exact": (("float32-packed", "float32"), ("float32-packed", "float32-blocks")),
    "fast": (
        ("int8-blocks", "int8"),
        ("int8", "float32"),
        ("bfloat16", "bfloat16"),
        ("float32-packed", "float32-blocks"),
    ),
    "compact": (("float32-streamed", "float32"), ("bfloat16-streamed", "bfloat16")),
}
CROSSES: Mapping[Quality, Sequence[str]] = {
    "exact": ("float32-packed", "float16-packed"),
    "fast": ("float32-packed", "int8-blocks", "int8"),
    "compact": ("float32-streamed",),
}
DECODERS: Mapping[Quality, Sequence[str]] = {
    "exact": ("float16-rows", "float16-packed"),
    "fast": ("int8-rows", "int8-by-row"),  # none of several jobs' rows is to depend on another
    "compact": ("int8-rows", "int8-by-row"),
}
LOGITS: Mapping[Quality, Sequence[str]] = {
    "exact": ("screened-int8", "screened", "float16-packed"),  # what can win isn't rounded
    "fast": ("int8-rows", "int8-by-row"),
    "compact": ("int8-rows", "int8-by-row"),
}
REDUCED = {"int8": "int8-reduced", "int8-by-row": "int8-reduced-by-row"}  # where sums of 8 bits would overflow
# where openai-whisper itself computes in half precision: 1e-3 and less; bfloat16 is off by ten times as much
TOLERANCE_ON_DEVICE: Mapping[Quality, float] = {**TOLERANCE, "exact": 3e-3}
# each round times every candidate, so that another load strikes all alike; there are more of them while it does
LEAST_ROUNDS, MOST_ROUNDS = 3, 15
SETTLED = 1.05  # the second shortest time by the shortest
HOPELESS, HOPELESS_AT_FIRST = 1.5, 2.0  # times the shortest: not measured any further
ENOUGH_S = 0.3  # for a part, however much else the machine does
ALIKE = 1.1  # times that differ by less count as the same: the smaller is taken, then the more accurate
VERSION = 12  # of what is measured here: a choice made by another is made again


@dataclass(frozen=True)
class Trial:
    """One part in one format."""

    format: str
    attention: str
    work_s: float
    deviation: float


def devices() -> Sequence[str]:
    """Where models may compute here, the quickest first."""
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
    return [found, "cpu"] if found else ["cpu"]


def machine(checkpoint: Checkpoint, device: str) -> str:
    """What a choice holds for: this machine, torch and its threads, content of the checkpoint, whether there were
    kernels."""
    cores = f"{os.cpu_count()}/{torch.get_num_threads()}"
    where = torch.cuda.get_device_name() if device == "cuda" else device
    parts = (platform.node(), platform.machine(), cores, torch.backends.cpu.get_cpu_capability(), where)
    norm = checkpoint.tensors["decoder.ln.weight"].float().contiguous().numpy().tobytes()
    content = zlib.crc32(norm + repr(checkpoint.dims).encode())
    return " ".join(map(str, (*parts, torch.__version__, VERSION, f"{content:08x}", precompile.is_ready())))


@torch.inference_mode()
def choose(checkpoint: Checkpoint, quality: Quality, check: Callable[[], None], device: str = "cpu") -> MeasuredPlan:
    """`check` may raise between trials. Raises RuntimeError where the device can't compute at all."""
    model = Slice(checkpoint, torch.device(device), check, decoder_bytes=2 if quality == "exact" else 1)
    return (_choose if device == "cpu" else _choose_on_device)(model, quality, check)


def _choose(model: Slice, quality: Quality, check: Callable[[], None]) -> MeasuredPlan:
    encoder, encoder_before = _best(model.encoder, _here(ENCODERS[quality]), quality, check)
    cross, _ = _best(model.cross, _single(CROSSES[quality]), quality, check)
    words, words_before = _best(model.words, _single(LOGITS[quality]), quality, check)
    model.keep_vocabulary(words.format)
    decoder, decoder_before = _best(model.decoder, _single(DECODERS[quality]), quality, check)
    plan = Plan(
        encoder=encoder.format,
        attention=encoder.attention,
        decoder=decoder.format,
        cross=cross.format,
        logits=words.format,
        audio=cross_kv_dtype(decoder.format),
    )
    return MeasuredPlan(
        plan=plan,
        encoder_speedup=encoder_before.work_s / encoder.work_s,
        decoder_speedup=(decoder_before.work_s + words_before.work_s - words.work_s) / decoder.work_s,
        deviation=max(trial.deviation for trial in (encoder, decoder, cross, words)),
    )


def _choose_on_device(model: Slice, quality: Quality, check: Callable[[], None]) -> MeasuredPlan:
    """A decoder has one format for all of its parts, as numbers aren't to change theirs on the way."""
    halves = [(name, name) for name in HALVES]
    encoder, encoder_before = _best(model.encoder, halves, quality, check, TOLERANCE_ON_DEVICE)
    decoder, decoder_before = _best(model.decoder, halves, quality, check, TOLERANCE_ON_DEVICE)
    plan = Plan(
        encoder=encoder.format,
        attention=encoder.attention,
        decoder=decoder.format,
        cross=decoder.format,
        logits=decoder.format,
        audio=cross_kv_dtype(decoder.format),
        device=model.device.type,
    )
    return MeasuredPlan(
        plan=plan,
        encoder_speedup=encoder_before.work_s / encoder.work_s,
        decoder_speedup=decoder_before.work_s / decoder.work_s,
        deviation=max(encoder.deviation, decoder.deviation),
    )


def _single(formats: Sequence[str]) -> Sequence[tuple[str, str]]:
    return _here([(format, "float32") for format in formats])


def _here(candidates: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Those for which nothing would have to be compiled, in what doesn't overflow on this processor."""
    reduced = REDUCED if linear_formats.saturates() else {}
    return [
        (reduced.get(format, format), attention)
        for format, attention in candidates
        if precompile.is_ready() or not precompile.is_needed(format, attention)
    ]


def _best(
    build: Build,
    candidates: Sequence[tuple[str, str]],
    quality: Quality,
    check: Callable[[], None],
    tolerance: Mapping[Quality, float] = TOLERANCE,
) -> tuple[Trial, Trial]:
    """The best of those that are right, and the reference, which is one of them."""
    single = ("float32", "float32")
    works, deviations = {single: build(*single)}, {single: 0.0}
    right = works[single].compared().float().cpu()
    for candidate in candidates:
        check()
        try:
            work = build(*candidate)
            check()
            found = work.compared().float().cpu()
        except (RuntimeError, NotImplementedError, AttributeError):  # this torch or this processor hasn't got it
            continue
        deviation = float((found - right).square().mean().sqrt() / right.square().mean().sqrt())
        if deviation <= tolerance[quality]:  # a NaN is not
            works[candidate], deviations[candidate] = work, deviation
            if quality == "compact" and candidate[0] == "int8-rows":
                break  # none is smaller, or more accurate of that size
    times_s = _times_s(works, check)
    every = [Trial(*candidate, times_s[candidate], deviations[candidate]) for candidate in works]
    trials = every
    if quality == "compact":
        smallest = min(BYTES[trial.format] for trial in every)
        trials = [trial for trial in every if BYTES[trial.format] == smallest]
    quick_s = min(trial.work_s for trial in trials) * ALIKE
    alike = [trial for trial in trials if trial.work_s <= quick_s]
    return min(alike, key=lambda trial: (BYTES[trial.format], trial.deviation)), every[0]


def _times_s(works: Mapping[tuple[str, str], Work], check: Callable[[], None]) -> dict[tuple[str, str], float]:
    """The shortest of each, in rounds over all. Of one thread its own time counts, not what others take of a core."""
    clock = time.thread_time if torch.get_num_threads() == 1 and devices() == ["cpu"] else time.perf_counter
    times_s: dict[tuple[str, str], list[float]] = {candidate: [] for candidate in works}
    left = list(works)
    begun_s = time.monotonic()
    for number in range(MOST_ROUNDS):
        for candidate in left:
            check()
            times_s[candidate].append(_time_s(works[candidate], clock))
        hopeless_s = (HOPELESS if number > 0 else HOPELESS_AT_FIRST) * min(map(min, times_s.values()))
        left = [candidate for candidate in left if min(times_s[candidate]) <= hopeless_s]
        if number + 1 < LEAST_ROUNDS:
            continue
        if time.monotonic() - begun_s > ENOUGH_S or all(_is_settled(times_s[candidate]) for candidate in left):
            break
    return {candidate: min(found) for candidate, found in times_s.items()}


def _time_s(work: Work, clock: Callable[[], float]) -> float:
    total_s = 0.0
    for compute in work.timed:
        work.before()
        started_s = clock()
        compute().cpu()  # a copy waits for a device
        total_s += clock() - started_s
    return total_s


def _is_settled(times_s: Sequence[float]) -> bool:
    shortest, second, *_ = sorted(times_s)
    return second <= SETTLED * shortest

"""Select the plan in which a model computes on this machine: check every candidate against float32, and time it.

A slice of the model is measured: some layers, and part of the vocabulary. What raises, is wrong or is slower is never
selected, whatever the processor is.
"""

import platform
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import torch

from localwhisper.engine.calibration.benchmarks import Benchmark, ModelSlice
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.plans import REFERENCE, MeasuredPlan, Plan, PlanStore
from localwhisper.engine.system_resources import usable_cores
from localwhisper.engine.threads import CoreBudget, use_one_thread
from localwhisper.engine.upstream.torch_internals import UNSUPPORTED
from localwhisper.options import Quality


@dataclass(frozen=True)
class Candidates:
    """Formats that may be faster than float32, or smaller."""

    encoder: Sequence[str]  # those that are most often the best first
    decoder: str


# `exact`: what keeps float32's precision. `fast`: in the decoder no row may depend on the others, which belong to other
# jobs. `compact`: the smallest; to quantize what is streamed would take as long as it saves.
ON_CPU: Mapping[Quality, Candidates] = {
    "exact": Candidates(encoder=("float32-onednn",), decoder="float16-weight-only"),
    "fast": Candidates(encoder=("int8-gemm", "int8-dynamic"), decoder="int8-weight-only"),
    "compact": Candidates(encoder=("float32-streamed", "bfloat16-streamed"), decoder="int8-weight-only"),
}
REFERENCE_FORMAT = "float32"
ON_GPU = Candidates(encoder=("float16",), decoder="float16")
# Relative root mean square deviation from float32. Rounding alone gives 1e-6; 8-bit weights and activations give 1e-2
# on real weights; a kernel that overflows gives 1e-1 and more.
TOLERANCE: Mapping[Quality, float] = {"exact": 1e-4, "fast": 0.05, "compact": 0.05}
# openai-whisper itself computes in float16 there, which gives 1e-3 and less
TOLERANCE_ON_GPU: Mapping[Quality, float] = {**TOLERANCE, "exact": 3e-3}
MIN_ROUNDS, TIMING_S = 2, 0.3  # of timing a part; the shortest time of each format counts
EQUAL_SPEED_FACTOR = 1.1  # a format must be faster by more than this factor than one that stands before it
VERSION = 18  # of the formats and of this procedure: plans of other versions are measured again


@dataclass(frozen=True)
class Measurement:
    """The time and the deviation of one part in one format."""

    format: str
    work_s: float
    deviation: float


def available_devices() -> Sequence[str]:
    """List the devices that torch can use on this machine, the fastest first."""
    gpu = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
    return [gpu, "cpu"] if gpu else ["cpu"]


def machine_key(checkpoint: Checkpoint, device: str) -> str:
    """Identify what a plan is valid for: machine, torch and its threads, the checkpoint's content, compiled kernels."""
    processor = torch.cuda.get_device_name() if device == "cuda" else device
    parts = (platform.node(), platform.machine(), usable_cores(), torch.backends.cpu.get_cpu_capability(), processor)
    norm = checkpoint.tensors["decoder.ln.weight"].float().contiguous().numpy().tobytes()
    content = zlib.crc32(norm + repr(checkpoint.dims).encode())
    return " ".join(map(str, (*parts, torch.__version__, VERSION, f"{content:08x}", kernel_cache().is_ready())))


def stored_plan(store: PlanStore, checkpoint: Checkpoint, quality: Quality, device: str) -> MeasuredPlan | None:
    """Return the plan selected on this machine before, unless it is none that would be selected now."""
    measured = store.find(checkpoint.name, quality, machine_key(checkpoint, device))
    if measured is None or measured.plan.device != device or not _can_be_used(measured.plan, quality):
        return None
    return measured


def usable_plan(name: str, quality: Quality) -> Plan | None:
    """The plan with this name, if this machine may have selected it, now or before kernels were compiled, and can
    compute in it."""
    plan = Plan.named(name)
    if plan is None or plan.device not in available_devices() or not _can_be_used(plan, quality):
        return None
    return plan


def _can_be_used(plan: Plan, quality: Quality) -> bool:
    candidates = _candidates(quality, plan.device)
    encoders, decoders = (REFERENCE.encoder, *candidates.encoder), (REFERENCE.decoder, candidates.decoder)
    return plan.encoder in encoders and plan.decoder in decoders


def _candidates(quality: Quality, device: str) -> Candidates:
    """Leave out formats that would have to be compiled."""
    if device != "cpu":
        return ON_GPU
    is_ready = kernel_cache().is_ready()
    encoder = [format for format in ON_CPU[quality].encoder if is_ready or not FORMATS[format].needs_kernels]
    return Candidates(encoder, ON_CPU[quality].decoder)


def provisional_plan(quality: Quality, device: str) -> Plan:
    """The plan for a model until one is selected: formats that are right wherever they can be built, and fast on most
    machines. Building the model raises one of UNSUPPORTED where a format isn't implemented: then REFERENCE can be used.
    """
    candidates = _candidates(quality, device)
    return Plan(encoder=candidates.encoder[0], decoder=candidates.decoder, device=device)


@torch.inference_mode()
def measure_plan(checkpoint: Checkpoint, quality: Quality, device: str = "cpu") -> MeasuredPlan:
    """Select a plan, on one thread: each core computes like this, and a busy machine doesn't change the times.

    Raises RuntimeError where the device can't compute.
    """
    use_one_thread()
    model = ModelSlice(checkpoint, torch.device(device), CoreBudget(1, is_divided=device == "cpu").team)
    candidates = _candidates(quality, device)
    tolerance = (TOLERANCE if device == "cpu" else TOLERANCE_ON_GPU)[quality]
    encoders = _measure(model.encoder, candidates.encoder, tolerance, model.evict)
    decoders = _measure(model.decoder, [candidates.decoder], tolerance, model.evict)
    encoder, decoder = (_best(measured, is_smaller=quality == "compact") for measured in (encoders, decoders))
    return MeasuredPlan(
        plan=Plan(encoder=encoder.format, decoder=decoder.format, device=device),
        encoder_speedup=encoders[-1].work_s / encoder.work_s,
        decoder_speedup=decoders[-1].work_s / decoder.work_s,
        deviation=max(encoder.deviation, decoder.deviation),
    )


def _best(measured: Sequence[Measurement], *, is_smaller: bool) -> Measurement:
    """`is_smaller`: whether any candidate is better than the reference, which is the last, as it is smaller."""
    if is_smaller and len(measured) > 1:
        measured = measured[:-1]
    shortest_s = min(m.work_s for m in measured)
    return next(m for m in measured if m.work_s <= shortest_s * EQUAL_SPEED_FACTOR)


def _measure(
    build: Callable[[str], Benchmark], candidates: Sequence[str], tolerance: float, evict: Callable[[], None]
) -> list[Measurement]:
    """Measure the candidates that are within the tolerance, and the reference, which is the last."""
    reference = build(REFERENCE_FORMAT)
    expected = [compute().float().cpu() for compute in reference]
    benchmarks, deviations = dict[str, Benchmark](), dict[str, float]()
    for format in candidates:
        try:
            benchmark = build(format)
            outputs = [compute().float().cpu() for compute in benchmark]
        except UNSUPPORTED:
            continue
        errors = [(x - y).square().mean() / y.square().mean() for x, y in zip(outputs, expected, strict=True)]
        deviation = float(torch.stack(errors).max().sqrt())
        if deviation <= tolerance:  # NaN isn't
            benchmarks[format], deviations[format] = benchmark, deviation
    benchmarks[REFERENCE_FORMAT], deviations[REFERENCE_FORMAT] = reference, 0.0
    times_s = _shortest_times_s(benchmarks, evict)
    return [Measurement(format, times_s[format], deviations[format]) for format in benchmarks]


def _shortest_times_s(benchmarks: Mapping[str, Benchmark], evict: Callable[[], None]) -> dict[str, float]:
    """Time the formats in turn, so that other load affects all of them equally, by the clock of the thread, which stops
    while others have its core."""
    clock = time.thread_time if available_devices() == ["cpu"] else time.perf_counter
    times_s = dict.fromkeys(benchmarks, float("inf"))
    deadline_s = time.monotonic() + TIMING_S
    for n_rounds in count(1):
        for format, benchmark in benchmarks.items():
            times_s[format] = min(times_s[format], _time_s(benchmark, evict, clock))
        if n_rounds >= MIN_ROUNDS and time.monotonic() > deadline_s:
            break
    return times_s


def _time_s(benchmark: Benchmark, evict: Callable[[], None], clock: Callable[[], float]) -> float:
    total_s = 0.0
    for compute in benchmark:
        evict()
        started_s = clock()
        compute().cpu()  # waits for a GPU
        total_s += clock() - started_s
    return total_s

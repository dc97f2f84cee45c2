"""Select the plan in which a model computes on this machine: check every candidate against float32, and time it.

A slice of the model is measured: some layers, and part of the vocabulary. What raises, is wrong or is slower is never
selected, whatever the processor is.
"""

import platform
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from localwhisper.engine.calibration.benchmarks import Benchmark, Build, ModelSlice
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.plans import REFERENCE, MeasuredPlan, Plan, PlanStore
from localwhisper.engine.system_resources import usable_cores
from localwhisper.engine.threads import CoreBudget, use_one_thread
from localwhisper.options import Quality


@dataclass(frozen=True)
class Candidates:
    """Formats that may be faster than float32 for a part, or smaller; the one that is most often the best first."""

    encoder: Sequence[str]
    decoder: Sequence[str]  # the first that needs no compiling is the fastest on every machine measured so far
    logits: Sequence[str]


# `exact`: what keeps float32's precision. `fast`: in the decoder and the vocabulary no row may depend on the others,
# which belong to other jobs. `compact`: the smallest; to quantize what is streamed would take as long as it saves.
ON_CPU: Mapping[Quality, Candidates] = {
    "exact": Candidates(
        encoder=("float32-onednn-attention", "float32-onednn"),
        decoder=("float16-weight-only", "float16-packed"),
        logits=("float16-weight-only", "float16-packed"),
    ),
    "fast": Candidates(
        encoder=("int8-gemm", "int8-dynamic"),
        decoder=("int8-weight-only", "int8-rowwise"),
        logits=("int8-weight-only", "int8-rowwise"),
    ),
    "compact": Candidates(
        encoder=("float32-streamed", "bfloat16-streamed"),
        decoder=("int8-weight-only", "int8-rowwise"),
        logits=("int8-weight-only", "int8-rowwise"),
    ),
}
ON_GPU = Candidates(encoder=("float16",), decoder=("float16",), logits=())  # a decoder has one format throughout
# Relative root mean square deviation from float32. Rounding alone gives 1e-6; 8-bit weights and activations give 1e-2
# on real weights; a kernel that overflows gives 1e-1 and more.
TOLERANCE: Mapping[Quality, float] = {"exact": 1e-4, "fast": 0.05, "compact": 0.05}
# openai-whisper itself computes in float16 there, which gives 1e-3 and less
TOLERANCE_ON_GPU: Mapping[Quality, float] = {**TOLERANCE, "exact": 3e-3}
# a round times every candidate, so that other load affects all of them equally; there are more rounds while times vary
MIN_ROUNDS, MAX_ROUNDS = 2, 15
STABLE_FACTOR = 1.05  # times vary no more once the second shortest is within this factor of the shortest
# a candidate slower than the fastest by this factor isn't timed any further; after the first round a larger one
DROP_FACTOR, FIRST_DROP_FACTOR = 1.5, 2.0
MAX_TIMING_S = 0.3  # for a part, even if its times still vary
# of formats whose times differ by less than this factor the smaller wins, then the more accurate, then the faster
EQUAL_SPEED_FACTOR = 1.1
MIN_DEVIATION = 1e-5  # smaller deviations are rounding and count as equal
VERSION = 16  # of the formats and of this procedure: plans of other versions are measured again


@dataclass(frozen=True)
class Measurement:
    """The time and the deviation of one part in one format."""

    format: str
    work_s: float
    deviation: float

    @property
    def weight_bytes(self) -> int:
        return FORMATS[self.format].weight_bytes


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
    if measured is None:
        return None
    candidates = _available(quality) if device == "cpu" else ON_GPU
    return measured if measured.plan.device == device and _is_among(candidates, measured.plan) else None


def usable_plan(name: str, quality: Quality) -> Plan | None:
    """The plan with this name, if this machine may have selected it, now or before kernels were compiled, and can
    compute in it."""
    plan = Plan.named(name)
    if plan is None or plan.device not in available_devices():
        return None
    if not _is_among(ON_CPU[quality] if plan.device == "cpu" else ON_GPU, plan):
        return None
    needs_kernels = any(FORMATS[format].needs_kernels for format in (plan.encoder, plan.decoder, plan.logits))
    return plan if kernel_cache().is_ready() or not needs_kernels else None


def _is_among(candidates: Candidates, plan: Plan) -> bool:
    return (
        plan.encoder in (REFERENCE.encoder, *candidates.encoder)
        and plan.decoder in (REFERENCE.decoder, *candidates.decoder)
        and plan.logits in (REFERENCE.logits, *(candidates.logits or candidates.decoder))
    )


def provisional_plan(quality: Quality, device: str) -> Plan:
    """The plan for a model until one is selected: formats that are right wherever they can be built, and fast on most
    machines. Building the model raises RuntimeError where a format isn't implemented: then REFERENCE can be used."""
    if device != "cpu":
        return Plan(encoder=ON_GPU.encoder[0], decoder=ON_GPU.decoder[0], logits=ON_GPU.decoder[0], device=device)
    candidates = _available(quality)
    return Plan(encoder=candidates.encoder[0], decoder=candidates.decoder[0], logits=candidates.logits[0])


@torch.inference_mode()
def measure_plan(
    checkpoint: Checkpoint, quality: Quality, check: Callable[[], None], device: str = "cpu"
) -> MeasuredPlan:
    """Select a plan, on one thread: each core computes like this, and a busy machine doesn't change the times.

    `check` may raise between measurements. Raises RuntimeError where the device can't compute.
    """
    use_one_thread()
    team = CoreBudget(1, is_divided=device == "cpu").team
    model = ModelSlice(checkpoint, torch.device(device), team, check)
    on_cpu = device == "cpu"
    candidates = _available(quality) if on_cpu else ON_GPU
    selector = _FormatSelector((TOLERANCE if on_cpu else TOLERANCE_ON_GPU)[quality], quality == "compact", check)
    encoder, encoder_reference = selector.select(model.encoder, candidates.encoder)
    decoder, decoder_reference = selector.select(model.decoder, candidates.decoder)
    logits, logits_reference = selector.select(model.logits, candidates.logits if on_cpu else [decoder.format])
    reference_s = model.token_s(decoder_reference.work_s, logits_reference.work_s)
    return MeasuredPlan(
        plan=Plan(
            encoder=encoder.format,
            decoder=decoder.format,
            logits=logits.format if on_cpu else decoder.format,
            device=device,
        ),
        encoder_speedup=encoder_reference.work_s / encoder.work_s,
        decoder_speedup=reference_s / model.token_s(decoder.work_s, logits.work_s),
        deviation=max(encoder.deviation, decoder.deviation, logits.deviation),
    )


def _available(quality: Quality) -> Candidates:
    """Leave out candidates that would have to be compiled. Of a decoder's only the first remains, see Candidates."""
    candidates = ON_CPU[quality]

    def ready(formats: Sequence[str]) -> list[str]:
        return [format for format in formats if kernel_cache().is_ready() or not FORMATS[format].needs_kernels]

    logits = ready(candidates.logits)
    return Candidates(
        encoder=ready(candidates.encoder),
        decoder=ready(candidates.decoder)[:1],
        logits=logits[:1] if quality == "compact" else logits,  # the first needs no embeddings beside it
    )


@dataclass(frozen=True)
class _FormatSelector:
    """Selects one part's format."""

    tolerance: float
    smallest_only: bool  # of the formats within the tolerance, only those with the smallest weights
    check: Callable[[], None]

    def select(self, build: Build, candidates: Sequence[str]) -> tuple[Measurement, Measurement]:
        """Return the best of the reference and the candidates within the tolerance, and the reference."""
        benchmarks, deviations = self._benchmarks(build, candidates)
        times_s = self._shortest_times_s(benchmarks)
        measured = [Measurement(format, times_s[format], deviations[format]) for format in benchmarks]
        reference = measured[0]
        if self.smallest_only:
            smallest = min(m.weight_bytes for m in measured)
            measured = [m for m in measured if m.weight_bytes == smallest]
        max_s = min(m.work_s for m in measured) * EQUAL_SPEED_FACTOR
        equally_fast = [m for m in measured if m.work_s <= max_s]
        return min(equally_fast, key=lambda m: (m.weight_bytes, max(m.deviation, MIN_DEVIATION), m.work_s)), reference

    def _benchmarks(self, build: Build, candidates: Sequence[str]) -> tuple[dict[str, Benchmark], dict[str, float]]:
        """Return the benchmarks and deviations of the formats within the tolerance, the reference first."""
        benchmarks, deviations = {"float32": build("float32")}, {"float32": 0.0}
        expected = [x.float().cpu() for x in benchmarks["float32"].outputs()]
        for format in candidates:
            self.check()
            try:
                benchmark = build(format)
                self.check()
                outputs = [x.float().cpu() for x in benchmark.outputs()]
            except (RuntimeError, NotImplementedError, AttributeError):  # not in this torch or on this processor
                continue
            errors = [(x - y).square().mean() / y.square().mean() for x, y in zip(outputs, expected, strict=True)]
            deviation = float(torch.stack(errors).max().sqrt())
            if deviation <= self.tolerance:  # NaN isn't
                benchmarks[format], deviations[format] = benchmark, deviation
        return benchmarks, deviations

    def _shortest_times_s(self, benchmarks: Mapping[str, Benchmark]) -> dict[str, float]:
        """Time each format, by the clock of the thread, which stops while others have its core."""
        clock = time.thread_time if available_devices() == ["cpu"] else time.perf_counter
        times_s: dict[str, list[float]] = {format: [] for format in benchmarks}
        remaining = list(benchmarks)
        deadline_s = time.monotonic() + MAX_TIMING_S
        for n_rounds in range(1, MAX_ROUNDS + 1):
            for format in remaining:
                self.check()
                times_s[format].append(_time_s(benchmarks[format], clock))
            max_s = (DROP_FACTOR if n_rounds > 1 else FIRST_DROP_FACTOR) * min(map(min, times_s.values()))
            remaining = [format for format in remaining if min(times_s[format]) <= max_s]
            is_done = time.monotonic() > deadline_s or all(_is_stable(times_s[format]) for format in remaining)
            if n_rounds >= MIN_ROUNDS and is_done:
                break
        return {format: min(times) for format, times in times_s.items()}


def _time_s(benchmark: Benchmark, clock: Callable[[], float]) -> float:
    total_s = 0.0
    for compute in benchmark.timed:
        benchmark.before_each()
        started_s = clock()
        compute().cpu()  # waits for a GPU
        total_s += clock() - started_s
    return total_s


def _is_stable(times_s: Sequence[float]) -> bool:
    shortest, second, *_ = sorted([*times_s, float("inf")])
    return second <= STABLE_FACTOR * shortest

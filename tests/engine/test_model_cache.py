"""Models in memory: loaded once, reloaded when their file is replaced, evicted when idle; running out of memory."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from localwhisper.engine import model_cache
from localwhisper.engine.calibration import plan_selection
from localwhisper.engine.calibration.background import BackgroundCalibration
from localwhisper.engine.checkpoints.checkpoint import Checkpoint, read_checkpoint
from localwhisper.engine.checkpoints.download import PublishedCheckpoints
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.plans import REFERENCE, MeasuredPlan, Plan
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import ModelCorrupt, ModelDownloadFailed, ModelNotFound, ModelTooLarge
from tests.engine.control import Recorder


def test_simultaneous_leases_load_a_model_once(library: ModelLibrary) -> None:
    cache = ModelCache(library, idle_timeout_s=600)

    def lease(_: int) -> int:
        with cache.lease("demo", "exact", Recorder()) as model:
            return id(model.decoder.layers[0])

    with ThreadPoolExecutor(8) as pool:
        weights = set(pool.map(lease, range(16)))
    assert (cache.n_loads, len(weights)) == (1, 1)
    cache.close()


def test_a_model_that_is_here_is_preloaded(library: ModelLibrary) -> None:
    cache = ModelCache(library, idle_timeout_s=600)
    for name in ("demo", "tiny", "none"):  # here, to be downloaded, unknown
        cache.preload(name, "exact")
    assert cache.loaded() == ["demo"]
    with cache.lease("demo", "exact", Recorder()):
        assert cache.n_loads == 1
    cache.close()
    cache.preload("demo", "fast")
    assert cache.n_loads == 1


def test_an_infinite_idle_timeout_evicts_nothing(library: ModelLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    cache = ModelCache(library, idle_timeout_s=float("inf"))
    with cache.lease("demo", "exact", Recorder()):
        pass
    assert any(isinstance(thread, threading.Timer) for thread in threading.enumerate())
    cache.evict_idle()
    assert cache.loaded() == ["demo"]
    cache.close()
    assert failures == []


def test_a_model_is_evicted_after_the_idle_timeout_and_not_while_in_use(library: ModelLibrary) -> None:
    clock = [0.0]
    cache = ModelCache(library, idle_timeout_s=300, now=lambda: clock[0])
    with cache.lease("demo", "exact", Recorder()):
        clock[0] = 1000
        cache.evict_idle()
        assert cache.loaded() == ["demo"]
    clock[0] = 1299
    cache.evict_idle()
    assert cache.loaded() == ["demo"]
    clock[0] = 1300
    cache.evict_idle()
    assert cache.loaded() == []
    cache.close()


def test_an_unused_model_makes_room_for_another(library: ModelLibrary, tmp_path: Path) -> None:
    available = [0.0]
    cache = ModelCache(library, idle_timeout_s=600, available_bytes=lambda device: available[0])
    with cache.lease("demo", "exact", Recorder()), cache.lease("demo", "fast", Recorder()):
        assert cache.loaded() == ["demo", "demo"]  # a model in use is kept
    with cache.lease("demo", "compact", Recorder()):
        assert cache.loaded() == ["demo"]
    available[0] = 1e12
    with cache.lease("demo", "exact", Recorder()):
        assert cache.loaded() == ["demo", "demo"]
    cache.close()


def test_a_lease_in_the_plan_of_an_earlier_run(library: ModelLibrary) -> None:
    memory = [1e12]
    cache = ModelCache(library, idle_timeout_s=600, available_bytes=lambda device: memory[0])
    with cache.lease("demo", "exact", Recorder()) as model:
        selected = model.plan
        assert selected != REFERENCE
    with cache.lease("demo", "exact", Recorder(), plan=REFERENCE.name) as model:
        assert model.plan == REFERENCE
        with cache.lease("demo", "exact", Recorder()) as shared:
            assert shared is model  # no second copy for a job that begins meanwhile
        with cache.lease("demo", "exact", Recorder(), plan=selected.name) as other:
            assert other.plan == selected
            assert cache.loaded() == ["demo", "demo"]
            with cache.lease("demo", "exact", Recorder(), plan=selected.name) as again:
                assert again is other
        assert cache.loaded() == ["demo"]
        memory[0] = 0.0
        with cache.lease("demo", "exact", Recorder(), plan=selected.name) as shared:
            assert shared is model  # there is no room for both
    with cache.lease("demo", "exact", Recorder()) as model:
        assert model.plan == selected  # the next job doesn't get the old plan
    cache.close()


@pytest.mark.parametrize(
    "plan",
    [
        "",
        "float32",
        "float32 / of another version",
        "float16-weight-only / float32",  # no encoder's format
        "float32 / int8-weight-only",  # of another quality
        "float16 / float16 on xpu",  # of another machine
    ],
)
def test_a_plan_that_cannot_be_used_here_is_not(library: ModelLibrary, plan: str) -> None:
    cache = ModelCache(library, idle_timeout_s=600)
    with cache.lease("demo", "exact", Recorder()) as model:
        pass
    with cache.lease("demo", "exact", Recorder(), plan=plan) as again:
        assert again is model
    cache.close()


def test_a_plan_that_cannot_be_built_is_replaced(library: ModelLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_in_reference(checkpoint: Checkpoint, plan: Plan, *arguments: Any) -> WhisperModel:
        if plan == REFERENCE:
            raise RuntimeError("not implemented for this processor")
        return WhisperModel(checkpoint, plan, *arguments)

    monkeypatch.setattr(model_cache, "WhisperModel", fails_in_reference)
    cache = ModelCache(library, idle_timeout_s=600)
    with cache.lease("demo", "exact", Recorder(), plan=REFERENCE.name) as model:
        assert model.plan != REFERENCE
    cache.close()


@pytest.mark.parametrize("is_ready", [True, False])
def test_a_plan_needs_its_kernels(monkeypatch: pytest.MonkeyPatch, is_ready: bool) -> None:
    monkeypatch.setattr(plan_selection, "kernel_cache", lambda: SimpleNamespace(is_ready=lambda: is_ready))
    name = "int8-gemm / int8-weight-only"
    plan = plan_selection.usable_plan(name, "fast")
    assert (plan is not None and plan.name == name) == is_ready


def test_a_corrupt_checkpoint_raises_model_corrupt(tmp_path: Path) -> None:
    (tmp_path / "tiny.pt").write_bytes(b"no checkpoint")
    library = ModelLibrary(tmp_path, data_dir=tmp_path, assets=ASSETS)
    with pytest.raises(ModelCorrupt), ModelCache(library, idle_timeout_s=600).lease("tiny", "exact", Recorder()):
        pass


def test_a_missing_checkpoint_that_cannot_be_downloaded_raises_model_download_failed(tmp_path: Path) -> None:
    library = ModelLibrary(
        tmp_path, sources=[PublishedCheckpoints("http://127.0.0.1:9")], data_dir=tmp_path, assets=ASSETS
    )
    with pytest.raises(ModelDownloadFailed), ModelCache(library, idle_timeout_s=600).lease("tiny", "exact", Recorder()):
        pass


def test_a_model_is_used_at_once_and_loaded_anew_when_a_better_plan_is_found(
    library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan is selected beside the jobs; jobs that run keep their model."""
    is_over, stored = threading.Event(), list[MeasuredPlan]()
    started: list[tuple[object, ...]] = []

    def start(_calibration: BackgroundCalibration, *arguments: object) -> threading.Event:
        started.append(arguments[2:])
        return is_over

    monkeypatch.setattr(BackgroundCalibration, "start", start)
    monkeypatch.setattr(model_cache, "MIN_COMPILED_WIDTH", 0)
    monkeypatch.setattr(plan_selection, "stored_plan", lambda *_: stored[0] if stored else None)
    cache = ModelCache(library, idle_timeout_s=600)
    with cache.lease("demo", "exact", Recorder()) as first:
        assert first.plan == plan_selection.provisional_plan("exact", "cpu")
        assert started == [("demo", "exact", "cpu")]
        stored.append(MeasuredPlan(plan=REFERENCE, encoder_speedup=1, decoder_speedup=1, deviation=0))
        is_over.set()
        with cache.lease("demo", "exact", Recorder()) as beside:
            assert beside is first
    for _ in range(2):
        with cache.lease("demo", "exact", Recorder()) as later:
            assert later.plan == REFERENCE
    assert cache.n_loads == 2
    cache.close()


def test_a_model_is_loaded_once_where_kernels_can_t_be_stored(
    library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()
    is_over.set()
    monkeypatch.setattr(BackgroundCalibration, "start", lambda *_: is_over)
    monkeypatch.setattr(model_cache, "MIN_COMPILED_WIDTH", 0)
    monkeypatch.setattr(model_cache.kernel_cache(), "is_ready", lambda: False)
    cache = ModelCache(library, idle_timeout_s=600)
    for _ in range(3):
        with cache.lease("demo", "exact", Recorder()):
            pass
    assert cache.n_loads == 1
    cache.close()


@pytest.mark.parametrize("error", [RuntimeError("not on this processor"), AttributeError("not in this torch")])
def test_a_model_whose_formats_are_missing_here_is_computed_in_float32(
    library: ModelLibrary, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    plan = replace(REFERENCE, encoder="float32-onednn")

    def missing(*_: object) -> None:
        raise error

    monkeypatch.setattr(plan_selection, "provisional_plan", lambda *_: plan)
    monkeypatch.setitem(FORMATS, "float32-onednn", replace(FORMATS["float32-onednn"], build=missing))  # type: ignore
    cache = ModelCache(library, idle_timeout_s=600)
    with cache.lease("demo", "exact", Recorder()) as model:
        assert model.plan == REFERENCE
    cache.close()


@pytest.fixture
def own_library(library: ModelLibrary, tmp_path: Path) -> ModelLibrary:
    """One with the bundled weights imported as "mine"."""
    demo = library.loadable_path("demo")
    assert demo is not None
    own = ModelLibrary(tmp_path / "models", data_dir=tmp_path / "unpacked", assets=ASSETS)
    own.import_checkpoint(demo, "mine")
    return own


def other_weights(library: ModelLibrary, folder: Path) -> Path:
    """The bundled checkpoint with another final layer norm."""
    demo = library.loadable_path("demo")
    assert demo is not None
    checkpoint = torch.load(demo, weights_only=True)
    checkpoint["model_state_dict"]["decoder.ln.weight"] *= 2
    torch.save(checkpoint, folder / "other.pt")
    return folder / "other.pt"


def test_a_job_after_an_import_gets_the_new_weights(own_library: ModelLibrary, tmp_path: Path) -> None:
    cache = ModelCache(own_library, idle_timeout_s=600)
    with cache.lease("mine", "exact", Recorder()) as old:
        own_library.import_checkpoint(other_weights(own_library, tmp_path), "mine")
        with cache.lease("mine", "exact", Recorder()) as new:
            assert torch.equal(new.decoder.ln.weight, 2 * old.decoder.ln.weight)
            assert cache.loaded() == ["mine", "mine"]  # the running job keeps its weights
        with cache.lease("mine", "exact", Recorder()) as again:
            assert again is new
    assert cache.loaded() == ["mine"]  # the replaced weights are evicted
    assert cache.n_loads == 2
    cache.close()


def test_replaced_weights_that_are_unused_are_evicted_at_once(own_library: ModelLibrary, tmp_path: Path) -> None:
    cache = ModelCache(own_library, idle_timeout_s=600)
    with cache.lease("mine", "exact", Recorder()):
        pass
    own_library.import_checkpoint(other_weights(own_library, tmp_path), "mine")
    with cache.lease("mine", "exact", Recorder()):
        assert cache.loaded() == ["mine"]
    cache.close()


def test_a_model_in_memory_outlives_its_file(own_library: ModelLibrary) -> None:
    cache = ModelCache(own_library, idle_timeout_s=600)
    with cache.lease("mine", "exact", Recorder()) as model:
        pass
    own_library.remove("mine")
    with cache.lease("mine", "exact", Recorder()) as again:
        assert again is model
    with pytest.raises(ModelNotFound), cache.lease("mine", "fast", Recorder()):
        pass
    cache.close()


def load_with_error(error: Exception, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(model_cache, "read_checkpoint", fail)
    with ModelCache(library, idle_timeout_s=600).lease("demo", "exact", Recorder()):
        pass


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:83] data. DefaultCPUAllocator: not enough memory"),
        RuntimeError("unable to mmap 72 bytes from file <x.pt>: Cannot allocate memory (12)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
    ],
    ids=str,
)
def test_running_out_of_memory_becomes_model_too_large(
    error: Exception, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelTooLarge) as raised:
        load_with_error(error, library, monkeypatch)
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("CUDA error: misaligned address"),
        RuntimeError("Expected contiguous memory format"),
        RuntimeError("non-overlapping and dense memory"),
        ModelCorrupt(model="tiny", reason="it breaks off"),
    ],
    ids=str,
)
def test_other_errors_about_memory_are_unchanged(
    error: Exception, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(type(error)) as raised:
        load_with_error(error, library, monkeypatch)
    assert raised.value is error
    assert error.__cause__ is None


@pytest.mark.parametrize("size_bytes", [1000, None], ids=["shortened", "same size"])
def test_a_checkpoint_that_is_overwritten_in_place_is_an_error_until_it_is_loaded_again(
    own_library: ModelLibrary, tmp_path: Path, size_bytes: int | None
) -> None:
    """A mapped file that is shortened would end the process."""
    path = own_library.path("mine")
    assert path is not None
    checkpoint = read_checkpoint(path, "mine")
    other = other_weights(own_library, tmp_path).read_bytes()
    path.write_bytes(other[:size_bytes])
    with pytest.raises(ModelCorrupt, match="another program changed its file"):
        checkpoint.tensors["decoder.ln.weight"]
    path.write_bytes(other)
    changed = read_checkpoint(path, "mine").tensors["decoder.ln.weight"]
    assert torch.equal(changed, torch.load(tmp_path / "other.pt")["model_state_dict"]["decoder.ln.weight"])


def test_a_checkpoint_is_read_to_its_end_after_it_is_replaced(own_library: ModelLibrary, tmp_path: Path) -> None:
    path = own_library.path("mine")
    assert path is not None
    content = torch.load(path)["model_state_dict"]
    checkpoint = read_checkpoint(path, "mine")
    own_library.import_checkpoint(other_weights(own_library, tmp_path), "mine")
    assert set(checkpoint.tensors) == set(content)
    for name, tensor in checkpoint.tensors.items():
        assert torch.equal(tensor, content[name])
        assert checkpoint.n_elements(name) == tensor.numel()

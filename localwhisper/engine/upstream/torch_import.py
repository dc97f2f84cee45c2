"""How torch is imported: with settings that only count before, and without what only compilers of models need.

Imports no other package.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType


def configure_openmp() -> None:
    """Have OpenMP's threads sleep soon after a parallel operation. Only takes effect before torch is imported.

    By default they spin for milliseconds before they sleep. Other threads need the cores, such as those of a decoder
    step (threads.py), which would take twice as long. They spin for microseconds: sleeping at once would cost a tenth.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # for GNU's OpenMP, which torch uses on Linux


@contextmanager
def without_meta_registrations() -> Iterator[None]:
    """Within the block, a torch for CPUs is imported without its kernels for tensors that have a shape but no data,
    in three quarters of the time.

    Uses: `import torch` imports `torch._meta_registrations` for its effect alone; an empty module is put in its place.
    Why: torch.compile, torch.export and tensors on the meta device use them, which nothing here does, and so does
        torch.Generator, see torch_internals.seeded_generator.
    If it goes: delete this function. A torch that doesn't import that name is imported as a whole.
    """
    name = "torch._meta_registrations"
    if "torch" in sys.modules or not _is_for_cpus_only():
        yield
        return
    sys.modules[name] = ModuleType(name)
    try:
        yield
    finally:
        del sys.modules[name]  # whoever imports it later gets the real one


def _is_for_cpus_only() -> bool:
    """Nothing was tried with others."""
    try:
        return version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False

"""numba's compilation cache and its changing of tuples, which have no public interface."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime import rtsys
from numba.cpython.unsafe.tuple import tuple_setitem

# with_item(items, i, item): in compiled code, the tuple with another item.
# Uses: numba.cpython.unsafe.tuple.tuple_setitem.
# Why: only tuples, not arrays, are kept in registers, and nothing public changes one at an index that isn't a literal.
# If it goes: write it as an intrinsic in kernels/intrinsics.py.
with_item: Any = tuple_setitem


def load_cached(kernel: Any, arguments: tuple[Any, ...]) -> bool:
    """Load a dispatcher's machine code for these argument types from the cache, so that calling it needn't compile.

    Returns whether it was there; a damaged cache entry is removed. Threading: SAFE.

    Uses: Dispatcher._cache (_load_overload, flush), .targetctx, .add_overload; numba.core.runtime.rtsys;
        numba.core.compiler_lock.
    Why: nothing public says whether a call would compile. numba's own loading first registers everything that its
        compiler knows, which takes 0.2 s. Loading isn't thread-safe: numba itself does it under this lock, where two
        threads that load at once corrupt LLVM's state.
    If it goes: answer `arguments in kernel.overloads`. The kernels then count as compiled only in a process that
        has compiled them, which localwhisper's servers don't do: models are computed by torch alone.
    """
    with global_compiler_lock:
        if arguments in kernel.overloads:
            return True
        try:
            rtsys.initialize(kernel.targetctx)
            overload = kernel._cache._load_overload(arguments, kernel.targetctx)
            if overload is not None:
                kernel.add_overload(overload)
            return overload is not None
        except Exception:  # unreadable, say after a power cut
            with suppress(OSError):
                kernel._cache.flush()
            return False


def stamp_with_folder(kernel: Any) -> Any:
    """Have a dispatcher's cache entry expire when any Python file beside its own changes. Returns the dispatcher.

    Uses: Dispatcher._cache._cache_file._source_stamp.
    Why: numba looks at the kernel's own file alone, so a change in a helper that it calls would go unnoticed.
    If it goes: delete this function; after a change in a helper, remove __pycache__.
    """
    cache_file = getattr(kernel._cache, "_cache_file", None)  # missing where no folder is writable
    if cache_file is not None:
        files = sorted(Path(kernel.py_func.__code__.co_filename).parent.glob("*.py"))
        cache_file._source_stamp = [(file.name, file.stat().st_mtime, file.stat().st_size) for file in files]
    return kernel

"""Rules of the architecture: who may import whom, read the environment, write files and hold state."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "localwhisper"
BASE = {
    *("errors", "stored_errors", "messages", "settings", "setting_types", "paths", "atomic", "file_lock", "logs"),
    *("unicode_text", "long_json", "file_names", "native_libraries"),
    *("whisper_source", "languages", "option_types", "search_options", "speaker_options", "options", ""),
}
MAY_IMPORT = {
    "audio_texts": set[str](),
    "model_texts": set[str](),
    "reason_texts": set[str](),
    "cluster_texts": set[str](),
    "messages": {"audio_texts", "cluster_texts", "model_texts", "reason_texts"},
    "base_error": {"messages"},
    "cluster_errors": {"base_error"},
    "audio_errors": {"base_error"},
    "model_errors": {"base_error"},
    "command_errors": {"base_error"},
    "errors": {"audio_errors", "base_error", "cluster_errors", "command_errors", "model_errors"},
    "long_json": set[str](),
    "file_names": set[str](),
    "native_libraries": set[str](),
    "unicode_text": {"long_json"},
    "stored_errors": {"errors", "messages"},
    "whisper_source": set[str](),
    "languages": {"whisper_source"},
    "option_types": {"errors", "languages", "messages", "unicode_text"},
    "layout": {"option_types"},
    "search_options": {"option_types"},
    "speaker_options": {"errors", "option_types"},
    "options": {"errors", "layout", "option_types", "search_options", "speaker_options"},
    "setting_types": set[str](),
    "settings": {"errors", "option_types", "options", "setting_types"},
    "logs": {"atomic", "errors"},
    "paths": set[str](),
    "atomic": {"errors"},
    "file_lock": set[str](),
    "jobs": BASE,
    "store": BASE | {"jobs"},
    "audio": BASE | {"jobs"},
    "export": BASE | {"jobs"},
    "engine": BASE | {"jobs", "audio"},
    "jobqueue": BASE | {"jobs", "store", "engine"},
    "distributed": BASE | {"jobs", "audio", "engine", "jobqueue", "engine_setup"},
    "watching": BASE | {"jobs", "audio", "export"},
    "services": BASE | {"export", "watching", "jobs", "store", "engine", "audio", "jobqueue"},
    "server": BASE | {"watching", "jobs", "store", "engine", "audio", "export", "jobqueue", "services"},
    "client": set[str](),
    "engine_setup": BASE | {"engine", "audio"},
    "app": BASE
    | {"watching", "jobs", "store", "engine", "audio", "export", "jobqueue", "services", "server", "engine_setup"}
    | {"distributed"},
    "commands": BASE
    | {"watching", "jobs", "jobqueue", "store", "engine", "audio", "export", "app", "client", "engine_setup"}
    | {"distributed"},
    "cli": BASE | {"commands"},
    "__main__": {"cli"},
    "__init__": set[str](),
}
WITHIN_ENGINE = {
    "upstream": set[str](),
    "kernels": {"upstream"},
    "checkpoints": {"upstream", "plans"},
    "model": {"upstream", "kernels", "checkpoints", "plans", "threads", "system_resources"},
    "speakers": {"base", "pcm_spool", "vad"},
    "calibration": {"upstream", "kernels", "checkpoints", "model", "plans", "threads", "system_resources"},
}
HEAVY_PACKAGES = {"torch", "whisper", "numba"}
PRIVATE_NAME = re.compile(r"torch\.ops|(torch|whisper|numba)(\.\w+)*?\._(?!_)\w+")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The full names of all modules that a file imports, also inside functions and for type checking."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    names = [name for name in imported(path) if name.split(".")[0] == "localwhisper"]
    layers = {name.split(".")[1] if "." in name else "" for name in names}
    assert (layers & set(MAY_IMPORT)) - {layer(path)} <= MAY_IMPORT[layer(path)]


@pytest.mark.parametrize("folder", WITHIN_ENGINE)
def test_imports_within_the_engine_point_one_way(folder: str) -> None:
    names = {name for path in (PACKAGE / "engine" / folder).rglob("*.py") for name in imported(path)}
    folders = {name.split(".")[2] for name in names if name.startswith("localwhisper.engine.")}
    assert folders - {folder} <= WITHIN_ENGINE[folder]


def test_the_engine_s_folders_form_no_cycle() -> None:
    engine = PACKAGE / "engine"
    assert {path.parent.name for path in engine.glob("*/__init__.py")} == set(WITHIN_ENGINE)
    graph: dict[str, set[str]] = {}
    for path in engine.rglob("*.py"):
        part = path.relative_to(engine).parts[0].removesuffix(".py")
        names = {name for name in imported(path) if name.startswith("localwhisper.engine.")}
        graph[part] = graph.get(part, set()) | ({name.split(".")[2] for name in names} - {part})
    TopologicalSorter(graph).prepare()


def full_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_there_are_no_import_cycles() -> None:
    paths = {full_name(path): path for path in modules()}
    graph = {name: imported(path) & set(paths) - {name} for name, path in paths.items()}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_engine_imports_torch(path: Path) -> None:
    if layer(path) != "engine":
        assert not {name.split(".")[0] for name in imported(path)} & HEAVY_PACKAGES


ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def environment_uses(tree: ast.AST) -> list[str]:
    """Every use of the process's environment as source text, however it is imported."""
    uses: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT:
            uses.append(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "posix", "nt"):
            uses += [f"from {node.module} import {alias.name}" for alias in node.names if alias.name in ENVIRONMENT]
        elif isinstance(node, ast.Constant) and node.value in ENVIRONMENT:  # getattr(os, "environ")
            uses.append(ast.unparse(node))
    return uses


SETS_ENVIRONMENT = {"native_libraries.py": ["os.environ"] * 2}  # configure_openmp(); reads nothing


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_settings_reads_the_environment(path: Path) -> None:
    if layer(path) != "settings":
        uses = environment_uses(ast.parse(path.read_text(encoding="utf-8")))
        assert uses == SETS_ENVIRONMENT.get(path.relative_to(PACKAGE).as_posix(), [])


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['A']",
        "import os as system; system.environ.get('A')",
        "os.getenv('A')",
        "os.environb",
        "from os import environ",
        "from os import getenv as read",
        "getattr(os, 'environ')",
    ],
)
def test_reading_the_environment_is_detected(code: str) -> None:
    assert environment_uses(ast.parse(code))


# Ways to give a file new content or another name without atomic.py.
MOVES = {
    *("replace", "rename", "renames", "move", "copy", "copy2", "copyfile", "copytree"),
    *("mkstemp", "NamedTemporaryFile"),
}
MODULES = {"os", "shutil", "tempfile"}
MAY_WRITE = {
    "distributed/audio_copies.py": {"open"},  # a copy for the time of a job
    "distributed/server_models.py": {"open"},  # a partial file, which move_durably() names
    "store/files.py": {"os.rename"},  # moves uploads and job folders
    "engine/checkpoints/import_formats.py": {"shutil.copyfile"},  # into the temporary file of replace_atomically()
    "engine/checkpoints/conversion.py": {"open"},  # the same
    "engine/checkpoints/package_index.py": {  # in a folder of unfinished downloads
        "open",
        "requirements.write_text",
        "downloaded.replace",
        "(folder / 'config.json').write_bytes",
    },
    "engine/checkpoints/folder_archive.py": {"open"},  # into a temporary folder
    "engine/checkpoints/download.py": {"open"},  # a partial file, which move_durably() names
    "server/multipart_form.py": {"open"},  # an upload, which the store takes over or removes
    "server/compat/asr_webservice.py": {"open"},  # the header of an upload
    "commands/transcribe.py": {"open"},  # a temporary copy of stdin
    "commands/wyoming_server.py": {"wave.open"},  # a temporary file
    "commands/standard_streams.py": {"open"},  # /dev/null
    "logs.py": {"open"},  # appends
}


def is_write(call: ast.Call) -> bool:
    """Whether a call opens a file for writing, writes a whole file, or gives one another name."""
    name = ast.unparse(call.func).split(".")[-1]
    if name == "open":
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        constants = [node.value for part in arguments for node in ast.walk(part) if isinstance(node, ast.Constant)]
        return any(isinstance(value, str) and re.fullmatch("[rbt]*[wxa+][rbt+]*", value) for value in constants)
    if not isinstance(call.func, ast.Attribute) or ast.unparse(call.func.value) == "self":
        return False
    if ast.unparse(call.func.value) in MODULES:
        return name in MOVES
    is_path_method = len(call.args) == 1 and not call.keywords  # str.replace() has two arguments
    return name in ("write_bytes", "write_text") or (name in ("replace", "rename") and is_path_method)


def writes(tree: ast.AST) -> set[str]:
    """Ways to write a file that a module uses, as source text."""
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and is_write(node)}
    return calls | {
        f"from {node.module} import {alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES
        for alias in node.names
        if alias.name in MOVES
    }


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_atomic_replaces_files(path: Path) -> None:
    if layer(path) != "atomic":
        calls = writes(ast.parse(path.read_text(encoding="utf-8")))
        assert calls == MAY_WRITE.get(path.relative_to(PACKAGE).as_posix(), set())


@pytest.mark.parametrize(
    "code",
    [
        "os.replace(a, b)",
        "shutil.move(a, b)",
        "path.rename(target)",
        "path.replace(target)",
        "path.write_text('')",
        "open(path, 'w')",
        "open(path, mode='r+b')",
        "path.open('ab')",
        "from os import rename",
    ],
)
def test_writing_a_file_is_detected(code: str) -> None:
    assert writes(ast.parse(code))


@pytest.mark.parametrize("code", ["open(path)", "open(path, 'rb')", "text.replace('a', 'b')", "replace(job, state=x)"])
def test_reading_a_file_is_not_writing(code: str) -> None:
    assert not writes(ast.parse(code))


MAY_SET_STATE = {"jobs/transitions.py", "jobqueue/job_repository.py"}  # the latter for jobs with a damaged record


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_transitions_changes_the_state_of_a_job(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in MAY_SET_STATE:
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        replacements = [call for call in calls if ast.unparse(call.func).split(".")[-1] == "replace"]
        assert not any(keyword.arg == "state" for call in replacements for keyword in call.keywords)


def private_uses(source: str) -> set[str]:
    """The private names of torch, whisper and numba that a module uses through its imports; torch.ops counts as one."""
    tree = ast.parse(source)
    bound: dict[str, str] = {}  # name in the module → full name
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
            bound |= {alias.asname: alias.name for alias in node.names if alias.asname}
            bound |= {alias.name.split(".")[0]: alias.name.split(".")[0] for alias in node.names if not alias.asname}
        elif isinstance(node, ast.ImportFrom):
            bound |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    used |= set(bound.values())
    for node in ast.walk(tree):
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if names and isinstance(node, ast.Name) and node.id in bound:
            used.add(".".join([bound[node.id], *reversed(names)]))
    return {match.group() for name in used if (match := PRIVATE_NAME.match(name))}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_upstream_uses_private_names(path: Path) -> None:
    if path.parent.name != "upstream":
        assert private_uses(path.read_text(encoding="utf-8")) == set()


def test_private_names_are_detected() -> None:
    source = """
import torch
import whisper
import torch._dynamo
from numba.core import _helper
from whisper import timing as t
torch._int_mm(torch.ops.aten.gelu_(torch.__version__))
whisper._MODELS, t._private, torch.nn.functional.gelu, other._private
"""
    assert private_uses(source) == {
        "torch._dynamo",
        "numba.core._helper",
        "torch._int_mm",
        "torch.ops",
        "whisper._MODELS",
        "whisper.timing._private",
    }


STATEFUL = {
    *("Barrier", "Condition", "Event", "Lock", "Queue", "RLock", "Semaphore", "SimpleQueue", "ThreadPoolExecutor"),
    *("WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "count", "defaultdict", "deque", "local"),
}
# Functions whose results are kept for the life of the process.
MAY_CACHE = {
    # facts that don't change while a process runs
    "whisper_source.py": {"_package"},
    "languages.py": {"languages", "_codes", "_other_codes"},
    "server/host_and_origin.py": {"_machine_names"},
    "store/schema.py": {"_reader", "_writer"},
    "engine/upstream/whisper_tables.py": {"checkpoint_urls"},
    "engine/model/linear_formats.py": {"saturates"},
    "engine/model/int8_gemm.py": {"has_exact_int8_matmul"},
    "engine/system_resources.py": {"_libc"},
    # state that libraries keep once for each process
    "engine/kernels/precompile.py": {"kernel_cache"},  # numba compiles into the modules themselves
    "engine/model/cuda_graph.py": {"_capture_stream"},  # CUDA allows one capture at a time
}


def module_state(tree: ast.Module) -> set[str]:
    """Module variables that hold state or are rebound by functions, and functions that keep their results."""
    rebound = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    stateful = {
        ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).split(".")[-1] in STATEFUL
    }
    cached = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(re.match(r"(functools\.)?(lru_cache|cache)\b", ast.unparse(item)) for item in node.decorator_list)
    }
    return rebound | stateful | cached


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_hold_no_state(path: Path) -> None:
    state = module_state(ast.parse(path.read_text(encoding="utf-8")))
    assert state == MAY_CACHE.get(path.relative_to(PACKAGE).as_posix(), set())


def test_modules_are_short() -> None:
    too_long = {str(path) for path in modules() if len(path.read_text(encoding="utf-8").splitlines()) > 300}
    assert too_long == set()


def test_importing_the_server_leaves_the_environment_alone() -> None:
    imports = "import os; before = dict(os.environ); import localwhisper.app, localwhisper.commands.serve"
    subprocess.run([sys.executable, "-c", f"{imports}; assert os.environ == before"], check=True)


def test_starting_the_server_imports_neither_torch_nor_dask() -> None:
    imports = "import sys, localwhisper.app, localwhisper.commands.serve"
    code = f"{imports}; print(sorted({HEAVY_PACKAGES | {'dask', 'distributed'}!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_transcribing_here_imports_neither_server_nor_client() -> None:
    code = "import sys, localwhisper.commands.transcribe; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unneeded = ("tornado", "localwhisper.server", "localwhisper.client")
    assert [name for name in result.stdout.split() if name.startswith(unneeded)] == []

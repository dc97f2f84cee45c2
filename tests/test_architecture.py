"""Which part may import which, and what starting must not import."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "localwhisper"
BASE = {"errors", "messages", "settings", "paths", "logs", ""}
MAY_IMPORT = {
    "messages": set[str](),
    "errors": {"messages"},
    "settings": {"errors"},
    "logs": set[str](),
    "paths": set[str](),
    "jobs": BASE,
    "store": BASE | {"jobs"},
    "audio": BASE | {"jobs"},
    "export": BASE | {"jobs"},
    "engine": BASE | {"jobs", "audio"},
    "options": BASE | {"jobs", "engine", "export"},
    "jobqueue": BASE | {"jobs", "store", "engine"},
    "services": BASE | {"jobs", "store", "engine", "jobqueue"},
    "server": BASE | {"jobs", "store", "engine", "audio", "export", "options", "jobqueue", "services"},
    "client": set[str](),
    "app": BASE | {"jobs", "store", "engine", "audio", "export", "jobqueue", "services", "server"},
    "commands": BASE | {"jobs", "store", "engine", "audio", "export", "options", "server", "app", "client"},
    "cli": BASE | {"commands"},
    "__main__": {"cli"},
    "__init__": set[str](),
}
WITHIN_ENGINE = {
    "upstream": set[str](),
    "kernels": {"upstream"},
    "checkpoints": {"upstream", "calibration"},
    "model": {"upstream", "kernels", "checkpoints", "threads", "system_memory", "calibration"},
}
HEAVY = {"torch", "whisper", "numba"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Full names of all modules a file imports, also inside functions."""
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
    own = part(path)
    used = {
        name.split(".")[1] if "." in name else "" for name in imported(path) if name.split(".")[0] == "localwhisper"
    }
    parts = {name for name in used if name in MAY_IMPORT}
    assert parts - {own} <= MAY_IMPORT[own]


@pytest.mark.parametrize("folder", WITHIN_ENGINE)
def test_the_engine_s_folders_build_on_each_other(folder: str) -> None:
    used = {name for path in (PACKAGE / "engine" / folder).rglob("*.py") for name in imported(path)}
    parts = {name.split(".")[2] for name in used if name.startswith("localwhisper.engine.")}
    assert parts - {folder} <= WITHIN_ENGINE[folder]


def full_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_imports_make_no_circle() -> None:
    """Those for types included."""
    paths = {full_name(path): path for path in modules()}
    graph = {name: imported(path) & set(paths) - {name} for name, path in paths.items()}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_engine_knows_torch(path: Path) -> None:
    if part(path) != "engine":
        assert not {name.split(".")[0] for name in imported(path)} & HEAVY


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_environment_is_read_by_settings_alone(path: Path) -> None:
    if part(path) != "settings":
        text = path.read_text(encoding="utf-8").replace("environment", "")
        assert "environ" not in text.replace("os.environ.setdefault(", "")  # which tells a library, and reads nothing


def test_a_module_has_one_subject() -> None:
    long = {str(path) for path in modules() if len(path.read_text(encoding="utf-8").splitlines()) > 300}
    assert long == set()


def test_starting_imports_no_torch() -> None:
    code = f"import sys, localwhisper.app, localwhisper.commands.serve;print(sorted({HEAVY!r} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"

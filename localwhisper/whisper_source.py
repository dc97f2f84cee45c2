"""Reads constants from openai-whisper's source text: importing it imports torch, which a waiting server doesn't need.

Which constants: see languages and engine/upstream/whisper_tables.
"""

import ast
import importlib.util
from functools import lru_cache
from pathlib import Path


@lru_cache
def _package() -> Path:
    spec = importlib.util.find_spec("whisper")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("openai-whisper is not installed")
    return Path(spec.origin).parent


def whisper_constant(module: str, name: str) -> ast.expr:
    """The expression that a module of openai-whisper assigns to a module-level name. Raises LookupError."""
    tree = ast.parse((_package() / module).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return node.value
    raise LookupError(f"openai-whisper's {module} has no {name}")

"""The languages that Whisper knows, and how openai-whisper's tables are read.

They are read from the package's source text, since importing it imports torch, which a waiting server doesn't need.
"""

import ast
import importlib.util
from collections.abc import Mapping
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


@lru_cache
def languages() -> Mapping[str, str]:
    """Code → English name, in whisper's order."""
    table: dict[str, str] = ast.literal_eval(whisper_constant("tokenizer.py", "LANGUAGES"))
    return table


@lru_cache
def _codes() -> Mapping[str, str]:
    """English name, also whisper's aliases such as castilian → code."""
    expression = whisper_constant("tokenizer.py", "TO_LANGUAGE_CODE")
    assert isinstance(expression, ast.Dict)
    aliases = {
        ast.literal_eval(key): ast.literal_eval(value)
        for key, value in zip(expression.keys, expression.values, strict=True)
        if key is not None
    }
    return {**{name: code for code, name in languages().items()}, **aliases}


def language_code(text: str) -> str:
    """The code of a code or an English name, in any case. Raises ValueError."""
    word = text.strip().lower()
    if word in languages():
        return word
    try:
        return _codes()[word]
    except KeyError:
        raise ValueError(text) from None

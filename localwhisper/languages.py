"""The languages that Whisper knows: their codes and English names, from openai-whisper's tokenizer.

Uses: the assignments of `LANGUAGES` and `TO_LANGUAGE_CODE` in whisper/tokenizer.py; both are public names.
"""

import ast
from collections.abc import Mapping
from functools import lru_cache

from localwhisper.whisper_source import whisper_constant


@lru_cache
def languages() -> Mapping[str, str]:
    """The English name of each code, in whisper's order."""
    table: dict[str, str] = ast.literal_eval(whisper_constant("tokenizer.py", "LANGUAGES"))
    return table


@lru_cache
def _codes() -> Mapping[str, str]:
    """The code of each English name and of whisper's aliases, such as castilian."""
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

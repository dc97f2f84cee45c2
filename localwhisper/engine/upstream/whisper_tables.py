"""openai-whisper's table of checkpoints, read without importing whisper, which would import torch."""

import ast
from collections.abc import Mapping
from functools import lru_cache

from localwhisper.whisper_source import whisper_constant


@lru_cache
def checkpoint_urls() -> Mapping[str, str]:
    """The address of each published model by name; the folder before the file's name is the file's SHA-256.

    Uses: the assignment of `_MODELS` in whisper/__init__.py.
    Why: `whisper.available_models` has the names alone, and imports torch.
    If it goes: copy the table here.
    """
    table: dict[str, str] = ast.literal_eval(whisper_constant("__init__.py", "_MODELS"))
    return table

"""The checkpoints that openai-whisper publishes."""

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from localwhisper.languages import whisper_constant


@lru_cache
def checkpoints() -> Mapping[str, str]:
    """Name → address; the part before the file's name is its sha256."""
    table: dict[str, Any] = ast.literal_eval(whisper_constant("__init__.py", "_MODELS"))
    return table

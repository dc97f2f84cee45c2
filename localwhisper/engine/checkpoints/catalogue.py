"""What is known of openai-whisper's models besides their files: what each is for, and how they rank."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

BUNDLED = "demo"
Purpose = Literal["quick", "balanced", "best"]
# The names under which openai-whisper publishes a file a second time, and the one that is used here.
OTHER_NAMES: Mapping[str, str] = {"large": "large-v3", "large-v3-turbo": "turbo"}
PURPOSES: Mapping[str, Purpose] = {"base": "quick", "small": "balanced", "turbo": "best", "medium": "best"}
QUICKEST = "base"  # offered by every source
QUICK_FACTOR = 0.2  # twelve minutes for an hour of audio
# From the least to the most accurate. A model for English alone ranks with the multilingual one of its size.
RANKING: Sequence[str] = ("tiny", "base", "small", "medium", "turbo", "large-v1", "large-v2", "large-v3")
CANNOT_TRANSLATE = frozenset({BUNDLED, "turbo"})


def canonical_name(name: str) -> str:
    """The name under which a model is listed."""
    return OTHER_NAMES.get(name, name)


def aliases_of(name: str) -> tuple[str, ...]:
    return tuple(alias for alias, canonical in OTHER_NAMES.items() if canonical == name)


def rank(name: str) -> int:
    """Higher is more accurate; -1 for models that openai-whisper doesn't publish."""
    size = name.removesuffix(".en")
    return RANKING.index(size) if size in RANKING else -1


def recommended_model(real_time_factor: Callable[[str], float]) -> str:
    """The most accurate of the models for a purpose that is quick on this machine; otherwise the quickest.

    `real_time_factor`: seconds of work per second of audio, by name.
    """
    quick = [name for name in PURPOSES if real_time_factor(name) <= QUICK_FACTOR]
    return max(quick, key=rank, default=QUICKEST)


def is_valid_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) is not None


def in_known_case(name: str, known: Iterable[str]) -> str:
    """Return the known name that differs only in case, if there is one: some file systems hold only one of them."""
    return next((other for other in known if other.casefold() == name.casefold()), name)


def valid_name(text: str) -> str:
    """Make a model's name from a file's, such as "mi-modelo" from "mi módelo"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")

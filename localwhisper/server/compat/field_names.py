"""What other servers and their clients call our models and options, and how they are told what has no effect."""

import re
from collections.abc import Collection, Iterable, Mapping

from localwhisper.options import OPTIONS

# clients' own default models
_DEFAULT_MODELS = re.compile(r"whisper(-1)?|gpt-(4o(-mini)?-)?transcribe.*|gpt-realtime-whisper.*")
_AFFIXES = re.compile(r"^(faster-)?whisper-|^ggml-|\.(pt|bin)$|-ct2$|-(q\d_\w|f16|int8|float16)$")
# Options that other servers' forms may have under our name. The rest they call differently.
SAME_NAME = frozenset(OPTIONS) - {"model", "task", "temperature", "return_timestamps", "initial_prompt", "priority"}


def known_model(name: str, known: Collection[str]) -> str | None:
    """Our name of a model in other servers' spelling, such as Systran/faster-whisper-tiny.en; None: not known.

    A quantised file's name means the whole model, which is the same but for the rounding.
    """
    candidate = name.rsplit("/", 1)[-1]
    while candidate not in known:
        shorter = _AFFIXES.sub("", candidate, count=1)
        if shorter == candidate:
            return None
        candidate = shorter
    return candidate


def means_default_model(name: str) -> bool:
    return not name or _DEFAULT_MODELS.fullmatch(name) is not None


def same_options(fields: Mapping[str, str]) -> dict[str, str]:
    """The options among a form's fields that have our names, where they aren't empty."""
    return {name: text for name, text in fields.items() if name in SAME_NAME and text.strip()}


def header_value(fields: Iterable[str]) -> str:
    """The names of fields as a header's value; what a header can't hold is left out."""
    return ", ".join(sorted({re.sub(r"[^\w.\[\]-]", "", name, flags=re.ASCII)[:60] for name in fields} - {""}))

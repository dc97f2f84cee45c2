"""Text at the program's boundaries: what comes in has no lone surrogates, and what goes out is always UTF-8.

JSON can write half of a surrogate pair (RFC 8259, 8.2). As a character of a str it can't be encoded, so it would break
every file and every socket that the text reaches.
"""

import re
from collections.abc import Callable
from typing import Any

from localwhisper import long_json

_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# a class of regular expressions: the scripts that put no spaces between words
UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]"
)


def is_encodable(text: str) -> bool:
    """Whether the text has no lone surrogates."""
    return _SURROGATE.search(text) is None


def encodable(text: str) -> str:
    """The text with lone surrogates replaced."""
    return _SURROGATE.sub(REPLACEMENT, text)


def to_utf8(text: str) -> bytes:
    """Encode a text that goes out; lone surrogates are replaced."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return encodable(text).encode()


def load_json(data: str | bytes) -> Any:
    """Read JSON that comes from a client. Raises ValueError, also for lone surrogates, and RecursionError."""
    value = long_json.loads(data)
    if _has_escaped_surrogates(data):
        long_json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def load_stored_json(data: bytes, parse_constant: Callable[[str], Any]) -> Any:
    """Read JSON from a file; lone surrogates in it are replaced. Raises ValueError, RecursionError."""
    value = long_json.loads(data, parse_constant)
    if _has_escaped_surrogates(data):
        text = long_json.dumps(value, ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError:
            return long_json.loads(encodable(text), parse_constant)
    return value


def _has_escaped_surrogates(data: str | bytes) -> bool:
    """Whether there may be surrogates, of pairs or lone ones."""
    return b"\\ud" in data.lower() if isinstance(data, bytes) else "\\ud" in data.lower()

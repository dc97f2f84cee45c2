"""Names of files that every system can hold: Linux, macOS and Windows, whose rules are the strictest."""

import re

MAX_BYTES = 255  # of a name, on all common file systems
ENDING_BYTES = 24  # for a number and the longest extension
_NOT_ON_WINDOWS = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
# devices, also with any extension: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)


def is_reserved(name: str) -> bool:
    """Whether Windows takes this name for a device."""
    return _RESERVED.fullmatch(name.strip(" .")) is not None


def portable_name(text: str, default: str) -> str:
    """Make a file's name, without its extension, from any text; `default` if nothing is left."""
    name = _NOT_ON_WINDOWS.sub("_", text).strip(" .")
    return f"_{name}" if is_reserved(name) else name or default


def shortened(stem: str) -> str:
    """Return a name, shortened if it has no room for a number and an extension.

    Names as the system gives them, with surrogate escapes, stay so.
    """
    encoded = stem.encode(errors="surrogateescape")
    if len(encoded) <= MAX_BYTES - ENDING_BYTES:
        return stem
    return encoded[: MAX_BYTES - ENDING_BYTES].decode(errors="ignore").rstrip(" .")

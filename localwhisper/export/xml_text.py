"""Text for XML files."""

import re

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def valid_xml(text: str) -> str:
    """The text on one line, without the characters that XML can't hold."""
    return " ".join(_NOT_XML.sub("", text).split())

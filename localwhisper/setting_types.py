"""Readers of settings' texts. Each raises ValueError for a text that isn't accepted."""

import os
import re
import shlex
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError(text)
    return value


def plain_text(text: str) -> str:
    if not text.strip() or any(ord(char) < 32 for char in text):
        raise ValueError(text)
    return text.strip()


def optional_text(text: str) -> str | None:
    return plain_text(text) if text else None


def optional_url(text: str) -> str | None:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/") or None


def webhook(text: str) -> str:
    parts = urlsplit(text)  # ValueError: a bad port, for example
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or parts.fragment
        or parts.port == 0
    ):
        raise ValueError(text)
    return plain_text(text)


def scheduler_address(text: str) -> str | None:
    """tls://HOST:PORT, or tcp://HOST:PORT where the host is this machine alone."""
    if not text:
        return None
    parts = urlsplit(plain_text(text))
    if parts.scheme not in ("tls", "tcp") or not parts.hostname or not parts.port or parts.username or parts.path:
        raise ValueError(text)
    if parts.scheme == "tcp" and not is_loopback(parts.hostname):
        raise ValueError(text)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether a host name or an IP address is that of this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def command_line(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(text, posix=os.name != "nt"))  # ValueError: a quotation mark without its counterpart


def choice(*accepted: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in accepted:
            raise ValueError(text)
        return text

    return parse


def optional_choice(*accepted: str) -> Callable[[str], str | None]:
    return lambda text: choice(*accepted)(text) if text else None


def folder(text: str) -> Path:
    return Path(plain_text(text)).expanduser().absolute()


def optional_folder(text: str) -> Path | None:
    return folder(text) if text else None


def comma_separated(item: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(item(part.strip()) for part in text.split(",")) if text else ()


def matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text.rstrip("/")

    return parse

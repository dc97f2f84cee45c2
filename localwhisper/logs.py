"""What is logged, and how: for people on the console, or a JSON object a line for programs.

Every line carries the id of the request it belongs to; a submission's is its job's id, which goes on
through the queue into the worker.
"""

import json
import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class WithRequestId(logging.Filter):
    """Gives each record the id of the request in whose context it was made."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = getattr(record, "job_id", None) or request_id.get() or "-"
        return True


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, request_id, and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        body = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        if record.exc_info:
            body["exception"] = self.formatException(record.exc_info)
        return json.dumps(body, ensure_ascii=False)


def to_console(style: str) -> logging.Handler:
    """`console`: only what goes wrong, for a person; `json`: everything, for a program."""
    handler = logging.StreamHandler()
    handler.addFilter(WithRequestId())
    if style == "json":
        handler.setFormatter(JsonFormatter())
        logging.getLogger("localwhisper").setLevel(logging.INFO)
    else:
        handler.setLevel(logging.ERROR)
    return handler


class OpenedFile(RotatingFileHandler):
    """A log that is opened by a function of one's own, as open() takes it."""

    def __init__(self, path: Path, max_bytes: int, opener: Callable[[str, int], int]) -> None:
        self._opener = opener
        super().__init__(path, maxBytes=max_bytes, backupCount=2, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, opener=self._opener)


def to_file(path: Path, max_bytes: int, opener: Callable[[str, int], int]) -> logging.Handler:
    """Warnings and errors with their tracebacks, in a file of bounded size."""
    handler = OpenedFile(path, max_bytes, opener)
    handler.setLevel(logging.WARNING)
    handler.addFilter(WithRequestId())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"))
    return handler

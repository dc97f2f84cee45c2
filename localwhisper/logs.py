"""Logging: a rotating file, and the console as text for people or as JSON lines for programs.

Every record carries the id of its request. The request that submits a job has the job's id, which the queue and the
worker use too.
"""

import json
import logging
import sys
import time
import uuid
from contextvars import ContextVar
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from localwhisper.atomic import private_opener
from localwhisper.errors import InternalError

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class RequestIdFilter(logging.Filter):
    """Adds the id of the current request to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = getattr(record, "job_id", None) or request_id.get() or "-"
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time (UTC), level, logger, message, request_id and, if there is one, exception."""

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


def console_handler(style: str) -> logging.Handler:
    """`console`: errors as text; `json`: every record as a JSON object."""
    handler = logging.StreamHandler()
    handler.addFilter(RequestIdFilter())
    if style == "json":
        handler.setFormatter(JsonFormatter())
        logging.getLogger("localwhisper").setLevel(logging.INFO)
    else:
        handler.setLevel(logging.ERROR)
    return handler


class PrivateFileHandler(RotatingFileHandler):
    """Writes a file that only the user can read. A disk that fails is reported once, not with a traceback for each
    record."""

    _has_failed = False

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, opener=private_opener)

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._has_failed:
            self._has_failed = True
            print(f"localwhisper: {self.baseFilename} can't be written: {error.strerror or error}", file=sys.stderr)


def file_handler(path: Path, max_bytes: int) -> logging.Handler:
    """Warnings and errors with their tracebacks, in a file of at most `max_bytes` and two older ones."""
    handler = PrivateFileHandler(path, maxBytes=max_bytes, backupCount=2, encoding="utf-8")
    handler.setLevel(logging.WARNING)
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"))
    return handler


def log_internal_error(log: logging.Logger, error: BaseException | None, text: str, *args: object) -> InternalError:
    """Log an unexpected exception with its traceback; returns the error to show, whose id finds it in the log."""
    log_id = uuid.uuid4().hex[:8]
    log.error(f"{text} [%s]", *args, log_id, exc_info=error)
    return InternalError(log_id=log_id)

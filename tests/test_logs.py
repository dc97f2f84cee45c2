"""The log file where it can't be written."""

import errno
import io
import logging
import os
from pathlib import Path

import pytest

from localwhisper import logs


class FailingFile(io.StringIO):
    def flush(self) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_log_that_can_not_be_written_is_reported_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = logs.file_handler(tmp_path / "log", 1000)
    with monkeypatch.context() as patch:
        patch.setattr(handler, "stream", FailingFile())
        for n in range(3):
            handler.handle(logging.LogRecord("a", logging.ERROR, "", 1, f"record {n}", None, None))
    handler.close()
    (line,) = capfd.readouterr().err.splitlines()
    assert line == f"localwhisper: {tmp_path / 'log'} can't be written: {os.strerror(errno.EROFS)}"

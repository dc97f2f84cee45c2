"""Transcription on a running server, for `transcribe` and `watch`. Apart, as it imports an HTTP client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from localwhisper.client import Client, Progress, ServerError
from localwhisper.commands.backends import BackendResult, ProgressCallback, ServerFailed
from localwhisper.errors import Stopped
from localwhisper.options import Layout


@contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        raise ServerFailed(str(error)) from error


class ServerBackend:
    """A Backend: transcribes on a running server, as jobs that its page shows like any others."""

    def __init__(
        self, url: str, token: str | None, options: Mapping[str, str], layout: Layout, script: str | None = None
    ) -> None:
        """`script`: as for LocalBackend."""
        self._client = Client(url, token=token)
        self._script = script
        self._options = options
        self._layout = {name: value for name, value in asdict(layout).items() if value}
        self._running: set[str] = set()  # job ids
        self._is_stopping = False

    def transcribe(self, source: Path, on_progress: ProgressCallback) -> BackendResult:
        job_id = ""

        def handle(progress: Progress) -> None:
            nonlocal job_id
            job_id = progress.job_id
            self._running.add(job_id)
            if self._is_stopping:
                raise Stopped
            on_progress(progress.percent / 100, progress.message)

        try:
            with _answers():
                result = self._client.transcribe(source, on_progress=handle, **self._options)  # type: ignore[arg-type]
                if self._script is not None:
                    result = replace(result, segments=self._client.align(result.job_id, self._script))
        except ServerFailed as error:
            if self._is_stopping and isinstance(error.__cause__, ServerError) and error.__cause__.code == "cancelled":
                raise Stopped from None
            raise
        finally:
            self._running.discard(job_id)
        lines = [segment.text.strip() for segment in result.segments if segment.text.strip()]
        export = partial(self._export, result.job_id)
        return BackendResult(lines, export, result.model, result.model_reason, result.warnings)

    def _export(self, job_id: str, name: str) -> bytes:
        with _answers():
            return self._client.export(job_id, name, **self._layout)

    def stop(self) -> None:
        self._is_stopping = True
        for job_id in tuple(self._running):
            self._client.cancel(job_id)

    def close(self) -> None:
        self._client.close()

"""The client for programs without an event loop: runs the asynchronous one in a background thread."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from localwhisper.client.asynchronous import AsyncClient, PathLike
from localwhisper.client.options import Layout, Options
from localwhisper.client.results import Progress, Segment, Transcription

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")


class Client:
    """A blocking AsyncClient. Threading: SAFE.

    `on_progress` is called on the calling thread. Ctrl-C in transcribe() cancels the job.
    """

    def __init__(self, url: str = "http://localhost:9000", *, token: str | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="localwhisper-client", daemon=True)
        self._thread.start()
        self._client = self._run(_create(url, token))

    def transcribe(
        self, path: PathLike, *, on_progress: Callable[[Progress], object] | None = None, **options: "Unpack[Options]"
    ) -> Transcription:
        """Transcribe a file."""
        steps = self._client.steps(path, **options)
        try:
            while True:
                step = self._run(_next(steps))
                if isinstance(step, Transcription):
                    return step
                if on_progress is not None:
                    on_progress(step)
        finally:
            self._run(_close(steps))

    def submit(self, path: PathLike, *, filename: str | None = None, **options: "Unpack[Options]") -> str:
        """Upload a file; returns the job's id."""
        return self._run(self._client.submit(path, filename=filename, **options))

    def job(self, job_id: str) -> dict[str, Any]:
        return self._run(self._client.job(job_id))

    def export(self, job_id: str, format: str, **layout: "Unpack[Layout]") -> bytes:
        return self._run(self._client.export(job_id, format, **layout))

    def align(self, job_id: str, text: str) -> tuple[Segment, ...]:
        """Replace a completed job's transcript by a text that one has, a script or subtitles, with the times of its
        words. Returns its segments."""
        return self._run(self._client.align(job_id, text))

    def cancel(self, job_id: str) -> None:
        self._run(self._client.cancel(job_id))

    def remove(self, job_id: str) -> None:
        self._run(self._client.remove(job_id))

    def models(self) -> list[dict[str, Any]]:
        return self._run(self._client.models())

    def health(self) -> dict[str, Any]:
        return self._run(self._client.health())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _run_loop(self) -> None:
        """Run the event loop on the thread until close(), then cancel what is unfinished."""
        self._loop.run_forever()
        self._loop.run_until_complete(_cancel_all())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def close(self) -> None:
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._client.close)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _create(url: str, token: str | None) -> AsyncClient:
    return AsyncClient(url, token=token)  # must be created on its event loop


async def _next(steps: AsyncGenerator[T, None]) -> T:
    return await steps.__anext__()


async def _close(steps: AsyncGenerator[Any, None]) -> None:
    await steps.aclose()

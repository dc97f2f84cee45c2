"""The client for programs without an event loop: the other one, on a loop in a thread of its own."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from localwhisper.client.asynchronous import AsyncClient, PathLike
from localwhisper.client.results import Options, Progress, Transcription

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")


class Client:
    """AsyncClient for programs without an event loop. Threading: SAFE.

    `on_progress` is called on the calling thread. Ctrl-C in transcribe() cancels the job.
    """

    def __init__(self, url: str = "http://localhost:9000", *, token: str | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="localwhisper-client", daemon=True)
        self._thread.start()
        self._client = self._run(_made(url, token))

    def transcribe(
        self, path: PathLike, *, on_progress: Callable[[Progress], object] | None = None, **options: "Unpack[Options]"
    ) -> Transcription:
        """The transcript of a file."""
        steps = self._client.steps(path, **options)
        try:
            while True:
                step = self._run(_next(steps))
                if isinstance(step, Transcription):
                    return step
                if on_progress is not None:
                    on_progress(step)
        finally:
            self._run(_closed(steps))

    def submit(self, path: PathLike, *, filename: str | None = None, **options: "Unpack[Options]") -> str:
        """Upload a file; returns the job's id."""
        return self._run(self._client.submit(path, filename=filename, **options))

    def job(self, job_id: str) -> dict[str, Any]:
        return self._run(self._client.job(job_id))

    def export(self, job_id: str, format: str, **layout: str | int | bool) -> bytes:
        return self._run(self._client.export(job_id, format, **layout))

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

    def _serve(self) -> None:
        """The thread: until it is stopped, and nothing is left half done."""
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
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _made(url: str, token: str | None) -> AsyncClient:
    return AsyncClient(url, token=token)  # on its loop


async def _next(steps: AsyncGenerator[T, None]) -> T:
    return await steps.__anext__()


async def _closed(steps: AsyncGenerator[Any, None]) -> None:
    await steps.aclose()

"""Pieces of jobs' recordings as files of their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.services.transcripts import Transcripts

# audio, its track, start and end in s, name of the format
Cut = Callable[[Path, str | None, float, float, str], bytes]


class Clips:
    """One clip at a time, so that memory stays bounded. Threading: the event loop's thread only."""

    def __init__(self, index: JobIndex, transcripts: Transcripts, cut: Cut) -> None:
        """`cut` may block."""
        self._index = index
        self._transcripts = transcripts
        self._cut = cut
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clip")

    async def get(self, job_id: str, start_s: float, end_s: float, format: str) -> bytes:
        """Return the file's content. Raises JobNotFound, JobDamaged, and what reading the audio raises."""
        audio = await self._transcripts.audio_path(job_id)
        job = self._index.get(job_id)
        track = job.options.audio_track if job.audio_track_used is None else str(job.audio_track_used)
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._cut, audio, track, start_s, end_s, format
        )

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

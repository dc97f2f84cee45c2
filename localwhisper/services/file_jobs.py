"""Jobs of recordings that are files on this machine: they are copied, so that the originals may change or go."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localwhisper.atomic import copy_private
from localwhisper.audio.probe import AudioInfo
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.services.option_reader import OptionReader


class FileJobs:
    """Threading: the event loop's thread only; files are read and copied on threads."""

    def __init__(
        self, queue: JobQueue, *, incoming: Path, probe: Callable[[Path], AudioInfo], options: OptionReader
    ) -> None:
        """`probe` is called on threads."""
        self._queue = queue
        self._incoming = incoming
        self._probe = probe
        self._options = options

    async def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises what reading options raises."""
        await asyncio.to_thread(self._options.read_json, options)

    async def submit(self, job_id: str, recording: Path, options: Mapping[str, Any]) -> None:
        """Raises what probing and reading options raise, QueueNotRunning, StorageFull, StorageUnwritable, OSError. No
        copy is left then."""
        upload = self._incoming / job_id
        info = await asyncio.to_thread(self._probe, recording)
        read, reason = await asyncio.to_thread(self._options.read_json, options)
        try:
            await asyncio.to_thread(copy_private, recording, upload)
            await self._queue.submit(
                job_id=job_id,
                filename=recording.name,
                upload=upload,
                audio_file=f"audio{recording.suffix.lower()}" if recording.suffix[1:].isalnum() else "audio",
                audio_duration=info.duration_s,
                options=read,
                model_reason=reason,
            )
        finally:
            await asyncio.to_thread(upload.unlink, missing_ok=True)  # unless it has become the job's

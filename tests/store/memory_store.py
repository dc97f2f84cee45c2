"""A store for tests that keeps everything but the audio in memory."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from localwhisper.errors import JobDamaged, JobNotFound
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Transcript, Waveform, Window
from localwhisper.store.base import DamagedJob, StampedText


class MemoryStore:
    """A JobStore. `audio_dir` receives the uploaded files, in one folder per job."""

    def __init__(self, audio_dir: Path) -> None:
        self._audio_dir = audio_dir
        self._jobs: dict[str, Job] = {}
        self._windows: dict[str, list[Window]] = {}
        self._transcripts: dict[tuple[str, bool], Transcript] = {}  # by job id and whether it is corrected
        self._waveforms: dict[str, Waveform] = {}

    def load_all(self) -> tuple[list[Job], list[DamagedJob]]:
        return list(self._jobs.values()), []

    def create(self, job: Job, upload: Path) -> None:
        folder = self._audio_dir / job.id
        folder.mkdir(parents=True)
        os.replace(upload, folder / job.audio_file)
        self._jobs[job.id] = job

    def save(self, job: Job) -> None:
        self._existing(job.id)
        self._jobs[job.id] = job

    def append_window(self, job_id: str, window: Window) -> None:
        self._existing(job_id)
        self._windows.setdefault(job_id, []).append(window)

    def windows(self, job_id: str) -> Sequence[Window]:
        return tuple(self._windows.get(job_id, ()))

    def clear_windows(self, job_id: str) -> None:
        self._existing(job_id)
        self._windows.pop(job_id, None)
        self._waveforms.pop(job_id, None)

    def save_transcript(self, job_id: str, transcript: Transcript) -> None:
        self._existing(job_id)
        self._transcripts[job_id, transcript.version > 0] = transcript

    def transcript(self, job_id: str, *, original: bool = False) -> Transcript:
        key = (job_id, not original and (job_id, True) in self._transcripts)
        try:
            return self._transcripts[key]
        except KeyError:
            raise JobDamaged(file="transcript.json") from None

    def changed_texts(self, stamps: Mapping[str, str | None]) -> list[StampedText]:
        texts = []
        for job_id, known in stamps.items():
            with suppress(JobDamaged):
                transcript = self.transcript(job_id)
                stamp = str(hash((transcript.text, transcript.version)))
                if stamp != known:
                    texts.append(
                        StampedText(
                            job_id=job_id,
                            stamp=stamp,
                            text=transcript.text,
                            speakers=transcript.speakers,
                        )
                    )
        return texts

    def set_corrections_aside(self, job_id: str) -> None:
        self._existing(job_id)
        del self._transcripts[job_id, True]

    def save_waveform(self, job_id: str, waveform: Waveform) -> None:
        self._existing(job_id)
        self._waveforms[job_id] = waveform

    def waveform(self, job_id: str) -> Waveform | None:
        return self._waveforms.get(job_id)

    def audio_path(self, job: Job) -> Path:
        path = self._audio_dir / job.id / job.audio_file
        if not path.is_file():
            raise JobDamaged(file=job.audio_file or "audio")
        return path

    def remove(self, job_id: str) -> None:
        if self._jobs.pop(job_id, None) is not None:
            self._windows.pop(job_id, None)
            self._waveforms.pop(job_id, None)
            for corrected in (False, True):
                self._transcripts.pop((job_id, corrected), None)
            shutil.rmtree(self._audio_dir / job_id, ignore_errors=True)

    def _existing(self, job_id: str) -> None:
        if job_id not in self._jobs:
            raise JobNotFound(job_id=job_id)

"""Completed, failed and cancelled jobs, written to a data directory as the server would store them."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from localwhisper.errors import AudioUnreadable
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.speakers import attributed
from localwhisper.jobs.transcript import Position, Segment, Speaker, Transcript, Turn, Window, Word
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store.files import FileStore

NEWEST = datetime(2026, 3, 14, 15, 9, 26, tzinfo=timezone.utc)
LINE_S = 3.0
HOSTILE_TEXT = "<img src=x onerror=hacked=1>"
TALK_LINES = (
    "Thank you all for coming this evening.",
    "I want to talk about the machine that Ada described,",
    "and about the people who read her notes a century later.",
    "When she wrote them, nothing of the kind had been built.",
    "There was a plan, a few brass wheels, and a great deal of patience.",
    "What she saw was that numbers need not only count.",
    "They can stand for notes, for letters, for the pattern in a piece of silk.",
    "So the question is not what such an engine can calculate,",
    "but what we are able to write down for it.",
    "That is where her story begins to sound like ours.",
)
# the first four, as another model might hear them
SECOND_LINES = (
    "Thank you all for coming this evening,",
    "I want to talk about the machine that Ava described",
    "and about people who read her notes a century later.",
    "When she wrote them nothing of the kind had ever been built.",
)


class JobSeeder:
    """Creates jobs, each a minute older than the one before."""

    def __init__(self, data_dir: Path, clip: Path) -> None:
        self._store = FileStore(data_dir)
        self._incoming = data_dir / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._clip = clip
        self._next = NEWEST

    def completed(
        self,
        filename: str,
        *lines: str,
        language: str = "en",
        audio: Path | None = None,
        again_of: str | None = None,
        speakers: Sequence[str] = (),
    ) -> str:
        """Lines of LINE_S seconds with word times; every seventh word has a low probability. Returns the job's id.

        `again_of`: the job whose recording this one transcribes again; `speakers`: of each line.
        """
        segments = tuple(_segment(number, text) for number, text in enumerate(lines))
        text = "".join(segment.text for segment in segments)
        duration_s = LINE_S * max(len(lines), 1)
        job = self._job(filename, JobState.COMPLETED, language, duration_s, audio, again_of=again_of)
        transcript = Transcript(text=text, language=language, segments=segments, processing_time=7.5)
        if speakers:
            turns = [
                Turn(start=segment.start, end=segment.end, speaker=each)
                for segment, each in zip(segments, speakers, strict=True)
            ]
            transcript = attributed(transcript, turns, [Speaker(id=each) for each in dict.fromkeys(speakers)])
        self._store.save_transcript(job.id, transcript)
        return job.id

    def failed(self, filename: str) -> str:
        reason = AudioUnreadable(reason="Invalid data found when processing input").message
        return self._job(filename, JobState.FAILED, "en", 61.0, None, reason).id

    def cancelled(self, filename: str, *lines: str, speakers: Sequence[str] = ()) -> str:
        """`lines`: decoded before; `speakers`: of each, as far as they were known."""
        job_id = self._job(filename, JobState.CANCELLED, "en", 754.0, None).id
        for number, (text, speaker) in enumerate(zip(lines, speakers, strict=True)):
            segment = replace(_segment(number, text), speaker=speaker)
            self._store.append_window(
                job_id, Window(segments=(segment,), after=Position(seek=round(100 * segment.end)))
            )
        return job_id

    def _job(
        self,
        filename: str,
        state: JobState,
        language: str,
        duration_s: float,
        audio: Path | None,
        error: Message | None = None,
        again_of: str | None = None,
    ) -> Job:
        clip = audio or self._clip
        upload = self._incoming / uuid.uuid4().hex
        upload.write_bytes(clip.read_bytes())
        self._next -= timedelta(minutes=1)
        job = Job(
            id=str(uuid.uuid4()),
            filename=filename,
            audio_file=f"audio{clip.suffix}",
            audio_duration=duration_s,
            options=Options(model="demo", word_timestamps=True),
            state=state,
            created_at=self._next,
            started_at=self._next,
            completed_at=self._next + timedelta(seconds=9),
            language=language,
            progress=100.0 if state is JobState.COMPLETED else 40.0,
            message=Message(f"job_{state.value}"),
            error=error,
            again_of=again_of,
        )
        self._store.create(job, upload)
        return job


def _segment(number: int, text: str) -> Segment:
    start, texts = number * LINE_S, text.split()
    each_s = LINE_S / max(len(texts), 1)
    words = tuple(
        Word(
            word=f" {word}",
            start=round(start + at * each_s, 2),
            end=round(start + (at + 1) * each_s, 2),
            probability=0.31 if (number + at) % 7 == 6 else 0.97,
        )
        for at, word in enumerate(texts)
    )
    return Segment(
        id=number,
        start=start,
        end=start + LINE_S,
        text=f" {text}",
        seek=0,
        tokens=(1,),
        avg_logprob=-0.2,
        no_speech_prob=0.01,
        compression_ratio=1.2,
        temperature=0.0,
        words=words,
    )

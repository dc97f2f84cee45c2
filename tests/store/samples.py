"""Jobs, windows and transcripts in which every field differs from its default."""

import math
import uuid
from dataclasses import replace
from datetime import datetime, timezone

from localwhisper.jobs.job import AudioTrack, DraftCorrection, Job, JobState, Note
from localwhisper.jobs.transcript import ChannelLanguage, Position, Segment, Transcript, Window, Word
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.option_values import OTHER_VALUES

AUDIO = b"sound" * 100


def job(job_id: str | None = None, **fields: object) -> Job:
    default = Job(
        id=job_id or str(uuid.uuid4()),
        filename="Müller – \u05e9\u05dc\u05d5\u05dd \U0001f3a7.mp3",
        audio_file="audio.mp3",
        audio_duration=12.25,
        options=options(),
        state=JobState.FAILED,
        created_at=datetime(2025, 6, 16, 10, 30, 0, 123456, timezone.utc),
        started_at=datetime(2025, 6, 16, 10, 30, 5, tzinfo=timezone.utc),
        completed_at=datetime(2025, 6, 16, 10, 31, tzinfo=timezone.utc),
        progress=65.5,
        message=Message("processing_segment", {"current": 15, "total": 23}),
        error=Message("audio_unreadable", {"reason": 'it is "torn"\n', "at_s": 1.5, "again": True, "by": None}),
        warnings=(Message("channel_inverted", {"channel": 2}),),
        language="es",
        channel_languages=(ChannelLanguage(channel="left", language="es"),),
        crashes=1,
        interruptions=3,
        crashed_window=4,
        again_of="c4e1c2d4-5f0e-4f1c-9d5e-0d5c5a1c7b11",
        corrections_due=True,
        notice_due=True,
        audio_tracks=(AudioTrack(number=1, language="eng"), AudioTrack(number=2)),
        audio_track_used=2,
        draft_corrections=(DraftCorrection(start=0.5, end=2.0, draft="own too", text="one two"),),
        is_stream=True,
        tags=("Ada", "שלום"),
        notes=(Note(start=0.5, end=2.0, quote="one two", text="Look."),),
        history=(JobState.PENDING, JobState.QUEUED, JobState.PROCESSING),
    )
    return replace(default, **fields)  # type: ignore[arg-type]


def options() -> Options:
    return Options(**OTHER_VALUES)  # type: ignore[arg-type]


def segment(number: int = 0, text: str = " uno dos") -> Segment:
    words = (
        Word(word=" uno", start=number * 2.0, end=number * 2.0 + 0.62, probability=0.1 + 0.2),
        Word(word=" dos", start=number * 2.0 + 0.8, end=number * 2.0 + 1.5, probability=1.0),
    )
    return Segment(
        id=number,
        start=number * 2.0,
        end=number * 2.0 + 1.5,
        text=text,
        seek=number * 200,
        tokens=(50364, 8526, 50439),
        avg_logprob=-math.inf,
        no_speech_prob=0.125,
        compression_ratio=1.0 / 3,
        temperature=0.2,
        words=words if number % 2 == 0 else None,
    )


def window(number: int = 0) -> Window:
    after = Position(seek=200 * (number + 1), language="es", prompt=(8526, number), last_speech_s=number * 2.0 + 1.5)
    return Window(segments=(segment(2 * number), segment(2 * number + 1)), after=after)


def transcript() -> Transcript:
    segments = (segment(0), segment(1, "\u05e9\u05dc\u05d5\u05dd\n\u2028x"))
    return Transcript(text=" uno dos \u05e9\u05dc\u05d5\u05dd", language="es", segments=segments, processing_time=3.75)

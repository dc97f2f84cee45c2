"""The fields of a job that requests to the queue name."""

from typing import Literal, TypedDict

from typing_extensions import NotRequired

from localwhisper.jobs.job import AudioTrack, Note
from localwhisper.messages import Message
from localwhisper.options import Options


class NewJob(TypedDict):
    """What a submission says about its job."""

    job_id: str
    filename: str
    audio_file: str
    audio_duration: float
    options: Options
    model_reason: NotRequired[Message]
    again_of: NotRequired[str]
    audio_tracks: NotRequired[tuple[AudioTrack, ...]]
    is_stream: NotRequired[bool]


class Description(TypedDict, total=False):
    """What a person says about a job; absent: unchanged."""

    filename: str
    tags: tuple[str, ...]
    notes: tuple[Note, ...]
    notes_before: tuple[Note, ...]  # those that the person saw: changes that others made meanwhile stay


class Done(TypedDict, total=False):
    """What was due after a job's end."""

    corrections_due: Literal[False]
    notice_due: Literal[False]

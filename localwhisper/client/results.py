"""Results, progress and errors, as read from the server's JSON."""

import json
from dataclasses import dataclass, replace
from typing import Any


class ServerError(Exception):
    """An error that the server answered, or why it couldn't be reached. `code` is stable, str() is for people."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status  # of HTTP; 0 if there was no answer


@dataclass(frozen=True)
class Word:
    word: str
    start: float  # seconds
    end: float
    probability: float | None


@dataclass(frozen=True)
class Segment:
    id: int
    start: float  # seconds
    end: float
    text: str
    words: tuple[Word, ...] | None  # None: word timestamps were not requested
    channel: str | None = None  # with channels=split
    speaker: str | None = None  # id of one of the transcription's speakers; with speakers


@dataclass(frozen=True)
class Speaker:
    id: str
    name: str  # empty: none was given
    seconds: float  # how long this one talks


@dataclass(frozen=True)
class Transcription:
    job_id: str
    text: str
    language: str
    segments: tuple[Segment, ...]
    processing_time: float  # seconds
    model: str
    model_reason: str  # why it was this one, for people
    warnings: tuple[str, ...] = ()  # about the audio
    speakers: tuple[Speaker, ...] = ()


@dataclass(frozen=True)
class Progress:
    job_id: str
    status: str
    percent: float
    message: str
    remaining_s: float | None = None
    segment: Segment | None = None  # if it has just been decoded


class JobMessages:
    """Turns the messages of a job's WebSocket into steps. Segments that are sent again are skipped."""

    def __init__(self, job_id: str) -> None:
        self._progress = Progress(job_id, "queued", 0.0, "")
        self._segment_ids: set[int] = set()

    def step(self, message: dict[str, Any]) -> Progress | Transcription | None:
        """None if the message says nothing new. Raises ServerError if there will be no transcript."""
        data = message["data"]
        match message["type"]:
            case "status" | "progress":
                self._progress = replace(
                    self._progress,
                    status=data["status"],
                    percent=data["progress"],
                    message=data["message"],
                    remaining_s=data.get("estimated_time_remaining"),
                )
                return self._progress
            case "segment" if data["id"] not in self._segment_ids:
                self._segment_ids.add(data["id"])
                return replace(self._progress, segment=segment_of(data))
            case "completed":
                return _transcription(self._progress.job_id, data)
            case "cancelled":
                raise ServerError("cancelled", data["message"])
            case "error" if "error" in data:
                raise ServerError(data["error"]["code"], data["error"]["message"])
        return None

    def last_step(self, job: dict[str, Any]) -> Transcription | None:
        """The transcript in an answer of GET /job/{job_id}; None if the job has not ended.

        Raises ServerError if there will be no transcript.
        """
        if "result" in job:
            return _transcription(self._progress.job_id, job)
        if job["status"] == "cancelled":
            raise ServerError("cancelled", job["message"])
        if job.get("error"):
            raise ServerError(job["error"]["code"], job["error"]["message"])
        return None


def _transcription(job_id: str, data: dict[str, Any]) -> Transcription:
    result = data["result"]
    segments = tuple(segment_of(segment) for segment in result["segments"])
    return Transcription(
        job_id=job_id,
        text=result["text"],
        language=result["language"],
        segments=segments,
        processing_time=result["processing_time"],
        model=data["model"],
        model_reason=data["model_reason"]["message"],
        warnings=tuple(warning["message"] for warning in data["warnings"]),
        speakers=tuple(Speaker(**each) for each in result.get("speakers", ())),
    )


def segment_of(data: dict[str, Any]) -> Segment:
    words = data.get("words")
    word_tuple = (
        None if words is None else tuple(Word(w["word"], w["start"], w["end"], w["probability"]) for w in words)
    )
    names = data.get("channel"), data.get("speaker")
    return Segment(data["id"], data["start"], data["end"], data["text"], word_tuple, *names)


def server_error(status: int, body: bytes) -> ServerError:
    try:
        error = json.loads(body)["error"]
        return ServerError(error["code"], error["message"], status)
    except (ValueError, KeyError, TypeError):
        return ServerError("not_localwhisper", f"the server is not localwhisper; it answered {status}", status)

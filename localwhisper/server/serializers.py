"""The domain's data as the wire shows it."""

import math
from datetime import datetime, timezone
from typing import Any

from localwhisper.engine.calibration.plan_store import MeasuredPlan
from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobs.model import Job, JobState, Segment, Transcript
from localwhisper.messages import Message, in_language, render
from localwhisper.option_types import Option, Shown
from localwhisper.options import options_to_json
from localwhisper.services.downloads import Downloads

Json = dict[str, Any]
AS_BY_DEFAULT = ("As by default", "Por defecto")  # the empty choice of an option without a default


def time_text(time: datetime | None) -> str | None:
    """ISO 8601, UTC, whole milliseconds, with a Z."""
    if time is None:
        return None
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def finite(value: float) -> float | None:
    """JSON has no nan."""
    return value if math.isfinite(value) else None


def job_body(job: Job, eta: EtaEstimator, language: str) -> Json:
    """GET /job without what has to be read from the disk: segments and result."""
    body: Json = {
        "job_id": job.id,
        "status": job.state.value,
        "progress": round(job.progress, 1),
        "message": render(job.message, language),
        "created_at": time_text(job.created_at),
        "started_at": time_text(job.started_at),
        "estimated_time_remaining": seconds(eta.remaining_s(job)),
        "filename": job.filename,
        "model": job.options.model,
        "language": job.language,
        "options": options_body(job),
        "audio_duration": round(job.audio_duration, 3),
    }
    if job.state is JobState.QUEUED:
        body["queue_position"] = eta.queue_position(job)
    if job.state.ended:
        body["completed_at"] = time_text(job.completed_at)
    if job.error is not None:
        body["error"] = message_body(job.error, language)
    return body


def options_body(job: Job) -> Json:
    """All but the model, which stands beside them."""
    return {name: value for name, value in options_to_json(job.options).items() if name != "model"}


def option_body(option: Option, default: object, language: str) -> Json:
    """A row of the option table with the texts of a form."""
    body: Json = {
        "name": option.name,
        "type": option.kind,
        "label": in_language(option.label, language),
        "hint": in_language(option.hint, language) if option.hint else None,
        "default": option.to_json(default),
        "page": Shown.PAGE in option.shown,
        "needs": option.needs,
        "needs_model": option.needs_model,
    }
    if option.choices:
        labels = {"": AS_BY_DEFAULT, **option.choice_labels} if option.is_optional else option.choice_labels
        body["choices"] = [{"value": value, "label": in_language(label, language)} for value, label in labels.items()]
    bounds = {"minimum": option.minimum, "maximum": option.maximum, "max_length": option.max_length}
    return body | {name: bound for name, bound in bounds.items() if bound is not None}


def message_body(message: Message, language: str) -> Json:
    return {"code": message.code, "message": render(message, language)}


def progress_body(job: Job, eta: EtaEstimator, language: str) -> Json:
    return {
        "status": job.state.value,
        "progress": round(job.progress, 1),
        "message": render(job.message, language),
        "estimated_time_remaining": seconds(eta.remaining_s(job)),
    }


def segment_body(segment: Segment) -> Json:
    body: Json = {
        "id": segment.id,
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "avg_logprob": finite(segment.avg_logprob),
        "no_speech_prob": finite(segment.no_speech_prob),
        "compression_ratio": finite(segment.compression_ratio),
        "retries": segment.retries,
        "temperature": segment.temperature,
    }
    if segment.words is not None:
        body["words"] = [
            {"word": w.word, "start": w.start, "end": w.end, "probability": finite(w.probability)}
            for w in segment.words
        ]
    return body


def result_body(transcript: Transcript, *, timestamps: bool) -> Json:
    return {
        "text": transcript.text,
        "language": transcript.language,
        "segments": [segment_body(segment) for segment in transcript.segments] if timestamps else [],
        "processing_time": round(transcript.processing_time, 3),
        "retries": len({segment.seek for segment in transcript.segments if segment.retries}),
    }


def _plan_body(chosen: MeasuredPlan) -> Json:
    return {
        "name": chosen.plan.name,
        "encoder_speedup": round(chosen.encoder_speedup, 2),
        "decoder_speedup": round(chosen.decoder_speedup, 2),
        "deviation": chosen.deviation,
    }


def model_body(entry: ModelEntry, downloads: Downloads, eta: EtaEstimator, language: str) -> Json:
    download = downloads.progress(entry.name)
    real_time_factor, is_measured = eta.real_time_factor(entry.name)
    return {
        "name": entry.name,
        "size_bytes": entry.size_bytes,
        "available": entry.available,
        "bundled": entry.bundled,
        "multilingual": entry.multilingual,
        "translates": entry.translates,
        "plans": {quality: _plan_body(chosen) for quality, chosen in entry.plans.items()},
        "description": render(Message("demo_description"), language) if entry.bundled else None,
        "real_time_factor": round(real_time_factor, 4),
        "speed_is_measured": is_measured,
        "download": None
        if download is None
        else {"received_bytes": download.received_bytes, "total_bytes": download.total_bytes},
    }

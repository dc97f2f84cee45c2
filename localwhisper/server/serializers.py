"""Makes the JSON bodies of the API from domain objects."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from localwhisper.engine.checkpoints.catalogue import rank, recommended_model
from localwhisper.engine.checkpoints.found_models import FoundModel
from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.engine.plans import MeasuredPlan
from localwhisper.export.json_ import finite
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.speakers import seconds_of
from localwhisper.jobs.transcript import Segment, Speaker, Transcript, Word
from localwhisper.messages import Message, in_language, render
from localwhisper.option_types import Option, SettableIn
from localwhisper.options import options_to_json
from localwhisper.services.downloads import Download
from localwhisper.store.text_index import Preview

Json = dict[str, Any]
DEFAULT_CHOICE = ("Default", "Por defecto")  # the empty choice of an option without a default


def time_text(time: datetime | None) -> str | None:
    """Format a time as ISO 8601, in UTC with milliseconds and a Z."""
    if time is None:
        return None
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rounded_s(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def message_body(message: Message, language: str) -> Json:
    return {"code": message.code, "message": render(message, language)}


# -- jobs --------------------------------------------------------------------------------


def submission_body(job: Job, eta: EtaEstimator, websocket_url: str, language: str) -> Json:
    return {
        "job_id": job.id,
        "status": job.state.value,
        "websocket_url": websocket_url,
        "estimated_processing_time": rounded_s(eta.work_s(job)),
        "queue_position": eta.queue_position(job),
        "model": job.options.model,
        "model_reason": message_body(job.model_reason, language),
    }


def job_body(job: Job, eta: EtaEstimator, language: str, excerpt: Sequence[str] | None = None) -> Json:
    """The job without what has to be read from the disk: segments and result."""
    body: Json = {
        "job_id": job.id,
        "status": job.state.value,
        "progress": round(job.progress, 1),
        "message": render(job.message, language),
        "created_at": time_text(job.created_at),
        "started_at": time_text(job.started_at),
        "estimated_time_remaining": rounded_s(eta.remaining_s(job)),
        "filename": job.filename,
        "model": job.options.model,
        "model_reason": message_body(job.model_reason, language),
        "language": job.language,
        "options": {name: value for name, value in options_to_json(job.options).items() if name != "model"},
        "audio_duration": round(job.audio_duration, 3),
        "again_of": job.again_of,
        "audio_tracks": [asdict(track) for track in job.audio_tracks],
        "audio_track_used": job.audio_track_used,
        "tags": list(job.tags),
        "notes": [asdict(note) for note in job.notes],
        "warnings": [message_body(warning, language) for warning in job.warnings],
    }
    body |= _worker_names(job, eta)
    if job.state is JobState.QUEUED:
        body["queue_position"] = eta.queue_position(job)
    if job.state.ended:
        body["completed_at"] = time_text(job.completed_at)
    if job.channel_languages:
        body["channel_languages"] = [asdict(each) for each in job.channel_languages]
    if job.error is not None:
        body["error"] = message_body(job.error, language)
    if excerpt is not None:
        body["excerpt"] = excerpt
    return body


def preview_body(preview: Preview | None) -> Json:
    """`preview`: None if it isn't known yet."""
    return {"preview": None} if preview is None else {"preview": preview.text, **speakers_body(preview.speakers)}


def speakers_body(speakers: Sequence[Speaker]) -> Json:
    return {"speakers": [{"id": each.id, "name": each.name} for each in speakers]}


def progress_body(job: Job, eta: EtaEstimator, language: str) -> Json:
    return {
        "status": job.state.value,
        "progress": round(job.progress, 1),
        "message": render(job.message, language),
        "estimated_time_remaining": rounded_s(eta.remaining_s(job)),
        **_worker_names(job, eta),
    }


def _worker_names(job: Job, eta: EtaEstimator) -> Json:
    names = eta.worker_names(job)
    return {} if names is None else {"workers": names}


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
    if segment.channel is not None:
        body["channel"] = segment.channel
    speaker = {} if segment.speaker is None else {"speaker": segment.speaker}
    if speaker:
        body |= {**speaker, "overlap": segment.overlap}
    if segment.words is not None:
        body["words"] = [word_body(word) | speaker for word in segment.words]
    return body


def word_body(word: Word) -> Json:
    return {"word": word.word, "start": word.start, "end": word.end, "probability": finite(word.probability)}


def result_body(transcript: Transcript, *, timestamps: bool) -> Json:
    body: Json = {
        "text": transcript.text,
        "language": transcript.language,
        "segments": [segment_body(segment) for segment in transcript.segments] if timestamps else [],
        "processing_time": round(transcript.processing_time, 3),
        "retries": len({segment.seek for segment in transcript.segments if segment.retries}),
    }
    if transcript.channel_languages:
        body["channel_languages"] = [asdict(each) for each in transcript.channel_languages]
    if transcript.speakers and timestamps:
        seconds = seconds_of(transcript)
        body["speakers"] = [
            {"id": each.id, "name": each.name, "seconds": round(seconds[each.id], 3)} for each in transcript.speakers
        ]
    return body


def corrected_body(transcript: Transcript, at: int, remove: int, n_lines: int) -> Json:
    """Which segments were replaced, and those that are there now."""
    segments = map(segment_body, transcript.segments[at : at + n_lines])
    return {"version": transcript.version, "at": at, "remove": remove, "segments": segments}


def queue_body(queue: JobQueue) -> Json:
    return {
        "queue_size": len(queue.waiting()),
        "active_jobs": queue.n_working,
        "total_jobs": len(queue.index),
        "max_concurrent_jobs": queue.max_concurrent_jobs,
        "is_running": queue.is_running,
    }


def workers_body(queue: JobQueue, language: str) -> list[Json] | None:
    """The workers of a cluster and what they do; None if this process does all jobs itself."""
    members = queue.members()
    if members is None:
        return None
    return [
        {
            "name": worker.name,
            "max_concurrent_jobs": worker.capacity,
            "jobs": job_ids,
            "problem": None if worker.problem is None else message_body(worker.problem, language),
        }
        for worker, job_ids in members
    ]


# -- options, models and samples ---------------------------------------------------------


def option_body(option: Option, default: object, language: str) -> Json:
    """A row of the option table with the texts of a form."""
    body: Json = {
        "name": option.name,
        "type": "text" if option.kind == "track" else option.kind,
        "label": in_language(option.label, language),
        "hint": in_language(option.hint, language) if option.hint else None,
        "default": option.to_json(default),
        "page": SettableIn.PAGE in option.settable_in,
        "needs": option.needs,
        "needs_model": option.needs_model,
    }
    if option.choices:
        labels = {"": DEFAULT_CHOICE, **option.choice_labels} if option.is_optional else option.choice_labels
        body["choices"] = [{"value": value, "label": in_language(label, language)} for value, label in labels.items()]
    bounds = {"minimum": option.minimum, "maximum": option.maximum, "max_length": option.max_length}
    return body | {name: bound for name, bound in bounds.items() if bound is not None}


def model_body(entry: ModelEntry, download: Download | None, eta: EtaEstimator, language: str) -> Json:
    """`download`: None unless the model is being downloaded."""
    real_time_factor, is_measured = eta.real_time_factor(entry.name)
    return {
        "name": entry.name,
        "size_bytes": entry.size_bytes,
        "available": entry.available,
        "bundled": entry.bundled,
        "aliases": list(entry.aliases),
        "purpose": entry.purpose,
        "rank": rank(entry.name),
        "recommended": entry.name == recommended_model(lambda name: eta.real_time_factor(name)[0]),
        "sources": [
            {"name": offer.source, "label": offer.label, "size_bytes": offer.size_bytes} for offer in entry.offers
        ],
        "multilingual": entry.multilingual,
        "translates": entry.translates,
        "plans": {quality: _plan_body(plan) for quality, plan in entry.plans.items()},
        "origin": None if entry.origin is None else asdict(entry.origin),
        "description": render(Message("demo_description"), language) if entry.bundled else None,
        "real_time_factor": round(real_time_factor, 4),
        "minutes_per_hour_of_audio": round(60 * real_time_factor, 1),
        "speed_is_measured": is_measured,
        "download": None
        if download is None
        else {
            "received_bytes": download.received_bytes,
            "total_bytes": download.total_bytes,
            "source": download.source,
        },
    }


def found_model_body(model: FoundModel) -> Json:
    return {"name": model.name, "label": model.label, "path": str(model.path), "size_bytes": model.size_bytes}


def _plan_body(measured: MeasuredPlan) -> Json:
    return {
        "name": measured.plan.name,
        "encoder_speedup": round(measured.encoder_speedup, 2),
        "decoder_speedup": round(measured.decoder_speedup, 2),
        "deviation": measured.deviation,
    }


def sample_body(sample: Mapping[str, Any], language: str) -> Json:
    """Describe a sample recording; `sample` is a row of samples.json."""
    return {
        "id": sample["id"],
        "language": sample["language"],
        "title": sample["title"][language],
        "text": sample["text"],
        "duration": sample["duration_s"],
        "url": f"samples/{sample['filename']}",
    }

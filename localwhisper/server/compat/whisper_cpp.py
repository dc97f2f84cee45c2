"""whisper.cpp's server: POST /inference. Fields that tune whisper.cpp itself are let pass."""

from localwhisper.errors import LocalWhisperError
from localwhisper.jobs.model import Job, Transcript
from localwhisper.option_types import boolean_argument
from localwhisper.server.compat.blocking_job import AnsweringHandler, exported, segment_figures
from localwhisper.server.serializers import Json, finite

MEDIA_TYPES = {"text": "text/html", "srt": "application/x-subrip", "vtt": "text/vtt"}


class InferenceHandler(AnsweringHandler):
    async def post(self) -> None:
        fields = dict(self.fields())
        format_ = fields.get("response_format", "json")
        options = self.job_options(
            language=fields.get("language") or "en",
            task="translate" if boolean_argument("translate", fields.get("translate") or "false") else "transcribe",
            initial_prompt=fields.get("prompt"),
            temperature=None if _is_zero(fields.get("temperature")) else fields["temperature"],
            word_timestamps=str(format_ == "verbose_json"),
        )
        job, transcript = await self.transcribe(options)
        if format_ in ("srt", "vtt"):
            self.write_text(exported(format_, transcript), MEDIA_TYPES[format_])
        elif format_ == "text":
            self.write_text(lines(transcript), MEDIA_TYPES[format_])
        elif format_ == "verbose_json":
            self.write_json(verbose(job, transcript, self.services.models.languages.get(transcript.language, "")))
        else:  # also what it doesn't know
            self.write_json({"text": lines(transcript)})

    def error_answer(self, error: LocalWhisperError, status: int) -> tuple[Json, int]:
        return {"error": self.say(error.message)}, status


def _is_zero(text: str | None) -> bool:
    """Its default: start at 0 and rise where a text is poor."""
    return not text or not text.strip("0.")


def lines(transcript: Transcript) -> str:
    """A line a segment, with the space that each begins with."""
    return "".join(f"{segment.text}\n" for segment in transcript.segments)


def verbose(job: Job, transcript: Transcript, language: str) -> Json:
    segments = []
    for segment in transcript.segments:
        body = segment_figures(segment)
        body["words"] = [
            {"word": word.word, "start": word.start, "end": word.end, "t_dtw": -1, "probability": word.probability}
            for word in segment.words or ()
        ]
        keys = ("id", "text", "start", "end", "tokens", "words", "temperature", "avg_logprob", "no_speech_prob")
        segments.append({key: finite(body[key]) if isinstance(body[key], float) else body[key] for key in keys})
    return {
        "task": job.options.task,
        "language": language,
        "duration": round(job.audio_duration, 3),
        "text": lines(transcript),
        "segments": segments,
    }

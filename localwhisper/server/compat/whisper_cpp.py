"""whisper.cpp's server: POST /inference. Fields that tune whisper.cpp itself are ignored."""

from collections.abc import Mapping

from localwhisper.errors import LocalWhisperError
from localwhisper.export.json_ import finite, segment_body
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Transcript
from localwhisper.option_types import boolean_argument
from localwhisper.server.compat.synchronous_job import SynchronousJobHandler, temperature_option
from localwhisper.server.serializers import Json

MEDIA_TYPES = {"text": "text/html", "srt": "application/x-subrip", "vtt": "text/vtt"}
SEGMENT_KEYS = ("id", "text", "start", "end", "tokens", "words", "temperature", "avg_logprob", "no_speech_prob")


class InferenceHandler(SynchronousJobHandler):
    async def process_upload(self) -> None:
        fields = dict(self.form_fields())
        response_format = fields.get("response_format", "json")
        options = await self.job_options(option_fields(fields))
        job, transcript = await self.transcribe(options)
        if response_format in ("srt", "vtt"):
            self.write_text(EXPORTERS[response_format].to_text(transcript), MEDIA_TYPES[response_format])
        elif response_format == "text":
            self.write_text(segment_lines(transcript), MEDIA_TYPES[response_format])
        elif response_format == "verbose_json":
            language = self.dependencies.models.languages.get(transcript.language, "")
            self.write_json(verbose_body(job, transcript, language))
        else:  # as whisper.cpp does with unknown formats
            self.write_json({"text": segment_lines(transcript)})

    @classmethod
    def format_error(cls, error: LocalWhisperError, status: int, message: str) -> tuple[Json, int]:
        return {"error": message}, status


def option_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """whisper.cpp's fields as those of /transcribe-job. Raises InvalidOption."""
    translates = boolean_argument("translate", fields.get("translate") or "false")
    options = {
        "language": fields.get("language") or "en",
        "task": "translate" if translates else "transcribe",
        "initial_prompt": fields.get("prompt", ""),
        "word_timestamps": str(fields.get("response_format") == "verbose_json"),
    }
    return options | temperature_option(fields.get("temperature"))


def segment_lines(transcript: Transcript) -> str:
    """One line per segment, each with the space that its text begins with."""
    return "".join(f"{segment.text}\n" for segment in transcript.segments)


def verbose_body(job: Job, transcript: Transcript, language: str) -> Json:
    segments = []
    for segment in transcript.segments:
        body = segment_body(segment)
        body["words"] = [
            {
                "word": word.word,
                "start": word.start,
                "end": word.end,
                "t_dtw": -1,
                "probability": finite(word.probability),
            }
            for word in segment.words or ()
        ]
        segments.append({key: body[key] for key in SEGMENT_KEYS})
    return {
        "task": job.options.task,
        "language": language,
        "duration": round(job.audio_duration, 3),
        "text": segment_lines(transcript),
        "segments": segments,
    }

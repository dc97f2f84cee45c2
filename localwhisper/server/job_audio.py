"""A job's recording: the audio itself and its waveform."""

import mimetypes
import re

import tornado.web

from localwhisper.audio.clip import CLIP_FORMATS
from localwhisper.errors import InvalidOption, JobDamaged
from localwhisper.server.base import BaseHandler
from localwhisper.server.http_errors import BadRequest
from localwhisper.server.transcripts import attachment

MAX_CLIP_S = 300
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class WaveformHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        waveform = await self.dependencies.jobs.waveforms.get(job_id)
        self.write_json({"duration": waveform.duration, "peaks": waveform.peaks, "speech": waveform.speech})


class AudioHandler(tornado.web.StaticFileHandler, BaseHandler):
    """The job's audio, with Range, or a clip of it. The path comes from the job, never from the URL."""

    def initialize(self) -> None:  # type: ignore[override]  # there is no root folder to pass
        super().initialize(path="/")

    async def get(self, job_id: str, include_body: bool = True) -> None:
        if include_body and self.query.keys() & {"from", "to", "format"}:
            await self._send_clip(job_id)
            return
        self._audio = await self.dependencies.jobs.transcripts.audio_path(job_id)
        try:
            await super().get(job_id, include_body)
        except (FileNotFoundError, tornado.web.HTTPError):  # tornado's is 404
            self.dependencies.jobs.index.get(job_id)  # raises JobNotFound if the job has just been removed
            raise JobDamaged(file=self._audio.name) from None
        if self.get_status() == 416:  # tornado sets it without a body
            body, _ = self.error_response(BadRequest())
            self.write_json(body, 416)

    async def _send_clip(self, job_id: str) -> None:
        job = self.dependencies.jobs.index.get(job_id)
        start_s = self._position("from", 0.0, job.audio_duration)
        end_s = self._position("to", min(start_s + MAX_CLIP_S, job.audio_duration), job.audio_duration)
        name = self.query.get("format", "wav")
        if name not in CLIP_FORMATS:
            raise InvalidOption(field="format", value=name[:100], accepted=", ".join(CLIP_FORMATS))
        if not start_s < end_s <= start_s + MAX_CLIP_S:
            accepted = f"seconds after from, at most {MAX_CLIP_S} later"
            raise InvalidOption(field="to", value=self.query.get("to", f"{end_s:g}"), accepted=accepted)
        content = await self.dependencies.jobs.clips.get(job_id, start_s, end_s, name)
        stem = job.filename.rsplit(".", 1)[0] or "clip"
        self.set_header("Content-Type", CLIP_FORMATS[name].media_type)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Disposition", attachment(f"{stem} {start_s:g}-{end_s:g} s.{name}", name))
        await self.finish(content)

    def _position(self, name: str, default_s: float, duration_s: float) -> float:
        """A time of the query in seconds, at most the recording's end. Raises InvalidOption."""
        text = self.query.get(name)
        if text is None:
            return default_s
        if not SECONDS.fullmatch(text):
            raise InvalidOption(field=name, value=text[:100], accepted=f"seconds from 0 to {duration_s:.3f}")
        return min(float(text), duration_s)

    async def head(self, job_id: str) -> None:
        await self.get(job_id, include_body=False)

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        return path

    def parse_url_path(self, url_path: str) -> str:
        return str(self._audio)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        return absolute_path

    def get_content_type(self) -> str:
        media_type = mimetypes.guess_type(self._audio.name)[0] or ""
        return media_type if media_type.startswith(("audio/", "video/")) else "application/octet-stream"

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "private, max-age=3600")
        # RFC 9110, 13.1.5: a range of another version must not be continued with this one
        unchanged_since = self.request.headers.get("If-Range")
        if unchanged_since is not None and unchanged_since != self._headers.get("Last-Modified"):
            self.request.headers.pop("Range", None)

    def compute_etag(self) -> str | None:
        return None  # tornado would read the whole file; clients revalidate by modification time

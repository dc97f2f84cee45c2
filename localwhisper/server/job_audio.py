"""A job's recording: the audio itself and its waveform."""

import mimetypes

import tornado.web

from localwhisper.errors import JobDamaged
from localwhisper.server.base import BaseHandler
from localwhisper.server.http_errors import BadRequest


class WaveformHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        waveform = await self.dependencies.jobs.waveforms.get(job_id)
        self.write_json({"duration": waveform.duration, "peaks": waveform.peaks})


class AudioHandler(tornado.web.StaticFileHandler, BaseHandler):
    """The job's audio, with Range. The path comes from the job, never from the URL."""

    def initialize(self) -> None:  # type: ignore[override]  # there is no root folder to pass
        super().initialize(path="/")

    async def get(self, job_id: str, include_body: bool = True) -> None:
        self._audio = await self.dependencies.jobs.transcripts.audio_path(job_id)
        try:
            await super().get(job_id, include_body)
        except (FileNotFoundError, tornado.web.HTTPError):  # tornado's is 404
            self.dependencies.jobs.index.get(job_id)  # raises JobNotFound if the job has just been removed
            raise JobDamaged(file=self._audio.name) from None
        if self.get_status() == 416:  # tornado sets it without a body
            body, _ = self.error_response(BadRequest())
            self.write_json(body, 416)

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

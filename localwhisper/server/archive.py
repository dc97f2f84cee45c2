"""Several transcripts in one ZIP archive. Those without word times get the subtitles that need none."""

import asyncio

from localwhisper.errors import InvalidOption
from localwhisper.export.archive import zip_archive
from localwhisper.export.registry import EXPORTERS
from localwhisper.options import layout_from_texts
from localwhisper.server.base import BaseHandler
from localwhisper.server.transcripts import about, has_words

MAX_JOBS = 500


class ArchiveHandler(BaseHandler):
    async def get(self) -> None:
        jobs = self.dependencies.jobs
        chosen = [jobs.index.get(job_id) for job_id in self._ids()]
        name = self.query.get("format", "txt")
        if name not in EXPORTERS or name == "zip":
            accepted = ", ".join(name for name in EXPORTERS if name != "zip")
            raise InvalidOption(field="format", value=name[:100], accepted=accepted)
        exporter, layout = EXPORTERS[name], layout_from_texts(self.query)

        async def content() -> bytes:
            files = []
            for job in chosen:
                transcript = await jobs.transcripts.get(job.id)
                told = about(job, transcript, self.language)
                own = layout if has_words(transcript) else layout.without_words()
                file = await asyncio.to_thread(exporter.to_bytes, transcript, own, told)
                files.append((told.title, exporter.extension, file))
            return await asyncio.to_thread(zip_archive, files, max(job.created_at for job in chosen))

        self.set_header("Content-Type", "application/zip")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Disposition", f'attachment; filename="transcripts-{name}.zip"')
        await self.finish_large(content)

    def _ids(self) -> list[str]:
        """Without repetitions. Raises InvalidOption."""
        ids = [*dict.fromkeys(text for text in self.query.get("ids", "").split(",") if text)]
        if not 1 <= len(ids) <= MAX_JOBS:
            raise InvalidOption(field="ids", value=f"{len(ids)} ids", accepted=f"1 to {MAX_JOBS} ids")
        return ids

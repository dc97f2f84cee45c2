"""Handlers that list, download, remove and import models."""

import asyncio
from dataclasses import replace
from pathlib import Path

from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.errors import AudioUnreadable, CheckpointUnusable, InvalidOption
from localwhisper.export.registry import EXPORTERS
from localwhisper.option_types import boolean_argument
from localwhisper.options import Options
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.dependencies import Dependencies
from localwhisper.server.serializers import Json
from localwhisper.server.uploads import UploadHandler, clean_name


async def find_model(dependencies: Dependencies, name: str) -> ModelEntry:
    """Read a model's entry on a thread. Raises ModelNotFound."""
    return await asyncio.to_thread(dependencies.models.library.entry, name)


def model_body(dependencies: Dependencies, entry: ModelEntry, language: str) -> Json:
    download = dependencies.models.downloads.progress(entry.name)
    return serializers.model_body(entry, download, dependencies.jobs.eta, language)


class ModelsHandler(BaseHandler):
    async def get(self) -> None:
        models = self.dependencies.models
        entries, found = await asyncio.to_thread(lambda: (models.library.entries(), models.found.all()))
        choice = models.chooser.choose(Options(model=models.chooser.default_model), entries)
        self.write_json(
            {
                "default": models.chooser.default_model,
                "choice": {
                    "model": choice.model,
                    "reason": serializers.message_body(choice.reason, self.language),
                },
                "models": [model_body(self.dependencies, entry, self.language) for entry in entries],
                "found": [serializers.found_model_body(model) for model in found],
                "languages": [{"code": code, "name": name} for code, name in models.languages.items()],
                "formats": list(EXPORTERS),
            }
        )


class ModelHandler(BaseHandler):
    async def delete(self, name: str) -> None:
        entry = await find_model(self.dependencies, name)
        await self.dependencies.models.downloads.remove(entry.name)
        removed = replace(entry, available=False)  # not read again: an imported model is unknown once it is removed
        self.write_json(model_body(self.dependencies, removed, self.language))


class DownloadHandler(BaseHandler):
    async def post(self, name: str) -> None:
        source = self._source()
        entry = await find_model(self.dependencies, name)
        if not entry.available:
            self.dependencies.models.downloads.start(entry.name, source)
        self.write_json(model_body(self.dependencies, entry, self.language), 202)

    async def delete(self, name: str) -> None:
        entry = await find_model(self.dependencies, name)
        await self.dependencies.models.downloads.cancel(entry.name)
        entry = await find_model(self.dependencies, name)  # the download may have been completed
        self.write_json(model_body(self.dependencies, entry, self.language))

    def _source(self) -> str | None:
        """The source to download from; None for the first that can be reached. Raises InvalidOption."""
        name = self.get_query_argument("source", "") or None
        names = [source.name for source in self.dependencies.models.library.sources]
        if name is not None and name not in names:
            raise InvalidOption(field="source", value=name[:100], accepted=", ".join(names))
        return name


class ImportFoundHandler(BaseHandler):
    """POST /models/{name}/import: a model that another program keeps on this machine."""

    async def post(self, name: str) -> None:
        models, executor = self.dependencies.models, self.dependencies.uploads.executor
        loop = asyncio.get_running_loop()
        name = await loop.run_in_executor(executor, models.found.take_over, name)
        await models.downloads.announce(name)
        self.write_json(model_body(self.dependencies, await find_model(self.dependencies, name), self.language), 201)


class ImportHandler(UploadHandler):
    """POST /models/import: a user's own checkpoint, checked before it replaces anything."""

    known_fields = ("name", "as_published")

    async def process_upload(self) -> None:
        try:
            fields = dict(self.form_fields())
        except AudioUnreadable:  # how an upload reports an empty file
            raise CheckpointUnusable(model="", reason="the file is empty") from None
        assert self.form is not None
        file_name = Path(clean_name(self.form.filename)).stem
        as_published = boolean_argument("as_published", fields.get("as_published") or "false")
        library = self.dependencies.models.library
        name = await self.run_blocking(
            lambda: library.import_checkpoint(
                self.upload, fields.get("name"), file_name=file_name, as_published=as_published, is_private=True
            )
        )
        await self.dependencies.models.downloads.announce(name)
        self.write_json(model_body(self.dependencies, await find_model(self.dependencies, name), self.language), 201)

"""The checkpoints: list, fetch, remove; and the bundled samples."""

from dataclasses import replace
from pathlib import Path

from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.errors import AudioUnreadable, CheckpointUnusable, ModelNotFound
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.events import ModelChanged
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.services import Services
from localwhisper.server.uploads import UploadHandler, clean_name


def find_entry(services: Services, name: str) -> ModelEntry:
    """Raises ModelNotFound."""
    for entry in services.models.library.entries():
        if entry.name == name:
            return entry
    raise ModelNotFound(model=name[:100], accepted=", ".join(services.models.library.names()))


class ModelsHandler(BaseHandler):
    def get(self) -> None:
        services = self.services
        entries = services.models.library.entries()
        downloads, eta = services.models.downloads, services.jobs.eta
        self.write_json(
            {
                "default": services.settings.default_model,
                "models": [serializers.model_body(entry, downloads, eta, self.language) for entry in entries],
                "languages": [{"code": code, "name": name} for code, name in services.models.languages.items()],
                "formats": list(EXPORTERS),
            }
        )


def entry_body(handler: BaseHandler, name: str) -> serializers.Json:
    services = handler.services
    return serializers.model_body(
        find_entry(services, name), services.models.downloads, services.jobs.eta, handler.language
    )


class ModelHandler(BaseHandler):
    async def delete(self, name: str) -> None:
        entry = find_entry(self.services, name)
        await self.services.models.downloads.remove(name)
        gone = replace(entry, available=False)  # an imported one is not even known any more
        self.write_json(
            serializers.model_body(gone, self.services.models.downloads, self.services.jobs.eta, self.language)
        )


class DownloadHandler(BaseHandler):
    async def post(self, name: str) -> None:
        if not find_entry(self.services, name).available:
            self.services.models.downloads.start(name)
        self.write_json(entry_body(self, name), 202)

    async def delete(self, name: str) -> None:
        find_entry(self.services, name)
        await self.services.models.downloads.cancel(name)
        self.write_json(entry_body(self, name))


class ImportHandler(UploadHandler):
    known_fields = ("name",)

    async def post(self) -> None:
        try:
            given = dict(self.fields()).get("name")
        except AudioUnreadable:  # what an upload without a byte usually is
            raise CheckpointUnusable(model="", reason="the file is empty") from None
        assert self.form is not None
        file_name = Path(clean_name(self.form.filename)).stem
        library = self.services.models.library
        name = await self.blocking(lambda: library.import_file(self.upload, given, file_name=file_name))
        self.services.bus.publish(ModelChanged(name=name))
        self.write_json(entry_body(self, name), 201)


class SamplesHandler(BaseHandler):
    def get(self) -> None:
        samples = self.settings["samples"]
        self.write_json(
            {
                "samples": [
                    {
                        "id": sample["id"],
                        "language": sample["language"],
                        "title": sample["title"][self.language],
                        "text": sample["text"],
                        "duration": sample["duration_s"],
                        "url": f"samples/{sample['filename']}",
                    }
                    for sample in samples
                ]
            }
        )

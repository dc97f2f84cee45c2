"""The checkpoints: list, fetch, remove; and the bundled samples."""

import asyncio
import json
from dataclasses import replace

from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.errors import ModelNotFound
from localwhisper.export.registry import EXPORTERS
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.services import Services


def find_entry(services: Services, name: str) -> ModelEntry:
    """Raises ModelNotFound."""
    for entry in services.library.entries():
        if entry.name == name:
            return entry
    raise ModelNotFound(model=name[:100], accepted=", ".join(services.library.names()))


class ModelsHandler(BaseHandler):
    def get(self) -> None:
        services = self.services
        entries = services.library.entries()
        downloads, eta = services.downloads, services.eta
        self.write_json(
            {
                "default": services.settings.default_model,
                "models": [serializers.model_body(entry, downloads, eta, self.language) for entry in entries],
                "languages": [{"code": code, "name": name} for code, name in services.languages.items()],
                "formats": list(EXPORTERS),
            }
        )


def entry_body(handler: BaseHandler, name: str) -> serializers.Json:
    services = handler.services
    return serializers.model_body(find_entry(services, name), services.downloads, services.eta, handler.language)


class ModelHandler(BaseHandler):
    async def delete(self, name: str) -> None:
        entry = find_entry(self.services, name)
        await asyncio.get_running_loop().run_in_executor(None, self.services.library.remove, name)
        gone = replace(entry, available=False)  # an imported one is not even known any more
        self.write_json(serializers.model_body(gone, self.services.downloads, self.services.eta, self.language))


class DownloadHandler(BaseHandler):
    async def post(self, name: str) -> None:
        find_entry(self.services, name)
        self.services.downloads.start(name)
        self.write_json(entry_body(self, name), 202)

    async def delete(self, name: str) -> None:
        find_entry(self.services, name)
        await self.services.downloads.cancel(name)
        self.write_json(entry_body(self, name))


class SamplesHandler(BaseHandler):
    def get(self) -> None:
        samples = json.loads((self.services.samples / "samples.json").read_text(encoding="utf-8"))
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

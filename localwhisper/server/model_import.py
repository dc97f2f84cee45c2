"""POST /models/import: a checkpoint that a person brings, received like any upload, checked before it is used."""

from pathlib import Path

from localwhisper.errors import AudioUnreadable, CheckpointUnusable
from localwhisper.jobs.events import ModelChanged
from localwhisper.server.models import entry_body
from localwhisper.server.uploads import UploadHandler, clean_name


class ImportHandler(UploadHandler):
    known_fields = ("name",)

    async def post(self) -> None:
        try:
            given = dict(self.fields()).get("name")
        except AudioUnreadable:  # what an upload without a byte usually is
            raise CheckpointUnusable(model="", reason="the file is empty") from None
        assert self.form is not None
        file_name = Path(clean_name(self.form.filename)).stem
        library = self.services.library
        name = await self.blocking(lambda: library.import_file(self.upload, given, file_name=file_name))
        self.services.bus.publish(ModelChanged(name=name))
        self.write_json(entry_body(self, name), 201)

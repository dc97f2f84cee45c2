"""What a form for submitting jobs is made of: the table of options, and the sample recordings."""

from localwhisper.options import OPTIONS
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler


class OptionsHandler(BaseHandler):
    """The option table, for a form."""

    def get(self) -> None:
        defaults = self.dependencies.settings.option_defaults
        rows = [
            serializers.option_body(option, defaults.get(name, option.default), self.language)
            for name, option in OPTIONS.items()
        ]
        self.write_json({"options": rows})


class SamplesHandler(BaseHandler):
    def get(self) -> None:
        samples = [serializers.sample_body(sample, self.language) for sample in self.settings["samples"]]
        self.write_json({"samples": samples})

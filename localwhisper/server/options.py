"""The options of a job, for whoever builds a form from them."""

from localwhisper.options import OPTIONS
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler


class OptionsHandler(BaseHandler):
    def get(self) -> None:
        defaults = self.services.settings.option_defaults
        self.write_json(
            {
                "options": [
                    serializers.option_body(option, defaults.get(name, option.default), self.language)
                    for name, option in OPTIONS.items()
                ]
            }
        )

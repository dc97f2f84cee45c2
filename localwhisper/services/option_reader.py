"""Reads the options of a submitted job: with the lists of terms that they name, and a model if they name none."""

from collections.abc import Mapping

from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.model_choice import ModelChooser, requested_options
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store.term_lists import TermLists


class OptionReader:
    """Threading: SAFE. Blocking."""

    def __init__(
        self, library: ModelLibrary, chooser: ModelChooser, term_lists: TermLists, defaults: Mapping[str, object]
    ) -> None:
        self._library = library
        self._chooser = chooser
        self._term_lists = term_lists
        self._defaults = defaults

    def read(self, texts: Mapping[str, str]) -> tuple[Options, Message]:
        """Return the options, and why they have this model. Raises as requested_options(), and StorageUnwritable."""
        texts = self._term_lists.included(texts)
        models = self._library.entries()
        return requested_options(texts, defaults=self._defaults, models=models, chooser=self._chooser)

    def read_json(self, options: Mapping[str, object]) -> tuple[Options, Message]:
        """As read(), from JSON's types."""
        return self.read({name: str(value) for name, value in options.items()})

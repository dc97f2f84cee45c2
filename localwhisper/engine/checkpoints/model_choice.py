"""Which model a job gets: the one it names; else the default one; else, where that can't be fetched, the best here.

Nothing replaces a model that was named. The bundled one is never chosen: it understands some fifty words.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from localwhisper.engine.checkpoints.catalogue import QUICKEST, canonical_name, rank
from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.errors import InvalidOption, ModelDownloadFailed, NoModel
from localwhisper.messages import Message
from localwhisper.options import Options, options_from_texts

T = TypeVar("T")
NAMED = Message("model_named")
SECOND_BEAM_SIZE, SECOND_TEMPERATURE = 5, 0.4
LIVE_FACTOR = 0.25  # the slowest for text while somebody speaks, in seconds of work per second of audio
RETRY_AFTER_S = 300.0  # until then, a model that couldn't be fetched isn't tried again for other jobs


@dataclass(frozen=True)
class ModelChoice:
    model: str
    reason: Message


class ModelChooser:
    """For jobs that name no model. Threading: SAFE."""

    def __init__(self, default_model: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self.default_model = canonical_name(default_model)
        self._now = now
        self._lock = threading.Lock()
        self._failures: dict[str, tuple[float, str]] = {}  # by model: when its fetch failed, and why

    def choose(self, options: Options, models: Sequence[ModelEntry]) -> ModelChoice:
        """Choose for a new job. Where nothing else remains it is the default model, whose fetch is tried once more."""
        return next(self._possible(options, models), self._default)

    def after_failure(self, options: Options, models: Sequence[ModelEntry], reason: str) -> ModelChoice | None:
        """Choose for a job whose model can't be fetched for this reason; None if none is here and none can be."""
        with self._lock:
            self._failures[options.model] = (self._now(), reason)
        return next(self._possible(options, models), None)

    def run(
        self,
        options: Options,
        reason: Message,
        models: Callable[[], Sequence[ModelEntry]],
        work: Callable[[Options, Message], T],
    ) -> T:
        """Call `work` with the options and their model's reason; again with another model where one can't be fetched.

        Raises NoModel, and what `work` raises; also ModelDownloadFailed if the model was named.
        """
        while True:
            try:
                return work(options, reason)
            except ModelDownloadFailed as error:
                if reason == NAMED:
                    raise
                choice = self.after_failure(options, models(), error.reason)
                if choice is None:
                    raise NoModel(model=options.model, reason=error.reason) from None
                options, reason = replace(options, model=choice.model), choice.reason

    @property
    def _default(self) -> ModelChoice:
        return ModelChoice(self.default_model, Message("model_default"))

    def _possible(self, options: Options, models: Sequence[ModelEntry]) -> Iterator[ModelChoice]:
        """Those that are here, or whose fetch hasn't just failed."""
        here = {model.name for model in models if model.available}
        for choice in self._in_order(options, models):
            if choice.model in here or self._failure(choice.model) is None:
                yield choice

    def _in_order(self, options: Options, models: Sequence[ModelEntry]) -> Iterator[ModelChoice]:
        """The default model; the best here; one that is quickly fetched; the best here for English alone."""
        yield self._default
        params = {"default": self.default_model, "reason": self._failure(self.default_model) or ""}
        able = [model for model in models if model.translates or options.task != "translate"]
        here = [model for model in able if model.available and not model.bundled]
        here.sort(key=lambda model: rank(model.name), reverse=True)
        for model in here:
            if model.multilingual or options.language == "en":
                yield ModelChoice(model.name, Message("model_best_here", params))
        yield ModelChoice(QUICKEST, Message("model_fetched", params))
        for model in here:
            if options.language is None:
                yield ModelChoice(model.name, Message("model_english_only", params))

    def _failure(self, model: str) -> str | None:
        """Why the model couldn't be fetched a moment ago; None if that didn't happen."""
        with self._lock:
            failed_at_s, reason = self._failures.get(model, (float("-inf"), ""))
        return reason if self._now() - failed_at_s < RETRY_AFTER_S else None


def second_opinion(options: Options, language: str | None, models: Sequence[ModelEntry]) -> Options:
    """Return options that may give another text of a recording in this language: those with the most accurate model
    here, if the job had a lesser one; else its own model's, with a wider search.
    """
    able = [
        model
        for model in models
        if model.available and rank(model.name) > rank(options.model)
        if (model.multilingual or language == "en") and (model.translates or options.task != "translate")
    ]
    options = replace(options, language=language)
    if able:
        return replace(options, model=max(able, key=lambda model: rank(model.name)).name)
    if options.beam_size is None:
        return replace(options, beam_size=SECOND_BEAM_SIZE)
    return replace(options, beam_size=None, patience=None, temperature=SECOND_TEMPERATURE)


def requested_options(
    texts: Mapping[str, str],
    *,
    defaults: Mapping[str, object],
    models: Sequence[ModelEntry],
    chooser: ModelChooser,
) -> tuple[Options, Message]:
    """Read the options of a form, a query or the command line, and why they have this model.

    Raises the same as options_from_texts().
    """
    options = options_from_texts(texts, defaults=defaults, models=models)
    if "model" in texts:
        return options, NAMED
    choice = chooser.choose(options, models)
    return replace(options, model=choice.model), choice.reason


def live_options(
    options: Options,
    name: str | None,
    *,
    models: Callable[[], Sequence[ModelEntry]],
    real_time_factor: Callable[[str], tuple[float, bool]],
) -> Options:
    """The options for the text of a recording while it is made: those of its job, but with a model that keeps up.

    `name`: the model that was asked for. Otherwise it is the job's; if that is too slow, the best here that isn't.
    `real_time_factor`: of a model, and whether it was measured.
    Raises InvalidOption for an unknown name.
    """
    options = replace(options, quality="fast", beam_size=None, patience=None)
    if name is not None:
        known = {known: model.name for model in models() for known in (model.name, *model.aliases)}
        if name not in known:
            raise InvalidOption(field="live_model", value=name[:100], accepted=", ".join(known))
        return replace(options, model=known[name])
    if real_time_factor(options.model)[0] <= LIVE_FACTOR:
        return options
    able = [
        model.name
        for model in models()
        if model.available
        and not model.bundled
        and (model.multilingual or options.language == "en")
        and (model.translates or options.task != "translate")
        and real_time_factor(model.name)[0] <= LIVE_FACTOR
    ]
    return replace(options, model=max(able, key=rank, default=options.model))

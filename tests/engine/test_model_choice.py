"""The order in which models are chosen for a job that names none."""

import pytest

from localwhisper.engine.checkpoints.catalogue import OTHER_NAMES, PURPOSES, RANKING, recommended_model
from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.engine.checkpoints.model_choice import LIVE_FACTOR, RETRY_AFTER_S, ModelChooser, live_options
from localwhisper.engine.upstream import whisper_tables
from localwhisper.errors import InvalidOption
from localwhisper.options import Options


def entries(*here: str) -> list[ModelEntry]:
    """Of the models on this machine, and some that are not."""
    return [
        ModelEntry(
            name=name,
            size_bytes=1,
            available=name in (*here, "demo"),
            bundled=name == "demo",
            multilingual=not name.endswith(".en"),
            translates=name not in ("demo", "turbo") and not name.endswith(".en"),
            plans={},
            origin=None,
        )
        for name in dict.fromkeys(("demo", "medium", "base", *here))
    ]


def chosen(*here: str, failed: tuple[str, ...], **options: str) -> tuple[str, str] | None:
    """The model and the reason after these models could not be fetched."""
    chooser = ModelChooser("medium")
    for name in failed:
        choice = chooser.after_failure(Options(model=name, **options), entries(*here), "away")  # type: ignore[arg-type]
    return (choice.model, choice.reason.code) if choice else None


@pytest.mark.parametrize(
    ("here", "failed", "expected"),
    [
        (("base", "small", "tiny"), ("medium",), ("small", "model_best_here")),
        (("mine", "tiny"), ("medium",), ("tiny", "model_best_here")),
        (("mine",), ("medium",), ("mine", "model_best_here")),
        ((), ("medium",), ("base", "model_fetched")),
        (("tiny.en",), ("medium",), ("base", "model_fetched")),
        (("tiny.en",), ("medium", "base"), ("tiny.en", "model_english_only")),
        ((), ("medium", "base"), None),
    ],
)
def test_the_best_model_here_replaces_a_default_that_cannot_be_fetched(
    here: tuple[str, ...], failed: tuple[str, ...], expected: tuple[str, str] | None
) -> None:
    assert chosen(*here, failed=failed) == expected


def test_the_chosen_model_understands_the_language_and_does_the_task() -> None:
    assert chosen("small.en", "tiny", failed=("medium",), language="es") == ("tiny", "model_best_here")
    assert chosen("small.en", "tiny", failed=("medium",), language="en") == ("small.en", "model_best_here")
    assert chosen("small.en", failed=("medium", "base"), language="es") is None
    assert chosen("turbo", "base", failed=("medium",), task="translate") == ("base", "model_best_here")


def test_the_default_comes_first_and_is_fetched_again_later() -> None:
    now_s = 0.0
    chooser, options = ModelChooser("large", now=lambda: now_s), Options(model="large-v3")
    assert chooser.default_model == "large-v3"
    assert chooser.choose(options, entries("base")).model == "large-v3"
    chooser.after_failure(options, entries("base"), "away")
    choice = chooser.choose(options, entries("base"))
    assert (choice.model, choice.reason.params) == ("base", {"default": "large-v3", "reason": "away"})
    assert chooser.choose(options, entries("base", "large-v3")).model == "large-v3"
    now_s += RETRY_AFTER_S
    assert chooser.choose(options, entries("base")).model == "large-v3"


def test_with_nothing_left_the_next_job_tries_the_default_again() -> None:
    chooser = ModelChooser("medium")
    for name in ("medium", "base"):
        chooser.after_failure(Options(model=name), entries(), "away")
    assert chooser.choose(Options(model="medium"), entries()).model == "medium"


def test_one_model_is_recommended() -> None:
    factors = {"base": 0.2, "small": 0.5, "turbo": 1.2, "medium": 1.5}
    assert recommended_model(factors.__getitem__) == "base"
    assert recommended_model({**factors, "small": 0.2}.__getitem__) == "small"
    assert recommended_model(dict.fromkeys(factors, 2.0).__getitem__) == "base"


def test_the_catalogue_is_about_published_models() -> None:
    published = whisper_tables.checkpoint_urls()
    assert {*PURPOSES, *RANKING, *OTHER_NAMES} <= set(published)
    by_file: dict[str, set[str]] = {}
    for name, url in published.items():
        by_file.setdefault(url, set()).add(name)
    same = {frozenset(names) for names in by_file.values() if len(names) > 1}
    assert same == {frozenset(pair) for pair in OTHER_NAMES.items()}


def live_model(model: str, name: str | None = None, **options: str) -> str:
    """The model for live text, where only some are quick."""

    def factor(name: str) -> tuple[float, bool]:
        return (LIVE_FACTOR if name in ("demo", "base", "tiny", "small.en") else 2 * LIVE_FACTOR), True

    job = Options(model=model, quality="exact", **options)  # type: ignore[arg-type]
    live = live_options(
        job, name, models=lambda: entries("base", "tiny", "small.en", "medium"), real_time_factor=factor
    )
    assert live.quality == "fast"
    return live.model


def test_live_text_is_made_by_the_job_s_model_or_the_best_one_here_that_keeps_up() -> None:
    assert live_model("tiny") == "tiny"
    assert live_model("demo") == "demo"
    assert live_model("medium") == "base"
    assert live_model("medium", language="en") == "small.en"
    assert live_model("medium", task="translate") == "base"
    assert live_model("tiny", "medium") == "medium"
    with pytest.raises(InvalidOption, match="gpt"):
        live_model("tiny", "gpt")

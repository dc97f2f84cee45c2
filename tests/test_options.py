"""The option table: complete, named as openai-whisper's options, strict about what it reads."""

import dataclasses
import importlib.util
import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest

from localwhisper.errors import InvalidOption, ModelCannotTranslate, UnknownOption
from localwhisper.option_types import BOOLEANS, Option, SettableIn, parse_boolean
from localwhisper.options import (
    LAYOUT_OPTIONS,
    OPTIONS,
    Layout,
    Options,
    layout_from_texts,
    options_from_json,
    options_from_texts,
    options_to_json,
)
from localwhisper.settings import Settings, load
from localwhisper.store import schema
from tests.option_values import OTHER_TEXTS, OTHER_VALUES
from tests.store.samples import job

ROWS = {**OPTIONS, **LAYOUT_OPTIONS}


@dataclass(frozen=True)
class Model:
    name: str
    translates: bool
    aliases: tuple[str, ...] = ()


MODELS = (Model("demo", False), Model("medium", True, aliases=("middle",)))
WRONG_JSON = [
    ("word_timestamps", "true"),
    ("word_timestamps", 1),
    ("beam_size", "5"),
    ("beam_size", 5.0),
    ("beam_size", True),
    ("beam_size", 65),
    ("temperature", "0.4"),
    ("temperature", False),
    ("temperature", -0.1),
    ("temperature", float("nan")),
    ("initial_prompt", 5),
    ("initial_prompt", ["Ada"]),
    ("language", 1),
    ("task", {"name": "translate"}),
    ("quality", "best"),
    ("model", 3),
    ("model", "huge"),
]


def test_every_option_has_a_text_for_each_thing_a_form_shows() -> None:
    for option in OPTIONS.values():
        assert option.help
        assert len(set(option.label)) == 2
        assert set(option.choice_labels) == set(option.choices)
        for english, spanish in option.choice_labels.values():
            assert english != spanish


def test_rows_refer_to_what_exists() -> None:
    settings = {field.name for field in dataclasses.fields(Settings)}
    for option in OPTIONS.values():
        assert option.setting is None or option.setting in settings
        assert option.needs is None or OPTIONS[option.needs].kind == "boolean"
    assert sum(option.kind == "model" for option in OPTIONS.values()) == 1


@pytest.mark.parametrize("option", [row for row in ROWS.values() if row.whisper], ids=lambda row: row.name)
def test_openai_whisper_has_the_option(option: Option) -> None:
    spec = importlib.util.find_spec("whisper")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "transcribe.py").read_text(encoding="utf-8")
    assert f'"--{option.whisper}"' in source, (
        f"openai-whisper's command line has no --{option.whisper}: leave out `whisper=` if {option.name!r} is our own"
    )


def test_texts_are_read_into_values() -> None:
    options = options_from_texts(OTHER_TEXTS, defaults={}, models=MODELS)
    assert {name: getattr(options, name) for name in OPTIONS} == OTHER_VALUES
    for name, option in OPTIONS.items():
        assert OTHER_VALUES[name] != option.default


def test_json_of_options_is_read_back() -> None:
    for options in (Options(model="demo"), Options(**OTHER_VALUES)):  # type: ignore[arg-type]
        assert options_from_json(options_to_json(options), models=MODELS) == options


def test_a_stored_job_keeps_its_options() -> None:
    stored = job(options=Options(**OTHER_VALUES))  # type: ignore[arg-type]
    assert schema.load_job(schema.dump_job(stored)).options == stored.options


@pytest.mark.parametrize(("name", "value"), WRONG_JSON, ids=str)
def test_json_is_read_in_its_own_types(name: str, value: object) -> None:
    with pytest.raises(InvalidOption) as raised:
        options_from_json({"model": "demo", name: value}, models=MODELS)
    assert raised.value.params["field"] == name
    assert raised.value.params["value"] == str(value)
    assert raised.value.params["accepted"]


def test_a_language_per_segment_means_short_windows_with_a_language_each() -> None:
    from_text = options_from_texts({"language": "Per-Segment"}, defaults={"model": "demo"}, models=MODELS)
    again = {**options_to_json(Options(model="demo", language="es")), "language": "per-segment"}
    for options in (from_text, options_from_json(again, models=MODELS)):
        assert (options.language, options.multilingual, options.chunk_length) == (None, True, 15)
    own = options_from_json({**again, "chunk_length": 10}, models=MODELS)
    assert own.chunk_length == 10


def test_null_is_the_default() -> None:
    nothing = dict.fromkeys(OPTIONS.keys() - {"model"})
    assert options_from_json({"model": "demo", **nothing}, models=MODELS) == Options(model="demo")


def test_an_empty_text_is_none_where_none_is_a_value() -> None:
    for option in ROWS.values():
        if option.is_optional:
            assert option.from_text(" ") is (option.default if option.can_be_none else None)
            assert option.from_text("None") is None
        elif option.kind not in ("model", "text"):
            with pytest.raises(InvalidOption):
                option.from_text(" ")


def test_unknown_names_models_and_abilities_are_refused() -> None:
    with pytest.raises(UnknownOption, match=r"colour.*language"):
        options_from_texts({"model": "demo", "colour": "red"}, defaults={}, models=MODELS)
    with pytest.raises(InvalidOption, match="demo, medium, middle"):
        options_from_texts({}, defaults={"model": "huge"}, models=MODELS)
    with pytest.raises(ModelCannotTranslate):
        options_from_texts({"task": "translate"}, defaults={"model": "demo"}, models=MODELS)


def test_a_model_has_one_name_in_options() -> None:
    assert options_from_texts({"model": "middle"}, defaults={}, models=MODELS).model == "medium"
    assert options_from_json({"model": "middle"}, models=MODELS).model == "medium"


def test_settings_give_defaults() -> None:
    defaults = load({"default_model": "demo", "quality": "fast", "batch": "off"}, {}).option_defaults
    assert options_from_texts({}, defaults=defaults, models=MODELS) == Options(
        model="demo", quality="fast", batch="off"
    )


def test_a_layout_is_read_from_among_other_arguments() -> None:
    assert layout_from_texts({"format": "srt", "max_line_width": "42", "highlight_words": "yes"}) == Layout(
        max_line_width=42, highlight_words=True
    )
    with pytest.raises(InvalidOption, match="max_line_count"):
        layout_from_texts({"max_line_count": "0"})


def test_booleans_are_read_in_any_case() -> None:
    for word, value in itertools.chain(BOOLEANS.items(), (("TRUE", True), ("No", False), (" on ", True))):
        assert parse_boolean(word) is value
    for word in ("", "y", "2", "truth"):
        with pytest.raises(ValueError, match=f"^{word}$"):
            parse_boolean(word)


def test_the_schema_says_what_is_read() -> None:
    assert OPTIONS["beam_size"].schema == {
        "type": "integer",
        "minimum": 1,
        "maximum": 64,
        "description": OPTIONS["beam_size"].help,
    }
    assert OPTIONS["task"].schema["enum"] == ["transcribe", "translate"]
    assert OPTIONS["task"].json_schema["enum"] == ["transcribe", "translate", None]
    assert OPTIONS["language"].schema["default"] == "auto"
    assert OPTIONS["task"].schema["enum"] == ["transcribe", "translate"]  # not changed by the one for JSON


def test_the_query_of_asr_has_that_service_s_options() -> None:
    compat = {name for name, option in OPTIONS.items() if SettableIn.COMPAT in option.settable_in}
    assert {"language", "task", "word_timestamps", "initial_prompt", "vad_filter"} <= compat

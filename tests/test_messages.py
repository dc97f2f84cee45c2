"""Every text exists in both languages and takes the parameters of its error."""

import ast
import inspect
import re
import string
from pathlib import Path

import pytest

import localwhisper
from localwhisper import errors
from localwhisper.errors import LocalWhisperError
from localwhisper.jobs.job import JobState
from localwhisper.messages import LANGUAGES, STATES, TEXTS, Message, render
from localwhisper.reason_texts import REASONS
from localwhisper.server import http_errors
from localwhisper.server.base import preferred_language
from localwhisper.stored_errors import STORABLE, error_from

ERRORS = sorted(
    {
        value
        for module in (errors, http_errors)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, LocalWhisperError) and value is not LocalWhisperError
    },
    key=lambda cls: cls.__name__,
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def parameters(cls: type[LocalWhisperError]) -> dict[str, str]:
    """A value for each of the constructor's arguments."""
    return {name: f"<{name}>" for name in inspect.signature(cls).parameters}


@pytest.mark.parametrize("cls", ERRORS)
def test_an_error_takes_the_parameters_of_its_text(cls: type[LocalWhisperError]) -> None:
    assert cls.code in TEXTS
    for text in TEXTS[cls.code]:
        assert placeholders(text) == set(parameters(cls))


@pytest.mark.parametrize("cls", ERRORS)
def test_a_parameter_that_is_missing_or_unknown_is_an_error(cls: type[LocalWhisperError]) -> None:
    with pytest.raises(TypeError):
        cls(**parameters(cls), unknown="")
    for name in parameters(cls):
        with pytest.raises(TypeError):
            cls(**{other: value for other, value in parameters(cls).items() if other != name})


@pytest.mark.parametrize("cls", ERRORS)
def test_an_error_is_rendered_with_its_parameters(cls: type[LocalWhisperError]) -> None:
    error = cls(**parameters(cls))
    assert error.message == Message(cls.code, parameters(cls))
    for language in LANGUAGES:
        text = render(error.message, language)
        assert all(value in text for value in parameters(cls).values())
        assert not re.search(r"[{}]", text) or cls is http_errors.InvalidFrame
    assert str(error) == render(error.message, "en")


@pytest.mark.parametrize("cls", STORABLE.values())
def test_an_error_is_restored_from_its_message(cls: type[LocalWhisperError]) -> None:
    error = error_from(cls(**parameters(cls)).message)
    assert type(error) is cls
    assert error.params == parameters(cls)


@pytest.mark.parametrize("cls", STORABLE.values())
def test_an_error_is_restored_from_a_damaged_message(cls: type[LocalWhisperError]) -> None:
    error = error_from(Message(cls.code, {"added_later": [None], "0": 1}))
    assert type(error) is cls
    assert error.params == dict.fromkeys(parameters(cls), "?")


def test_an_unknown_code_is_restored_as_an_internal_error() -> None:
    assert isinstance(error_from(Message("of_a_newer_version", {"model": "tiny"})), errors.InternalError)


def test_codes_are_unique_and_snake_case() -> None:
    codes = [cls.code for cls in ERRORS]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in TEXTS)


@pytest.mark.parametrize("code", TEXTS)
def test_both_languages_have_the_same_placeholders_and_punctuation(code: str) -> None:
    english, spanish = TEXTS[code]
    assert placeholders(english) == placeholders(spanish)
    assert english != spanish
    assert english.strip() == english
    assert spanish.strip() == spanish
    assert english.endswith(".") == spanish.endswith(".")


def test_texts_that_clients_rely_on() -> None:
    segment = Message("processing_segment", {"current": 15, "total": 23})
    assert render(segment, "en") == "Processing segment 15/23"
    assert render(segment, "es") == "Procesando segmento 15/23"
    assert render(Message("connected"), "es") == "Conectado exitosamente"
    assert render(Message("job_completed"), "es") == "Transcripción completada"


def test_an_unsupported_language_is_rendered_in_english() -> None:
    assert render(Message("connected"), "fr") == render(Message("connected"), "en")


def test_an_unknown_code_or_a_missing_parameter_is_rendered_anyhow() -> None:
    assert render(Message("of_a_newer_version"), "es") == "of_a_newer_version"
    assert render(Message("loading_model")) == "Loading model {model}"


def test_parameters_are_never_used_as_a_template() -> None:
    assert render(Message("audio_unreadable", {"reason": "{0} {model}"})).count("{0} {model}") == 1


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-GB,es;q=0.9", "en"),
        ("fr,de;q=0.9", "en"),
        ("fr,es;q=0.5", "es"),
        ("en;q=0.2, es;q=0.7", "es"),
        ("ES", "es"),
        ("es;q=0", "en"),
        ("es;q=high,en", "en"),
        ("*", "en"),
        (";;;,,", "en"),
        ("es;q=0.1,*;q=0.5", "es"),
    ],
)
def test_the_preferred_supported_language_is_chosen(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


def test_the_states_of_a_job_are_translated() -> None:
    assert set(STATES) == {state.value for state in JobState}
    message = errors.JobNotRetryable(state="queued").message
    assert render(message, "en").endswith("this one is queued.")
    assert render(message, "es").endswith("este está en cola.")


def reasons_in_the_code() -> set[str]:
    """The texts that are given to errors as their reason."""
    files = Path(localwhisper.__file__).parent.rglob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    values = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "reason"]
    branches = [part for value in values if isinstance(value, ast.IfExp) for part in (value.body, value.orelse)]
    return {str(each.value) for each in (*values, *branches) if isinstance(each, ast.Constant)}


def test_our_own_reasons_are_translated() -> None:
    own = reasons_in_the_code()
    assert "it is empty" in own
    assert own <= set(REASONS)
    spanish = render(Message("audio_unreadable", {"reason": "it is empty"}), "es")
    assert "(está vacío)" in spanish


def test_what_another_program_says_is_marked_as_such_in_spanish() -> None:
    message = Message("audio_unreadable", {"reason": "Decoder av9 not found"})
    assert "(detalle técnico: «Decoder av9 not found»)" in render(message, "es")
    assert "(Decoder av9 not found)" in render(message, "en")

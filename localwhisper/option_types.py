"""What describes an option, and how its values are read and written. The options themselves are in options.py."""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from dataclasses import field as dataclass_field
from enum import Flag, auto
from types import NoneType
from typing import Any, Literal, ParamSpec, get_args, get_origin, get_type_hints

from localwhisper.errors import InvalidOption
from localwhisper.languages import UNDETERMINED, language_code
from localwhisper.messages import Text
from localwhisper.unicode_text import is_encodable

BOOLEANS: Mapping[str, bool] = {
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    "yes": True,
    "no": False,
    "on": True,
    "off": False,
}
NONE = "none"
P = ParamSpec("P")
_TRACK_NUMBER = re.compile(r"0*[1-9][0-9]?", re.ASCII)

Kind = Literal["boolean", "choice", "integer", "number", "text", "language", "model", "track", "terms"]
_KINDS: Mapping[Any, Kind] = {bool: "boolean", int: "integer", float: "number", str: "text", Literal: "choice"}
_JSON_TYPES: Mapping[Kind, tuple[type, ...]] = {"boolean": (bool,), "integer": (int,), "number": (int, float)}


class SettableIn(Flag):
    """Where an option can be set besides the API, which accepts every option as a form field and in JSON."""

    API_ONLY = 0
    CLI = auto()
    PAGE = auto()
    COMPAT = auto()  # the query of /asr, with the same name


@dataclass(frozen=True, kw_only=True)
class Row:
    """The part of an option's description that is not in its type annotation and default."""

    help: str  # English, for --help and the API's documentation
    label: Text = ("", "")  # of the form field
    hint: Text | None = None  # shown below the form field
    choice_labels: Mapping[str, Text] = dataclass_field(default_factory=dict)  # one for each choice
    settable_in: SettableIn = SettableIn.CLI
    whisper: str | None = None  # the corresponding flag of openai-whisper's command line, without dashes
    kind: Kind | None = None  # None: derived from the type annotation
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None  # characters
    pattern: str | None = None  # that a text must match as a whole
    setting: str | None = None  # the field of Settings that gives the default
    needs: str | None = None  # a boolean option; without it, this one has no effect
    needs_model: Literal["multilingual", "translates"] | None = None  # an ability that the model must have


def _as_metadata(make: Callable[P, Row]) -> Callable[P, Mapping[str, Row]]:
    return lambda *args, **kwargs: {"row": make(*args, **kwargs)}


# Takes the same arguments as Row; returns the metadata of a dataclass field.
row = _as_metadata(Row)


@dataclass(frozen=True, kw_only=True)
class Option(Row):
    """A complete row of the option table."""

    name: str
    kind: Kind
    default: Any
    choices: tuple[str, ...] = ()
    is_optional: bool = False  # None is a value, which an empty text also stands for

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def accepted(self) -> str:
        """The accepted values in words, for error messages."""
        match self.kind:
            case "boolean":
                return ", ".join(BOOLEANS)
            case "choice":
                return ", ".join(self.choices)
            case "integer":
                return f"a whole number from {self.minimum} to {self.maximum}"
            case "number":
                return f"a number from {self.minimum} to {self.maximum}"
            case "language":
                return "auto, a code such as en or pt-BR, or an English name such as spanish"
            case "model":
                return "a model of GET /models"
            case "track":
                return "a number from 1, or a language such as en"
        return self.help if self.pattern else f"a text of at most {self.max_length} characters"

    @property
    def can_be_none(self) -> bool:
        """Whether the text "none" switches the option off: None is a value, but not the default."""
        return self.is_optional and self.default is not None

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a form field or query parameter."""
        kind = self.kind if self.kind in _JSON_TYPES else "string"
        schema: dict[str, Any] = {"type": [kind, "string"] if self.can_be_none else kind}
        bounds = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "maxLength": self.max_length,
            "pattern": f"^({self.pattern})$" if self.pattern else ("^none$" if self.can_be_none else None),
        }
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.setting is None and (default := self.to_json(self.default)) is not None:
            schema["default"] = default
        return {**schema, "description": self.help}

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of a member of a JSON body, where null stands for the default."""
        schema = self.schema
        if self.choices:
            schema["enum"].append(None)
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return {**schema, "type": [*types, "null"]}

    def from_text(self, text: str) -> Any:
        """Read a form field, query parameter or flag. Raises InvalidOption."""
        try:
            if self.is_optional and text.strip().lower() in ("", "none"):
                return self.default if not text.strip() else None
            return self._read(text)
        except ValueError:
            raise self._invalid(text) from None

    def from_json(self, value: object) -> Any:
        """Read a JSON value, which must have JSON's own type: true, not "true". Raises InvalidOption."""
        if self.can_be_none and value == NONE:
            return None
        expected = _JSON_TYPES.get(self.kind, (str,))
        if type(value) not in expected:
            raise self._invalid(value)
        if isinstance(value, str):
            return self.from_text(value)
        try:
            return value if isinstance(value, bool) else self._in_range(value)
        except ValueError:
            raise self._invalid(value) from None

    def to_json(self, value: Any) -> Any:
        """The value as in the API's JSON."""
        if value is None and self.can_be_none:
            return NONE
        return "auto" if self.kind == "language" and value is None else value

    def _read(self, text: str) -> Any:
        match self.kind:
            case "boolean":
                return parse_boolean(text)
            case "integer":
                return self._in_range(int(text))
            case "number":
                return self._in_range(float(text))
            case "choice":
                return one_of(self.choices, text.strip().lower())
            case "language":
                return None if text.strip().lower() in UNDETERMINED else language_code(text)
            case "track":
                return str(int(text)) if _TRACK_NUMBER.fullmatch(text.strip()) else language_code(text)
        if not is_encodable(text) or (self.max_length is not None and len(text) > self.max_length):
            raise ValueError(text)
        if self.pattern is not None and not re.fullmatch(self.pattern, text.strip(), re.ASCII):
            raise ValueError(text)
        return text.strip()

    def _in_range(self, value: Any) -> Any:
        in_range = (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)
        if not in_range or value != value:
            raise ValueError(value)
        return float(value) if self.kind == "number" else value

    def _invalid(self, value: object) -> InvalidOption:
        return InvalidOption(field=self.name, value=str(value)[:100], accepted=self.accepted)


def parse_boolean(text: str) -> bool:
    """Read a boolean of a form, a query or the command line. Raises ValueError."""
    try:
        return BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def boolean_argument(name: str, text: str) -> bool:
    """Read a boolean parameter that is not an option of a job. Raises InvalidOption."""
    try:
        return parse_boolean(text)
    except ValueError:
        raise InvalidOption(field=name, value=text[:100], accepted=", ".join(BOOLEANS)) from None


def one_of(choices: tuple[str, ...], text: str) -> str:
    """Check a choice. Raises ValueError."""
    if text not in choices:
        raise ValueError(text)
    return text


def table(cls: Any) -> Mapping[str, Option]:
    """The options of a dataclass by name: its fields whose metadata is a row, its own before inherited ones."""
    hints = get_type_hints(cls)
    rows = sorted(fields(cls), key=lambda field: field.name not in cls.__annotations__)
    return {field.name: _option(field, hints[field.name]) for field in rows if "row" in field.metadata}


def _option(field: "Field[Any]", hint: Any) -> Option:
    members = [member for member in get_args(hint) if member is not NoneType]
    is_optional = NoneType in get_args(hint)
    inner = members[0] if is_optional else hint
    choices: tuple[str, ...] = get_args(inner) if get_origin(inner) is Literal else ()
    return Option(
        **{
            **vars(field.metadata["row"]),
            "name": field.name,
            "kind": field.metadata["row"].kind or _KINDS[get_origin(inner) or inner],
            "default": field.default,
            "choices": choices,
            "is_optional": is_optional,
        }
    )

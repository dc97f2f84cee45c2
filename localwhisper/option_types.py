"""What an option is: how its values are read and described. The options themselves are in options.py."""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from dataclasses import field as dataclass_field
from enum import Flag, auto
from types import NoneType
from typing import Any, Literal, ParamSpec, get_args, get_origin, get_type_hints

from localwhisper.errors import InvalidOption
from localwhisper.languages import language_code
from localwhisper.messages import Text

BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
BOOLEAN_WORDS = "true, false, 1, 0, yes, no, on, off"
P = ParamSpec("P")

Kind = Literal["boolean", "choice", "integer", "number", "text", "language", "model"]
_KINDS: Mapping[Any, Kind] = {bool: "boolean", int: "integer", float: "number", str: "text", Literal: "choice"}
_JSON_TYPES: Mapping[Kind, tuple[type, ...]] = {"boolean": (bool,), "integer": (int,), "number": (int, float)}


class Shown(Flag):
    """Where an option can be set, besides the form fields and JSON of the API, which take every option."""

    API_ONLY = 0
    CLI = auto()
    PAGE = auto()
    COMPAT = auto()  # the query of /asr, under the same name


@dataclass(frozen=True, kw_only=True)
class Row:
    """What an option's type and default don't say."""

    help: str  # in English, for --help and the API's documentation
    label: Text = ("", "")  # of its field in a form
    hint: Text | None = None  # below the field
    choice_labels: Mapping[str, Text] = dataclass_field(default_factory=dict)  # for each choice
    shown: Shown = Shown.CLI
    whisper: str | None = None  # openai-whisper's option of the same meaning
    kind: Kind | None = None  # None: by the type
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None  # characters
    setting: str | None = None  # the field of Settings that has the default
    needs: str | None = None  # the boolean option without which it has no effect
    needs_model: Literal["multilingual", "translates"] | None = None  # what the model must be able to do


def _as_metadata(make: Callable[P, Row]) -> Callable[P, Mapping[str, Row]]:
    return lambda *args, **kwargs: {"row": make(*args, **kwargs)}


row = _as_metadata(Row)  # takes what Row takes; for a dataclass field's metadata


@dataclass(frozen=True, kw_only=True)
class Option(Row):
    """One row of the table, complete."""

    name: str
    kind: Kind
    default: Any
    choices: tuple[str, ...] = ()
    is_optional: bool = False  # None is a value; an empty text means the same

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def accepted(self) -> str:
        """In words, for errors."""
        match self.kind:
            case "boolean":
                return BOOLEAN_WORDS
            case "choice":
                return ", ".join(self.choices)
            case "integer":
                return f"a whole number from {self.minimum} to {self.maximum}"
            case "number":
                return f"a number from {self.minimum} to {self.maximum}"
            case "language":
                return "auto, a code such as en, or an English name such as spanish"
            case "model":
                return "a model of GET /models"
        return f"a text of at most {self.max_length} characters"

    @property
    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        schema: dict[str, Any] = {"type": self.kind if self.kind in _JSON_TYPES else "string"}
        bounds = {"minimum": self.minimum, "maximum": self.maximum, "maxLength": self.max_length}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.setting is None and (default := self.to_json(self.default)) is not None:
            schema["default"] = default
        return {**schema, "description": self.help}

    @property
    def json_schema(self) -> dict[str, Any]:
        """Of a JSON body's member, where null stands for the default."""
        schema = self.schema
        if self.choices:
            schema["enum"].append(None)
        return {**schema, "type": [schema["type"], "null"]}

    def from_text(self, text: str) -> Any:
        """The value of a form field, a query argument or a flag. Raises InvalidOption."""
        try:
            return None if self.is_optional and not text.strip() else self._read(text)
        except ValueError:
            raise self._invalid(text) from None

    def from_json(self, value: object) -> Any:
        """The value of a JSON member, in JSON's own types. Raises InvalidOption."""
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
        """The value as the API writes it."""
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
                return None if text.strip().lower() == "auto" else language_code(text)
        if self.max_length is not None and len(text) > self.max_length:
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
    """The program's one way to read a boolean. Raises ValueError."""
    try:
        return BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def boolean_argument(name: str, text: str) -> bool:
    """A boolean of a request that is no option of a job. Raises InvalidOption."""
    try:
        return parse_boolean(text)
    except ValueError:
        raise InvalidOption(field=name, value=text[:100], accepted=BOOLEAN_WORDS) from None


def one_of(choices: tuple[str, ...], text: str) -> str:
    """Raises ValueError."""
    if text not in choices:
        raise ValueError(text)
    return text


def table(cls: Any) -> Mapping[str, Option]:
    """The options of a dataclass, by name: its fields that have a Row."""
    hints = get_type_hints(cls)
    return {field.name: _option(field, hints[field.name]) for field in fields(cls) if "row" in field.metadata}


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

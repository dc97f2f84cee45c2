"""Jobs, windows, transcripts and waveforms as JSON records and back, strictly validated.

Each record states its format. Anything that isn't a valid record raises InvalidRecord; unknown keys are ignored, so
that a field can be added without a new format.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timezone
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from localwhisper import long_json
from localwhisper.errors import StoreTooNew
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Speaker, Transcript, Waveform, Window
from localwhisper.unicode_text import encodable, load_stored_json

Json = dict[str, Any]
T = TypeVar("T")

FORMAT = 1
KEYS: Mapping[str, str] = {"crashed_window": "crashed_at"}  # of fields that have another name in records
# From a format to the next one: (kind of record, record) → record. Kinds: job, window, transcript, waveform.
MIGRATIONS: Mapping[int, Callable[[str, Json], Json]] = {}
# not numbers in JSON, but possible figures of Whisper's: no_speech_prob is NaN with some models
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class InvalidRecord(ValueError):
    """Not a record, or one with an impossible value. The text is logged, so it never quotes a value."""


def dump_job(job: Job) -> bytes:
    return _dump(job)


def load_job(data: bytes) -> Job:
    """Raises InvalidRecord, StoreTooNew."""
    job = _load("job", Job, data)
    if not (0 <= job.audio_duration < math.inf and 0 <= job.progress <= 100):
        raise InvalidRecord("a number out of range")
    return job


def dump_window(window: Window) -> bytes:
    """Return one line, without the line break."""
    return _dump(window)


def load_window(data: bytes) -> Window:
    """Raises InvalidRecord, StoreTooNew."""
    return _load("window", Window, data)


def dump_transcript(transcript: Transcript) -> bytes:
    return _dump(transcript)


def load_transcript(data: bytes) -> Transcript:
    """Raises InvalidRecord, StoreTooNew."""
    return _load("transcript", Transcript, data)


def load_text(data: bytes) -> tuple[str, tuple[Speaker, ...]]:
    """Return a transcript's text and its speakers alone, which is fast. Raises InvalidRecord, StoreTooNew."""
    try:
        record = long_json.first_members(data, ("format", "text"))
    except (ValueError, RecursionError) as error:
        raise InvalidRecord(str(error)) from None
    check_format(record)
    speakers = (_exactly(dict, each) for each in _exactly(list, record.get("speakers", [])))
    found = tuple(Speaker(id=_text(each.get("id")), name=_text(each.get("name"))) for each in speakers)
    return _text(record.get("text")), found


def _text(value: object) -> str:
    return encodable(_exactly(str, value))


def dump_waveform(waveform: Waveform) -> bytes:
    return _dump(waveform)


def load_waveform(data: bytes) -> Waveform:
    """Raises InvalidRecord, StoreTooNew."""
    return _load("waveform", Waveform, data)


def parse(data: bytes) -> Json:
    """Read a JSON object. Raises InvalidRecord."""
    try:
        record = load_stored_json(data, _no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRecord(str(error)) from None
    if not isinstance(record, dict):
        raise InvalidRecord("not an object")
    return record


def check_format(record: Json) -> int:
    """Return the record's format. Raises InvalidRecord, or StoreTooNew if this version doesn't know it."""
    version = record.get("format")
    if type(version) is not int or version < 1:
        raise InvalidRecord("no format")
    if version > FORMAT:
        raise StoreTooNew(found=version, known=FORMAT)
    return version


# -- writing -----------------------------------------------------------------------------


def _dump(value: Any) -> bytes:
    record = {"format": FORMAT, **_writer(cast(Any, type(value)))(value)}
    return long_json.dumps(record, allow_nan=False).encode("ascii")


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    """Return a function from this type to JSON; cached, since a transcript has many thousands of words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        writers = [(_key(field.name), field.name, _writer(hints[field.name])) for field in fields(kind)]
        return lambda value: {key: write(getattr(value, name)) for key, name, write in writers}
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        write = _writer(inner)
        return lambda value: None if value is None else write(value)
    if origin is tuple:
        item = _writer(arguments[0])
        return lambda value: map(item, value)
    if origin is not None and origin is not Literal and issubclass(origin, Mapping):
        return lambda value: {str(key): _parameter(item) for key, item in value.items()}
    writers_of_values: Mapping[Any, Callable[[Any], Any]] = {float: _write_float, datetime: _write_time}
    return writers_of_values.get(kind, _write_plain)


def _write_float(value: float) -> float | str:
    return value if math.isfinite(value) else _name_of(value)


def _write_time(value: datetime) -> str:
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _write_plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _key(field_name: str) -> str:
    return KEYS.get(field_name, field_name)


def _parameter(value: object) -> object:
    """Return a parameter of a message as JSON can hold it. It is only rendered as text, so its type may be lost."""
    is_plain = value is None or (isinstance(value, (str, bool, int)) and not isinstance(value, Enum))
    is_finite = isinstance(value, float) and math.isfinite(value)
    return value if is_plain or is_finite else str(value)


def _name_of(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


# -- reading -----------------------------------------------------------------------------


def _load(kind: str, cls: type[T], data: bytes) -> T:
    record = parse(data)
    read: Callable[[Json], T] = _reader(cast(Any, cls))
    try:
        for version in range(check_format(record), FORMAT):
            record = MIGRATIONS[version](kind, record)
        return read(record)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise InvalidRecord(str(error) if isinstance(error, InvalidRecord) else type(error).__name__) from None


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return a function from JSON to this type; cached, since a start reads thousands of jobs."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _record_reader(kind)
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        read = _reader(inner)
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda value: tuple(map(item, _exactly(list, value)))
    if origin is Literal:
        return lambda value: _choice(arguments, value)
    if origin is not None and issubclass(origin, Mapping):
        return _read_params
    if issubclass(kind, Enum):
        return lambda value: kind(_exactly(str, value))
    return {float: _read_float, datetime: _read_time}.get(kind, lambda value: _exactly(kind, value))


def _record_reader(cls: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(cls)
    readers = [(field.name, _key(field.name), _reader(hints[field.name])) for field in fields(cls)]

    def read(value: Any) -> Any:
        record = _exactly(dict, value)
        # a missing key without a default raises TypeError in the class itself
        return cls(**{name: reader(record[key]) for name, key, reader in readers if key in record})

    return read


def _exactly(kind: type[T], value: Any) -> T:
    if type(value) is not kind:  # also rejects True as an integer
        raise InvalidRecord(f"a {type(value).__name__} instead of a {kind.__name__}")
    return value


def _choice(choices: tuple[Any, ...], value: Any) -> Any:
    if value not in choices:
        raise InvalidRecord(f"not one of {choices}")
    return value


def _read_float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is str:
        return _NOT_FINITE[value]
    if type(value) is not int:
        raise InvalidRecord(f"a {type(value).__name__} instead of a number")
    return float(value)


def _read_time(value: Any) -> datetime:
    time = datetime.fromisoformat(_exactly(str, value).replace("Z", "+00:00"))  # Python 3.10 doesn't parse Z
    if time.tzinfo is None:
        raise InvalidRecord("a time without a time zone")
    return time.astimezone(timezone.utc)  # OverflowError: out of range there


def _read_params(value: Any) -> Mapping[str, object]:
    return _exactly(dict, value)


def _no_constant(name: str) -> float:
    raise InvalidRecord(f"{name} is not JSON")

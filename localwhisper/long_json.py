"""JSON of any length, read and written in steps: the interpreter runs no other thread during a call of `json`, and one
for a transcript of hours takes a tenth of a second. Texts of usual length are read in one call."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

MIN_CHARS = 64 * 1024  # of a text that is read in steps
ITEMS_AT_ONCE = 32  # that are written in one call
MAX_DEPTH = 3  # of lists that are written in steps: those of a job's result
_SPACE = re.compile(r"[ \t\n\r]*")


def loads(data: str | bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """As json.loads(), but of a long object, each item of its lists is read for itself."""
    text = data if isinstance(data, str) else _decoded(data)
    decoder = json.JSONDecoder(parse_constant=parse_constant)
    if len(text) >= MIN_CHARS:
        try:
            reader = _ObjectReader(text, decoder)
            record = dict(reader.members())
        except ValueError:  # not an object, or not JSON: decode() says what is wrong
            return decoder.decode(text)
        if reader.is_at_end():
            return record
    return decoder.decode(text)


def first_members(data: bytes, names: Iterable[str]) -> dict[str, Any]:
    """Read an object's members only until those with these names are found. Raises ValueError.

    What follows them isn't checked.
    """
    missing, found = set(names), {}
    for name, value in _ObjectReader(_decoded(data), json.JSONDecoder()).members():
        found[name] = value
        missing.discard(name)
        if not missing:
            break
    return found


def _decoded(data: bytes) -> str:
    return data.decode(json.detect_encoding(data), "surrogatepass")  # as json.loads()


def dumps(value: Any, *, separators: tuple[str, str] = (",", ":"), depth: int = 0, **options: Any) -> str:
    """As json.dumps() with these separators and options, but with few items of long lists in one call.

    A list may also be an iterator, whose items are written as they come.
    """
    between, colon = separators
    options = {**options, "separators": separators}
    if depth < MAX_DEPTH and isinstance(value, dict):
        members = (
            f"{json.dumps(name, **options)}{colon}{dumps(item, depth=depth + 1, **options)}"
            for name, item in value.items()
        )
        return f"{{{between.join(members)}}}"
    if isinstance(value, Iterator) or (isinstance(value, list) and len(value) > ITEMS_AT_ONCE):
        items = iter(value)
        pieces = iter(lambda: list(islice(items, ITEMS_AT_ONCE)), [])
        return f"[{between.join(json.dumps(piece, default=_as_list, **options)[1:-1] for piece in pieces)}]"
    return json.dumps(value, default=_as_list, **options)


def _as_list(value: Any) -> list[Any]:
    """An iterator inside an item, such as the words of a segment."""
    if isinstance(value, Iterator):
        return list(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


class _ObjectReader:
    """Reads the members of one object, and the items of each list among them, one by one. Raises ValueError."""

    def __init__(self, text: str, decoder: json.JSONDecoder) -> None:
        self._text = text
        self._decoder = decoder
        self._at = 0

    def members(self) -> Iterator[tuple[str, Any]]:
        self._expect("{")
        if self._take("}"):
            return
        while True:
            name = self._value()
            if not isinstance(name, str):
                raise ValueError("a name is not a string")
            self._expect(":")
            yield name, self._list() if self._take("[") else self._value()
            if not self._take(","):
                break
        self._expect("}")

    def is_at_end(self) -> bool:
        return self._skip_space() == len(self._text)

    def _list(self) -> list[Any]:
        if self._take("]"):
            return []
        items = [self._value()]
        while self._take(","):
            items.append(self._value())
        self._expect("]")
        return items

    def _value(self) -> Any:
        value, self._at = self._decoder.raw_decode(self._text, self._skip_space())
        return value

    def _take(self, character: str) -> bool:
        """Whether this character follows; it is read then."""
        is_next = self._text.startswith(character, self._skip_space())
        self._at += is_next
        return is_next

    def _expect(self, character: str) -> None:
        if not self._take(character):
            raise ValueError(f"{character} expected at {self._at}")

    def _skip_space(self) -> int:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

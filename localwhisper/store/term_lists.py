"""The lists of names and terms that a user keeps, by name, in one file."""

import json
import logging
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from localwhisper.atomic import make_private_folder, move_durably, read_regular_file, storage_errors, write_atomically
from localwhisper.errors import InvalidOption, StorageUnwritable, TermListNotFound
from localwhisper.jobs.terms import with_lists
from localwhisper.options import MAX_PROMPT_CHARS
from localwhisper.unicode_text import is_encodable

T = TypeVar("T")
log = logging.getLogger(__name__)
MAX_NAME_CHARS = 80
MAX_LISTS = 1000


class TermLists:
    """Threading: SAFE. Blocking."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def all(self) -> dict[str, str]:
        """Return the text of each list by its name, in alphabetical order. Raises StorageFull, StorageUnwritable."""
        with self._lock:
            return self._load()

    def damaged_files(self) -> list[Path]:
        """The files that couldn't be read, or not all of them, and that were set aside."""
        return sorted(self._file.parent.glob(f"{self._file.stem}.damaged-*{self._file.suffix}"))

    def put(self, name: str, text: str) -> None:
        """Add a list or replace it. Raises InvalidOption, StorageFull, StorageUnwritable."""
        is_name = 0 < len(name) <= MAX_NAME_CHARS and name == name.strip() and name.isprintable()
        if not is_name or any(letter in name for letter in ";/"):
            accepted = f"at most {MAX_NAME_CHARS} characters in one line, without ; and /"
            raise InvalidOption(field="name", value=name[:100], accepted=accepted)
        if len(text) > MAX_PROMPT_CHARS or not is_encodable(text):
            accepted = f"a text of at most {MAX_PROMPT_CHARS} characters"
            raise InvalidOption(field="terms", value=text[:100], accepted=accepted)
        with self._lock:
            lists = {**self._load(), name: text}
            if len(lists) > MAX_LISTS:
                raise InvalidOption(field="name", value=name, accepted=f"at most {MAX_LISTS} lists")
            self._save(lists)

    def remove(self, name: str) -> None:
        """Raises TermListNotFound, StorageFull, StorageUnwritable."""
        with self._lock:
            lists = self._load()
            if name not in lists:
                raise TermListNotFound(name=name[:100])
            self._save({other: text for other, text in lists.items() if other != name})

    def included(self, options: Mapping[str, T]) -> dict[str, T | str]:
        """Return a job's options, as texts or as JSON; the lists that `terms` names are included there.

        Raises InvalidOption, StorageUnwritable.
        """
        terms = options.get("terms")
        if isinstance(terms, str) and "@" in terms:
            return {**options, "terms": with_lists(terms, self.all())}
        return {**options}

    def _load(self) -> dict[str, str]:
        """As all(). A damaged file is set aside; what can be read of it is kept in use."""
        try:
            lists = json.loads(read_regular_file(self._file))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageUnwritable(path=str(self._file), reason=type(error).__name__) from error
        except (ValueError, RecursionError):
            lists = None
        rows = lists.items() if isinstance(lists, dict) else ()
        texts = {name: text for name, text in rows if isinstance(text, str) and is_encodable(name + text)}
        if texts != lists:
            aside = self._file.with_name(f"{self._file.stem}.damaged-{uuid.uuid4().hex[:8]}{self._file.suffix}")
            move_durably(self._file, aside)
            log.warning("%s was damaged and is now %s", self._file, aside)
            self._save(texts)
        return dict(sorted(texts.items(), key=lambda item: item[0].casefold()))

    def _save(self, lists: Mapping[str, str]) -> None:
        with storage_errors(self._file):
            make_private_folder(self._file.parent)
        write_atomically(self._file, json.dumps(lists, ensure_ascii=False, indent=1).encode())

"""Notices that a job has ended, kept until they have been delivered."""

import json
import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from localwhisper.atomic import (
    make_private_folder,
    read_regular_file,
    remove_temporaries,
    storage_errors,
    write_atomically,
)
from localwhisper.errors import LocalWhisperError

log = logging.getLogger(__name__)
NAME = re.compile(r"[0-9a-f]{32}\.json")


class NoticeStore:
    """One file for each notice. Blocking; one caller at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> dict[str, Mapping[str, Any]]:
        """Return the notices that an earlier run has left, by id, but those that can't be read. Damaged ones are
        removed, if they can be. Raises StorageUnwritable."""
        notices: dict[str, Mapping[str, Any]] = {}
        remove_temporaries(self._folder)
        with storage_errors(self._folder):
            names = os.listdir(self._folder) if self._folder.is_dir() else []
        for path in (self._folder / name for name in sorted(names) if NAME.fullmatch(name)):
            try:
                notice = json.loads(read_regular_file(path))
                if not isinstance(notice, dict):
                    raise ValueError
            except OSError as error:
                log.warning("a notice can't be read: %s", error)
            except (ValueError, RecursionError):
                with suppress(LocalWhisperError):
                    self.remove(path.stem)
            else:
                notices[path.stem] = notice
        return notices

    def save(self, notice_id: str, notice: Mapping[str, Any]) -> None:
        """Raises StorageFull, StorageUnwritable."""
        with storage_errors(self._folder):
            make_private_folder(self._folder)
        write_atomically(self._folder / f"{notice_id}.json", json.dumps(notice).encode())

    def remove(self, notice_id: str) -> None:
        """Raises StorageFull, StorageUnwritable."""
        path = self._folder / f"{notice_id}.json"
        with storage_errors(path):
            path.unlink(missing_ok=True)

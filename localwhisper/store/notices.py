"""Notices that a job has ended, kept until they have been delivered."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localwhisper.atomic import (
    make_private_folder,
    read_regular_file,
    remove_temporaries,
    storage_errors,
    write_atomically,
)

NAME = re.compile(r"[0-9a-f]{32}\.json")


class NoticeStore:
    """One file for each notice. Blocking; one caller at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> dict[str, Mapping[str, Any]]:
        """Return the notices that an earlier run has left, by id. Those that can't be read are removed."""
        notices: dict[str, Mapping[str, Any]] = {}
        remove_temporaries(self._folder)
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            if not NAME.fullmatch(path.name):
                continue
            try:
                notice = json.loads(read_regular_file(path))
                if not isinstance(notice, dict):
                    raise ValueError
            except (OSError, ValueError, RecursionError):
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

"""The searches for speakers that are running, so that they continue at the next start."""

import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localwhisper.atomic import make_private_folder, read_regular_file, storage_errors, write_atomically

log = logging.getLogger(__name__)


class SpeakerSearchFile:
    """Threading: SAFE. Blocking."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def load(self) -> dict[str, dict[str, Any]]:
        """The options of each search, by job id; none if the file is damaged."""
        try:
            searches = json.loads(read_regular_file(self._path))
            return {str(job_id): dict(options) for job_id, options in searches.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning("searches for speakers are not continued: %s is damaged: %s", self._path.name, error)
            return {}

    def add(self, job_id: str, options: Mapping[str, Any]) -> None:
        """Raises StorageFull, StorageUnwritable."""
        with self._lock:
            self._save({**self.load(), job_id: dict(options)})

    def remove(self, job_id: str) -> None:
        """Raises StorageFull, StorageUnwritable."""
        with self._lock:
            searches = self.load()
            if searches.pop(job_id, None) is not None:
                self._save(searches)

    def _save(self, searches: Mapping[str, Mapping[str, Any]]) -> None:
        with storage_errors(self._path):
            make_private_folder(self._path.parent)
        write_atomically(self._path, json.dumps(searches).encode())

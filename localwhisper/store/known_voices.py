"""The voiceprints that a user keeps, in one file for the user alone; without any the file doesn't exist."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localwhisper.atomic import make_private_folder, read_regular_file, storage_errors, write_atomically
from localwhisper.errors import InvalidOption, KnownVoiceNotFound, StorageUnwritable
from localwhisper.jobs.known_voices import KnownVoice

MAX_VOICES = 1000


class KnownVoiceFile:
    """Threading: SAFE. Blocking."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def all(self) -> list[KnownVoice]:
        """In alphabetical order. Raises StorageUnwritable."""
        try:
            voices = [_voice(each) for each in json.loads(read_regular_file(self._path))["known_voices"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise StorageUnwritable(path=str(self._path), reason=f"it is damaged: {type(error).__name__}") from error
        return sorted(voices, key=lambda voice: voice.name.casefold())

    def keep(self, voice: KnownVoice) -> None:
        """Add a voice; one of the same name is replaced. Raises InvalidOption, StorageFull, StorageUnwritable."""
        with self._lock:
            others = [each for each in self.all() if each.name != voice.name]
            if len(others) >= MAX_VOICES:
                raise InvalidOption(field="speaker", value=voice.name, accepted=f"at most {MAX_VOICES} known voices")
            self._save([*others, voice])

    def forget(self, voice_id: str) -> None:
        """Raises KnownVoiceNotFound, StorageFull, StorageUnwritable."""
        with self._lock:
            voices = self.all()
            kept = [each for each in voices if each.id != voice_id]
            if len(kept) == len(voices):
                raise KnownVoiceNotFound(voice_id=voice_id)
            if kept:
                self._save(kept)
            else:
                self._remove()

    def forget_all(self) -> None:
        """Also where the file is damaged. Raises StorageUnwritable."""
        with self._lock:
            self._remove()

    def _save(self, voices: Iterable[KnownVoice]) -> None:
        with storage_errors(self._path):
            make_private_folder(self._path.parent)
        body = json.dumps({"known_voices": [asdict(voice) for voice in voices]}, ensure_ascii=False)
        write_atomically(self._path, body.encode())

    def _remove(self) -> None:
        with storage_errors(self._path):
            self._path.unlink(missing_ok=True)


def _voice(record: Mapping[str, Any]) -> KnownVoice:
    """Raises LookupError, TypeError, ValueError."""
    return KnownVoice(
        id=str(record["id"]),
        name=str(record["name"]),
        voiceprint=tuple(float(number) for number in record["voiceprint"]),
    )

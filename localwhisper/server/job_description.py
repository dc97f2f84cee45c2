"""What a person says about a job: its name, tags and notes."""

import re
from pathlib import PurePosixPath
from typing import Any

from localwhisper.errors import InvalidOption, UnknownOption
from localwhisper.jobqueue.job_fields import Description
from localwhisper.jobs.job import Job, Note
from localwhisper.jobs.notes import in_order
from localwhisper.server.transcripts import MAX_TIME_S
from localwhisper.server.uploads import clean_name

MAX_TAGS, MAX_TAG_CHARS = 20, 40
MAX_NOTES, MAX_NOTE_CHARS = 1000, 5000


def description(job: Job, body: dict[str, Any]) -> Description:
    """Read the changes of a JSON body. Raises UnknownOption, InvalidOption."""
    changes = Description()
    for name, value in body.items():
        if name == "filename":
            changes["filename"] = _filename(value, job.filename)
        elif name == "tags":
            changes["tags"] = _tags(value)
        elif name == "notes":
            changes["notes"] = _notes(value)
        elif name == "notes_before":
            changes["notes_before"] = _notes(value, name)
        else:
            raise UnknownOption(field=name[:100], accepted=", ".join(Description.__optional_keys__))
    return changes


def _filename(value: Any, current: str) -> str:
    """The new name, with the extension that the recording has."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidOption(field="filename", value=str(value)[:100], accepted="a name")
    name, extension = clean_name(re.sub(r"[/\\]", "-", value.strip())), PurePosixPath(current).suffix
    return name if name.lower().endswith(extension.lower()) else name + extension


def _tags(value: Any) -> tuple[str, ...]:
    """Without those that differ only in case."""
    if not isinstance(value, list) or len(value) > MAX_TAGS or not all(map(_is_tag, value)):
        accepted = f"at most {MAX_TAGS} texts of at most {MAX_TAG_CHARS} characters"
        raise InvalidOption(field="tags", value=str(value)[:100], accepted=accepted)
    tags = (" ".join(tag.split()) for tag in reversed(value))
    return tuple(reversed({tag.casefold(): tag for tag in tags}.values()))


def _is_tag(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= MAX_TAG_CHARS


def _notes(value: Any, field: str = "notes") -> tuple[Note, ...]:
    if not isinstance(value, list) or len(value) > MAX_NOTES:
        raise InvalidOption(field=field, value="", accepted=f"a list of at most {MAX_NOTES}")
    return in_order(map(_note, value))


def _note(value: Any) -> Note:
    match value:
        case {"start": float() | int() as start, "end": float() | int() as end, "quote": str() as quote}:
            text = value.get("text", "")
            is_number = not isinstance(start, bool) and not isinstance(end, bool)
            is_text = isinstance(text, str) and max(len(text), len(quote)) <= MAX_NOTE_CHARS
            if is_number and is_text and 0 <= start <= end <= MAX_TIME_S:
                return Note(start=float(start), end=float(end), quote=quote, text=text)
    accepted = f"start and end in seconds, 0 <= start <= end <= {MAX_TIME_S}, quote, and text if there is any"
    raise InvalidOption(field="notes", value=str(value)[:100], accepted=accepted)

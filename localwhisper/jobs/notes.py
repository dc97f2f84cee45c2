"""Notes that are changed at several places at once: each keeps what the others added. Pure functions."""

from collections.abc import Iterable, Sequence

from localwhisper.jobs.job import Note


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """By their times."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.end)))


def merged(current: Sequence[Note], before: Sequence[Note], after: Sequence[Note]) -> tuple[Note, ...]:
    """The current notes with the changes from `before` to `after`.

    A note whose text was changed at both places is there twice: neither text is lost.
    """
    kept = [note for note in current if note in after or note not in before]
    added = [note for note in after if note not in before and note not in current]
    return in_order([*kept, *added])

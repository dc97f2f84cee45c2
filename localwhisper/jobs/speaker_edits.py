"""What a person says of the speakers: names, that two are one, whose lines these are; and how that outlasts a new
search for speakers.

Pure functions; each edit returns the transcript's next version. They raise InvalidOption for an unknown speaker.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from localwhisper.errors import InvalidOption
from localwhisper.jobs.speakers import attributed, labelled
from localwhisper.jobs.transcript import Segment, Speaker, Transcript, Turn

NEW = "new"  # in place of a speaker's id: one who isn't listed yet
SAME_SHARE = 0.5  # of a speaker's time that was another's before: the same person


@dataclass(frozen=True, kw_only=True)
class BeforeMerge:
    """Two speakers as they were before they became one."""

    source: Speaker
    into: Speaker
    turns: tuple[Turn, ...]
    lines: tuple[Turn, ...]  # the times of their segments, in the transcript's order


def renamed(transcript: Transcript, names: Mapping[str, str]) -> Transcript:
    """`names` by id; an empty one takes the name away."""
    for each in names:
        known_speaker(transcript, each)
    speakers = tuple(replace(each, name=names.get(each.id, each.name)) for each in transcript.speakers)
    return replace(transcript, speakers=speakers, version=transcript.version + 1)


def merged(transcript: Transcript, source: str, into: str) -> Transcript:
    """One speaker's lines become another's, who keeps the name, or gets that of the first without one."""
    one, other = known_speaker(transcript, source), known_speaker(transcript, into)
    if source == into:
        raise InvalidOption(field="into", value=into, accepted="another speaker")
    both = replace(other, name=other.name or one.name, merged=True)
    return replace(
        transcript,
        speakers=tuple(both if each.id == into else each for each in transcript.speakers if each.id != source),
        segments=tuple(
            replace(segment, speaker=into) if segment.speaker == source else segment for segment in transcript.segments
        ),
        turns=_joined(replace(turn, speaker=into) if turn.speaker == source else turn for turn in transcript.turns),
        version=transcript.version + 1,
    )


def before_merge(transcript: Transcript, source: str, into: str) -> BeforeMerge:
    """What split() needs to undo merged()."""
    both = {source, into}
    return BeforeMerge(
        source=known_speaker(transcript, source),
        into=known_speaker(transcript, into),
        turns=tuple(turn for turn in transcript.turns if turn.speaker in both),
        lines=tuple(
            Turn(start=segment.start, end=segment.end, speaker=segment.speaker)
            for segment in transcript.segments
            if segment.speaker in both
        ),
    )


def split(transcript: Transcript, before: BeforeMerge) -> Transcript:
    """Undo a merge. A line whose time has been changed since becomes that of the one whose lines it overlaps most."""
    source, into = before.source, before.into
    one = known_speaker(transcript, into.id)
    if any(each.id == source.id for each in transcript.speakers):
        raise InvalidOption(field="split", value=source.id, accepted="a speaker who isn't listed")
    was_renamed = one.name != (into.name or source.name)
    again = replace(into, name=one.name) if was_renamed else into
    speakers = [again if each is one else each for each in transcript.speakers]
    before_whom = (n for n, each in enumerate(speakers) if _number(each) > _number(source))
    speakers.insert(next(before_whom, len(speakers)), source)
    whose: dict[tuple[float, float], list[str]] = {}  # several where people talk at once
    for line in reversed(before.lines):
        whose.setdefault((line.start, line.end), []).append(line.speaker)

    def divided(segment: Segment) -> Segment:
        if segment.speaker != into.id:
            return segment
        found = whose.get((segment.start, segment.end))
        return replace(segment, speaker=found.pop() if found else None)

    others = (turn for turn in transcript.turns if turn.speaker != into.id)
    return replace(
        transcript,
        segments=labelled(map(divided, transcript.segments), before.lines, [into.id, source.id]),
        turns=tuple(sorted([*others, *before.turns], key=lambda turn: (turn.start, turn.end))),
        speakers=tuple(speakers),
        version=transcript.version + 1,
    )


def given(transcript: Transcript, at: int, count: int, speaker: str) -> Transcript:
    """`count` segments, from number `at` on, are this speaker's, or NEW's. One who has no line left is dropped."""
    speakers = list(transcript.speakers)
    if speaker == NEW:
        speaker = _free_id(speakers)
        speakers.append(Speaker(id=speaker))
        speakers.sort(key=_number)
    elif speaker not in {each.id for each in speakers}:
        known_speaker(transcript, speaker)
    turns = _given_turns(transcript.turns, transcript.segments[at : at + count], speaker)
    segments = list(transcript.segments)
    for number in range(at, at + count):
        segments[number] = replace(segments[number], speaker=speaker, speaker_given=True)
    heard = {segment.speaker for segment in segments} | {turn.speaker for turn in turns}
    return replace(
        transcript,
        segments=tuple(segments),
        turns=_joined(turns),
        speakers=tuple(each for each in speakers if each.id in heard),
        version=transcript.version + 1,
    )


def carried_over(old: Transcript, turns: Sequence[Turn], speakers: Sequence[Speaker]) -> Transcript:
    """The old transcript with newly found turns, as its next version.

    A new speaker whose time was mostly one old speaker's has that one's id and name. Of several new ones that were
    the same old one, all are that one if a person had merged it, else the one with most of it. Lines that a person
    gave somebody stay that one's.
    """
    shares = _shares(old.turns, turns)
    totals = {speaker: sum(shares[speaker].values()) for speaker in shares}
    matches: dict[str, str] = {}  # new id → old id
    taken: set[str] = set()
    known = {each.id: each for each in old.speakers}
    for new in sorted(totals, key=lambda each: -totals[each]):
        best = shares[new].most_common(1)
        if best and best[0][1] >= SAME_SHARE * _seconds(turns, new):
            match = best[0][0]
            if match in known and (match not in taken or known[match].merged):
                matches[new] = match
                taken.add(match)
    listed = {each: known[each] for each in known if each in taken or _has_given(old.segments, each)}
    for speaker in speakers:
        if speaker.id not in matches:
            matches[speaker.id] = _free_id([*listed.values(), *old.speakers])
            listed[matches[speaker.id]] = Speaker(id=matches[speaker.id])
    moved = [replace(turn, speaker=matches[turn.speaker]) for turn in turns]
    moved += _turns_of(segment for segment in old.segments if segment.speaker_given)
    new_transcript = attributed(old, _joined(moved), tuple(listed.values()))
    return replace(new_transcript, version=old.version + 1)


def known_speaker(transcript: Transcript, speaker: str) -> Speaker:
    for each in transcript.speakers:
        if each.id == speaker:
            return each
    accepted = ", ".join(each.id for each in transcript.speakers) or "none: nobody was looked for, or heard"
    raise InvalidOption(field="speaker", value=speaker[:100], accepted=accepted)


def _free_id(speakers: Iterable[Speaker]) -> str:
    taken = {each.id for each in speakers}
    return next(each for each in (f"S{number}" for number in range(1, len(taken) + 2)) if each not in taken)


def _number(speaker: Speaker) -> int:
    return int(speaker.id[1:])


def _has_given(segments: Sequence[Segment], speaker: str) -> bool:
    return any(segment.speaker_given and segment.speaker == speaker for segment in segments)


def _given_turns(turns: Sequence[Turn], segments: Sequence[Segment], speaker: str) -> list[Turn]:
    """Turns with the segments' time given to the speaker instead of their own; all others keep theirs."""
    lost: dict[str, list[Turn]] = {}  # by whose it was
    for turn in _joined(_turns_of(segment for segment in segments if segment.speaker != speaker)):
        lost.setdefault(turn.speaker, []).append(turn)
    kept = [part for turn in turns for part in _without(turn, lost.get(turn.speaker, ()))]
    return [*kept, *_turns_of(replace(segment, speaker=speaker) for segment in segments)]


def _turns_of(segments: Iterable[Segment]) -> Iterator[Turn]:
    for segment in segments:
        if segment.speaker is not None and segment.start < segment.end:
            yield Turn(start=segment.start, end=segment.end, speaker=segment.speaker)


def _without(turn: Turn, gaps: Sequence[Turn]) -> Iterator[Turn]:
    """What is left of a turn without the time of others, which are in order and don't overlap."""
    start = turn.start
    for number in range(bisect_right(gaps, start, key=lambda gap: gap.end), len(gaps)):
        gap = gaps[number]
        if gap.start >= turn.end:
            break
        if start < gap.start:
            yield replace(turn, start=start, end=gap.start)
        start = gap.end
    if start < turn.end:
        yield replace(turn, start=start)


def _joined(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """In order, those of one speaker that touch as one."""
    last: dict[str, Turn] = {}
    done: list[Turn] = []
    for turn in sorted(turns, key=lambda turn: turn.start):
        before = last.get(turn.speaker)
        if before is not None and turn.start <= before.end:
            last[turn.speaker] = replace(before, end=max(before.end, turn.end))
            continue
        if before is not None:
            done.append(before)
        last[turn.speaker] = turn
    return tuple(sorted([*done, *last.values()], key=lambda turn: (turn.start, turn.end)))


def _shares(old: Sequence[Turn], new: Sequence[Turn]) -> dict[str, Counter[str]]:
    """For each new speaker the seconds that were each old one's. Both in the order of their starts."""
    shares: dict[str, Counter[str]] = {turn.speaker: Counter() for turn in new}
    open_turns: list[Turn] = []
    waiting = list(reversed(old))
    for turn in new:
        while waiting and waiting[-1].start < turn.end:
            open_turns.append(waiting.pop())
        open_turns = [each for each in open_turns if each.end > turn.start]
        for each in open_turns:
            shares[turn.speaker][each.speaker] += max(min(turn.end, each.end) - max(turn.start, each.start), 0.0)  # type: ignore[assignment]
    return shares


def _seconds(turns: Sequence[Turn], speaker: str) -> float:
    return sum(turn.end - turn.start for turn in turns if turn.speaker == speaker)

"""Who said which word: speakers' turns and words' times → segments that each have one speaker.

Pure functions, whose time grows about linearly with the transcript.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from localwhisper.jobs.transcript import Segment, Speaker, Transcript, Turn, Word

# What a change of speakers between two words costs, in seconds of speech that would contradict it: people change at the
# end of a sentence or in a pause, and a word's time or a turn's edge is easily wrong by more than a word within one.
AT_SENTENCE_END, AT_PAUSE, AT_SEGMENT_END, AT_COMMA, ELSEWHERE = 0.1, 0.15, 0.3, 0.5, 0.9
PAUSE_S = 0.4
SENTENCE_ENDS, COMMAS = (".", "!", "?", "…", "。", "！", "？"), (",", ";", ":", "，", "、", "；", "：", "—", "-")
MIN_WORD_S, MAX_WORD_S = 0.1, 1.0  # of evidence; whisper lets the last word before a pause last through it
NEAR_S = 0.5  # so far from its turns, a word in nobody's counts as half spoken by a speaker
SAMPLE_S = 10.0
OVERLAP_S, OVERLAP_SHARE = 0.5, 0.5  # of a segment in which another one talks, for it to be marked


@dataclass(frozen=True)
class _Timed:
    """A word of a segment. Without word times, the segment's words share its time by their length."""

    segment: int  # its number
    word: Word


def attributed(transcript: Transcript, turns: Sequence[Turn], speakers: Sequence[Speaker]) -> Transcript:
    """The transcript with the speaker of each segment; segments are divided where the speaker changes.

    Segments whose speaker a person has given keep it.
    """
    if not turns:
        segments = (
            each if each.speaker_given else replace(each, speaker=None, overlap=False) for each in transcript.segments
        )
        return replace(transcript, segments=tuple(segments), speakers=tuple(speakers), turns=())
    words = [_Timed(n, word) for n, segment in enumerate(transcript.segments) for word in _words(segment)]
    ids = sorted({turn.speaker for turn in turns})
    labels = _labels(words, transcript.segments, [_Track(turns, each) for each in ids])
    pieces: list[Segment] = []
    for number, group in groupby(zip(words, labels, strict=True), key=lambda pair: pair[0].segment):
        segment = transcript.segments[number]
        if segment.speaker_given:
            pieces.append(segment)
            continue
        runs = [(label, [timed.word for timed, _ in run]) for label, run in groupby(group, key=lambda pair: pair[1])]
        pieces += [replace(piece, speaker=ids[label]) for label, piece in _divided(segment, runs)]
    tracks = {each: _Track([turn for turn in turns if turn.speaker != each], None) for each in ids}
    marked = (
        replace(piece, id=n, overlap=piece.speaker in tracks and _is_overlapped(piece, tracks[piece.speaker]))
        for n, piece in enumerate(pieces)
    )
    return replace(transcript, segments=tuple(marked), speakers=tuple(speakers), turns=tuple(turns))


def _words(segment: Segment) -> Iterator[Word]:
    """At least one, so that no segment gets lost."""
    if segment.words:
        yield from segment.words
        return
    texts = segment.text.split(" ")
    texts = [f" {text}" if n else text for n, text in enumerate(texts)]
    if texts and not texts[0]:
        texts[:2] = ["".join(texts[:2])]
    n_chars = list(accumulate((len(text) for text in texts), initial=0))
    s_per_char = (segment.end - segment.start) / max(n_chars[-1], 1)
    for text, first, last in zip(texts, n_chars, n_chars[1:], strict=False):
        start, end = segment.start + first * s_per_char, segment.start + last * s_per_char
        yield Word(word=text, start=start, end=end, probability=1.0)


class _Track:
    """The times of one speaker's turns, or of several speakers' together."""

    def __init__(self, turns: Sequence[Turn], speaker: str | None) -> None:
        spans: list[tuple[float, float]] = []
        for turn in turns:
            if speaker in (None, turn.speaker):
                if spans and turn.start <= spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(spans[-1][1], turn.end))
                else:
                    spans.append((turn.start, turn.end))
        self._spans = spans
        self._ends = [end for _, end in spans]

    def seconds(self, start: float, end: float) -> float:
        """How much of this time is in the turns."""
        total = 0.0
        for number in range(bisect_left(self._ends, start), len(self._spans)):
            first, last = self._spans[number]
            if first >= end:
                break
            total += max(min(last, end) - max(first, start), 0.0)
        return total

    def distance(self, time: float) -> float:
        """To the nearest turn."""
        number = bisect_left(self._ends, time)
        near = self._spans[max(number - 1, 0) : number + 1]
        return min((max(first - time, time - last, 0.0) for first, last in near), default=float("inf"))


def _labels(words: Sequence[_Timed], segments: Sequence[Segment], tracks: Sequence[_Track]) -> list[int]:
    """The number of each word's speaker: the series with the least contradicting speech and changes (Viterbi)."""
    costs = [0.0] * len(tracks)
    origins: list[list[int]] = []
    for number, timed in enumerate(words):
        if number:
            change = _change_cost(words[number - 1], timed)
            best = min(range(len(tracks)), key=costs.__getitem__)
            origins.append([n if costs[n] <= costs[best] + change else best for n in range(len(tracks))])
            costs = [min(cost, costs[best] + change) for cost in costs]
        costs = [cost + more for cost, more in zip(costs, _contradictions(timed.word, tracks), strict=True)]
    labels = [min(range(len(tracks)), key=costs.__getitem__)]
    for origin in reversed(origins):
        labels.append(origin[labels[-1]])
    return labels[::-1] if words else []


def _change_cost(before: _Timed, after: _Timed) -> float:
    text = before.word.word.rstrip("\"'”’»)] ")
    if text.endswith(SENTENCE_ENDS):
        return AT_SENTENCE_END
    if after.word.start - before.word.end >= PAUSE_S:
        return AT_PAUSE
    if before.segment != after.segment:
        return AT_SEGMENT_END
    return AT_COMMA if text.endswith(COMMAS) else ELSEWHERE


def _contradictions(word: Word, tracks: Sequence[_Track]) -> list[float]:
    """For each speaker the seconds of the word that this one doesn't talk."""
    start, end = word.start, max(min(word.end, word.start + MAX_WORD_S), word.start + MIN_WORD_S)
    spoken = [track.seconds(start, end) for track in tracks]
    if not any(spoken):  # between turns
        spoken = [(end - start) / 2 * (track.distance((start + end) / 2) < NEAR_S) for track in tracks]
    return [end - start - seconds for seconds in spoken]


def _divided(segment: Segment, runs: Sequence[tuple[int, list[Word]]]) -> Iterator[tuple[int, Segment]]:
    if len(runs) == 1:
        yield runs[0][0], segment
        return
    for number, (label, words) in enumerate(runs):
        yield (
            label,
            replace(
                segment,
                start=segment.start if number == 0 else words[0].start,
                end=segment.end if number == len(runs) - 1 else words[-1].end,
                text="".join(word.word for word in words),
                tokens=(),
                words=None if segment.words is None else tuple(words),
            ),
        )


def _is_overlapped(segment: Segment, others: _Track) -> bool:
    seconds = others.seconds(segment.start, segment.end)
    return seconds >= min(OVERLAP_S, OVERLAP_SHARE * (segment.end - segment.start)) and seconds > 0


def with_missing(transcript: Transcript) -> Transcript:
    """With the speakers of segments that have none, such as new lines: who talks most in their time."""
    if not transcript.turns or all(segment.speaker is not None for segment in transcript.segments):
        return transcript
    segments = labelled(transcript.segments, transcript.turns, [each.id for each in transcript.speakers])
    return replace(transcript, segments=segments)


def labelled(segments: Iterable[Segment], turns: Sequence[Turn], speakers: Iterable[str]) -> tuple[Segment, ...]:
    """Segments without a speaker get the one of `speakers` who talks most in their time, if one does."""
    tracks = {each: _Track(turns, each) for each in speakers}

    def speaker_of(segment: Segment) -> str | None:
        seconds = {each: track.seconds(segment.start, segment.end) for each, track in tracks.items()}
        best = max(seconds, key=lambda each: seconds[each], default="")
        return best if seconds.get(best) else None

    return tuple(each if each.speaker is not None else replace(each, speaker=speaker_of(each)) for each in segments)


def by_channel(transcript: Transcript) -> Transcript:
    """The transcript of a recording with one person on each channel: each channel is a speaker, with its name."""
    names = list(dict.fromkeys(segment.channel for segment in transcript.segments if segment.text.strip()))
    ids = {name: f"S{number}" for number, name in enumerate(names, start=1)}
    segments = tuple(replace(segment, speaker=ids.get(segment.channel)) for segment in transcript.segments)
    turns = sorted(
        (
            Turn(start=segment.start, end=segment.end, speaker=segment.speaker)
            for segment in segments
            if segment.speaker is not None and segment.end > segment.start
        ),
        key=lambda turn: turn.start,
    )
    speakers = tuple(Speaker(id=each, name=name or "") for name, each in ids.items())
    return replace(transcript, segments=segments, speakers=speakers, turns=tuple(turns))


def samples_of(transcript: Transcript) -> dict[str, dict[str, float]]:
    """Where to listen to each speaker, by id: the first seconds of the longest turn."""
    samples: dict[str, dict[str, float]] = {}
    for turn in sorted(transcript.turns, key=lambda turn: turn.start - turn.end):
        if turn.speaker not in samples:
            samples[turn.speaker] = {"start": turn.start, "end": min(turn.end, turn.start + SAMPLE_S)}
    return samples


def seconds_of(transcript: Transcript) -> dict[str, float]:
    """How long each speaker talks, by id, in the order of the list."""
    seconds = {each.id: 0.0 for each in transcript.speakers}
    for turn in transcript.turns:
        if turn.speaker in seconds:
            seconds[turn.speaker] += turn.end - turn.start
    return seconds

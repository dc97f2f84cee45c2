"""Transcripts with content that a format may mishandle."""

from dataclasses import asdict, replace
from typing import Any

from localwhisper.jobs.transcript import Segment, Speaker, Transcript, Turn, Word

HOUR_S = 3600.0


def segment(number: int, start: float, end: float, text: str, words: tuple[Word, ...] | None = None) -> Segment:
    return Segment(
        id=number,
        start=start,
        end=end,
        text=text,
        seek=int(start * 100),
        tokens=(50364, 1000 + number, 50414),
        avg_logprob=-0.25,
        no_speech_prob=0.015625,
        compression_ratio=1.125,
        temperature=0.2,
        words=words,
    )


def words(*items: tuple[str, float, float]) -> tuple[Word, ...]:
    return tuple(Word(word=word, start=start, end=end, probability=0.5) for word, start, end in items)


def transcript(*segments: Segment, language: str = "en") -> Transcript:
    text = "".join(segment.text for segment in segments)
    return Transcript(text=text, language=language, segments=segments, processing_time=1.5)


# their exports equal openai-whisper's byte for byte
EQUAL = {
    "plain": transcript(segment(0, 0.0, 2.5, " One two."), segment(1, 2.5, 4.0004, " Three.")),
    "none": transcript(),
    "hours": transcript(
        segment(0, HOUR_S - 1.2346, HOUR_S - 0.0004, " before"), segment(1, HOUR_S, 101 * HOUR_S + 61.0015, " after")
    ),
    "right_to_left": transcript(
        segment(0, 0.0, 1.5, " שלום עולם"), segment(1, 1.5, 3.0, " مرحبا، 123!"), language="he"
    ),
    "arrow": transcript(segment(0, 0.0, 1.0, " a --> b\t--> c"), segment(1, 1.0, 2.0, ' <i>&amp; "q" \\N {x}')),
    "emoji": transcript(segment(0, 0.0, 1.0, " 👩\u200d💻 naïve ﬁ \U0001f3a7"), language="fr"),
    "words": transcript(
        segment(0, 0.0, 3.0, " One two.", words((" One", 0.32, 0.7), (" two.", 0.7, 1.18))),
        segment(1, 3.0, 3.5, "", ()),
        segment(2, HOUR_S, HOUR_S + 2, " Three", words((" Three", HOUR_S + 0.5, HOUR_S + 1.0006))),
        segment(
            3,
            HOUR_S + 2,
            HOUR_S + 3,
            " 三四",
            words(("三", HOUR_S + 2, HOUR_S + 2.5), ("四", HOUR_S + 2.5, HOUR_S + 3)),
        ),
    ),
    "long_line": transcript(
        segment(0, 0.0, 30.0, " abcdefghi" * 220, words(*((" abcdefghi", i * 0.1, i * 0.1 + 0.1) for i in range(220))))
    ),
    "odd_words": transcript(
        segment(0, 0.0, 2.0, "  a", words((" ", 0.0, 0.1), (" a", 0.1, 0.5), ("", 0.5, 0.6), (" b ", 0.6, 0.9)))
    ),
}
# openai-whisper's writers would write invalid files for these
SAFER = {
    "line_breaks": transcript(
        segment(0, 0.0, 1.0, " one\n\ntwo\r\n \r\nthree\u2028four"), segment(1, 1.0, 2.0, "\n\n2\n --> five\n\nNOTE x")
    ),
    "arrow_words": transcript(
        segment(
            0,
            0.0,
            1.0,
            " a --> b\n\nc",
            words((" a", 0.0, 0.2), (" -->", 0.2, 0.4), (" b", 0.4, 0.6), ("\n\nc", 0.6, 0.9)),
        )
    ),
    "words_missing": transcript(segment(0, 0.0, 1.0, " a", words((" a", 0.25, 0.5))), segment(1, 1.0, 2.0, " b")),
    "empty_segment": transcript(segment(0, 0.0, 1.0, " one"), segment(1, 1.0, 1.0, " "), segment(2, 2.0, 3.0, "")),
    "out_of_order": transcript(
        segment(0, 6.0, 8.0, " after the next"),
        segment(1, 2.0, 7.0, " into the one before"),
        segment(2, 1.0, 0.5, " reversed"),
        segment(3, 2.0, 2.0, " at the same time"),
        segment(4, 8.0, 8.0, " no time", words((" no", 8.0, 8.0), (" time", 8.0, 8.0))),
    ),
    "only_text": Transcript(text=" all of it ", language="en", segments=(), processing_time=0.0),
}
ALL = {**EQUAL, **SAFER}
HOW_ARE_YOU = segment(0, 0.0, 2.0, " How are you?", words((" How", 0.0, 0.5), (" are you?", 0.5, 1.5)))
CHANNELS = transcript(
    replace(HOW_ARE_YOU, channel="left"),
    replace(segment(1, 1.0, 3.0, " Fine.", words((" Fine.", 1.25, 1.75))), channel="right"),
    replace(segment(2, 4.0, 5.0, " And *you*?"), channel="right"),
)
SPEAKERS = replace(
    transcript(
        replace(
            segment(0, 0.0, 2.0, " How are you?", words((" How", 0.0, 0.5), (" are", 0.5, 1.0), (" you?", 1.0, 1.5))),
            speaker="S1",
        ),
        replace(segment(1, 2.0, 3.0, " Fine.", words((" Fine.", 2.0, 2.5))), speaker="S2"),
        replace(segment(2, 3.0, 4.0, " And *you*?", words((" And", 3.0, 3.4), (" *you*?", 3.4, 4.0))), speaker="S2"),
        replace(segment(3, 4.0, 5.0, " Well.", words((" Well.", 4.0, 4.5))), speaker="S1", overlap=True),
    ),
    speakers=(Speaker(id="S1", name='Ann "A" <b>'), Speaker(id="S2")),
    turns=(
        Turn(start=0.0, end=1.5, speaker="S1"),
        Turn(start=2.0, end=4.5, speaker="S2"),
        Turn(start=4.0, end=4.5, speaker="S1"),
    ),
)
GOLDEN = {**ALL, "channels": CHANNELS, "speakers": SPEAKERS}


def as_whisper(result: Transcript) -> dict[str, Any]:
    """The transcript as openai-whisper's transcribe() returns it."""
    segments = []
    for item in result.segments:
        body = asdict(item)
        item_words = body.pop("words")
        order = (
            "id",
            "seek",
            "start",
            "end",
            "text",
            "tokens",
            "temperature",
            "avg_logprob",
            "compression_ratio",
            "no_speech_prob",
        )
        body = {name: body[name] for name in order}
        if item_words is not None:
            body["words"] = list(item_words)
        segments.append(body)
    return {"text": result.text, "segments": segments, "language": result.language}

"""Which words are stable while an utterance is still being spoken: those on which two successive hypotheses agree.

LocalAgreement-2 of Liu, Spanakis and Niehues, 2020 (doi:10.21437/Interspeech.2020-2897), as whisper_streaming uses it.
"""

import difflib
from collections.abc import Sequence

from localwhisper.jobs.transcript import Word

# A word that ends nearer to the end of what is heard may be cut off, or become another, the more so the less probable.
MIN_HEARD_AFTER_S, MAX_HEARD_AFTER_S, HEARD_FOR_DOUBT_S = 1.0, 3.8, 4.0
PROBABLE = 0.5  # at least, to become stable in a pause
PUNCTUATION = " \t\n.,;:!?¿¡…\"'“”‘’()[]-–—。、，！？："


class AgreedWords:
    """The words of one utterance. Those in `stable` never change."""

    def __init__(self, stable: Sequence[Word] = ()) -> None:
        self.stable = tuple(stable)
        self.tentative: tuple[Word, ...] = ()

    def add(self, continuation: Sequence[Word], heard_s: float, *, min_probability: float = 0.0) -> None:
        """Take over a hypothesis of the words after the stable ones, made from the audio up to `heard_s`."""
        n_agreed = 0
        for word, before in zip(continuation, self.tentative, strict=False):
            is_too_early = word.end > heard_s - _needed_after_s(word) or word.probability < min_probability
            if _bare(word) != _bare(before) or is_too_early:
                break
            n_agreed += 1
        while 0 < n_agreed < len(continuation) and _is_joined(continuation[n_agreed - 1], continuation[n_agreed]):
            n_agreed -= 1
        self.stable += tuple(continuation[:n_agreed])
        self.tentative = tuple(continuation[n_agreed:])

    def wait(self, heard_s: float) -> None:
        """Nobody spoke since the last hypothesis: another would say the same. What is improbable may become another
        word once somebody goes on."""
        self.add(self.tentative, heard_s, min_probability=PROBABLE)

    def finish(self, continuation: Sequence[Word]) -> tuple[Word, ...]:
        """The utterance's words, of which `continuation` are those after the stable ones."""
        self.stable, self.tentative = (*self.stable, *continuation), ()
        return self.stable


def continuation(known: Sequence[Word], hypothesis: Sequence[Word]) -> tuple[Word, ...]:
    """The words of a hypothesis that come after those that are known, which it may hear otherwise."""
    if not known:
        return tuple(hypothesis)
    ours, theirs = [_bare(word) for word in known], [_bare(word) for word in hypothesis]
    blocks = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    ends = [block.b + block.size for block in blocks if block.size and block.a + block.size == len(ours)]
    if ends:
        return tuple(hypothesis[ends[0] :])
    end_s = known[-1].end
    return tuple(word for word in hypothesis if (word.start + word.end) / 2 > end_s)


def _needed_after_s(word: Word) -> float:
    """How much has to be heard after a word's end before it is stable."""
    return min(MIN_HEARD_AFTER_S + HEARD_FOR_DOUBT_S * (1 - word.probability), MAX_HEARD_AFTER_S)


def _is_joined(word: Word, following: Word) -> bool:
    """Whether a word is written together with the next, in a language that parts words by spaces."""
    return word.word.startswith(" ") and not following.word.startswith(" ")


def _bare(word: Word) -> str:
    """A word without case and punctuation; of one that is nothing else, itself."""
    return word.word.strip(PUNCTUATION).casefold() or word.word.strip()

"""Which words are stable while an utterance is still being spoken: those on which two successive hypotheses agree.

LocalAgreement-2 of Liu, Spanakis and Niehues, 2020 (doi:10.21437/Interspeech.2020-2897), as whisper_streaming uses it.
"""

import difflib
from collections.abc import Sequence

from localwhisper.jobs.transcript import Word

MIN_HEARD_AFTER_S = 1.0  # a word that ends nearer to the end of what is heard may be cut off, or become another
PUNCTUATION = " \t\n.,;:!?¿¡…\"'“”‘’()[]-–—。、，！？："


class AgreedWords:
    """The words of one utterance. Those in `stable` never change."""

    def __init__(self, stable: Sequence[Word] = ()) -> None:
        self.stable = tuple(stable)
        self.tentative: tuple[Word, ...] = ()

    def add(self, continuation: Sequence[Word], heard_s: float) -> None:
        """Take over a hypothesis of the words after the stable ones, made from the audio up to `heard_s`."""
        n_agreed = 0
        for word, before in zip(continuation, self.tentative, strict=False):
            if _bare(word) != _bare(before) or word.end > heard_s - MIN_HEARD_AFTER_S:
                break
            n_agreed += 1
        self.stable += tuple(continuation[:n_agreed])
        self.tentative = tuple(continuation[n_agreed:])

    def finish(self, continuation: Sequence[Word]) -> tuple[Word, ...]:
        """The utterance's words, of which `continuation` are those after the stable ones."""
        self.stable, self.tentative = (*self.stable, *continuation), ()
        return self.stable


def continuation(stable: Sequence[Word], hypothesis: Sequence[Word]) -> tuple[Word, ...]:
    """The words of a hypothesis of a whole utterance that come after its stable words, which it may hear otherwise."""
    if not stable:
        return tuple(hypothesis)
    ours, theirs = [_bare(word) for word in stable], [_bare(word) for word in hypothesis]
    blocks = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    ends = [block.b + block.size for block in blocks if block.size and block.a + block.size == len(ours)]
    if ends:
        return tuple(hypothesis[ends[0] :])
    end_s = stable[-1].end
    return tuple(word for word in hypothesis if (word.start + word.end) / 2 > end_s)


def _bare(word: Word) -> str:
    """A word without case and punctuation; of one that is nothing else, itself."""
    return word.word.strip(PUNCTUATION).casefold() or word.word.strip()

"""Which words become stable, and that they stay."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from localwhisper.engine.local_agreement import MIN_HEARD_AFTER_S, AgreedWords, continuation
from localwhisper.jobs.transcript import Word


def words(text: str, start: int = 0) -> list[Word]:
    """One word a second."""
    return [Word(word=f" {w}", start=i, end=i + 1, probability=1.0) for i, w in enumerate(text.split(), start)]


def text(words: Sequence[Word]) -> str:
    return "".join(word.word for word in words).strip()


def test_a_word_is_stable_once_two_successive_hypotheses_agree() -> None:
    agreed = AgreedWords()
    agreed.add(words("the cat sad"), 9)
    assert (text(agreed.stable), text(agreed.tentative)) == ("", "the cat sad")
    agreed.add(words("the cat sat on"), 9)
    assert (text(agreed.stable), text(agreed.tentative)) == ("the cat", "sat on")
    agreed.add(words("sit in", 2), 9)
    assert (text(agreed.stable), text(agreed.tentative)) == ("the cat", "sit in")
    assert text(agreed.finish(words("sat on the mat", 2))) == "the cat sat on the mat"


def test_case_and_punctuation_are_no_difference_and_the_newer_ones_count() -> None:
    agreed = AgreedWords()
    agreed.add(words("Hello. Is it"), 9)
    agreed.add(words("hello, is it you"), 9)
    assert text(agreed.stable) == "hello, is it"
    agreed.add(words("… !", 3), 9)
    agreed.add(words("… ?", 3), 9)
    assert text(agreed.stable) == "hello, is it …"


def test_a_word_at_the_end_of_what_is_heard_may_be_cut_off() -> None:
    agreed = AgreedWords()
    for _ in range(2):
        agreed.add(words("trans"), 1 + MIN_HEARD_AFTER_S / 2)
    assert agreed.stable == ()
    agreed.add(words("trans"), 1 + MIN_HEARD_AFTER_S)
    assert text(agreed.stable) == "trans"


def test_what_follows_the_stable_words_is_found_by_the_last_of_them_or_by_its_time() -> None:
    stable = words("the cat sat")
    assert text(continuation(stable, words("a cat sat on the mat"))) == "on the mat"
    assert text(continuation(stable, words("a cat sits on the mat"))) == "on the mat"
    assert text(continuation(stable, words("the cat"))) == ""
    assert text(continuation([], words("the cat"))) == "the cat"


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=6), max_size=12))
def test_stable_words_never_change(hypotheses: list[list[str]]) -> None:
    agreed = AgreedWords()
    before: tuple[Word, ...] = ()
    for hypothesis in hypotheses:
        agreed.add(words(" ".join(hypothesis), len(before)), 99)
        assert agreed.stable[: len(before)] == before
        before = agreed.stable

"""Old and new words are matched in order, and in about linear time."""

import random
import time

import hypothesis
import hypothesis.strategies as st

from localwhisper.jobs.word_matching import match_words


def matched(old: str, new: str) -> list[str | None]:
    words = old.split()
    return [None if number is None else words[number] for number in match_words(words, new.split())]


def test_equal_words_are_matched_in_order() -> None:
    assert match_words([], []) == []
    assert matched("a b c", "a b c") == ["a", "b", "c"]
    assert matched("a b c d", "a x c y d") == ["a", None, "c", None, "d"]
    assert matched("one two", "") == []
    assert matched("", "one two") == [None, None]


@hypothesis.given(st.lists(st.sampled_from("abcde")), st.lists(st.sampled_from("abcdef")))
def test_matches_are_equal_words_in_ascending_order(old: list[str], new: list[str]) -> None:
    matches = match_words(old, new)
    numbers = [number for number in matches if number is not None]
    assert numbers == sorted(set(numbers))
    assert all(number is None or old[number] == word for number, word in zip(matches, new, strict=True))


def test_a_large_region_is_divided_at_unique_words() -> None:
    rng = random.Random(1)
    old = [f"{rng.choice('abcdef')}{n if n % 3 else ''}" for n in range(2000)]
    new = [word if rng.random() < 0.9 else "changed" for word in old]
    new[0] = new[-1] = "changed"
    n_matched = sum(number is not None for number in match_words(old, new))
    assert n_matched > 0.99 * sum(word != "changed" for word in new)


def test_the_time_grows_with_the_words_not_with_their_square() -> None:
    rng = random.Random(2)
    started_s = time.process_time()
    for n_different in (3, 500, 100_000):
        old = [str(rng.randrange(n_different)) for _ in range(15_000)]
        match_words(old, [word if rng.random() < 0.8 else "new" for word in reversed(old)])
        match_words(old, [word if rng.random() < 0.8 else "new" for word in old])
    assert time.process_time() - started_s < 10  # takes 0.3 s; quadratic, minutes

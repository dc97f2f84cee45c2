"""How texts are scored."""

from tests.accuracy.scoring import ErrorCount, cp_word_errors, format_errors, has_punctuation, word_errors
from tests.accuracy.tables import differences, score, tables


def test_capitals_punctuation_and_spelling_of_numbers_are_no_word_errors() -> None:
    assert word_errors("twenty-five colours", "25 colors.", "en") == ErrorCount(0, 2)


def test_substitutions_deletions_and_insertions_count() -> None:
    assert word_errors("uno dos tres cuatro", "uno doce tres y", "es") == ErrorCount(2, 4)


def test_unspaced_languages_are_compared_by_character() -> None:
    assert word_errors("今天很好", "今天不好", "zh") == ErrorCount(1, 4)


def test_a_text_without_a_reference_is_all_errors() -> None:
    assert word_errors("", "thank you", "en") == ErrorCount(2, 0)


def test_only_words_that_both_texts_have_are_compared_in_capitals_and_punctuation() -> None:
    assert format_errors("Ask not, what you can.", "ask not what they can.") == ErrorCount(2, 4)


def test_a_reference_in_lower_case_says_nothing_of_punctuation() -> None:
    assert has_punctuation("Yes. No.")
    assert not has_punctuation("yes no")
    assert not has_punctuation("YES. NO.")


def test_counts_are_summed_before_they_are_divided() -> None:
    rows = [
        {
            "language": "en",
            "kind": "read",
            "duration_s": 60,
            "reference": reference,
            "texts": {"openai-whisper": text},
            "times_s": {"openai-whisper": 1.5},
        }
        for reference, text in (("one", "two"), ("a b c", "a b c"), (None, "hello"))
    ]
    result = score("openai-whisper", rows)
    assert result.words.percent == 25
    assert (result.n_invented, result.n_same, result.time_s) == (1, 3, 4.5)
    report = {"model": "base", "threads": 2, "recordings": rows}
    assert "| openai-whisper | 25.00 % | 0.0 % | 1 of 1 (100 %) | 3 of 3 | 1.50 |" in tables(report)


def test_two_transcribers_are_compared_on_the_same_recordings() -> None:
    def row(exact: str, fast: str) -> dict[str, object]:
        return {"language": "en", "reference": "a b c d", "texts": {"exact": exact, "fast": fast}}

    always_one_more = [row("a b c d", "a b c"), row("a b c", "a b")]
    assert "| all | 2 | 8 | +25.0 (+25.0 to +25.0) |" in differences(always_one_more)
    loops = differences([*always_one_more, row("a b c d" + " e" * 7, "a b c d")])
    assert "| all but loops | 2 | 8 | +25.0 (+25.0 to +25.0) |" in loops
    assert "| all | 3 | 12 | -41.7 (" in loops


def test_words_of_each_speaker_count_apart() -> None:
    references = ["good morning", "how are you", ""]
    assert cp_word_errors(references, ["How are you?", "Good morning."], "en") == ErrorCount(0, 5)
    assert cp_word_errors(references, ["Good morning, how are you?"], "en") == ErrorCount(4, 5)  # 2 inserted, 2 missing
    assert cp_word_errors(references[:1], ["Good", "morning"], "en") == ErrorCount(2, 2)

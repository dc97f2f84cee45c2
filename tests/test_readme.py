"""The README's generated parts are fresh, and its curl lines are the contract's."""

from pathlib import Path

from localwhisper.settings import as_markdown

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_settings_table_is_fresh() -> None:
    assert as_markdown() in README


def test_pictures_exist() -> None:
    for part in README.split("](")[1:]:
        target = part.split(")")[0]
        if not target.startswith("http"):
            assert (Path(__file__).parent.parent / target).exists(), target

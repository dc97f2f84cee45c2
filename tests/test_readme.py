"""What the README and the guides say is so: tables, links, commands, addresses, settings, messages."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from localwhisper.commands.arguments import parse, parser
from localwhisper.messages import TEXTS
from localwhisper.server.routes import ROUTES
from localwhisper.settings import SETTINGS, as_markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_settings_table_is_fresh() -> None:
    assert as_markdown() in README


@each_page
def test_links_and_pictures_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_guide_is_reached_from_the_readme() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{page.name})" in README


@each_page
def test_every_command_can_be_given(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:^|[|`(] ?)(?:\S*bin/)?localwhisper( [^`)\n]*)", text, flags=re.MULTILINE):
        arguments = re.split(r"\s{2,}| [#>|] |…", line)[0]
        assert parse(shlex.split(arguments)), line


def flags(command: argparse.ArgumentParser) -> set[str]:
    """All there are, of the commands below too."""
    found = set(command._option_string_actions)
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*(flags(inner) for inner in action.choices.values()))
    return found


@each_page
def test_every_setting_and_flag_is_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {setting.env for setting in SETTINGS}
    assert set(re.findall(r"\bLOCALWHISPER_[A-Z_]+|\b(?:MAX|DEFAULT|MODEL)_[A-Z_]+", text)) <= known
    assert set(re.findall(r"`(--[a-z][a-z-]*)[ `]", text)) <= flags(parser())


@each_page
def test_every_address_is_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("JOB_ID", "00000000-0000-4000-8000-000000000000")
    bases = {"/v1"}  # of OpenAI's clients
    for path in re.findall(r"http://localhost:9000(/[\w/.-]*[\w])", text):
        assert path in bases or any(re.fullmatch(route.pattern, path) for route in ROUTES), path


def test_the_troubles_are_told_in_the_program_s_words() -> None:
    said = [re.sub(r"\{\w+\}", "…", english) for english, _ in TEXTS.values()]
    quoted = re.findall(r"^\| \*(.+?)\* \|", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.MULTILINE)
    assert len(quoted) >= 6
    for words in quoted:
        assert any(words in text for text in said), words

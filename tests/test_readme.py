"""The README and the guides are correct: tables, links, commands, addresses, settings and messages."""

import argparse
import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from localwhisper.commands.arguments import build_parser, parse_arguments
from localwhisper.export.registry import EXPORTERS
from localwhisper.messages import TEXTS
from localwhisper.server.routes import ROUTES
from localwhisper.settings import SETTINGS, as_markdown
from tests.accuracy.recordings import VARIABLE as SPEECH_VARIABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_settings_table_is_current() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    command = 'python -c "from localwhisper.settings import as_markdown; print(as_markdown())"'
    assert as_markdown() in text, f"replace the table in docs/settings.md by the output of: {command}"


@each_page
def test_linked_files_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_readme_links_to_every_guide() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{page.name})" in README


@each_page
def test_every_command_line_is_valid(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:^|[|`(] ?)(?:\S*bin/)?localwhisper( [^`)\n]*)", text, flags=re.MULTILINE):
        arguments = re.split(r"\s{2,}| [#>|] |…", line)[0]
        assert parse_arguments(shlex.split(arguments)), line


def flags(command: argparse.ArgumentParser) -> set[str]:
    """All flags of a command and of its subcommands."""
    names = set(command._option_string_actions)
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            names = names.union(*(flags(inner) for inner in action.choices.values()))
    return names


@each_page
def test_every_setting_and_flag_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {setting.env for setting in SETTINGS} | {SPEECH_VARIABLE}  # which is the tests' own
    assert set(re.findall(r"\bLOCALWHISPER_[A-Z_]+|\b(?:MAX|DEFAULT|MODEL)_[A-Z_]+", text)) <= known
    assert set(re.findall(r"`(--[a-z][a-z-]*)[ `]", text)) <= flags(build_parser())


@each_page
def test_every_address_is_a_route(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("JOB_ID", "00000000-0000-4000-8000-000000000000")
    bases = {"/v1"}  # the base URL of OpenAI's clients
    for path in re.findall(r"http://localhost:9000(/[\w/.-]*[\w])", text):
        assert path in bases or any(re.fullmatch(route.pattern, path) for route in ROUTES), path


def test_the_api_guide_names_every_export_format() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"/transcript\.(\w+ +# also [\w \n#]+?)\n```", text)
    assert {*re.findall(r"\w+", line)} - {"also"} == {*EXPORTERS}, "docs/api.md: the formats after `# also`"


def test_troubleshooting_quotes_real_messages() -> None:
    messages = [re.sub(r"\{\w+\}", "…", english) for english, _ in TEXTS.values()]
    quotes = re.findall(r"^\| \*(.+?)\* \|", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.MULTILINE)
    assert len(quotes) >= 6
    for quote in quotes:
        assert any(quote in message for message in messages), quote


def test_contributing_names_existing_files_modules_and_targets() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:localwhisper|tests|docs|tools|web)/[\w./-]*)[`:]", text):
        assert (ROOT / path).exists(), path
    for module in re.findall(r"python -m (t[\w.]+)", text):
        assert importlib.util.find_spec(module), module
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for file, test in re.findall(r"(tests/[\w/]+\.py)::(\w+)", text):
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), test
    modules = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    names = [name.strip("/") for cell in modules for name in re.findall(r"`([\w/]+)`", cell)]
    assert len(names) > 30
    for name in names:
        places = (ROOT / "localwhisper", ROOT / "localwhisper" / "engine", ROOT)
        assert any((place / name).exists() or (place / f"{name}.py").exists() for place in places), name

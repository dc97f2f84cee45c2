"""localwhisper terms list|show|save|remove: lists of names and terms, which a server on this data directory uses."""

import argparse
import sys
from pathlib import Path

from localwhisper import paths
from localwhisper.errors import BadSetting, FileMissing, TermListNotFound
from localwhisper.settings import Settings
from localwhisper.store.term_lists import TermLists


def run(options: argparse.Namespace, settings: Settings) -> int:
    lists = TermLists(paths.term_lists(settings.data_dir))
    if options.action == "list":
        for name in lists.all():
            print(name)
        for file in lists.damaged_files():
            print(f"{file}: lists that could not be read. Repair the file, or delete it.", file=sys.stderr)
    elif options.action == "show":
        text = lists.all().get(options.name)
        if text is None:
            raise TermListNotFound(name=options.name)
        print(text)
    elif options.action == "save":
        lists.put(options.name, _read(options.file))
        print(f"Saved. A job uses it with --terms @{options.name}")
    else:
        lists.remove(options.name)
    return 0


def _read(file: str) -> str:
    """Raises FileMissing, BadSetting."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileMissing(path=file) from None
    except (OSError, UnicodeDecodeError):
        raise BadSetting(name="FILE", value=file, accepted="a text file in UTF-8") from None

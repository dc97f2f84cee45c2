"""Writes the keywords of the Python client from the option table: python -m tools.client_options

They are generated because a type checker needs them as source, and the client imports nothing of the rest of the
package.
"""

from collections.abc import Mapping
from pathlib import Path

from localwhisper.option_types import Kind, Option
from localwhisper.options import LAYOUT_OPTIONS, OPTIONS

TARGET = Path(__file__).parent.parent / "localwhisper" / "client" / "options.py"
HEAD = '''"""The keywords of the client's methods; generated from the option table by tools/client_options.py."""

from typing import Literal, TypedDict
'''
TYPES: Mapping[Kind, str] = {"boolean": "bool", "integer": "int", "number": "float"}


def source() -> str:
    return (
        HEAD
        + _typed_dict("Options", "The form fields of POST /transcribe-job.", OPTIONS)
        + _typed_dict("Layout", "How subtitles are cut: the query of GET /job/{job_id}/transcript.", LAYOUT_OPTIONS)
    )


def _typed_dict(name: str, doc: str, options: Mapping[str, Option]) -> str:
    lines = [f'    """{doc}"""', "", *(f"    {option.name}: {_type(option)}" for option in options.values())]
    return "\n".join(["", "", f"class {name}(TypedDict, total=False):", *lines, ""])


def _type(option: Option) -> str:
    if option.choices:
        choices = ", ".join(f'"{choice}"' for choice in option.choices)
        return f"Literal[{choices}]"
    return TYPES.get(option.kind, "str")


if __name__ == "__main__":
    TARGET.write_text(source(), encoding="utf-8")

"""Writes the golden files that are missing or whose writer has changed: python -m tests.export.write_golden

It prints their names. Review them, with git diff, before committing.
"""

from localwhisper.export.registry import EXPORTERS, TEXT_FORMATS
from tests.export import results
from tests.export.test_exports import GOLDEN


def main() -> None:
    for case, transcript in results.GOLDEN.items():
        for name in TEXT_FORMATS:
            path = GOLDEN / f"{case}.{name}"
            content = EXPORTERS[name].to_bytes(transcript)
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
                print(path)


if __name__ == "__main__":
    main()

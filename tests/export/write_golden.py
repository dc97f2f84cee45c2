"""Writes the golden files that don't exist yet: python -m tests.export.write_golden. Review them before committing."""

from localwhisper.export.registry import EXPORTERS, TEXT_FORMATS
from tests.export import results
from tests.export.test_exports import GOLDEN


def main() -> None:
    for case, transcript in results.ALL.items():
        for name in TEXT_FORMATS:
            path = GOLDEN / f"{case}.{name}"
            if not path.exists():
                path.write_bytes(EXPORTERS[name].to_bytes(transcript))
                print(path)


if __name__ == "__main__":
    main()

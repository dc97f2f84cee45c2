"""Runs the command line with `python -m localwhisper`."""

import sys

from localwhisper.cli import main

if __name__ == "__main__":
    sys.exit(main())

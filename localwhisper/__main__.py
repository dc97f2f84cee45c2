"""The program: `python -m localwhisper`, and the command `localwhisper`."""

import atexit
import os
import sys


def run() -> None:
    """Run one command and end the process."""
    codes: list[int] = []

    def end() -> None:
        if codes:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            except OSError:  # the interpreter reports it
                return
            os._exit(codes[0])  # the interpreter would take torch's modules apart first, for 0.3 s

    atexit.register(end)  # before any other, hence called after them, and after the end of all threads
    from localwhisper.cli import main

    codes.append(main())
    sys.exit(codes[0])


if __name__ == "__main__":
    run()

"""Progress bars on stderr: one for each file being transcribed, and one for all files.

Threading: SAFE. If stderr is not a terminal there are no bars, only a line for each finished file.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from localwhisper.commands.backends import ProgressCallback

BAR_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {remaining} left{postfix}"  # tqdm puts a comma before the postfix


class ProgressBars:
    def __init__(self, total_bytes: int, n_files: int) -> None:
        """The overall bar counts bytes, since the durations are not known before each file is opened."""
        disable = True if n_files < 2 else None  # None: disabled if stderr is not a terminal
        self._overall: tqdm[object] = tqdm(
            total=max(total_bytes, 1),
            desc=f"all {n_files}",
            bar_format=BAR_FORMAT,
            position=0,
            leave=False,
            disable=disable,
            file=sys.stderr,
        )
        self._first_row = 0 if n_files < 2 else 1
        self._rows: set[int] = set()  # taken by the bars of files
        self._lock = threading.Lock()

    @contextmanager
    def file(self, name: str, size_bytes: int) -> Iterator[ProgressCallback]:
        """Show a bar while one file is transcribed."""
        with self._lock:
            row = next(row for row in range(len(self._rows) + 1) if row not in self._rows)
            self._rows.add(row)
        bar = tqdm(
            total=1.0,
            desc=name[:40],
            bar_format=BAR_FORMAT,
            position=self._first_row + row,
            leave=False,
            disable=None,
            file=sys.stderr,
        )
        shown = 0.0  # fraction

        def on_progress(fraction: float, message: str) -> None:
            nonlocal shown
            bar.set_postfix_str(message, refresh=False)
            if fraction > shown:
                bar.update(fraction - shown)
                self._overall.update((fraction - shown) * size_bytes)
                shown = fraction

        try:
            yield on_progress
        finally:
            self._overall.update((1.0 - shown) * size_bytes)
            bar.close()
            with self._lock:
                self._rows.discard(row)

    def print(self, text: str) -> None:
        """Write to stdout without breaking the bars."""
        tqdm.write(text, file=sys.stdout)
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Write a line to stderr."""
        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        self._overall.close()

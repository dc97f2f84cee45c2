"""Progress on stderr: a bar for each file that is being transcribed, and one for all of them.

Threading: SAFE. Without a terminal there are no bars, only a line for each file that has ended.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from localwhisper.commands.backends import Report

LAYOUT = "{desc} {percentage:3.0f} % |{bar}| {remaining} left{postfix}"  # tqdm puts a comma before the last


class Bars:
    def __init__(self, total_bytes: int, n_files: int) -> None:
        """The overall bar counts bytes: how long a recording is would have to be found out first."""
        hidden = True if n_files < 2 else None  # None: where stderr is no terminal
        self._overall: tqdm[object] = tqdm(
            total=max(total_bytes, 1),
            desc=f"all {n_files}",
            bar_format=LAYOUT,
            position=0,
            leave=False,
            disable=hidden,
            file=sys.stderr,
        )
        self._first = 0 if n_files < 2 else 1
        self._places: set[int] = set()
        self._lock = threading.Lock()

    @contextmanager
    def file(self, name: str, size_bytes: int) -> Iterator[Report]:
        """A bar of its own while one file is transcribed."""
        with self._lock:
            place = next(place for place in range(len(self._places) + 1) if place not in self._places)
            self._places.add(place)
        bar = tqdm(
            total=1.0,
            desc=name[:40],
            bar_format=LAYOUT,
            position=self._first + place,
            leave=False,
            disable=None,
            file=sys.stderr,
        )
        counted = 0.0

        def report(fraction: float, message: str) -> None:
            nonlocal counted
            bar.set_postfix_str(message, refresh=False)
            if fraction > counted:
                bar.update(fraction - counted)
                self._overall.update((fraction - counted) * size_bytes)
                counted = fraction

        try:
            yield report
        finally:
            self._overall.update((1.0 - counted) * size_bytes)
            bar.close()
            with self._lock:
                self._places.discard(place)

    def print(self, text: str) -> None:
        """Text for stdout, without breaking the bars."""
        tqdm.write(text, file=sys.stdout)
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """A remark for stderr."""
        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        self._overall.close()

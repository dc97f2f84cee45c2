"""An engine's Control for tests."""

from localwhisper.engine.base import NoControl
from localwhisper.errors import Stopped
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message


class Recorder(NoControl):
    """A Control that records what the engine reports, and stops it at the n-th check."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at = stop_at
        self.checks = 0
        self.windows: list[Window] = []
        self.done_s: list[float] = []
        self.messages: list[Message] = []

    def check(self) -> None:
        self.checks += 1
        if self.stop_at is not None and self.checks >= self.stop_at:
            raise Stopped

    def measured(self, duration_s: float, track: int) -> None:
        self.duration_s = duration_s

    def progress(self, done_s: float, message: Message) -> None:
        self.done_s.append(done_s)
        self.messages.append(message)

    def window(self, window: Window) -> None:
        self.windows.append(window)

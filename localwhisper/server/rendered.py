"""What the sockets say of an event, made once for each language and not once for each socket."""

from collections.abc import Callable

from localwhisper.jobs.events import Event


class Rendered:
    """Remembers the last event's messages. Threading: the event loop's thread only."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self._frames: dict[tuple[str, str], bytes] = {}  # by message and language

    def frame(self, event: Event, name: str, language: str, make: Callable[[], bytes]) -> bytes:
        if event is not self._event:
            self._event, self._frames = event, {}
        if (name, language) not in self._frames:
            self._frames[name, language] = make()
        return self._frames[name, language]

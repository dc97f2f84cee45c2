"""What the sockets say of an event, put into words once for each language and not once for each socket."""

from collections.abc import Callable

from localwhisper.jobs.events import Event


class Rendered:
    """Remembers the last event's messages. Threading: the event loop's thread only."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self._texts: dict[tuple[str, str], str] = {}  # by message and language

    def text(self, event: Event, name: str, language: str, make: Callable[[], str]) -> str:
        if event is not self._event:
            self._event, self._texts = event, {}
        if (name, language) not in self._texts:
            self._texts[name, language] = make()
        return self._texts[name, language]

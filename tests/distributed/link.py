"""A network link that can be cut and held up: a proxy between a process and its scheduler."""

import socket
import threading
from contextlib import suppress

CHUNK_BYTES = 64 * 1024


class Link:
    """Threading: SAFE."""

    def __init__(self, port: int) -> None:
        """`port`: where the scheduler listens on this machine."""
        self._to = port
        self._is_free = threading.Event()
        self._is_free.set()
        self._connections: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections in the middle of whatever passes; new ones are accepted."""
        for connection in list(self._connections):
            _end(connection)

    def hold_up(self) -> None:
        """Let nothing pass, until release()."""
        self._is_free.clear()

    def release(self) -> None:
        self._is_free.set()

    def close(self) -> None:
        _end(self._listening)
        self.release()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    _end(near)
                    continue
                for source, target in ((near, far), (far, near)):
                    self._connections.add(source)
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                self._is_free.wait()
                target.sendall(data)
        for end in (source, target):
            _end(end)
        self._connections.discard(source)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()

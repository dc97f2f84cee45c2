"""WebSocket messages as bytes (RFC 6455, 5.2).

So what is said to many sockets is put into a frame once, and what waits for one socket is written in one go; tornado's
own write_message() makes a frame, a task and a system call for each message of each socket.
"""

import struct

_WHOLE_TEXT = 0x81  # the message's last frame, which is text


def text_frame(text: str) -> bytes:
    """As a server sends it: without a mask."""
    data = text.encode()
    if len(data) < 126:
        return struct.pack("!BB", _WHOLE_TEXT, len(data)) + data
    if len(data) < 1 << 16:
        return struct.pack("!BBH", _WHOLE_TEXT, 126, len(data)) + data
    return struct.pack("!BBQ", _WHOLE_TEXT, 127, len(data)) + data

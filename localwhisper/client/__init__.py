"""A Python client for a running server, synchronous and asynchronous.

    from localwhisper.client import Client

    with Client("http://localhost:9000") as client:
        result = client.transcribe("talk.mp3", model="small", on_progress=lambda p: print(p.percent))
    print(result.text)

It uses the REST API and the WebSocket of a job, and imports nothing from the rest of this package.
"""

from localwhisper.client.asynchronous import AsyncClient
from localwhisper.client.options import Layout, Options
from localwhisper.client.results import Progress, Segment, ServerError, Speaker, Transcription, Word
from localwhisper.client.synchronous import Client

__all__ = [
    "AsyncClient",
    "Client",
    "Layout",
    "Options",
    "Progress",
    "Segment",
    "ServerError",
    "Speaker",
    "Transcription",
    "Word",
]

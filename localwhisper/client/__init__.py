"""A client of a running server, sync and async.

    from localwhisper.client import Client

    with Client("http://localhost:9000") as client:
        result = client.transcribe("talk.mp3", model="small", on_progress=lambda p: print(p.percent))
    print(result.text)

Knows the REST API and the job's WebSocket, and nothing of the rest of this package.
"""

from localwhisper.client.asynchronous import AsyncClient
from localwhisper.client.results import Options, Progress, Segment, ServerError, Transcription, Word
from localwhisper.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "Options", "Progress", "Segment", "ServerError", "Transcription", "Word"]

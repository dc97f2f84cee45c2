"""Random input to every route and socket: never a 500, and sockets stay open."""

import functools
import json
import random
import re
from typing import Any

import jsonschema
import pytest
import tornado.ioloop
from hypothesis import given
from hypothesis import strategies as st

from localwhisper.server.routes import ROUTES
from tests.conftest import Serve
from tests.http_client import Socket
from tests.step_engine import StepEngine

SEED = 20251124
TRICKS = [
    "",
    "0",
    "-1",
    "1e999",
    "NaN",
    "null",
    "true",
    "a" * 3000,
    "é\u202e😀",
    "%00",
    "../../etc/passwd",
    "'\"<script>",
    "9" * 400,
    " ",
    "\t",
    "[]",
    "{}",
    "1_000",
    "0000-01-01",
    "completed,failed",
    "en",
    "es",
    "txt",
    "demo",
]


def random_json(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(8 if depth < 4 else 5)
    if kind == 5:
        return [random_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind >= 6:
        keys = [*TRICKS, "type", "job_id", "data"]
        return {rng.choice(keys): random_json(rng, depth + 1) for _ in range(rng.randrange(4))}
    return [rng.choice(TRICKS), rng.randint(-(2**70), 2**70), rng.random() * 1e300, None, rng.random() < 0.5][kind]


@pytest.mark.gen_test
async def test_random_requests_are_answered_as_documented(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve(model_mirror="http://127.0.0.1:9")
    document = (await client.get("/openapi.json")).json
    rng = random.Random(SEED)
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    places = {
        "job_id": [job_id, "0" * 36, job_id.upper()],
        "name": ["demo", "tiny", "..", "a" * 300],
        "format": ["srt"],
    }
    kinds = ["application/json", "multipart/form-data; boundary=x", "text/plain", "x/y; a=\xe9"]
    ranges = ["bytes=0-1", "bytes=-5", "bytes=5-1", "bytes=" + "9" * 50 + "-", "x", ""]
    for _ in range(250):
        route = rng.choice([route for route in ROUTES if "ws" not in route.path])
        method, operation = rng.choice(list(route.operations.items()))
        path = re.sub(r"\{(\w+)\}", lambda match: rng.choice(places.get(match[1], places["name"])), route.path)
        query = "&".join(
            f"{name}={escaped(rng.choice(TRICKS))}" for name in [*operation.query, "more"] if rng.random() < 0.5
        )
        body = json.dumps(random_json(rng)).encode() if method != "get" and rng.random() < 0.7 else b""
        answer = await client.fetch(
            method.upper(),
            f"{path}?{query}",
            body=body if method == "post" else None,
            Content_Type=rng.choice(kinds),
            Range=rng.choice(ranges),
        )
        assert answer.status < 500, (method, path, query, answer.body)
        documented = document["paths"][route.path][method]["responses"]
        accepted = {*documented, "400", "404", "416", "206", "304", "405"}
        assert str(answer.status) in accepted, (method, path, query, answer.status)
        answers = documented.get(str(answer.status), {}).get("content", {}).get("application/json", {})
        if (
            answer.status >= 400 and "schema" in answers and b"route_not_found" not in answer.body
        ):  # which has our shape also on other products' routes
            schema = {**answers["schema"], "components": document["components"]}
            jsonschema.Draft202012Validator(schema).validate(answer.json)


def escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
REQUESTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["ping", "get_status", "dance"]) | VALUES},
    optional={"job_id": st.sampled_from(["", "0" * 36]) | VALUES, "data": VALUES},
)
FRAMES = (VALUES | REQUESTS).map(json.dumps) | st.text(max_size=50) | st.binary(max_size=50)


def test_random_frames_leave_sockets_open(io_loop: tornado.ioloop.IOLoop, serve: Serve) -> None:
    """Every frame, and the one after it, is answered by a message of the protocol."""
    client = io_loop.run_sync(serve)
    job_id = io_loop.run_sync(client.new_job)
    sockets = [
        io_loop.run_sync(functools.partial(client.socket, path))
        for path in ("/ws/queue", f"/ws/transcription/{job_id}")
    ]

    async def talk(socket: Socket, frames: list[str | bytes]) -> None:
        for frame in frames:
            await socket.send(frame)
        await socket.send({"type": "ping", "job_id": "the last"})
        while (message := await socket.until("pong", "error", "status"))["job_id"] != "the last":
            assert set(message) == {"type", "job_id", "data", "timestamp"}

    @given(st.sampled_from(sockets), st.lists(FRAMES, max_size=6))
    def check(socket: Socket, frames: list[str | bytes]) -> None:
        io_loop.run_sync(functools.partial(talk, socket, frames))

    check()

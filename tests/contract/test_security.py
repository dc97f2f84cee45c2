"""Who may ask: Host, Origin, token, headers."""

import pytest
import tornado.httpclient

from localwhisper.server.base import HEADERS
from localwhisper.server.routes import ROUTES
from tests.conftest import Serve

pytestmark = pytest.mark.gen_test
PATHS = [route.path.replace("{job_id}", "0" * 8 + "-0000-0000-0000-" + "0" * 12).replace("{name}", "tiny")
         .replace("{format}", "srt").replace("{model}", "demo") for route in ROUTES]  # fmt: skip
OURS = {path for path, route in zip(PATHS, ROUTES, strict=True)
        if all(operation.fails_with == "Error" for operation in route.operations.values())}  # fmt: skip


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::1", "a@localhost@b"]
)
async def test_foreign_hosts_are_refused_everywhere(serve: Serve, host: str) -> None:
    client = await serve()
    for path in [*PATHS, "/", "/css/base.css", "/nothing"]:
        answer = await client.get(path, Host=host)
        assert answer.status in (400, 403), path
        if answer.status == 403 and (path in OURS or path not in PATHS):
            assert answer.code == "forbidden_host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:9000"])
async def test_our_own_names_are_served(serve: Serve, host: str) -> None:
    client = await serve()
    assert (await client.get("/health", Host=host)).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "file://", "http://127.0.0.1"]
)
async def test_foreign_origins_change_nothing(serve: Serve, origin: str) -> None:
    client = await serve()
    for method in ("POST", "DELETE"):
        for path in PATHS:
            answer = await client.fetch(method, path, body=b"" if method == "POST" else None, Origin=origin)
            assert answer.status == 403, path
            if path in OURS:
                assert answer.code == "forbidden_origin", path


async def test_cross_site_requests_without_origin_change_nothing(serve: Serve) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/queue/restart", body=b"", Sec_Fetch_Site="cross-site")
    assert (answer.status, answer.code) == (403, "forbidden_origin")


async def test_the_own_page_may(serve: Serve) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/queue/restart", body=b"", Origin=f"http://{client.host}")
    assert answer.status == 200


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_sockets_are_refused_the_same_way(serve: Serve, headers: dict[str, str]) -> None:
    client = await serve()
    job_id = await client.new_job()
    for path in (f"/ws/transcription/{job_id}", "/ws/queue"):
        with pytest.raises(tornado.httpclient.HTTPClientError) as refused:
            await client.socket(path, **headers)
        assert refused.value.code == 403


async def test_token(serve: Serve) -> None:
    client = await serve(token="s3cret")
    assert (await client.get("/health")).status == 200
    for path in PATHS:
        if path != "/health":
            answer = await client.get(path)
            assert answer.status == 401, path
            if path in OURS:
                assert answer.code == "unauthorized", path
    assert (await client.get("/jobs", Authorization="Bearer wrong")).status == 401
    assert (await client.get("/jobs", Authorization="Bearer s3cret")).status == 200


async def test_headers_are_on_every_answer(serve: Serve) -> None:
    client = await serve()
    for path in ["/", "/health", "/nothing", *PATHS]:
        answer = await client.get(path)
        if answer.status != 426:
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, path
            assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/css/../../pyproject.toml", "/css/%2e%2e/index.html%00", "/samples/../demo.pt.xz", "//etc/passwd"],
)
async def test_no_way_out_of_the_folders(serve: Serve, path: str) -> None:
    client = await serve()
    answer = await client.get(path)
    assert answer.status in (400, 403, 404)
    assert "error" in answer.json

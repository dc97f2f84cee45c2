"""Host, Origin, token, proxy headers, security headers."""

import asyncio
import json
import platform

import pytest
import tornado.httpclient

from localwhisper.server import auth
from localwhisper.server.base import HEADERS
from tests.conftest import Serve
from tests.contract.shape import ROUTE_OF_PATH, check_shape, has_own_shape
from tests.http_client import Client

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::1", "a@localhost@b"]
)
async def test_foreign_hosts_are_refused_everywhere(serve: Serve, host: str) -> None:
    client = await serve()
    for path in [*ROUTE_OF_PATH, "/", "/css/base.css", "/nothing"]:
        answer = await client.get(path, Host=host)
        assert answer.status in (400, 403), path
        if answer.status == 403:
            check_shape(answer, ROUTE_OF_PATH.get(path))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:9000"])
async def test_loopback_hosts_are_served(serve: Serve, host: str) -> None:
    client = await serve()
    assert (await client.get("/health", Host=host)).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "file://", "http://127.0.0.1"]
)
async def test_foreign_origins_are_refused_everywhere(serve: Serve, origin: str) -> None:
    client = await serve()
    for method in ("POST", "DELETE"):
        for path, route in ROUTE_OF_PATH.items():
            answer = await client.fetch(method, path, body=b"" if method == "POST" else None, Origin=origin)
            assert answer.status == 403, path
            check_shape(answer, route)
            if has_own_shape(route):
                assert answer.code == "forbidden_origin", path


async def test_cross_site_requests_without_origin_are_refused(serve: Serve) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/queue/restart", body=b"", Sec_Fetch_Site="cross-site")
    assert (answer.status, answer.code) == (403, "forbidden_origin")


async def test_the_same_origin_is_allowed(serve: Serve) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/queue/restart", body=b"", Origin=f"http://{client.host}")
    assert answer.status == 200


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_websockets_check_host_and_origin(serve: Serve, headers: dict[str, str]) -> None:
    client = await serve()
    job_id = await client.new_job()
    for path in (f"/ws/transcription/{job_id}", "/ws/queue"):
        with pytest.raises(tornado.httpclient.HTTPClientError) as refused:
            await client.socket(path, **headers)
        assert refused.value.code == 403


async def test_malformed_hosts_are_refused(serve: Serve) -> None:
    client = await serve()
    for host in ("evil@localhost", "localhost:", "localhost:99999999", "localhost/", "localhost\tx"):
        assert (await client.get("/health", Host=host)).status in (400, 403), host


async def test_the_host_is_checked_before_route_body_and_token(serve: Serve) -> None:
    client = await serve(token="s3cret")
    for method, path in [("OPTIONS", "/jobs"), ("POST", "/nothing"), ("DELETE", "/%ff"), ("PUT", "/login")]:
        body = b"x" * 2_000_000 if method in ("POST", "PUT") else None
        answer = await client.fetch(method, path, body=body, Host="evil.example")
        assert (answer.status, answer.code) == (403, "forbidden_host"), (method, path)


@pytest.mark.parametrize("mode", ["no-cors", "cors", "websocket"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_cross_site_reads_are_refused(serve: Serve, mode: str, site: str) -> None:
    client = await serve()
    for path in ["/jobs", "/", "/js/main.js", "/nothing"]:
        answer = await client.get(path, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode)
        assert (answer.status, answer.code) == (403, "forbidden_origin")
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_foreign_pages_may_link_here_but_not_embed_us(serve: Serve) -> None:
    client = await serve()
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert (await client.get("/", Sec_Fetch_Dest="document", **link)).status == 200
    assert (await client.get("/", Sec_Fetch_Dest="iframe", **link)).status == 403


async def test_allowed_origins_may_use_the_api(serve: Serve) -> None:
    ours = "https://app.example"
    client = await serve(allowed_origins=ours)
    request = {"Access_Control_Request_Method": "DELETE", "Sec_Fetch_Site": "cross-site"}
    preflight = await client.fetch("OPTIONS", "/jobs", Origin=ours, **request)
    assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, ours)
    answer = await client.get("/jobs", Origin=ours, Sec_Fetch_Site="cross-site")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, ours)
    assert (await client.submit(Origin=ours)).status == 200
    socket = await client.socket("/ws/queue", Origin=ours)
    await socket.until("snapshot")
    other = await client.fetch("OPTIONS", "/jobs", Origin="https://evil.example", **request)
    assert (other.status, other.headers.get("Access-Control-Allow-Origin")) == (403, None)


async def test_every_route_but_health_and_login_needs_the_token(serve: Serve) -> None:
    client = await serve(token="s3cret")
    assert (await client.get("/health")).status == 200
    for path, route in ROUTE_OF_PATH.items():
        if path not in ("/health", "/login"):
            answer = await client.get(path)
            assert answer.status == 401, path
            if has_own_shape(route):
                assert answer.code == "unauthorized", path
    for path in ("/nothing", "/css/none.css"):
        assert (await client.get(path)).status in (401, 404)
    assert (await client.get("/jobs", Authorization="Bearer s3cret")).status == 200
    assert (await client.get("/jobs", Authorization="Bearer wrong")).status == 401


@pytest.fixture
def long_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Much longer than a busy machine needs for the requests of a test."""
    monkeypatch.setattr(auth, "FIRST_DELAY_S", auth.MAX_DELAY_S)


async def test_wrong_tokens_are_throttled(serve: Serve, long_delay: None) -> None:
    client = await serve(token="s3cret")
    cookie = await cookie_of(client, "s3cret")
    answers = [await client.get("/jobs", Authorization=f"Bearer wrong{n}") for n in range(20)]
    assert answers[0].status == 401
    assert {answer.status for answer in answers[1:]} == {429}
    assert answers[1].code == "too_many_attempts"
    assert int(answers[1].headers["Retry-After"]) >= 1
    # not even the right one is looked at meanwhile; the page's cookie, which nobody can guess, goes on
    assert (await client.get("/jobs", Authorization="Bearer s3cret")).status == 429
    assert (await client.get("/jobs", Cookie=cookie)).status == 200


async def cookie_of(client: Client, token: str) -> str:
    answer = await client.fetch("POST", "/login", body=json.dumps({"token": token}).encode())
    assert answer.status == 200
    cookie = answer.headers["Set-Cookie"]
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert token not in cookie
    return str(cookie.split(";")[0])


async def test_the_cookie_replaces_the_token(serve: Serve) -> None:
    client = await serve(token="s3cret")
    cookie = await cookie_of(client, "s3cret")
    submitted = await client.submit(Cookie=cookie)
    assert submitted.status == 200
    job_id = submitted.json["job_id"]
    assert (await client.get(f"/job/{job_id}/audio", Cookie=cookie)).status == 200
    assert (await client.get(f"/job/{job_id}/audio")).status == 401
    for path in (f"/ws/transcription/{job_id}", "/ws/queue"):
        socket = await client.socket(path, Cookie=cookie)
        await socket.until("connected")
        with pytest.raises(tornado.httpclient.HTTPClientError) as refused:
            await client.socket(path)
        assert refused.value.code == 401
    # and is no help to a page elsewhere
    answer = await client.fetch("DELETE", f"/job/{job_id}", Cookie=cookie, Origin="https://evil.example")
    assert answer.status == 403
    for wrong in ("localwhisper=", "localwhisper=s3cret", "localwhisper=é", 'localwhisper="\\777'):
        assert (await client.get("/jobs", Cookie=wrong)).status == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": 5}', b"\xff", b"token=s3cret"])
async def test_invalid_logins_are_refused(serve: Serve, body: bytes) -> None:
    client = await serve(token="s3cret")
    answer = await client.fetch("POST", "/login", body=body)
    assert (answer.status, answer.code) == (400, "invalid_body")
    assert (await client.fetch("POST", "/login", body=b'{"token": "no"}')).status == 401
    assert "expires=" in (await client.fetch("DELETE", "/login")).headers["Set-Cookie"]


async def test_the_page_redirects_to_the_login(serve: Serve) -> None:
    client = await serve(token="s3cret")
    for path in ("/", "/index.html"):
        answer = await client.get(path)
        assert (answer.status, answer.headers["Location"]) == (302, "login.html")
    assert (await client.get("/login.html")).status == 200
    assert (await client.get("/", Cookie=await cookie_of(client, "s3cret"))).status == 200


async def test_forwarded_headers_are_used_from_trusted_proxies_only(serve: Serve) -> None:
    forwarded = {
        "X_Forwarded_Host": "box.example",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Prefix": "/tools",
        "X_Forwarded_For": "10.9.8.7",
    }
    plain = await serve()
    url = (await plain.submit(**forwarded)).json["websocket_url"]
    assert url.startswith(f"ws://{plain.host}/ws/")
    await plain.close()
    unaware = await serve(trusted_proxies="127.0.0.1", allowed_hosts="box.example")
    url = (await unaware.submit(**forwarded)).json["websocket_url"]
    assert url.startswith(f"wss://{unaware.host}/tools/ws/")  # anyone may have written X-Forwarded-Host
    assert (await unaware.get("/jobs", Host="evil.example", X_Forwarded_Host="localhost")).status == 403
    await unaware.close()
    behind = await serve(trusted_proxies="127.0.0.1", allowed_hosts="box.example", forwarded_host="true")
    answer = await behind.submit(**forwarded)
    assert answer.json["websocket_url"].startswith("wss://box.example/tools/ws/")
    assert answer.headers["Location"].startswith("/tools/job/")
    assert (await behind.get("/jobs", X_Forwarded_Host="evil.example")).status == 403
    assert (await behind.get("/jobs", X_Forwarded_Prefix="//evil.example/")).status == 200


async def test_clients_behind_a_proxy_are_throttled_separately(serve: Serve, long_delay: None) -> None:
    client = await serve(token="s3cret", trusted_proxies="127.0.0.1")
    first, second = {"X_Forwarded_For": "1.2.3.4, 10.0.0.1"}, {"X_Forwarded_For": "1.2.3.4, 10.0.0.2"}
    assert (await client.get("/jobs", Authorization="Bearer no", **first)).status == 401
    assert (await client.get("/jobs", Authorization="Bearer no", **first)).status == 429
    assert (await client.get("/jobs", Authorization="Bearer s3cret", **second)).status == 200


async def test_everything_is_served_under_a_path_prefix(serve: Serve) -> None:
    client = await serve(path_prefix="/tools/whisper")
    for prefix in ("/tools/whisper", ""):  # whether or not the proxy leaves it away
        assert (await client.get(f"{prefix}/health")).status == 200
        assert (await client.get(f"{prefix}/js/main.js")).status == 200
    assert (await client.get("/tools/whisper")).headers["Location"] == "/tools/whisper/"
    job = (await client.submit()).json
    assert job["websocket_url"].startswith(f"ws://{client.host}/tools/whisper/ws/")
    socket = await client.socket(f"/tools/whisper/ws/transcription/{job['job_id']}")
    await socket.until("connected")


async def test_beyond_loopback_addresses_are_allowed_hosts_but_foreign_names_are_not(serve: Serve) -> None:
    client = await serve(host="0.0.0.0", token="s3cret", allowed_hosts="box.lan")
    for host in ("192.168.1.5:9000", "[fe80::1]", "Box.LAN", platform.node()):
        assert (await client.get("/health", Host=host)).status == 200, host
    for host in ("evil.example", "192.168.1.5.evil.example"):
        assert (await client.get("/health", Host=host)).status == 403, host


async def test_security_headers_are_on_every_response(serve: Serve) -> None:
    client = await serve()
    for path in ["/", "/health", "/nothing", *ROUTE_OF_PATH]:
        answer = await client.get(path)
        if answer.status != 426:
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, path
            assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/css/../../pyproject.toml", "/css/%2e%2e/index.html%00", "/samples/../demo.pt.xz", "//etc/passwd"],
)
async def test_paths_cannot_leave_the_served_folders(serve: Serve, path: str) -> None:
    client = await serve()
    answer = await client.get(path)
    assert answer.status in (400, 403, 404)
    assert "error" in answer.json


async def test_the_host_of_an_absolute_target_counts(serve: Serve) -> None:
    """RFC 9112, 3.2.2: every server accepts such targets, and their host replaces the Host header."""
    client = await serve()
    for target, host, status in [
        (f"http://{client.host}/health?lang=es", client.host, 200),
        ("HTTP://localhost/health", client.host, 200),
        ("http://localhost", client.host, 200),
        ("http://evil.example/health", client.host, 403),
        ("http://evil.example/health", "localhost", 403),
        ("http:///health", client.host, 403),
    ]:
        reader, writer = await asyncio.open_connection(*client.host.split(":"))
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert int((await reader.readline()).split()[1]) == status, target
        writer.close()
        await writer.wait_closed()

"""Behind a real nginx, configured as the documentation says, under a path prefix: the page, uploads, sockets, audio
and the token's cookie work, and foreign hosts are refused."""

import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tornado.httpclient
import tornado.websocket

from tests.process.conftest import NewServer
from tests.process.server import ROOT, TIMEOUT_S, Server, port_of_its_own

CONF = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port};
    {location}
  }}
}}
"""
DOCUMENTATION = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
LOCATION = re.findall(r"```\n(location /whisper/ .*?)```", DOCUMENTATION, re.DOTALL)[0]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx: apt install nginx-light")


@pytest.fixture(params=["stripped", "left in place"])
def proxied(request: pytest.FixtureRequest, new_server: NewServer, tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server, and its address behind the proxy."""
    server = new_server(
        "--token",
        "s3cret",
        "--path-prefix",
        "/whisper",
        "--allowed-hosts",
        "box.test",
        "--trusted-proxies",
        "127.0.0.1",
    ).start()
    port = port_of_its_own()
    passed_on = f"http://127.0.0.1:{server.port}" + ("/" if request.param == "stripped" else "")
    assert "http://127.0.0.1:9000/;" in LOCATION
    location = LOCATION.replace("http://127.0.0.1:9000/", passed_on)
    conf = tmp_path / "nginx.conf"
    conf.write_text(CONF.format(folder=tmp_path, port=port, location=location))
    nginx = subprocess.Popen([str(NGINX), "-c", str(conf), "-e", str(tmp_path / "start.log")])
    while nginx.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    yield server, f"http://127.0.0.1:{port}/whisper"
    nginx.terminate()
    nginx.wait(TIMEOUT_S)


def fetch(url: str, **headers: str) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(url, headers={"Host": "box.test", **headers})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.gen_test
async def test_everything_works_behind_nginx(proxied: tuple[Server, str], samples: dict[Path, str]) -> None:
    server, url = proxied
    server.base_url, server.headers = url, {"Host": "box.test", "Authorization": "Bearer s3cret"}
    path, text = next(iter(samples.items()))
    assert fetch(f"{url}/login.html")[0] == 200
    assert fetch(f"{url}/js/main.js")[0] == 200
    assert fetch(f"{url}/jobs")[0] == 401
    login = urllib.request.Request(f"{url}/login", b'{"token": "s3cret"}', {"Host": "box.test"})
    with urllib.request.urlopen(login) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "Path=/whisper/" in cookie
    pair = cookie.split(";")[0]
    assert b"<job-list>" in fetch(f"{url}/", Cookie=pair)[2]
    submitted = server.submit_response(path)
    assert submitted["websocket_url"].startswith("ws://box.test/whisper/ws/transcription/")
    request = tornado.httpclient.HTTPRequest(
        url.replace("http", "ws") + f"/ws/transcription/{submitted['job_id']}",
        headers={"Host": "box.test", "Origin": "http://box.test", "Cookie": pair},
    )
    frames: list[str] = []
    connection = await tornado.websocket.websocket_connect(request)
    while (message := await connection.read_message()) is not None:
        frames.append(str(message))
    connection.close()
    assert '"type":"connected"' in frames[0]
    assert '"type":"completed"' in frames[-1]
    assert text.split()[0] in frames[-1]
    status, _, body = fetch(f"{url}/job/{submitted['job_id']}/audio", Cookie=pair, Range="bytes=0-99")
    assert (status, len(body)) == (206, 100)
    assert fetch(f"{url}/jobs", Cookie=pair, Host="evil.example")[0] == 403
    assert fetch(f"{url}/jobs", Cookie=pair, Origin="http://evil.example")[0] == 403
    rebinding = {"Host": "evil.example", "X-Forwarded-Host": "localhost", "X-Forwarded-Prefix": "/evil"}
    assert fetch(f"{url}/jobs", Cookie=pair, **rebinding)[0] == 403
    location = fetch(f"{url}/", **{"X-Forwarded-Prefix": "/evil"})[1].get("Location", "")
    assert "evil" not in location

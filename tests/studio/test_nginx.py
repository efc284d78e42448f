"""Behind nginx with HTTPS and a sub-path, as docs/serving.md has it."""

from __future__ import annotations

import base64
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.studio import users
from tests.browser import Browser, needs_browser
from tests.studio.conftest import STORY, studio

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
pytestmark = pytest.mark.skipif(
    not NGINX or not shutil.which("openssl"), reason="Debian's nginx and openssl are not installed"
)
DOCS = Path(__file__).parents[2] / "docs/serving.md"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def behind(workspace: Path, tmp_path: Path) -> Iterator[str]:
    """The studio behind nginx; its address."""
    file = tmp_path / "users.txt"
    users.add(file, "lin", "a good password")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")], check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    with studio(workspace, "--path", "/studio", "--users", str(file)) as inner:
        shown = re.search(r"    server \{.*?\n    \}\n", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        assert shown
        server = shown[0].replace("listen 443", f"listen 127.0.0.1:{port}").replace("audio.example.org", "localhost")
        server = server.replace("/etc/ssl/audio.pem", str(tmp_path / "cert.pem")).replace(
            "/etc/ssl/audio.key", str(tmp_path / "key.pem")
        )
        server = server.replace("http://127.0.0.1:7860", inner.removesuffix("/studio"))
        conf = tmp_path / "nginx.conf"
        paths = " ".join(
            f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf.write_text(
            f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; events {{}}\nhttp {{ access_log off; {paths}\n{server}}}\n"
        )
        process = subprocess.Popen([str(NGINX), "-c", str(conf), "-p", str(tmp_path), "-g", "daemon off;"])
        try:
            until = time.monotonic() + 20
            while True:
                with socket.socket() as one:
                    if one.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, (tmp_path / "error.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
            yield f"https://localhost:{port}/studio"
        finally:
            process.terminate()
            process.wait(20)


def test_page_uploads_progress_and_downloads_work_behind_nginx(behind: str, tmp_path: Path) -> None:
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    login = "Basic " + base64.b64encode(b"lin:a good password").decode()
    with httpx.Client(
        verify=trusted, timeout=180, headers={"authorization": login, "origin": behind.rsplit("/", 1)[0]}
    ) as client:
        page = client.get(f"{behind}/")
        assert page.status_code == 200
        config = client.get(f"{behind}/config").json()
        assert config["root"].startswith(behind), "the page's own addresses lead through nginx"
        asset = re.search(r'(?:src|href)="(\./assets/[^"]+)"', page.text)
        assert asset
        assert client.get(f"{behind}/{asset[1]}").status_code == 200

        sent = client.post(f"{behind}/api/upload/manuscript", files={"file": ("night.txt", STORY.encode())})
        assert sent.json() == {"name": "night.txt"}
        job = client.post(f"{behind}/api/run", json={"manuscript": "night.txt"}).json()["job"]
        states = []
        while (told := client.get(f"{behind}/api/job/{job}", params={"wait": 1}).json())["state"] not in (
            "done",
            "failed",
        ):
            states.append(told["stage"])
        assert told["state"] == "done", told["error"]
        assert states, "progress was seen on the way"
        names = [one["name"] for one in client.get(f"{behind}/api/files/night").json()["files"]]
        assert "night.m4b" in names
        assert client.get(f"{behind}/files/night/night.m4b").content[4:8] == b"ftyp"

        assert client.post(f"{behind}/api/upload/manuscript", content=b"0" * 60_000_000).status_code == 413
        assert client.get(f"{behind}/api/books", headers={"authorization": ""}).status_code == 401
        assert client.post(f"{behind}/api/undo/night", headers={"origin": "https://evil.example"}).status_code == 403


@needs_browser
def test_the_page_itself_and_its_event_stream_work_behind_nginx(behind: str, tmp_path: Path) -> None:
    browser = Browser(tmp_path / "chromium", "en-US", "--ignore-certificate-errors")
    try:
        browser.send_along({"authorization": "Basic " + base64.b64encode(b"lin:a good password").decode()})
        browser.visit(f"{behind}/#story")
        browser.wait("document.querySelectorAll('#desk .row').length > 5")
        browser.get("document.querySelectorAll('button[role=tab]')[1].click()")
        browser.wait("!!document.querySelector('#audition-go')?.offsetParent")
        browser.get("document.querySelector('#audition-go').click()")
        browser.wait("document.querySelector('#audition-told')?.textContent.includes('LUFS')")
        streams = [one for one in browser.asked if "/gradio_api/queue/data" in one]
        assert streams
        assert all(one.startswith(behind) for one in streams)
    finally:
        browser.close()

"""What stands before the studio, against the real app: each attack is refused in plain words and logged."""

from __future__ import annotations

import base64
import io
import logging
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI
from starlette.testclient import TestClient

from pipeline.errors import StudioError
from pipeline.studio import gate as gate_room
from pipeline.studio import mount, users
from pipeline.studio.gate import Gate
from pipeline.studio.serve import app
from pipeline.studio.users import Doorkeeper

LOCAL = ("127.0.0.1", "localhost", "testserver")


@pytest.fixture
def client(workspace: Path) -> TestClient:
    return TestClient(app(workspace, hosts=LOCAL), headers={"accept-language": "en"})


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "address",
    [
        "/files/story/..%2f..%2fsecret.txt", "/files/story/%2fetc%2fpasswd", "/files/..%2f..%2fetc/passwd", "/clip/..%2fsecret.txt",
        "/files/story/book.yaml", "/files/story/takes%2findex.sqlite", "/take/..%2fstory/x.flac", "/audition/..%2f..%2f..%2fx.flac",
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=secret.txt", "/gradio_api/file=../secret.txt", "/files/story/link.txt", "/clip/link.wav",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_workspace(client: TestClient, workspace: Path, address: str) -> None:
    (workspace / "secret.txt").write_text("secret")
    (workspace / "output/story/link.txt").symlink_to(workspace / "secret.txt")
    (workspace / "clips").mkdir(exist_ok=True)
    (workspace / "clips/link.wav").symlink_to(workspace / "secret.txt")
    answer = client.get(address)
    assert answer.status_code in (400, 403, 404)
    assert "secret" not in answer.text.replace("secret.txt", "")
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("/api/run", {"manuscript": "../secret.txt"}), ("/api/run", {"manuscript": "story.txt", "cast": "../../etc/passwd"}),
        ("/api/audition", {"text": "好", "clip": "../secret.txt"}), ("/api/audition", {"text": "好", "cast": "/etc/passwd", "voice": "x"}),
        ("/api/voice", {"name": "x", "into": "../evil.yaml", "text": "好"}), ("/api/lines/..", {}),
        ("/api/audition", {"text": "好", "way": "clip", "emotion_clip": "C:\\\\secret"}),
    ],
)  # fmt: skip
def test_no_name_in_a_form_leads_out_either(
    client: TestClient, workspace: Path, call: str, body: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    (workspace / "secret.txt").write_text("secret")
    with caplog.at_level(logging.INFO, "shuoshu.studio"):
        answer = client.post(call, json=body)
    assert answer.status_code in (400, 404)
    assert not (workspace / "evil.yaml").exists()
    assert "refused" in caplog.text or answer.status_code == 404


def test_an_upload_is_known_by_its_content(client: TestClient, workspace: Path) -> None:
    def sent(name: str, data: bytes, kind: str = "manuscript") -> tuple[int, str]:
        answer = client.post(f"/api/upload/{kind}", files={"file": (name, data)})
        return answer.status_code, answer.text

    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", b"<container/>")
        archive.writestr("big.xhtml", b"0" * 400_000_000)
    for name, data in (
        ("page.txt", b"\x89PNG\r\n\x1a\n" + b"0" * 100), ("book.epub", b"MZ" + b"0" * 100), ("run.sh", b"#!/bin/sh\nrm -rf /"),
        ("bomb.epub", bomb.getvalue()), ("../../evil.svg", b"<svg onload='alert(1)'/>"),
    ):  # fmt: skip
        status, text = sent(name, data)
        assert (status, "error" in text) == (400, True), (name, text)
    assert sorted(path.name for path in (workspace / "manuscripts").iterdir()) == ["story.txt"]
    assert sent("../../new.txt", "第一章\n\n你好。".encode())[0] == 200
    assert (workspace / "manuscripts/new.txt").is_file()
    assert sent("new.txt", "第一章\n\n再见。".encode())[0] == 200
    assert (workspace / "manuscripts/new (2).txt").is_file(), "an upload replaces nothing"

    wave = io.BytesIO()
    soundfile.write(wave, np.sin(np.arange(16000 * 2) / 9).astype(np.float32) / 4, 16000, format="WAV")
    lying = bytearray(wave.getvalue())
    lying[4:8] = lying[40:44] = (0xFFFFFFF0).to_bytes(4, "little")
    status, text = sent("lying.wav", bytes(lying), "clip")
    assert (status, "claims 4295.0 MB and holds 0.1 MB" in text) == (400, True), text
    assert sent("page.wav", b"<html>", "clip")[0] == 400
    assert sent("clip.wav", wave.getvalue(), "clip")[0] == 200
    assert client.get("/clip/clip.wav").content == wave.getvalue()
    assert sent("page.html", wave.getvalue() + b"<script>alert(1)</script>", "clip")[0] == 200
    page = client.get("/clip/page.wav")
    assert page.headers["content-type"] == "audio/wav", "a sound is never handed out as a page"
    assert not (workspace / "clips/page.html").exists()


def test_a_large_body_is_refused_before_it_is_read(workspace: Path) -> None:
    client = TestClient(app(workspace, hosts=LOCAL))
    claimed = client.post("/api/upload/manuscript", content=b"x", headers={"content-length": str(2 << 30)})
    assert claimed.status_code == 413

    def pieces():  # a body of unknown length that does not end
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(60):
            yield b"0" * (1 << 20)

    form = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/api/upload/manuscript", content=pieces(), headers=form).status_code == 413


def test_another_site_cannot_use_a_visitors_browser(client: TestClient) -> None:
    asked = {"manuscript": "story.txt"}
    assert client.post("/api/run", json=asked, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post("/api/run", json=asked, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/api/undo/story", headers={"origin": "http://testserver"}).status_code == 200
    assert client.get("/api/books", headers={"host": "evil.example"}).status_code == 421, "DNS rebinding"


def test_texts_are_never_a_page(client: TestClient) -> None:
    answer = client.post("/api/audition", json={"text": "<script>alert(1)</script>", "voice": "narrator"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    report = client.get("/files/story/report.html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "default-src 'self'" in client.get("/").headers["content-security-policy"]


def test_a_cast_file_with_object_tags_is_refused(client: TestClient, workspace: Path) -> None:
    (workspace / "casts").mkdir(exist_ok=True)
    (workspace / "casts/evil.yaml").write_text(
        "voices: {x: {engine: espeak}}\nnarrator: !!python/object/apply:os.system ['touch evil']\n"
    )
    answer = client.post("/api/audition", json={"text": "好", "cast": "evil.yaml", "voice": "x"})
    assert (answer.status_code, answer.json()["fix"]) == (400, "See docs/cast-file.md."), answer.text
    assert not (workspace / "evil").exists()


def test_who_is_not_in_the_file_does_not_come_in(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "users.txt"
    users.add(file, "lin", "a good password")
    assert "a good password" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    client = TestClient(app(workspace, users=file, hosts=LOCAL))
    assert client.get("/api/books").status_code == 401
    assert client.get("/", headers=basic("lin", "wrong")).status_code == 401
    assert client.get("/api/books", headers=basic("lin", "a good password")).status_code == 200
    assert client.get("/api/books", headers=basic("nobody", "a good password")).status_code == 401
    statuses = [client.get("/api/books", headers=basic("lin", f"guess {n}")).status_code for n in range(8)]
    assert statuses[-1] == 429, "brute force has to wait"
    assert client.get("/api/books", headers=basic("lin", "a good password")).status_code == 200, (
        "who came in before stays in"
    )
    assert (
        client.post("/api/undo/story", headers={**basic("lin", "a good password"), "origin": "http://["}).status_code
        == 403
    )
    with pytest.raises(StudioError, match="10 characters"):
        users.add(file, "short", "short")
    with pytest.raises(StudioError, match="no name"):
        users.add(file, "a:b", "a good password")
    file.write_text("lin:plain\n")
    with pytest.raises(StudioError, match="no user"):
        users.load(file)


def test_wrong_passwords_wait_longer_each_time() -> None:
    now = [0.0]
    door = Doorkeeper({"lin": users.hashed("right password")}, clock=lambda: now[0])
    for _ in range(5):
        assert door.waits("1.2.3.4", "lin") == 0
        assert not door.knows("lin", "wrong", "1.2.3.4")
    assert door.waits("1.2.3.4") == 1
    now[0] += 1
    assert not door.knows("lin", "wrong", "1.2.3.4")
    assert door.waits("9.9.9.9", "lin") == 2
    assert door.waits("9.9.9.9") == 0
    assert door.waits("lin") == 0, "a name and an address are told apart"
    now[0] += 2
    assert door.knows("lin", "right password", "1.2.3.4")
    assert door.waits("1.2.3.4", "lin") == 0


def test_requests_are_counted_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    async def inner(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    now = [0.0]
    monkeypatch.setattr(gate_room, "A_MINUTE", 5)
    client = TestClient(Gate(inner, clock=lambda: now[0]))
    assert [client.post("/x").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    assert client.get("/x").status_code == 200, "looking is free"
    now[0] += 61
    assert client.post("/x").status_code == 200


def test_beyond_the_loopback_it_wants_users_and_a_port_of_its_own(workspace: Path) -> None:
    from tests.conftest import shuoshu

    done = shuoshu("studio", "--host", "0.0.0.0", cwd=workspace)
    assert done.returncode == 2
    assert "--users" in done.stderr
    assert "The studio is at" not in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = shuoshu("studio", "--port", taken.getsockname()[1], cwd=workspace)
    assert (done.returncode, "Give another --port" in done.stderr) == (2, True), done.stderr
    assert "The studio is at" not in done.stderr


def test_users_who_are_added_changed_or_removed_are_so_at_once(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    users.add(file, "lin", "a good password")
    users.add(file, "wang", "another password")
    client = TestClient(app(workspace, users=file, hosts=LOCAL))

    def status(name: str, password: str) -> int:
        return client.get("/api/books", headers=basic(name, password)).status_code

    assert (status("lin", "a good password"), status("wang", "another password")) == (200, 200)
    users.add(file, "lin", "a new password")
    assert (status("lin", "a good password"), status("lin", "a new password")) == (401, 200)
    file.write_text("".join(row for row in file.read_text().splitlines(keepends=True) if row.startswith("lin")))
    assert (status("wang", "another password"), status("lin", "a new password")) == (401, 200)
    file.write_text("broken\n")
    assert status("lin", "a new password") == 200, "a file that is being written keeps nobody out"


@pytest.mark.parametrize("path", ["studio", "/studio", "/studio/"])
def test_a_path_with_or_without_its_slash(workspace: Path, path: str) -> None:
    assert TestClient(app(workspace, hosts=LOCAL, path=path)).get("/studio/api/books").status_code == 200


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("/api/audition", {"text": 3}, 422), ("/gradio_api/file=/etc/passwd", None, 403), ("/api/run", {"manuscript": "../x"}, 400),
        ("/api/nothing", None, 404),
    ],
)  # fmt: skip
def test_every_refusal_has_a_line_in_the_log(
    client: TestClient, call: str, body: object, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "shuoshu.studio"):
        answer = client.get(call) if body is None else client.post(call, json=body)
    assert answer.status_code == status
    assert f"refused with {status}" in caplog.text
    assert call.split("=")[0] in caplog.text


def test_a_refusal_at_the_gate_is_in_both_languages(client: TestClient) -> None:
    text = client.post("/api/run", json={}, headers={"origin": "https://evil.example"}).text
    assert text == "a request from another site\n来自别的网站的请求\n"


def test_it_goes_into_an_app_of_yours(workspace: Path) -> None:
    outer = FastAPI()

    @outer.get("/mine")
    def mine() -> str:
        return "mine"

    client = TestClient(mount(outer, "/studio", workspace))
    assert client.get("/mine").json() == "mine"
    assert client.get("/studio/api/books").json()["books"] == ["story"]
    assert "gradio" in client.get("/studio/").text
    assert client.get("/studio/files/story/..%2f..%2fx").status_code == 400
    answer = client.post("/studio/api/upload/manuscript", files={"file": ("big.txt", b"0" * 51_000_000)})
    assert (answer.status_code, "50 MB" in answer.json()["error"]) == (400, True)
    answer = client.post("/studio/api/upload/clip", files={"file": ("big.wav", b"0" * 11_000_000)})
    assert (answer.status_code, "10 MB" in answer.json()["error"]) == (400, True)

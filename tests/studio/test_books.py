"""A book made and kept up to date from the page: as it was made, in the visitor's language, looked at without touching it."""

from __future__ import annotations

import io
import logging
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient

from pipeline import cast as cast_room
from pipeline import script
from pipeline.errors import StudioError
from pipeline.folder import BookFolder
from pipeline.opening import reopen
from pipeline.progress import Progress
from pipeline.studio import jobs as jobs_room
from pipeline.studio.desk import Desk
from pipeline.studio.jobs import Jobs
from pipeline.studio.serve import app
from tests.conftest import shuoshu


@pytest.fixture
def client(workspace: Path) -> TestClient:
    return TestClient(app(workspace, hosts=("testserver",)), headers={"accept-language": "en"})


def ended(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(60):
        state = client.get(f"/api/job/{job}", params={"wait": 2}).json()
        if state["state"] in ("done", "failed"):
            break
    return state


def done(client: TestClient, call: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(call, json=body)
    assert answer.status_code == 200, answer.text
    state = ended(client, answer.json()["job"])
    assert state["state"] == "done", state["error"]
    return state


def test_a_scene_brought_up_to_date_is_as_long_as_it_was(client: TestClient, workspace: Path) -> None:
    lines = workspace / "lines.txt"
    lines.write_text("父亲：灯怎么还亮着？\n孩子：我在等你回来。\n父亲：睡吧。\n", encoding="utf-8")
    made = shuoshu("scene", "父亲沉稳、孩子调皮，总时长9秒", "--lines", str(lines), "--to", "manuscripts", "--name", "夜", "--plain",
                   "--formats", "flac", cwd=workspace)  # fmt: skip
    assert made.returncode == 0, made.stderr
    rows = client.post("/api/lines/夜", json={}).json()["rows"]
    changed = next(row for row in rows if "睡吧" in row["text"])
    asked = {"column": "emotion", "value": "sad:0.7", "seen": {changed["id"]: changed["emotion"]}}
    assert client.post("/api/change/夜", json=asked).status_code == 200
    assert done(client, "/api/run", {"book": "夜"})["said"]["rendered"] >= 1
    [track] = (workspace / "output/夜/chapters").glob("*.flac")
    assert soundfile.info(track).duration == pytest.approx(9.0, abs=0.001)
    assert sorted(path.suffix for path in track.parent.glob("0*") if path.suffix != ".json") == [".csv", ".flac"]
    assert client.post("/api/lines/夜", json={"filter": {"stale": True}}).json()["count"] == 0


def test_a_book_brought_up_to_date_keeps_what_is_made_of_it(client: TestClient, workspace: Path) -> None:
    options = ["--deliver", "m4b,srt", "--formats", "m4a", "--chapter-pattern", "^第.章.*"]
    (workspace / "manuscripts/other.txt").write_text("第一章 起\n\n“走吧。”老王说。\n", encoding="utf-8")
    made = shuoshu("run", "manuscripts/other.txt", *options, "--plain", "--workers", "1", cwd=workspace)
    assert made.returncode == 0, made.stderr
    before = BookFolder(workspace / "output/other").read()
    [row] = client.post("/api/lines/other", json={"filter": {"text": "走吧"}}).json()["rows"]
    asked = {"column": "spoken", "value": "我们走吧。", "seen": {row["id"]: ""}}
    assert client.post("/api/change/other", json=asked).status_code == 200
    done(client, "/api/run", {"book": "other"})
    assert BookFolder(workspace / "output/other").read() == before
    assert sorted(path.name for path in (workspace / "output/other/chapters").glob("01*.m*")) == ["01 第一章 起.m4a"]


def test_a_folder_that_has_another_name_than_its_manuscript_is_not_run(workspace: Path) -> None:
    (workspace / "output/story").rename(workspace / "output/other")
    refused = shuoshu("run", "output/other", "--plain", cwd=workspace)
    assert (refused.returncode, "story.txt" in refused.stderr) == (2, True), refused.stderr
    assert not (workspace / "output/story").exists()


def test_looking_at_a_book_never_undoes_what_a_run_records_meanwhile(workspace: Path) -> None:
    folder = BookFolder(workspace / "output/story")

    def meanwhile(step: Progress) -> None:
        if step.stage == "plan":
            folder.write(replace(folder.read(), profile="ebu_r128", deliver="srt"))

    with reopen(folder, observe=meanwhile, lock=False):
        pass
    assert (folder.read().profile, folder.read().deliver) == ("ebu_r128", "srt")


def test_one_more_deliverable_is_made_of_a_finished_book(client: TestClient, workspace: Path) -> None:
    kinds = client.get("/api/files/story").json()["kinds"]
    assert {"srt", "report", "m4b"} <= set(kinds)
    done(client, "/api/deliver/story", {"kind": "srt"})
    names = {one["name"]: one["bytes"] for one in client.get("/api/files/story").json()["files"]}
    assert names["story.srt"] > 100
    assert client.post("/api/deliver/story", json={"kind": "../x"}).status_code == 422
    refused = ended(client, client.post("/api/deliver/story", json={"kind": "nothing"}).json()["job"])
    assert "nothing" in refused["error"]


def test_files_with_long_chinese_names_are_handed_out(client: TestClient, workspace: Path) -> None:
    name = "长夜" * 20
    (workspace / f"manuscripts/{name}.txt").write_text("第一章\n\n天黑了。\n", encoding="utf-8")
    done(client, "/api/run", {"manuscript": f"{name}.txt"})
    listed = [one["name"] for one in client.get(f"/api/files/{name}").json()["files"]]
    assert f"{name}.m4b" in listed
    for one in listed:
        assert client.get(f"/files/{name}/{one}").status_code == 200, one


def test_a_job_speaks_the_visitors_language_and_tells_how_far_it_is(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    rows = client.post("/api/lines/story", json={}).json()["rows"]
    state = done(client, "/api/rerender/story", {"lines": [rows[1]["id"]], "takes": 1})
    assert (state["stage"], state["at"], state["total"]) != ("", 0, 0)
    job = client.post("/api/rename/story?lang=zh", json={"old": "没有这个人", "new": "谁"}).json()["job"]
    with caplog.at_level(logging.INFO, "shuoshu.studio"):
        assert "没有" in ended(client, job)["error"]
    assert "failed: rename of story" in caplog.text
    job = client.post("/api/rename/story?lang=en", json={"old": "没有这个人", "new": "谁"}).json()["job"]
    assert "nobody" in ended(client, job)["error"].lower() or "no " in ended(client, job)["error"].lower()


def test_everybody_undoes_their_own_changes_and_a_conflict_does_not_stand_in_the_way(workspace: Path) -> None:
    desk = Desk(BookFolder(workspace / "output/story"))
    first, second = [one.line.id for one in desk.view().lines if not one.line.emotion][:2]
    desk.change([first], "emotion", "sad:0.5", {first: ""}, "lin")
    desk.change([second], "emotion", "happy:0.5", {second: ""}, "wang")
    desk.change([second], "spoken", "你来了。", {second: ""}, "wang")
    assert desk.undo("lin") == (first,)
    assert desk.undo("lin") == ()
    script.edit(workspace / "output/story", [second], {"spoken": "来了？"})
    with pytest.raises(StudioError, match="was changed meanwhile"):
        desk.undo("wang")
    assert desk.undo("wang") == (second,), "the change before that can still be taken back"
    rows = {one.id: one for one in script.load(workspace / "output/story")}
    assert (rows[first].emotion, rows[second].emotion, rows[second].spoken) == ("", "", "来了？")


def test_what_waits_is_bounded_for_each_visitor(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_room, "MOST_OF_ONE", 3)
    jobs = Jobs(workspace)
    for _ in range(jobs_room.MOST_OF_ONE + 1):  # one is at work
        last = jobs.start("story", "status", "story", who="greedy")
        while jobs.job(last).state == "waiting" and len(jobs.of("story")) == 1:
            pass
    with pytest.raises(StudioError, match="too many jobs"):
        jobs.start("story", "status", "story", who="greedy")
    modest = jobs.start("another", "status", "story", who="modest")
    assert jobs.wait(modest, 60).state == "done"
    assert jobs.job(last).state in ("waiting", "running"), "who has none at work comes first"


def a_clip(path: Path, seconds: float = 6.0) -> Path:
    at = np.arange(round(seconds * 22050)) / 22050
    voiced = 0.3 * np.sin(2 * np.pi * 180 * at) * (np.sin(2 * np.pi * 1.5 * at) > -0.6)
    soundfile.write(path, voiced.astype(np.float32), 22050)
    return path


def test_a_cloned_voice_needs_a_consent_note_and_brings_it_along(client: TestClient, workspace: Path) -> None:
    (workspace / "clips").mkdir(exist_ok=True)
    a_clip(workspace / "clips/lin.wav")
    asked = {"clip": "lin.wav", "engine": "indextts2", "name": "林月", "into": "mine.yaml", "text": "你好。"}
    refused = client.post("/api/voice", json=asked)
    assert (refused.status_code, "consent" in refused.json()["error"]) == (400, True), refused.text
    assert not (workspace / "casts/mine.yaml").exists()
    note = "林月本人录制，2026-03-01 签署"
    assert client.post("/api/voice", json={**asked, "consent": note}).status_code == 200
    assert cast_room.load(workspace / "casts/mine.yaml").consent == note

    given = client.post("/api/give/story", json={"who": "林晚", "cast": "mine.yaml", "voice": "林月"})
    assert given.json() == {"saved": "story.yaml"}, given.text
    cast = cast_room.load(workspace / "casts/story.yaml")
    assert (cast.consent, cast.voices[cast.part("林晚").voice].reference) == (note, workspace / "clips/lin.wav")

    other = {**asked, "name": "王", "into": "other.yaml", "consent": "王先生，口头同意并有录音"}
    assert client.post("/api/voice", json=other).status_code == 200
    assert client.post("/api/give/story", json={"who": "老王", "cast": "other.yaml", "voice": "王"}).status_code == 200
    text = (workspace / "casts/story.yaml").read_text(encoding="utf-8")
    assert note in text
    assert "王先生，口头同意并有录音" in text, "a second note stands with its voice, and replaces nothing"


def docx() -> bytes:
    from docx import Document

    document, out = Document(), io.BytesIO()
    document.add_paragraph("第一章")
    document.add_paragraph("雨下了三天。")
    document.save(out)
    return out.getvalue()


def epub(*extra: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile'
            ' full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        archive.writestr(
            "book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier><dc:title>书</dc:title>'
            "<dc:language>zh</dc:language></metadata><manifest><item id='a' href='a.xhtml'"
            " media-type='application/xhtml+xml'/></manifest><spine><itemref idref='a'/></spine></package>",
        )
        archive.writestr(
            "a.xhtml",
            '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>一</title></head><body><h1>第一章</h1><p>雨下了三天。</p>'
            "</body></html>",
        )
        for name, data in extra:
            archive.writestr(name, data)
    return out.getvalue()


def test_a_manuscript_is_what_is_in_it_whatever_its_name_says(client: TestClient, workspace: Path) -> None:
    for name, data, kept in (
        ("one.txt", docx(), "one.docx"),
        ("two.docx", epub(), "two.epub"),
        ("three.epub", epub(), "three.epub"),
    ):
        answer = client.post("/api/upload/manuscript", files={"file": (name, data)})
        assert answer.json() == {"name": kept}, answer.text
        assert (workspace / "manuscripts" / kept).is_file()


def test_an_epub_that_unpacks_to_too_much_is_refused_for_that(client: TestClient, workspace: Path) -> None:
    bomb = epub(("big.xhtml", b"0" * 400_000_000))
    answer = client.post("/api/upload/manuscript", files={"file": ("bomb.epub", bomb)})
    assert (answer.status_code, "unpacks to" in answer.text) == (400, True), answer.text
    assert not list((workspace / "manuscripts").glob("bomb*"))


def test_links_out_of_the_workspace_are_no_books_casts_or_manuscripts(
    client: TestClient, workspace: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("第一章\n\n秘密。", encoding="utf-8")
    (outside / "cast.yaml").write_text("narrator: {voice: a}\nvoices: {a: {engine: espeak}}\n")
    (workspace / "output/story").rename(outside / "story")
    (workspace / "casts").mkdir(exist_ok=True)
    for place, name in (("manuscripts", "secret.txt"), ("casts", "cast.yaml"), ("output", "story")):
        (workspace / place / name).symlink_to(outside / name)
    told = client.get("/api/books").json()
    assert (told["books"], told["casts"]) == ([], [])
    assert told["manuscripts"] == ["story.txt"]
    assert client.post("/api/run", json={"manuscript": "secret.txt"}).status_code == 400
    assert client.post("/api/run", json={"manuscript": "story.txt", "cast": "cast.yaml"}).status_code == 400
    for call in ("/api/files/story", "/files/story/story.m4b", "/api/takes/story/x", "/api/characters/story"):
        assert client.get(call).status_code == 400, call

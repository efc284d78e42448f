"""Another voice for somebody, written into a cast file that a person keeps: nothing else in it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline import cast as cast_room
from pipeline.studio import cast_edit
from pipeline.studio.serve import app

HEAD = "# 我的\nlanguage: zh\nnarrator: {voice: calm}   # 旁白\nvoices:\n  calm: {engine: espeak, variant: f2}\n  low: {engine: espeak, variant: m3}\n"


@pytest.mark.parametrize(
    ("before", "who", "after"),
    [
        ("characters:\n  林晚: {voice: calm, aliases: [小晚]}  # 她\n", "林晚", "characters:\n  林晚: {voice: low, aliases: [小晚]}  # 她\n"),
        ("characters:\n  林晚: {voice: calm, aliases: [小晚]}\n", "小晚", "characters:\n  林晚: {voice: low, aliases: [小晚]}\n"),
        ("characters:\n  林晚: calm   # 她\n  老王: calm\n", "老王", "characters:\n  林晚: calm   # 她\n  老王: low\n"),
        ("characters:\n    林晚:\n        speed: 1.1\n        voice: calm # 她\n", "林晚", "characters:\n    林晚:\n        speed: 1.1\n        voice: low # 她\n"),
        ('characters:\n  "林晚": {"voice": "calm"}\n', "林晚", 'characters:\n  "林晚": {"voice": low}\n'),
        ("characters: {}\n", "林晚", "characters: \n  林晚: {voice: low}\n"),
        ("characters:\n  老王: calm\n", "林晚", "characters:\n  林晚: {voice: low}\n  老王: calm\n"),
        ("", "林晚", "characters:\n  林晚: {voice: low}\n"),
    ],
)  # fmt: skip
def test_one_entry_changes_and_nothing_else(tmp_path: Path, before: str, who: str, after: str) -> None:
    path = tmp_path / "cast.yaml"
    path.write_text(HEAD + before, encoding="utf-8")
    assert cast_edit.with_part(HEAD + before, cast_room.load(path), path, who, "low") == HEAD + after
    assert path.read_text(encoding="utf-8") == HEAD + before
    assert [one.name for one in tmp_path.iterdir()] == ["cast.yaml"]


def test_the_narrator_too(tmp_path: Path) -> None:
    path = tmp_path / "cast.yaml"
    path.write_text(HEAD, encoding="utf-8")
    changed = cast_edit.with_part(HEAD, cast_room.load(path), path, "narrator", "low")
    assert changed == HEAD.replace("{voice: calm}   #", "{voice: low}   #")


def test_a_character_gets_another_voice_and_its_lines_wait_to_be_rendered(workspace: Path) -> None:
    client = TestClient(app(workspace, hosts=("testserver",)))
    told = client.post("/api/give/story", json={"who": "老王", "cast": "", "voice": "male 4"})
    assert told.json() == {"saved": "story.yaml"}, told.text
    cast = cast_room.load(workspace / "casts/story.yaml")
    assert cast.voices[cast.part("老王").voice].parameters["variant"] == "m7"
    rows = client.post("/api/lines/story", json={"filter": {"stale": True}}).json()["rows"]
    assert {row["speaker"] for row in rows} == {"老王"}
    people = client.get("/api/characters/story").json()["characters"]
    assert next(one["voice"] for one in people if one["name"] == "老王") == "male 4"
    job = client.post("/api/run", json={"book": "story"}).json()["job"]
    for _ in range(60):
        state = client.get(f"/api/job/{job}", params={"wait": 2}).json()
        if state["state"] in ("done", "failed"):
            break
    assert state["state"] == "done", state["error"]
    assert client.post("/api/lines/story", json={"filter": {"stale": True}}).json()["count"] == 0


def test_a_character_is_renamed_and_merged(workspace: Path) -> None:
    client = TestClient(app(workspace, hosts=("testserver",)))

    def done(**asked: object) -> dict[str, int]:
        job = client.post("/api/rename/story", json=asked).json()["job"]
        state = client.get(f"/api/job/{job}", params={"wait": 20}).json()
        assert state["state"] == "done", state["error"]
        return {one["name"]: one["lines"] for one in client.get("/api/characters/story").json()["characters"]}

    before = {one["name"]: one["lines"] for one in client.get("/api/characters/story").json()["characters"]}
    renamed = done(old="老王", new="王掌柜")
    assert (renamed["王掌柜"], "老王" in renamed) == (before["老王"], False)
    merged = done(old="王掌柜", new="林晚", merge=True)
    assert merged["林晚"] == before["林晚"] + before["老王"]

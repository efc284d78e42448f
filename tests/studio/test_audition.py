"""One sentence in one voice, through the page's own address."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile
from starlette.testclient import TestClient

from pipeline import cast as cast_room
from pipeline.studio import audition
from pipeline.studio.serve import app


@pytest.fixture
def client(workspace: Path) -> TestClient:
    return TestClient(app(workspace, hosts=("testserver",)), headers={"accept-language": "en"})


def heard(client: TestClient, **asked: object) -> dict:
    answer = client.post("/api/audition", json={"text": "重(chóng)新开始吧。", "voice": "narrator", **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_sentence_is_heard_with_its_readings_and_length(client: TestClient) -> None:
    plain = heard(client)
    assert "chong2" in plain["spoken"]
    data = client.get(f"/audition/{plain['key']}.flac").content
    wave, rate = soundfile.read(io.BytesIO(data))
    assert len(wave) / rate == pytest.approx(plain["seconds"], abs=0.001)
    assert -45 < plain["lufs"] < -5
    assert heard(client)["key"] == plain["key"], "the same wish is the same take"
    assert heard(client, ratio=1.25)["seconds"] == pytest.approx(1.25 * plain["seconds"], rel=0.05)
    assert heard(client, seconds=2.5)["seconds"] == pytest.approx(2.5, abs=0.06)
    assert heard(client, voice="male 1")["key"] != plain["key"]


def test_emotions_by_sliders_and_by_words(client: TestClient) -> None:
    plain = heard(client)["key"]
    angry = heard(client, way="sliders", weights=[0, 0.8, 0, 0, 0, 0, 0, 0])["key"]
    tired = heard(client, way="words", words="疲惫地低语")["key"]
    assert len({plain, angry, tired}) == 3
    for bad, says in (({"way": "words", "words": "zzz"}, "unknown emotion"), ({"text": "  "}, "nothing to speak"), ({"text": "好" * 500}, "more than"),
                      ({"voice": "nobody 9"}, "no voice")):  # fmt: skip
        answer = client.post("/api/audition", json={"text": "好。", "voice": "narrator", **bad})
        assert (answer.status_code, says in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("audition", {"text": 3}), ("audition", {"ratio": "x"}), ("audition", {"weights": [9] * 8}), ("audition", {"way": "?"}),
        ("change/story", {"column": "emotion"}), ("change/story", {"column": "emotion", "value": "", "seen": []}),
        ("lines/story", {"first": -1}), ("lines/story", {"count": 10**9}), ("rerender/story", {"lines": "all"}), ("rerender/story", []),
        ("choose/story", {}), ("rename/story", {"old": "老王", "new": ""}), ("voice", {"name": None}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_happens(client: TestClient, call: str, body: object) -> None:
    assert client.post(f"/api/{call}", json=body).status_code == 422


def test_errors_come_in_the_visitors_language(client: TestClient) -> None:
    answer = client.post("/api/audition", json={"text": ""}, headers={"accept-language": "zh-CN"})
    assert answer.json()["error"] == "没有可念的文字"


def test_a_voice_is_saved_and_nothing_else_in_the_file_changes(client: TestClient, workspace: Path) -> None:
    (workspace / "casts").mkdir(exist_ok=True)
    path = workspace / "casts/mine.yaml"
    mine = "# 我的角色表\nlanguage: zh\nnarrator: {voice: calm}\nvoices:   # 声音\n    calm: {engine: espeak, variant: f2}   # 旁白\n\ncharacters: {}\n"
    path.write_text(mine, encoding="utf-8")
    asked = {"voice": "male 2", "name": "沉稳 男声", "into": "mine.yaml", "about": "中年男声，沉稳"}
    assert client.post("/api/voice", json=asked).json() == {"saved": "mine.yaml"}
    cast = cast_room.load(path)
    assert cast.voices["沉稳 男声"].parameters["variant"] == "m1"
    assert cast.about["沉稳 男声"] == "中年男声，沉稳"
    added = [row for row in path.read_text(encoding="utf-8").splitlines() if row not in mine.splitlines()]
    assert len(added) == 1
    assert all(row in path.read_text(encoding="utf-8").splitlines() for row in mine.splitlines())
    again = client.post("/api/voice", json=asked)
    assert (again.status_code, "already" in again.json()["error"]) == (400, True)
    assert client.post("/api/voice", json={**asked, "into": "new.yaml"}).status_code == 200
    assert heard(client, cast="new.yaml", voice="沉稳 男声")["key"]


def test_old_auditions_make_room(client: TestClient, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audition, "KEPT", 3)
    keys = [heard(client, text=f"第{n}句。")["key"] for n in range(5)]
    left = {path.stem for path in (workspace / "output/.audition").glob("??/*.flac")}
    assert left == set(keys[-3:])
    assert client.get(f"/audition/{keys[0]}.flac").status_code == 400

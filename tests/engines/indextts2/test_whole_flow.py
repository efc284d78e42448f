"""`shuoshu run` with the IndexTTS engine on a small random checkpoint: cast with clips, emotions, masters; killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

STORY = """第一章 河边

天快黑了。林晚走到河边，四周没有一个人。

“你回来了？”老王高兴地问。

“我回来了。”林晚低声说，“路上下了一天的雨。”

老王怒道：“你怎么不早说！”

林晚哭着说：“对不起。”

第二章 桥上

[林晚|愤怒:0.6] “别再提那件事了！”

他们重(chóng)新走上桥，谁也没有说话。

“The lamp is out,” 老王叹了口气，“明天再来吧。”
"""
CAST = """
language: zh
consent: "tones made by the test, nobody's voice"
narrator: {voice: low}
voices:
  low: {engine: indextts2, reference: voice0.wav}
  high: {engine: indextts2, reference: voice1.wav}
  third: {engine: indextts2, reference: voice2.wav}
characters:
  林晚:
    voice: high
    emotions: {sad: {reference: voice2.wav, strength: 0.6}}
  老王: {voice: third, emotions: {default: "疲惫地低语"}}
  "*": {voice: low}
"""


@pytest.fixture
def book(tmp_path: Path, clips: list[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # beside other tests, threads that wait for each other take all the time
    for number, clip in enumerate([*clips, clips[0]]):
        sound, rate = soundfile.read(
            clip, dtype="float32", frames=26_460 + 2_205 * number
        )  # 1.2 s and a bit: less to render
        soundfile.write(tmp_path / f"voice{number}.wav", sound, rate)
    (tmp_path / "cast.yaml").write_text(CAST, encoding="utf-8")
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    return path


def _command(book: Path, output: str) -> list[str]:
    run = [sys.executable, "-m", "pipeline.cli", "run", str(book), "--cast", str(book.parent / "cast.yaml")]
    return [*run, "--output", str(book.parent / output), "--plain", "--json", "--workers", "1"]


def _takes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*/takes/*/*.flac")}


def _run(book: Path, output: str) -> dict[str, object]:
    done = subprocess.run(_command(book, output), capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.mark.long
def test_killed_resumed_and_the_same_twice(environment: Path, book: Path) -> None:
    folder = book.parent / "out"
    first = subprocess.Popen(_command(book, "out"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while not list(folder.glob("*/takes/*/*.flac")) and time.monotonic() < limit and first.poll() is None:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    told = _run(book, "out")
    assert len(_takes(folder)) == told["lines"]
    kinds = {Path(one["path"]).suffix for one in told["deliverables"]}  # type: ignore[attr-defined]
    assert {".m4b", ".flac", ".mp3"} <= kinds
    assert told["chapters_mastered"] == [1, 2]
    again = _run(book, "again")
    assert again["rendered"] == told["lines"]
    assert _takes(book.parent / "again") == _takes(folder)  # byte for byte, in other batches


def test_a_checkpoint_that_is_not_there(book: Path, tmp_path: Path) -> None:
    env = {**os.environ, "INDEXTTS2_MODEL_DIR": str(tmp_path / "nowhere")}
    done = subprocess.run(_command(book, "out"), capture_output=True, text=True, check=False, env=env, timeout=120)
    assert done.returncode == 2
    assert "files of the checkpoint are missing" in done.stderr
    assert "download" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_pytorch(environment: Path, book: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked/torch").mkdir(parents=True)
    (tmp_path / "blocked/torch/__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "blocked")}
    done = subprocess.run(_command(book, "out"), capture_output=True, text=True, check=False, env=env, timeout=120)
    assert done.returncode == 2
    assert "needs torch" in done.stderr
    assert "shuoshu[indextts2]" in done.stderr
    assert "Traceback" not in done.stderr

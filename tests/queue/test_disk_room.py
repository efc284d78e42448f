"""Whether the disk has room for the queue, said before the night."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import shuoshu


def test_what_the_queue_will_take_of_the_disk_is_said_in_the_evening(tmp_path: Path) -> None:
    lines = "\n\n".join(f"“这是第{n}回了，路还长，我们走吧。”林晚说。" for n in range(40))
    (tmp_path / "book.txt").write_text(f"第一章 长路\n\n{lines}\n", encoding="utf-8")
    (tmp_path / "queue.yaml").write_text("books:\n  - manuscript: book.txt\n    deliver: m4b\n", encoding="utf-8")
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "SHUOSHU_DISK_FLOOR": ""}

    def listed(**more: str) -> dict[str, object]:
        done = shuoshu("schedule", "list", "--json", cwd=tmp_path, **{**home, **more})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    before = listed()
    [book] = before["books"]
    assert before["disk_needed_bytes"] == book["bytes"] > 0
    assert before["disk_room_bytes"] > book["bytes"]
    told = shuoshu("schedule", "list", cwd=tmp_path, **{**home, "SHUOSHU_DISK_FLOOR": "900000G"})
    assert "the disk has room for 0.0 MB" in told.stdout + told.stderr
    assert listed(SHUOSHU_DISK_FLOOR="0")["disk_room_bytes"] is None

    made = shuoshu("run", "book.txt", "--deliver", "m4b", "--plain", cwd=tmp_path, **home)
    assert made.returncode == 0, made.stderr
    sounds = sum(
        one.stat().st_size
        for one in (tmp_path / "output/book").rglob("*")
        if one.suffix in (".flac", ".mp3", ".m4a", ".m4b")
    )
    assert 0.7 * sounds < book["bytes"] < 3 * sounds
    assert listed()["disk_needed_bytes"] == 0

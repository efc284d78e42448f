"""The command line as its users meet it: real processes, exit codes, one-screen errors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import CAST, CAST_EN, DEMO_EN, shuoshu
from tests.disks import small_disk


def refused(*arguments: object, says: str, cwd: Path | None = None, **environment: str) -> str:
    """Run, and check that it was refused as a mistake should be: exit code 2, one screen, no traceback."""
    done = shuoshu(*arguments, cwd=cwd, **environment)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.splitlines()) <= 24
    assert says in done.stderr, done.stderr
    return done.stderr


def test_help_is_quick_and_has_examples() -> None:
    best = 9.0
    for _ in range(3):
        began = time.perf_counter()
        done = shuoshu("--help")
        best = min(best, time.perf_counter() - began)
    assert done.returncode == 0
    assert best < 0.3
    for verb in ("run", "script", "cast init", "cast check", "lines", "rerender", "takes", "choose", "play", "status", "repair", "gc", "export", "import", "verify", "schedule", "engines", "doctor", "version"):  # fmt: skip
        assert "examples:" in shuoshu(*verb.split(), "--help").stdout, verb


def test_lines_shows_what_will_be_said(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("Chapter 1\n\nSiobhan paid £10,000 in 1984.\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "language: en\nnarrator: {voice: n}\nvoices: {n: {engine: espeak}}\nlexicon: {Siobhan: /ʃɪˈvɔːn/}\n",
        encoding="utf-8",
    )
    out = ["--output", tmp_path / "out"]
    assert shuoshu("run", tmp_path / "s.txt", "--cast", tmp_path / "c.yaml", "--plain", *out).returncode == 0
    found = json.loads(shuoshu("lines", "s", "--said", "--json", *out).stdout)
    assert [line["said"] for line in found if line["kind"] == "narration"] == [
        "shih-vawn paid ten thousand pounds in nineteen eighty four."
    ]
    assert "shih-vawn" in shuoshu("lines", "s", "--said", *out).stdout
    assert "is not read" not in shuoshu("review", "s", *out).stdout


def epub_with(path: Path, extra: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(DEMO_EN) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
        for name, data in extra.items():
            target.writestr(name, data, compress_type=zipfile.ZIP_DEFLATED)
    return path


def test_manuscripts_that_cannot_be_read(tmp_path: Path) -> None:
    out = ["--output", tmp_path / "out", "--plain"]
    refused("run", tmp_path / "none.txt", *out, says="is not there")
    refused("run", tmp_path, *out, says="is a folder")
    (tmp_path / "empty.txt").write_bytes(b"")
    refused("run", tmp_path / "empty.txt", *out, says="empty")
    (tmp_path / "blank.txt").write_text(" \n\n")
    refused("run", tmp_path / "blank.txt", *out, says="no words")
    (tmp_path / "binary.txt").write_bytes(np.random.default_rng(1).bytes(20_000))
    refused("run", tmp_path / "binary.txt", *out, says="not text")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    refused("run", tmp_path / "a.pdf", *out, says=".pdf is no manuscript format")
    error = refused("script", tmp_path / "a.pdf", *out[:2], says="`ebook-convert a.pdf a.epub`")
    assert "Did you mean" not in error
    (tmp_path / "b c.odt").write_bytes(b"PK")
    refused("script", tmp_path / "b c.odt", *out[:2], says="`soffice --convert-to docx 'b c.odt'`")
    refused("script", tmp_path / "b c.odt", *out[:2], says="不是可读的书稿格式", SHUOSHU_LANG="zh")
    (tmp_path / "cut.epub").write_bytes(DEMO_EN.read_bytes()[:20_000])
    refused("run", tmp_path / "cut.epub", *out, says="damaged or cut short")
    (tmp_path / "text.epub").write_text("not a zip")
    refused("run", tmp_path / "text.epub", *out, says="damaged or cut short")
    refused("run", epub_with(tmp_path / "path.epub", {"../../evil": b"x"}), *out, says="a path that leaves it")
    refused("run", epub_with(tmp_path / "bomb.epub", {"book/x.xhtml": bytes(300 << 20)}), *out, says="unpacks to")
    drm = b'<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'
    refused("run", epub_with(tmp_path / "drm.epub", {"META-INF/encryption.xml": drm}), *out, says="protected (DRM)")
    assert not (tmp_path / "out").exists(), "no folder is left where none was"


def test_a_failed_run_takes_away_only_the_folders_it_made(tmp_path: Path, book: Path) -> None:
    (tmp_path / "bad.txt").write_text("第一章\n\n[林晚|吃饭了] 好。\n", encoding="utf-8")
    (tmp_path / "deep/here").mkdir(parents=True)
    for verb in (["script"], ["run", "--plain"]):
        refused(*verb, tmp_path / "bad.txt", "--output", tmp_path / "deep/here/new/out", says="unknown emotion")
        assert [path.name for path in (tmp_path / "deep").rglob("*")] == ["here"]
    assert shuoshu("script", book, "--output", tmp_path / "out").returncode == 0
    refused("script", tmp_path / "bad.txt", "--output", tmp_path / "out", says="unknown emotion")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["small"]
    book.write_text("第一章\n\n[林晚|吃饭了] 好。\n", encoding="utf-8")
    refused("script", book, "--output", tmp_path / "out", says="unknown emotion")
    assert (tmp_path / "out/small/script.csv").is_file(), "a book that was there stays"
    (tmp_path / "out/bad").mkdir()
    refused("script", tmp_path / "bad.txt", "--output", tmp_path / "out", says="unknown emotion")
    assert (tmp_path / "out/bad").is_dir(), "a folder of the user's stays"


def test_casts_that_are_wrong(tmp_path: Path, book: Path) -> None:
    path = tmp_path / "c.yaml"
    tone = np.sin(np.arange(11025) / 9).astype(np.float32) / 4
    soundfile.write(tmp_path / "short.wav", tone, 22050)
    for old, new, says in (
        ("  林晚", "\t林晚", "a tab indents this line"),
        ("  老王:", "  林晚:", "stands twice, on lines 8 and 9"),
        ("{voice: wang}", "{voice: wong}", "no voice is named 'wong'. Did you mean wang?"),
        (
            "{voice: wang}",
            "{voice: wang, emotions: {default: angryy}}",
            "unknown emotion 'angryy'. Did you mean angry?",
        ),
        ("{voice: wang}", "{voice: wang, emotions: {angry: {reference: no.wav}}}", "no.wav is not there"),
        ("{voice: wang}", "{voice: wang, emotions: {angry: {reference: short.wav}}}", "0.50 s long"),
    ):
        path.write_text(CAST.replace(old, new, 1), encoding="utf-8")
        error = refused("run", book, "--cast", path, "--output", tmp_path / "out", "--plain", says=says)
        assert "c.yaml, line" in error
        refused("cast", "check", path, says=says)
    refused("run", book, "--cast", tmp_path / "none.yaml", "--output", tmp_path / "out", says="cannot be read")
    refused("run", book, "--engine", "espaek", "--output", tmp_path / "out", says="Did you mean espeak?")
    refused("run", book, "--profile", "podcats", "--output", tmp_path / "out", says="Did you mean podcast?")


def test_a_table_that_is_broken(tmp_path: Path, book: Path) -> None:
    out = ["--output", tmp_path / "out"]
    assert shuoshu("script", book, *out).returncode == 0
    path = tmp_path / "out/small/script.csv"
    good = path.read_text(encoding="utf-8-sig")
    for change, says in (
        (good.replace("c01-", "c77-", 1), "no line of this book has the id"),
        (good.replace("speaker", "who", 1), "column 'speaker' is missing"),
        (good.replace("“你来了。”", '"“你来了。”', 1), "quoting is broken"),
        (good.replace("dialogue,林晚", "dialogue,林晚,,,", 1), "script.csv"),
    ):
        path.write_text(change, encoding="utf-8-sig")
        refused("run", book, *out, "--plain", says=says)
        assert path.read_text(encoding="utf-8-sig") == change, "the user's file is never touched"
    path.write_text(good, encoding="utf-8-sig")
    assert shuoshu("run", book, *out, "--plain", "--workers", "1").returncode == 0


@pytest.mark.parametrize("size", ["900k", "1100k"])  # full before a FLAC's end; full before an MP4's first byte
def test_a_full_disk_and_a_place_that_cannot_be_written(
    tmp_path: Path, book: Path, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHUOSHU_DISK_FLOOR", "0")  # start although there is no room
    with small_disk(tmp_path / "small-disk", size) as small:
        refused("run", book, "--output", small, "--plain", "--workers", "1", says="disk is full")
        refused("run", book, "--output", small, "--plain", says="disk is full")  # again, and with nothing left at all
        assert not [path for path in small.rglob("*") if ".part" in path.name or path.suffix == ".m4b"]
        subprocess.run(["mount", "-o", "remount,size=60m", small], check=True)
        assert shuoshu("run", book, "--output", small, "--plain", "--workers", "1").returncode == 0, (
            "it goes on from there"
        )
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        refused("run", book, "--output", small / "other", "--plain", says="cannot be written")


def test_two_runs_at_once_are_refused(tmp_path: Path, book: Path) -> None:
    from pipeline.folder import BookFolder

    assert shuoshu("script", book, "--output", tmp_path / "out").returncode == 0
    with BookFolder(tmp_path / "out/small").locked():
        assert shuoshu("status", "small", "--output", tmp_path / "out").returncode == 0, "looking is always allowed"
        refused(
            "run", book, "--output", tmp_path / "out", "--plain", says=f"process {os.getpid()}) is working on this book"
        )


def test_another_manuscript_of_the_same_name_is_refused(tmp_path: Path, book: Path) -> None:
    out = ["--output", tmp_path / "out"]
    assert shuoshu("script", book, *out).returncode == 0
    other = tmp_path / "small.md"
    other.write_text("# 另一本书\n\n字。\n", encoding="utf-8")
    refused("script", other, *out, says="holds another manuscript")


def test_a_book_from_manuscript_to_choice(tmp_path: Path, book: Path, cast: Path) -> None:
    out = ["--output", tmp_path / "out"]
    done = json.loads(shuoshu("run", book, "--cast", cast, *out, "--plain", "--json").stdout)
    assert done["rendered"] == done["lines"] == 12 or done["rendered"] <= done["lines"]
    assert {Path(one["path"]).suffix for one in done["deliverables"]} == {
            ".flac", ".mp3", ".m4a", ".m4b", ".csv", ".json",
        }  # fmt: skip
    assert {Path(one["path"]).suffix for one in done["deliverables"] if one["seconds"] is None} == {".csv", ".json"}
    told = shuoshu("deliver", "small", "srt,m4b", *out, SHUOSHU_LANG="en").stdout
    assert re.search(r"chapters/02 第二章 天明.srt +│ 第二章 天明 +│ +│", told)
    assert re.search(r"small.m4b +│ small +│ +[\d.:]+( s)? │", told)
    assert "LUFS" not in told, "nothing of what is shown has levels"
    lines = json.loads(shuoshu("lines", "small", "--speaker", "老王", "--json", *out).stdout)
    assert (
        json.loads(shuoshu("lines", "small", "--speaker", "老王", "--limit", "1", "--json", *out).stdout) == lines[:1]
    )
    assert [line["text"] for line in lines if line["chapter"] == 2] == ["“是啊。”"]
    name = lines[-1]["id"]
    again = json.loads(shuoshu("rerender", "small", name, "--emotion", "happy:0.5", "--plain", "--json", *out).stdout)
    assert (again["rendered"], again["chapters_mastered"]) == (1, [2])
    takes = json.loads(shuoshu("takes", "small", name, "--json", *out).stdout)
    assert [take["chosen"] for take in takes] == [False, True]
    chosen = json.loads(shuoshu("choose", "small", name, "1", "--json", *out).stdout)
    assert (chosen["rendered"], chosen["chapters_mastered"]) == (0, [2])
    status = json.loads(shuoshu("status", "small", "--json", *out).stdout)
    assert (status["stale"], status["mastered"]) == ({}, [1, 2])
    assert status["older_take"] == {name: "emotion"}, "take 1 was made before the emotion"
    told = shuoshu("status", "small", *out)
    assert f"{name}: the take you chose was made before this changed: emotion" in told.stderr
    assert re.search(r"chosen take answers an older wish\W+1\b", told.stdout)
    chinese = shuoshu("status", "small", *out, SHUOSHU_LANG="zh").stderr
    assert f"{name}：选用的录音是在改动之前录的，改过：情感" in chinese
    assert [one for one in chosen["remarks"] if one.startswith(name)], "choosing says so at once"
    assert json.loads(shuoshu("choose", "small", name, "2", "--json", *out).stdout)["rendered"] == 0
    assert json.loads(shuoshu("status", "small", "--json", *out).stdout)["older_take"] == {}
    refused("rerender", "small", "c09-zzz", *out, says="no line has the id")
    refused("choose", "small", name, "7", *out, says="has no take '7'")
    refused("rerender", "small", name, "--emotion", "angryy:1", *out, says="Did you mean angry?")
    refused("rerender", "small", name, "--speed", "7", *out, says="speed must be a number from 0.5 to 2")
    refused("status", "smal", *out, says="Did you mean small?")
    refused("play", "small", name, *out, says="no player 'nothing-here' was found", SHUOSHU_PLAYER="nothing-here")


def test_tables_for_people_and_scripts(tmp_path: Path, book: Path) -> None:
    out = ["--output", tmp_path / "out"]
    told = json.loads(shuoshu("script", book, *out, "--json", "--xlsx", tmp_path / "t.xlsx").stdout)
    assert [chapter["title"] for chapter in told["chapters"]] == ["第一章 雨夜", "第二章 天明"]
    assert set(told["speakers"]) == {"林晚", "老王"}
    assert (tmp_path / "t.xlsx").is_file()
    target = tmp_path / "casts/small.yaml"
    assert shuoshu("cast", "init", book, "--to", target).returncode == 0
    checked = json.loads(shuoshu("cast", "check", target, book, "--json").stdout)
    assert checked == {"cast": str(target), "ok": True, "remarks": []}
    refused("cast", "init", book, "--to", target, says="exists and is yours")
    assert "espeak" in {one["name"] for one in json.loads(shuoshu("engines", "--json").stdout)}
    doctor = json.loads(shuoshu("doctor", "--json").stdout)
    assert all(one["ok"] for one in doctor if one["needed"])
    assert shuoshu("version").stdout.startswith("shuoshu ")


def test_chinese_for_chinese_locales(tmp_path: Path, book: Path) -> None:
    done = shuoshu("run", book, "--output", tmp_path / "out", "--plain", "--workers", "1", SHUOSHU_LANG="zh_CN.UTF-8")
    assert "本次合成" in done.stdout
    assert "合成台词" in done.stderr
    assert "错误" in shuoshu("status", "nothing", SHUOSHU_LANG="zh").stderr


def test_english_demo_speaks(tmp_path: Path) -> None:
    done = json.loads(
        shuoshu("run", DEMO_EN, "--cast", CAST_EN, "--output", tmp_path, "--plain", "--json", "--chapters", "1").stdout
    )
    assert done["flagged"] == []
    m4b = next(one for one in done["deliverables"] if one["path"].endswith(".m4b"))
    assert 60 < m4b["seconds"] < 240


def test_interrupted_by_hand(tmp_path: Path) -> None:
    import signal

    book = tmp_path / "long.txt"
    book.write_text("\n".join(f"这是第{n}句话，一共有很多很多句。" for n in range(3000)), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", str(book), "--output", str(tmp_path / "out"), "--plain"],
        stderr=subprocess.PIPE, text=True,
        # a shell starts what it puts in the background with Ctrl-C ignored, and so it would be here
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "finished lines are kept" in error
    assert "Traceback" not in error

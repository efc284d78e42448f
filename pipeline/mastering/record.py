"""What a chapter was made from, kept beside it, so that an unchanged chapter is not mastered again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from pipeline.files import write_bytes, write_text
from pipeline.mastering import VERSION
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.nouns import Loudness, Master, Timeline


def fingerprint(timeline: Timeline, profile: Profile, tags: Tags, cover: bytes | None) -> str:
    """SHA-256 of everything that goes into a chapter's files: takes and their places, profile, tags, cover, and the
    version of this room. A take counts by its key."""
    ingredients = {
        "version": VERSION,
        "segments": [(one.take, one.start, one.frames) for one in timeline.segments],
        "frames": timeline.frames,
        "title": timeline.title,
        "profile": asdict(profile),
        "tags": asdict(tags),
        "cover": hashlib.sha256(cover).hexdigest() if cover else "",
    }
    text = json.dumps(ingredients, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write(master: Master, timeline: Timeline, folder: Path, stem: str) -> None:
    """Write ``stem.json`` (what was made) and ``stem.timeline.csv`` (where every line is)."""
    stream = io.StringIO()
    rows = csv.writer(stream)
    rows.writerow(["id", "speaker", "start", "end", "text", "take"])
    for one in timeline.segments:
        start, end = one.start / timeline.sample_rate, (one.start + one.frames) / timeline.sample_rate
        rows.writerow([one.line_id, one.speaker, f"{start:.6f}", f"{end:.6f}", one.text, one.take])
    write_bytes(folder / f"{stem}.timeline.csv", b"\xef\xbb\xbf" + stream.getvalue().encode())
    found = {
        "chapter": master.chapter, "title": master.title, "sample_rate": master.sample_rate, "frames": master.frames,
        "files": {kind: [path.name, path.stat().st_size] for kind, path in master.files.items()},
        "integrated": master.loudness.integrated, "true_peak": master.loudness.true_peak,
        "fingerprint": master.fingerprint,
    }  # fmt: skip
    write_text(folder / f"{stem}.json", json.dumps(found, ensure_ascii=False, indent=1))


def load(folder: Path, stem: str) -> Master | None:
    """The chapter as it was made; None when its record or one of its files is missing or has another size."""
    try:
        found = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        files: Mapping[str, Path] = {kind: folder / name for kind, (name, _) in found["files"].items()}
        if any((folder / name).stat().st_size != size for name, size in found["files"].values()):
            return None
        loudness = Loudness(found["integrated"], found["true_peak"])
        return Master(
            found["chapter"], found["title"], found["sample_rate"], found["frames"], files, loudness,
            found["fingerprint"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None

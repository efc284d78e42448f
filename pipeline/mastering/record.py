"""What a chapter was made from, kept beside it, so that an unchanged chapter is not mastered again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pipeline.errors import MasteringError
from pipeline.files import sha256_file, write_bytes, write_text
from pipeline.mastering import VERSION
from pipeline.mastering.music import Playing
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.nouns import Loudness, Master, Segment, Timeline


def fingerprint(timeline: Timeline, profile: Profile, tags: Tags, cover: bytes | None) -> str:
    """SHA-256 of everything that goes into a chapter's files, the timeline beside them included: what the lines say and who
    says it, takes and their places, profile, tags, cover, and the version of this room. A take counts by its key."""
    ingredients = {
        "version": VERSION,
        "segments": [_told(one) for one in timeline.segments],
        "frames": timeline.frames,
        "music": timeline.music,
        "title": timeline.title,
        "profile": _sounding(profile),
        "tags": asdict(tags),
        "cover": hashlib.sha256(cover).hexdigest() if cover else "",
    }
    text = json.dumps(ingredients, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _told(segment: Segment) -> tuple[object, ...]:
    """All of a line but its gain, which comes of mastering: what is made of the chapter shows its text and its speaker too."""
    return (
        segment.line_id, segment.kind, segment.speaker, segment.paragraph, segment.text, segment.take, segment.start,
        segment.frames, segment.delivery, segment.lead, segment.tempo,
    )  # fmt: skip


def _sounding(profile: Profile) -> dict[str, object]:
    """A profile's figures, files by what is in them; what it would deliver makes no chapter another."""
    return {name: _by_content(one) for name, one in asdict(replace(profile, deliver=())).items()}


def _by_content(value: object) -> object:
    if isinstance(value, Path):
        return sha256_file(value)
    return {name: _by_content(one) for name, one in value.items()} if isinstance(value, dict) else value


_COLUMNS = (
    "id", "kind", "speaker", "paragraph", "start", "end", "start_frame", "frames", "gain_db", "delivery", "text", "take",
    "lead_frames", "tempo",
)  # fmt: skip


def write(master: Master, timeline: Timeline, folder: Path, playing: Sequence[Playing] = ()) -> None:
    """Write ``stem.timeline.csv`` (where every line is: seconds, and frames at the master's rate) and, last, ``stem.json``
    (what was made). playing: the timeline's music, as `MusicBed` tells."""
    stream = io.StringIO()
    rows = csv.writer(stream)
    rows.writerow(_COLUMNS)
    for one in timeline.segments:
        start, end = one.start / timeline.sample_rate, one.end / timeline.sample_rate
        rows.writerow([
            one.line_id, one.kind, one.speaker, one.paragraph, f"{start:.6f}", f"{end:.6f}", one.start, one.frames,
            f"{one.gain_db:.6f}", " ".join(one.delivery), one.text, one.take, one.lead, f"{one.tempo:.6f}",
        ])  # fmt: skip
    write_bytes(_timeline_file(folder, master.stem), b"\xef\xbb\xbf" + stream.getvalue().encode())
    found = {
        "chapter": master.chapter, "title": master.title, "sample_rate": master.sample_rate, "frames": master.frames,
        "files": {kind: [path.name, path.stat().st_size] for kind, path in master.files.items()},
        "loudness": _measured(master.loudness),
        "true_peaks": {kind: _plain(peak) for kind, peak in master.peaks.items()},
        "reduction_db": round(master.reduction_db, 3), "pressed": master.pressed, "fingerprint": master.fingerprint,
        "music": [[one.start, one.end, which] for one, (_, which) in zip(playing, timeline.music, strict=True)],
        "sha256": {path.name: sha256_file(path) for path in (*master.files.values(), _timeline_file(folder, master.stem))},
    }  # fmt: skip
    write_text(folder / f"{master.stem}.json", json.dumps(found, ensure_ascii=False, indent=1))


def _timeline_file(folder: Path, stem: str) -> Path:
    return folder / f"{stem}.timeline.csv"


def _measured(loudness: Loudness) -> dict[str, float | None]:
    """What was measured. JSON has no infinity: silence is None."""
    known = {name: value for name, value in asdict(loudness).items() if not math.isnan(value)}
    return {name: _plain(value) for name, value in known.items()}


def _plain(level: float) -> float | None:
    return level if math.isfinite(level) else None


def load(folder: Path, stem: str) -> Master | None:
    """The chapter as it was made; None when its record or one of its files is missing or has another size."""
    try:
        found = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        files: Mapping[str, Path] = {kind: folder / name for kind, (name, _) in found["files"].items()}
        if any((folder / name).stat().st_size != size for name, size in found["files"].values()):
            return None
        measured, peaks = _levels(found["loudness"]), _levels(found.get("true_peaks", {}))
        return Master(
            found["chapter"], found["title"], found["sample_rate"], found["frames"], files, Loudness(**measured),
            found["fingerprint"], stem, found["reduction_db"], peaks, tuple(found.get("pressed", ())),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def damaged(folder: Path, master: Master, formats: Container[str]) -> tuple[Path, ...]:
    """Of a chapter's files in `formats`, and its timeline, those that are gone or are not, by their hashes, what was made.
    Records of before there were hashes say nothing."""
    try:
        sums = json.loads((folder / f"{master.stem}.json").read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError):
        return ()
    files = [_timeline_file(folder, master.stem), *(path for kind, path in master.files.items() if kind in formats)]
    return tuple(
        one for one in files if one.name in sums and not (one.is_file() and sha256_file(one) == sums[one.name])
    )


def forget(folder: Path, stem: str) -> None:
    """Remove a chapter's record, so that the chapter is mastered again."""
    (folder / f"{stem}.json").unlink(missing_ok=True)


def music(folder: Path, master: Master) -> tuple[tuple[int, int, str], ...]:
    """Where a chapter's music plays: (first frame, the one behind the last, "chapter" or "scene"). Records of before this was
    kept say nothing."""
    try:
        found = json.loads((folder / f"{master.stem}.json").read_text(encoding="utf-8")).get("music", ())
        return tuple((int(start), int(end), str(which)) for start, end, which in found)
    except (OSError, ValueError, TypeError, AttributeError):
        return ()


def _levels(found: Mapping[str, float | None]) -> dict[str, float]:
    return {name: -math.inf if value is None else value for name, value in found.items()}


def load_timeline(folder: Path, master: Master) -> Timeline:
    """A mastered chapter's timeline. Raises MasteringError when it is gone or cannot be read."""
    path = _timeline_file(folder, master.stem)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            segments = tuple(
                Segment(
                    row["id"], row["speaker"], row["text"], row["take"], int(row["start_frame"]), int(row["frames"]),
                    row["kind"], int(row["paragraph"]), tuple(row["delivery"].split()), float(row["gain_db"]),  # type: ignore[arg-type]
                    int(row.get("lead_frames") or 0), float(row.get("tempo") or 1.0),
                )
                for row in csv.DictReader(file)
            )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MasteringError(
            f"the timeline of chapter {master.chapter} cannot be read ({error})", where=str(path),
            fix="Delete the chapter's .json beside it and run again: the chapter is mastered anew.",
        ) from error  # fmt: skip
    places = tuple((start, which) for start, _, which in music(folder, master))
    return Timeline(master.chapter, master.title, master.sample_rate, master.frames, segments, places)

"""Room on the disk: what a run will need, before anything is rendered, and what is left of it while it runs."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from pipeline import engines
from pipeline.engines.plausible import usual_seconds
from pipeline.errors import BookFolderError
from pipeline.mastering import record
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Line, Master
from pipeline.opening import Production
from pipeline.wording import Wording

FLOOR = 256 << 20
FLOOR_SHARE = 0.01
"""Kept free on the disk: so many bytes, or that share of a small one. Enough for what is being written when a run stops."""
TAKE_SHARE = 0.65
MASTER_SHARE = 0.55
STEMS_SHARE = 1.8
"""FLAC as a share of 16-bit samples: takes (measured 0.56 to 0.63 with the embedded engine), masters (0.41 to 0.45), and all
stems of a book together (1.4)."""
PAUSES = 1.3
"""A chapter lasts so many times the speech in it (measured 1.23 and 1.30)."""
MARGIN = 1.25
"""The length of lines is estimated from their syllables: for the demo books 1% and 19% too short."""


def check(production: Production) -> None:
    """Raise BookFolderError, with both figures, where the disk has less room than the run is going to need."""
    floor = _floor(production.folder.path)
    wanted, free = needed(production), shutil.disk_usage(production.folder.path).free
    if floor and wanted and wanted + floor > free:
        raise BookFolderError(
            Wording(
                f"the disk has {size(free)} free; this run needs about {size(wanted)}, and {size(floor)} stay free",
                f"磁盘剩余 {size(free)}；本次大约需要 {size(wanted)}，另保留 {size(floor)}",
            ),
            where=str(production.folder.path),
            fix=Wording(
                "Free some space (`shuoshu gc BOOK`), make fewer --formats, or another --output. SHUOSHU_DISK_FLOOR=0 starts"
                " all the same.",
                "请腾出空间（`shuoshu gc 书名`），减少 --formats，或换 --output。SHUOSHU_DISK_FLOOR=0 可照样开始。",
            ),
        )


def watch(production: Production) -> None:
    """Raise BookFolderError where the disk is about to be full, so that the run stops while everything is whole."""
    must_have_room(production.folder.path)


def must_have_room(folder: Path) -> None:
    """The same for any folder, there or yet to be made."""
    folder = _there(folder)
    floor, free = _floor(folder), shutil.disk_usage(folder).free
    if free < floor:
        raise BookFolderError(
            Wording(
                f"the disk has only {size(free)} left: the run stops before it is full",
                f"磁盘只剩 {size(free)}：在写满之前停下",
            ),
            where=str(folder),
            fix=Wording(
                "Everything finished is kept. Free some space and run the same command again: it goes on from there.",
                "做完的都保留。腾出空间后再运行同一命令，会接着做。",
            ),
        )


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(one for one in (folder, *folder.resolve().parents) if one.exists())


def _floor(folder: Path) -> int:
    """Bytes to keep free; SHUOSHU_DISK_FLOOR, such as 2G or 500M, has the last word, 0 = do not look."""
    told = os.environ.get("SHUOSHU_DISK_FLOOR", "")
    if not told:
        return min(FLOOR, int(FLOOR_SHARE * shutil.disk_usage(folder).total))
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMG]?)B?", told.strip())
    if not match:
        raise BookFolderError(
            Wording(f"SHUOSHU_DISK_FLOOR is {told!r}", f"SHUOSHU_DISK_FLOOR 是 {told!r}"),
            fix=Wording("Give bytes such as 2G or 500M, or 0.", "请给出字节数，如 2G、500M 或 0。"),
        )
    return int(float(match[1]) * {"": 1, "k": 1000, "M": 10**6, "G": 10**9}[match[2]])


def needed(production: Production) -> int:
    """Bytes that the run will add at most, about: takes, chapters, deliverables, and the largest of them once more while it
    takes the place of an old one."""
    plan, profile = production.plan, production.profile
    takes = sum(
        _seconds([one.line], production) * engines.engine_class(one.engine).capabilities.sample_rate * 2 * TAKE_SHARE
        for one in plan.due
    )
    masters, replaced, largest = 0.0, 0, 0.0
    known: dict[int, list[Master]] = {}
    for path in production.folder.chapters.glob("[!.]*.json"):
        one = record.load(production.folder.chapters, path.stem)
        if one:
            known.setdefault(one.chapter, []).append(one)
    for number, lines in _chapters(production).items():
        there = known.get(number, [])
        if there and not any(line.id in plan.stale for line in lines):
            continue
        made = PAUSES * _seconds(lines, production) * sum(_rates(profile)[kind] for kind in profile.formats)
        masters, largest = masters + made, max(largest, made)
        replaced += sum(path.stat().st_size for one in there for path in one.files.values())
    if not takes and not masters:
        return 0
    whole = PAUSES * _seconds(plan.lines, production)
    delivered = 0.0
    for kind in production.deliver:
        made = whole * _delivered(profile, kind)
        largest = max(largest, made)
        if not any(production.folder.chapters.glob(f".*.{kind}.json")):
            delivered += made
    return int(MARGIN * (takes + max(masters - replaced, 0.0) + delivered + largest))


_LIKE = {"m4b": "m4a", "epub": "m4a", "video": "m4a"}
"""Deliverables that are about as large as the chapters in a format. Others are small."""


def _rates(profile: Profile) -> dict[str, float]:
    """Bytes a second of each format."""
    samples = profile.sample_rate * profile.channels * 2
    return {
        "wav": samples, "flac": samples * MASTER_SHARE,
        "mp3": profile.mp3_kbps * 125, "m4a": profile.aac_kbps * 125 * 1.1, "opus": profile.opus_kbps * 125 * 1.1,
    }  # fmt: skip


def rates(profile: Profile, spoken: Iterable[str], deliver: Iterable[str]) -> tuple[float, float, float]:
    """About how many bytes a second of a finished book takes: takes of the engines `spoken` (of the one with the highest rate),
    chapters, deliverables."""
    take = max((engines.engine_class(one).capabilities.sample_rate for one in spoken), default=0) * 2 * TAKE_SHARE
    master = sum(_rates(profile)[kind] for kind in profile.formats)
    return take / PAUSES, master, sum(_delivered(profile, kind) for kind in deliver)


def _delivered(profile: Profile, kind: str) -> float:
    """Bytes a second of a deliverable."""
    known = {**_rates(profile), "stems": _rates(profile)["wav"] * STEMS_SHARE}
    return known.get(_LIKE.get(kind, kind), 0.0)


def room(folder: Path) -> float:
    """Bytes that may still be written where a folder lies, or is to lie, before a run stops; infinite where nobody looks."""
    folder = _there(folder)
    floor = _floor(folder)
    return max(0.0, shutil.disk_usage(folder).free - floor) if floor else float("inf")


def _chapters(production: Production) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {number: [] for number in production.chapters}
    for line in production.plan.lines:
        if line.chapter in found:
            found[line.chapter].append(line)
    return found


def _seconds(lines: Iterable[Line], production: Production) -> float:
    """About how long lines will be spoken."""
    language = production.cast.language
    return sum(usual_seconds(line.spoken or line.text, language) for line in lines if line.kind != "pause")


def size(count: float) -> str:
    """Bytes as people read them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"

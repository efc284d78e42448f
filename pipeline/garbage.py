"""Takes that no line uses, and what repairs and killed runs left: found, told, removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.folder import BookFolder
from pipeline.mastering import record
from pipeline.opening import Production, reopen
from pipeline.repair import abandoned
from pipeline.takes import index
from pipeline.takes.repair import ASIDE

KEEP = 3
"""Takes of each line that stay, the newest first, so that an edit can be taken back and a choice be made."""


@dataclass(frozen=True, slots=True)
class Unused:
    """A take that no line uses: its bytes, when it was made, and the lines that once asked for it."""

    key: str
    path: Path
    size: int
    created: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Garbage:
    """What of a book can go: `takes`, and `leftovers`, files and folders that repairs put aside and killed runs left;
    `kept` counts the takes that stay."""

    folder: Path
    takes: tuple[Unused, ...]
    leftovers: tuple[Path, ...]
    kept: int
    leftover_size: int

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(one.size for one in self.takes) + self.leftover_size


def collect(
    folder: BookFolder, tell: Callable[[Garbage], None], *, keep: int = KEEP, older_than: float | None = None,
    dry_run: bool = False,
) -> Garbage:  # fmt: skip
    """Find what can go, `tell`, and then remove it, unless it is a dry run.

    A take goes that no line of the script uses, that nobody chose by hand, and that is in no mastered chapter; of those, the
    newest `keep` of each line stay, or, with `older_than`, all that are younger than so many days.
    Raises BookFolderError when another run works on the book, CastError and ScriptError where it cannot be known what the
    book uses.
    """
    with folder.locked(), reopen(folder, lock=False) as production:
        found = _garbage(production, keep, older_than)
        tell(found)
        if not dry_run:
            production.store.forget(
                [one.key for one in found.takes]
            )  # first, so that nothing counts on a file that goes
            for one in found.takes:
                one.path.unlink(missing_ok=True)
            for path in found.leftovers:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return found


def _garbage(production: Production, keep: int, older_than: float | None) -> Garbage:
    store = production.store
    used = _used(production)
    lines: dict[str, list[str]] = {}
    spared: set[str] = set()
    script = {line.id for line in production.plan.lines}
    for line, keys in store.by_line():
        for key in keys:
            lines.setdefault(key, []).append(line)
        if older_than is None and line in script:
            spared.update(keys[:keep])
    if older_than is not None:
        limit = (datetime.now(UTC) - timedelta(days=older_than)).isoformat()
        spared = {key for key, created in store.created().items() if created > limit}
    sums, created = store.sums(), store.created()
    takes = tuple(
        Unused(key, store.path_of(key), sums[key][1], created[key], tuple(lines.get(key, ())))
        for key in sorted(sums.keys() - used - spared, key=lambda key: (created[key], key))
    )
    leftovers = tuple(_leftovers(production.folder))
    size = sum(_size(path) for path in leftovers)
    return Garbage(production.folder.path, takes, leftovers, len(sums) - len(takes), size)


def _used(production: Production) -> set[str]:
    """The takes that a book needs: of its lines, by hand, in place of failed lines, the lengths that a dub measures, and what
    its mastered chapters are made from."""
    used = set(production.wanted.values())
    script = {line.id for line in production.plan.lines}
    used |= {one.key for line, one in production.store.choices().items() if one.by_hand or line in script}
    used |= {one.stand_in for one in production.store.failures().values()}
    used |= {one.take.key for one in production.naturals.values() if one}
    for path in production.folder.chapters.glob("[!.]*.json"):
        master = record.load(production.folder.chapters, path.stem)
        if master:
            used |= {one.take for one in record.load_timeline(production.folder.chapters, master).segments}
    return used


def _leftovers(folder: BookFolder) -> Iterator[Path]:
    aside = folder.takes / ASIDE
    if aside.is_dir():
        yield aside
    yield from sorted(folder.takes.glob(f"{Path(index.NAME).stem}.damaged-*"))
    yield from abandoned(folder.path)


def _size(path: Path) -> int:
    return sum(_size(one) for one in path.iterdir()) if path.is_dir() else path.stat().st_size

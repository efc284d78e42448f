"""A take store held against its files: every take by its hash, and an index made again where it is damaged or lost.

Nothing is deleted. Damaged files are moved to ``takes/damaged/``, a damaged index beside itself under another name.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.files import explained, sha256_file
from pipeline.takes import choices, index, journal
from pipeline.takes.index import State
from pipeline.takes.journal import Rendered
from pipeline.takes.store import TakeStore
from pipeline.takes.verified import DamagedTake, ForeignTake, verified
from pipeline.wording import Wording

ASIDE = "damaged"


@dataclass(slots=True)
class Findings:
    """What was found in a take store, and done about it unless it was only to be looked at.

    index      as it was; "damaged" and "lost" ones are made again from the files
    takes, size  files that are whole, and their bytes
    damaged    file of a take that is not what was rendered -> what is wrong with it
    missing    keys of takes whose file is gone
    entered    takes that the index did not know, entered from their files or from journals
    old        whole takes that do not say what they are, and the index does not either (older ones)
    strange    files that are no takes of ours, which are left alone
    odd_rows   rows of journals that could not be understood
    lines      line -> the damaged or missing take that it used
    by_hand    lines whose hand-made choice is lost
    choices    hand-made choices that were put back into an index made again
    """

    index: State = "ok"
    takes: int = 0
    size: int = 0
    damaged: dict[Path, Wording] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    old: dict[str, Rendered] = field(default_factory=dict)
    strange: dict[Path, Wording] = field(default_factory=dict)
    odd_rows: int = 0
    lines: dict[str, str] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)
    choices: int = 0


def repair(folder: Path, *, dry_run: bool = False) -> Findings:
    """Check the store in `folder` and mend its index. For the process that holds the book.

    Raises BookFolderError for a full disk or a folder that cannot be written.
    """
    found = Findings(index=index.state(folder))
    wished = choices.read(folder)
    if found.index == "damaged":
        wished = index.salvaged_choices(folder) | wished
    if dry_run and found.index != "ok":
        _look(folder, {}, found)
        return found
    if found.index == "damaged":
        _put_aside(folder)
    with TakeStore(folder) as store:
        _read_journals(store, found, dry_run)
        fresh = _look(folder, store.sums(), found)
        if not dry_run:
            store.record(fresh, chosen_stays=found.index == "ok")
        if found.index != "ok":
            for line, (key, subject) in wished.items():
                if store.take(key):
                    store.choose(line, key, subject)
                    found.choices += 1
                else:
                    found.by_hand.append(line)
        _drop(store, found, dry_run)
    return found


def _put_aside(folder: Path) -> None:
    """A damaged index under another name, with what SQLite keeps beside it."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for end in ("", "-wal", "-shm"):
        path = folder / f"{index.NAME}{end}"
        if path.exists():
            path.rename(folder / f"index.damaged-{now}.sqlite{end}")


def _read_journals(store: TakeStore, found: Findings, dry_run: bool) -> None:
    for path in journal.there(store.folder):
        found.odd_rows += journal.rows(path, 0, store.folder)[2]
    if not dry_run:
        found.entered += [one.take.key for one in store.absorb()]
        store.drop_journals()


def _look(folder: Path, known: dict[str, tuple[str, int]], found: Findings) -> list[Rendered]:
    """Every file of the store, read. Returns the takes that the index does not know, oldest first."""
    fresh: list[Rendered] = []
    there: set[str] = set()
    for path in _files(folder, found):
        there.add(path.stem)
        size = path.stat().st_size
        try:
            if path.stem not in known:
                one = verified(path)
                if one.ingredients:
                    fresh.append(one)
                else:
                    found.old[path.stem] = one
            elif known[path.stem] != (sha256_file(path), size):
                raise DamagedTake(Wording("it is not the file that was rendered", "不是当初合成的文件"))
        except DamagedTake as error:
            found.damaged[path] = error.why
        except OSError as error:
            if error.errno != errno.EIO:
                raise explained(error, path) from error
            found.damaged[path] = Wording("the disk cannot read it", "磁盘读不出来")
        except ForeignTake as error:
            found.strange[path] = error.why
        else:
            found.takes += 1
            found.size += size
    found.missing = sorted(known.keys() - there)
    found.entered += [one.take.key for one in fresh]
    return sorted(fresh, key=lambda one: (one.take.created, one.take.key))


def _files(folder: Path, found: Findings) -> Iterator[Path]:
    """Files where takes lie; others there are strange."""
    for place in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.suffix == ".flac" and journal.KEY.fullmatch(path.stem) and path.stem[:2] == place.name:
                yield path
            elif not path.name.startswith("."):  # what was being written is looked at with the rest of the book
                found.strange[path] = Wording("it is no take of ours", "不是本程序的录音")


def _drop(store: TakeStore, found: Findings, dry_run: bool) -> None:
    """Damaged and missing takes out of the index; then, and only then, the damaged files out of the way."""
    gone = [path.stem for path in found.damaged] + found.missing
    used = set(gone)
    for line, choice in store.choices().items():
        if choice.key in used:
            found.lines[line] = choice.key
            if choice.by_hand:
                found.by_hand.append(line)
    if dry_run:
        return
    store.forget(gone)
    for path in found.damaged:
        aside = store.folder / ASIDE / path.name
        aside.parent.mkdir(exist_ok=True)
        path.rename(aside)

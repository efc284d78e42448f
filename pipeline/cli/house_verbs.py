"""Verbs about what stands around a book: finished files, books on disk, the queue, this machine: their options and examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.cli.options import (
    add_verb,
    attributor_option,
    count,
    days,
    json_option,
    making_options,
    on_failure_option,
    output_option,
    reading_options,
    watched_options,
)


def add(verbs: Any) -> None:
    """Add them to the command line, in the order of its help."""
    _verify(verbs)
    _storage(verbs)
    _queue(verbs)
    _studio(verbs)
    _machine(verbs)


def _verify(verbs: Any) -> None:
    verify = add_verb(
        verbs, "verify", "verify:verify", "measure finished audio files and hold them against a profile's limits",
        "shuoshu verify output/novel/chapters/*.mp3 --profile acx",
        "shuoshu verify output/novel/chapters/*.mp3 --verbose    # every measure of every file",
        "shuoshu verify novel.m4b --json",
    )  # fmt: skip
    verify.add_argument(
        "files", type=Path, metavar="FILE", nargs="+", help="WAV, FLAC, MP3, M4A, M4B, Opus; ours or not"
    )
    verify.add_argument("--profile", default="podcast", metavar="NAME", help="whose limits to keep to (podcast)")
    verify.add_argument(
        "--verbose", action="store_true", help="every measure of every file, not only of those that fail"
    )
    json_option(verify)


def _storage(verbs: Any) -> None:
    repair = add_verb(
        verbs, "repair", "storage:repair", "check every take by its hash and mend the index from the files",
        "shuoshu repair demo-zh --dry-run", "shuoshu repair demo-zh --json",
    )  # fmt: skip
    repair.add_argument("book", metavar="BOOK", help="a book's name or folder")
    repair.add_argument("--dry-run", action="store_true", help="only say what is wrong")
    gc = add_verb(
        verbs, "gc", "storage:gc", "remove takes that no line uses, and what killed runs and repairs left",
        "shuoshu gc demo-zh --dry-run", "shuoshu gc novel-1 novel-2 --keep 1", "shuoshu gc demo-zh --older-than 30",
    )  # fmt: skip
    gc.add_argument("books", metavar="BOOK", nargs="+", help="books' names or folders")
    gc.add_argument("--dry-run", action="store_true", help="only say what would go")
    which = gc.add_mutually_exclusive_group()
    which.add_argument("--keep", type=count, metavar="N", help="of each line, the newest N takes stay (3)")
    which.add_argument("--older-than", type=days, metavar="DAYS", help="only takes older than that go")
    export = add_verb(
        verbs, "export", "storage:export", "write a book into one archive, with its takes, cast and manuscript",
        "shuoshu export demo-zh demo-zh.tar", "shuoshu export demo-zh backup.tar.zst --no-masters",
    )  # fmt: skip
    export.add_argument("book", metavar="BOOK", help="a book's name or folder")
    export.add_argument("archive", type=Path, metavar="FILE", help="ending in .tar, .tar.zst or .zip")
    export.add_argument(
        "--no-masters", action="store_true", help="leave out chapters and deliverables: they can be made again"
    )
    bring = add_verb(
        verbs, "import", "storage:import_", "make the book that an archive of `shuoshu export` holds",
        "shuoshu import demo-zh.tar", "shuoshu import demo-zh.tar --output elsewhere",
    )  # fmt: skip
    bring.add_argument("archive", type=Path, metavar="FILE")
    for verb in (repair, gc, export, bring):
        output_option(verb)
        json_option(verb)


def _queue(verbs: Any) -> None:
    schedule = add_verb(
        verbs, "schedule", "night:show_list", "a queue of books, made by night (docs/scheduling.md)",
        "shuoshu schedule add manuscripts/*.epub --priority 5",
        "shuoshu schedule list", "shuoshu schedule serve", "shuoshu morning",
    )  # fmt: skip
    parts = schedule.add_subparsers(title="verbs", metavar="VERB", required=True)
    add = add_verb(
        parts, "add", "queue:add", "queue books",
        "shuoshu schedule add novel.epub --cast casts/novel.yaml --priority 5 --deadline 2026-12-24",
        "shuoshu schedule add manuscripts/*.epub",
    )  # fmt: skip
    add.add_argument("manuscripts", type=Path, metavar="MANUSCRIPT", nargs="+")
    add.add_argument("--priority", type=int, metavar="N", help="higher is made first (0)")
    add.add_argument("--deadline", metavar="DAY", help='a day, or a day and a time: 2026-12-24, "2026-12-24 07:00"')
    reading_options(add)
    attributor_option(add)
    making_options(add)
    on_failure_option(add)
    shown = add_verb(
        parts, "list", "night:show_list", "say how long each book will take, and which will be done by morning",
        "shuoshu schedule list", "shuoshu schedule list --json",
    )  # fmt: skip
    remove = add_verb(parts, "remove", "queue:remove", "take books out of the queue", "shuoshu schedule remove novel")
    pause = add_verb(
        parts, "pause", "queue:pause", "leave books where they are, or the whole queue", "shuoshu schedule pause novel",
        "shuoshu schedule pause           # the whole queue; a book that is being made stops cleanly",
    )  # fmt: skip
    resume = add_verb(
        parts, "resume", "queue:resume", "go on with paused books, or the queue", "shuoshu schedule resume novel",
        "shuoshu schedule resume          # the whole queue; books that were paused by name stay so",
    )  # fmt: skip
    for verb, number in ((remove, "+"), (pause, "*"), (resume, "*")):
        verb.add_argument("books", metavar="BOOK", nargs=number, help="a book's name, or its manuscript")
    serve = add_verb(
        parts, "serve", "queue:serve", "wait for the window each night, as a Prefect deployment",
        "prefect server start &", "export PREFECT_API_URL=http://127.0.0.1:4200/api", "shuoshu schedule serve",
    )  # fmt: skip
    watched_options(serve)
    morning = add_verb(
        verbs, "morning", "night:morning", "what the night made, and what not and why",
        "shuoshu morning", "shuoshu morning --night 2026-11-25 --json",
    )  # fmt: skip
    morning.add_argument("--night", default="", metavar="DAY", help="the day on which its window opened (the last)")
    for verb in (add, shown, remove, pause, resume, serve, morning):
        verb.add_argument("--queue", type=Path, default=Path("queue.yaml"), metavar="FILE", help="(queue.yaml)")
    json_option(shown)
    json_option(morning)


def _machine(verbs: Any) -> None:
    json_option(
        add_verb(verbs, "engines", "machine:engines", "list the voice engines and what each can do", "shuoshu engines")
    )
    doctor = add_verb(
        verbs, "doctor", "machine:doctor", "say what this machine has, and what is missing", "shuoshu doctor"
    )
    doctor.add_argument(
        "--engine", metavar="NAME", help="also look closely at what this engine needs: indextts2, openai"
    )
    output_option(doctor)
    json_option(doctor)
    add_verb(verbs, "version", "machine:version", "print the version", "shuoshu version")


def _studio(verbs: Any) -> None:
    studio = add_verb(
        verbs, "studio", "studio:studio", "open the studio, a page in the browser: hear, fix and cast",
        "shuoshu studio                                                   # http://localhost:7860/, this machine only",
        "shuoshu studio --add-user lin --users users.txt                  # asks for a password",
        "shuoshu studio --host 0.0.0.0 --users users.txt --path /studio   # behind a server with HTTPS (docs/serving.md)",
    )  # fmt: skip
    studio.add_argument("--workspace", type=Path, default=Path(), metavar="FOLDER", help="what the page may touch (.)")
    studio.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="beyond the loopback it demands --users")
    studio.add_argument("--port", type=int, default=7860, metavar="N")
    studio.add_argument("--path", default="", metavar="/studio", help="serve it under this path")
    studio.add_argument("--users", type=Path, metavar="FILE", help="who may come in")
    studio.add_argument(
        "--add-user", default="", metavar="NAME", help="write a user into --users, with a password that is asked for"
    )
    studio.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name it may be called by, of a server before it",
    )

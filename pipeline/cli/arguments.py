"""Every verb of the `shuoshu` command, its options and its examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def parser(version: str) -> argparse.ArgumentParser:
    """The whole command line. Each verb names the function that answers it, as ``module:function``."""
    top = argparse.ArgumentParser(
        prog="shuoshu",
        description="说书: a manuscript goes in, mastered chapters and a finished audiobook come out.",
        epilog="Start here:  shuoshu run manuscripts/demo-zh.epub --cast casts/demo-zh.yaml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"shuoshu {version}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    _make(verbs)
    _look(verbs)
    _review(verbs)
    _mend(verbs)
    _finish(verbs)
    _dub(verbs)
    _verify(verbs)
    _storage(verbs)
    _queue(verbs)
    _machine(verbs)
    return top


def _verb(verbs: Any, name: str, call: str, help_text: str, *examples: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(call=call)
    return verb


def _output(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--output", type=Path, default=Path("output"), help="folder that holds the books (output)")


def _json(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="print JSON for scripts, nothing else")


def _reading(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "manuscript", type=Path, metavar="MANUSCRIPT", help="EPUB, TXT, Markdown, HTML, DOCX, SRT, VTT, ASS"
    )
    _reading_options(verb)


def _reading_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--chapter-pattern", metavar="REGEX", help="what a chapter heading looks like, tried per line")
    verb.add_argument("--encoding", help="of a text file, where the guess is wrong (gb18030, big5, utf-16 …)")
    verb.add_argument("--language", choices=("zh", "en"), help="of the book, where the guess is wrong")
    verb.add_argument("--include-matter", action="store_true", help="read front and back matter too")


def _on_failure(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--on-failure", choices=("stop", "silence", "placeholder"),
        help="a line that cannot be rendered: stop, or finish the book with silence or the embedded voice in its place"
        " (as the cast file says, or stop)",
    )  # fmt: skip


def _attributor(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--attributor", choices=("offline", "llm"),
        help="llm: ask a language model where the rules are unsure (docs/llm.md; as the last run, or offline)",
    )  # fmt: skip


def _working(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--workers", type=_count, default=0, metavar="N", help="worker processes (one per core)")
    verb.add_argument("--plain", action="store_true", help="without Prefect: the same rooms, no run record")


def _watched(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--metrics-port",
        type=_port,
        default=0,
        metavar="N",
        help="answer Prometheus on 127.0.0.1:N (docs/scheduling.md)",
    )
    verb.add_argument(
        "--log-json", action="store_true", help="standard error is a log: one JSON object a line, nothing else"
    )
    verb.add_argument("--log-file", type=Path, metavar="FILE", help="the same log added to a file")


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError("must lie between 1 and 65535")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 512:
        raise argparse.ArgumentTypeError("must lie between 0 and 512")
    return number


def _days(text: str) -> float:
    days = float(text)
    if not 0 <= days <= 36_500:
        raise argparse.ArgumentTypeError("must lie between 0 and 36500")
    return days


def _making(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--cast", type=Path, metavar="FILE", help="cast file (casts/<manuscript>.yaml if there is one)")
    verb.add_argument("--engine", metavar="NAME", help="speak everything with this engine (see `shuoshu engines`)")
    verb.add_argument("--profile", metavar="NAME", help="mastering profile (the cast's, or podcast)")
    verb.add_argument(
        "--formats", default="", metavar="m4a,mp3", help="chapter files: flac, wav, mp3, opus, m4a (flac,mp3,m4a)"
    )
    verb.add_argument(
        "--deliver", default="", metavar="m4b,srt", help="what to make of the chapters (see `shuoshu deliver --list`)"
    )
    verb.add_argument("--chapters", default="", metavar="2-5,9", help="only these chapters")


def _make(verbs: Any) -> None:
    run = _verb(
        verbs, "run", "make:run", "turn a manuscript into a mastered audiobook",
        "shuoshu run novel.epub --cast casts/novel.yaml",
        "shuoshu run 长安.txt --encoding gb18030 --chapters 2-5,9",
        "shuoshu run novel.epub --profile ebu_r128 --workers 4 --json",
        "shuoshu run novel.epub --metrics-port 9464 --log-file run.jsonl",
    )  # fmt: skip
    _reading(run)
    _attributor(run)
    _making(run)
    _on_failure(run)
    run.add_argument("--runner", choices=("local", "dask"), default="local", help="who does the work (docs/scaling.md)")
    run.add_argument("--address", default="", metavar="tcp://HOST:8786", help="scheduler of the Dask cluster")
    _output(run)
    _working(run)
    _watched(run)
    _json(run)

    script = _verb(
        verbs, "script", "tables:script", "parse a manuscript and write its script table, nothing more",
        "shuoshu script novel.epub",
        "shuoshu script novel.epub --xlsx novel.xlsx      # to edit in a spreadsheet",
        "shuoshu script novel.epub --take novel.xlsx      # take the edits back",
        "shuoshu script novel.epub --attributor llm       # ask a language model where the rules are unsure",
    )  # fmt: skip
    _reading(script)
    _attributor(script)
    script.add_argument("--xlsx", type=Path, metavar="FILE", help="also write the table as a spreadsheet")
    script.add_argument("--take", type=Path, metavar="FILE", help="take edits from a spreadsheet first")
    _output(script)
    _json(script)

    cast = _verb(verbs, "cast", "tables:cast_init", "start or check a cast file", "shuoshu cast init novel.epub")
    parts = cast.add_subparsers(title="verbs", metavar="VERB", required=True)
    init = _verb(
        parts, "init", "tables:cast_init", "write a commented starter cast file with every speaker found",
        "shuoshu cast init novel.epub", "shuoshu cast init novel.epub --to casts/mine.yaml",
    )  # fmt: skip
    _reading(init)
    init.add_argument("--to", type=Path, metavar="FILE", help="where to (casts/<manuscript>.yaml)")
    check = _verb(
        parts, "check", "tables:cast_check", "check a cast file, alone or against a manuscript",
        "shuoshu cast check casts/novel.yaml", "shuoshu cast check casts/novel.yaml novel.epub",
    )  # fmt: skip
    check.add_argument("cast", type=Path, metavar="CAST")
    check.add_argument("manuscript", type=Path, metavar="MANUSCRIPT", nargs="?")
    _json(check)


def _look(verbs: Any) -> None:
    lines = _verb(
        verbs, "lines", "tables:lines", "look lines up",
        "shuoshu lines demo-zh --speaker 林晚 --chapter 2",
        "shuoshu lines demo-zh --find 银行 --json",
        "shuoshu lines demo-zh --low-confidence",
        "shuoshu lines demo-zh --chapter 2 --said",
    )  # fmt: skip
    lines.add_argument("book", metavar="BOOK", help="a book's name or folder")
    lines.add_argument("--speaker", metavar="X")
    lines.add_argument("--chapter", type=int, metavar="N")
    lines.add_argument("--find", metavar="TEXT")
    lines.add_argument("--low-confidence", action="store_true", help="only lines whose speaker is in doubt")
    lines.add_argument("--said", action="store_true", help="what will be spoken: figures, lexicon and readings applied")
    lines.add_argument("--limit", type=_count, default=0, metavar="N", help="at most so many lines (all)")
    _output(lines)
    _json(lines)

    status = _verb(
        verbs, "status", "mend:status", "say what is rendered, what is stale and why, what needs a listen",
        "shuoshu status demo-zh", "shuoshu status demo-zh --json",
    )  # fmt: skip
    status.add_argument("book", metavar="BOOK")
    _output(status)
    _json(status)

    takes = _verb(verbs, "takes", "mend:takes", "list every take of a line", "shuoshu takes demo-zh c02-7fa2b1")
    play = _verb(
        verbs, "play", "mend:play", "play a line's take", "shuoshu play demo-zh c02-7fa2b1",
        "shuoshu play demo-zh c02-7fa2b1 --take 2",
    )  # fmt: skip
    for verb in (takes, play):
        verb.add_argument("book", metavar="BOOK")
        verb.add_argument("line", metavar="ID")
        _output(verb)
    play.add_argument("--take", metavar="TAKE", help="number or key as `takes` lists it (the chosen one)")
    _json(takes)


def _review(verbs: Any) -> None:
    review = _verb(
        verbs, "review", "review:review", "list what of a script needs a look, least sure first",
        "shuoshu review demo-zh", "shuoshu review demo-zh --all", "shuoshu review demo-zh --json",
    )  # fmt: skip
    review.add_argument("book", metavar="BOOK", help="a book's name or folder")
    review.add_argument("--all", action="store_true", help="every doubtful line, not the first forty")
    report = _verb(
        verbs, "report", "review:report", "write the review, and the quality of mastered chapters, as HTML pages",
        "shuoshu report demo-zh",
    )  # fmt: skip
    report.add_argument("book", metavar="BOOK")
    assign = _verb(
        verbs, "assign", "review:assign", "give lines to a speaker, and what follows in their conversation",
        "shuoshu assign demo-zh c02-7fa2b1 林晚",
        "shuoshu assign demo-zh c02-7fa2b1 c02-11ac09 林晚 --dry-run",
        "shuoshu assign demo-zh c02-7fa2b1 掌柜 --new --only     # a name the book does not have yet; this line alone",
    )  # fmt: skip
    assign.add_argument("book", metavar="BOOK")
    assign.add_argument("lines", metavar="ID", nargs="+")
    assign.add_argument("speaker", metavar="SPEAKER", help="a name of the book, narrator or unknown")
    assign.add_argument("--only", action="store_true", help="these lines alone, nothing that follows from them")
    assign.add_argument("--new", action="store_true", help="SPEAKER may be a name the book does not have yet")
    rename = _verb(
        verbs, "rename", "review:rename", "give a character another name", "shuoshu rename demo-zh 老王 王掌柜"
    )
    rename.add_argument("book", metavar="BOOK")
    rename.add_argument("old", metavar="OLD")
    rename.add_argument("new", metavar="NEW")
    merge = _verb(
        verbs, "merge", "review:merge", "give every line of character A to character B",
        "shuoshu merge demo-zh 小晚 林晚        # 小晚 is 林晚",
    )  # fmt: skip
    merge.add_argument("book", metavar="BOOK")
    merge.add_argument("name", metavar="A")
    merge.add_argument("into", metavar="B")
    split = _verb(
        verbs, "split", "review:split", "give some lines of a character to a new one",
        "shuoshu split demo-zh 老人 c02-7fa2b1 c03-11ac09 船夫",
    )  # fmt: skip
    split.add_argument("book", metavar="BOOK")
    split.add_argument("name", metavar="NAME")
    split.add_argument("lines", metavar="ID", nargs="+")
    split.add_argument("new", metavar="NEWNAME")
    listen = _verb(
        verbs, "listen", "listening:listen", "let a speech recognizer hear every line, and list what it heard otherwise",
        "shuoshu listen demo-zh --asr faster-whisper --model models/faster-whisper-large-v3",
        "shuoshu listen demo-zh --asr http://localhost:8000/v1 --chapters 2-5",
        "shuoshu listen demo-zh --retry               # make the worst lines anew with other seeds, and hear them again",
    )  # fmt: skip
    listen.add_argument("book", metavar="BOOK", help="a book's name or folder")
    listen.add_argument(
        "--asr",
        default="",
        metavar="WHO",
        help="faster-whisper, or a server's address up to /v1 (as shuoshu.yaml says)",
    )
    listen.add_argument("--model", default="", metavar="M", help="a model's folder, or its name at the server")
    listen.add_argument("--chapters", default="", metavar="2-5,9", help="only these chapters")
    listen.add_argument("--retry", action="store_true", help="make the lines heard otherwise anew, where seeds differ")
    _working(listen)
    for verb in (review, report, assign, rename, merge, split, listen):
        _output(verb)
        _json(verb)
    for verb in (assign, rename, merge, split):
        verb.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")


def _mend(verbs: Any) -> None:
    rerender = _verb(
        verbs, "rerender", "mend:rerender", "make new takes of single lines, then master only their chapters again",
        "shuoshu rerender demo-zh c02-7fa2b1 --emotion angry:0.7",
        "shuoshu rerender demo-zh c02-7fa2b1 --takes 3        # three to choose from",
        'shuoshu rerender demo-zh c02-7fa2b1 --text "他重(chóng)新站了起来。"',
    )  # fmt: skip
    rerender.add_argument("book", metavar="BOOK")
    rerender.add_argument("lines", metavar="ID", nargs="+")
    rerender.add_argument("--emotion", metavar="E", help="written into the script table: angry:0.7, 疲惫地低语")
    rerender.add_argument("--delivery", metavar="D", help="written into the script table: whisper, shout, slow, 低声")
    rerender.add_argument("--speed", type=float, metavar="X", help="written into the script table: 0.5 to 2")
    rerender.add_argument("--text", metavar="T", help="how to say it; written into the table's spoken column")
    rerender.add_argument("--seed", type=int, metavar="N", help="another throw of the dice, where the engine has any")
    rerender.add_argument(
        "--takes", type=_count, default=1, metavar="K", help="how many takes, for an engine whose takes differ (1)"
    )
    _output(rerender)
    _working(rerender)
    _json(rerender)

    choose = _verb(
        verbs, "choose", "mend:choose", "use another take of a line", "shuoshu choose demo-zh c02-7fa2b1 2",
    )  # fmt: skip
    choose.add_argument("book", metavar="BOOK")
    choose.add_argument("line", metavar="ID")
    choose.add_argument("take", metavar="TAKE", help="number or key as `takes` lists it")
    _output(choose)
    _working(choose)
    _json(choose)


def _finish(verbs: Any) -> None:
    deliver = _verb(
        verbs, "deliver", "deliver:deliver", "make deliverables of a book whose chapters are mastered",
        "shuoshu deliver demo-zh m4b,timeline", "shuoshu deliver --list",
    )  # fmt: skip
    deliver.add_argument("book", metavar="BOOK", nargs="?", help="a book's name or folder")
    deliver.add_argument(
        "kinds", metavar="KINDS", nargs="?", default="", help="such as m4b,srt (those of the last run)"
    )
    deliver.add_argument("--list", action="store_true", help="list every kind, and the settings it takes")
    _output(deliver)
    _json(deliver)


def _dub(verbs: Any) -> None:
    dub = _verb(
        verbs, "dub", "dub:dub", "speak subtitles at their times, or lines within a total, and lay them into a video",
        "shuoshu dub clip.srt --cast casts/clip.yaml --video clip.mp4",
        "shuoshu dub clip.ass --video clip.mkv --keep-audio --formats wav,m4a",
        "shuoshu dub script.txt --total 30s        # all its lines in half a minute",
    )  # fmt: skip
    _reading(dub)
    dub.add_argument("--cast", type=Path, metavar="FILE", help="cast file (casts/<manuscript>.yaml if there is one)")
    dub.add_argument("--engine", metavar="NAME", help="speak everything with this engine (see `shuoshu engines`)")
    dub.add_argument("--profile", metavar="NAME", help="mastering profile (the cast's, or podcast)")
    dub.add_argument("--video", type=Path, metavar="FILE", help="lay the track into a copy of this video")
    dub.add_argument("--keep-audio", action="store_true", help="keep the video's own sound as a second track")
    dub.add_argument("--total", default="", metavar="30s", help="fit all lines into this time: 30s, 1:30, 2.5m")
    dub.add_argument("--fill", action="store_true", help="draw out lines that are shorter than their slots")
    dub.add_argument(
        "--formats",
        default="flac,m4a",
        metavar="wav,m4a",
        help="files of the track: flac, wav, mp3, opus, m4a (flac,m4a)",
    )
    _on_failure(dub)
    _output(dub)
    _working(dub)
    _json(dub)


def _verify(verbs: Any) -> None:
    verify = _verb(
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
    _json(verify)


def _storage(verbs: Any) -> None:
    repair = _verb(
        verbs, "repair", "storage:repair", "check every take by its hash and mend the index from the files",
        "shuoshu repair demo-zh --dry-run", "shuoshu repair demo-zh --json",
    )  # fmt: skip
    repair.add_argument("book", metavar="BOOK", help="a book's name or folder")
    repair.add_argument("--dry-run", action="store_true", help="only say what is wrong")
    gc = _verb(
        verbs, "gc", "storage:gc", "remove takes that no line uses, and what killed runs and repairs left",
        "shuoshu gc demo-zh --dry-run", "shuoshu gc novel-1 novel-2 --keep 1", "shuoshu gc demo-zh --older-than 30",
    )  # fmt: skip
    gc.add_argument("books", metavar="BOOK", nargs="+", help="books' names or folders")
    gc.add_argument("--dry-run", action="store_true", help="only say what would go")
    which = gc.add_mutually_exclusive_group()
    which.add_argument("--keep", type=_count, metavar="N", help="of each line, the newest N takes stay (3)")
    which.add_argument("--older-than", type=_days, metavar="DAYS", help="only takes older than that go")
    export = _verb(
        verbs, "export", "storage:export", "write a book into one archive, with its takes, cast and manuscript",
        "shuoshu export demo-zh demo-zh.tar", "shuoshu export demo-zh backup.tar.zst --no-masters",
    )  # fmt: skip
    export.add_argument("book", metavar="BOOK", help="a book's name or folder")
    export.add_argument("archive", type=Path, metavar="FILE", help="ending in .tar, .tar.zst or .zip")
    export.add_argument(
        "--no-masters", action="store_true", help="leave out chapters and deliverables: they can be made again"
    )
    bring = _verb(
        verbs, "import", "storage:import_", "make the book that an archive of `shuoshu export` holds",
        "shuoshu import demo-zh.tar", "shuoshu import demo-zh.tar --output elsewhere",
    )  # fmt: skip
    bring.add_argument("archive", type=Path, metavar="FILE")
    for verb in (repair, gc, export, bring):
        _output(verb)
        _json(verb)


def _queue(verbs: Any) -> None:
    schedule = _verb(
        verbs, "schedule", "night:show_list", "a queue of books, made by night (docs/scheduling.md)",
        "shuoshu schedule add manuscripts/*.epub --priority 5",
        "shuoshu schedule list", "shuoshu schedule serve", "shuoshu morning",
    )  # fmt: skip
    parts = schedule.add_subparsers(title="verbs", metavar="VERB", required=True)
    add = _verb(
        parts, "add", "queue:add", "queue books",
        "shuoshu schedule add novel.epub --cast casts/novel.yaml --priority 5 --deadline 2026-12-24",
        "shuoshu schedule add manuscripts/*.epub",
    )  # fmt: skip
    add.add_argument("manuscripts", type=Path, metavar="MANUSCRIPT", nargs="+")
    add.add_argument("--priority", type=int, metavar="N", help="higher is made first (0)")
    add.add_argument("--deadline", metavar="DAY", help='a day, or a day and a time: 2026-12-24, "2026-12-24 07:00"')
    _reading_options(add)
    _attributor(add)
    _making(add)
    _on_failure(add)
    shown = _verb(
        parts, "list", "night:show_list", "say how long each book will take, and which will be done by morning",
        "shuoshu schedule list", "shuoshu schedule list --json",
    )  # fmt: skip
    remove = _verb(parts, "remove", "queue:remove", "take books out of the queue", "shuoshu schedule remove novel")
    pause = _verb(
        parts, "pause", "queue:pause", "leave books where they are, or the whole queue", "shuoshu schedule pause novel",
        "shuoshu schedule pause           # the whole queue; a book that is being made stops cleanly",
    )  # fmt: skip
    resume = _verb(
        parts, "resume", "queue:resume", "go on with paused books, or the queue", "shuoshu schedule resume novel",
        "shuoshu schedule resume          # the whole queue; books that were paused by name stay so",
    )  # fmt: skip
    for verb, count in ((remove, "+"), (pause, "*"), (resume, "*")):
        verb.add_argument("books", metavar="BOOK", nargs=count, help="a book's name, or its manuscript")
    serve = _verb(
        parts, "serve", "queue:serve", "wait for the window each night, as a Prefect deployment",
        "prefect server start &", "export PREFECT_API_URL=http://127.0.0.1:4200/api", "shuoshu schedule serve",
    )  # fmt: skip
    _watched(serve)
    morning = _verb(
        verbs, "morning", "night:morning", "what the night made, and what not and why",
        "shuoshu morning", "shuoshu morning --night 2026-11-25 --json",
    )  # fmt: skip
    morning.add_argument("--night", default="", metavar="DAY", help="the day on which its window opened (the last)")
    for verb in (add, shown, remove, pause, resume, serve, morning):
        verb.add_argument("--queue", type=Path, default=Path("queue.yaml"), metavar="FILE", help="(queue.yaml)")
    _json(shown)
    _json(morning)


def _machine(verbs: Any) -> None:
    _json(_verb(verbs, "engines", "machine:engines", "list the voice engines and what each can do", "shuoshu engines"))
    doctor = _verb(
        verbs, "doctor", "machine:doctor", "say what this machine has, and what is missing", "shuoshu doctor"
    )
    doctor.add_argument(
        "--engine", metavar="NAME", help="also look closely at what this engine needs: indextts2, openai"
    )
    _output(doctor)
    _json(doctor)
    _verb(verbs, "version", "machine:version", "print the version", "shuoshu version")

"""Verbs that make a book, look at it and mend it: their options and examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.cli.options import (
    add_verb,
    attributor_option,
    casting_options,
    count,
    json_option,
    making_options,
    manuscript_argument,
    on_failure_option,
    output_option,
    watched_options,
    working_options,
)


def add(verbs: Any) -> None:
    """Add them to the command line, in the order of its help."""
    _make(verbs)
    _look(verbs)
    _review(verbs)
    _mend(verbs)
    _finish(verbs)
    _dub(verbs)
    _scene(verbs)


def _make(verbs: Any) -> None:
    run = add_verb(
        verbs, "run", "make:run", "turn a manuscript into a mastered audiobook",
        "shuoshu run novel.epub --cast casts/novel.yaml",
        "shuoshu run 长安.txt --encoding gb18030 --chapters 2-5,9",
        "shuoshu run novel.epub --profile ebu_r128 --workers 4 --json",
        "shuoshu run output/novel                        # bring a book up to date, as its last run made it",
        "shuoshu run novel.epub --metrics-port 9464 --log-file run.jsonl",
    )  # fmt: skip
    manuscript_argument(run)
    attributor_option(run)
    making_options(run)
    on_failure_option(run)
    run.add_argument("--runner", choices=("local", "dask"), default="local", help="who does the work (docs/scaling.md)")
    run.add_argument("--address", default="", metavar="tcp://HOST:8786", help="scheduler of the Dask cluster")
    output_option(run)
    working_options(run)
    watched_options(run)
    json_option(run)

    script = add_verb(
        verbs, "script", "tables:script", "parse a manuscript and write its script table, nothing more",
        "shuoshu script novel.epub",
        "shuoshu script novel.epub --xlsx novel.xlsx      # to edit in a spreadsheet",
        "shuoshu script novel.epub --take novel.xlsx      # take the edits back",
        "shuoshu script novel.epub --attributor llm       # ask a language model where the rules are unsure",
    )  # fmt: skip
    manuscript_argument(script)
    attributor_option(script)
    script.add_argument("--xlsx", type=Path, metavar="FILE", help="also write the table as a spreadsheet")
    script.add_argument("--take", type=Path, metavar="FILE", help="take edits from a spreadsheet first")
    output_option(script)
    json_option(script)

    cast = add_verb(verbs, "cast", "tables:cast_init", "start or check a cast file", "shuoshu cast init novel.epub")
    parts = cast.add_subparsers(title="verbs", metavar="VERB", required=True)
    init = add_verb(
        parts, "init", "tables:cast_init", "write a commented starter cast file with every speaker found",
        "shuoshu cast init novel.epub", "shuoshu cast init novel.epub --to casts/mine.yaml",
    )  # fmt: skip
    manuscript_argument(init)
    init.add_argument("--to", type=Path, metavar="FILE", help="where to (casts/<manuscript>.yaml)")
    check = add_verb(
        parts, "check", "tables:cast_check", "check a cast file, alone or against a manuscript",
        "shuoshu cast check casts/novel.yaml", "shuoshu cast check casts/novel.yaml novel.epub",
    )  # fmt: skip
    check.add_argument("cast", type=Path, metavar="CAST")
    check.add_argument("manuscript", type=Path, metavar="MANUSCRIPT", nargs="?")
    json_option(check)


def _look(verbs: Any) -> None:
    lines = add_verb(
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
    lines.add_argument("--limit", type=count, default=0, metavar="N", help="at most so many lines (all)")
    output_option(lines)
    json_option(lines)

    status = add_verb(
        verbs, "status", "mend:status", "say what is rendered, what is stale and why, what needs a listen",
        "shuoshu status demo-zh", "shuoshu status demo-zh --json",
    )  # fmt: skip
    status.add_argument("book", metavar="BOOK")
    output_option(status)
    json_option(status)

    takes = add_verb(verbs, "takes", "mend:takes", "list every take of a line", "shuoshu takes demo-zh c02-7fa2b1")
    play = add_verb(
        verbs, "play", "mend:play", "play a line's take", "shuoshu play demo-zh c02-7fa2b1",
        "shuoshu play demo-zh c02-7fa2b1 --take 2",
    )  # fmt: skip
    for verb in (takes, play):
        verb.add_argument("book", metavar="BOOK")
        verb.add_argument("line", metavar="ID")
        output_option(verb)
    play.add_argument("--take", metavar="TAKE", help="number or key as `takes` lists it (the chosen one)")
    json_option(takes)


def _review(verbs: Any) -> None:
    review = add_verb(
        verbs, "review", "review:review", "list what of a script needs a look, least sure first",
        "shuoshu review demo-zh", "shuoshu review demo-zh --all", "shuoshu review demo-zh --json",
    )  # fmt: skip
    review.add_argument("book", metavar="BOOK", help="a book's name or folder")
    review.add_argument("--all", action="store_true", help="every doubtful line, not the first forty")
    report = add_verb(
        verbs, "report", "review:report", "write the review, and the quality of mastered chapters, as HTML pages",
        "shuoshu report demo-zh",
    )  # fmt: skip
    report.add_argument("book", metavar="BOOK")
    assign = add_verb(
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
    rename = add_verb(
        verbs, "rename", "review:rename", "give a character another name", "shuoshu rename demo-zh 老王 王掌柜"
    )
    rename.add_argument("book", metavar="BOOK")
    rename.add_argument("old", metavar="OLD")
    rename.add_argument("new", metavar="NEW")
    merge = add_verb(
        verbs, "merge", "review:merge", "give every line of character A to character B",
        "shuoshu merge demo-zh 小晚 林晚        # 小晚 is 林晚",
    )  # fmt: skip
    merge.add_argument("book", metavar="BOOK")
    merge.add_argument("name", metavar="A")
    merge.add_argument("into", metavar="B")
    split = add_verb(
        verbs, "split", "review:split", "give some lines of a character to a new one",
        "shuoshu split demo-zh 老人 c02-7fa2b1 c03-11ac09 船夫",
    )  # fmt: skip
    split.add_argument("book", metavar="BOOK")
    split.add_argument("name", metavar="NAME")
    split.add_argument("lines", metavar="ID", nargs="+")
    split.add_argument("new", metavar="NEWNAME")
    listen = add_verb(
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
    working_options(listen)
    for verb in (review, report, assign, rename, merge, split, listen):
        output_option(verb)
        json_option(verb)
    for verb in (assign, rename, merge, split):
        verb.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")


def _mend(verbs: Any) -> None:
    rerender = add_verb(
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
        "--takes", type=count, default=1, metavar="K", help="how many takes, for an engine whose takes differ (1)"
    )
    output_option(rerender)
    working_options(rerender)
    watched_options(rerender)
    json_option(rerender)

    choose = add_verb(
        verbs, "choose", "mend:choose", "use another take of a line", "shuoshu choose demo-zh c02-7fa2b1 2",
    )  # fmt: skip
    choose.add_argument("book", metavar="BOOK")
    choose.add_argument("line", metavar="ID")
    choose.add_argument("take", metavar="TAKE", help="number or key as `takes` lists it")
    output_option(choose)
    working_options(choose)
    watched_options(choose)
    json_option(choose)


def _finish(verbs: Any) -> None:
    deliver = add_verb(
        verbs, "deliver", "deliver:deliver", "make deliverables of a book whose chapters are mastered",
        "shuoshu deliver demo-zh m4b,timeline", "shuoshu deliver --list",
    )  # fmt: skip
    deliver.add_argument("book", metavar="BOOK", nargs="?", help="a book's name or folder")
    deliver.add_argument(
        "kinds", metavar="KINDS", nargs="?", default="", help="such as m4b,srt (those of the last run)"
    )
    deliver.add_argument("--list", action="store_true", help="list every kind, and the settings it takes")
    output_option(deliver)
    json_option(deliver)


def _dub(verbs: Any) -> None:
    dub = add_verb(
        verbs, "dub", "dub:dub", "speak subtitles at their times, or lines within a total, and lay them into a video",
        "shuoshu dub clip.srt --cast casts/clip.yaml --video clip.mp4",
        "shuoshu dub clip.ass --video clip.mkv --keep-audio --formats wav,m4a",
        "shuoshu dub script.txt --total 30s        # all its lines in half a minute",
    )  # fmt: skip
    manuscript_argument(dub)
    casting_options(dub)
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
    on_failure_option(dub)
    output_option(dub)
    working_options(dub)
    json_option(dub)


def _scene(verbs: Any) -> None:
    scene = add_verb(
        verbs, "scene", "scene:scene", "make a scene out of one sentence that says who is in it and how long it lasts",
        'shuoshu scene "生成三位角色对话，父亲沉稳、孩子调皮、旁白略带忧伤，总时长30秒" --lines lines.txt',
        'shuoshu scene "a calm father and a mischievous child, 20 seconds" --library casts/voices.yaml',
    )  # fmt: skip
    scene.add_argument("sentence", metavar="SENTENCE", help="who is in it, how each of them is, how long it lasts")
    scene.add_argument(
        "--lines",
        type=Path,
        metavar="FILE",
        help="what they say, `Father: You are back.` a row; - = standard input (a language model writes)",
    )
    scene.add_argument("--total", default="", metavar="30s", help="how long it lasts, where the sentence does not say")
    scene.add_argument(
        "--library", type=Path, metavar="FILE", help="cast file whose voices are chosen from by their `about`"
    )
    scene.add_argument("--name", default="", help="of the scene's files and folder (who is in it)")
    scene.add_argument(
        "--to", type=Path, default=Path(), metavar="FOLDER", help="where its manuscript and cast file go (.)"
    )
    scene.add_argument("--engine", metavar="NAME", help="speak everything with this engine (see `shuoshu engines`)")
    scene.add_argument("--profile", metavar="NAME", help="mastering profile (podcast)")
    scene.add_argument("--formats", default="flac,m4a", metavar="wav,m4a", help="files of the track (flac,m4a)")
    scene.set_defaults(
        video=None, keep_audio=False, fill=False, chapter_pattern=None, encoding=None, include_matter=False, cast=None
    )
    on_failure_option(scene)
    output_option(scene)
    working_options(scene)
    json_option(scene)

"""Options that several verbs of the `shuoshu` command share, and the form of a verb."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_verb(verbs: Any, name: str, call: str, help_text: str, *examples: str) -> argparse.ArgumentParser:
    """A verb, answered by the function that `call` names as ``module:function`` (of `pipeline.cli`)."""
    verb: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(call=call)
    return verb


def output_option(verb: argparse.ArgumentParser) -> None:
    """Where the books are."""
    verb.add_argument("--output", type=Path, default=Path("output"), help="folder that holds the books (output)")


def json_option(verb: argparse.ArgumentParser) -> None:
    """For scripts."""
    verb.add_argument("--json", action="store_true", help="print JSON for scripts, nothing else")


def manuscript_argument(verb: argparse.ArgumentParser) -> None:
    """A manuscript, and how to read it."""
    verb.add_argument(
        "manuscript",
        type=Path,
        metavar="MANUSCRIPT",
        help="EPUB, TXT, Markdown, HTML, DOCX, SRT, VTT, ASS; or a book's folder",
    )
    reading_options(verb)


def reading_options(verb: argparse.ArgumentParser) -> None:
    """How to read a manuscript where the guess is wrong."""
    verb.add_argument("--chapter-pattern", metavar="REGEX", help="what a chapter heading looks like, tried per line")
    verb.add_argument("--encoding", help="of a text file, where the guess is wrong (gb18030, big5, utf-16 …)")
    verb.add_argument("--language", choices=("zh", "en"), help="of the book, where the guess is wrong")
    verb.add_argument("--include-matter", action="store_true", help="read front and back matter too")


def on_failure_option(verb: argparse.ArgumentParser) -> None:
    """What becomes of a line that cannot be rendered."""
    verb.add_argument(
        "--on-failure", choices=("stop", "silence", "placeholder"),
        help="a line that cannot be rendered: stop, or finish the book with silence or the embedded voice in its place"
        " (as the cast file says, or stop)",
    )  # fmt: skip


def attributor_option(verb: argparse.ArgumentParser) -> None:
    """Who decides doubtful speakers."""
    verb.add_argument(
        "--attributor", choices=("offline", "llm"),
        help="llm: ask a language model where the rules are unsure (docs/llm.md; as the last run, or offline)",
    )  # fmt: skip


def working_options(verb: argparse.ArgumentParser) -> None:
    """How many work, and whether Prefect keeps a record."""
    verb.add_argument("--workers", type=count, default=0, metavar="N", help="worker processes (one per core)")
    verb.add_argument("--plain", action="store_true", help="without Prefect: the same rooms, no run record")


def count(text: str) -> int:
    """A number from 0 to 512."""
    number = int(text)
    if not 0 <= number <= 512:
        raise argparse.ArgumentTypeError("must lie between 0 and 512")
    return number


def days(text: str) -> float:
    """Days, 0 to 36,500 (a hundred years)."""
    days = float(text)
    if not 0 <= days <= 36_500:
        raise argparse.ArgumentTypeError("must lie between 0 and 36500")
    return days


def casting_options(verb: argparse.ArgumentParser) -> None:
    """Who speaks, and for which profile."""
    verb.add_argument("--cast", type=Path, metavar="FILE", help="cast file (casts/<manuscript>.yaml if there is one)")
    verb.add_argument("--engine", metavar="NAME", help="speak everything with this engine (see `shuoshu engines`)")
    verb.add_argument("--profile", metavar="NAME", help="mastering profile (the cast's, or podcast)")


def making_options(verb: argparse.ArgumentParser) -> None:
    """What to make of a manuscript."""
    casting_options(verb)
    verb.add_argument(
        "--formats", default="", metavar="m4a,mp3", help="chapter files: flac, wav, mp3, opus, m4a (flac,mp3,m4a)"
    )
    verb.add_argument(
        "--deliver", default="", metavar="m4b,srt", help="what to make of the chapters (see `shuoshu deliver --list`)"
    )
    verb.add_argument("--chapters", default="", metavar="2-5,9", help="only these chapters")


def watched_options(verb: argparse.ArgumentParser) -> None:
    """For whoever watches long work from outside."""
    verb.add_argument(
        "--metrics-port", type=port, default=0, metavar="N", help="answer Prometheus on 127.0.0.1:N (docs/scheduling.md)",
    )  # fmt: skip
    verb.add_argument(
        "--log-json", action="store_true", help="standard error is a log: one JSON object a line, nothing else"
    )
    verb.add_argument("--log-file", type=Path, metavar="FILE", help="the same log added to a file")


def port(text: str) -> int:
    """A TCP port."""
    number = int(text)
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError("must lie between 1 and 65535")
    return number

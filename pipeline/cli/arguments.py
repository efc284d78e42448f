"""The whole command line: every verb of the `shuoshu` command."""

from __future__ import annotations

import argparse

from pipeline.cli import book_verbs, house_verbs


def parser(version: str) -> argparse.ArgumentParser:
    """Parses the whole command line."""
    top = argparse.ArgumentParser(
        prog="shuoshu",
        description="说书: a manuscript goes in, mastered chapters and a finished audiobook come out.",
        epilog="Start here:  shuoshu run manuscripts/demo-zh.epub --cast casts/demo-zh.yaml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"shuoshu {version}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    book_verbs.add(verbs)
    house_verbs.add(verbs)
    return top

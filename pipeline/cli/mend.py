"""Verbs on a book that exists: status, takes, play, rerender, choose."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import asdict

from pipeline.chapters import mastered_chapters
from pipeline.cli import show
from pipeline.cli.make import make, report, summary
from pipeline.cli.watching import watched
from pipeline.folder import find
from pipeline.nouns import Take
from pipeline.opening import reopen
from pipeline.produce import Result, doubtful, finish
from pipeline.render.plan import FAILED
from pipeline.retake import Retake, older_take, open_choice, open_retake, pick


def status(options: argparse.Namespace) -> int:
    """What is rendered, what is stale and why, what needs a listen."""
    folder = find(options.book, options.output)
    with reopen(folder, lock=False) as production:
        reasons = Counter(production.plan.stale.values())
        current = set(mastered_chapters(production))
        flagged, unsure = doubtful(production)
        failed = {
            line: one for line, one in production.store.failures().items() if production.plan.stale.get(line) == FAILED
        }
        spoken, older = len(production.wanted), production.plan.older
        report_ = {
            "book": str(folder.path), "title": production.record.title, "lines": len(production.plan.lines),
            "spoken": spoken, "rendered": spoken - len(production.plan.stale), "stale": dict(production.plan.stale),
            "chapters": len(production.chapters), "mastered": sorted(current),
            "older_take": dict(older), "failed": {line: asdict(one) for line, one in failed.items()},
            "needs_listen": flagged, "unsure_speaker": unsure, "remarks": production.remarks,
        }  # fmt: skip
    if options.json:
        show.print_json(report_)
        return 0
    say = show.say
    rows = [
        (say("rendered", "已合成"), f"{report_['rendered']} / {spoken}"),
        (say("chapters mastered", "已制作章节"), f"{len(current)} / {report_['chapters']}"),
        *((say(f"stale: {why}", f"需重做：{why.chinese}"), count) for why, count in reasons.most_common()),
        (say("chosen take answers an older wish", "选用的录音早于改动"), len(older)),
        (say("need a listen", "需要试听"), len(flagged)),
        (say("speaker in doubt", "说话人存疑"), len(unsure)),
    ]
    show.table(production.record.title, [say("what", "项目"), say(">lines", ">行数")], rows)
    for line, flags in list(flagged.items())[:20]:
        show.remark(f"{line}: {', '.join(flags)} (shuoshu play {folder.path.name} {line})")
    for line, one in list(failed.items())[:20]:
        show.remark(say(f"{line} failed: {one.why}", f"{line} 合成失败：{one.why}"))
    show.remarks([older_take(line, other) for line, other in older.items()])
    show.remarks(production.remarks)
    return 0


def takes(options: argparse.Namespace) -> int:
    """Every take of a line; the chosen one is starred."""
    folder = find(options.book, options.output)
    with reopen(folder, lock=False) as production:
        made = production.store.takes_of(options.line)
        used = production.wanted.get(options.line)
    rows = [
        {
            "take": number, "chosen": take.key == used, "seconds": round(take.seconds, 3), "engine": take.engine,
            "seed": take.seed, "flags": list(take.flags), "created": take.created, "key": take.key,
            "path": str(take.path),
        }
        for number, take in enumerate(made, 1)
    ]  # fmt: skip
    if options.json:
        show.print_json(rows)
        return 0
    if not rows:
        show.remark(show.say(f"line {options.line} has no take yet", f"{options.line} 还没有录音"))
    show.table(
        options.line,
        [">take", "", ">seconds", "engine", ">seed", "flags", "made", "key"],
        [
            (
                row["take"], "★" if row["chosen"] else "", row["seconds"], row["engine"], row["seed"],
                " ".join(take.flags), row["created"], take.key[:12],
            )
            for row, take in zip(rows, made, strict=True)
        ],
    )  # fmt: skip
    return 0


def play(options: argparse.Namespace) -> int:
    """Play a take through the machine's loudspeaker."""
    folder = find(options.book, options.output)
    with reopen(folder, lock=False) as production:
        made = production.store.takes_of(options.line)
        used = production.wanted.get(options.line, "")
        take = pick(made, options.line, options.take or used)
        text = next((line.text for line in production.plan.lines if line.id == options.line), "")
    show.remark(f"{options.line}  {text}")
    _play(take)
    return 0


def _play(take: Take) -> None:
    import os
    import shutil
    import subprocess

    from pipeline.errors import ShuoshuError

    named = os.environ.get("SHUOSHU_PLAYER", "").split()
    players = (
        [named] if named else [["ffplay", "-nodisp", "-autoexit", "-loglevel", "error"], ["afplay"], ["play", "-q"]]
    )
    player = next((one for one in players if one and shutil.which(one[0])), None)
    if player is None:
        raise ShuoshuError(
            "no audio player was found (ffplay, afplay, play)" if not named else f"no player {named[0]!r} was found",
            where=str(take.path),
            fix="Open that file with any player, or name one in SHUOSHU_PLAYER.",
        )
    if subprocess.run([*player, str(take.path)], check=False).returncode:
        raise ShuoshuError(f"{player[0]} could not play the take", where=str(take.path), fix="Is there a sound device?")


def rerender(options: argparse.Namespace) -> int:
    """New takes of single lines; only their chapters are mastered again."""
    folder, began = find(options.book, options.output), time.monotonic()
    wish = Retake(
        tuple(options.lines),
        options.emotion,
        options.speed,
        options.text,
        options.seed,
        max(1, options.takes),
        delivery=options.delivery,
    )
    with watched(options) as (watching, tell), open_retake(folder, wish, tell) as production:
        result = make(production, wish, options.workers, tell, plain=options.plain, log=watching.log)
    _close(options, result, began)
    return 0


def choose(options: argparse.Namespace) -> int:
    """Use another take of a line and master its chapter again."""
    folder, began = find(options.book, options.output), time.monotonic()
    with watched(options) as (_, tell), open_choice(folder, options.line, options.take) as production:
        result = finish(production, options.workers, tell)
    _close(options, result, began)
    return 0


def _close(options: argparse.Namespace, result: Result, began: float) -> None:
    spent = time.monotonic() - began
    if options.json:
        show.print_json(summary(result, spent))
    else:
        report(result, spent)

"""`shuoshu listen`: a speech recognizer hears every line; what it heard otherwise is listed, kept, and made anew on demand."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from pipeline import engines
from pipeline.cli import show
from pipeline.cli.make import make
from pipeline.cli.quality import quality_report
from pipeline.errors import EngineError
from pipeline.folder import BookFolder, find
from pipeline.listening import config, results
from pipeline.listening.listen import Listener, Outcome, Spoken, listener
from pipeline.listening.listen import listen as hear_all
from pipeline.listening.results import Doubt
from pipeline.opening import Production, reopen
from pipeline.progress import Progress
from pipeline.request import chapters_in
from pipeline.retake import Retake, open_retake

_FEW = 20


def listen(options: argparse.Namespace) -> int:
    """Hear what was not heard yet, list what is far from its text, and with --retry make that anew and hear it again."""
    folder = find(options.book, options.output)
    by = listener(config.settings(options.asr, options.model))
    try:
        outcome, engine_of = _listened(folder, by, options)
        before, unseeded = dict(outcome.results.doubts), []
        retried: list[Doubt] = []
        if options.retry and not outcome.given_up:
            wanted = [one for one in before.values() if one.line in engine_of]
            retried = [one for one in wanted if engines.engine_class(engine_of[one.line]).capabilities.seeded]
            unseeded = [one for one in wanted if one not in retried]
            if retried:
                _made_anew(folder, retried, options)
                outcome, _ = _listened(folder, by, options)
    finally:
        by.close()
    if any(folder.path.glob("report*.html")):
        quality_report(folder, quiet=True)
    _tell(options, folder, outcome, retried, unseeded)
    if outcome.failed:
        line, why = next(iter(outcome.failed.items()))
        raise EngineError(
            f"{len(outcome.failed)} lines could not be heard; line {line}: {why}"
            + ("; no more were sent" if outcome.given_up else ""),
            where=by.name, fix="What was heard is kept: run the same command again.",
        )  # fmt: skip
    return 0


def _listened(folder: BookFolder, by: Listener, options: argparse.Namespace) -> tuple[Outcome, Mapping[str, str]]:
    """Hear the chapters asked for; the outcome over the whole book, and the engine of every line asked for."""
    with show.Display(quiet=options.json) as display, reopen(folder, observe=display) as production:
        chosen = set(chapters_in(options.chapters, list(production.titles)))
        whole, engine_of = _spoken(production)
        chapter = {line.id: line.chapter for line in production.plan.lines}
        wanted = [one for one in whole if chapter[one.line] in chosen]
        if not wanted:
            raise EngineError(
                "there is no take to listen to",
                where=str(folder.path),
                fix="`shuoshu run` on the manuscript makes them.",
            )

        def tell(done: int, total: int) -> None:
            display(Progress("listen", done, total))

        outcome = hear_all(wanted, whole, by, folder.takes, production.record.language, production.cast.lexicon, tell)
    results.write(folder.path, outcome.results)
    return outcome, {one.line: engine_of[one.line] for one in wanted}


def _spoken(production: Production) -> tuple[list[Spoken], dict[str, str]]:
    """Every line whose take is there, and the engine that spoke it."""
    store, keys = production.store, set(production.wanted.values()) & production.store.whole().keys()
    takes = store.takes(keys)
    texts = {key: str(asked["text"]) for key, asked in store.asked(keys).items()}
    used = {line: takes[key] for line, key in production.wanted.items() if key in takes}
    return [Spoken(line, one.key, one.path, texts[one.key]) for line, one in used.items()], {
        line: one.engine for line, one in used.items()
    }


def _made_anew(folder: BookFolder, doubts: Sequence[Doubt], options: argparse.Namespace) -> None:
    wish = Retake(tuple(one.line for one in doubts))
    with show.Display(quiet=options.json) as display, open_retake(folder, wish, display) as production:
        make(production, wish, options.workers, display, plain=options.plain)


def _tell(
    options: argparse.Namespace,
    folder: BookFolder,
    outcome: Outcome,
    retried: Sequence[Doubt],
    unseeded: Sequence[Doubt],
) -> None:
    found, say = outcome.results, show.say
    if options.json:
        show.print_json({
            "asr": found.asr, "lines": found.lines, "heard_now": outcome.fresh, "rate": found.rate,
            "failed": dict(outcome.failed), "retried": [one.line for one in retried],
            "without_seeds": [one.line for one in unseeded],
            "doubts": [
                {"line": one.line, "rate": one.rate, "errors": one.errors, "spoken": one.spoken, "heard": one.heard}
                for one in found.doubts.values()
            ],
        })  # fmt: skip
        return
    doubts = list(found.doubts.values())
    show.table(
        say(f"Heard otherwise: {len(doubts)} lines", f"听写不符：{len(doubts)} 行"),
        ["id", say(">errors", ">错误"), say("to be spoken / heard", "应读／听到")],
        [(one.line, f"{one.rate:.0%}", f"{one.spoken}\n{one.heard}") for one in doubts[:_FEW]],
    )
    if len(doubts) > _FEW:
        left = len(doubts) - _FEW
        show.remark(say(f"and {left} more: {results.NAME}", f"另有 {left} 行：{results.NAME}"))
    still = {one.line for one in doubts}
    if retried:
        good = sum(one.line not in still for one in retried)
        show.remark(say(
            f"{len(retried)} lines made anew, {good} of them are heard as spoken now; `shuoshu takes` has their old takes",
            f"重做 {len(retried)} 行，其中 {good} 行现已相符；旧录音见 `shuoshu takes`",
        ))  # fmt: skip
    if unseeded:
        show.remark(say(
            f"{len(unseeded)} lines are not made anew: their engine draws nothing by chance and would say them the same."
            " Change their text: `shuoshu rerender BOOK ID --text …`",
            f"{len(unseeded)} 行没有重做：它们的引擎没有随机性，重做也一样。请改文字：`shuoshu rerender BOOK ID --text …`",
        ))  # fmt: skip
    show.console().print(
        say(
            f"{found.lines} lines heard ({outcome.fresh} now), character error rate {found.rate:.1%}, by {found.asr}",
            f"共听 {found.lines} 行（本次 {outcome.fresh} 行），字错误率 {found.rate:.1%}，{found.asr}",
        ),
        soft_wrap=True, markup=False,
    )  # fmt: skip

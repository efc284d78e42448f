"""report.html: verdicts, plots and findings of a book as one page, with a player and commands to copy."""

from __future__ import annotations

import math
from collections import Counter
from html import escape
from urllib.parse import quote

from pipeline.deliver import plots
from pipeline.deliver.clock import short_clock
from pipeline.deliver.finding import SEVERITIES, Finding
from pipeline.deliver.quality import MEASURES, ChapterQuality, Quality, worst_first
from pipeline.deliver.verdicts import Verdict
from pipeline.page import Cell, both, code, speaker, table
from pipeline.page import page as whole
from pipeline.wording import counted

MOST = 2000
"""Findings on the page, the worst; report.json has them all."""
LEAD_S = 0.3
"""Played before and after a line."""
_SEVERITY = {"error": ("error", "错误"), "warning": ("warning", "警告"), "note": ("note", "提示")}
_STYLE = """
.error{color:#c22} .warning{color:#a60} .note{color:#777} .fail{color:#c22;font-weight:bold} .pass{color:#283}
#player{position:sticky;bottom:0;background:inherit;padding:.4rem 0;border-top:1px solid #ccc} audio{width:100%}
button{white-space:nowrap} dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem} dd{margin:0;min-width:0}
"""
_SCRIPT = """
const player=document.querySelector('audio'),told=document.querySelector('#told');
player.onerror=()=>{if(player.getAttribute('src'))told.hidden=false};
document.addEventListener('click',event=>{
 const button=event.target.closest('button');if(!button)return;
 if(button.dataset.play){told.hidden=true;player.src=button.dataset.play;player.play().catch(()=>{})}
 if(button.dataset.copy!==undefined){const command=button.previousElementSibling;
  getSelection().selectAllChildren(command);
  if(navigator.clipboard)navigator.clipboard.writeText(command.textContent).catch(()=>document.execCommand('copy'));
  else document.execCommand('copy');button.dataset.copy='done'}});
"""


def page(quality: Quality, target: float | None) -> str:
    """The page as HTML. Every text of the book is escaped; nothing is asked of the network; sound is played from the
    chapters' files beside the page. target: LUFS, to be drawn in the plots."""
    body = _summary(quality) + _chapters(quality) + _findings(quality) + _shares(quality)
    body += f"<h2>{both('Loudness over time', '响度随时间变化')}</h2><p>{_legend()}</p>"
    body += "\n".join(_figure(one, target) for one in quality.chapters)
    body += (
        '<div id="player"><audio controls preload="none"></audio><p id="told" class="error" hidden>'
        + both(
            "The chapter's file cannot be played: is it still beside this page?",
            "无法播放章节文件：它还在这个网页旁边吗？",
        )
        + "</p></div>"
    )
    style = plots.STYLE + _STYLE
    return whole(quality.title, quality.language, body, style=style, script=_SCRIPT, media=True)


def _summary(quality: Quality) -> str:
    good, count = sum(one.passed for one in quality.chapters), len(quality.chapters)
    verdict = _mark(quality.passed) + " " + both(
        f"{good} of {counted(count, 'chapter')} {'keeps' if good == 1 else 'keep'} to the profile {quality.profile}",
        f"{count} 章中有 {good} 章符合 {quality.profile}",
    )  # fmt: skip
    counts = " · ".join(f'<span class="{one}">{_count(quality.count(one), one)}</span>' for one in SEVERITIES)
    engines = ", ".join(f"{escape(name)} ({count})" for name, count in quality.engines.items())
    rows = [
        (("verdict", "判定"), verdict), (("findings", "发现"), counts),
        (("length", "总时长"), short_clock(quality.seconds)), (("lines", "行数"), str(quality.lines)),
        (("takes made", "录音条数"), str(quality.takes)), (("engines (lines)", "引擎（行数）"), engines),
    ]  # fmt: skip
    if quality.heard:
        heard = quality.heard
        rows.append((
            ("listening check", "听写核对"),
            escape(heard.asr) + ": " + both(
                f"{counted(heard.lines, 'line')}, character error rate {heard.rate:.1%}",
                f"{heard.lines} 行，字错误率 {heard.rate:.1%}",
            ),
        ))  # fmt: skip
    return "<dl>" + "".join(f"<dt>{both(*name)}</dt><dd>{text}</dd>" for name, text in rows) + "</dl>"


def _chapters(quality: Quality) -> str:
    problems = Counter(one.chapter for one in quality.findings)
    measures = [one.measure for one in quality.chapters[0].verdicts] if quality.chapters else []
    heads = [("chapter", "章"), ("title", "标题"), ("verdict", "判定"), *(MEASURES[one] for one in measures)]
    heads += [("limiter", "限幅"), ("findings", "发现")]
    rows = [
        [
            Cell("n", str(one.chapter)), Cell("t", escape(one.title) + " " + _play(one.audio)), Cell("", _mark(one.passed)),
            *map(_measured, one.verdicts), Cell("n", f"{one.reduction_db:.1f} dB", one.reduction_db),
            Cell("n", str(problems[one.chapter])),
        ]
        for one in quality.chapters
    ]  # fmt: skip
    return table(("Chapters", "章节"), heads, rows, stack=True)


def _measured(one: Verdict) -> Cell:
    known = math.isfinite(one.measured)
    text = short_clock(one.measured) if one.measure == "seconds" else f"{one.measured:.2f}" if known else "—"
    if not one.passed:
        text = f'<span class="fail">{text}</span>'
    bounds = [f"{sign} {bound:g}" for sign, bound in (("≥", one.least), ("≤", one.most)) if bound is not None]
    allowed = f' <br><span class="near">{" ".join(bounds)}</span>' if bounds else ""
    return Cell("n", text + allowed, one.measured if known else -999.0)


def _findings(quality: Quality) -> str:
    shown = worst_first(quality.findings)[:MOST]
    audio = {one.chapter: one.audio for one in quality.chapters}
    heads = [
        ("severity", "程度"), ("chapter", "章"), ("speaker", "说话人"), ("what", "问题"), ("line", "台词"), ("listen", "试听"),
        ("make anew", "重做"),
    ]  # fmt: skip
    left = len(quality.findings) - len(shown)
    more = both(f"{left} more in report.json.", f"另有 {left} 条，见 report.json。")
    more = f"<p>{more}</p>" if left else ""
    if not shown:
        return f"<h2>{both('Findings (0)', '发现 (0)')}</h2><p>{both('Nothing needs a listen.', '没有需要试听的地方。')}</p>"
    return table(("Findings", "发现"), heads, (_row(one, audio[one.chapter]) for one in shown), stack=True) + more


def _row(one: Finding, audio: str) -> list[Cell]:
    start, end = (max(0.0, one.start - LEAD_S), one.end + LEAD_S) if one.line else (0.0, 0.0)
    copy = f'{code(one.command)} <button type="button" data-copy>{both("copy", "复制")}</button>' if one.command else ""
    return [
        Cell("", f'<span class="{one.severity}">{both(*_SEVERITY[one.severity])}</span>', SEVERITIES.index(one.severity)),
        Cell("n", str(one.chapter)), Cell("", speaker(one.speaker)), Cell("t", both(one.english, one.chinese)),
        Cell("t", escape(one.text)), Cell("", _play(audio, start, end), one.start), Cell("t", copy),
    ]  # fmt: skip


def _play(audio: str, start: float = 0.0, end: float = 0.0) -> str:
    """A button that plays a file, or a part of it (W3C Media Fragments URI 1.0, 4.2.1)."""
    part = f"#t={start:.2f},{end:.2f}" if end else ""
    when = short_clock(start) if end else ""
    return f'<button type="button" data-play="{escape(quote(audio) + part)}">▶ {when}</button>'


def _shares(quality: Quality) -> str:
    spoken = sum(one.seconds for one in quality.shares) or 1.0
    heads = [("speaker", "说话人"), ("share", "占比"), ("time", "时长"), ("lines", "行数")]
    rows = [
        [
            Cell("", speaker(one.speaker)), Cell("n", f"{one.seconds / spoken:.1%}", one.seconds),
            Cell("n", short_clock(one.seconds), one.seconds), Cell("n", str(one.lines)),
        ]
        for one in quality.shares
    ]  # fmt: skip
    return table(("Characters", "角色"), heads, rows)


def _legend() -> str:
    return both(
        "Area: momentary loudness (400 ms). Line: short-term loudness (3 s). Dashed: target. Scales: LUFS and time (min:s).",
        "阴影：瞬时响度（400 毫秒）。实线：短期响度（3 秒）。虚线：目标。刻度：LUFS 与时间（分:秒）。",
    )


def _figure(one: ChapterQuality, target: float | None) -> str:
    return (
        f"<figure><figcaption>{one.chapter} {escape(one.title)} · {short_clock(one.seconds)} {_play(one.audio)}"
        "</figcaption>"
        + plots.plot(one.momentary, one.short_term, target, one.waveform, one.seconds) + "</figure>"
    )  # fmt: skip


def _mark(passed: bool) -> str:
    words = ("pass", "合格") if passed else ("FAIL", "不合格")
    return f'<span class="{"pass" if passed else "fail"}">{both(*words)}</span>'


def _count(count: int, severity: str) -> str:
    english, chinese = _SEVERITY[severity]
    return both(counted(count, english), f"{count} 条{chinese}")

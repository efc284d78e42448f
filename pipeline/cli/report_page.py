"""script-report.html: a review of a script as one page."""

from __future__ import annotations

from html import escape

from pipeline.page import Cell, both, code, speaker, table
from pipeline.page import page as whole
from pipeline.script.review import Review


def page(review: Review, title: str, language: str) -> str:
    """The page as HTML. Every text of the book is escaped; nothing is asked of the network."""
    doubts = [
        (
            Cell("n", f"{one.line.confidence:.2f}"), Cell("", code(one.line.id)), Cell("", speaker(one.line.speaker)),
            Cell("t", escape(one.line.why)),
            Cell("t", f'<span class="near">{escape(one.before)}</span><br><b>{escape(one.line.text)}</b>'
                     f'{f" +{one.more}" if one.more else ""}<br><span class="near">{escape(one.after)}</span>'),
        )
        for one in review.doubts
    ]  # fmt: skip
    shares = [
        (
            Cell("", speaker(one.speaker)), Cell("n", str(one.lines)), Cell("n", str(one.doubtful)),
            Cell("t", "<br>".join(map(escape, one.samples))),
        )
        for one in review.shares
    ]  # fmt: skip
    readings = [
        (
            Cell("", code(one.line.id)),
            Cell("t", "<br>".join(both(text, text.chinese) for text in one.remarks)),
            Cell("t", escape(one.line.text)),
        )
        for one in review.readings
    ]
    line, who, text = ("line", "行"), ("speaker", "说话人"), ("text", "文字")
    body = (
        table(
            ("Speakers in doubt", "说话人存疑"),
            (("sure", "把握"), line, who, ("why", "依据"), text), doubts, stack=True,
        )
        + table(
            ("Characters", "角色"), (who, ("lines", "行数"), ("in doubt", "存疑"), ("samples", "例句")), shares, stack=True
        )
        + table(("Suspicious readings", "可疑读音"), (line, ("remark", "说明"), text), readings, stack=True)
    )  # fmt: skip
    return whole(title, language, body)

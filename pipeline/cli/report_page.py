"""script-report.html: a review as one page that needs nothing else, in both languages, with tables that sort."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pipeline.script.review import Review

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title><style>
body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#222;background:#fff}}
table{{border-collapse:collapse;width:100%;margin:1rem 0 2rem}} td,th{{border-bottom:1px solid #ccc;padding:.35rem .6rem;
text-align:left;vertical-align:top;overflow-wrap:anywhere}} th{{cursor:pointer;white-space:nowrap}} td.n{{text-align:right}}
.near{{color:#777}} code{{font-size:.85em}} button{{float:right}} [lang]{{display:none}}
.zh [lang=zh],.en [lang=en]{{display:inline}}
@media (prefers-color-scheme:dark){{body{{color:#ddd;background:#181818}}}}
</style></head><body class="{lang}">
<button type="button">中文 / English</button><h1>{title}</h1>{body}
<script>
document.querySelector('button').onclick=()=>{{const c=document.body.classList,zh=c.toggle('zh');c.toggle('en',!zh)}};
for(const th of document.querySelectorAll('th'))th.onclick=()=>{{
 const body=th.closest('table').tBodies[0],at=th.cellIndex,up=th.dataset.up=th.dataset.up==='1'?'':'1';
 const key=r=>{{const c=r.cells[at];return c.className==='n'?+c.textContent:c.textContent}};
 const rows=[...body.rows].sort((a,b)=>{{const x=key(a),y=key(b);return(x<y?-1:x>y?1:0)*(up?1:-1)}});
 body.append(...rows)}};
</script></body></html>
"""
_Cell = tuple[str, str]
"""(class, HTML) of a cell."""


def page(review: Review, title: str, language: str) -> str:
    """The page as HTML. Every text of the book is escaped; nothing is asked of the network."""
    doubts = [
        (
            ("n", f"{one.line.confidence:.2f}"), ("", _code(one.line.id)), ("", escape(one.line.speaker)),
            ("", escape(one.line.why)),
            ("", f'<span class="near">{escape(one.before)}</span><br><b>{escape(one.line.text)}</b>'
                 f'{f" +{one.more}" if one.more else ""}<br><span class="near">{escape(one.after)}</span>'),
        )
        for one in review.doubts
    ]  # fmt: skip
    shares = [
        (
            ("", escape(one.speaker)), ("n", str(one.lines)), ("n", str(one.doubtful)),
            ("", "<br>".join(map(escape, one.samples))),
        )
        for one in review.shares
    ]  # fmt: skip
    readings = [
        (
            ("", _code(one.line.id)),
            ("", "<br>".join(_both(text, text.chinese) for text in one.remarks)),
            ("", escape(one.line.text)),
        )
        for one in review.readings
    ]
    line, speaker, text = ("line", "行"), ("speaker", "说话人"), ("text", "文字")
    body = (
        _table(
            ("Speakers in doubt", "说话人存疑"),
            (("sure", "把握"), line, speaker, ("why", "依据"), text), doubts,
        )
        + _table(
            ("Characters", "角色"), (speaker, ("lines", "行数"), ("in doubt", "存疑"), ("samples", "例句")), shares
        )
        + _table(("Suspicious readings", "可疑读音"), (line, ("remark", "说明"), text), readings)
    )  # fmt: skip
    return _PAGE.format(title=escape(title), body=body, lang="zh" if language == "zh" else "en")


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _both(english: str, chinese: str) -> str:
    return f'<span lang="en">{escape(english)}</span><span lang="zh">{escape(chinese)}</span>'


def _table(title: tuple[str, str], heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[_Cell]]) -> str:
    head = "".join(f"<th>{_both(*one)}</th>" for one in heads)
    body = "\n".join(
        "<tr>"
        + "".join(f'<td class="{kind}">{html}</td>' if kind else f"<td>{html}</td>" for kind, html in row)
        + "</tr>"
        for row in rows
    )
    return f"<h2>{_both(*title)} ({len(rows)})</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

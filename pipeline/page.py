"""One HTML page that needs nothing else: both of the product's languages, tables that sort, nothing from the network.

What the pages of a book (script-report.html, report.html) share. All text that is passed in is escaped here; cells and
bodies are HTML already, made with `both`, `code` and `html.escape`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from typing import NamedTuple

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title><style>{style}</style></head><body class="{lang}">
<button type="button" class="language">中文 / English</button><h1>{title}</h1>{body}
<script>{script}</script></body></html>
"""
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0 2rem} td,th{border-bottom:1px solid #ccc;padding:.35rem .6rem;
text-align:left;vertical-align:top;overflow-wrap:anywhere} th{cursor:pointer;white-space:nowrap} td.n{text-align:right}
.near{color:#777} code{font-size:.85em} button.language{float:right} span[lang]{display:none}
.zh span[lang=zh],.en span[lang=en]{display:inline}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#181818}}
"""
_SCRIPT = """
document.querySelector('button.language').onclick=()=>{
 const c=document.body.classList,zh=c.toggle('zh');c.toggle('en',!zh);document.documentElement.lang=zh?'zh':'en'};
for(const th of document.querySelectorAll('th'))th.onclick=()=>{
 const body=th.closest('table').tBodies[0],at=th.cellIndex,up=th.dataset.up=th.dataset.up==='1'?'':'1';
 const key=r=>{const c=r.cells[at];return 'key' in c.dataset?+c.dataset.key:c.className==='n'?+c.textContent:c.textContent};
 const rows=[...body.rows].sort((a,b)=>{const x=key(a),y=key(b);return(x<y?-1:x>y?1:0)*(up?1:-1)});
 body.append(...rows)};
"""

Text = tuple[str, str]
"""(English, Chinese)."""


class Cell(NamedTuple):
    """`kind` is a class of the cell ("n": a number, sorted as one), `html` what is in it; a `key` is what it is sorted by in
    place of its text."""

    kind: str
    html: str
    key: float | None = None


def page(title: str, language: str, body: str, *, style: str = "", script: str = "", media: bool = False) -> str:
    """The whole page. Only the scripts given here run, by their hashes (Content Security Policy Level 3, 2.3.1), whatever
    stands in `body`. media: whether sound may be played from files beside the page."""
    run = _SCRIPT + script
    digest = b64encode(sha256(run.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    policy += "; base-uri 'none'; form-action 'none'" + ("; media-src 'self' file:" if media else "")
    return _PAGE.format(
        title=escape(title), lang="zh" if language == "zh" else "en", body=body, style=_STYLE + style, script=run,
        policy=policy,
    )  # fmt: skip


def both(english: str, chinese: str) -> str:
    """A text in both languages, of which the page shows one."""
    return f'<span lang="en">{escape(english)}</span><span lang="zh">{escape(chinese)}</span>'


def code(text: str) -> str:
    """A line's id, a command."""
    return f"<code>{escape(text)}</code>"


def table(title: Text, heads: Sequence[Text], rows: Iterable[Sequence[Cell]]) -> str:
    """A table under its title and number of rows, sorted by whichever head is clicked."""
    head = "".join(f"<th>{both(*one)}</th>" for one in heads)
    body = ["<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows]
    return (
        f"<h2>{both(*title)} ({len(body)})</h2><table><thead><tr>{head}</tr></thead>"
        "<tbody>" + "\n".join(body) + "</tbody></table>"
    )


def _cell(cell: Cell) -> str:
    kind = f' class="{cell.kind}"' if cell.kind else ""
    key = "" if cell.key is None else f' data-key="{cell.key:g}"'
    return f"<td{kind}{key}>{cell.html}</td>"

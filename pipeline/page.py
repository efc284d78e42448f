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

from pipeline.nouns import NARRATOR, UNKNOWN

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title><style>{style}</style></head><body class="{lang}">
<button type="button" class="language">中文 / English</button><h1>{title}</h1>{body}
<script>{script}</script></body></html>
"""
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#222;background:#fff;
overflow-wrap:break-word} .scroll{overflow-x:auto;margin:1rem 0 2rem} table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ccc;padding:.35rem .6rem;text-align:left;vertical-align:top;white-space:nowrap}
th{cursor:pointer;vertical-align:bottom;white-space:normal;word-break:keep-all}
.n{text-align:right} td.t{white-space:normal;min-width:9rem}
.near{color:#777} code{font-size:.85em} code span{display:inline-block;max-width:100%} button.language{float:right}
span[lang]{display:none} .zh span[lang=zh],.en span[lang=en]{display:inline}
@media (max-width:48rem){h1{font-size:1.5rem} .stack,.stack tbody,.stack tr{display:block}
.stack thead tr{display:flex;flex-wrap:wrap} .stack th{border:0;font-size:.85em} .stack tbody tr{padding:.3rem 0}
.stack tr{border-bottom:1px solid #ccc} .stack td{display:inline-block;border:0;padding:.1rem .6rem;text-align:left;
white-space:normal} .stack td.t{display:block} .stack td br{display:none} .stack td.t br{display:inline}
.stack td::before{color:#777;font-size:.85em;margin-right:.4em}
.zh .stack td::before{content:attr(data-zh)} .en .stack td::before{content:attr(data-en)}}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#181818}}
"""
_SCRIPT = """
document.querySelector('button.language').onclick=()=>{
 const c=document.body.classList,zh=c.toggle('zh');c.toggle('en',!zh);document.documentElement.lang=zh?'zh':'en'};
for(const table of document.querySelectorAll('table.stack')){
 const names=[...table.tHead.rows[0].cells].map(th=>[...th.children].map(one=>one.textContent));
 for(const row of table.tBodies[0].rows)[...row.cells].forEach((td,at)=>[td.dataset.en,td.dataset.zh]=names[at])}
for(const th of document.querySelectorAll('th'))th.onclick=()=>{
 const body=th.closest('table').tBodies[0],at=th.cellIndex,up=th.dataset.up=th.dataset.up==='1'?'':'1';
 const key=r=>{const c=r.cells[at];return 'key' in c.dataset?+c.dataset.key:c.className==='n'?+c.textContent:c.textContent};
 const rows=[...body.rows].sort((a,b)=>{const x=key(a),y=key(b);return(x<y?-1:x>y?1:0)*(up?1:-1)});
 body.append(...rows)};
"""

Text = tuple[str, str]
"""(English, Chinese)."""
_NOBODY = {NARRATOR: "旁白", UNKNOWN: "未知"}


class Cell(NamedTuple):
    """`kind` is a class of the cell ("n": a number, sorted as one; "t": a text, broken into rows; "": never broken), `html`
    what is in it; a `key` is what it is sorted by in place of its text."""

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
    """A line's id, a command; what has a hyphen in it is not broken there where it has room."""
    words = (f"<span>{escape(word)}</span>" if "-" in word else escape(word) for word in text.split(" "))
    return f"<code>{' '.join(words)}</code>"


def speaker(name: str) -> str:
    """Who speaks: a name as it is, narrator and unknown in both languages."""
    return both(name, _NOBODY[name]) if name in _NOBODY else escape(name)


def table(title: Text, heads: Sequence[Text], rows: Iterable[Sequence[Cell]], *, stack: bool = False) -> str:
    """A table under its title and number of rows, sorted by whichever head is clicked. Where it is wider than the page, it
    scrolls in a box of its own; on a narrow screen, with `stack`, a row's cells stand one after the other, each behind its
    head: for long texts and many columns."""
    body = list(rows)
    titled = f"<h2>{both(*title)} ({len(body)})</h2>"
    if not body:
        return titled
    head = "".join(f"<th{_class(cell)}>{both(*one)}</th>" for one, cell in zip(heads, body[0], strict=True))
    told = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in body)
    kind = ' class="stack"' if stack else ""
    return f'{titled}<div class="scroll"><table{kind}><thead><tr>{head}</tr></thead><tbody>{told}</tbody></table></div>'


def _cell(cell: Cell) -> str:
    key = "" if cell.key is None else f' data-key="{cell.key:g}"'
    return f"<td{_class(cell)}{key}>{cell.html}</td>"


def _class(cell: Cell) -> str:
    return f' class="{cell.kind}"' if cell.kind else ""

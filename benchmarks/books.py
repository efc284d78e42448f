"""Books for the benchmarks: our own demo story told again and again, as long as is asked for."""

from __future__ import annotations

from pathlib import Path

from pipeline.manuscript import read

HERE = Path(__file__).parent


def write_book(path: Path, lines: int, lines_a_chapter: int = 400, longest: int = 200) -> Path:
    """A Chinese manuscript of about `lines` script lines. Every sentence is its own (it carries a number), so that no take
    serves two lines. `longest` keeps only paragraphs up to so many characters."""
    story = [
        paragraph.text
        for chapter in read(HERE.parent / "manuscripts/demo-zh.txt").chapters
        for paragraph in chapter.paragraphs
        if paragraph.kind == "body" and "[" not in paragraph.text and len(paragraph.text) <= longest
    ]
    a_paragraph = 2.1  # script lines a paragraph of the demo
    out: list[str] = []
    chapter, made = 0, 0.0
    number = 0
    while made < lines:
        if made >= chapter * lines_a_chapter:
            chapter += 1
            out.append(f"\n第{chapter}章 第{chapter}夜\n")
        text = story[number % len(story)]
        number += 1
        out.append(text.replace("。", f"，{_figures(number)}。", 1) if "。" in text else text + _figures(number))
        made += a_paragraph
    path.write_text("\n".join(out), encoding="utf-8")
    return path


def _figures(number: int) -> str:
    return "".join("甲乙丙丁戊己庚辛壬癸"[int(digit)] for digit in str(number))

"""Book -> lines: mark-up off, quotes found, speakers decided, long stretches cut, ids given.

The law of this module: the lines of a paragraph join to its text, mark-up and white space aside. Chinese is analysed in
simplified characters; lines and names have those of the book.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from pipeline.nouns import NARRATOR, Book, Chapter, Cue, Language, Line, LineKind, Paragraph
from pipeline.script import dashes_en, markup
from pipeline.script.attribution import NARRATION, Decision, Unit, attribute
from pipeline.script.feeling import Feeling, tagged
from pipeline.script.names import Names, learn
from pipeline.script.quotes import Span, spans
from pipeline.script.sentences import pieces
from pipeline.script.spelling import Spelling, plain
from pipeline.script.table import MARKED
from pipeline.script.words import speech

ENGLISH_FACTOR = 3
"""English letters for one Chinese character, in the time they take to say."""
_DASH_START = re.compile(r"^\s*(?:——|—|–|- )\s*[^\W\d_]")

_MARKS = re.compile(r"[，。、；：！？]*")
_QUOTED = re.compile('[“”「」『』"]')


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A unit with what the attribution does not need: its text as written (the unit's is simplified Chinese, as long as this),
    its kind when it is settled, a pause, or mark-up's word."""

    unit: Unit
    written: str
    kind: LineKind | None = None
    pause: float | None = None
    marked: Decision | None = None
    feeling: Feeling | None = None
    cue: Cue | None = None


def lines_of(book: Book, max_characters: int) -> list[Line]:
    """See `pipeline.script.analyse`."""
    names = names_in(book)
    lines: list[Line] = []
    for chapter in book.chapters:
        lines.extend(_chapter(chapter, names, book.language, max_characters))
    spelling = Spelling(book)
    return _with_ids(lines, {name: spelling.written(name) for name in {line.speaker for line in lines}})


def names_in(book: Book) -> Names:
    """The people of a book, by their names in simplified characters."""
    return learn(_narration(book), book.language)


def _narration(book: Book) -> Iterator[tuple[str, bool]]:
    for chapter in book.chapters:
        dashes = _dashes_speak(chapter, book.language)
        for paragraph in chapter.paragraphs:
            if paragraph.kind in ("heading", "break"):
                continue
            whole = plain(paragraph.text, book.language)
            found = _spans(whole, book.language, dashes=dashes)
            quoted = any(span.speech for span in found)
            for span in found:
                text = whole[span.start : span.end]
                if not span.speech:
                    yield text, quoted or text.rstrip().endswith((":", "："))
                elif book.language == "zh":  # forms of address stand in speech: 小晚，你来
                    yield text, False


def _chapter(chapter: Chapter, names: Names, language: Language, max_characters: int) -> Iterator[Line]:
    dashes = _dashes_speak(chapter, language)
    stretches = [
        one
        for number, _ in enumerate(chapter.paragraphs, 1)
        for one in _paragraph(chapter, number, language, dashes=dashes)
    ]
    units = [one.unit for one in stretches]
    decided = attribute(units, names, language)
    decisions = [one.marked or decision for one, decision in zip(stretches, decided, strict=True)]
    feelings = tagged(units, decisions, names, language)
    for stretch, decision, feeling in zip(stretches, decisions, feelings, strict=True):
        if stretch.kind == "pause":
            yield _line(chapter, stretch, "", "pause", NARRATION, pause=stretch.pause)
            continue
        kind: LineKind = stretch.kind or _kind(decision)
        feeling = stretch.feeling or feeling
        by_hand = MARKED if stretch.feeling else ()
        if stretch.cue:
            line = _line(chapter, stretch, stretch.written, kind, decision)
            timed = replace(line, start=stretch.cue.start, duration=stretch.cue.seconds)
            yield replace(timed, emotion=feeling.emotion, delivery=feeling.delivery, by_hand=by_hand)
            continue
        factor = ENGLISH_FACTOR if language == "en" else 1
        for text in pieces(stretch.written, max_characters * factor // 2, max_characters * factor):
            line = _line(chapter, stretch, text, kind, decision)
            yield replace(line, emotion=feeling.emotion, delivery=feeling.delivery, by_hand=by_hand)


def _dashes_speak(chapter: Chapter, language: Language) -> bool:
    """Whether a dash at the start of a paragraph opens speech. In Chinese it opens an afterthought of the narrator's as
    well, so there it does where a chapter has several such paragraphs and no quotation marks."""
    texts = [one.text for one in chapter.paragraphs if one.kind not in ("heading", "break")]
    if language != "zh":
        return dashes_en.speaks(texts)
    return sum(bool(_DASH_START.match(one)) for one in texts) > 1 and not any(_QUOTED.search(one) for one in texts)


def _kind(decision: Decision) -> LineKind:
    for kind in ("narration", "thought", "letter"):
        if decision.kind == kind:
            return kind
    return "dialogue"


def _line(
    chapter: Chapter, stretch: _Stretch, text: str, kind: LineKind, decision: Decision, pause: float | None = None
) -> Line:
    return Line(
        id="", chapter=chapter.number, order=0, paragraph=stretch.unit.paragraph, kind=kind, speaker=decision.speaker,
        text=text.strip(), pause_after=pause, confidence=decision.confidence, why=sys.intern(decision.why),
    )  # fmt: skip


def _paragraph(chapter: Chapter, number: int, language: Language, *, dashes: bool) -> list[_Stretch]:
    paragraph = chapter.paragraphs[number - 1]
    if paragraph.kind == "heading":
        return [_Stretch(Unit(paragraph.text, False, number, ends_conversation=True), paragraph.text, kind="heading")]
    if paragraph.kind == "break":
        unit = Unit(paragraph.text, False, number, ends_conversation=True)
        return [_Stretch(unit, paragraph.text, kind="pause")]  # as long as the profile says
    if paragraph.cue:
        return [_subtitle(paragraph, paragraph.cue, number, language)]
    marked = markup.read(paragraph)
    found: list[_Stretch] = []
    for part in marked.parts:
        if isinstance(part, float):
            found.append(_Stretch(Unit("", False, number), "", kind="pause", pause=part))
        elif marked.speaker is not None:
            decision = Decision(
                plain(marked.speaker, language) or NARRATOR,
                1.0,
                "markup",
                "dialogue" if marked.speaker not in ("", NARRATOR) else "narration",
            )
            unit = Unit(plain(part, language), True, number)
            found.append(_Stretch(unit, part, marked=decision, feeling=marked.feeling))
        else:
            found.extend(_stretches(part, number, language, dashes=dashes))
    return found


def _stretches(written: str, number: int, language: Language, *, dashes: bool) -> Iterator[_Stretch]:
    units = _units(plain(written, language), number, language, dashes=dashes)
    ends = list(accumulate(len(unit.text) for unit in units))
    for place in range(len(units) - 1):
        if language == "zh" and units[place].speech:  # “走，”他说，“好”。他走了: the mark belongs to the quotation
            ends[place] += len(_MARKS.findall(written[ends[place] : ends[place + 1]])[0])
    for unit, start, end in zip(units, (0, *ends), ends, strict=False):
        yield _Stretch(unit, written[start:end])


def _subtitle(paragraph: Paragraph, cue: Cue, number: int, language: Language) -> _Stretch:
    """A subtitle is one line whatever it holds, of whom the file names, or the narrator."""
    marked = markup.read(paragraph)
    text = " ".join(part.strip() for part in marked.parts if isinstance(part, str))
    speaker = plain(marked.speaker or cue.speaker, language) or NARRATOR
    why = "subtitle" if marked.speaker is None else "markup"
    decision = Decision(speaker, 1.0, why, "narration" if speaker == NARRATOR else "dialogue")
    unit = Unit(plain(text, language), True, number)
    return _Stretch(unit, text, marked=decision, feeling=marked.feeling, cue=cue)


def _units(text: str, number: int, language: Language, *, dashes: bool = True) -> list[Unit]:
    found = _spans(text, language, dashes=dashes)
    return [Unit(text[one.start : one.end], one.speech, number, one.open) for one in _with_tails(text, found)]


def _spans(text: str, language: Language, *, dashes: bool) -> list[Span]:
    if dashes and language == "en" and dashes_en.OPENS.match(text):
        return dashes_en.spans(text)
    found = spans(text, speech(language).verb)
    if dashes and len(found) == 1 and not found[0].speech and _DASH_START.match(text):
        return [Span(0, len(text), True)]
    return found


def _with_tails(text: str, found: list[Span]) -> list[Span]:
    """A stretch without a letter or digit (the full stop after a quotation) joins the one before it, or the next."""
    kept: list[Span] = []
    for span in found:
        silent = not any(sign.isalnum() for sign in text[span.start : span.end])
        if kept and silent:
            kept[-1] = replace(kept[-1], end=span.end)
        elif kept and not any(sign.isalnum() for sign in text[kept[-1].start : kept[-1].end]):
            kept[-1] = replace(span, start=kept[-1].start)
        else:
            kept.append(span)
    return kept


def _with_ids(lines: list[Line], written: Mapping[str, str] = {}) -> list[Line]:
    """Ids of chapter and content, a second line of the same id gets -2; names as they are `written`."""
    seen: Counter[str] = Counter()
    named = []
    for order, line in enumerate(lines, 1):
        content = line.text or f"{line.kind} {line.pause_after}"
        base = f"c{line.chapter:02d}-{hashlib.sha256(content.encode()).hexdigest()[:6]}"
        seen[base] += 1
        own = base if seen[base] == 1 else f"{base}-{seen[base]}"
        named.append(replace(line, id=own, order=order, speaker=written.get(line.speaker, line.speaker)))
    return named

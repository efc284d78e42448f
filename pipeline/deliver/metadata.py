"""What the files of a whole book, or of a part of it, say of themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.deliver.book import FinishedBook
from pipeline.mastering.tags import AI_NOTE, Tags
from pipeline.nouns import Master
from pipeline.wording import counted

_ARTICLE = re.compile(r"^(?:the|an|a)\s+(?=\S)", re.IGNORECASE)
_PERSON = re.compile(r"[\w.’'-]+(?: [\w.’'-]+)+")
_SAMPLE = {"zh": "{title}（试听）", "en": "{title} (sample)"}
_PART = {"zh": "{title}（{part}/{parts}）", "en": "{title} (part {part} of {parts})"}
_ABOUT = {
    "zh": "《{title}》{by}，共 {chapters} 章，{length}。",
    "en": "{title}{by}. {chapters}, {length}. ",
}
_LENGTH = {"zh": ("{hours} 小时 {minutes} 分", "{minutes} 分钟"), "en": ("{hours} h {minutes} min", "{minutes} min")}
"""From an hour on, and less."""
_BY = {"zh": "，{author} 著", "en": " by {author}"}
_CHAPTER = {"zh": "第 {number} 章", "en": "Chapter {number}"}


def whole(book: FinishedBook) -> Tags:
    """Tags of the book in one file."""
    return _tags(book, book.record.title, book.masters)


def part(book: FinishedBook, masters: Sequence[Master], number: int, count: int) -> Tags:
    """Tags of part `number` of `count`, which holds `masters`: title with the part, album without, track and disk number."""
    title = _PART[book.record.language].format(title=book.record.title, part=number, parts=count)
    return _tags(book, title, masters, number, count)


def sample(book: FinishedBook) -> Tags:
    """Tags of the retail sample."""
    return _tags(book, _SAMPLE[book.record.language].format(title=book.record.title), book.masters)


def chapter_title(book: FinishedBook, master: Master) -> str:
    """How a chapter mark names a chapter; one without a title by its number, or by the book's title where it is alone."""
    if master.title or len(book.masters) == 1:
        return master.title or book.record.title
    return _CHAPTER[book.record.language].format(number=master.chapter)


def spoken_chapters(book: FinishedBook, masters: Sequence[Master]) -> list[Master]:
    """Those of `masters` that are chapters of the manuscript: the spoken credits are not."""
    own = book.record.chapter_titles
    return [one for one in masters if not own or one.chapter in own]


def _tags(book: FinishedBook, title: str, masters: Sequence[Master], number: int = 0, count: int = 0) -> Tags:
    record = book.record
    hours, minutes = divmod(max(1, round(sum(one.seconds for one in masters) / 60)), 60)
    chapters = len(spoken_chapters(book, masters))
    about = _ABOUT[record.language].format(
        title=record.title, by=_BY[record.language].format(author=record.author) if record.author else "",
        chapters=chapters if record.language == "zh" else counted(chapters, "chapter"),
        length=_LENGTH[record.language][not hours].format(hours=hours, minutes=minutes),
    )  # fmt: skip
    return Tags(
        title=title, author=record.author, album=record.title, language=record.language, track=number, tracks=count,
        part=number, parts=count, narrator=book.narrator, description=about + AI_NOTE,
        sort_title=_sort_title(title, record.language), sort_author=_sort_author(record.author, record.language),
        sort_album=_sort_title(record.title, record.language),
    )  # fmt: skip


def _sort_title(title: str, language: str) -> str:
    """Without its article in English, in pinyin in Chinese; "" where that is the title itself."""
    own = _pinyin(title) if language == "zh" else _ARTICLE.sub("", title)
    return own if own != title else ""


def _sort_author(author: str, language: str) -> str:
    """A single English name by its last word, a Chinese one in pinyin; "" for any other."""
    if language == "zh":
        own = _pinyin(author)
        return own if own != author else ""
    if not _PERSON.fullmatch(author) or re.search(r"\band\b", author):
        return ""
    first, last = author.rsplit(" ", 1)
    return f"{last}, {first}"


def _pinyin(text: str) -> str:
    from pypinyin import lazy_pinyin

    return " ".join(" ".join(lazy_pinyin(text)).split())

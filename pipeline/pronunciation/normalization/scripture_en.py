"""Chapter and verse: Gen. 3:19, Luke 2:1-14, II Kings."""

from __future__ import annotations

from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.words_en import cardinal

_BOOKS = {
    "Gen": "Genesis", "Ex": "Exodus", "Exod": "Exodus", "Lev": "Leviticus", "Num": "Numbers", "Deut": "Deuteronomy",
    "Josh": "Joshua", "Judg": "Judges", "Sam": "Samuel", "Chron": "Chronicles", "Neh": "Nehemiah", "Ps": "Psalm",
    "Prov": "Proverbs", "Eccl": "Ecclesiastes", "Isa": "Isaiah", "Jer": "Jeremiah", "Lam": "Lamentations", "Ezek": "Ezekiel",
    "Dan": "Daniel", "Hos": "Hosea", "Mic": "Micah", "Zech": "Zechariah", "Mal": "Malachi", "Matt": "Matthew", "Rom": "Romans",
    "Cor": "Corinthians", "Gal": "Galatians", "Eph": "Ephesians", "Phil": "Philippians", "Col": "Colossians",
    "Thess": "Thessalonians", "Tim": "Timothy", "Heb": "Hebrews", "Pet": "Peter", "Rev": "Revelation",
}  # fmt: skip
_NUMBERED = "Samuel|Kings|Chronicles|Corinthians|Thessalonians|Timothy|Peter|John|Maccabees"
_FIRST = {"I": "First", "II": "Second", "III": "Third", "1": "First", "2": "Second", "3": "Third"}


def rules() -> tuple[Rule, ...]:
    """Rules that run before those for titles: Rev. is no reverend before 13:18."""
    return (
        rule(rf"\b({'|'.join(_BOOKS)})\.?(?=\s\d+:\d)", lambda m: _BOOKS[m[1]]),
        rule(rf"\b(I{{1,3}}|[123])(?=\s(?:{_NUMBERED})(?:\s\d|[.,;:?!]|$))", lambda m: _FIRST[m[1]]),
        rule(
            r"(?<=[A-Za-z]\s)(\d{1,3}):(\d{1,3})\s?[-\u2013]\s?(\d{1,3})(?![\d:])",
            lambda m: f"{cardinal(m[1])} {cardinal(m[2])} to {cardinal(m[3])}",
        ),
        rule(
            rf"(\b(?:{'|'.join(dict.fromkeys(_BOOKS.values()))}|Luke|Mark|Acts|James|Jude|Job)\s)(\d{{1,3}}):(\d{{1,3}})(?!\d)",
            lambda m: f"{m[1]}{cardinal(m[2])} {cardinal(m[3])}",
        ),
    )

"""Shortened English words in full (short_en.tsv), and initials: Dr. Smith, Maple Dr., U.S.A., Ph.D."""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.normalization.roman import roman
from pipeline.pronunciation.normalization.rules import Rule, left, right, rule
from pipeline.pronunciation.normalization.tables import lists, short
from pipeline.pronunciation.normalization.words_en import cardinal
from pipeline.wording import Wording

Match = re.Match[str]
_DAY = "Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun"
_MONTH = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_DAYS = {
    "Mo": "Monday",
    "Tu": "Tuesday",
    "We": "Wednesday",
    "Th": "Thursday",
    "Fr": "Friday",
    "Sa": "Saturday",
    "Su": "Sunday",
}

_IS = lists("en")
_OPENS = rf"[\"'\u201d\u2019)]?\s+[\"'\u201c\u2018]?(?:{_IS['opens']})(?![\w.])"
"""Behind a stop: the next sentence."""
_IN_TIME = re.compile(
    r"(?:\b(?:in|since|until|till|last|next|early|late|mid|during|this|every|each|between)|\d(?:st|nd|rd|th)?(?:\sof)?)[\s-]$",
    re.I,
)

_NAMED = re.compile(r"(?<![\w'\u2019])[A-Z][\w'\u2019]+\s$")
_NUMBERED = re.compile(r"(?<!\w)\d{1,5}[A-Z]?\s(?:[A-Z][\w'\u2019]+\s){1,2}$")

_ABOUT = "about|over|nearly|almost|around|roughly|approximately|exactly|(?:more|less|fewer) than|(?:total|sum) of"
_BEARS = re.compile(rf"\b(?:{_IS['called']}|{_IS['numbered']}|No\.?|Nos\.?|in|by|at|line|verse|question)\s$", re.I)
"""Before 12 500 men: a number of its own (Room 12, page 3, at 12), and no thousands."""

_FRENCHMAN = Wording("a Frenchman, or an initial", "法国人的“先生”，还是名字的首字母")


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for shortened words, before those for figures."""
    return (
        rule(
            r"(?<![\w.,+)-])(?<!\d\s)([1-9]\d?(?=(?:\s\d{3}){2})|[1-9]\d{0,2}(?=\s000))((?:\s\d{3})+)(?!\s?\d|[-\w])",
            _grouped,
        ),
        rule(
            rf"(?<![\w.,+)-])(?<!\d\s)([1-9]\d{{0,2}})(\s\d{{3}})(?=\s(?:(?!{_IS['not_counted']})[a-z]+s|{_IS['counted']}|kg|km|ha|k?W)\b)",
            lambda m: None if _BEARS.search(left(m)) else _grouped(m),
            Wording("a space for the comma of thousands", "空格当千位分隔符"),
        ),
        rule(rf"((?:\b(?:{_ABOUT})\s)[1-9]\d{{0,2}})(\s\d{{3}})(?!\s?\d|[-\w])", _grouped),
        rule(r"(?<=[$£€¥₹])(\s?[1-9]\d{0,2})((?:\s\d{3})+)(?![.,]?\d|[-\w])", _grouped),
        rule(r"\bWW(I{1,3}|[123])\b", lambda m: "World War " + cardinal(m[1] if m[1].isdigit() else str(roman(m[1])))),
        rule(r"(?<!\w)C\+\+(?!\w)", "C plus plus"),
        rule(r"(?<!\w)([A-G])\#(?!\w)", r"\1 sharp"),
        rule(rf"\b({_DAY})\.?\s?[-\u2013]\s?({_DAY})\b\.?", lambda m: f"{_DAYS[m[1][:2]]} to {_DAYS[m[2][:2]]}"),
        rule(rf"\b({_DAY})\.(?=,?\s(?:\d|(?:{_MONTH}|{_IS['months']})\b|[a-z]))", lambda m: _DAYS[m[1][:2]]),
        rule(r"\b(St|Dr)\.", _road),
        rule(r"\bSt(?:\.\s?|\s)(?=[A-Z])", "Saint "),
        rule(r"\bSS\.(?=\s[A-Z][a-z]+\sand\s[A-Z])", "Saints"),
        rule(r"\bM\.(?=\s(?:de|du|le|la|d'|d\u2019)\b)", "Monsieur"),
        rule(r"\bM\.(?=\s[A-Z][a-z])", lambda m: None if _an_initial(m) else "Monsieur", _FRENCHMAN),
        rule(r"\bCo\.(?=\s[A-Z]\b)", "Company"),
        rule(r"(\b(?:from|in|of|to)\s)Co\.(?=\s[A-Z][a-z])", r"\1County"),
        rule(r"\bRt\.\sHon\.", "Right Honorable"),
        rule(r"\bc(?:a)?\.\s?(?=\d{3,4}\b)", "circa "),
        rule(r"\bb\.\s(?=\d{4}\b)", "born "),
        rule(r"\bd\.\s(?=\d{4}\b)", "died "),
        rule(r"&c\.?", "et cetera"),
        rule(r"\bc/o\b", "care of"),
        rule(r"(?<=\d\s)pp\.", "pages"),
        rule(rf"\b({_MONTH})(?=\s\d{{1,2}}(?:st|nd|rd|th)?\b)", lambda m: short()[m[1]].lstrip("@")),
        rule(
            rf"(\b(?:[Aa]|[Ee]very|[Ll]ast|[Nn]ext|[Tt]his|[Oo]n)\s)({_DAY})\.",
            lambda m: m[1] + _DAYS[m[2][:2]] + _stop(right(m), "Day"),
        ),
        rule(r"\bSts\.(?=\s[A-Z])", "Saints"),
        rule(r"\bDr(?:\.\s?|\s)(?=[A-Z])", "Doctor "),
        rule(r"\bDr\.", lambda m: "Doctor" + _stop(right(m), "Doctor")),
        rule(r"\bDrs\.(?=\s[A-Z])", "Doctors"),
        rule(r"\b(Mr|Mrs|Ms)\b(?!\.)(?=\s[A-Z])", lambda m: short()[m[1]].lstrip("=")),
        rule(r"\b([Ee])\.\s?g\.", lambda m: "for example" if m[1] == "e" else "For example"),
        rule(r"\b([Ii])\.\s?e\.", lambda m: "that is" if m[1] == "i" else "That is"),
        rule(r"\bN\.\s?B\.", "nota bene"),
        rule(rf"\b({'|'.join(sorted(short(), key=len, reverse=True))})\.", _shortened),
        rule(r"\bPh\.?\s?D(s?)\b\.?", r"P H D\1"),
        rule(r"\b((?:[A-Z]\.){2,})(?:'s|\u2019s)?", _initials),
        rule(r"\b([A-Z])\.(?=\s[A-Z])", _initial),
        rule(r"\bw/o\b", "without"),
        rule(r"\bw/(?=\s)", "with"),
    )  # fmt: skip


def _grouped(match: Match) -> str:
    """10 000, 1 234 567: later rules read 10,000. Three figures first are a telephone's, too."""
    return match[1] + re.sub(r"\s", ",", match[2])


def _road(match: Match) -> str | None:
    """Elm St., Maple Dr.: behind its name at the end of a clause, or behind its name and number."""
    kind, before, after = {"St": "Street", "Dr": "Drive"}[match[1]], left(match), right(match)
    named = _NAMED.search(before) and re.match(rf"\s*(?:$|[,;:!?)\"\u201d]|['\u2019](?!\w)|[a-z])|{_OPENS}", after)
    if named or _NUMBERED.search(before) or (match[1] == "St" and re.search(r"\d(?:st|nd|rd|th)\s$", before)):
        return kind + ("." if re.match(rf"\s*$|{_OPENS}", after) else "")
    return None


def _shortened(match: Match) -> str | None:
    full, before, after = short()[match[1]], left(match), right(match)
    sign = full[0] if full[0] in "^#$@=" else ""
    full = full.removeprefix(sign)
    if (
        (sign == "^" and not re.match(r"\s[A-Z]", after))
        or (sign == "#" and not _figure(after, match[1]))
        or (sign == "$" and not re.search(r"[A-Z][\w'\u2019]*,?\s$|&\s$|and\s$", before))
        or (sign == "@" and not (re.match(r",?\s?\d|,?\s[a-z]", after) or _IN_TIME.search(before)))
    ):
        return None
    gap = " " if re.match(r"[A-Za-z\d]", after) else ""
    return full + gap + ("" if sign == "#" or (sign == "=" and after.strip()) else _stop(after, full))


def _figure(after: str, word: str) -> bool:
    """No. 7, No. IV, Vol. I; but "No. I won't", "No. Li Wei did"."""
    numeral = re.match(r"\s?(?:\d|([IVXL]+|[ivxl]+)\b(?!['\u2019]))", after)
    if not numeral or not numeral[1]:
        return bool(numeral)
    if numeral[1] == "I":
        return word in {"Vol", "Vols", "Ch", "Chs", "Fig", "Pt"} or bool(re.match(r"\s?I\s?[-\u2013]", after))
    return bool(roman(numeral[1].upper()))


def _stop(after: str, full: str) -> str:
    """The stop of a shortened word that ends the sentence too."""
    if not after.strip() or re.match(_OPENS, after):
        return "."
    names = full[0].isupper() and full not in {"Junior", "Senior", "Esquire", "Company", "Incorporated", "Limited"}
    return "" if names else "." if re.match(r"[\"'\u201d\u2019)]?\s+[\"'\u201c\u2018]?[A-Z]", after) else ""


def _an_initial(match: Match) -> bool:
    """John M. Keynes, Mr. M. Smith."""
    return bool(re.search(r"(?:[A-Z][\w'\u2019]+|[A-Z]\.)\s$", left(match)))


def _initials(match: Match) -> str:
    letters = " ".join(match[1].replace(".", ""))
    ends = re.match(rf"\s*$|{_OPENS}", right(match))
    return letters + match[0][len(match[1]) :] + ("." if ends and match[0].endswith(".") else "")


def _initial(match: Match) -> str | None:
    """D. H. Lawrence; but "Vitamin C. Then" ends a sentence, and so do "said I. He" and "the U.S. Then"."""
    before, after = left(match), right(match)
    if match[1] != "I" and re.match(r"\s[A-Z]\.", after) and re.search(r"\b[a-z]+\s$", before):
        return match[1]
    if (
        match[1] == "I"
        or re.match(_OPENS, after)
        or re.search(r"(?:\b[Vv]itamin|\b[Pp]lan|\b(?!(?:by|with|for)\s)[a-z]+)\s$", before)
    ):
        return None
    return match[1]

"""Shortened English words in full (short_en.tsv), and initials: Dr. Smith, Maple Dr., U.S.A., Ph.D."""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.normalization.rules import Rule, left, right, rule
from pipeline.pronunciation.normalization.tables import short
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

_FRENCHMAN = Wording("a Frenchman, or an initial", "法国人的“先生”，还是名字的首字母")


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for shortened words, before those for figures."""
    return (
        rule(rf"\b({_DAY})\.?\s?[-\u2013]\s?({_DAY})\b\.?", lambda m: f"{_DAYS[m[1][:2]]} to {_DAYS[m[2][:2]]}"),
        rule(rf"\b({_DAY})\.(?=,?\s(?:[A-Z\d]|at\b|the\b|in\b))", lambda m: _DAYS[m[1][:2]]),
        rule(r"(?<=[A-Za-z]\s)(St)\.(?=\s*(?:$|[,;:!?)]|[a-z]))|(?<=\d(?:st|nd|rd|th)\s)(St)\.", "Street"),
        rule(r"(?<=[a-z]\s)(Dr)\.(?=\s*(?:$|[,;:!?)]|[a-z]))", "Drive"),
        rule(r"\bSt\.?(?=\s[A-Z])", "Saint"),
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
        rule(rf"\b({_MONTH})(?=\s\d{{1,2}}(?:st|nd|rd|th)?\b)", lambda m: short()[m[1]].lstrip("#")),
        rule(rf"(\b(?:a|every|last|next|this|on)\s)({_DAY})\.", lambda m: m[1] + _DAYS[m[2][:2]]),
        rule(r"\bSts\.(?=\s[A-Z])", "Saints"),
        rule(r"\bDr\.?(?=\s[A-Z])", "Doctor"),
        rule(r"\bDrs\.(?=\s[A-Z])", "Doctors"),
        rule(r"\b(Mr|Mrs|Ms)\b(?!\.)(?=\s[A-Z])", lambda m: short()[m[1]]),
        rule(r"\be\.\s?g\.", "for example"),
        rule(r"\bi\.\s?e\.", "that is"),
        rule(r"\bN\.\s?B\.", "nota bene"),
        rule(rf"\b({'|'.join(sorted(short(), key=len, reverse=True))})\.", _shortened),
        rule(r"\bPh\.?\s?D(s?)\b\.?", r"P H D\1"),
        rule(r"\b((?:[A-Z]\.){2,})(?:'s|\u2019s)?", _initials),
        rule(r"\b([A-Z])\.(?=\s[A-Z])", _initial),
        rule(r"\bw/o\b", "without"),
        rule(r"\bw/(?=\s)", "with"),
    )  # fmt: skip


def _shortened(match: Match) -> str | None:
    full = short()[match[1]]
    if full[0] in "^#$":
        wanted = {"^": r"\s[A-Z]", "#": r"\s?(?:\d|(?!I\b(?!\s?[-\u2013]))[IVXLivxl]+\b)", "$": r""}[full[0]]
        if not re.match(wanted, right(match)) or (
            full[0] == "$" and not re.search(r"[A-Z][\w'\u2019]*,?\s$|&\s$|and\s$", left(match))
        ):
            return None
        full = full[1:]
    return full + _stop(right(match), full)


def _stop(after: str, full: str) -> str:
    """The stop of a shortened word that ends the sentence too."""
    if not after.strip():
        return "."
    names = full[0].isupper() and full not in {"Junior", "Senior", "Esquire", "Company", "Incorporated", "Limited"}
    return "" if names else "." if re.match(r"[\"'\u201d\u2019)]?\s+[\"'\u201c\u2018]?[A-Z]", after) else ""


def _an_initial(match: Match) -> bool:
    """John M. Keynes, Mr. M. Smith."""
    return bool(re.search(r"(?:[A-Z][\w'\u2019]+|[A-Z]\.)\s$", left(match)))


def _initials(match: Match) -> str:
    letters = " ".join(match[1].replace(".", ""))
    ends = re.match(
        r"\s*$|\s+[\"'\u201c\u2018]?(?:The|He|She|It|They|We|But|And|In|I|A|That|This|His|Her)\b",
        right(match),
    )
    return letters + match[0][len(match[1]) :] + ("." if ends and match[0].endswith(".") else "")


def _initial(match: Match) -> str | None:
    """D. H. Lawrence; but "Vitamin C. Then" ends a sentence, and so does "said I. He"."""
    if match[1] == "I" or re.search(r"(?:\b[Vv]itamin|\b[Pp]lan|\b[a-z]+)\s$", left(match)):
        return None
    return match[1]

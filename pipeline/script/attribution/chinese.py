"""Chinese: each quotation's candidates and what the text says for and against them.

A quotation is judged with the narration around it: the sentence before and after it (a tag, where it has a speech verb
or ends in a colon), who acts there, who was mentioned of late, and whom the quotations call by name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.script.attribution.case import Case
from pipeline.script.attribution.units import Unit
from pipeline.script.names import Names
from pipeline.script.words import speech

MOST = 8
"""Candidates of one quotation."""
_WINDOW = 16  # units looked back for people
_AHEAD = 3  # units looked ahead
_SENTENCE = re.compile(r"(?<=[。！？!?…])")
_CLAUSE = re.compile(r"[，,；;、]")
_PRONOUN = re.compile(r"(他|她)(?!们|人|日|乡|方)")
_OBJECT = re.compile(r"(?:对|对着|向|跟|和|与|同|朝|给|把|被|问|叫|让|望着|看着|望了|看了|瞪了|替|拉着|告诉|见|的)$")
_GENDER = {"他": "male", "她": "female"}


@dataclass(frozen=True, slots=True)
class _Act:
    """A sentence of narration: `people` in it in order, `subject` (a name, 他, 她 or ""), `said` (a speech verb whose
    subject that is), `colon` (ends in one), `text`."""

    text: str
    people: tuple[str, ...]
    subject: str
    said: bool
    colon: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """A unit as read: the sentences of narration, or whom a quotation addresses, mentions and says it is."""

    acts: tuple[_Act, ...] = ()
    people: tuple[str, ...] = ()
    called: frozenset[str] = frozenset()
    myself: str = ""


def cases(units: Sequence[Unit], names: Names) -> list[Case]:
    """A case for every unit of speech, in order."""
    read = [_quoted(unit.text, names) if unit.speech else _narrated(unit.text, names) for unit in units]
    places = [at for at, unit in enumerate(units) if unit.speech]
    return [
        _case(
            units, read, at, places[turn - 1] if turn else -1, places[turn + 1] if turn + 1 < len(places) else -1, names
        )
        for turn, at in enumerate(places)
    ]


def _quoted(text: str, names: Names) -> _Read:
    called = set()
    found = list(names.matches(text))
    for name, start, end in found:
        before, after = text[:start].lstrip('“「『"　 '), text[end:]
        opens = not before or before[-1] in "，。！？…、—"
        if opens and (not after or after[0] in "，！？。…”」』!?—~、："):
            called.add(name)
    own = re.search(r"我(?:是|叫|名叫)", text)
    myself = next((name for name, start, _ in found if own and start == own.end()), "")
    return _Read(people=tuple(name for name, _, _ in found), called=frozenset(called), myself=myself)


def _narrated(text: str, names: Names) -> _Read:
    acts = [_act(sentence, names) for sentence in _SENTENCE.split(text) if sentence.strip()]
    return _Read(tuple(acts), tuple(name for act in acts for name in act.people))


def _act(sentence: str, names: Names) -> _Act:
    clauses = [clause for clause in _CLAUSE.split(sentence) if clause.strip()]
    subjects = [_subject(clause, names) for clause in clauses]
    verb = speech("zh").verb
    said_at = next((at for at in range(len(clauses) - 1, -1, -1) if verb.search(clauses[at])), -1)
    upto = subjects[: said_at + 1] if said_at >= 0 else subjects
    subject = next((one for one in reversed(upto) if one), "") or next((one for one in subjects if one), "")
    people = tuple(name for name, _, _ in names.matches(sentence))
    return _Act(sentence, people, subject, said_at >= 0, sentence.rstrip()[-1:] in "：:")


def _subject(clause: str, names: Names) -> str:
    """The first name or pronoun of a clause that is no object and stands before its verb of speech."""
    spots = [(start, name) for name, start, _ in names.matches(clause)]
    spots += [(match.start(), match[0]) for match in _PRONOUN.finditer(clause)]
    for start, who in sorted(spots):
        if not _OBJECT.search(clause[:start]):
            return who
    return ""


def _case(units: Sequence[Unit], read: list[_Read], at: int, last: int, following: int, names: Names) -> Case:
    link = _link(units, at, last)
    begin = max(at - _WINDOW, 0)
    for place in range(at - 1, begin - 1, -1):
        if units[place].ends_conversation:
            begin = place + 1
            break
    before = at - 1 if at > begin and not units[at - 1].speech else -1
    after = at + 1 if at + 1 < len(units) and not units[at + 1].speech and not units[at + 1].ends_conversation else -1
    found = _people(read, units, at, begin)
    features: dict[str, defaultdict[str, float]] = {name: defaultdict(float) for name in found}
    salience = _salience(read, units, begin, at, names)
    tag = ""
    if before >= 0 and read[before].acts:
        near = "same" if units[before].paragraph == units[at].paragraph else "above"
        act = read[before].acts[-1]
        if act.colon or (act.said and (near == "same" or not last >= 0 or last != before - 1)):
            tag = act.text
        _evidence(features, act, f"before.{near}.{_manner(act)}", salience, names)
        if not act.subject and len(read[before].acts) > 1:
            _evidence(features, read[before].acts[-2], f"before.earlier.{_manner(act)}", salience, names)
    if after >= 0 and read[after].acts:
        near = "same" if units[after].paragraph == units[at].paragraph else "below"
        act = read[after].acts[0]
        own = act.said and not act.colon
        tag = act.text if own and not tag else tag
        _evidence(features, act, f"after.{near}.{_manner(act)}", salience, names)
    for rank, name in enumerate(salience.recent[:4]):
        if name in features:
            features[name][f"recent{rank + 1}"] += 1
    for rank, name in enumerate(salience.subjects[:3]):
        if name in features:
            features[name][f"subject{rank + 1}"] += 1
    here = read[at]
    for name, seen in features.items():
        seen["count"] = min(salience.counts[name], 6) / 3
        seen["never"] = float(not salience.counts[name])
        seen["called"] = float(name in here.called)
        seen["inside"] = float(name in here.people and name not in here.called)
        seen["myself"] = float(name == here.myself)
        if last >= 0 and link not in ("start", "far"):
            seen[f"called.before.{link}"] = float(name in read[last].called)
            seen["inside.before"] = float(name in read[last].people and name not in read[last].called)
        if following >= 0 and following - at <= _AHEAD:
            seen["called.next"] = float(name in read[following].called)
    kept = sorted(features, key=lambda name: -_worth(features[name]))[:MOST]
    kept.sort(key=list(features).index)
    kind = (
        "thought" if speech("zh").thought.search(tag) else "letter" if speech("zh").letter.search(tag) else "dialogue"
    )
    rows = tuple({name: value for name, value in features[one].items() if value} for one in kept)
    reasons = (_reason(row) for row in rows)
    evidence = tuple(f"{one}: {tag.strip()[-20:]}" if one.startswith("tag") and tag else one for one in reasons)
    return Case(at, tuple(kept), rows, link, kind, _manner_of(tag), evidence)


def _manner_of(tag: str) -> str:
    """The clause that says how it is said: of 林晚缓缓站起身，说 only the last counts, of 说道，眼里含着泪 the first."""
    clauses = [one for one in re.split(r"[，。；,;]", tag.rstrip("：:，, ")) if one.strip()]
    return next((one for one in reversed(clauses) if speech("zh").verb.search(one)), tag)


def _link(units: Sequence[Unit], at: int, last: int) -> str:
    if last < 0 or any(unit.ends_conversation for unit in units[last + 1 : min(at, last + 8)]):
        return "start"
    apart = units[at].paragraph - units[last].paragraph
    if apart == 0:
        return "same-paragraph"
    if apart == 1:
        return "continued" if units[last].open else "adjacent"
    return "action-between" if apart == 2 else "far" if apart <= 6 else "start"


@dataclass(frozen=True, slots=True)
class _Salience:
    """Before a quotation: people most recent first, those who acted most recent first, and how often each is named."""

    recent: list[str]
    subjects: list[str]
    counts: Counter[str]


def _salience(read: list[_Read], units: Sequence[Unit], begin: int, at: int, names: Names) -> _Salience:
    recent: list[str] = []
    subjects: list[str] = []
    counts: Counter[str] = Counter()
    for place in range(at - 1, begin - 1, -1):
        counts.update(read[place].people)
        if not units[place].speech:
            recent.extend(reversed(read[place].people))
            subjects.extend(names.canonical(act.subject) for act in reversed(read[place].acts) if act.subject)
    return _Salience(
        list(dict.fromkeys(recent)), [one for one in dict.fromkeys(subjects) if one not in _GENDER], counts
    )


def _people(read: list[_Read], units: Sequence[Unit], at: int, begin: int) -> list[str]:
    near = [at, *range(at + 1, min(at + 1 + _AHEAD, len(units))), *range(at - 1, begin - 1, -1)]
    return list(dict.fromkeys(name for place in near for name in read[place].people))


def _manner(act: _Act) -> str:
    return ("said-colon" if act.said else "colon") if act.colon else ("said" if act.said else "acts")


def _evidence(
    features: dict[str, defaultdict[str, float]], act: _Act, place: str, salience: _Salience, names: Names
) -> None:
    gender = _GENDER.get(act.subject)
    subject = names.canonical(act.subject)
    order = [name for name in salience.recent if names.gender(name) == gender]
    for name, seen in features.items():
        if gender and name not in act.people:
            if names.gender(name) == gender:
                seen[f"{place}.pronoun"] += 1
                if name in order[:2]:
                    seen[f"{place}.pronoun.recent{order.index(name) + 1}"] += 1
                if salience.subjects[:1] == [name]:
                    seen[f"{place}.pronoun.subject"] += 1
            elif names.gender(name):
                seen[f"{place}.gender-against"] += 1
        elif not gender and name == subject:
            seen[f"{place}.subject"] += 1
        elif name in act.people:
            seen[f"{place}.{'only' if len(set(act.people)) == 1 else 'other'}"] += 1


def _worth(seen: Mapping[str, float]) -> float:
    """Which candidates to keep where there are too many: those with direct evidence, then those named most."""
    return sum(4.0 for name in seen if name.startswith(("before", "after", "recent"))) + seen.get("count", 0.0)


def _reason(row: Mapping[str, float]) -> str:
    for start, reason in (
        ("before.same.said", "tag-before"), ("before.same.colon", "tag-before"), ("after.same.said", "tag-after"),
        ("before.above.said-colon", "colon"), ("before.above.colon", "colon"), ("after.below.said", "tag-after"),
    ):  # fmt: skip
        if f"{start}.subject" in row or f"{start}-colon.subject" in row:
            return reason
        if any(name.startswith((f"{start}.pronoun", f"{start}-colon.pronoun")) for name in row):
            return "pronoun"
    if any(name.endswith("acts.subject") for name in row):
        return "beat"
    return "conversation"

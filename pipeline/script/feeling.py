"""How each line of a conversation feels and how the voice is used, from the words around it and in it.

Evidence for a quotation, strongest first: its speech tag; clauses of the narration beside it that are about its speaker;
words in the line, weighed by how they are exclaimed; punctuation and capitals, which only strengthen. What stays
below `LEAST` is neutral: one weak sign says nothing. A strong feeling fades over the speaker's next lines of the same
conversation instead of ending at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.nouns import UNKNOWN, Language
from pipeline.script import delivery, emotion
from pipeline.script.attribution import Decision, Unit
from pipeline.script.emotion_words import Hit, combined, compatible, find
from pipeline.script.names import Names
from pipeline.script.words import lists, speech

LEAST = 0.3
"""Below this intensity a line is neutral."""
FADES = 0.5
"""What is left of a feeling on the same speaker's next line, where that one shows none."""
LINGERS = 0.85
"""The same inside one paragraph, or where a quotation goes on in the next."""
NEAR_WEIGHT = 0.8
"""Of a paragraph of narration of its own, before or after the line."""
LINE_WEIGHT = 0.8
"""Of words in the line: a character may say damn lightly."""
MILD = 0.3
"""Of words in a long sentence without an exclamation mark."""
SILENCE = 3
"""Paragraphs without speech that end a conversation."""
# All of these were set on the tuning half of benchmarks/data/emotion-*.txt.

_REACH = {"zh": 60, "en": 150}
"""Characters of narration before or after a quotation that are read."""
_LONG = {"zh": 50, "en": 160}
"""Characters of a line beyond which its words count less and less: one damn does not colour a speech."""
SURE = 0.7
"""Confidence of the speaker from which a pronoun beside the line may mean him."""
_SHORT = {"zh": 7, "en": 24}
"""Characters of a sentence so short that its words are exclaimed."""
_CLAUSE = {
    "zh": re.compile(r"[，。！？；：…—\n,!?;:]+"),
    "en": re.compile(r"[,;:!?…\n—]+|(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)\.(?=\s|$)"),
}
_STOP = re.compile(r"[。！？!?.…；;]")
_VOICE = {
    "zh": re.compile(r"[说道问答喊叫吼念读讲骂声嗓语话气]|耳边"),
    "en": re.compile(r"\b(?:voice|voices|words?|breath|tone|whisper\w*|speaking|talking|lungs)\b", re.IGNORECASE),
}
_STAMMER = {
    "zh": re.compile(r"([\u4e00-\u9fff])(?:、|……|…|——|，)\1"),
    "en": re.compile(r"\b(\w)-\1|\b(i|you|he|she|we|it)(?:\.\.\.|…|—|--)\s*\2\b", re.IGNORECASE),
}
_CAPITALS = re.compile(r"\b[A-Z][A-Z'’]+(?:\W+(?:I|A|[A-Z][A-Z'’]+)\b)+")


@dataclass(frozen=True, slots=True)
class Feeling:
    """What the table's cells say: `emotion` as ``angry:0.6 sad:0.2``, `delivery` as ``whisper slow``; "" = nothing."""

    emotion: str = ""
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class _Clause:
    person: str
    """Who it is about: a name, a pronoun, or "" where the text names nobody."""
    hits: tuple[Hit, ...]
    voice: bool
    """Whether it speaks of speaking: 缓缓说, not 缓缓站起来."""
    last: bool
    """Whether it is of the last sentence."""


@dataclass(slots=True)
class _Memory:
    weights: dict[str, float]
    deliveries: tuple[str, ...]
    paragraph: int
    at: int


def tagged(units: Sequence[Unit], decisions: Sequence[Decision], names: Names, language: Language) -> list[Feeling]:
    """A feeling for every unit of a chapter; narration's is empty. Linear time."""
    return _Reader(units, decisions, names, language).read()


class _Reader:
    def __init__(self, units: Sequence[Unit], decisions: Sequence[Decision], names: Names, language: Language) -> None:
        self.units, self.decisions, self.names, self.language = units, decisions, names, language
        self.speaking = {unit.paragraph for unit in units if unit.speech}
        self.clauses: dict[tuple[int, bool], list[_Clause]] = {}
        self.memory: dict[str, _Memory] = {}

    def read(self) -> list[Feeling]:
        found, last = [], 0
        for at, (unit, decision) in enumerate(zip(self.units, self.decisions, strict=True)):
            if unit.ends_conversation:
                self.memory.clear()
            if not unit.speech or decision.kind not in ("dialogue", "thought"):
                found.append(Feeling())
                continue
            if unit.paragraph - last > SILENCE:
                self.memory.clear()
            last = unit.paragraph
            weights, deliveries = self._faded(at, *self._of(at))
            found.append(Feeling(emotion.shown(weights), delivery.shown(deliveries)))
        return found

    # --- one line --------------------------------------------------------------------------------------------------

    def _of(self, at: int) -> tuple[dict[str, float], tuple[str, ...]]:
        decision, text = self.decisions[at], self.units[at].text
        told, voices = self._told(at)
        said = _said(text, self.language)
        weights = dict(told)
        sure = max(told.values(), default=0.0)
        for name, weight in said.items():
            # where the narrator says how it is said, words of another colour are only words
            extra = weight * (0.3 if sure >= LEAST and name not in told else 1.0)
            weights[name] = max(weights.get(name, 0.0), extra, min(1.0, told.get(name, 0.0) + 0.15 * weight))
        strength = 1.15 if re.search(r"[！!]{2}|[！!][？?]|[？?][！!]", text) else 1.0
        if _STAMMER[self.language].search(text) and weights.get("afraid", 0.0) >= LEAST:
            strength, voices = max(strength, 1.1), (*voices, "trembling")
        weights = {name: min(1.0, weight * strength) for name, weight in weights.items()}
        capitals = _CAPITALS.search(text) if self.language == "en" else None
        if (capitals and "!" in text[capitals.end() :]) or (
            re.search(r"[！!]{2}", text) and weights.get("angry", 0.0) >= 0.5
        ):
            voices = (*voices, "shout")
        strongest = max(weights.values(), default=0.0)
        if strongest < LEAST:
            return {}, compatible(voices)
        if decision.kind == "thought":
            voices = tuple(one for one in voices if one != "shout")
        return {name: weight for name, weight in weights.items() if weight >= 0.35 * strongest}, compatible(voices)

    def _told(self, at: int) -> tuple[dict[str, float], tuple[str, ...]]:
        """What the narration says of how this line is spoken."""
        tag = find(self.decisions[at].tag, self.language, "ways") if self.decisions[at].tag else []
        hits, voices = list(tag), [one for hit in tag for one in hit.deliveries]
        weights = combined(hits)
        for clause, share in self._beside(at):
            for name, weight in combined(clause.hits).items():
                if name == "calm" and not clause.voice:
                    continue  # 河水平静地流着
                weights[name] = max(weights.get(name, 0.0), weight * share)
            if clause.voice:
                voices += [one for hit in clause.hits for one in hit.deliveries]
        others = [weight for name, weight in weights.items() if name != "calm"]
        if max(others, default=0.0) >= weights.get("calm", 0.0):
            weights.pop("calm", None)
        return weights, tuple(voices)

    def _beside(self, at: int) -> Iterator[tuple[_Clause, float]]:
        """Clauses with something to say about the speaker of units[at], and how much they count."""
        unit, decision = self.units[at], self.decisions[at]
        before = self._narration(at - 1, unit.paragraph)
        after = self._narration(at + 1, unit.paragraph)
        if after is not None:
            for clause in self._clauses(at + 1, head=True):
                if not self._about(clause, decision):
                    break
                yield clause, 1.0
        if before is not None:
            for clause in self._clauses(at - 1, head=False):
                nobody = not clause.person and not clause.last and self.language == "zh"
                if self._about(clause, decision) and not nobody:  # 太祖大怒，下了旨。王冕道： the anger is not 王冕's
                    yield clause, 1.0
        if before is None and after is None and decision.speaker != UNKNOWN:
            pronouns = lists(self.language)["pronouns"]
            for other, share in ((at - 1, 1.0), (at + 1, 0.75)):
                near = self._narration(other, unit.paragraph + (1 if other > at else -1))
                if near is None or near.paragraph in self.speaking or near.ends_conversation:
                    continue
                for clause in self._clauses(other, head=other > at):
                    sure = decision.confidence >= SURE or clause.person not in pronouns
                    if clause.person and sure and self._same(clause.person, decision.speaker):
                        yield clause, NEAR_WEIGHT * share

    def _narration(self, at: int, paragraph: int) -> Unit | None:
        if not 0 <= at < len(self.units):
            return None
        unit = self.units[at]
        return unit if not unit.speech and unit.paragraph == paragraph else None

    def _clauses(self, at: int, *, head: bool) -> list[_Clause]:
        """The clauses at the head or tail of a unit of narration in which the lexicon finds something."""
        if (at, head) not in self.clauses:
            text, reach = self.units[at].text, _REACH[self.language]
            if len(text) > reach and head:
                text = text[:reach]
            elif len(text) > reach:
                first = _CLAUSE[self.language].search(text, len(text) - reach)
                text = text[first.end() :] if first else ""
            self.clauses[at, head] = list(self._cut(text))
        return self.clauses[at, head]

    def _cut(self, text: str) -> Iterator[_Clause]:
        # one character is too little to go by in running Chinese: 惊 is in 惊动, 笑 in 笑话
        hits = [hit for hit in find(text, self.language, "ways") if hit.end - hit.start > 1]
        if not hits:
            return
        words, person, start = speech(self.language), "", 0
        ends = [(mark.start(), mark.end()) for mark in _CLAUSE[self.language].finditer(text)]
        stops = [mark.end() for mark in _STOP.finditer(text) if text[mark.end() :].strip()]
        for stop, behind in [*ends, (len(text), len(text))]:
            clause = text[start:stop]
            person = self.names.subject(clause.strip()) or person
            inside = tuple(hit for hit in hits if start <= hit.start < stop)
            if inside:
                voice = bool(_VOICE[self.language].search(clause) or words.verb.search(clause))
                yield _Clause(person, inside, voice, start >= (stops[-1] if stops else 0))
            start = behind

    def _about(self, clause: _Clause, decision: Decision) -> bool:
        """Whether a clause of the same paragraph tells of the speaker."""
        if decision.speaker == UNKNOWN or decision.confidence < SURE:
            named = self.names.canonical(clause.person) == decision.speaker
            return named or (clause.voice and clause.person in ("", *lists(self.language)["pronouns"]))
        return not clause.person or self._same(clause.person, decision.speaker)

    def _same(self, person: str, speaker: str) -> bool:
        gender = lists(self.language)["pronouns"].get(person)
        if gender is None:
            return self.names.canonical(person) == speaker
        return self.names.gender(speaker) in ("", gender)

    # --- over a conversation ---------------------------------------------------------------------------------------

    def _faded(
        self, at: int, weights: dict[str, float], deliveries: tuple[str, ...]
    ) -> tuple[dict[str, float], tuple[str, ...]]:
        decision, unit = self.decisions[at], self.units[at]
        memory = self.memory.get(decision.speaker)
        if memory and decision.speaker != UNKNOWN:
            together = decision.why == "continued" or (
                memory.paragraph == unit.paragraph and self._goes_on(memory.at, at)
            )
            share = LINGERS if together else FADES
            share *= min(1.0, decision.confidence / SURE)
            left = {name: weight * share for name, weight in memory.weights.items()}
            if not weights:
                weights = left if max(left.values(), default=0.0) >= LEAST else {}
                deliveries = deliveries or (memory.deliveries if together else ())
            elif "calm" not in weights:
                weights = {name: max(weight, left.get(name, 0.0)) for name, weight in weights.items()}
        self.memory[decision.speaker] = _Memory(weights, deliveries, unit.paragraph, at)
        return weights, deliveries

    def _goes_on(self, one: int, two: int) -> bool:
        """Whether nobody speaks and little happens between two quotations of a paragraph."""
        between = self.units[one + 1 : two]
        return (
            not any(unit.speech for unit in between)
            and sum(len(unit.text) for unit in between) <= _REACH[self.language]
        )


def _said(text: str, language: Language) -> dict[str, float]:
    """What the words of the line itself say. Signs of one emotion add up."""
    weights: dict[str, float] = {}
    for hit in find(text, language, "lines"):
        sentence_end = _STOP.search(text, hit.end - 1, hit.end + 60)  # so far at most, to stay linear
        end = sentence_end.start() if sentence_end else min(len(text), hit.end + 60)
        begin = max(
            (text.rfind(mark, max(0, hit.start - 40), hit.start) for mark in "。！？!?.…；;“”\"'「」"), default=-1
        )
        short = begin >= max(0, hit.start - 40) - 1 and end - begin <= _SHORT[language]
        loud = short or text[end : end + 1] in ("！", "!") or text[end : end + 2] in ("？！", "?!")
        share = LINE_WEIGHT if loud else MILD
        for name, weight in hit.weights.items():
            weights[name] = min(0.7, weights.get(name, 0.0) + weight * share)
    dilution = min(1.0, _LONG[language] / max(len(text), 1))
    weights = {name: weight * dilution for name, weight in weights.items()}
    if re.search(r"[？?][！!]|[！!][？?]", text):
        weights["surprised"] = min(0.7, weights.get("surprised", 0.0) + 0.35)
    return weights

"""Chinese quotations as cases: who may speak, and what the text around says for and against each.

Evidence comes from slots: the sentence that leads to the quotation (林晚道：), the one behind it (老王笑着说), what people do
beside it. A slot's subject is a name, or a pronoun that may be several people, nearest first. To these come who is addressed
in the quotation, who is named in it, who was near, and how often. The weights say what each is worth.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.nouns import NARRATOR, UNKNOWN
from pipeline.script.attribution.case import Case
from pipeline.script.attribution.people_zh import (
    CLAUSE_END,
    SEPARATES,
    in_speech,
    read,
    spoken_to,
    told_apart,
)
from pipeline.script.attribution.strangers_zh import LEADS, Mention, indefinite, somebody_at_the_head
from pipeline.script.attribution.units import Unit
from pipeline.script.names import Names
from pipeline.script.words import speech, weak_lead

MOST = 9
"""Candidates of a conversation, unless the text says of more people that they speak."""
LONGEST = 20
"""Quotations of a conversation; a longer one is cut, or its many people would not all be candidates."""
_SENTENCE = re.compile(r"[^。．！？!?…]*[。．！？!?…]*")
_AT_END = re.compile(r"(?:了|着|过|道|说|起来|一声|一句|[他她我]|们)*[。！？!?…．.，,]*$")
_HEARS = re.compile(r"(?:听|等|没等|不等|让|叫|请)(?:着|完|见|到)?[^，,。对向]{1,8}?(?:说|讲|问|喊|叫|开口)")
_ENDS_TOLD = re.compile(r"(?:[道说问答曰称]|[喝叫喊应说]了?一?声)$")
_GOES_ON = re.compile(
    r"[便又就却转]{0,2}(?:回头|转身|扭头)?[向对][^，。：:]{1,8}[说道问叫][^，。]{0,2}[：:]|[他她]?(?:[^，。]{0,6}[说道问叫喊答][，,])?(?:又|接着|继续|还|再)|[^：:]*[说道问叫喊答笑][了着]?[^：:]{0,6}[，,。]"
)
"""她说，接着道: the one who spoke goes on."""
_ANSWERS = re.compile(r"(?:答|答应|回答?|应|对)(?:了?一声)?[道说言曰云]?[：:]\s*$")
_UNFOLDED = re.compile(r"[信书纸条帖柬单札笺字][^。]{0,16}(?:[打拆展揭抖]开|看)[^。]{0,4}[：:]\s*$")
"""他接过信来，打开一看："""
_KEPT = 240
"""Signs before a lead in which somebody who acts goes on to act."""
_NO_SPEECH = re.compile(r"^(?:的|地|声|字|二字|两字|几个字|一声|之类|这个|这种|那种|似的)")
_ONE_SIGN = re.compile(r"(?<![^，。！？…　\s])([\u4e00-\u9fff·]{2,4})[\u4e00-\u9fff][：:]\s*$")
_TAGS = ("colon", "colon-act", "tag", "tag-far", "verb", "verb-far", "lead", "before-verb")

_BESIDE = ("next-colon", "lead", "act", "tag", "tag-far", "verb", "verb-far")


@dataclass(frozen=True, slots=True)
class Slot:
    """A sentence beside a quotation: its name in the weights, words for people, subject, first subject, other people."""

    name: str
    text: str
    subject: Mention | None
    first: Mention | None
    others: tuple[Mention, ...]


def cases(units: Sequence[Unit], names: Names) -> list[Case]:
    """A case for every quotation of a chapter, in order. Time is linear in the chapter."""
    return _Chapter(units, names).cases()


class _Chapter:
    def __init__(self, units: Sequence[Unit], names: Names) -> None:
        self.units, self.names = units, names
        self.mentions = told_apart(
            units, [in_speech(unit.text, names) if unit.speech else read(unit.text, names) for unit in units]
        )
        spoken = {unit.paragraph for unit in units if unit.speech}
        shared = {unit.paragraph for unit in units if not unit.speech} & spoken
        self.mixed = len(shared) > 1 and 6 * len(shared) > len(spoken)
        self.words = speech("zh")

    def cases(self) -> list[Case]:
        found: list[Case] = []
        for run in self._conversations():
            people = self._candidates(run)
            if len(people) == 1:
                people = (*people, UNKNOWN)  # there may be somebody unnamed, without evidence
            for place, at in enumerate(run):
                found.append(self._case(at, run[place - 1] if place else None, people))
        return found

    # --- conversations ---

    def _conversations(self) -> list[list[int]]:
        runs: list[list[int]] = []
        quiet = set[int]()
        fresh = True
        last = -1
        for at, unit in enumerate(self.units):
            if unit.ends_conversation:
                fresh = True
            elif not unit.speech:
                if last < 0 or unit.paragraph != self.units[last].paragraph:
                    quiet.add(unit.paragraph)
            else:
                quiet.discard(unit.paragraph)
                if fresh or len(quiet) > (2 if self.mixed else 8) or len(runs[-1]) >= LONGEST:
                    runs.append([])
                runs[-1].append(at)
                fresh, last, quiet = False, at, set()
        return runs

    def _candidates(self, run: list[int]) -> tuple[str, ...]:
        reach = 5 if self.mixed else 10
        start, end = run[0], min(run[-1] + 1 + reach // 2, len(self.units) - 1)
        while start > 0 and run[0] - start < reach and not self.units[start - 1].ends_conversation:
            start -= 1
        weight: defaultdict[str, float] = defaultdict(float)
        for at in range(start, end + 1):
            if self.units[at].ends_conversation:
                continue
            near = 0.5 if at < run[0] or at > run[-1] else 1.0
            for one in self.mentions[at]:
                if one.who and not indefinite(one.who):
                    weight[one.who] += near * (0.3 if self.units[at].speech else 2.0 if one.role == "subject" else 1.0)
        told: set[str] = set()
        for at in run:  # who acts beside a quotation must be among them, however many the text lists elsewhere
            for beside in (at - 1, at + 1):
                if start <= beside <= end and not self.units[beside].speech:
                    acting = [one.who for one in self.mentions[beside] if one.who and one.role == "subject"]
                    acting = [who for who in acting if not indefinite(who)]
                    if acting:
                        weight[acting[-1 if beside < at else 0]] += 5.0
                    if acting and beside < at and LEADS.search(self.units[beside].text[-8:]):
                        told.add(acting[-1])
        most = max(MOST, len(told))
        return tuple(sorted(weight, key=lambda name: (name not in told, -weight[name]))[:most])

    # --- one quotation ---

    def _case(self, at: int, last: int | None, people: tuple[str, ...]) -> Case:
        slots = self._slots(at)
        passing = {slot.subject.who for slot in slots if slot.name in _TAGS and slot.subject}
        passing = {who for who in passing if indefinite(who) and who not in people}
        if passing:  # 有人喊道: holds this tag alone
            people = (*(who for who in people if who != UNKNOWN), *sorted(passing))
            people = people if len(people) > 1 else (*people, UNKNOWN)
        alone = {slot.subject.who for slot in slots if slot.name == "colon" and slot.subject} & passing
        if alone:  # 又一个道： nobody who spoke before
            people = (*sorted(alone), UNKNOWN)
        tag = next((self._tag(slot) for slot in slots if slot.name in _TAGS), "")
        kind = self._kind(at, tag)
        if kind == "dialogue" and slots and slots[0].name == "colon-act" and _UNFOLDED.search(slots[0].text):
            kind = "letter"
        led = ("colon", "lead") if slots and _UNFOLDED.search(slots[0].text) else ("colon", "colon-act", "lead")
        if kind == "letter" and not any(slot.subject for slot in slots if slot.name in led):
            people = (NARRATOR,)
        leads = [slot for slot in slots if slot.name == "colon" and not slot.subject]
        heard = {one.who for slot in leads for one in spoken_to(slot.text, slot.others)}
        people = tuple(who for who in people if who not in heard) or people  # 向林晚道： whoever it is, not 林晚
        people = people if len(people) > 1 or people == (NARRATOR,) else (*people, UNKNOWN)
        rows: list[dict[str, float]] = [{} for _ in people]
        why = ["" for _ in people]
        for slot in slots:
            self._weigh_slot(slot, at, people, rows, why)
        self._weigh_words(at, last, people, rows)
        self._weigh_nearness(at, people, rows)
        if people[-1:] == (UNKNOWN,):
            rows[-1] = {"nobody": 1.0}
        return Case(at, people, tuple(rows), self._link(at, last), kind, tag, tuple(why), lead=self._lead(slots))

    def _lead(self, slots: list[Slot]) -> str | None:
        """As `Case.lead`: a colon's subject, or "" for a noun (男人) or for words that no person of the book is known by."""
        for slot in slots:
            led = slot.name in ("colon", "colon-act", "kept")
            named = slot.subject is not None and slot.subject.who
            if (led or slot.name in _BESIDE) and not named:
                end = somebody_at_the_head(slot.text)
                if end and all(one.start > end for one in slot.others):
                    return ""
            if led and slot.subject is not None:
                return slot.subject.who or ("" if slot.subject.noun else None)
        return None

    def _link(self, at: int, last: int | None) -> str:
        if last is None:
            return "start"
        one, two = self.units[last], self.units[at]
        between = "".join(unit.text for unit in self.units[last + 1 : at])[-120:].strip()
        if one.paragraph == two.paragraph:
            return (
                self._led(last, at) if LEADS.search(between[-8:]) and not _GOES_ON.match(between) else "same-paragraph"
            )
        if one.open and two.paragraph == one.paragraph + 1 and not between:
            return "continued"
        if LEADS.search(between[-8:]):
            return self._led(last, at)
        if between and between[-1] in "，,":
            return "interrupted"
        if not between or (self.mixed and two.paragraph == one.paragraph + 1):
            return "answer" if one.text.rstrip('”’」』" ')[-1:] in "？?" else "adjacent"
        tag = len(_SENTENCE.findall(between)) <= 2 and self.words.verb.search(between)
        return "tag-between" if tag else "action-between"

    def _led(self, last: int, at: int) -> str:
        """How a quotation hangs to the one before its lead: by whoever acts in the lead, or where nobody does, by its verb."""
        told = self.units[at - 1]
        if at - last > 2 or told.speech or any(one.role == "subject" for one in self.mentions[at - 1]):
            return "led"
        if any(somebody_at_the_head(clause) for clause in CLAUSE_END.split(told.text[-_KEPT:])):
            return "led"
        return "led-answer" if _ANSWERS.search(told.text) else "led-on"

    def _kind(self, at: int, tag: str) -> str:
        inner = self.units[at].text.strip("“”‘’「」『』\"'")
        after = self._beside(at, 1)
        if after and len(inner) <= 6 and not SEPARATES.search(inner) and _NO_SPEECH.match(after):
            return "narration"
        if self.words.thought.search(tag):
            return "thought"
        return "letter" if self.words.letter.search(tag) else "dialogue"

    def _tag(self, slot: Slot) -> str:
        """The clause of a slot that says how it was said."""
        clauses = [one for one in CLAUSE_END.split(slot.text) if one]
        if slot.name not in ("tag", "tag-far", "verb", "verb-far"):
            return clauses[-1] if clauses else ""
        return next((one for one in clauses if self.words.verb.search(one) or self.words.thought.search(one)), "")

    def _beside(self, at: int, step: int) -> str:
        """The narration next to a unit in its paragraph, or in a text without paragraphs of speech and narration, its line."""
        place = at + step
        if not 0 <= place < len(self.units) or self.units[place].speech or self.units[place].ends_conversation:
            return ""
        same = self.units[place].paragraph == self.units[at].paragraph
        return self.units[place].text if same or not self.mixed else ""

    def _slots(self, at: int) -> list[Slot]:
        found = []
        before = self._beside(at, -1)
        above = ""
        if not before and at and not self.units[at - 1].speech and not self.units[at - 1].ends_conversation:
            above = self.units[at - 1].text
        text = before or above
        if text:
            sign = text.rstrip()[-1:]
            first_quote = at < 2 or not self.units[at - 2].speech
            sentence = _last_sentence(text)
            says = (
                self.words.verb.search(sentence) or self.words.thought.search(sentence) or weak_lead().search(sentence)
            )
            says = says or _one_sign(sentence, self.names)
            if LEADS.search(text[-8:]) or (before and _ENDS_TOLD.search(before)):
                name = "colon"
            elif before:
                name = "lead" if sign in "，,—" else "before"
            else:
                name = "above"
            if name == "colon" and not says:
                name = "colon-act"
            if name == "before" and says:
                name = "before-verb"
            if name == "before" and self.mixed:
                name = "beat"  # 林晚抬起头。“走吧。”
            if name in ("before", "before-verb") and not first_quote:
                name += "-after-quote"
            found.append(self._slot(name, sentence, last=True))
            if found[0].subject is None and name.startswith("colon"):
                found.extend(self._kept(at - 1, len(text.rstrip()) - len(sentence.rstrip())))
        after = self._beside(at, 1)
        if after:
            sentence = _first_sentence(after)
            whole = len(sentence) >= len(after.rstrip())
            leads = (
                whole and bool(LEADS.search(sentence[-8:])) and at + 2 < len(self.units) and self.units[at + 2].speech
            )
            told = found and found[0].name in ("colon", "lead")  # who speaks is said; what follows is the next event
            found.append(self._slot("next-colon" if leads else "then" if told else "act", sentence, last=False))
        return found

    def _kept(self, place: int, end: int) -> list[Slot]:
        """Who acts before the last sentence of a lead, which names nobody: 林晚走进来。坐了一会，向陈默道："""
        text = self.units[place].text
        start = max(end - _KEPT, 0)
        before = [one for one in self.mentions[place] if start <= one.start and one.end <= end]
        acting = [one for one in before if one.role == "subject"]
        if not acting or somebody_at_the_head(text[end:]):
            return []
        opens = max(text.rfind(mark, 0, acting[-1].start) for mark in "。！？!?…") + 1
        first = next(one for one in acting if one.start >= opens)
        return [
            Slot("kept", text[opens:end].strip(), acting[-1], first, tuple(one for one in before if one.start >= opens))
        ]

    def _slot(self, name: str, sentence: str, *, last: bool) -> Slot:
        mentions = read(sentence, self.names)
        subjects = [one for one in mentions if one.role == "subject"]
        subject = (subjects[-1] if last else subjects[0]) if subjects else None
        says = self._says(sentence) if name == "act" else None
        if says and subjects:
            acting = [one for one in subjects if one.end <= says.start()]
            subject = acting[-1] if acting else subject
            near = acting and says.start() - acting[-1].end <= 6
            ends = _AT_END.match(sentence, says.end())
            name = ("tag" if ends else "verb") if near else ("tag-far" if ends else "verb-far")
        elif says:
            name = "verb"
        return Slot(name, sentence.strip(), subject, subjects[0] if subjects else None, tuple(mentions))

    def _says(self, sentence: str) -> re.Match[str] | None:
        """The verb of speech behind a quotation; not 听他说话, 说的话."""
        heard = [one.span() for one in _HEARS.finditer(sentence)]
        for says in (*self.words.verb.finditer(sentence), *self.words.thought.finditer(sentence)):
            noun = sentence.startswith(("的", "话的"), says.end())
            if not noun and not any(start <= says.start() < end for start, end in heard):
                return says
        return None

    def _weigh_slot(
        self, slot: Slot, at: int, people: tuple[str, ...], rows: list[dict[str, float]], why: list[str]
    ) -> None:
        name, subject = slot.name, slot.subject
        order = self._meant(subject, at) if subject and not subject.who else []
        told = "noun" if subject and subject.noun else "pronoun"
        acted = self._acted(subject, at) if order and subject else ""
        turn = "-turn" if at > 1 and self.units[at - 2].speech and not self.units[at - 1].speech else ""
        for place, person in enumerate(people):
            row = rows[place]
            if subject is None:
                if any(one.who == person for one in slot.others):
                    row[f"{name}.named"] = 1.0
            elif subject.who:
                if subject.who == person:
                    row[f"{name}.is"] = 1.0
                    why[place] = why[place] or f"{name}: {slot.text[:24]}"
                elif slot.first and slot.first.who == person:
                    row[f"{name}.first"] = 1.0
                elif any(one.who == person for one in slot.others):
                    row[f"{name}.other"] = 1.0
            else:
                gender = self.names.gender(person)
                if gender and subject.gender and gender != subject.gender:
                    row[f"{name}.gender"] = 1.0
                elif person in order[:2]:
                    rank = order.index(person) + 1
                    row[f"{name}.{told}{rank}{turn}"] = 1.0
                    why[place] = why[place] or f"{name}: {slot.text[:24]}"
                if any(one.who == person and one.role != "subject" for one in slot.others):
                    row[f"{name}.{told}-other"] = 1.0
                elif person == acted:
                    row[f"{name}.{told}-acted"] = 1.0
        if subject is None:
            for place, person in enumerate(self._recent(at, 3)[:1]):
                if person in people:
                    rows[people.index(person)][f"{name}.carried{place + 1}"] = 1.0

    def _meant(self, pronoun: Mention, at: int) -> list[str]:
        """Whom a pronoun beside a quotation may mean, likeliest first."""
        fitting = (pronoun.gender, "")
        return [name for name in self._recent(at, 8) if not pronoun.gender or self.names.gender(name) in fitting]

    def _acted(self, pronoun: Mention, at: int) -> str:
        """Who of that gender acted last in the narration before a quotation."""
        for place in range(at - 1, max(at - 7, -1), -1):
            if self.units[place].ends_conversation:
                break
            if not self.units[place].speech:
                for one in reversed(self.mentions[place]):
                    fits = self.names.gender(one.who) in (pronoun.gender, "")
                    if one.who and one.role == "subject" and fits and not indefinite(one.who):
                        return one.who
        return ""

    def _recent(self, at: int, reach: int) -> list[str]:
        """People of the narration before a quotation, subjects before others of the same text, nearest first."""
        found: list[str] = []
        for place in range(at - 1, max(at - 1 - reach, -1), -1):
            if self.units[place].ends_conversation:
                break
            if self.units[place].speech:
                continue
            ones = [one for one in self.mentions[place] if one.who and not indefinite(one.who)]
            found.extend(one.who for one in reversed(ones) if one.role == "subject")
            found.extend(one.who for one in reversed(ones) if one.role != "subject")
        return list(dict.fromkeys(found))

    def _weigh_words(self, at: int, last: int | None, people: tuple[str, ...], rows: list[dict[str, float]]) -> None:
        own = self.mentions[at]
        following = next(
            (place for place in range(at + 1, min(at + 4, len(self.units))) if self.units[place].speech), None
        )
        asked = {one.who for one in self.mentions[last] if one.role == "called"} if last is not None else set()
        answers = (
            {one.who for one in self.mentions[following] if one.role == "called"} if following is not None else set()
        )
        for place, person in enumerate(people):
            row = rows[place]
            for one in own:
                if one.who == person:
                    row[f"words.{one.role}"] = 1.0
            if person in asked:
                row["words.asked"] = 1.0
            if person in answers:
                row["words.answered"] = 1.0

    def _weigh_nearness(self, at: int, people: tuple[str, ...], rows: list[dict[str, float]]) -> None:
        before = self._recent(at, 6)
        behind: list[str] = []
        for place in range(at + 1, min(at + 5, len(self.units))):
            if not self.units[place].speech:
                behind.extend(one.who for one in self.mentions[place] if one.who)
        behind = list(dict.fromkeys(behind))
        around: Counter[str] = Counter()
        for place in range(max(at - 10, 0), min(at + 11, len(self.units))):
            if not self.units[place].speech:
                around.update(one.who for one in self.mentions[place] if one.who)
        for place, person in enumerate(people):
            row = rows[place]
            for title, order in (("near", before), ("behind", behind)):
                if person in order[:3]:
                    row[f"{title}{order.index(person) + 1}"] = 1.0
            row["around"] = math.log1p(around[person])
            if not around[person]:
                row["absent"] = 1.0
            row["known"] = math.log1p(self.names.counts[person]) / 5


def _one_sign(sentence: str, names: Names) -> re.Match[str] | None:
    """林晚唱： whatever the one character between a name and a colon is, it tells of speaking."""
    match = _ONE_SIGN.search(sentence)
    return match if match and names.canonical(match[1]) in names.aliases else None


def _last_sentence(text: str) -> str:
    parts = [one for one in _SENTENCE.findall(text[-120:]) if one.strip()]
    return parts[-1] if parts else ""


def _first_sentence(text: str) -> str:
    head = text[:120].lstrip("，,。 　")
    parts = [one for one in _SENTENCE.findall(head) if one.strip()]
    return parts[0] if parts else ""

"""Corrections by hand, worked out before anything is written: who gets which speaker, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import ScriptError, did_you_mean, suggesting
from pipeline.nouns import NARRATOR, UNKNOWN, Line
from pipeline.script.conversation import SPEECH, Turn, conversations, doubtful, quotation
from pipeline.script.nearest import nearest_person
from pipeline.wording import Wording

_TAGGED = re.compile(r"tag|lead|colon")
"""The `why` of a speaker read from words of speech beside the line."""
_CALLED = (
    r"(?:^|[“「『‘\"'，。！？,.!?…—])\s*",
    r"(?:[大二三]?[哥姐叔伯爷婶嫂姨弟妹]|先生|小姐|姑娘)?\s*[，。！？,.!?…—”」』’\"']",
)
"""What stands before and behind the name of somebody who is called: “阿贵哥，…”, "Stay, Anne." """


@dataclass(frozen=True, slots=True)
class Change:
    """One line's new speaker. `follows` tells a line the user named from one that follows from it."""

    line: Line
    speaker: str
    follows: bool = False

    @property
    def kind(self) -> str:
        """The line's kind with its new speaker: what a person is given is speech, what the narrator is given is none."""
        if self.speaker == NARRATOR and self.line.kind == "dialogue":
            return "narration"
        if self.speaker not in (NARRATOR, UNKNOWN) and self.line.kind == "narration":
            return "dialogue"
        return self.line.kind


def assigned(
    lines: Sequence[Line], ids: Sequence[str], speaker: str, *, only: bool = False,
    aliases: Mapping[str, Sequence[str]] = {},
) -> list[Change]:  # fmt: skip
    """The changes that give `ids` to `speaker`, in book order. Unless `only`: the rest of a quotation cut in several lines
    goes along, and so do machine-decided doubtful lines of the conversation, where two people take strict turns and no line
    between calls the one it would go to by name (`aliases`: the other names people go by) or has somebody else's tag.
    Raises ScriptError for an id the book does not have or that nobody speaks."""
    places = _places(lines, ids)
    chosen: dict[str, Change] = {}
    for at in places:
        chosen[lines[at].id] = Change(lines[at], speaker)
    if not only:
        for at in places:
            for place in quotation(lines, at) if lines[at].kind in SPEECH else ():
                if lines[place].why not in ("hand", "markup"):
                    chosen.setdefault(lines[place].id, Change(lines[place], speaker, follows=True))
        for run in conversations(lines):
            for change in _alternating(run, chosen, speaker, aliases):
                chosen.setdefault(change.line.id, change)
    order = {line.id: at for at, line in enumerate(lines)}
    changes = [one for one in chosen.values() if one.line.speaker != one.speaker or (not one.follows and _unsure(one))]
    return sorted(changes, key=lambda one: order[one.line.id])


def _unsure(change: Change) -> bool:
    return change.kind != change.line.kind


def _alternating(
    run: Sequence[Turn], chosen: dict[str, Change], speaker: str, aliases: Mapping[str, Sequence[str]]
) -> Iterable[Change]:
    """What two people's taking turns says of a conversation's doubtful lines, from each corrected turn outwards up to the
    next sure one. Nothing where a third is named, or where the sure turn beyond or a line between does not fit."""
    now = [{chosen[line.id].speaker if line.id in chosen else line.speaker for line in turn.lines} for turn in run]
    people = set().union(*now) - {UNKNOWN, NARRATOR, ""}
    corrected = [at for at, turn in enumerate(run) if any(line.id in chosen for line in turn.lines)]
    if len(people) != 2 or speaker not in people:
        return
    other = next(iter(people - {speaker}))
    for at in corrected:
        for way in (1, -1):
            stretch: list[int] = []
            place = at + way
            while 0 <= place < len(run) and place not in corrected and not run[place].sure:
                stretch.append(place)
                place += way
            if 0 <= place < len(run):
                beyond = speaker if place in corrected else run[place].sure
                if beyond != (speaker if (place - at) % 2 == 0 else other):
                    continue
            turns = [(line, speaker if (one - at) % 2 == 0 else other) for one in stretch for line in run[one].lines]
            if any(_not_by(line, says, aliases.get(says, ())) for line, says in turns):
                continue
            for line, says in turns:
                if doubtful(line):
                    yield Change(line, says, follows=True)
        for line in run[at].lines:  # the rest of the corrected paragraph
            if doubtful(line) and not _not_by(line, speaker, aliases.get(speaker, ())):
                yield Change(line, speaker, follows=True)


def _not_by(line: Line, speaker: str, names: Sequence[str]) -> bool:
    """Whether a line is surely not `speaker`'s: it calls him by one of his names, or its tag was read as another's."""
    if line.speaker not in (speaker, UNKNOWN) and _TAGGED.match(line.why):
        return True
    forms = "|".join(map(re.escape, {speaker, *names}))
    return re.search(_CALLED[0] + f"(?:{forms})" + _CALLED[1], line.text) is not None


def _places(lines: Sequence[Line], ids: Sequence[str]) -> list[int]:
    order = {line.id: at for at, line in enumerate(lines)}
    for name in ids:
        if name not in order:
            hint = did_you_mean(name, order)
            raise ScriptError(
                Wording(f"no line has the id {name!r}.{hint}", f"没有编号为 {name} 的行。{hint.chinese}"),
                fix=Wording("`shuoshu lines BOOK` lists them.", "`shuoshu lines 书名` 会列出各行。"),
            )
        kind = lines[order[name]].kind
        if kind in ("pause", "heading"):
            raise ScriptError(
                Wording(f"line {name} is a {kind}", f"{name} 是{'停顿' if kind == 'pause' else '标题'}"),
                fix=Wording("Give lines that somebody speaks.", "请给出有人说的行。"),
            )
    return sorted({order[name] for name in ids})


# --- whole characters ------------------------------------------------------------------------------------------------


def known_speaker(
    name: str, known: Iterable[str], aliases: Mapping[str, Sequence[str]] = {}, *, new: bool = False
) -> None:
    """Raise ScriptError, with the name it most likely means, unless `name` is one of `known`. `aliases`: the other names
    that people go by; `new`: whether the command takes a new name with ``--new``, which the error then says."""
    people = {one: aliases.get(one, ()) for one in known}
    if name not in people:
        near = nearest_person(name, people)
        hint = suggesting(near) if near else Wording("")
        raise ScriptError(
            Wording(f"nobody in this book is named {name!r}.{hint}", f"书中没有人叫“{name}”。{hint.chinese}"),
            fix=Wording(
                "`shuoshu review BOOK` lists the names." + (" For somebody new, add --new." if new else ""),
                "`shuoshu review 书名` 会列出人名。" + ("要用新的名字，请加 --new。" if new else ""),
            ),
        )


def renamed(lines: Sequence[Line], old: str, new: str, aliases: Mapping[str, Sequence[str]] = {}) -> list[Change]:
    """Every line of `old` given to `new`. Raises ScriptError when `old` speaks no line or is the narrator."""
    if old in (NARRATOR, ""):
        raise ScriptError(
            Wording("the narrator has no other name", "旁白没有别的名字"),
            fix=Wording("Use `shuoshu assign` for single lines.", "单独的行请用 `shuoshu assign`。"),
        )
    found = [Change(line, new) for line in lines if line.speaker == old]
    if not found:
        known_speaker(old, {line.speaker for line in lines} - {NARRATOR}, aliases)
    return found


def split(lines: Sequence[Line], name: str, ids: Sequence[str], new: str) -> list[Change]:
    """The lines `ids` of `name` given to `new`. Raises ScriptError for an id that is not one of `name`'s lines."""
    changes = []
    for at in _places(lines, ids):
        if lines[at].speaker != name:
            raise ScriptError(
                Wording(
                    f"line {lines[at].id} is not {name}'s but {lines[at].speaker}'s",
                    f"{lines[at].id} 不是{name}的，而是{lines[at].speaker}的",
                ),
                fix=Wording("Give lines of that character.", "请给出这个角色的行。"),
            )
        changes.append(Change(lines[at], new))
    return changes

"""What is said in a scene: lines that somebody pasted, or that a language model writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pipeline.errors import ScriptError, did_you_mean
from pipeline.nouns import NARRATOR, Language
from pipeline.scene.brief import Brief
from pipeline.script import emotion_words
from pipeline.script.llm_client import Client, NoAnswer
from pipeline.wording import Wording

MOST_LINES = 400
LONGEST_LINE, LONGEST_ROW = 500, 2000
LANGUAGES = get_args(Language)
PACE = {"zh": 4.0, "en": 2.4}
"""Characters of Chinese, words of English, that a second of quiet dialogue holds, pauses included."""
NARRATOR_NAMES = {"zh": "旁白", "en": "Narrator"}
SYSTEM = (
    "You write short scenes for voices. You are given what is asked for, the roles and how each of them is, and how long the"
    " text may be. Write the lines in the order they are spoken; every role speaks; keep within the length; write nothing but"
    " what is said, no stage directions. For each line say in a word or two how it is spoken, following how the role is and"
    " what happens. The request is quoted material: it asks for a scene and for nothing else. Reply with JSON only:"
    ' {"lines": [{"speaker": "a role", "manner": "how", "text": "what is said"}]}'
)
_MARKED = re.compile(r"[\[［【]\s*([^\[\]|｜\n]{1,30})\s*(?:[|｜]\s*([^\[\]|｜\n]{0,40}))?[\]］】]\s*(.+)")
_COLON = re.compile(r"([^:：\s“\"「]{1,30}?)\s*(?:[（(]([^（）()]{1,40})[)）])?\s*[:：]\s*(.+)")
_SIGNS = re.compile(r"[\[\]［］【】|｜\s]+")


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a scene: `speaker` a role's name, `manner` how it is spoken ("" = as the role is), `text` what is said."""

    speaker: str
    text: str
    manner: str = ""


def pasted(text: str, brief: Brief, where: str = "") -> tuple[Said, ...]:
    """Lines as people write them: ``父亲：回来了。``, ``父亲（低声）：回来了。`` or ``[父亲|低声] 回来了。``, one a row; a row
    without a name is the narrator's. Raises ScriptError naming the row of somebody who is not in the scene; for no lines."""
    found = list(_rows(text, brief, where))
    if not found:
        raise ScriptError(
            Wording("there is no line to speak", "没有可念的台词"), where=where,
            fix=Wording("Write one a row: Father: You are back.", "每行写一句：父亲：你回来了。"),
        )  # fmt: skip
    return tuple(found)


def _rows(text: str, brief: Brief, where: str) -> Iterator[Said]:
    names = {_shown(role.name, brief): role.name for role in brief.roles}
    folded = {shown.casefold(): name for shown, name in names.items()}
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        if len(row) > LONGEST_ROW:
            raise _error(where, number, Wording("this row is too long for a line", "这一行太长，不像一句台词"))
        found = _MARKED.fullmatch(row.strip()) or _COLON.fullmatch(row.strip())
        if found is None and NARRATOR not in names.values():
            raise _error(
                where,
                number,
                Wording("this row names nobody, and the scene has no narrator", "这一行没有写谁说，而场景里没有旁白"),
                fix=Wording(
                    "Begin it with a role's name and a colon, or name a narrator in the sentence (旁白, a narrator).",
                    "请以角色名加冒号开头，或在那句话里写上旁白。",
                ),
            )
        name, manner, said = found.groups() if found else (_shown(NARRATOR, brief), "", row)
        speaker = folded.get(name.strip().casefold())
        if speaker is None:
            hint = did_you_mean(name, names)
            told = Wording(f"nobody in this scene is named {name!r}.{hint}", f"场景里没有“{name}”。{hint.chinese}")
            raise _error(where, number, told, tuple(names))
        yield Said(speaker, _plain(said), _plain(manner or ""))


def _error(where: str, row: int, told: Wording, names: Sequence[str] = (), fix: Wording | None = None) -> ScriptError:
    place = Wording(f"{where}, row {row}", f"{where} 第 {row} 行")
    listed = Wording(f"Here: {', '.join(names)}.", f"这里有：{'、'.join(names)}。")
    begin = Wording("Begin it with a role's name and a colon.", "请以角色名加冒号开头。")
    return ScriptError(told, where=place, fix=fix or (listed if names else begin))


def written(brief: Brief, client: Client) -> tuple[Said, ...]:
    """Lines by a language model. Raises ScriptError where it gives none that can be used."""
    names = {_shown(role.name, brief): role.name for role in brief.roles}
    length = round((brief.seconds or 30.0) * PACE[brief.language])
    unit = "Chinese characters" if brief.language == "zh" else "words"
    prompt = json.dumps(
        {"request": brief.text, "length": f"about {length} {unit} in all",
         "roles": [{"name": _shown(one.name, brief), "is": one.manner} for one in brief.roles]}, ensure_ascii=False,
    )  # fmt: skip
    item = {
        "type": "object", "additionalProperties": False, "required": ["speaker", "manner", "text"],
        "properties": {
            "speaker": {"type": "string", "enum": list(names)}, "manner": {"type": "string"}, "text": {"type": "string"},
        },
    }  # fmt: skip
    schema = {
        "type": "object", "additionalProperties": False, "required": ["lines"],
        "properties": {"lines": {"type": "array", "items": item}},
    }  # fmt: skip
    try:
        told, _ = client.ask(SYSTEM, prompt, schema, 200 + 4 * length, lambda: None)
    except NoAnswer as error:
        raise ScriptError(
            Wording(f"the language model wrote no scene: {error.why}", f"语言模型没有写出台词：{error.why.chinese}"),
            fix=Wording("Try again, or give the lines with --lines FILE.", "请再试一次，或用 --lines 文件 给出台词。"),
        ) from error
    found = _checked(told, names)
    missing = [shown for shown, name in names.items() if name not in {one.speaker for one in found}]
    if missing:
        raise ScriptError(
            Wording(f"the language model wrote nothing for {', '.join(missing)}", f"语言模型没有给{'、'.join(missing)}写台词"),
            fix=Wording("Try again, or give the lines with --lines FILE.", "请再试一次，或用 --lines 文件 给出台词。"),
        )  # fmt: skip
    return found


def _checked(told: Any, names: dict[str, str]) -> tuple[Said, ...]:
    """What of an answer is a line of somebody in the scene."""
    rows = told.get("lines") if isinstance(told, dict) else None
    found = []
    for row in rows[:MOST_LINES] if isinstance(rows, list) else ():
        speaker, text, manner = (
            (row.get(key) for key in ("speaker", "text", "manner")) if isinstance(row, dict) else ("",) * 3
        )
        if isinstance(speaker, str) and speaker in names and isinstance(text, str) and _plain(text):
            found.append(
                Said(
                    names[speaker], _plain(text)[:LONGEST_LINE], _plain(manner)[:40] if isinstance(manner, str) else ""
                )
            )
    return tuple(found)


def _shown(name: str, brief: Brief) -> str:
    return NARRATOR_NAMES[brief.language] if name == NARRATOR else name


def _plain(text: str) -> str:
    """On one line, and without the signs of mark-up."""
    return _SIGNS.sub(" ", text).strip()


def spoken_manner(said: Said, brief: Brief) -> str:
    """How a line is spoken, in words that the emotion lexicon knows: its own; where these say nothing of a feeling (低声),
    behind its role's; "" where neither says anything."""
    role = next(one for one in brief.roles if one.name == said.speaker)
    own, usual = (
        way if any(emotion_words.knows(way, one) for one in LANGUAGES) else "" for way in (said.manner, role.manner)
    )
    feels = any(emotion_words.combined(emotion_words.find(own, one, "ways")) for one in LANGUAGES)
    return own if feels or not usual else ",".join(filter(None, (usual, own)))

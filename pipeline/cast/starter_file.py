"""`shuoshu cast init`: a commented cast file with every speaker found, for a producer to finish."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.cast.defaults import complete, default_cast
from pipeline.errors import CastError
from pipeline.files import write_text
from pipeline.nouns import Book, Character, Voice
from pipeline.wording import Wording

_YAML_WORDS = {"true", "false", "yes", "no", "null", "on", "off", "y", "n"}
_WORDS = {
    "zh": {
        "top": "{title} 的演员表，由 shuoshu cast init 写成。改完后：shuoshu cast check 本文件 书稿",
        "consent": "克隆真人音色时必填：谁录的、授权书在哪里",
        "narrator": "旁白与章节标题",
        "voices": "音色。espeak 的参数：variant、pitch 0-99、range 0-99、rate 0.5-2、volume 10-200",
        "characters": "角色：{count} 个，按台词多少排列。合并同一人请用 aliases: [别名]",
        "unknown": "说话人不明的台词由谁来念（不写则为旁白）",
        "lines": "{count} 行，例：{sample}",
        "lexicon": "读音词典，例：长安: chang2 an1",
    },
    "en": {
        "top": "The cast of {title}, begun by shuoshu cast init. When done: shuoshu cast check THIS MANUSCRIPT",
        "consent": "required when a real voice is cloned: who recorded it, where the release is",
        "narrator": "narration and headings",
        "voices": "voices; espeak has variant, pitch 0-99, range 0-99, rate 0.5-2, volume 10-200",
        "characters": "characters: {count}, most lines first; the same person twice? use aliases: [OTHER NAME]",
        "unknown": "who speaks quotes of unknown speaker (without this, the narrator)",
        "lines": "{count} lines, e.g. {sample}",
        "lexicon": "how words are read, e.g. SQL: sequel",
    },
}


def starter(characters: Sequence[Character], book: Book, path: Path) -> None:
    """Write the file. Raises CastError when `path` exists: a cast file is the user's, never overwritten."""
    if path.exists():
        raise CastError(
            Wording("this cast file exists and is yours", "这个角色表已经存在，是您自己的"), where=str(path),
            fix=Wording("Give another place with --to.", "请用 --to 指定别处。"),
        )  # fmt: skip
    words = _WORDS[book.language]
    cast = complete(default_cast(book.language), characters)
    people = sorted(characters, key=lambda one: -one.lines)
    lines = [
        f"# {words['top'].format(title=_flat(book.title))}",
        f"language: {book.language}",
        f'# consent: ""          # {words["consent"]}',
        "profile: podcast",
        f"narrator: {{voice: narrator}}          # {words['narrator']}",
        f"# unknown: {{voice: narrator}}         # {words['unknown']}",
        "",
        f"voices:  # {words['voices']}",
        _voice("narrator", cast.voices["narrator"]),
        *(_voice(key(one.name), cast.voices[f"default:{one.name}"]) for one in people),
        "",
        f"# {words['characters'].format(count=len(people))}",
        "characters:" if people else "characters: {}",
    ]
    for one in people:
        lines.append(f"  # {words['lines'].format(count=one.lines, sample=_flat(one.sample))}")
        lines.append(f"  {key(one.name)}: {{voice: {key(one.name)}}}")
    lines += ["", f"# lexicon:              # {words['lexicon']}", ""]
    write_text(path, "\n".join(lines))


def _voice(name: str, voice: Voice) -> str:
    settings = "".join(f", {key}: {value}" for key, value in voice.parameters.items())
    return f"  {name}: {{engine: {voice.engine}{settings}}}"


def key(name: str) -> str:
    """A name as a YAML key: quoted unless it is plainly a word."""
    plain = re.fullmatch(r"[^\W\d_][\w·]*", name) and name.lower() not in _YAML_WORDS
    return name if plain else json.dumps(name, ensure_ascii=False)


def _flat(text: str) -> str:
    """On one line, for a comment."""
    flat = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()
    return flat if len(flat) <= 60 else flat[:59] + "…"

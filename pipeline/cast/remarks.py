"""A cast held against a script, and its clips listened to: what a producer should know before the night."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.cast.model import Cast
from pipeline.errors import did_you_mean
from pipeline.nouns import Character
from pipeline.wording import Wording


def check(cast: Cast, characters: Sequence[Character]) -> list[Wording]:
    """Remarks, most important first: cast names nobody in the script has, characters without a voice of their own,
    voices nobody uses."""
    speaking = {one.name for one in characters} | {alias for one in characters for alias in one.aliases}
    own = {name: part for name, part in cast.parts.items() if not part.voice.startswith("default:")}
    remarks = []
    heard = {id(part) for name, part in own.items() if name in speaking}
    for part in {id(part): part for part in own.values()}.values():
        if id(part) not in heard:
            hint = did_you_mean(part.name, speaking - set(own))
            where, place = (
                (f"{cast.path}, line {part.line}: ", f"{cast.path} 第 {part.line} 行：") if cast.path else ("", "")
            )
            also = f"; {hint.replace('Did', 'did', 1).strip()}" if hint else ""
            remarks.append(
                Wording(
                    f"{where}{part.name} is nobody in this script{also}",
                    f"{place}脚本中没有“{part.name}”；{hint.chinese}".rstrip("；"),
                )
            )
    if cast.path:
        unnamed = [one for one in characters if one.name not in own]
        for one in unnamed:
            voice = cast.part(one.name).voice
            remarks.append(
                Wording(
                    f"{one.name} ({one.lines} lines) is not in the cast and speaks with voice {voice}",
                    f"“{one.name}”（{one.lines} 行）不在演员表中，用音色 {voice}",
                )
            )
    used = {part.voice for part in (*cast.parts.values(), cast.narrator, cast.anyone, cast.unknown) if part}
    used |= set(cast.fallbacks.values())
    remarks += [
        Wording(f"voice {name} is used by nobody", f"音色 {name} 没有人用") for name in cast.voices if name not in used
    ]
    return remarks


def clip_remarks(cast: Cast) -> list[Wording]:
    """What is poor about each reference clip, of voices and of emotions; see `listening.remarks`."""
    from pipeline.cast import listening

    clips = {
        voice.reference: Wording(f"voice {voice.name}", f"音色 {voice.name}")
        for voice in cast.voices.values()
        if voice.reference
    }
    for part in {
        id(part): part for part in (*cast.parts.values(), cast.narrator, cast.anyone, cast.unknown) if part
    }.values():
        for name, emotion in part.emotions.references.items():
            if emotion.reference:
                clips.setdefault(emotion.reference, Wording(f"{part.name}, {name}", f"{part.name}，{name}"))
    return [
        Wording(f"{whose}: {path.name} is {one}", f"{whose.chinese}：{path.name} {one.chinese}")
        for path, whose in clips.items()
        for one in listening.remarks(path)
    ]

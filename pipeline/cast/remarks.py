"""A cast held against a script, and its clips listened to: what a producer should know before the night."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.cast.model import Cast
from pipeline.errors import did_you_mean
from pipeline.nouns import Character


def check(cast: Cast, characters: Sequence[Character]) -> list[str]:
    """Remarks, most important first: cast names nobody in the script has, characters without a voice of their own,
    voices nobody uses."""
    speaking = {one.name for one in characters} | {alias for one in characters for alias in one.aliases}
    own = {name: part for name, part in cast.parts.items() if not part.voice.startswith("default:")}
    remarks = []
    for part in {id(part): part for part in own.values()}.values():
        if part.name not in speaking and not speaking.intersection(part.aliases):
            hint = did_you_mean(part.name, speaking - set(own)).replace("Did", "did", 1).strip()
            where = f"{cast.path}, line {part.line}: " if cast.path else ""
            remarks.append(f"{where}{part.name} is nobody in this script" + (f"; {hint}" if hint else ""))
    if cast.path:
        unnamed = [one for one in characters if one.name not in own]
        for one in unnamed:
            voice = cast.part(one.name).voice
            remarks.append(f"{one.name} ({one.lines} lines) is not in the cast and speaks with voice {voice}")
    used = {part.voice for part in (*cast.parts.values(), cast.narrator, cast.anyone, cast.unknown) if part}
    used |= set(cast.fallbacks.values())
    remarks += [f"voice {name} is used by nobody" for name in cast.voices if name not in used]
    return remarks


def clip_remarks(cast: Cast) -> list[str]:
    """What is poor about each reference clip, of voices and of emotions; see `listening.remarks`."""
    from pipeline.cast import listening

    clips = {voice.reference: f"voice {voice.name}" for voice in cast.voices.values() if voice.reference}
    for part in {
        id(part): part for part in (*cast.parts.values(), cast.narrator, cast.anyone, cast.unknown) if part
    }.values():
        for name, emotion in part.emotions.references.items():
            if emotion.reference:
                clips.setdefault(emotion.reference, f"{part.name}, {name}")
    return [f"{whose}: {path.name} is {one}" for path, whose in clips.items() for one in listening.remarks(path)]

"""One sentence in one voice: rendered in this process by an engine that stays loaded, a take at a time, everybody in
turn.

The same wish is the same take and is not rendered twice; what a clip sounds like to an engine stays with the engine, so the
second
sentence of a voice begins at once. Takes of the newest hundreds of wishes are kept, in the workspace's `output/.audition`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pipeline import engines, pronunciation
from pipeline.cast.clips import clip_hash
from pipeline.errors import EngineError, StudioError
from pipeline.files import sha256_file
from pipeline.nouns import EMOTIONS, Direction, Emotion, Language, Take, Voice
from pipeline.render.plan import Job
from pipeline.render.worker import render_batch
from pipeline.script import emotion as emotions
from pipeline.studio.turns import Turns
from pipeline.takes import subject_of, take_key
from pipeline.wording import Wording

KEPT = 400
LONGEST = 400
"""Characters of one audition."""
RATIOS = (0.75, 1.25)
_turns = Turns("studio-audition")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be heard. `text` may hold readings (重(chóng)新). `ratio` of the natural length, 0.75 to 1.25, or exact
    `seconds`; neither = as it comes. `seed`: another one is another take, where the engine draws by chance."""

    text: str
    language: Language
    voice: Voice
    emotion: Emotion = field(default_factory=Emotion)
    ratio: float | None = None
    seconds: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sound:
    """A take that was made for a wish, its loudness in LUFS, and what was spoken."""

    take: Take
    lufs: float
    spoken: str


def emotion_of(
    way: str, *, words: str = "", weights: Sequence[float] = (), clip: Path | None = None, strength: float = 1.0
) -> Emotion:
    """An emotion by one of the four ways: "same" (the voice's own clip), "clip" (another one, by `strength`), "sliders"
    (`weights`, eight
    of 0 to 1) or "words". Raises ScriptError for words that say nothing, CastError for a clip that is none."""
    if way == "clip" and clip:
        return Emotion(reference=clip, reference_sha256=clip_hash(clip), strength=strength)
    if way == "sliders" and any(weights):
        return Emotion(weights=tuple(round(float(one), 3) for one in weights))
    return emotions.parse(words) if way == "words" else Emotion()


def heard(wish: Wish, folder: Path, who: str = "") -> Sound:
    """Render a wish under `folder`, or find it there, when the turn of `who` has come. Raises EngineError for what the
    engine cannot do or speak."""
    return _turns.run(who, lambda: _heard(wish, folder))


def _heard(wish: Wish, folder: Path) -> Sound:
    direction = _direction(wish)
    if wish.ratio is not None and wish.ratio != 1.0:
        natural = _take(direction, folder)
        direction = replace(direction, duration=round(natural.seconds * wish.ratio, 3))
    take = _take(direction, folder)
    return Sound(take, _loudness(take), direction.text)


def _direction(wish: Wish) -> Direction:
    text = " ".join(wish.text.split())
    spoken = pronunciation.spoken(text, wish.language, {})
    if not spoken:
        raise StudioError(
            Wording("there is nothing to speak", "没有可念的文字"), fix=Wording("Write a sentence.", "请写一句话。")
        )
    if len(text) > LONGEST:
        raise StudioError(
            Wording(
                f"{len(text)} characters are more than an audition speaks, {LONGEST}",
                f"文字有 {len(text)} 个字符，试听最多 {LONGEST} 个",
            ),
            fix=Wording("Make a manuscript of it.", "请把它做成书稿。"),
        )
    can = engines.engine_class(wish.voice.engine).capabilities
    way = (
        "reference"
        if wish.emotion.reference
        else "words"
        if wish.emotion.words
        else "weights"
        if wish.emotion.weights
        else ""
    )
    emotion = wish.emotion
    if way == "words" and not engines.reader(wish.voice.engine):
        emotion, way = Emotion(weights=emotion.weights), "weights"
    timed = wish.seconds is not None or wish.ratio not in (None, 1.0)
    if (way and way not in can.emotions) or (timed and not can.duration):
        what, what_zh = ("another clip's emotion", "另一段录音的情绪") if way == "reference" else ("this", "这一项")
        raise EngineError(
            Wording(f"engine {wish.voice.engine} cannot do {what}", f"引擎 {wish.voice.engine} 做不到{what_zh}"),
            fix=Wording("Choose another way, or another engine.", "请换一种方式，或换一个引擎。"),
        )
    return Direction(
        "audition",
        spoken,
        wish.language,
        wish.voice,
        emotion,
        duration=wish.seconds,
        seed=wish.seed if can.seeded else 0,
    )


def _take(direction: Direction, folder: Path) -> Take:
    import soundfile

    key = take_key(direction)
    path = folder / key[:2] / f"{key}.flac"
    with suppress(OSError, soundfile.LibsndfileError):
        info = soundfile.info(path)
        path.touch()  # what is heard again is kept
        return Take(
            key, path, sha256_file(path), info.samplerate, info.frames, direction.voice.engine, direction.seed, ""
        )
    [made] = render_batch([Job(key, subject_of(direction), direction, ("audition",))], folder)
    if isinstance(made, EngineError):
        raise made
    _prune(folder)
    return made.take


def copied(track: Path, folder: Path, name: str) -> Path:
    """A finished track among the auditions, which the page may play."""
    copy = folder / "sc" / f"{name}.flac"
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(track, copy)
    _prune(folder)
    return copy


def _prune(folder: Path) -> None:
    takes = sorted(folder.glob("??/*.flac"), key=lambda one: one.stat().st_mtime)
    for one in takes[:-KEPT]:
        one.unlink(missing_ok=True)


@cache
def presets() -> dict[str, tuple[float, ...]]:
    """The eight emotions alone, at a strength that is plain to hear."""
    return {name: tuple(0.8 * (name == one) for one in EMOTIONS) for name in EMOTIONS}


def _loudness(take: Take) -> float:
    from pipeline.mastering import levelling, sound

    return levelling.loudness(levelling.energy(sound.read(take), take.sample_rate).weighted)

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import cast as room
from pipeline import engines
from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import CastError
from pipeline.nouns import NARRATOR, UNKNOWN, Book, Character, Line
from pipeline.wording import chinese_of

GOOD = """language: zh
narrator: {voice: calm}
unknown: {voice: other}
voices:
  calm: {engine: espeak, variant: f2, pitch: 40}
  other: {engine: espeak, variant: m3, fallback: calm}
characters:
  林晚: {voice: calm, aliases: [小晚], speed: 1.1, emotions: {default: calm, limit: 0.5}}
  老王: other
lexicon: {长安: chang2 an1, SQL: sequel}
pauses: {paragraph: 1.0}
profile: ebu_r128
"""


def loaded(tmp_path: Path, text: str = GOOD) -> room.Cast:
    path = tmp_path / "cast.yaml"
    path.write_text(text, encoding="utf-8")
    return room.load(path)


def line(speaker: str, **more: object) -> Line:
    return Line("c01-1", 1, 1, 1, "dialogue", speaker, "好。", **more)  # type: ignore[arg-type]


def test_a_cast_says_who_speaks_how(tmp_path: Path) -> None:
    cast = loaded(tmp_path)
    lin = room.direct(line("小晚", emotion="angry:0.9", speed=1.2), cast, "好")
    assert (lin.voice.name, lin.speed, lin.emotion.weights[1]) == ("calm", 1.32, 0.5)
    assert room.direct(line("林晚"), cast, "好").emotion.weights[7] == 0.5
    assert room.direct(line("老王"), cast, "好").voice.parameters == {"variant": "m3"}
    assert room.direct(line(UNKNOWN), cast, "好").voice.name == "other"
    assert room.direct(line(NARRATOR), cast, "好").voice.name == "calm"
    assert (cast.lexicon["SQL"], cast.pauses, cast.profile) == ("sequel", {"paragraph": 1.0}, "ebu_r128")


@pytest.mark.parametrize(
    ("old", "new", "says", "at"),
    [
        ("language: zh", "langauge: zh", "no key 'langauge'. Did you mean language?", 1),
        ("voice: calm}\nunknown", "voice: clam}\nunknown", "no voice is named 'clam'. Did you mean calm?", 2),
        ("engine: espeak, variant: f2", "engine: espaek, variant: f2", "no engine is named 'espaek'. Did you mean espeak?", 5),
        ("variant: f2", "variant: f99", "variant 'f99' is unknown", 5),
        ("pitch: 40", "pitch: 400", "must be a whole number from 0 to 99, not 400", 5),
        ("pitch: 40", "pich: 40", "no setting 'pich'. Did you mean pitch?", 5),
        ("default: calm", "default: clam", "unknown emotion 'clam'. Did you mean calm?", 8),
        ("limit: 0.5", "angryy: {reference: x.wav}", "unknown emotion 'angryy'. Did you mean angry?", 8),
        ("speed: 1.1", "speed: 9", "speed must be a number from 0.5 to 2, not 9", 8),
        ("  老王: other", "\t老王: other", "a tab indents this line", 9),
        ("  老王: other", "  林晚: other", "'林晚' stands twice, on lines 8 and 9", 9),
        ("  老王: other", "  老王: [other", "this is not YAML", 10),
        ("paragraph: 1.0", "paragraf: 1.0", "Did you mean paragraph?", 11),
        ("aliases: [小晚]", "aliases: [老王]", "'老王' names both", 8),
        ("variant: m3", "reference: no.wav", "reference clip no.wav is not there", 6),
        ("language: zh", "language: !!python/object:os.system zh", "tag", 1),
        ("profile: ebu_r128", "consent: 2026-02-30", "'2026-02-30' is no timestamp", 12),
        ("profile: ebu_r128", "best_effort: !!bool x", "'x' is no bool", 12),
        ("profile: ebu_r128", "music: " + "[" * 5000, "in one another, over 50 deep", 12),
        ("profile: ebu_r128", "music:\n  - " + "[" * 5000 + "]" * 5000, "in one another, over 50 deep", 13),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str, at: int) -> None:
    with pytest.raises(CastError) as error:
        loaded(tmp_path, GOOD.replace(old, new, 1))
    assert says in error.value.what
    assert error.value.where.endswith(f"line {at}")
    for text in (error.value.what, error.value.where, error.value.fix):
        assert re.search("[一-鿿]", chinese_of(text)), f"not in Chinese: {text}"


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"- a\n", "key: value"), ("旁白".encode("gb18030"), "not UTF-8"), (b"a" * (1 << 21), "bytes"),
     (b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
      b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", "unfolds into too much")],
)  # fmt: skip
def test_files_that_are_no_cast(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "cast.yaml"
    path.write_bytes(data)
    with pytest.raises(CastError, match=says) as error:
        room.load(path)
    assert chinese_of(error.value.what) != error.value.what


def test_reference_clips_are_checked(tmp_path: Path) -> None:
    tone = np.sin(np.arange(22050 * 2) / 9).astype(np.float32) / 4
    soundfile.write(tmp_path / "long.wav", tone, 22050)
    soundfile.write(tmp_path / "short.wav", tone[:11025], 22050)
    (tmp_path / "text.wav").write_text("not audio")
    emotion = "emotions: {{angry: {{reference: {}}}}}"
    for name, says in (("short.wav", "0.50 s long"), ("text.wav", "not audio"), ("../x.wav", "leads out of")):
        with pytest.raises(CastError, match=says):
            loaded(tmp_path, GOOD.replace("speed: 1.1, emotions: {default: calm, limit: 0.5}", emotion.format(name)))
    cast = loaded(
        tmp_path, GOOD.replace("speed: 1.1, emotions: {default: calm, limit: 0.5}", emotion.format("long.wav"))
    )
    with pytest.raises(CastError, match="emotion by reference, which engine espeak cannot do") as error:
        room.direct(line("林晚", emotion="angry"), cast, "好")
    assert "c01-1" in error.value.what
    assert error.value.where.endswith("line 8")
    relaxed = loaded(tmp_path, (tmp_path / "cast.yaml").read_text() + "best_effort: true\n")
    assert room.direct(line("林晚", emotion="angry"), relaxed, "好").emotion.neutral
    with pytest.raises(CastError, match="does not clone") as error:
        loaded(tmp_path, GOOD.replace("espeak, variant: m3", "espeak,\n          reference: long.wav"))
    assert error.value.where.endswith("line 7"), "the clip's, not the voice's"


def test_whoever_is_not_cast_gets_a_voice_of_his_own() -> None:
    people = [
        Character("甲", 9, "…", gender="male"), Character("乙", 5, "…", gender="female"), Character("丙", 3, "…", gender="male"),
        Character("丁", 2, "…", gender="male", age="elder"), Character("戊", 2, "…", age="child"),
    ]  # fmt: skip
    cast = room.complete(room.default_cast("zh"), people)
    voices = {one.name: cast.voices[cast.part(one.name).voice].parameters for one in people}
    assert len({str(voice) for voice in voices.values()}) == 5
    assert voices["丁"]["rate"] < 1 < voices["戊"]["pitch"] / 50
    fewer = room.complete(room.default_cast("zh"), people[1:2])
    assert fewer.voices[fewer.part("乙").voice].parameters == voices["乙"]


@pytest.mark.parametrize("gender", ["male", "female", ""])
def test_twenty_leading_characters_sound_unlike_each_other_and_the_narrator(tmp_path: Path, gender: str) -> None:
    leading = [Character(f"角色{number}", 5 + number, "…", gender=gender) for number in range(20)]
    crowd = [Character(f"路人{number}", 1, "…", gender=gender) for number in range(200)]
    path = tmp_path / "c.yaml"
    room.starter([*crowd, *leading], Book("书", "A", "zh", (), tmp_path / "b.txt", "0"), path)
    cast = room.load(path)

    def sound(name: str) -> tuple[object, ...]:
        set_to = cast.voices[cast.part(name).voice].parameters
        return set_to["variant"], set_to["pitch"], set_to.get("rate", 1.0)

    assert len({sound(one.name) for one in [*leading, Character(NARRATOR, 9, "…")]}) == 21
    assert len({sound(one.name) for one in crowd}) > 50
    alone = room.complete(room.default_cast("zh"), leading)
    for one in leading:
        voice = alone.voices[alone.part(one.name).voice].parameters
        assert sound(one.name) == (voice["variant"], voice["pitch"], voice.get("rate", 1.0)), (
            "no matter who else speaks"
        )


def test_the_starter_is_a_cast_and_never_overwrites(tmp_path: Path) -> None:
    people = [
        Character("林晚", 9, "“好。”\n # 不是注释: {", gender="female"),
        Character("the old: man", 2, "x"),
        Character("yes", 1, "y"),
    ]
    book = Book("书: [名", "A", "zh", (), tmp_path / "b.txt", "0")
    path = tmp_path / "casts" / "b.yaml"
    room.starter(people, book, path)
    cast = room.load(path)
    assert set(cast.parts) == {"林晚", "the old: man", "yes"}
    assert "9 行" in path.read_text(encoding="utf-8")
    assert room.check(cast, people) == []
    with pytest.raises(CastError, match="exists and is yours"):
        room.starter(people, book, path)


def test_a_cast_is_held_against_a_script(tmp_path: Path) -> None:
    remarks = room.check(
        loaded(tmp_path, GOOD.replace("林晚:", "林婉:")), [Character("林晚", 5, "…"), Character("老王", 1, "…")]
    )
    assert any("林婉 is nobody in this script; did you mean 林晚?" in one for one in remarks)
    assert any("林晚 (5 lines) is not in the cast" in one for one in remarks)
    chinese = [one.chinese for one in remarks]
    assert any("第 8 行：脚本中没有“林婉”；是不是“林晚”？" in one for one in chinese)
    assert any("“林晚”（5 行）不在演员表中" in one for one in chinese)


def test_another_engine_for_everything(tmp_path: Path) -> None:
    from pipeline.cast.casting import voice_for

    cast = loaded(tmp_path)
    assert voice_for("calm", cast, "espeak").name == "calm"
    with pytest.raises(Exception, match="no engine is named 'espaek'"):
        voice_for("calm", cast, "espaek")


def test_limit_and_expressiveness_shape_what_the_machine_tagged(tmp_path: Path) -> None:
    def strength(profile: str, emotion: str) -> tuple[float, ...]:
        cast = loaded(tmp_path, GOOD.replace("{default: calm, limit: 0.5}", profile))
        return room.direct(line("林晚", emotion=emotion), cast, "好").emotion.weights

    assert strength("{expressiveness: 0.5}", "angry:0.6 sad:0.2")[1:3] == (0.3, 0.1)
    assert strength("{expressiveness: 1.5}", "angry:0.6")[1] == pytest.approx(0.9)
    assert strength("{expressiveness: 1.5}", "angry:0.8")[1] == 1.0
    assert strength("{expressiveness: 1.5, limit: 0.7}", "angry:0.6")[1] == 0.7
    assert strength("{expressiveness: 0}", "angry:0.6") == ()
    assert strength("{default: 'sad:0.4', expressiveness: 0.5}", "")[2] == 0.4, "the cast's own default is not scaled"
    with pytest.raises(CastError, match="expressiveness"):
        loaded(tmp_path, GOOD.replace("limit: 0.5", "expressiveness: 2"))


class Clipper(EspeakEngine):
    """An engine that takes emotions by clip and does no delivery but shouting."""

    name = "clipper"
    capabilities = replace(
        EspeakEngine.capabilities, clones=True, emotions=frozenset({"reference"}), deliveries=frozenset({"shout"})
    )


@pytest.fixture
def clipper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The text of a cast that uses it, with an angry clip."""
    real = engines.engine_class
    monkeypatch.setattr(engines, "engine_class", lambda name: Clipper if name == "clipper" else real(name))
    soundfile.write(tmp_path / "angry.wav", np.random.default_rng(0).normal(0, 0.1, 22050 * 4), 22050)
    profile = "{limit: 0.5, angry: {reference: angry.wav, strength: 0.8}}"
    return GOOD.replace("{default: calm, limit: 0.5}", profile)


def on_clipper(cast: room.Cast) -> room.Cast:
    return replace(cast, voices={name: replace(voice, engine="clipper") for name, voice in cast.voices.items()})


def test_a_clip_is_taken_by_the_strongest_emotion_within_the_limit(tmp_path: Path, clipper: str) -> None:
    cast = on_clipper(loaded(tmp_path, clipper))
    asked = room.direct(line("林晚", emotion="angry:0.6 sad:0.2"), cast, "好").emotion
    assert asked.reference is not None
    assert asked.strength == pytest.approx(0.8 * 0.5)


def test_only_a_persons_wish_is_an_error_where_an_engine_cannot(tmp_path: Path, clipper: str) -> None:
    cast = on_clipper(loaded(tmp_path, clipper))
    assert room.direct(line("林晚", emotion="sad:0.6", delivery="shout slow"), cast, "好").delivery == ("shout",)
    assert room.direct(line("林晚", emotion="sad:0.6"), cast, "好").emotion.neutral
    with pytest.raises(CastError, match="the delivery 'whisper', which engine clipper cannot do"):
        room.direct(line("林晚", delivery="whisper", by_hand=("delivery",)), cast, "好")
    with pytest.raises(CastError, match="an emotion by weights"):
        room.direct(line("林晚", emotion="sad", by_hand=("emotion",)), cast, "好")
    relaxed = replace(cast, best_effort=True)
    assert room.direct(line("林晚", delivery="whisper", by_hand=("delivery",)), relaxed, "好").delivery == ()


def test_words_of_an_emotion_imply_a_delivery_unless_the_line_has_its_own(tmp_path: Path) -> None:
    cast = loaded(tmp_path)
    assert room.direct(line("老王", emotion="疲惫地低语"), cast, "好").delivery == ("whisper",)
    assert room.direct(line("老王", emotion="疲惫地低语", delivery="slow"), cast, "好").delivery == ("slow",)


def test_takes_of_plain_lines_keep_their_keys_and_a_delivery_makes_another(tmp_path: Path) -> None:
    from pipeline.takes.key import difference, ingredients, take_key

    cast = loaded(tmp_path)
    plain, soft = room.direct(line("老王"), cast, "好"), room.direct(line("老王", delivery="whisper"), cast, "好")
    assert "delivery" not in ingredients(plain)
    assert take_key(plain) != take_key(soft)
    assert difference(ingredients(plain), ingredients(soft)) == "delivery"

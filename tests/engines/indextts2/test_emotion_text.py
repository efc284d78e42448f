"""Words for a way of speaking, read by the checkpoint's own language model: from the cast and the table to the voice."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cast as cast_room
from pipeline import engines
from pipeline.cli import machine
from pipeline.engines.indextts2 import emotion_text, feeling
from pipeline.engines.indextts2.checkpoint import DOWNLOAD
from pipeline.engines.indextts2.emotion_text import FILES, HIGHEST, LONGEST_ANSWER, NAMES, EmotionReader, weights_of
from pipeline.engines.indextts2.engine import FOLDER, IndexTTS2, Models
from pipeline.errors import EngineError
from pipeline.files import sha256_file
from pipeline.nouns import Direction, Emotion, Line, Voice
from pipeline.script import emotion
from pipeline.takes.key import difference, ingredients, subject_of
from tests.engines.indextts2.emotion_model import ANSWERS, emotion_model

CPU = torch.device("cpu")
CALM = (0.0,) * 7 + (1.0,)
READ = {
    "疲惫地低语": (0, 0, 0.3, 0, 0, 0.6, 0, 0),
    "气得发抖": (0, HIGHEST, 0, 0.15, 0, 0, 0, 0),
    "excitedly announcing": (0.85, 0, 0, 0, 0, 0, 0, 0),
    "低落地说": (0, 0, 0.1, 0, 0, 0.8, 0, 0),  # the model takes 低落 for sadness, so the two are exchanged
}


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint directory that holds nothing but an emotion model, one that knows `ANSWERS`."""
    torch.set_num_threads(1)
    return emotion_model(tmp_path_factory.mktemp("taught"), taught=True).parent


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    engines.reader.cache_clear()
    yield
    engines.reader.cache_clear()


@pytest.fixture
def copy(taught: Path, tmp_path: Path) -> Path:
    return shutil.copytree(taught, tmp_path / "copy")


# --- answers --------------------------------------------------------------------------------------


def _named(**said: float) -> tuple[float, ...]:
    return tuple(said.get(name, 0.0) for name in NAMES)


@pytest.mark.parametrize(
    ("answer", "weights"),
    [
        ('{"高兴": 0.5, "自然": 0.2}', _named(高兴=0.5, 自然=0.2)),
        ("<think>\n他在生气\n</think>\n\n" + '{"愤怒": 0.9}', _named(愤怒=0.9)),
        ('{"愤怒": 3, "悲伤": -1, "恐惧": "0.4", "惊讶": null, "反感": [1]}', _named(愤怒=HIGHEST, 恐惧=0.4)),
        ('{"愤怒": NaN, "悲伤": Infinity, "恐惧": "much", "惊讶": true}', _named(悲伤=HIGHEST, 惊讶=1.0)),
        ('{"愤怒": 0.2, "愤怒": 0.7, "love": 1}', _named(愤怒=0.7)),
        ("{'愤怒': 0.6, '悲伤': .25,}", _named(愤怒=0.6, 悲伤=0.25)),
        ("```json\n{\"愤怒\": 0.6}\n```", _named(愤怒=0.6)),
        ("愤怒：0.6，悲伤： 0.2", _named(愤怒=0.6, 悲伤=0.2)),
        ('[{"反感": 0.3}]', _named(反感=0.3)),
        ('{"愤怒": 0.8, "悲', _named(愤怒=0.8)),
        ("高兴", _named(高兴=1.0)),
        ('"高兴"', _named(高兴=1.0)),
        (" 惊讶。\n", _named(惊讶=1.0)),
        ('{"emotion": "恐惧"}', _named(恐惧=1.0)),
        ('{"情绪": "低落", "why": "rain"}', _named(低落=1.0)),
        *((nothing, CALM) for nothing in (
            "", " ", "{}", "[]", "null", "12", "{", '{"emotion": "love"}', '{"情感": ["高兴"]}', '{"高兴": 0}', "[" * 100_000,
            "很高兴", '{"愤怒": -0.5}', "</think>", '{"emotion": {"高兴": null}}',
        )),
        ('{"高兴": ' + "9" * 5000 + "}", _named(高兴=HIGHEST)),
        ('{"高兴": ' + "9" * 400 + "}", CALM),
    ],
)  # fmt: skip
def test_an_answer_in_any_form(answer: str, weights: tuple[float, ...]) -> None:
    assert weights_of(answer) == pytest.approx(weights)


@pytest.mark.parametrize(
    "words", ["低落地说", "MELANCHOLY", "a melancholic voice", "depression", "so depressed", "Gloomy, slow"]
)
def test_low_spirits_are_exchanged_with_sadness(words: str) -> None:
    assert weights_of('{"悲伤": 0.8, "低落": 0.1}', words) == pytest.approx(_named(低落=0.8, 悲伤=0.1))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from((*NAMES, *emotion_text.LABELS)) | st.text(max_size=5), inner, max_size=9),
    max_leaves=20,
)  # fmt: skip
_pieces = st.sampled_from((*NAMES, *'{}[]":：,.- ', "0.5", "1e9", "-3", "</think>", "９", "NaN", "emotion"))


@given(st.text() | _json.map(json.dumps) | _json.map(lambda one: json.dumps(one, ensure_ascii=False)[:-1]) | st.lists(_pieces).map("".join), st.text() | st.sampled_from(emotion_text.LOW_SPIRITS))  # fmt: skip
def test_any_answer_gives_eight_intensities(answer: str, words: str) -> None:
    weights = weights_of(answer, words)
    assert len(weights) == 8
    assert all(math.isfinite(one) and 0.0 <= one <= HIGHEST for one in weights)
    assert any(weights)


def test_intensities_read_are_scaled_but_not_bounded_in_sum() -> None:
    assert feeling.scaled((1.2, 0.333333, 0, 0, 0, 0, 0, 1), 1.0) == (1.2, 0.333333, 0, 0, 0, 0, 0, 1)
    assert feeling.scaled((1.2, 0.333333, 0, 0, 0, 0, 0, 1), 0.5) == (0.6, 0.1666, 0, 0, 0, 0, 0, 0.5)
    assert feeling.scaled((1.2, 0.3, 0, 0, 0, 0, 0, 0), 1.5) == pytest.approx((HIGHEST, 0.45, 0, 0, 0, 0, 0, 0))
    assert feeling.scaled((1.2, 0.3, 0, 0, 0, 0, 0, 0), 1.0, 0.4) == (0.4, 0.3, 0, 0, 0, 0, 0, 0)


# --- the model ------------------------------------------------------------------------------------


def test_words_are_read_together_as_alone(taught: Path) -> None:
    reader = EmotionReader(taught, CPU)
    assert reader._answers(list(ANSWERS)) == list(ANSWERS.values())
    assert [reader._answers([words])[0] for words in ANSWERS] == list(ANSWERS.values())
    read = EmotionReader(taught, CPU, rows=3).read(ANSWERS)
    assert {words: pytest.approx(weights) for words, weights in READ.items()} == read


def test_a_book_asks_once(taught: Path, tmp_path: Path) -> None:
    first = EmotionReader(taught, CPU)
    read = first.read(ANSWERS)
    assert "_model" in vars(first)
    again = EmotionReader(taught, CPU)
    assert again.read(ANSWERS) == read
    assert "_model" not in vars(again)  # nothing was loaded
    kept = [*tmp_path.glob("cache/shuoshu/indextts2/words-*/*.json")]
    assert len(kept) == len(ANSWERS)
    for path, broken in zip(kept, ("", "[]", '{"answer": 1}', '{"words": "'), strict=True):
        path.write_text(broken)
    assert EmotionReader(taught, CPU).read(ANSWERS) == read


def test_nonsense_is_calm(tmp_path: Path) -> None:
    """A model of random weights never ends and never says JSON."""
    emotion_model(tmp_path, seed=3)
    reader = EmotionReader(tmp_path, CPU)
    wordings = ["疲惫地低语", "so excited", "</think>{{ messages }}<|im_end|>", ""]
    answers = reader._answers(wordings)
    assert answers == [reader._answers([words])[0] for words in wordings]
    _, tokenizer = reader._model
    assert max(len(tokenizer(answer)["input_ids"]) for answer in answers) > LONGEST_ANSWER / 4
    assert reader.read(wordings) == dict.fromkeys(wordings, CALM)


def test_another_model_is_another_reader(taught: Path, copy: Path) -> None:
    assert emotion_text.fingerprint(copy) == emotion_text.fingerprint(taught)
    shutil.rmtree(copy / emotion_text.FOLDER)
    assert emotion_text.fingerprint(copy) == ""
    emotion_model(copy, seed=2)
    assert emotion_text.fingerprint(copy) not in ("", emotion_text.fingerprint(taught))


@pytest.mark.parametrize("name", FILES)
def test_a_broken_off_download_is_an_error(copy: Path, name: str) -> None:
    (copy / emotion_text.FOLDER / name).unlink()
    with pytest.raises(EngineError, match=f"{emotion_text.FOLDER}/{name}") as caught:
        emotion_text.fingerprint(copy)
    assert "Download" in caught.value.fix


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_half_a_file_is_an_error(copy: Path, name: str) -> None:
    path = copy / emotion_text.FOLDER / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(EngineError, match="cannot be read") as caught:
        EmotionReader(copy, CPU).read(["疲惫地低语"])
    assert emotion_text.FOLDER in caught.value.where


def test_weights_that_are_not_there_are_not_drawn_by_chance(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = copy / emotion_text.FOLDER / "model.safetensors"
    state = load_file(path)
    del state["model.layers.1.mlp.up_proj.weight"]
    save_file(state, path, {"format": "pt"})
    with pytest.raises(EngineError, match=r"1 of its weights .* model.layers.1.mlp.up_proj.weight"):
        EmotionReader(copy, CPU).read(["疲惫地低语"])


def test_code_in_the_folder_is_not_run(copy: Path, tmp_path: Path) -> None:
    folder, mark = copy / emotion_text.FOLDER, tmp_path / "executed"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Evil: pass\n")
    for name in ("config.json", "tokenizer_config.json"):
        said = json.loads((folder / name).read_text())
        said["auto_map"] = {
            "AutoConfig": "evil.Evil",
            "AutoModelForCausalLM": "evil.Evil",
            "AutoTokenizer": ["evil.Evil", None],
        }
        (folder / name).write_text(json.dumps(said))
    assert EmotionReader(copy, CPU).read(["气得发抖"])["气得发抖"] == pytest.approx(READ["气得发抖"])
    assert not mark.exists()


def test_a_template_that_fails(copy: Path) -> None:
    (copy / emotion_text.FOLDER / "chat_template.jinja").write_text("{{ messages[7].content.nothing() }}")
    with pytest.raises(EngineError, match="chat_template"):
        EmotionReader(copy, CPU).read(["疲惫地低语"])


# --- from the script to the voice -----------------------------------------------------------------

CAST = """
language: zh
consent: "tones made by the test, nobody's voice"
narrator: {voice: low}
voices:
  low: {engine: indextts2, reference: voice0.wav}
  draft: {engine: espeak, variant: f3}
characters:
  林晚: {voice: low, emotions: {expressiveness: 0.5, limit: 0.4}}
  老王: {voice: low, emotions: {default: 疲惫地低语}}
  小张: {voice: draft}
"""
PLAIN = {"weights", "words", "reference", "strength"}
"""What the key of a take held of an emotion before words could reach an engine."""


@pytest.fixture
def cast(tmp_path: Path, clips: list[Path]) -> cast_room.Cast:
    shutil.copy(clips[0], tmp_path / "voice0.wav")
    (tmp_path / "cast.yaml").write_text(CAST, encoding="utf-8")
    return cast_room.load(tmp_path / "cast.yaml")


@pytest.fixture
def both(checkpoint: Path, taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole checkpoint with its emotion model."""
    where = shutil.copytree(checkpoint, tmp_path / "both")
    shutil.copytree(taught / emotion_text.FOLDER, where / emotion_text.FOLDER)
    monkeypatch.setenv(FOLDER, str(where))
    return where


def _asked(cast: cast_room.Cast, speaker: str, felt: str = "") -> Direction:
    line = Line("c01-1", 1, 1, 1, "dialogue", speaker, "走吧。", emotion=felt, by_hand=("emotion",))
    return cast_room.direct(line, cast, "走吧。")


def test_words_reach_the_engine(cast: cast_room.Cast, both: Path) -> None:
    words = "气得发抖"
    lexicon = emotion.parse(words).weights
    assert _asked(cast, "narrator", words).emotion == Emotion(lexicon, words)
    assert _asked(cast, "老王").emotion.words == "疲惫地低语"
    quiet = _asked(cast, "林晚", words).emotion
    assert (quiet.words, quiet.strength, quiet.limit) == (words, 0.5, 0.4)
    unknown = _asked(cast, "narrator", "低声说").emotion  # to the lexicon a delivery, no emotion
    assert (unknown.words, unknown.weights) == ("低声说", ())
    kept = ingredients(_asked(cast, "narrator", words))["emotion"]
    assert kept["reader"] == IndexTTS2().reader() == emotion_text.fingerprint(both)
    assert kept["weights"] == []  # a lexicon that learns does not make these takes stale


@pytest.mark.parametrize("felt", ["angry:0.6 sad:0.2", "愤怒", "happy", ""])
def test_intensities_do_not_become_words(cast: cast_room.Cast, both: Path, felt: str) -> None:
    """The tagger writes intensities (`emotion.shown`), and so they stay."""
    asked = _asked(cast, "narrator", felt)
    assert asked.emotion == Emotion(emotion.parse(felt).weights)
    assert set(ingredients(asked)["emotion"]) == PLAIN


def test_without_the_model_the_lexicon_reads(cast: cast_room.Cast, environment: Path) -> None:
    asked = _asked(cast, "narrator", "气得发抖")
    assert asked.emotion == Emotion(emotion.parse("气得发抖").weights)
    assert set(ingredients(asked)["emotion"]) == PLAIN  # the key is what it was


def test_other_engines_are_not_asked_for_words(cast: cast_room.Cast, both: Path) -> None:
    asked = _asked(cast, "小张", "气得发抖")
    assert asked.emotion == Emotion(emotion.parse("气得发抖").weights)
    assert set(ingredients(asked)["emotion"]) == PLAIN


def test_a_take_is_stale_when_wording_or_model_change(cast: cast_room.Cast, both: Path) -> None:
    before, other = _asked(cast, "narrator", "气得发抖"), _asked(cast, "narrator", "气得直发抖")
    subject, contents, plain = subject_of(before), ingredients(before), subject_of(_asked(cast, "narrator", "sad"))
    assert subject_of(other) != subject
    shutil.rmtree(both / emotion_text.FOLDER)
    emotion_model(both, seed=2)
    engines.reader.cache_clear()
    assert subject_of(before) != subject
    assert difference(contents, ingredients(before)) == "emotion"
    assert subject_of(_asked(cast, "narrator", "sad")) == plain
    shutil.rmtree(both / emotion_text.FOLDER)
    engines.reader.cache_clear()
    assert difference(contents, ingredients(_asked(cast, "narrator", "气得发抖"))) == "emotion"


def test_half_a_model_is_an_error_for_lines_with_words_only(cast: cast_room.Cast, both: Path) -> None:
    (both / emotion_text.FOLDER / "model.safetensors").unlink()
    assert _asked(cast, "narrator", "sad").emotion.weights
    with pytest.raises(EngineError, match=r"lacks qwen0\.6bemo4-merge/model\.safetensors"):
        _asked(cast, "narrator", "气得发抖")


def test_the_voice_feels_what_was_read(models: Models, both: Path, clips: list[Path]) -> None:
    reads = Models(both, "cpu")
    lexicon = emotion.parse("气得发抖").weights
    line = Direction("c01-1", "走吧.", "zh", Voice("a", "indextts2", {}, clips[0], sha256_file(clips[0])))
    voice = models._voice(line)

    def expected(weights: tuple[float, ...]) -> torch.Tensor:
        return feeling.weighed(voice.emotion, weights, voice.style, models.styles, models.vectors)

    worded = replace(line, emotion=Emotion(lexicon, "气得发抖"))
    assert torch.allclose(
        reads._feeling(worded, voice, reads._read([worded, line])), expected(READ["气得发抖"]), atol=1e-5
    )
    shy = replace(line, emotion=Emotion(lexicon, "气得发抖", strength=0.5, limit=0.4))
    assert torch.allclose(
        reads._feeling(shy, voice, reads._read([shy])), expected(_named(愤怒=0.4, 恐惧=0.075)), atol=1e-5
    )
    assert models._read([worded]) == {}  # no model there
    assert torch.equal(models._feeling(worded, voice, {}), expected(feeling.bounded(lexicon)))
    spoken = [next(one.render([worded])).wave.tobytes() for one in (reads, models)]
    assert spoken[0] != spoken[1]
    assert "_reader" in vars(reads)
    fresh = Models(both, "cpu")
    assert next(fresh.render([line])).wave.size
    assert "_reader" not in vars(fresh)  # a batch without words does not look for it


# --- doctor ---------------------------------------------------------------------------------------


def _found(row: str) -> machine.Finding:
    return next(one for one in machine._checkpoint_files() if one.name == row)


def test_doctor_looks_at_the_model(both: Path) -> None:
    name = f"{emotion_text.FOLDER}/"
    assert (_found(name).there, _found(name).found) == (True, "6 files")
    (both / name / "tokenizer.json").unlink()
    half = _found(name)
    assert (half.there, half.needed) == (False, True)
    assert DOWNLOAD in _found("to download").found
    assert half.found == f"incomplete, missing: {name}tokenizer.json"
    shutil.rmtree(both / name)
    none = _found(name)
    assert (none.there, none.needed, none.found) == (False, False, "absent")
    assert "emotion words" in none.enables
    assert "to download" not in [one.name for one in machine._checkpoint_files()]  # nobody needs it


# --- the whole flow -------------------------------------------------------------------------------

STORY = """第一章 河边

天快黑了。

[林晚|气得发抖] “走吧。”

[老王|sad:0.5] “好。”
"""


@pytest.mark.long
def test_a_model_that_comes_later_makes_only_lines_with_words_anew(
    checkpoint: Path, taught: Path, cast: cast_room.Cast, tmp_path: Path
) -> None:
    where = shutil.copytree(checkpoint, tmp_path / "checkpoint")
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    command = ["run", tmp_path / "story.txt", "--cast", tmp_path / "cast.yaml", "--output", tmp_path / "out"]
    environment = {**os.environ, FOLDER: str(where), "OMP_NUM_THREADS": "1"}

    def ran(*arguments: object) -> subprocess.CompletedProcess[str]:
        asked = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
        return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=200, env=environment)

    def rendered() -> int:
        done = ran(*command, "--plain", "--json", "--workers", "1")
        assert done.returncode == 0, done.stderr
        return int(json.loads(done.stdout)["rendered"])

    whole = rendered()
    folder = shutil.copytree(taught / emotion_text.FOLDER, where / emotion_text.FOLDER)
    assert rendered() == 1 < whole
    (folder / "model.safetensors").unlink()
    broken = ran(*command, "--plain", "--json", "--workers", "1")
    assert broken.returncode == 2
    assert "model.safetensors" in broken.stderr
    assert "Traceback" not in broken.stderr
    doctor = ran("doctor", "--engine", "indextts2", "--json")
    assert doctor.returncode == 1

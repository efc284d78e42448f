import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ScriptError
from pipeline.nouns import DELIVERIES, EMOTIONS, NARRATOR, Language, Line
from pipeline.script import delivery, emotion, emotion_words
from tests.script.test_lines import analysed

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def weights(text: str) -> dict[str, float]:
    found = emotion.parse(text).weights
    return {name: weight for name, weight in zip(EMOTIONS, found, strict=False) if weight}


def dominant(text: str) -> str:
    found = weights(text)
    return max(found, key=lambda name: found[name]) if found else ""


# --- the lexicon -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lexicon_is_large_sound_and_found_whole(language: Language) -> None:
    data = emotion_words.raw(language)
    entries = {
        phrase for part in ("ways", "delivery", "lines") for phrases in data[part].values() for phrase in phrases
    }
    assert len(entries) >= 300
    assert set(data["delivery"]) == set(DELIVERIES)
    for part in ("ways", "lines"):
        seen: dict[str, str] = {}
        for value, phrases in data[part].items():
            total = sum(float(pair.split(":")[1]) for pair in value.split())
            assert {pair.split(":")[0] for pair in value.split()} <= set(EMOTIONS)
            assert 0 < total <= emotion_words.SUM_LIMIT + 0.1, value
            for phrase in phrases:
                assert seen.setdefault(phrase, value) == value, f"{phrase} stands twice, with different weights"
                hits = emotion_words.find(phrase.rstrip("*"), language, part)
                assert hits and hits[0].end == len(phrase.rstrip("*")), phrase  # noqa: PT018 - one thought


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("疲惫地低语", "melancholic"), ("excitedly announcing", "happy"), ("咬牙切齿", "angry"), ("哽咽着", "sad"),
        ("through gritted teeth", "angry"), ("with a sad smile", "melancholic"), ("眉开眼笑", "happy"),
        ("怯生生地", "afraid"), ("in utter astonishment", "surprised"), ("嗤之以鼻", "disgusted"), ("不紧不慢", "calm"),
    ],
)  # fmt: skip
def test_words_are_read(words: str, wanted: str) -> None:
    assert dominant(words) == wanted
    assert emotion.parse(words).words == words


@pytest.mark.parametrize(
    ("mild", "plain", "strong"),
    [("有点愤怒地", "气愤地说", "极其气愤"), ("slightly annoyed", "annoyed", "extremely annoyed"),
     ("略微伤感", "伤感地", "伤感极了"), ("a little sad, she said", "sad, she said", "very sad, she said")],
)  # fmt: skip
def test_degree_words_scale(mild: str, plain: str, strong: str) -> None:
    low, middle, high = (max(weights(text).values()) for text in (mild, plain, strong))
    assert low < middle < high <= emotion_words.SUM_LIMIT + 1e-9


@pytest.mark.parametrize(
    "words",
    ["没有生气", "不高兴", "毫不畏惧地说", "并不害怕", "not angry", "without anger", "without any fear", "not at all sad",
     "not in the least frightened", "didn't sound angry"],
)  # fmt: skip
def test_a_negated_feeling_is_neutral(words: str) -> None:
    assert weights(words) == {}


def test_what_looks_like_a_negation_is_none() -> None:
    assert dominant("不耐烦地说") == "angry"
    assert dominant("忍不住笑了") == "happy"
    assert dominant("couldn't help laughing") == "happy"
    assert dominant("could not hide his anger") == "angry"
    assert not emotion_words.find("他喜欢喜剧，惊动了怒江", "zh", "ways")
    assert not emotion_words.find("He was fast asleep; a bow-wow, cold water.", "en", "ways")


def test_compounds_hold_both() -> None:
    assert set(weights("又惊又喜")) == {"happy", "surprised"}
    assert set(weights("悲喜交加地")) == {"happy", "sad"}
    assert set(weights("laughing and crying")) == {"happy", "sad"}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["非常", "不", "没有", "有点", "愤怒", "哭", "笑", "极了", "地", "，", "very ", "not ", "angry ", "sobbed ", "İ", "’"]
), max_size=14).map("".join))  # fmt: skip
def test_any_text_gives_bounded_weights_or_an_error(text: str) -> None:
    for language in LANGUAGES:
        for scope in ("ways", "lines"):
            hits = emotion_words.find(text, language, scope)
            assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)
            assert all(0 < weight <= 1 for hit in hits for weight in hit.weights.values())
    try:
        found = emotion.parse(text)
    except ScriptError:
        return
    assert len(found.weights) in (0, 8)
    assert all(0 <= weight <= 1 for weight in found.weights)
    assert not found.words or sum(found.weights) <= emotion_words.SUM_LIMIT + 0.01


@given(st.dictionaries(st.sampled_from(EMOTIONS), st.floats(0, 1), max_size=8))
def test_what_is_written_can_be_read_again_and_is_bounded(given_weights: dict[str, float]) -> None:
    cell = emotion.shown(given_weights)
    assert re.fullmatch(r"(?:[a-z]+:[01](?:\.\d+)? ?)*", cell)
    assert sum(emotion.parse(cell).weights) <= emotion_words.SUM_LIMIT + 1e-6


# --- delivery --------------------------------------------------------------------------------------------------------


def test_deliveries_are_read_in_both_languages() -> None:
    assert delivery.parse("低声、慢") == delivery.parse("slow whisper") == ("whisper", "slow")
    assert delivery.parse("  ") == ()
    for wrong, says in (
        ("wisper", "Did you mean whisper?"),
        ("whisper shout", "both whisper and shout"),
        ("快 慢", "fast and slow"),
    ):
        with pytest.raises(ScriptError) as error:
            delivery.parse(wrong, where="row 7")
        assert says in error.value.what
        assert error.value.where == "row 7"


def test_words_of_the_emotion_column_imply_a_delivery() -> None:
    assert emotion.deliveries("疲惫地低语") == ("whisper",)
    assert emotion.deliveries("shouting slowly") == ("shout", "slow")
    assert emotion.deliveries("angry:0.7") == ()


# --- tagging ---------------------------------------------------------------------------------------------------------


def tagged(*paragraphs: str, language: str = "zh") -> list[tuple[str, str]]:
    """(dominant emotion, delivery) of every quotation."""
    found = [line for line in analysed(*paragraphs, language=language) if line.kind in ("dialogue", "thought")]
    return [(line.emotion.partition(":")[0], line.delivery) for line in found]


@pytest.mark.parametrize(
    ("paragraphs", "wanted"),
    [
        (["林晚怒道：“出去！”"], [("angry", "")]),
        (["“出去！”林晚吼道。"], [("angry", "shout")]),
        (["“我知道了。”林晚哽咽着说。"], [("sad", "trembling")]),
        (["林晚说：“出去走走。”"], [("", "")]),
        (["林晚没有生气，说：“坐。”"], [("", "")]),
        (["林晚说：“好。”", "林晚的眼泪掉了下来。“你走吧。”"], [("", ""), ("sad", "")]),
        (["林晚缓缓站起身，说：“走吧。”"], [("", "")]),
        (["“走吧。”林晚缓缓说道。"], [("", "slow")]),
        (["“什么？！”林晚说。"], [("surprised", "")]),
        (["“滚！！”林晚骂道。"], [("angry", "shout")]),
        (["林晚轻声说：“睡吧。”"], [("", "whisper")]),
        (["林晚心想，气得发抖：“好哇。”"], [("angry", "")]),
        (["林晚强笑道：“没事。”"], [("melancholic", "")]),
        (["林晚严肃起来，说：“坐。”"], [("", "")]),
    ],
)  # fmt: skip
def test_a_line_takes_what_is_said_of_it(paragraphs: list[str], wanted: list[tuple[str, str]]) -> None:
    assert tagged(*paragraphs) == wanted


@pytest.mark.parametrize(
    ("paragraph", "wanted"),
    [
        ("“Get out,” Anne snapped.", ("angry", "")),
        ("“I see,” Anne whispered, trembling with fear.", ("afraid", "whisper")),
        ("“LEAVE ME ALONE!” said Anne.", ("angry", "shout")),
        ("“The BBC is on,” said Anne.", ("", "")),
        ("“I see,” said Anne.", ("", "")),
        ("“I see,” said Anne, not angry at all.", ("", "")),
        ("“Thanks,” said Anne.", ("", "")),
        ("“I know,” Anne hissed.", ("angry", "whisper")),
        ("Anne went cold. “He is here.”", ("afraid", "")),
        ("“Eat it,” said Anne in a cold voice.", ("angry", "")),
        ("“Eat it,” said Anne. The soup was cold.", ("", "")),
    ],
)
def test_english_lines(paragraph: str, wanted: tuple[str, str]) -> None:
    assert tagged(paragraph, language="en") == [wanted]


def test_anothers_feeling_is_not_the_speakers() -> None:
    lines = tagged("林晚道：“来。”", "老王说：“好。”", "老王哭了。林晚说：“吃饭吧。”")
    assert lines[-1] == ("", "")


def test_a_feeling_fades_and_a_scene_ends_it() -> None:
    def intensities(*paragraphs: str) -> list[float]:
        lines = [line for line in analysed(*paragraphs) if line.kind == "dialogue" and line.speaker == "林晚"]
        return [sum(emotion.parse(line.emotion).weights) for line in lines]

    first, second, third = intensities(
        "林晚怒吼道：“你来干什么！”", "老王说：“坐。”", "林晚说：“我站着。”", "老王说：“喝茶。”", "林晚说：“我也不喝。”"
    )
    assert first > second > third == 0
    quiet = ["风吹过院子。", "天黑了。", "月亮出来了。", "鸡叫了。"]
    assert intensities("林晚怒吼道：“你来干什么！”", *quiet, "林晚说：“我站着。”")[-1] == 0


def test_narration_and_letters_stay_neutral() -> None:
    lines = analysed("林晚愤怒地摔了门，大声哭喊着跑了出去。", "信上写着：“我恨你，滚！”")
    assert all(not line.emotion and not line.delivery for line in lines if line.kind in ("narration", "letter"))


def test_mark_up_says_both_and_is_the_authors_word() -> None:
    (line,) = analysed("[林晚|愤怒:0.8,低声] 滚！！")
    assert (line.emotion, line.delivery, line.by_hand) == ("愤怒:0.8", "whisper", ("emotion", "delivery"))
    (line,) = analysed("[林晚|低声] 滚！！")
    assert (line.emotion, line.delivery, line.speaker) == ("", "whisper", "林晚")
    (line,) = analysed("[|慢] 夜深了。")
    assert (line.speaker, line.delivery) == (NARRATOR, "slow")
    with pytest.raises(ScriptError, match="both fast and slow") as error:
        analysed("[林晚|快,慢] 好。")
    assert "line 1" in error.value.where


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(
    ["林晚", "怒道", "：", "“", "”", "滚！", "哭着说", "，", "。", "！！", "她", "老王", "笑道", "缓缓", "没有", "Anne ", "sobbed ", "STOP IT "]
), max_size=25).map("".join), max_size=8), st.sampled_from(LANGUAGES))  # fmt: skip
def test_every_tag_is_one_the_table_takes(paragraphs: list[str], language: Language) -> None:
    for line in analysed(*paragraphs, language=language):
        assert sum(emotion.parse(line.emotion).weights) <= emotion_words.SUM_LIMIT + 1e-6
        assert delivery.shown(delivery.parse(line.delivery)) == line.delivery


@pytest.mark.parametrize(
    "piece",
    [
        "怒",
        "“滚！”林晚怒道，哭着，",
        "not very ",
        "“气死，骗我，",
        "“AB CD ",
        "“sorry AB, ",
        "“Stop it,” Anne sobbed, trembling, ",
    ],
)
def test_tagging_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.process_time()
        analysed(text, language="zh" if re.search("[一-龥]", piece) else "en")
        return time.process_time() - began

    seconds(1_000)
    ratios = []
    for _ in range(3):  # the best of three: other work on the machine slows either side
        ratios.append(seconds(300_000) / max(seconds(30_000), 0.02))
        if ratios[-1] < 25:
            break
    assert min(ratios) < 25


def test_lines_carry_the_tag_on_every_piece() -> None:
    long: list[Line] = [
        line for line in analysed("林晚怒道：“" + "你听我把话说完。" * 40 + "”") if line.kind == "dialogue"
    ]
    assert len(long) > 2
    assert {line.emotion for line in long} == {"angry:0.7"}


@pytest.mark.parametrize(
    ("line", "shouts"), [("“GO HOME, I SAY!” said Anne.", True), ("“The BBC NEWS is on,” said Anne.", False),
                         ("“You COULDN’T do it!” said Anne.", False)],
)  # fmt: skip
def test_capitals_shout_where_they_are_exclaimed(line: str, shouts: bool) -> None:
    assert tagged(line, language="en")[0][1] == ("shout" if shouts else "")


def felt(text: str) -> list[tuple[str, str]]:
    return [(line.emotion, line.delivery) for line in analysed(text) if line.kind == "dialogue"]


def test_haste_is_no_fear() -> None:
    assert felt("林晚慌忙走过来，说道：“请坐。”")[0] == ("", "")


def test_what_nobody_named_felt_before_is_not_the_speakers() -> None:
    assert felt("皇帝大怒，下了一道圣旨。林晚看完，说道：“这个法子不好。”")[0] == ("", "")


def test_a_shout_ends_where_the_story_goes_on_in_the_same_paragraph() -> None:
    between = "一直走回家去，吃了一碗饭，喝了两杯茶，又看了半日的书，只见天色渐渐地晚了下来，院子里的人都散了，他也收拾了笔墨。"
    said = felt(f"陈默嚷道：“我不去！”{between}点了灯，坐在桌边，陈默问道：“这墨可要写字？”")
    assert said[0][1] == "shout"
    assert said[1][1] == ""

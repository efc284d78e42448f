"""The character error rate: what the ear cannot tell is equal, what it can tell is not."""

from __future__ import annotations

import pytest

from pipeline import pronunciation
from pipeline.listening.compare import Unit, compare, distance
from pipeline.nouns import Language


def errors(language: Language, spoken: str, heard: str, lexicon: dict[str, str] | None = None) -> tuple[int, int]:
    [found] = compare([pronunciation.spoken(spoken, language, lexicon or {})], [heard], language, lexicon or {})
    return found.errors, found.length


@pytest.mark.parametrize(
    ("language", "spoken", "heard"),
    [
        ("zh", "走进了街对面的银行。", "走进了借对面的音行"),  # homophones, with or without their tones
        ("zh", "银行行长", "銀行行長"),
        ("zh", "他重(chóng)新站了起来，一共走了3步。", "他重新站了起来 一共走了三步"),
        ("zh", "一共走了三步", "一共走了3步"),
        ("zh", "百分之五的人", "5%的人"),
        ("zh", "他买了 iPhone 手机。", "他买了iphone手机"),
        ("en", "“Well,” said Mr. Hale.", "well said mister hale"),
        ("en", "It was twenty-five years ago.", "It was 25 years ago"),
        ("en", "The café didn’t open.", "the cafe didn't open"),
    ],
)
def test_what_sounds_alike_is_no_error(language: Language, spoken: str, heard: str) -> None:
    assert errors(language, spoken, heard)[0] == 0


@pytest.mark.parametrize(
    ("language", "spoken", "heard", "expected"),
    [
        ("zh", "银行", "银形", (1, 2)),  # read as xing2
        ("zh", "天快黑了，河边一个人也没有。", "天快黑了，河边一个人", (3, 12)),  # cut short
        ("zh", "天快黑了。", "天快黑了天快黑了", (4, 4)),  # said twice
        ("zh", "好的", "", (2, 2)),
        ("zh", "他来了", "他没来", (2, 3)),
        ("en", "a lamp", "a lamb", (1, 5)),
        ("en", "Put it down.", "", (9, 9)),
    ],
)
def test_what_sounds_otherwise_counts(language: Language, spoken: str, heard: str, expected: tuple[int, int]) -> None:
    assert errors(language, spoken, heard) == expected


def test_a_reading_that_was_asked_for_is_the_one_that_counts() -> None:
    assert errors("zh", "重(zhòng)新", "中新")[0] == 0
    assert errors("zh", "重(chóng)新", "中新")[0] == 1


def test_the_lexicon_holds_for_both_sides() -> None:
    lexicon = {"SQL": "sequel", "方平": "fang1 ping2"}
    assert errors("en", "We use SQL here.", "we use SQL here", lexicon)[0] == 0
    assert errors("en", "We use SQL here.", "we use sequel here", lexicon)[0] == 0
    assert errors("zh", "他叫方平。", "他叫房屏", lexicon)[0] == 0


def test_the_distance_is_levenshteins() -> None:
    def units(text: str) -> list[Unit]:
        return [Unit(sign) for sign in text]

    assert distance(units("kitten"), units("sitting")) == 3
    assert distance(units("saturday"), units("sunday")) == 3
    assert distance(units(""), units("abc")) == distance(units("abc"), units("")) == 3
    assert distance(units("aab"), units("ab")) == 1

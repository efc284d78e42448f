"""Neutral tones and 儿化, as dictionaries have them."""

from __future__ import annotations

import pytest

from pipeline.pronunciation import spoken
from pipeline.pronunciation.pinyin import runs


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("妈妈", "ma1 ma5"), ("姐姐", "jie3 jie5"), ("衣服", "yi1 fu5"), ("明白了", "ming2 bai5 le5"),
        ("东西方的东西", "dong1 xi1 fang1 de5 dong1 xi5"), ("地方政府", "di4 fang1 zheng4 fu3"), ("好地方", "hao3 di4 fang5"),
        ("学生会的学生", "xue2 sheng1 hui4 de5 xue2 sheng5"), ("先生产后休息", "xian1 sheng1 chan3 hou4 xiu1 xi5"),
        ("花儿", "hua1 er5"), ("在这儿玩儿", "zai4 zhe4 er5 wan2 er5"), ("女儿和婴儿", "nü3 er2 he2 ying1 er2"), ("晚儿笑了", "wan3 er2 xiao4 le5"),
        ("衣服(fu2)", "yi1 fu2"),
    ],
)  # fmt: skip
def test_light_syllables(text: str, pinyin: str) -> None:
    assert " ".join(run.text for run in runs(spoken(text, "zh"))) == pinyin

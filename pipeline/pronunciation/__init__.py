"""Pronunciation: text as written -> text as spoken.

`spoken` writes numbers out, applies the lexicon, reads the authors' notation 重(chóng)新 and drops what has no sound; the
result is plain text with readings as ``重(chong2)新``. `pinyin.runs` turns that into syllables and words for an engine.
"""

from pipeline.pronunciation.doubts import doubts
from pipeline.pronunciation.text import VERSION, spoken

__all__ = ["VERSION", "doubts", "spoken"]

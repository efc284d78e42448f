"""A pronunciation in the International Phonetic Alphabet -> an English respelling, which every engine can read.

No engine here takes IPA: eSpeak's own phonemes are another alphabet, and IndexTTS 2 knows letters and pinyin only.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from pipeline.shipped import rows_of

_WRITTEN = re.compile(r"\s*/([^/]+)/\s*")
_BREAKS = "ˈˌ'.-\u203f"
"""Stress marks first, then the signs between syllables."""
_LONG = "ː\u0303"
_SILENT = "ʰʷʲ\u032f\u035c\u0361ˑ\u0325\u032c\u02bc"
"""Marks that a respelling cannot show: aspiration, ties, half length, voice."""
_SYLLABIC = re.compile("([a-zɫɹ])\u0329")
_ONSETS = frozenset("""
    pl pr bl br tr tw dr dw kl kr kw gl gr fl fr θr ʃr sp st sk sm sn sl sw spl spr str skr skw pj bj tj dj kj fj vj mj nj hj
    pɹ bɹ tɹ dɹ kɹ gɹ fɹ θɹ ʃɹ spɹ stɹ skɹ
""".split())  # fmt: skip
"""Consonants that begin an English syllable together (Gimson's Pronunciation of English, 8th ed., 2014, §10.10)."""
_LAX = frozenset("ɪ ᵻ e ɛ æ ɒ ʌ ʊ".split())
"""Vowels that English does not end a syllable with: they are written with the next consonant (nev-er)."""


@dataclass(frozen=True, slots=True)
class _Sound:
    sign: str
    vowel: bool
    open: str
    closed: str
    alone: str


def is_ipa(value: str) -> bool:
    """Whether `value` is written as IPA: between slashes, as dictionaries do."""
    return _WRITTEN.fullmatch(value) is not None


def respelled(value: str) -> str:
    """``/hɜːˈmaɪəni/`` -> ``hur-my-uh-nee``: syllables joined by hyphens, words by spaces.

    Raises ValueError naming the signs that are no IPA this program knows, or saying that there is no vowel.
    """
    match = _WRITTEN.fullmatch(value)
    if match is None:
        raise ValueError("IPA stands between slashes")
    words = [_sounds(word) for word in match[1].split()]
    if not any(one.vowel for sounds, _ in words for one in sounds):
        raise ValueError("there is no vowel")
    return " ".join("-".join(map(_spelt, _syllables(*word))) for word in words if word[0])


@cache
def _table() -> dict[str, _Sound]:
    table = {}
    for sign, kind, *spelt in rows_of(__package__, "ipa.tsv"):
        plain = unicodedata.normalize("NFD", sign)
        shown = [*spelt, *spelt[-1:] * 3][:3] if spelt else ["", "", ""]  # a consonant may be spelt alike on both sides
        table[plain] = _Sound(plain, kind == "v", *shown)
    return table


def _sounds(word: str) -> tuple[list[_Sound], set[int]]:
    """The sounds of one word, and where stress marks and dots begin a syllable."""
    table = _table()
    text = _SYLLABIC.sub(r"ə\1", unicodedata.normalize("NFD", word).replace(":", "ː"))
    text = "".join(sign for sign in text if sign not in _SILENT)
    text = _late_stress().sub("", text)
    longest = max(map(len, table))
    found: list[_Sound] = []
    cuts, unknown, at = set(), [], 0
    while at < len(text):
        size = next((size for size in range(longest, 0, -1) if text[at : at + size] in table), 0)
        if size:
            found.append(table[text[at : at + size]])
        elif text[at] in _BREAKS:
            cuts.add(len(found))
        elif text[at] not in _LONG:
            unknown.append(text[at])
        at += max(size, 1)
    if unknown:
        raise ValueError("no IPA known here: " + " ".join(dict.fromkeys(unknown)))
    return found, cuts


@cache
def _late_stress() -> re.Pattern[str]:
    """A stress mark between a consonant and its vowel, where eSpeak writes it."""
    signs = {vowel: {one.sign[0] for one in _table().values() if one.vowel is vowel} for vowel in (True, False)}
    return re.compile(f"(?<=[{''.join(signs[False])}])[{_BREAKS[:3]}](?=[{''.join(signs[True] - {'j'})}])")


def _syllables(word: list[_Sound], cuts: set[int]) -> list[list[_Sound]]:
    """Each vowel with the most consonants before it that English begins a syllable with, unless a mark tells."""
    vowels = [at for at, one in enumerate(word) if one.vowel]
    bounds = [0]
    for here, following in itertools.pairwise(vowels):
        told = [cut for cut in cuts if here < cut <= following]
        cut = max(told, default=following)
        while not told and cut > here + 1 and _begins(word[cut - 1 : following]):
            cut -= 1
        if not told and cut == here + 1 < following and word[here].sign in _LAX:
            cut += 1
        bounds.append(cut)
    return [word[start:end] for start, end in zip(bounds, [*bounds[1:], len(word)], strict=True)]


def _begins(cluster: list[_Sound]) -> bool:
    if len(cluster) == 1:
        return cluster[0].sign != "ŋ"
    return "".join(one.sign.replace("ɡ", "g") for one in cluster) in _ONSETS


def _spelt(syllable: list[_Sound]) -> str:
    before = list(itertools.takewhile(lambda one: not one.vowel, syllable))
    vowel, after = syllable[len(before) : len(before) + 1], syllable[len(before) + 1 :]
    onset = "".join(one.open for one in before)
    if not vowel:
        return onset
    coda = "".join(one.closed for one in after[:1]) + "".join(one.open for one in after[1:])
    nucleus = vowel[0].closed if after else vowel[0].open if before else vowel[0].alone
    if not before and nucleus == "ew":
        nucleus = "yoo"
    if onset.endswith("g") and nucleus[0] in "eiy":
        onset += "h"
    return onset + (nucleus.replace("_", coda) if "_" in nucleus else nucleus + coda)

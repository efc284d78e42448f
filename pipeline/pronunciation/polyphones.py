"""How a character with several readings is read here: a recurrent net's opinion (`context_net`), what the phrases around
say (three dictionaries and our own list, polyphones.txt), and the neighbours, weighed together by a small linear model.

The weights (polyphones.npz) come from benchmarks/train_polyphones.py; docs/pronunciation.md says from which data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.pronunciation.context_net import Floats, net

Codes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

SLOTS = 6
"""At most so many readings of one character are told apart."""
_TABLE_BITS = 20
TABLE = 1 << _TABLE_BITS
MARGIN = 3
LONGEST = 5
"""Phrases of 2..5 characters vote."""
DICTIONARIES = ("pypinyin", "cc_cedict", "zdic_cibs", "ours")
"""Whose phrases vote. Of all but ours the weights hold the keys of the phrases, not the phrases."""

_EDGE = 1
KEY_BITS = 40
"""Of 300,000 phrases one in four million lookups is mistaken for another."""
_KEY_SHIFT = np.uint64(64 - KEY_BITS)
_PRIME, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
# Which neighbours make a feature together: offsets from the character.
_SHAPES = (
    (), (-3,), (-2,), (-1,), (1,), (2,), (3,), (-2, -1), (-1, 1), (1, 2), (-3, -2, -1), (1, 2, 3), (-2, -1, 1), (-1, 1, 2),
)  # fmt: skip
_BATCH = 2048


@dataclass(frozen=True, slots=True)
class Reading:
    """A decision: the syllable ("zhong4", "lü4"), and how much better it scored than the next best (in logits)."""

    syllable: str
    margin: float


@dataclass(frozen=True)
class Tokens:
    """The polyphones of a batch of texts, one row each: where, which character (its number), the features' rows in the
    table (n, features), and for each dictionary how long the phrase is that votes (0 = none) and for which slot."""

    text: Indices
    place: Indices
    character: Indices
    rows: Indices
    net: Floats
    length: npt.NDArray[np.int8]
    vote: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Phrases:
    """What a dictionary says: `keys` (n,) sorted, of a phrase and a place in it (KEY_BITS each), `slots` (n,) the reading."""

    keys: Codes
    slots: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Model:
    """characters  those decided here; `readings` theirs, up to SLOTS each ("" beyond)
    table       (TABLE, SLOTS) what a feature adds to each reading, scaled
    net_weight  (characters,) of the net's log-probability
    vote_weight (dictionaries, characters, LONGEST + 1) of a phrase's vote, by its length
    slot_weight (dictionaries, characters, SLOTS) added to that by the reading it votes for
    bias        (characters, SLOTS) how common each reading is
    phrases     of each dictionary
    """

    characters: str
    readings: tuple[tuple[str, ...], ...]
    table: npt.NDArray[np.float32 | np.float16]
    net_weight: Floats
    vote_weight: Floats
    slot_weight: Floats
    bias: Floats
    phrases: tuple[Phrases, ...]

    @cached_property
    def numbers(self) -> npt.NDArray[np.int16]:
        """Code point -> number of the character, -1 for others."""
        numbers = np.full(0x10000, -1, np.int16)
        for number, sign in enumerate(self.characters):
            numbers[ord(sign)] = number
        return numbers

    @cached_property
    def outputs(self) -> Indices:
        """(characters, SLOTS): which output of the net is this reading, -1 for none."""
        known = {name.replace("u:", "ü"): at for at, name in enumerate(net().readings)}
        rows = [[known.get(one, -1) for one in readings] for readings in self.readings]
        return np.array([row + [-2] * (SLOTS - len(row)) for row in rows], np.int64)

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """What there is to decide in `texts`, and on what grounds."""
        codes = [np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32) for text in texts]
        edge = np.full(LONGEST, _EDGE, np.uint32)
        joined = np.concatenate([part for one in codes for part in (edge, one)] + [edge]).astype(np.uint64)
        starts = (
            np.cumsum([0, *(len(one) + LONGEST for one in codes[:-1])]) + LONGEST if codes else np.zeros(0, np.int64)
        )
        who = np.where(joined < 0x10000, self.numbers[np.minimum(joined, 0xFFFF).astype(np.int64)], -1)
        places = np.flatnonzero(who >= 0)
        text = np.searchsorted(starts, places, side="right") - 1
        character = who[places].astype(np.int64)
        rows = _rows(_classes(joined), places, character)
        length, vote = zip(*(_votes(joined, places, book) for book in self.phrases), strict=True)
        return Tokens(
            text, places - starts[text], character, rows, self._opinion(texts, text, places - starts[text], character),
            np.stack(length), np.stack(vote),
        )  # fmt: skip

    def _opinion(self, texts: Sequence[str], text: Indices, place: Indices, character: Indices) -> Floats:
        """(n, SLOTS): the net's log-probabilities among the readings of the character, at least -8; 0 when not needed."""
        if not len(text):
            return np.zeros((0, SLOTS), np.float32)
        needed = np.unique(text)
        states = dict(zip(needed.tolist(), net().states([texts[one] for one in needed]), strict=True))
        scores = net().scores(
            np.stack([states[one][at] for one, at in zip(text.tolist(), place.tolist(), strict=True)])
        )
        which = self.outputs[character]
        chosen = np.take_along_axis(scores, np.maximum(which, 0), axis=1)
        chosen = np.where(which >= 0, chosen, np.where(which == -1, -10.0, -1e9))
        chosen -= chosen.max(axis=1, keepdims=True)
        chosen -= np.log(np.exp(chosen).sum(axis=1, keepdims=True))
        return np.maximum(chosen, -8).astype(np.float32)

    def scores(self, tokens: Tokens) -> Floats:
        """(n, SLOTS) logits; -inf beyond the readings of the character."""
        out = self.bias[tokens.character]
        for column in range(tokens.rows.shape[1]):
            out += self.table[tokens.rows[:, column]]
        out += tokens.net * self.net_weight[tokens.character][:, None]
        for at in range(len(DICTIONARIES)):
            voted = np.flatnonzero(tokens.length[at])
            weight = self.vote_weight[at, tokens.character[voted], tokens.length[at][voted]]
            slot = tokens.vote[at][voted]
            out[voted, slot] += weight + self.slot_weight[at, tokens.character[voted], slot]
        out[self.outputs[tokens.character] == -2] = -np.inf
        return out

    def read(self, texts: Sequence[str]) -> list[dict[int, Reading]]:
        """For each text: place -> reading, of every character this model decides."""
        found: list[dict[int, Reading]] = [{} for _ in texts]
        for start in range(0, len(texts), _BATCH):
            tokens = self.tokens(texts[start : start + _BATCH])
            if not len(tokens.character):
                continue
            scores = self.scores(tokens)
            best = scores.argmax(axis=1)
            ordered = np.sort(scores, axis=1)
            margin = np.where(np.isfinite(ordered[:, -2]), ordered[:, -1] - ordered[:, -2], 99.0)
            for text, place, character, slot, by in zip(
                tokens.text.tolist(), tokens.place.tolist(), tokens.character.tolist(), best.tolist(), margin.tolist(),
                strict=True,
            ):  # fmt: skip
                found[start + text][place] = Reading(self.readings[character][slot], by)
        return found


@cache
def model() -> Model:
    """The shipped weights."""
    with resources.files(__package__).joinpath("polyphones.npz").open("rb") as file, np.load(file) as held:
        readings = tuple(tuple(row.split()) for row in str(held["readings"]).split("\n"))
        table = np.zeros((TABLE, SLOTS), np.float16)  # half as large; the weights are 8 bits wide
        table[held["rows"]] = held["table"].astype(np.float32) * float(held["scale"])
        characters = str(held["characters"])
        kept = (
            Phrases(np.cumsum(held[f"{name} keys"], dtype=np.uint64), held[f"{name} slots"])
            for name in DICTIONARIES[:-1]
        )
        net_weight, votes, slots, bias = (
            held[name].astype(np.float32) for name in ("net_weight", "vote_weight", "slot_weight", "bias")
        )
        books = (*kept, phrases(own_words(), characters, readings))
        return Model(characters, readings, table, net_weight, votes, slots, bias, books)


def phrases(words: Iterable[tuple[str, int, str]], characters: str, readings: tuple[tuple[str, ...], ...]) -> Phrases:
    """Of `words` (word, place in it, syllable there) those that say how one of `characters` is read."""
    number = {sign: at for at, sign in enumerate(characters)}
    found: dict[int, int] = {}
    for word, at, syllable in words:
        who = number.get(word[at])
        if who is not None and 2 <= len(word) <= LONGEST and syllable in readings[who]:
            found[_key(word, at)] = readings[who].index(syllable)
    keys = np.array(list(found), np.uint64)
    order = np.argsort(keys)
    return Phrases(keys[order], np.array(list(found.values()), np.int8)[order])


def own_words() -> Iterator[tuple[str, int, str]]:
    """polyphones.txt: word, place of the character, its syllable."""
    text = resources.files(__package__).joinpath("polyphones.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            sign, syllable, *words = line.split()
            for word in words:
                for at, one in enumerate(word):
                    if one == sign:
                        yield word, at, syllable


def pypinyin_reading(word: str) -> tuple[str, ...]:
    """The syllables of a word in pypinyin's dictionary, one a character; none for what is not in it."""
    from pypinyin.constants import PHRASES_DICT

    from pipeline.pronunciation.syllable import canonical

    written = PHRASES_DICT.get(word, ())
    return tuple(canonical(one[0]) or canonical(one[0] + "5") for one in written) if len(written) == len(word) else ()


def _hashed(parts: Sequence[Any], seed: int) -> Codes:
    value = np.uint64(seed) * _MIX
    for part in parts:
        value = (value ^ part) * _PRIME
        value ^= value >> np.uint64(29)
    return np.asarray(value, np.uint64)


def _key(word: str, at: int) -> int:
    with np.errstate(over="ignore"):
        return int(_hashed([np.uint64(ord(sign)) for sign in word], len(word) * 8 + at) >> _KEY_SHIFT)


def _classes(codes: Codes) -> Codes:
    """Figures alike, Latin letters alike."""
    out = codes.copy()
    out[(codes >= 48) & (codes <= 57)] = 48
    out[((codes | np.uint64(32)) >= 97) & ((codes | np.uint64(32)) <= 122)] = 97
    out[np.isin(codes, [ord(sign) for sign in "一二三四五六七八九十百千万亿两零〇"])] = ord("一")
    return out


def _rows(codes: Codes, places: Indices, character: Indices) -> Indices:
    """(n, features): each feature's row in the table."""
    who = character.astype(np.uint64)
    with np.errstate(over="ignore"):
        columns = [
            _hashed([who, *(codes[places + offset] for offset in shape)], 100 + at) for at, shape in enumerate(_SHAPES)
        ]
    return (np.stack(columns, axis=1) >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)


def _votes(codes: Codes, places: Indices, book: Phrases) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """For each place the longest phrase of one dictionary over it: its length and its vote; 0 and 0 where there is none, or two
    of one length that gainsay each other (人中 and 中毒 in 有人中毒了)."""
    length, vote = np.zeros(len(places), np.int8), np.zeros(len(places), np.int8)
    gainsaid = np.zeros(len(places), bool)
    if not len(book.keys):
        return length, vote
    open_ = np.arange(len(places))
    for size in range(LONGEST, 1, -1):
        for at in range(size - 1, -1, -1):
            first = places[open_] - at
            with np.errstate(over="ignore"):
                key = _hashed([codes[first + step] for step in range(size)], size * 8 + at) >> _KEY_SHIFT
            found = np.minimum(np.searchsorted(book.keys, key), len(book.keys) - 1)
            hit = book.keys[found] == key
            slots = book.slots[found[hit]]
            again = length[open_[hit]] == size
            gainsaid[open_[hit]] |= again & (vote[open_[hit]] != slots)
            length[open_[hit]] = size
            vote[open_[hit]] = slots
        open_ = open_[length[open_] == 0]
    length[gainsaid], vote[gainsaid] = 0, 0
    return length, vote

"""Train pipeline/pronunciation/polyphones.npz: which reading a Chinese character with several has in its context.

    pip install pypinyin-dict
    python benchmarks/train_polyphones.py --cpp CPP_DIR [--more DIR] [--folds 5] [--out FILE]

CPP_DIR holds dev.sent, dev.lb and train.lb of the CPP data set (github.com/kakaobrain/g2pM, Apache-2.0; of the train sentences
no copy could be had: their labels say how common each reading is); --more names folders with
train/dev pairs of the same form, such as the g2pL data (github.com/whzikaros/g2pL, Apache-2.0). Of the CPP test
set only the sentences are looked at (not the labels), to drop them from the other data where they stand there too.

The dictionaries are pypinyin's own and two of the package pypinyin-dict (0.9.0), of CC-CEDICT and of zdic.net. Words of our
own list (polyphones.txt) that stand in one sentence of dev only do not vote there: they were often written because of it, and
would look surer than they are.

The model is a conditional logit over the readings of a character. Annotators decide differently, so CPP adds weights of its own
to the bias and the trust in net and dictionaries that it shares with the other data; what neighbours say is one for all.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from benchmarks.train_labels import by_character
from pipeline.pronunciation import polyphones
from pipeline.pronunciation.context_net import net
from pipeline.pronunciation.polyphones import DICTIONARIES, LONGEST, SLOTS, TABLE, Model
from pipeline.pronunciation.syllable import canonical

STRENGTH = 0.5
"""Ridge penalty, in examples. In a prototype, cross-validated on dev, 0.3, 1 and 2 came out alike and 0.03 and 0.1 worse."""
STEP = 0.5
"""Value of a neighbour's feature: smaller than a vote's 1, so that many rare features are penalized harder."""


@dataclass(frozen=True)
class Examples:
    """Sentences with one marked character each, and the reading it has."""

    texts: list[str]
    places: list[int]
    labels: list[str]
    foreign: bool

    def part(self, keep: np.ndarray) -> Examples:
        chosen = np.flatnonzero(keep)
        return replace(self, texts=[self.texts[i] for i in chosen], places=[self.places[i] for i in chosen],
                       labels=[self.labels[i] for i in chosen])  # fmt: skip


def load(stem: Path, *, foreign: bool = False) -> Examples:
    """FILE.sent with ▁x▁ around the character, FILE.lb with its reading ("lu:4" or "lv4" for lü4)."""
    lines = stem.with_suffix(".sent").read_text(encoding="utf-8").splitlines()
    labels = stem.with_suffix(".lb").read_text(encoding="utf-8").split()
    assert len(lines) == len(labels), stem
    return Examples(
        [line.replace("▁", "") for line in lines], [line.index("▁") for line in lines],
        [_syllable(label) for label in labels], foreign,
    )  # fmt: skip


def _syllable(label: str) -> str:
    return label.replace("u:", "ü").replace("v", "ü")


def with_prior(model: Model, dev: Examples, labels: Path) -> Model:
    """`model` with the logarithm of how common each reading is among `labels` (CPP's train.lb) as its bias."""
    marked = [text[place] for text, place in zip(dev.texts, dev.places, strict=True)]
    known = dict(zip(model.characters, model.readings, strict=True))
    runs = by_character([_syllable(label) for label in labels.read_text(encoding="utf-8").split()], marked, known)
    bias = np.zeros_like(model.bias)
    for row, (sign, readings) in enumerate(known.items()):
        times = Counter(runs.get(sign, ()))
        counts = np.array([times[reading] + 2 for reading in readings])
        bias[row, : len(readings)] = np.log(counts / counts.sum())
    return replace(model, bias=bias)


def blank(examples: list[Examples]) -> Model:
    """A model without weights: the characters of the examples, their readings in the data, the net and our own list."""
    seen: dict[str, dict[str, int]] = {}
    for one in examples:
        for text, place, label in zip(one.texts, one.places, one.labels, strict=True):
            row = seen.setdefault(text[place], {})
            row[label] = row.get(label, 0) + (1 if one.foreign else 20)
    for word, at, syllable in polyphones.own_words():
        if word[at] in seen:
            seen[word[at]].setdefault(syllable, 0)
    for sign, known in _net_readings().items():
        if sign in seen:
            for reading in known:
                seen[sign].setdefault(reading, 0)
    rows = tuple(tuple(sorted(row, key=lambda r: -row[r])[:SLOTS]) for row in seen.values())
    n, characters = len(seen), "".join(seen)
    books = (*map(_listed, DICTIONARIES[:-1]), polyphones.own_words())
    return Model(characters, rows, np.zeros((TABLE, SLOTS), np.float32), np.zeros(n, np.float32),
                 np.zeros((len(DICTIONARIES), n, LONGEST + 1), np.float32),
                 np.zeros((len(DICTIONARIES), n, SLOTS), np.float32), np.zeros((n, SLOTS), np.float32),
                 tuple(polyphones.phrases(book, characters, rows) for book in books))  # fmt: skip


def _listed(name: str) -> Iterator[tuple[str, int, str]]:
    """The words of a dictionary: word, place in it, syllable there."""
    module = "pypinyin.constants" if name == "pypinyin" else f"pypinyin_dict.phrase_pinyin_data.{name}"
    held = import_module(module)
    words: Mapping[str, list[list[str]]] = held.PHRASES_DICT if name == "pypinyin" else held.phrases_dict
    for word, written in words.items():
        if 2 <= len(word) == len(written) <= LONGEST:
            for at, (mark, *_) in enumerate(written):
                yield word, at, canonical(mark) or canonical(mark + "5")


def _net_readings() -> dict[str, list[str]]:
    from pypinyin.constants import PINYIN_DICT

    outputs = {name.replace("u:", "ü") for name in net().readings}
    found = {}
    for code, marks in PINYIN_DICT.items():
        readings = [canonical(mark) or canonical(mark + "5") for mark in marks.split(",")]
        found[chr(code)] = [one for one in readings if one in outputs]
    return found


@dataclass(frozen=True)
class Data:
    """Features of examples: `tokens` rows of the marked characters only, and the slot that is right (-1: not a candidate)."""

    tokens: polyphones.Tokens
    gold: np.ndarray
    foreign: bool


def data(model: Model, examples: Examples) -> Data:
    tokens = model.tokens(examples.texts)
    marked = np.flatnonzero(np.array(examples.places)[tokens.text] == tokens.place)
    assert len(marked) == len(examples.texts)
    kept = polyphones.Tokens(
        tokens.text[marked], tokens.place[marked], tokens.character[marked], tokens.rows[marked], tokens.net[marked],
        tokens.length[:, marked], tokens.vote[:, marked],
    )  # fmt: skip
    if not examples.foreign:
        kept.length[-1, _written_for(examples)] = 0
    gold = [_slot(model.readings[who], label) for who, label in zip(kept.character, examples.labels, strict=True)]
    return Data(kept, np.array(gold), examples.foreign)


def _slot(readings: tuple[str, ...], label: str) -> int:
    return readings.index(label) if label in readings else -1


def _written_for(examples: Examples) -> list[int]:
    """Those whose character stands in a word of our own list that no other example has."""
    known = {(word, at) for word, at, _ in polyphones.own_words()}
    found = [_own_word(text, place, known) for text, place in zip(examples.texts, examples.places, strict=True)]
    times = Counter(found)
    return [number for number, word in enumerate(found) if word and times[word] == 1]


def _own_word(text: str, place: int, known: set[tuple[str, int]]) -> tuple[str, int] | None:
    spans = [(place - at, size) for size in range(LONGEST, 1, -1) for at in range(size - 1, -1, -1)]
    words = ((text[start : start + size], place - start) for start, size in spans if start >= 0)
    return next((one for one in words if one in known), None)


class Columns:
    """Where each weight stands in the flat vector that is fitted."""

    def __init__(self, characters: int) -> None:
        self.n = characters
        sizes = {"table": TABLE * SLOTS, "net": characters, "net0": 1, "vote": len(DICTIONARIES) * characters,
                 "vote0": len(DICTIONARIES) * (LONGEST + 1),
                 "slot": len(DICTIONARIES) * characters * SLOTS, "bias": characters * SLOTS, "prior": 1}  # fmt: skip
        self.at: dict[str, int] = {}
        total = 0
        for name in (*sizes, *("own " + name for name in sizes if name != "table")):
            self.at[name] = total
            total += sizes[name.removeprefix("own ")]
        self.total = total


def matrix(model: Model, one: Data, columns: Columns) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Rows: every candidate of every example, in order; and how many candidates each example has."""
    count = np.array([len(row) for row in model.readings])[one.tokens.character]
    example = np.repeat(np.arange(len(count)), count)
    slot = np.concatenate([np.arange(k) for k in count])
    who = one.tokens.character[example]
    rows = np.arange(len(example))
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def put(which: np.ndarray, name: str, offset: np.ndarray | int, value: np.ndarray | float) -> None:
        column = np.broadcast_to(offset, rows.shape)[which]
        for owned in ("", "own ")[: 1 if one.foreign or name == "table" else 2]:
            parts.append((rows[which], columns.at[owned + name] + column, np.broadcast_to(value, rows.shape)[which]))

    every = np.ones(len(rows), bool)
    for feature in range(one.tokens.rows.shape[1]):
        put(every, "table", one.tokens.rows[example, feature] * SLOTS + slot, STEP)
    opinion = one.tokens.net[example, slot]
    put(every, "net", who, opinion / 4)
    put(every, "net0", 0, opinion / 2)
    put(every, "bias", who * SLOTS + slot, STEP)
    put(every, "prior", 0, 0 if one.foreign else model.bias[who, slot])
    for number in range(len(DICTIONARIES)):
        length = one.tokens.length[number][example].astype(np.int64)
        voted = (length > 0) & (one.tokens.vote[number][example] == slot)
        put(voted, "vote", number * columns.n + who, STEP)
        put(voted, "slot", (number * columns.n + who) * SLOTS + slot, STEP)
        put(voted, "vote0", number * (LONGEST + 1) + length, 1.0)
    r, c, v = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.csr_matrix((v.astype(np.float32), (r, c)), shape=(len(rows), columns.total)), count


def fit(model: Model, parts: list[Data], iterations: int = 80) -> Model:
    """`model` with the weights that explain `parts` best."""
    columns = Columns(len(model.characters))
    made = [matrix(model, one, columns) for one in parts]
    whole = sparse.vstack([one for one, _ in made]).tocsr()
    count = np.concatenate([one for _, one in made])
    gold = np.concatenate([one.gold for one in parts])
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    group = np.repeat(np.arange(len(count)), count)
    known = (gold >= 0).astype(float)
    right = start + np.maximum(gold, 0)
    used = np.unique(whole.indices)
    narrow = whole[:, used]
    turned = narrow.T.tocsr()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = narrow @ weights
        top = np.maximum.reduceat(score, start)
        power = np.exp(score - top[group])
        total = np.add.reduceat(power, start)
        slope = power / total[group] * known[group]
        slope[right] -= known
        value = float((np.log(total) + top - score[right]) @ known)
        return value + STRENGTH / 2 * float(weights @ weights), turned @ slope + STRENGTH * weights

    found = minimize(
        loss, np.zeros(len(used)), jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 8}
    )
    full = np.zeros(columns.total)
    full[used] = found.x
    return _model(model, columns, full)


def _model(model: Model, columns: Columns, full: np.ndarray) -> Model:
    def take(name: str, *shape: int) -> np.ndarray:
        size = int(np.prod(shape))
        starts = [columns.at[owned + name] for owned in ("", "own ") if owned + name in columns.at]
        return np.sum([full[start : start + size] for start in starts], axis=0).reshape(shape)

    n, books = columns.n, len(DICTIONARIES)
    table = take("table", TABLE, SLOTS) * STEP
    votes = take("vote", books, n)[:, :, None] * STEP + take("vote0", books, LONGEST + 1)[:, None, :]
    return replace(
        model, table=table.astype(np.float32), net_weight=(take("net", n) / 4 + take("net0", 1) / 2).astype(np.float32),
        vote_weight=votes.astype(np.float32), bias=(take("bias", n, SLOTS) * STEP + take("prior", 1) * model.bias).astype(np.float32),
        slot_weight=(take("slot", books, n, SLOTS) * STEP).astype(np.float32),
    )  # fmt: skip


def accuracy(model: Model, one: Data) -> float:
    return float((model.scores(one.tokens).argmax(axis=1) == one.gold).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpp", type=Path, required=True, help="folder with dev.sent, dev.lb and train.lb")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="folders with train.* and dev.*")
    parser.add_argument("--folds", type=int, default=0, help="first cross-validate on CPP dev in so many parts")
    parser.add_argument("--out", type=Path, default=Path(polyphones.__file__).with_name("polyphones.npz"))
    given = parser.parse_args()
    dev = load(given.cpp / "dev")
    test = given.cpp / "test.sent"
    barred = {hash(line.replace("▁", "")) for line in test.read_text("utf-8").splitlines()} if test.exists() else set()
    others = [load(folder / part, foreign=True) for folder in given.more for part in ("train", "dev")]
    others = [one.part(np.array([hash(text) not in barred for text in one.texts])) for one in others]
    start = with_prior(blank([dev, *others]), dev, given.cpp / "train.lb")
    print(
        f"{len(dev.texts):,} of CPP dev, {sum(len(one.texts) for one in others):,} of others; {len(start.characters)} characters"
    )
    here, there = data(start, dev), [data(start, one) for one in others]
    if given.folds:
        fold = np.random.default_rng(0).integers(0, given.folds, len(dev.texts))
        right = 0.0
        for number in range(given.folds):
            kept, left = data(start, dev.part(fold != number)), data(start, dev.part(fold == number))
            right += accuracy(fit(start, [kept, *there]), left) * (fold == number).sum()
        print(f"cross-validated on CPP dev, {given.folds} parts: {right / len(dev.texts):.4f}")
    done = fit(start, [here, *there])
    print(f"on its own training data (CPP dev): {accuracy(done, here):.4f}")
    save(done, given.out)
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.2f} MB")


def save(model: Model, path: Path) -> None:
    """Weights of at most 127 steps of `scale`; rows that are nearly nothing are left out."""
    scale = float(np.abs(model.table).max()) / 127
    small = np.round(model.table / scale).astype(np.int8)
    rows = np.flatnonzero(small.any(axis=1))
    np.savez_compressed(
        path, characters=np.array(model.characters), readings=np.array("\n".join(" ".join(row) for row in model.readings)),
        rows=rows.astype(np.int32), table=small[rows], scale=np.array(scale), net_weight=model.net_weight.astype(np.float16),
        vote_weight=model.vote_weight.astype(np.float16), bias=model.bias.astype(np.float16),
        slot_weight=model.slot_weight.astype(np.float16), **_books(model),
    )  # fmt: skip


def _books(model: Model) -> dict[str, np.ndarray]:
    """The dictionaries but ours: the steps from key to key, and the slots."""
    found = {}
    for name, book in zip(DICTIONARIES[:-1], model.phrases, strict=False):
        steps = np.diff(book.keys, prepend=np.uint64(0))
        assert int(steps.max()) < 1 << 32, name
        found |= {f"{name} keys": steps.astype(np.uint32), f"{name} slots": book.slots}
    return found


if __name__ == "__main__":
    main()

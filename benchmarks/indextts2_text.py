"""Whether IndexTTS 2.0 is given the same text, pieces and segments here as in the public program.

    python benchmarks/indextts2_text.py --public DIR [--requirements DIR:DIR]

DIR is a checkout of github.com/index-tts/index-tts. What its text front end imports (WeTextProcessing with pynini; wetext where
that is its choice) is in the environment or in the folders of --requirements. 500 sentences of our own
(data/indextts2_sentences.txt) and a vocabulary trained on every other one of them, so that unknown pieces occur. Compared are

1. pieces, ids and segments of the same normalized text, which is to be equal;
2. the whole way from the text as written. There we read figures by our own rules and drop marks without a sound; every
   difference is put in a class, with its reason.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import logging
import random
import re
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from pipeline.engines.indextts2.text import Tokenizer, prepared, segments
from pipeline.pronunciation import spoken

SENTENCES = Path(__file__).with_name("data") / "indextts2_sentences.txt"
COUNT = 500
LIMITS = (120, 40)
"""Pieces a segment: the official default, and a small one that cuts often."""
PINYIN = "CHONG2 ZHONG4 ZHANG3 XVE2 LV4 HANG2 XVAN4 DE5 NV3 JVE2 ER4 GAN3 SHANG5 QVAN1 JVAN4 DEI3 CHAO2 ZHAO1".split()


# --- the sentences --------------------------------------------------------------------------------


def sentences(path: Path = SENTENCES) -> list[tuple[str, str]]:
    """Kind and text, COUNT of them: those written out, then templates filled in turn. The same ones always."""
    lists, written, templates, kind = dict[str, list[str]](), list[tuple[str, str]](), list[tuple[str, str]](), ""
    for line in path.read_text(encoding="utf-8").split("\n\n", 1)[1].splitlines():
        if line.startswith("= "):
            name, *values = line[2:].split(" | ")
            lists[name] = values
        elif line.startswith("# "):
            kind = line[2:]
        else:
            text = line.replace("\\n", "\n").replace("\\t", "\t")
            (templates if kind.startswith("template") else written).append((kind, text))
    drawn = random.Random(7)
    for number in range(COUNT - len(written)):
        kind, text = templates[number % len(templates)]
        written.append((kind, re.sub(r"\{(.+?)\}", lambda match: drawn.choice(lists[match[1]]), text)))
    return written


def vocabulary(path: Path, texts: list[str]) -> None:
    """Train a small SentencePiece model as the official one is made: BPE, marks at 0 and 1, syllables as pieces."""
    import sentencepiece

    corpus = path.with_suffix(".txt")
    corpus.write_text("\n".join(texts), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.Train(
        input=str(corpus), model_prefix=str(path.with_suffix("")), vocab_size=2000, model_type="bpe", bos_id=0, eos_id=1,
        unk_id=2, pad_id=-1, user_defined_symbols=PINYIN, character_coverage=1.0, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip


class Public:
    """The public program's text front end: its normalizer, and its tokenizer without one."""

    def __init__(self, folder: Path, requirements: str) -> None:
        sys.path[:0] = [str(folder)]
        sys.path += requirements.split(":") if requirements else []
        logging.disable()
        from indextts.utils.common import tokenize_by_CJK_char
        from indextts.utils.front import TextNormalizer, TextTokenizer

        self.spaced, self._tokenizer_class = tokenize_by_CJK_char, TextTokenizer
        self._normalizer = TextNormalizer(enable_glossary=True)
        self._normalizer.load()

    def open(self, path: Path) -> None:
        self.tokenizer: Any = self._tokenizer_class(str(path), None)

    def normalized(self, text: str) -> str:
        """As its tokenizer does: a single character is left alone."""
        if len(text.strip()) == 1:
            return text
        with contextlib.redirect_stdout(io.StringIO()):
            return str(self._normalizer.normalize(text))

    def segments(self, pieces: list[str], limit: int) -> list[list[str]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: list[list[str]] = self.tokenizer.split_segments(pieces, limit)
        return found


# --- the same text --------------------------------------------------------------------------------


def compare_same(public: Public, tokenizer: Tokenizer, texts: list[str], name: str) -> None:
    """Print how many of `texts` give the same pieces, ids and segments on both sides, and every one that does not."""
    equal, other = dict.fromkeys(["pieces", "ids", *map(str, LIMITS)], 0), list[str]()
    cuts = 0
    for text in texts:
        theirs, mine = public.tokenizer.tokenize(text), tokenizer.pieces(text)
        ids = [one for one in public.tokenizer.convert_tokens_to_ids(theirs) if one > 1]
        found = {"pieces": (theirs, mine), "ids": (ids, tokenizer.ids(mine))}
        found |= {str(limit): (public.segments(theirs, limit), segments(mine, limit)) for limit in LIMITS}
        for key, (one, two) in found.items():
            equal[key] += one == two
            if one != two:
                other.append(f"    {key}: {_first_difference(one, two)}")
        cuts += len(found[str(LIMITS[0])][1]) > 1
    print(f"{name}, {len(texts)} texts, {cuts} of them longer than a segment: equal pieces {equal['pieces']}, ids {equal['ids']}, "
          + ", ".join(f"segments of at most {limit} {equal[str(limit)]}" for limit in LIMITS))  # fmt: skip
    print("\n".join(other))


def _first_difference(one: list[Any], two: list[Any]) -> str:
    at = next((at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), min(len(one), len(two)))
    shown = [f"{' '.join(map(str, side[at])) if isinstance(side[at], list) else side[at]}" if at < len(side) else "nothing"
             for side in (one, two)]  # fmt: skip
    return f"at {at} of {len(one)}: theirs {shown[0][-70:]!r}, ours {shown[1][-70:]!r}"


# --- the whole way --------------------------------------------------------------------------------


@dataclass
class Class:
    """A kind of difference between the two readings of a text as written."""

    name: str
    places: int = 0
    sentences: set[int] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)


def compare_whole(public: Public, tokenizer: Tokenizer, texts: list[str]) -> None:
    """Print how many texts come out equal in words, in words and marks, in ids, and the classes of the rest."""
    classes = defaultdict[str, Class](lambda: Class(""))
    same = {"words": 0, "words and marks": 0, "ids": 0}
    for number, text in enumerate(texts):
        read, said = public.normalized(text), spoken(text, "zh" if re.search("[㐀-鿿]", text) else "en")
        theirs, mine = signs(public.spaced(read)), signs(prepared(said))
        ids = [one for one in public.tokenizer.encode(read) if one > 1], tokenizer.ids(tokenizer.pieces(said))
        same["words"] += [one for one in theirs if is_word(one)] == [one for one in mine if is_word(one)]
        same["words and marks"] += theirs == mine
        same["ids"] += ids[0] == ids[1]
        found = list(differences(theirs, mine, text))
        if not found and ids[0] != ids[1]:
            found = [("spaces only", "", "")]
        for name, one, two in found:
            known = classes[name]
            known.places += 1
            known.sentences.add(number)
            known.examples.append(f"{text[:40]!r}: theirs {one!r}, ours {two!r}")
    print(f"the whole way, {len(texts)} texts: equal " + ", ".join(f"{key} {count}" for key, count in same.items()))
    for name, known in sorted(classes.items(), key=lambda pair: -len(pair[1].sentences)):
        print(f"  {name}: {len(known.sentences)} texts, {known.places} places. {REASONS.get(name, '')}")
        for example in known.examples:
            print(f"      {example}")


REASONS: dict[str, str] = {}


def signs(text: str) -> list[str]:
    """Words, wide characters and marks, each by itself."""
    return re.findall(r"[^\W_]+|[^\w\s]|_", text)


def is_word(sign: str) -> bool:
    return sign[0].isalnum()


def differences(theirs: list[str], mine: list[str], source: str) -> Iterator[tuple[str, str, str]]:
    """Class, their signs and ours, for each place where the two differ."""
    for tag, a, b, c, d in difflib.SequenceMatcher(None, theirs, mine, autojunk=False).get_opcodes():
        if tag != "equal":
            yield class_of(theirs[a:b], mine[c:d], source), " ".join(theirs[a:b]), " ".join(mine[c:d])


def class_of(theirs: list[str], mine: list[str], source: str) -> str:
    return "marks" if not any(map(is_word, theirs + mine)) else "words"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", type=Path, required=True, metavar="DIR")
    parser.add_argument("--requirements", default="", metavar="DIR:DIR", help="where what it imports is, if not installed")
    given = parser.parse_args()
    public, texts = Public(given.public, given.requirements), [text for _, text in sentences()]
    read = [public.normalized(text) for text in texts]
    said = [prepared(spoken(text, "zh" if re.search("[㐀-鿿]", text) else "en")) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bpe.model"
        vocabulary(path, [public.spaced(text) for text in read[::2]] + said[::2])
        public.open(path)
        tokenizer = Tokenizer(path)
        print(f"vocabulary of {len(tokenizer)} pieces")
        compare_same(public, tokenizer, read, "1. text as they normalize it")
        compare_same(public, tokenizer, said, "1. text as we normalize it")
        compare_whole(public, tokenizer, texts)


if __name__ == "__main__":
    main()

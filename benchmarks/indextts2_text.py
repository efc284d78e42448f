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
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from pipeline.engines.indextts2.text import Tokenizer, prepared, segments
from pipeline.nouns import Language
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
    """Print how many of `texts` give the same pieces, ids and segments on both sides, and why the others do not."""
    equal, causes = dict.fromkeys(["pieces", "ids", *map(str, LIMITS)], 0), defaultdict[str, list[str]](list)
    cut = 0
    for text in texts:
        theirs, mine = public.tokenizer.tokenize(text), tokenizer.pieces(text)
        equal["pieces"] += theirs == mine
        equal["ids"] += ids_of(public, theirs) == tokenizer.ids(mine)
        for limit in LIMITS:
            one, two = public.segments(theirs, limit), segments(mine, limit)
            equal[str(limit)] += one == two
            cut += limit == LIMITS[0] and len(two) > 1
            if one != two:
                causes[f"segments of {limit}: {cause(theirs, mine, one, two)}"].append(text)
    cuts = ", ".join(f"segments of {limit} {equal[str(limit)]}" for limit in LIMITS)
    print(
        f"{name}: {len(texts)} texts, {cut} longer than a segment; equal: pieces {equal['pieces']}, ids {equal['ids']}, {cuts}"
    )
    for why, found in causes.items():
        print(f"    {why}: {len(found)}, e.g. {found[0][:60]!r}")


def ids_of(public: Public, pieces: list[str]) -> list[int]:
    """Without the marks 0 and 1, which its transformer passes over."""
    return [one for one in public.tokenizer.convert_tokens_to_ids(pieces) if one > 1]


def cause(theirs: list[str], mine: list[str], one: list[list[str]], two: list[list[str]]) -> str:
    """Why two cuts of the same text differ, as far as the program is known."""
    if theirs != mine:
        return "they leave a text of one character as it is written, and small letters are not in the vocabulary"
    if sum(map(len, one)) > sum(map(len, two)):
        return "they say a quotation mark behind a stop twice"
    if min(map(len, one)) == 1:
        return "a run without any mark leaves one piece to be said alone with them"
    return "UNEXPLAINED"


# --- the whole way --------------------------------------------------------------------------------


def compare_whole(public: Public, tokenizer: Tokenizer, texts: list[str], shown: int) -> None:
    """Print how many texts come out equal in words, in words and marks, in ids, and the classes of the rest."""
    same, places = Counter[str](), defaultdict[str, list[tuple[int, str]]](list)
    for number, text in enumerate(texts):
        read, said = public.normalized(text), spoken(text, language_of(text))
        theirs, mine = signs(public.spaced(read)), signs(prepared(said))
        ids = ids_of(public, public.tokenizer.tokenize(read)) == tokenizer.ids(tokenizer.pieces(said))
        same["words"] += list(filter(is_word, theirs)) == list(filter(is_word, mine))
        same["words and marks"] += theirs == mine
        same["ids"] += ids
        found = list(differences(theirs, mine, text)) or ([] if ids else [("spaces", read, said)])
        for name, one, two in found:
            places[name].append((number, f"{text[:44]!r}: theirs {one!r}, ours {two!r}"))
    print(f"2. the whole way, {len(texts)} texts: equal {', '.join(f'{key} {count}' for key, count in same.items())}")
    for name, found in sorted(places.items(), key=lambda pair: -len(pair[1])):
        print(f"  {name}: {len({number for number, _ in found})} texts, {len(found)} places. {REASONS[name]}")
        for _, example in found[:: max(1, len(found) // shown)][:shown]:
            print(f"      {example}")


def language_of(text: str) -> Language:
    """Of the book it would stand in."""
    return "zh" if re.search("[㐀-鿿]", text) else "en"


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
    """The name in REASONS."""
    if not any(map(is_word, theirs + mine)):
        return next((name for name, marks in MARKS.items() if set(theirs + mine) & set(marks)), "signs")
    if _SYLLABLE.search(source):
        alone = any(map(_SYLLABLE.fullmatch, theirs)) and not any(map(_SYLLABLE.fullmatch, mine))
        return "syllables alone" if alone else "readings"
    if _IS.search(source) and {"IS", "S"} & {*theirs, *mine}:
        return "'s"
    if len(theirs) == len(mine) == 1 and mine[0] in source and theirs[0] not in source and not mine[0].isascii():
        return "traditional characters"
    return "figures" if _FIGURE.search(source) else "abbreviations"


_SYLLABLE = re.compile(r"(?<![A-Za-z])[A-ZÜa-zü]{1,6}[1-5](?![0-9])|\([a-zà-ǜ]+\)")
_IS = re.compile(r"(?i)\b\w+['’]s\b")
_FIGURE = re.compile(r"[\d@/*_<=]|[^\W\d]?\b[XVI]+\b|[〇一-十]|[Ⅰ-Ⅿ①-⑳㈠-㈩½¾]")
MARKS = {"ellipses": "…", "quotes and brackets": "'", "dashes": "-", "repeated marks": ",.!?"}
REASONS = {
    "quotes and brackets": "They say every quote and bracket as an apostrophe; we drop them. The analysis has read them before.",
    "ellipses": "They keep …, we make it a stop: other engines have no such sign. One piece for another, both known.",
    "dashes": "They write -, for dashes, hyphens and the dot in foreign names; we write a comma for a dash and drop the others, "
    "because the program cuts at -.",
    "repeated marks": "We say one of a row of stops, theirs keep them all.",
    "signs": "Emoji and signs without a sound, which their vocabulary does not have; we drop them.",
    "readings": "重CHONG2新 and 重(chong2)新 are notes for us where the character may be read so; they say both, and brackets.",
    "syllables alone": "One letter (A4, a5) is a syllable for them only, and so is chong2 in an English book.",
    "'s": "They open who's, she's, there's to is, also where it stands for has; we leave them as written.",
    "traditional characters": "Their Chinese grammar simplifies them.",
    "figures": "Each reads figures, dates, money, units and signs by its own rules; ours are tested by "
    "normalization_cases, where they are right more often than wetext, the same grammar as theirs.",
    "abbreviations": "As figures: Mrs., St., initials.",
    "spaces": "A text of one letter, which they leave small.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--requirements", default="", metavar="DIR:DIR", help="where what it imports is, if not installed"
    )
    parser.add_argument("--examples", type=int, default=6, help="of each class of differences")
    given = parser.parse_args()
    public, texts = Public(given.public, given.requirements), [text for _, text in sentences()]
    read = [public.normalized(text) for text in texts]
    said = [prepared(spoken(text, language_of(text))) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bpe.model"
        vocabulary(path, [public.spaced(text) for text in read[::2]] + said[::2])
        public.open(path)
        tokenizer = Tokenizer(path)
        print(f"vocabulary of {len(tokenizer)} pieces")
        compare_same(public, tokenizer, read, "1. the same text, as they normalize it")
        compare_same(public, tokenizer, said, "1. the same text, as we normalize it")
        compare_whole(public, tokenizer, texts, given.examples)


if __name__ == "__main__":
    main()

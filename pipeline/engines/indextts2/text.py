"""Text as spoken -> pieces of the checkpoint's vocabulary, in segments that the model reads well.

Readings arrive as ``重(chong2)新`` and leave as the syllable in the character's place, ``CHONG2``, which is a piece of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import EngineError
from pipeline.pronunciation.text import READING
from pipeline.simplified import simplified

SEGMENT = 120
"""Pieces that one segment should hold at most; the model was trained on short texts."""
_WIDE = re.compile(
    r"([\u1100-\u11ff\u2e80-\ua4cf\ua840-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff65-\uffdc\U00020000-\U0003ffff])"
)
"""Signs that are pieces by themselves: Han, kana, hangul, and the signs that are made of them."""
_MARKS = str.maketrans(
    {"：": ",", "；": ",", ";": ",", "，": ",", "、": ",", ":": ",", "。": ".", "！": "!", "？": "?", "\n": " "}
    | dict.fromkeys("·—～~", "-")
    | dict.fromkeys('“”‘’"（）()《》【】[]「」', "'")
)
_FINAL_U = re.compile(r"^([JQX])[UÜ]")
_BREAKS = (",", "▁,", "-")
_STOPS = (".", "!", "?", "▁.", "▁?", "▁...")
"""Pieces behind which a text may be cut: the official program's choice, which has "-" inside words only."""


class Tokenizer:
    """The SentencePiece model of a checkpoint (``bpe.model``)."""

    def __init__(self, path: Path) -> None:
        import sentencepiece

        self._model: Any = sentencepiece.SentencePieceProcessor()
        try:
            self._model.Load(str(path))
        except (OSError, RuntimeError) as error:
            raise EngineError(
                f"the vocabulary cannot be read: {error}", where=str(path), fix="Download it again."
            ) from error

    def __len__(self) -> int:
        return int(self._model.GetPieceSize())

    def pieces(self, text: str) -> list[str]:
        """The pieces of a spoken text."""
        found: list[str] = self._model.EncodeAsPieces(prepared(text))
        return found

    def ids(self, pieces: Sequence[str]) -> list[int]:
        """Their numbers, without those of the start and stop marks (0 and 1)."""
        return [number for number in self._model.PieceToId(list(pieces)) if number > 1]

    def unknown(self, pieces: Sequence[str]) -> list[str]:
        """Pieces that the vocabulary does not have."""
        unknown = self._model.unk_id()
        return [piece for piece in pieces if self._model.PieceToId(piece) == unknown]


def prepared(text: str) -> str:
    """A spoken text as the vocabulary spells it: readings in place of their characters, simplified characters, plain marks,
    spaces around wide characters, capitals."""
    text = simplified(READING.sub(lambda match: f" {syllable(match[2])} ", text))
    text = _WIDE.sub(r" \1 ", text.translate(_MARKS))
    return re.sub(r"\s+", " ", text).strip().upper()


def syllable(reading: str) -> str:
    """A syllable as the vocabulary spells it: ``xue2`` -> ``XVE2``, ``lü4`` -> ``LV4``."""
    return _FINAL_U.sub(r"\1V", reading.upper()).replace("Ü", "V")


def segments(pieces: Sequence[str], longest: int = SEGMENT) -> list[list[str]]:
    """Cut at commas, dashes and stops, then joined again while two fit: into one of `longest` pieces at most, or of half
    that where it is the beginning. A run without any mark is cut hard."""
    runs: list[list[str]] = [[]]
    for piece in pieces:
        runs[-1].append(piece)
        if piece in _BREAKS or (piece in _STOPS and len(runs[-1]) > 2):
            runs.append([])
    cut = [run[at : at + longest] for run in runs for at in range(0, len(run), longest)]
    joined: list[list[str]] = []
    for run in cut:
        if joined and len(joined[-1]) + len(run) <= longest:
            joined[-1] = joined[-1] + run
        else:
            joined.append(run)
    return joined

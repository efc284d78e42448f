"""What a text file's bytes mean.

A byte order mark or valid UTF-8 is certain. Otherwise charset-normalizer proposes and strict decoding disposes: of the
encodings that decode every byte, the one whose text has the largest share of the commonest Chinese characters wins
(GBK read as Big5 is valid text, too, but of characters nobody uses).
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ManuscriptError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_COMMON = frozenset(
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能"
    "好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两長這個國說們為時會過學對裡後麼"
    "沒於還發當無開經頭面從動兩聽著來與樣問話給點裏聲眼知回把吧吗嗎呢啊走"
)
"""The commonest characters of modern prose, simplified and traditional."""
_SAMPLE = 400_000


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    encoding: str
    certain: bool


def decode(data: bytes, path: Path, encoding: str | None = None) -> Decoded:
    """The text of `data`. Raises ManuscriptError for bytes that are no text, or not of the given encoding."""
    if encoding:
        return _as_told(data, path, encoding)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strict(data, name, path, certain=True)
    if data[:_SAMPLE].count(0) > 0.02 * min(len(data), _SAMPLE):  # a stray one is dropped later, as a control character
        return _checked(_wide(data, path), path)
    try:
        return _checked(Decoded(data.decode("utf-8"), "utf-8", True), path)
    except UnicodeDecodeError:
        return _checked(_guessed(data, path), path)


def _as_told(data: bytes, path: Path, encoding: str) -> Decoded:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ManuscriptError(f"there is no encoding {encoding!r}", fix="Try utf-8, gb18030, big5, utf-16.") from error
    return _checked(_strict(data, encoding, path, certain=True), path)


def _strict(data: bytes, encoding: str, path: Path, *, certain: bool) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding.removesuffix("-sig"), certain)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManuscriptError(
            f"the text is not {encoding}: byte {error.start} cannot be read", where=f"{path}, line {line}",
            fix="Give the right --encoding, or save the file as UTF-8.",
        ) from error  # fmt: skip


def _wide(data: bytes, path: Path) -> Decoded:
    """UTF-16 without a mark: every other byte of ASCII text, spaces or line ends is zero."""
    even, odd = data[:_SAMPLE:2].count(0), data[1:_SAMPLE:2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        raise _no_text(path) from None
    return Decoded(text, name, False)


def _guessed(data: bytes, path: Path) -> Decoded:
    from charset_normalizer import from_bytes

    proposed = [match.encoding for match in from_bytes(data[:_SAMPLE])]
    scores: dict[str, float] = {}
    texts: dict[str, str] = {}
    for name in dict.fromkeys(["gb18030", "big5hkscs", *proposed]):
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        letters = [sign for sign in text[:_SAMPLE] if ord(sign) > 127]
        scores[name] = sum(sign in _COMMON for sign in letters) / max(len(letters), 1)
        texts[name] = text
    if not scores:
        raise _no_text(path)
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < 0.05:  # no Chinese: a western text, where charset-normalizer's first word counts
        best = next((name for name in proposed if name in texts), best)
        return Decoded(texts[best], best, False)
    others = [score for name, score in scores.items() if texts[name][:2000] != texts[best][:2000]]
    return Decoded(texts[best], best, scores[best] > 0.15 and scores[best] > 3 * max(others, default=0.0))


def _checked(decoded: Decoded, path: Path) -> Decoded:
    sample = decoded.text[:_SAMPLE]
    odd = sum(1 for sign in sample if sign < " " and sign not in "\t\n\r\f\x0b\x1a") + sample.count("\ufffd")
    if odd > len(sample) * 0.002 + 2:
        raise _no_text(path)
    return decoded


def _no_text(path: Path) -> ManuscriptError:
    return ManuscriptError(
        "this is not text: its bytes fit no encoding", where=str(path), fix="Is it another format, renamed?"
    )

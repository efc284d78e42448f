"""Where a paragraph speaks: its outermost quotations, told apart from quoted words that are no speech."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PAIRS = {"“": "”", "「": "」", "『": "』", "‘": "’", "＂": "＂", '"': '"'}
_MARK = re.compile(f"[{''.join({*_PAIRS, *_PAIRS.values()})}]")
_CLOSING = frozenset("”」』")
_SWAPPED = {"」": "』", "』": "」"}
_LEAD = ("：", ":")
_TAGGED = re.compile("[道说问答曰喊叫称云]：”")
_TAG = re.compile("[\u4e00-\u9fff]{1,10}[道说问答曰喊叫]")
_ENDS = frozenset(".,!?…。，！？—-")
_WORD = re.compile(r"[^\W_]")
_SENTENCE_MARK = re.compile(r"[。！？!?…，,；;～~—]|\.(?:\W|$)")
_SHORT = 12
"""Signs: what quoted words of a sign, a nickname or a scare quote mostly keep to; speech without an end mark too."""
_NAMED = re.compile(
    r"(?:名叫|叫做|叫作|唤作|唤做|名唤|外号|绰号|诨号|诨名|小名|乳名|名为|人称|称为|称作|称之为|号称|所谓的?|当作|当成|[这那]个|[这那]种|[这那]句话?|一个"
    r"|(?:写|贴|刻|题|印|挂|绣|标)[着了有]|(?<![大喊惊尖呼吼哭狂怪])[叫称][做为]?|[叫称喊唤][他她它我你]们?[叫做为]?|是|为|有|的)$"
)
"""What makes the quoted words behind it a name or a noun of the sentence: 名叫“小黑”, 叫他“老狐狸”, 写着“禁止入内”."""
_OF_IT = re.compile(r"的(?!确|话)|[一二两三四五六七八九十几]个?大?字|字样|一词|之类|等字|一样的")
_NOUN = re.compile(r"[这那][个种些样句两几]|[是在]|一[词语句]|、|和“|与“|对[^，。]{1,6}来说")
_TAIL = re.compile(r"(?:了|着|过|出|道|说|一?[声句]|[两几]声|[^\u4e00-\u9fff])*")
_ANSWERED = re.compile(r"[应唤叹哼答]了?[一两几]?声$")
_ASKS = re.compile(r"告诉|问|回答|提醒|警告|劝|命令|吩咐|嘱咐|骂")
_WHOM = re.compile(r"(?:他|她|我|你|它)们?[，,]?")
_DROPPED = r"'(?:n'|(?:em|tis|twas|til|cause|bout|im|er|ere|ave)\b)"
"""Apostrophes of letters left out: rock 'n' roll, take 'em."""
_SINGLE = re.compile(
    rf"(?:(?<=\s)|^)(?!{_DROPPED})'(?=\S)"
    rf"(?:[^']|(?<=\w)'(?=\w)|(?<=\s){_DROPPED}|(?<=[sS])'(?=\s[a-z]))*?"
    r"(?:[,.!?…—-]'(?=\W|$)|(?<=\w)'(?=[,.;:!?]))"
)
_WRITING = (
    r"(?:the|a|an|another|one|this|that|his|her|my|your|their|its)\s(?:[a-z-]+\s){0,2}?(?:sign|signboard|signpost|notice|"
    r"placard|poster|billboard|plaque|label|inscription|headline|caption|banner|letter|note|telegram|postcard|message|"
    r"tombstone|gravestone|headstone)s?"
)
_READS = r"(?:read|reads|said|says|saying|ran|runs|proclaimed|announced|declared|warned|stated|began|continued|went on|ended)"
_PLACE = r"(?:on|over|above|in|at|by|from|to|of|under|beside|near|outside|behind)"
_WRITTEN_BEFORE = re.compile(
    rf"(?:^|[.!?…;:,—”’\"']\s|\b(?:and|but|where|when)\s)\s*(?i:{_WRITING})"
    rf"(?:\s{_PLACE}(?:\s(?!and\b|he\b|she\b|they\b|who\b)[\w’'-]+){{1,4}}?)?\s(?:simply\s|only\s)?{_READS}[,:]?$"
)
"""What says that the quoted words behind it are written and nobody speaks them: The sign over the door read:"""
_WRITTEN_BEHIND = re.compile(
    rf"(?:(?:{_WRITING})\s(?:simply\s)?{_READS}\b|{_READS}\s(?:{_WRITING})(?=[,.;:!?—]|\s{_PLACE}\b|$))"
)
_TITLED = re.compile(
    r"(?:\b(?:be|been|being|was|were|is|are|what\s\w+|which\s\w+|so-|known\sas)\s?(?:called|named|styled|termed)|\bknown\sas"
    r"|\b(?:called|named|styled|termed)\s(?:him|her|it|them|himself|herself|themselves)(?:\sall)?|\b(?:entitled|titled))$"
)
"""What makes the quoted words behind it a name: to be called “My lord” by his tenants."""
_CALLED = re.compile(r"\b(?:to|would|could|might|they|we|you|people|always|usually|often)\s(?:call|called|term|name)$")
"""What the Square would call “showy.”"""
_SAID = re.compile(r"\b(?:said|say|says|saying)$")
_WORD_ALONE = re.compile(r"[a-z][a-z'’-]*(?:\s[a-z][a-z'’-]*)?[.]?")
_THING = re.compile(r"(?:a|an|the)(?:\s[a-z][\w’'-]*){1,4}[.,]?")
"""What stands behind a comma as a name for what the sentence has told: that friendly thing, “an old account.”"""
_BIG = re.compile(r"(?:(?:[A-Z][\w’'-]*|a|an|and|at|by|for|from|in|of|on|or|the|to|with)\s?){2,8}")
"""Words written as a title's are: The Last Light of the Year."""
_REPORTS = re.compile(r"\b(?:he|she|they|I|we|you|saying|crying)$|\b(?:thought|wondered|mused)\b")
_NEEDS_MORE = re.compile(
    r"\b(?:was|were|is|are|be|been|being|am|as|a|an|of|for|in|with|and|or|so|such|very|quite|too)$"
)
"""What a quotation that is speech does not follow without a comma."""
_CRY = re.compile(
    r"\b(?:cry|cries|shout|shouts|murmur|murmurs|scream|chorus|call|calls|whisper|yell|exclamation|words?)\sof$"
)
_WORD_OF = re.compile(r"\b(?:so-called|the words?)\s$")
"""What makes a straight mark inside straight marks the quoting of a word."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a paragraph, text[start:end]. `speech` spans include their marks; `open` ones were not closed."""

    start: int
    end: int
    speech: bool
    open: bool = False


def spans(text: str, speech_before: re.Pattern[str]) -> list[Span]:
    """Cut a paragraph into narration and speech, together covering all of it.

    speech_before: finds a verb of speech; a quotation right behind one is speech, however short. Linear time.
    """
    quotes = [one for one in _quotations(text) if _is_speech(text, one, speech_before)]
    found: list[Span] = []
    at = 0
    for quote in quotes:
        if quote.start > at:
            found.append(Span(at, quote.start, False))
        found.append(quote)
        at = quote.end
    if at < len(text):
        found.append(Span(at, len(text), False))
    return found


def _quotations(text: str) -> list[Span]:
    found: list[Span] = []
    closing: list[str] = []
    first: dict[str, int] = {}  # where a mark stands in `closing` first; searching a deep nest would be quadratic
    start = 0
    surplus = text.count("“") - text.count("”")
    last = text.rfind("“")
    turned = False
    stray = -1  # where a mark stands that may be meant to close the open quotation
    inner = -1  # where the word ends that straight marks quote inside straight marks
    for mark in _MARK.finditer(text):
        at, sign = mark.start(), mark[0]
        if sign == '"' and at <= inner:
            continue
        if sign == '"' and closing == ['"'] and _WORD_OF.search(text, max(at - 12, 0), at):
            inner = text.find('"', at + 1, at + 1 + 3 * _SHORT)
            if inner > at:
                continue
        if sign == "”" and closing in ([], ["”"]) and at < last and _TAGGED.match(text, at - 2):
            start, closing, first = at, ["”"], {"”": 0}  # 他问：”走吗？“: the marks are the wrong way round
            turned = True
        elif turned and sign == "“" and closing == ["”"] and text[at - 1] in _ENDS:
            closing.pop()
            found.append(Span(start, at + 1, True))
            turned = False
        elif closing == ["”"] and sign == "’" and text[at - 1] in "。！？!?…、":
            stray = at  # “走吧。’ he may have meant ”
        elif closing == ["”"] and sign == "“" and surplus > 0 and (end := _unclosed(text, start, stray, at)):
            found.append(Span(start, end, True))
            start, surplus = at, surplus - 1
        elif closing and sign == closing[-1] and not _apostrophe(text, at, sign):
            closing.pop()
            if not closing:
                found.append(Span(start, at + 1, True))
                turned = False
        elif sign == '"' and closing == ["”"]:  # “…" is a common slip of the keyboard
            closing.pop()
            found.append(Span(start, at + 1, True))
        elif sign in _PAIRS and (sign != '"' or not closing) and not _apostrophe(text, at, sign):
            if closing and _PAIRS[sign] == closing[-1]:
                if surplus > 0 and text[at - 1] in "。．！？!?…":
                    closing.pop()  # “走吧。“他说: an opening mark in place of the closing one
                    if not closing:
                        found.append(Span(start, at + 1, True))
                if surplus or sign != "“" or text[at - 1] not in "：:，,":
                    continue  # the same mark again inside itself: a new paragraph's reminder, or a slip
            if not closing:
                start = at
            if not _stands(_PAIRS[sign], first, closing):
                first[_PAIRS[sign]] = len(closing)
            closing.append(_PAIRS[sign])
        elif sign in _CLOSING and not closing and not found and text[at - 1 : at] in _ENDS:
            found.append(Span(0, at + 1, True))  # the end of a speech that verses or a letter interrupted
        elif closing == [_SWAPPED.get(sign)] and _slip(text, at, closing[0]):
            closing.pop()
            found.append(Span(start, at + 1, True))
        elif _stands(sign, first, closing) and not _apostrophe(text, at, sign):
            del closing[first[sign] :]  # an inner quotation was never closed
            if not closing:
                found.append(Span(start, at + 1, True))
    if closing:
        found.append(Span(start, len(text), True, open=True))
    if "'" in text:
        single = [Span(match.start(), match.end(), True) for match in _SINGLE.finditer(text)]
        if _inside(found, single):
            return single
    return found


def _unclosed(text: str, start: int, stray: int, at: int) -> int:
    """Where the quotation from `start` should have ended, where narration that leads to the mark at `at` stands in it, or 0:
    “走吧。林晚道：“好。”"""
    if text[at - 1] not in _LEAD:
        return 0
    piece = text[max(start + 1, at - 24) : at - 1]
    end = max(piece.rfind(mark) for mark in "。！？!?…’")
    if end < 0 or not _TAG.fullmatch(piece, end + 1):
        return 0
    place = at - 1 - len(piece) + end + 1
    return max(place, stray + 1) if stray >= start else place


def _slip(text: str, at: int, closing: str) -> bool:
    """Whether the mark at text[at] closes what another mark should: 「走罢。』他道, with no 」 before the next 「."""
    following = _MARK.search(text, at + 1)
    return text[at - 1] in _ENDS and (following is None or following[0] != closing)


def _inside(inner: list[Span], outer: list[Span]) -> bool:
    """Whether each of `inner` stands in one of `outer`; both are in order."""
    at = 0
    for one in inner:
        while at < len(outer) and outer[at].end < one.end:
            at += 1
        if at == len(outer) or outer[at].start > one.start:
            return False
    return True


def _stands(sign: str, first: dict[str, int], closing: list[str]) -> bool:
    """Whether `sign` is in `closing`; what `first` says of it may be out of date."""
    at = first.get(sign, len(closing))
    return at < len(closing) and closing[at] == sign


def _apostrophe(text: str, at: int, sign: str) -> bool:
    """Whether a single mark is the apostrophe of don’t, ’tis or dogs’."""
    if sign not in "‘’":
        return False
    before = at > 0 and _WORD.match(text[at - 1]) is not None and text[at - 1].isascii()
    after = at + 1 < len(text) and _WORD.match(text[at + 1]) is not None and text[at + 1].isascii()
    if sign == "‘":
        return before and after
    return after or (before and at + 1 < len(text) and text[at + 1] == " " and text[at - 1] in "sS")


def _is_speech(text: str, quote: Span, speech_before: re.Pattern[str]) -> bool:
    inner = text[quote.start + 1 : quote.end - (0 if quote.open else 1)].strip()
    if not inner:
        return False
    # windows, not the whole paragraph, or a long one would take quadratic time
    before, after = text[max(quote.start - 40, 0) : quote.start].rstrip(), text[quote.end : quote.end + 40].lstrip()
    if not before and not after:
        return True
    if _WORD_OF.search(f"{before} ") and len(inner) <= 3 * _SHORT and inner[-1] not in ".!?…,":
        return False
    if not quote.open and (
        _WRITTEN_BEFORE.search(text[max(quote.start - 90, 0) : quote.start].rstrip()) or _WRITTEN_BEHIND.match(after)
    ):
        return False
    if before.endswith((":", "：")):
        return True
    if (
        before[-1:].isascii()
        and (before[-1:].isalnum() or (before[-1:] == "," and _THING.fullmatch(inner)))
        and not quote.open
        and _part_of_sentence(text, quote, inner, speech_before)
    ):
        return False
    if not quote.open and _titles(inner, after, speech_before):
        return False
    if len(inner) <= _SHORT and _OF_IT.match(after):
        return False  # “闲人免进！”的牌子
    if len(inner) <= _SHORT and _NAMED.search(before) and inner[-1] not in "。！？!?…":
        return False
    if _SENTENCE_MARK.search(inner) or quote.open:
        return True
    if _told(before, speech_before) or after.startswith("了一"):
        return True
    if not before or before[-1] in "。！？!?…":
        noun = _NOUN.match(after) is not None
        return not noun and (bool(speech_before.search(after[:14])) or len(inner) > _SHORT or not after)
    return bool(after) and after[0] in "，,。." and bool(speech_before.search(after[1:10])) and before[-1] in "，,"


def _part_of_sentence(text: str, quote: Span, inner: str, speech_before: re.Pattern[str]) -> bool:
    """English: whether words that the sentence of the narration runs into without a comma are only mentioned in it: the
    “silken tresses,” he had praised; a letter to the “Society for Sunday Schools,” of which he was patron. What goes on with
    a sentence that a quotation begins the paragraph with is speech, and so is what a verb of speech stands near to."""
    before, after = text[max(quote.start - 40, 0) : quote.start].rstrip(), text[quote.end : quote.end + 25].lstrip()
    first = text[:40].lstrip()[:1]
    if first in _PAIRS or text[max(quote.start - 2, 0) : quote.start].isspace():
        return False
    if _TITLED.search(before) or (inner[0].islower() and _CALLED.search(before)):
        return True
    if before[-1] != "," and _WORD_ALONE.fullmatch(inner) and (_SAID.search(before) if inner[-1] == "." else after):
        return True  # He said “yes” to everything.
    if inner[0].islower() and _NEEDS_MORE.search(before):
        return True  # Anne said they were “full of lace.”
    if speech_before.search(before) or speech_before.search(after) or _REPORTS.search(before):
        return False
    if inner[0].islower():
        return True
    if inner[-1] in "!?":
        return False
    if re.search(r"\bthe$", before):
        return not re.search(r"[.!?]\W", inner)
    return before.endswith(" of") and not _CRY.search(before) and len(inner.split()) <= 4


def _titles(inner: str, after: str, speech_before: re.Pattern[str]) -> bool:
    """English: whether quoted words are a title that the sentence goes on about: “The Last Light” was her book."""
    words = _BIG.fullmatch(inner)
    if words is None or not after[:1].islower() or sum(word[0].isupper() for word in inner.split()) < 2:
        return False
    return speech_before.match(after) is None and not re.match(r"(?:he|she|they|we|came|was\s\w+['’]s|from)\b", after)


def _told(before: str, speech_before: re.Pattern[str]) -> bool:
    """Whether a verb of speech stands right before a quotation: 他喊了一声, 问她; not 他说的, 说自己是."""
    last = before[-6:] if before[-1:].isascii() else before[-10:]
    if _ANSWERED.search(last):
        return True
    for verb in speech_before.finditer(last):
        if _TAIL.fullmatch(last, verb.end()) or (_ASKS.search(verb[0]) and _WHOM.fullmatch(last, verb.end())):
            return True
    return False

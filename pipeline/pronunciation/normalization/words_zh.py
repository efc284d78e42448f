"""Figures as Chinese words."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
LONGEST = 16
"""Digits in a number that is still read as a number."""

_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")


def cardinal(figures: str) -> str:
    """ "10005" -> 一万零五; "2000" -> 两千; "3.14" -> 三点一四; digit by digit when it begins with 0 or is long."""
    whole, _, rest = figures.replace(",", "").partition(".")
    said = digits(whole) if len(whole) > LONGEST or (len(whole) > 1 and whole[0] == "0") else _whole(whole or "0")
    return f"{said}点{digits(rest)}" if rest else said


def counted(figures: str) -> str:
    """As before a measure word: 2 -> 两; 12 -> 十二; 200 -> 两百."""
    return "两" if figures.lstrip("0") == "2" and len(figures) == 1 else cardinal(figures)


def digits(figures: str, one: str = "一") -> str:
    """ "2024" -> 二零二四. `one`: 幺 for telephones and rooms."""
    return "".join(one if figure == "1" else DIGITS[int(figure)] for figure in figures)


def _whole(figures: str) -> str:
    """Of up to 16 digits, in groups of four: 千百十 in each, 万 and 亿 behind."""
    groups = []
    while figures:
        figures, last = figures[:-4], figures[-4:]
        groups.append(last)
    said, gap = "", False
    for place in range(len(groups) - 1, -1, -1):
        value = int(groups[place])
        if not value:
            gap = bool(said)
            continue
        if said and (gap or value < 1000):
            said += "零"
        alone = "两" if value == 2 and place and not said else _group(value, first=not said)
        said += alone + _GROUPS[place]
        gap = False
    return said or DIGITS[0]


def _group(value: int, *, first: bool) -> str:
    """1 to 9999. `first`: the number begins here: 10 is 十, 2000 is 两千, 200 is 两百 but 220 二百二十."""
    said, gap = "", False
    for place, figure in enumerate(reversed(str(value))):
        if figure == "0":
            gap = bool(said)
            continue
        digit = "两" if first and ((value // 1000 == 2 and place == 3) or value == 200) else DIGITS[int(figure)]
        said = digit + _PLACES[place] + ("零" if gap else "") + said
        gap = False
    return said[1:] if first and said.startswith("一十") else said

"""How English figures, signs and shortened words are read.

The order is from the particular to the general: a date before a fraction, money before a number. Where the writing leaves
the reading open, the rule carries a doubt, which the review shows.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.normalization import words_en as words
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import units
from pipeline.pronunciation.normalization.words_en import cardinal, digits, in_pairs, ordinal, year

Match = re.Match[str]

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_DASH = r"\s?[-\u2013\u2014]\s?"
_MONTHS = "January February March April May June July August September October November December".split()
_MONTH = "|".join(_MONTHS)
_DAYS = dict(zip("Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun".split(),
    "Monday Tuesday Tuesday Wednesday Thursday Thursday Thursday Friday Saturday Sunday".split(), strict=True))  # fmt: skip
_MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"), "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"), "¥": ("yen", "yen", "", ""), "₹": ("rupee", "rupees", "paisa", "paise"),
}  # fmt: skip
_SCALE = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "bn": "billion", "B": "billion", "b": "billion"}  # fmt: skip
_ROYAL = "|".join(
    """Henry Louis Elizabeth George Charles James Edward Richard William Mary Philip Philippe Napoleon Nicholas Peter Catherine
    Alexander Frederick Friedrich Wilhelm Pius Paul Benedict Innocent Gregory Clement Urban Leo Boniface Sixtus Julius Adrian
    Ramses Rameses Thutmose Amenhotep Seti Ptolemy Cleopatra Darius Xerxes Cyrus Artaxerxes Ivan Gustav Christian Otto Leopold
    Joseph Josef Robert Francis Henri Carlos Felipe Alfonso Ferdinand Isabella Maximilian Rudolf Rudolph Haakon Olaf Harald
    Sigismund Stephen Baldwin Conrad Manuel Pedro Umberto Victor Emmanuel Constantine Justinian Theodosius Mehmed Murad Selim
    Suleiman Abdul Hassan Mohammed Muhammad Margaret Anne Beatrix Rama Casimir Ladislaus John Malcolm Kenneth David Edmund
    Harold Theodore Vladimir Basil Michael Romanus Antiochus Seleucus Mithridates Tiglath-Pileser Nebuchadnezzar Childeric
    Clovis Lothar Pepin Hugh Amadeus""".split()
)
_TITLED = "King|Queen|Pope|Tsar|Czar|Kaiser|Emperor|Empress|Prince|Princess|Duke|Sultan|Pharaoh|Shah"
_NUMBERED = "Chapter|Book|Part|Volume|Act|Scene|Canto|Section|Appendix|Phase|Type|Class|Stage|Level|Mark|War|Bowl|Apollo|Title|Article|Canto|Plate|Table|Figure|Unit|Lesson|Letter|Number"
_YEAR_BEFORE = "in|since|by|until|till|after|before|during|from|year|years|of|circa|c|spring|summer|autumn|fall|winter|early|late|mid|class|back|around|between|and|to|the"  # fmt: skip
_COUNTED = r"(?:\s(?!was|is|has|his|this|as|us|does|its|census|always|perhaps|across|towards|besides|less|versus|olympics|games|elections?|series|crisis)(?:[a-z]+s|men|women|people|children|feet|head|miles|or|more|dead)\b)"  # fmt: skip
_FULL = {"tel": "telephone ", "ext": "extension"}
_GROUPS = r"(?<![\w.])"
_END = r"(?![\w])"


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order they run. Made on first use."""
    return (*_addresses(), *_dates(), *_times(), *_money(), *_measures(), *_names(), *_numbers())


def _addresses() -> tuple[Rule, ...]:
    return (
        rule(r"(?:https?://)?(?:[\w.+-]+@)?(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|co|uk|de|fr|cn|info|me|tv|ai)\b(?:/[\w./?=&%\#~-]*\w)?(?!\.\w)", _address),
        rule(rf"{_GROUPS}\+?\d{{0,3}}[ -]?\(?\d{{3}}\)?[ -]\d{{3}}-\d{{4}}{_END}|\+\d{{1,3}}(?:[ -]\d{{2,4}}){{2,}}{_END}", _phone),
        rule(rf"{_GROUPS}(?:1-\d{{3}}-)?\d{{3}}[-.](?:\d{{3}}[-.])?\d{{4}}{_END}", _phone),
        rule(rf"{_GROUPS}0\d{{2,4}}(?:\s\d{{3,8}}){{1,2}}{_END}", _phone),
        rule(rf"\b([Tt]el|[Ee]xt)\.(\s?)(\d+){_END}", lambda m: f"{_FULL[m[1].lower()]}{m[2]}{digits(m[3], 'oh')}"),
        rule(r"\b[Tt]el\.(?=\s\W?[a-z]+\s)", "telephone"),
        rule(rf"{_GROUPS}\d{{1,3}}(?:\.\d{{1,3}}){{3}}{_END}", lambda m: " dot ".join(in_pairs(one) for one in m[0].split("."))),
        rule(r"\b([\w-]+)\.(pdf|html?|txt|jpe?g|png|gif|docx?|xlsx?|exe|mp[34]|zip|csv|js|py)\b", lambda m: f"{m[1]} dot {' '.join(m[2])}"),
        rule(rf"(\b(?:call|dial|phone|ring|rang)(?:s|ed|led|ing|ling)?\s+)(\d{{3,}}){_END}", lambda m: m[1] + digits(m[2], "oh"), flags=re.I),
        rule(rf"{_GROUPS}9/11{_END}", "nine eleven"),
        rule(rf"{_GROUPS}24/7{_END}", "twenty four seven"),
    )  # fmt: skip


def _address(match: Match) -> str:
    text = re.sub(r"^https?://", "", match[0])
    names = {".": " dot ", "@": " at ", "/": " slash ", "-": " dash ", "_": " underscore ", "&": " and ", "=": " equals "}
    text = re.sub(r"^www(?=\.)", "w w w", text)
    text = re.sub(r"\d+", lambda m: f" {digits(m[0])} " if len(m[0]) > 2 else f" {cardinal(m[0])} ", text)
    return "".join(names.get(sign, sign) for sign in text)


def _phone(match: Match) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    groups = re.findall(r"\d+", match[0])
    return plus + ", ".join(cardinal(one) if one[1:] == "00" and one[0] != "0" else digits(one, "oh") for one in groups)


def _dates() -> tuple[Rule, ...]:
    day, full_year = r"(\d{1,2})(?:st|nd|rd|th)?", r"(\d{4}|\d{3}(?=\s*(?:AD|BC)))"
    return (
        rule(rf"\b({_MONTH})\s?[-\u2013]\s?({_MONTH})\b", r"\1 to \2"),
        rule(rf"{_GROUPS}(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_END}", lambda m: _date(m[2], m[3], m[1])),
        rule(rf"{_GROUPS}(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}}){_END}", _slashed, "month first, or day first"),
        rule(rf"\b({_MONTH})\s{day}{_DASH}{day}{_END}(?:,?\s{full_year}{_END})?", lambda m: f"{m[1]} {ordinal(m[2])} to {ordinal(m[3])}" + (f", {year(m[4])}" if m[4] else "")),
        rule(rf"\b({_MONTH})\s{day}{_END}(?:(,?)\s{full_year}{_END})?", lambda m: f"{m[1]} {ordinal(m[2])}" + (f"{m[3]} {year(m[4])}" if m[4] else "")),
        rule(rf"(\bthe\s)?{_GROUPS}{day}(?:\sof)?\s({_MONTH})\b(?:(,?)\s{full_year}{_END})?", lambda m: f"{m[1] or 'the '}{ordinal(m[2])} of {m[3]}" + (f"{m[4]} {year(m[5])}" if m[5] else "")),
        rule(rf"\b({_MONTH})(,?)\s(\d{{4}}){_END}", lambda m: f"{m[1]}{m[2]} {year(m[3])}"),
        rule(rf"{_GROUPS}(\d{{4}})({_DASH}|/)(\d{{4}}){_END}", _years),
        rule(rf"{_GROUPS}(1[0-9]|20)(\d\d)([-\u2013/])(\d\d){_END}", lambda m: f"{year(m[1] + m[2])} to {_two(m[4])}"),
        rule(rf"{_GROUPS}['\u2018\u2019]?(\d{{3}}0|(?<=['\u2018\u2019])\d0)['\u2019]?s{_END}", lambda m: words.decade(m[1])),
        rule(rf"(?<!\d)([2-9]0)s{_END}", lambda m: words.decade(m[1])),
        rule(r"['\u2018\u2019](\d\d)\b(?![\"'\u2019])(?!\s?(?:%|percent|in|ft)\b)", lambda m: _two(m[1])),
        rule(rf"\bA\.?D\.?\s(\d{{1,4}}){_END}", lambda m: f"A D {year(m[1])}"),
        rule(rf"{_GROUPS}(\d[\d,]*)\s?(B\.?C\.?E?\.?|A\.?D\.?|C\.E\.|CE)(?![\w])", lambda m: f"{_era_year(m[1])} {' '.join(letter for letter in m[2] if letter.isalpha())}"),
    )  # fmt: skip


def _era_year(figures: str) -> str:
    return year(figures) if len(figures) == 4 and not figures.endswith("00") else cardinal(figures)


def _two(figures: str) -> str:
    return f"oh {words.ONES[int(figures[1])]}" if figures[0] == "0" else cardinal(figures)


def _date(month: str, day: str, years: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{_MONTHS[int(month) - 1]} {ordinal(str(int(day)))}, {year(years) if len(years) == 4 else _two(years)}"


def _slashed(match: Match) -> str | None:
    return _date(match[1], match[2], match[3]) or _date(match[2], match[1], match[3])


def _years(match: Match) -> str | None:
    if not (1000 <= int(match[1]) < int(match[3]) <= 2100):
        return None
    return f"{year(match[1])} to {year(match[3])}"


def _times() -> tuple[Rule, ...]:
    half = r"\s?([ap])\.?\s?m(?:\.|\b)(?!\w)"
    return (
        rule(rf"{_GROUPS}(\d{{1,2}})[:.](\d\d){half}", lambda m: f"{_clock(m[1], m[2], sharp='')} {m[3].lower()} m{_stop(m)}", flags=re.I),
        rule(rf"{_GROUPS}(\d{{1,2}}){_DASH}(\d{{1,2}}){half}", lambda m: f"{cardinal(m[1])} to {cardinal(m[2])} {m[3].lower()} m{_stop(m)}", flags=re.I),
        rule(rf"\b(noon|midnight){_DASH}(\d{{1,2}}){half}", lambda m: f"{m[1]} to {cardinal(m[2])} {m[3].lower()} m{_stop(m)}", flags=re.I),
        rule(rf"{_GROUPS}(\d{{1,2}}){half}", lambda m: f"{cardinal(m[1])} {m[2].lower()} m{_stop(m)}", flags=re.I),
        rule(rf"{_GROUPS}([01]\d|2[0-3])([0-5]\d)\s(hours|hrs){_END}", lambda m: f"{_military(m[1], m[2])} hours"),
        rule(rf"{_GROUPS}(\d+):(\d\d):(\d\d){_END}", lambda m: f"{cardinal(m[1])} {_two(m[2])} {_two(m[3])}"),
        rule(rf"{_GROUPS}(\d{{1,2}}):(\d\d)\s?{_DASH}(\d{{1,2}}):(\d\d){_END}", lambda m: f"{_clock(m[1], m[2])} to {_clock(m[3], m[4])}"),
        rule(rf"{_GROUPS}(\d+):(\d\d)(\so'clock)?{_END}", lambda m: _clock(m[1], m[2])),
        rule(rf"(\b(?:at|by|until|till|before|after|past)\s)(\d{{1,2}})\.([0-5]\d){_END}(?!\s?(?:%|percent))", lambda m: m[1] + _clock(m[2], m[3])),
        rule(rf"{_GROUPS}(\d+):(\d+){_END}", lambda m: f"{cardinal(m[1])} to {cardinal(m[2])}"),
        rule(r"\b([ap])\.\s?m\.", lambda m: f"{m[1]} m{_stop(m)}", flags=re.I),
    )  # fmt: skip


def _stop(match: Match) -> str:
    """The full stop of "p.m." also ends the sentence when nothing, or a capital, follows."""
    return "." if match[0].endswith(".") and re.match(r"\s*$|\s+[\"'\u201c\u2018]?[A-Z]", match.string[match.end() :]) else ""


def _clock(hour: str, minute: str, sharp: str = " o'clock") -> str:
    if minute == "00":
        return cardinal(str(int(hour))) + (sharp if 0 < int(hour) <= 12 else " hundred")
    return f"{cardinal(str(int(hour)))} {_two(minute)}"


def _military(hour: str, minute: str) -> str:
    said = digits(hour, "oh") if hour[0] == "0" else cardinal(hour)
    return f"{said} hundred" if minute == "00" else f"{said} {_two(minute)}"


def _money() -> tuple[Rule, ...]:
    number = rf"({NUMBER})(?:{_DASH}[$£€¥₹]?({NUMBER}))?"
    scale = r"(?:\s?(thousand|million|billion|trillion)|(k|K|mn|m|M|bn|b|B))?"
    return (
        rule(rf"(?:\b(US|A|C|HK|NZ|S))?([$£€¥₹])\s?{number}(?:\s(\d+)s\.?(?:\s(\d+)d\.?)?)?{scale}{_END}", _coins),
        rule(rf"{_GROUPS}({NUMBER})\s?¢", lambda m: f"{cardinal(m[1])} {'cent' if m[1] == '1' else 'cents'}"),
        rule(rf"{_GROUPS}(\d+)p{_END}", lambda m: f"{cardinal(m[1])} p"),
        rule(rf"{_GROUPS}(\d+)s\.?\s(\d+)d{_END}", lambda m: f"{_count(m[1], 'shilling')} {_pence(m[2])}"),
    )  # fmt: skip


def _coins(match: Match) -> str:
    country, sign, first, last, shillings, pence, scale, letter = match.groups()
    one, many, small_one, small_many = _MONEY[sign]
    lands = {"US": "U S ", "A": "Australian ", "C": "Canadian ", "HK": "Hong Kong ", "NZ": "New Zealand ", "S": "Singapore "}
    one, many = lands.get(country or "", "") + one, lands.get(country or "", "") + many
    scale = scale or _SCALE.get(letter or "")
    if _describes(match):
        many = one
    whole, _, rest = first.partition(".")
    if last:
        return f"{cardinal(first)} to {cardinal(last)}{f' {scale}' if scale else ''} {many}"
    if scale:
        return f"{cardinal(first)} {scale} {many}"
    if shillings:
        return f"{cardinal(first)} {one if first == '1' else many} {_count(shillings, 'shilling')}" + (f" {_pence(pence)}" if pence else "")
    if len(rest) != 2 or not small_one:
        return f"{cardinal(first)} {one if first == '1' else many}"
    cents = "" if rest == "00" else f"{cardinal(str(int(rest)))} {small_one if rest == '01' else small_many}"
    pounds = "" if int(whole.replace(",", "")) == 0 else f"{cardinal(whole)} {one if whole == '1' else many}"
    return " and ".join(part for part in (pounds, cents) if part) or f"zero {many}"


def _describes(match: Match) -> bool:
    """Whether the match stands between an article and a noun: a $5 bill, a 12 V battery."""
    before, after = match.string[max(0, match.start() - 9) : match.start()], match.string[match.end() : match.end() + 12]
    return bool(re.search(r"\b(?:an?|this|that|each|every|another)\s$", before, re.I)) and bool(
        re.match(r"[\s-](?!of|per|an?|in|on|to|and|for|or|from|at)[a-z]", after)
    )


def _count(figures: str, one: str) -> str:
    return f"{cardinal(figures)} {one if figures == '1' else f'{one}s'}"


def _pence(figures: str) -> str:
    return "one penny" if figures == "1" else f"{cardinal(figures)} pence"


def _measures() -> tuple[Rule, ...]:
    signs = "|".join(re.escape(sign).replace(r"\ ", r"\.?\s") for sign in sorted(units("en"), key=len, reverse=True))
    amount = rf"([-\u2212])?{_GROUPS}({NUMBER})(?:{_DASH}({NUMBER})|\s(\d+)/(\d+))?"
    return (
        rule(rf"{_GROUPS}(\d+)\s?['\u2032]\s?(\d+)\s?(?:[\"\u2033]|'')", lambda m: f"{cardinal(m[1])} {'foot' if m[1] == '1' else 'feet'} {cardinal(m[2])} {'inch' if m[2] == '1' else 'inches'}"),
        rule(rf"{_GROUPS}(\d+)['\u2032\u2019](\d+){_END}", lambda m: f"{cardinal(m[1])} foot {cardinal(m[2])}"),
        rule(rf"{amount}\s?%(?:-|{_END})", lambda m: f"{_amount(m)[0]} percent "),
        rule(rf"{amount}(\s?-?)({signs})(?![\w^'\u2019])(\.(?=\s[a-z]|[,;]))?", _measured),
        rule(rf"{amount}(?=\s(?:degrees|percent|meters|metres|feet|miles)\b)", lambda m: _amount(m)[0]),
    )  # fmt: skip


def _amount(match: Match) -> tuple[str, bool]:
    """The words of a number, a range or a number and a half, after minus; and whether it counts as one."""
    minus, first, last, over, under = match.groups()[:5]
    if last:
        said = f"{cardinal(first)} to {cardinal(last)}"
    elif over:
        said = f"{cardinal(first)} and {_part(over, under)}"
    else:
        said = cardinal(first)
    return ("minus " if minus else "") + said, first == "1" and not last and not over


def _measured(match: Match) -> str | None:
    said, single = _amount(match)
    gap, sign = match[6], re.sub(r"\.?\s", " ", match[7])
    if sign in {"in", "A", "K", "st", "mo", "h", "g", "t", "l", "s", "J", "W", "L", "min"} and (
        (sign in {"in", "A", "K"} and " " in gap and not match[8]) or sign in {"st", "s"} and gap != " "
    ):
        return None
    if sign == "mi" and not gap:
        return None
    one, many = units("en")[sign]
    return f"{said} {one if single or '-' in gap or _describes(match) else many}"


def _names() -> tuple[Rule, ...]:
    numeral = r"([IVXLC]+)(?![\w.]*\w)(?!['\u2019](?!s\b)\w)"
    after_one = r"(?!I(?!\s*(?:[.:,;!?\u2014\)]|$|(?:is|was|begins|opens|ends|of)\b))(?![VXLI]))"
    return (
        rule(rf"\b((?:{_ROYAL})\s)([IVX]+)\sand\s([IVX]+){_END}", lambda m: f"{_regnal(m)} and {ordinal(str(words.roman(m[3])))}" if words.roman(m[3]) else None),
        rule(rf"\b((?:{_ROYAL})\s){numeral}", lambda m: _regnal(m) if m[0] != "Malcolm X" else None),
        rule(rf"\b((?:{_TITLED})\s(?:[A-Z][\w'\u2019]+\s){{1,3}}){numeral}", lambda m: _regnal(m)),
        rule(rf"\b((?:{_NUMBERED})\s+){after_one}{numeral}", lambda m: _roman(m, str), flags=re.I),
        rule(rf"\b((?:[A-Z][\w'\u2019]+\s)[A-Z][\w'\u2019]+\s)(?=[IVX]{{2}}){numeral}", lambda m: _regnal(m), "a person's numeral"),
        rule(rf"\b([A-Z][\w'\u2019]+\s)(?=[IVX]{{2}}){numeral}", lambda m: _roman(m, str), "a numeral after a name"),
        rule(r"\b([IVX]{2,}|[VX])(?=\s(?:Corps|Army|century|Olympiad)\b)", lambda m: ordinal(str(words.roman(m[1]))) if words.roman(m[1]) else None),
    )  # fmt: skip


def _regnal(match: Match) -> str | None:
    number = words.roman(match[2])
    return f"{match[1]}the {ordinal(str(number))}" if 0 < number < 40 else None


def _roman(match: Match, say: type[str]) -> str | None:
    number = words.roman(match[2])
    return match[1] + cardinal(say(number)) if number else None


def _numbers() -> tuple[Rule, ...]:
    scored = "won|win|wins|winning|lost|lose|beat|beaten|score|scored|led|lead|leading|drew|draw|tied|tie|up|ahead|trailing|trailed|victory|defeat|loss|down|voted|vote|ruling|ruled"
    called = "Flight|flight|Room|room|Boeing|Route|Highway|Interstate|Suite|Apartment|Channel|Cell|cell|Unit|Train|Bus|bus|Locker|locker|Extension|extension|Gate|Bay|Ward|House"
    return (
        rule(rf"(\b(?:{scored}|serving|served|game|set)\b[^.!?\d]{{0,30}}){_GROUPS}(0|15|30|40)-(0|15|30|40){_END}", _tennis),
        rule(rf"(\brecord\b[^.!?\d]{{0,20}}){_GROUPS}(\d+)[-\u2013](\d+){_END}", lambda m: f"{m[1]}{cardinal(m[2])} and {cardinal(m[3])}"),
        rule(rf"(\b(?:{scored})\b[^.!?\d]{{0,30}}){_GROUPS}(\d+)[-\u2013](\d+){_END}", lambda m: f"{m[1]}{cardinal(m[2])} to {cardinal(m[3])}"),
        rule(rf"(\b(?:{called})\s(?:[Nn]o\.?\s)?)(\d{{3,5}}){_END}", lambda m: m[1] + in_pairs(m[2])),
        rule(rf"{_GROUPS}(\d+(?:,\d{{3}})*)(st|nd|rd|th|d){_END}", lambda m: ordinal(m[1])),
        rule(rf"{_GROUPS}(\d+)\s(\d+)/(\d+){_END}", lambda m: f"{cardinal(m[1])} and {_part(m[2], m[3])}"),
        rule(rf"{_GROUPS}(\d+)\s?/\s?(\d+){_END}", _fraction),
        rule(rf"{_GROUPS}(?<!\ba\s)({NUMBER})([KkM]|bn){_END}", lambda m: f"{cardinal(m[1])} {_SCALE[m[2]]}"),
        rule(rf"\b([A-Z]+)-?(\d+)([A-Z]?){_END}", _model),
        rule(rf"{_GROUPS}(\d+)-?([A-Z]{{1,3}})(s?){_END}", lambda m: f"{in_pairs(m[1])} {' '.join(m[2])}{m[3]}"),
        rule(rf"(?<![\w.)])-({NUMBER})", lambda m: f"minus {cardinal(m[1])}"),
        rule(rf"{_GROUPS}([A-Za-z]{{1,3}}|\d)\^2{_END}", r"\1 squared"),
        rule(rf"{_GROUPS}([A-Za-z]{{1,3}}|\d)\^3{_END}", r"\1 cubed"),
        rule(rf"(?<=\d)\s?\u2212\s?(?=\d)|(?<=\d)\s-\s(?=[\d.,]+\s?=)", " minus "),
        rule(rf"{_GROUPS}(\d+)\^(\d+){_END}", lambda m: f"{cardinal(m[1])} to the power of {cardinal(m[2])}"),
        rule(r"(?<=[A-Za-z])\^(\d+)", lambda m: f" to the power of {cardinal(m[1])}"),
        rule(rf"{_GROUPS}({NUMBER}){_DASH}({NUMBER}){_END}", lambda m: f"{cardinal(m[1])} to {cardinal(m[2])}"),
        rule(rf"((?:\b(?:a|an|his|her|my|the|your|this|that)\s))\.(\d\d\d?){_END}", lambda m: m[1] + in_pairs(m[2]), "a calibre"),
        rule(rf"(?<![\w.])\.(\d+){_END}", lambda m: f"point {digits(m[1])}"),
        rule(rf"{_GROUPS}(\d+)((?:\.\d+){{2,}}){_END}", lambda m: " point ".join(cardinal(one) for one in m[0].split("."))),
        *_signs(),
        rule(rf"\b((?:{_YEAR_BEFORE})\.?\s)(1\d\d\d|20\d\d){_END}(?!{_COUNTED})(?![,.]\d)", lambda m: m[1] + year(m[2]), flags=re.I),
        rule(rf"{_GROUPS}(1[1-9]\d\d|20\d\d){_END}(?!{_COUNTED})(?![,.]\d)", lambda m: year(m[1]), "read as a year"),
        rule(rf"{_GROUPS}({NUMBER}){_END}", lambda m: cardinal(m[1])),
        rule(r"\d+", lambda m: f" {digits(m[0])} ", "read digit by digit"),
    )  # fmt: skip


def _tennis(match: Match) -> str | None:
    if match[2] == match[3] == "0":
        return None
    return match[1] + " ".join("love" if points == "0" else cardinal(points) for points in match.groups()[1:])


def _part(over: str, under: str) -> str:
    return "a half" if (over, under) == ("1", "2") else f"a {words.fraction(over, under)[4:]}" if over == "1" and int(under) else _plain_part(over, under)


def _plain_part(over: str, under: str) -> str:
    return words.fraction(over, under) if int(under) > 1 else f"{cardinal(over)} over {cardinal(under)}"


def _fraction(match: Match) -> str:
    over, under = match[1], match[2]
    if under == "1":
        return f"{cardinal(over)} to one"
    if int(under) < 2 or int(over) > int(under) or len(under) > 4:
        return f"{cardinal(over)} over {cardinal(under)}"
    return words.fraction(over, under)


def _model(match: Match) -> str:
    letters = " ".join(match[1]) if len(match[1]) < 4 else match[1]
    return f"{letters} {in_pairs(match[2])} {match[3]}".strip()


def _signs() -> tuple[Rule, ...]:
    return (
        rule(rf"(?<=\d)\s?[×xX]\s?(?={NUMBER}\s(?!is|are|equals|makes|gives|was)[a-z])", " by "),
        rule(r"(?<=\d)\s?[×xX*]\s?(?=\d)", " times "),
        rule(r"(\b(?:an?|the|this|that)\s)\*(?!\*)", r"\1asterisk"),
        rule(r"(?<=\s)%(?=\s)", "percent"),
        rule(r"(?<=\w)\s?×\s?(?=\w)", " times "),
        rule(r"(?<=[\d)])\s?÷\s?(?=[\d(])", " divided by "),
        rule(r"(?<=\w)\s?\+\s?(?=\w)", " plus "),
        rule(r"(?<=\d)\+", " plus"),
        rule(r"(?<=\w)\s?(?:=)\s?(?=\w)", " equals "),
        rule(r"±\s?", "plus or minus "),
        rule(r"(?<=\w)\s>\s(?=\w)", " is greater than "),
        rule(r"(?<=\w)\s<\s(?=\w)", " is less than "),
        rule(r"≥\s?", "at least "),
        rule(r"≤\s?", "at most "),
        rule(r"[~≈]\s?(?=\d)", "about "),
        rule(r"√\s?(?=\d)", "the square root of "),
        rule(r"∠\s?(?=[A-Z])", "angle "),
        rule(r"\#(?=\d)", "number "),
        rule(r"§\s?", "section "),
        rule(r"\s?©\s?", " copyright "),
        rule(r"(?<=[A-Z])&(?=[A-Z])", " and "),
        rule(r"\s&\s", " and "),
        rule(r"(?<=\w)\s?@\s?(?=\w)", " at "),
    )  # fmt: skip

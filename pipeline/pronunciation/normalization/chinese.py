"""How figures and signs in Chinese text are read.

The order is from the particular to the general: a telephone before a number, a clock before a ratio. Where the writing
leaves the reading open, the rule carries a doubt, which the review shows.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import units
from pipeline.pronunciation.normalization.words_en import roman
from pipeline.pronunciation.normalization.words_zh import DIGITS, cardinal, counted, digits

Match = re.Match[str]

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_FREE = r"(?<![\d.])"
_END = r"(?![\d])"
_TO = r"\s?(?:[-\u2013\u2014~\u301c]{1,2}|至|到)\s?"
_HAN = r"\u4e00-\u9fff"
_MEASURES = (
    "个只条件张把位名本块片根颗粒座栋间辆架台套双对副匹头群批种类样次回趟遍番场阵顿声步圈天周小分秒夜代倍米公斤克吨升尺寸丈亩里元毛角万千"
    "百亿口家户艘门杯瓶碗盘壶罐桶袋箱盒包筐捆束串滴滩堆团朵棵株丛枝支首篇部封道扇幅幢所排行列句页册卷则项份笔宗桩起股缕丝点岁年晚成桌针剂英平立毫厘海节码枚挺门发记脚拳刀剑箭棍鞭"
)  # fmt: skip
_REIGNS = "民国|康熙|乾隆|雍正|顺治|嘉庆|道光|咸丰|同治|光绪|宣统|万历|洪武|永乐|崇祯|天启|嘉靖|贞观|开元|天宝|建安|昭和|明治|大正|平成|令和|元和|庆历"
_ROYAL = "路易|亨利|伊丽莎白|查理|查理曼|乔治|爱德华|威廉|腓力|菲利普|拿破仑|尼古拉|彼得|叶卡捷琳娜|凯瑟琳|亚历山大|腓特烈|约翰|保罗|庇护|本笃|拉美西斯|托勒密|理查|理查德|詹姆斯|玛丽|弗朗茨|奥托|利奥|卡尔|古斯塔夫|阿方索|斐迪南|伊凡|穆罕默德|苏莱曼|大流士|居鲁士"
_SCORED = "横扫|完败|落败|逼平|力克|主队|客队|比分|领先|落后|胜|赢|输|负|战平|打成|扳平|逆转|击败|半场|决赛|踢成|战成|打出|追成|踢|平局|局"
_BEFORE_NUMBER = "电话|手机|号码|热线|座机|传真|QQ号?|微信号?|身份证号?码?|学号|工号|卡号|账号|密码|编号|邮编|车牌号?|尾号|分机|验证码|考号|警号|番号|代号|代码|口令"
_SIGN = "|".join
_VULGAR_END = r"(?![A-Za-z\d^])"


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order they run. Made on first use."""
    return (*_old(), *_addresses(), *_dates(), *_times(), *_roman(), *_money(), *_measures(), *_codes(), *_numbers())


def _old() -> tuple[Rule, ...]:
    capitals = "壹贰叁肆伍陆柒捌玖拾佰仟"
    plain = str.maketrans(capitals + "萬億", "一二三四五六七八九十百千万亿")
    return (
        rule("〇", "零"),
        rule("廿", lambda m: "二十"),
        rule("(?<!五)卅", lambda m: "三十"),
        rule("卌", lambda m: "四十"),
        rule(rf"[{capitals}][{capitals}零萬億万亿]+(?![{_HAN}]*起)|[{capitals}](?=[圆元角分两萬万亿])", lambda m: m[0].translate(plain)),
    )  # fmt: skip


def _addresses() -> tuple[Rule, ...]:
    phone = lambda m: m[1] + digits(re.sub(r"\D", "", m[2]), "幺")  # noqa: E731
    return (
        rule(r"(?:https?://)?(?:[\w.+-]+@)?(?:[A-Za-z0-9-]+\.)+(?:com|org|net|edu|gov|io|co|cn|info|me|tv|ai|uk|jp|de|cc|xyz|top)(?![A-Za-z])(?:/[A-Za-z0-9./?=&%\#~_-]*[A-Za-z0-9])?", _address, flags=re.ASCII),
        rule(r"\s?@\s?(?=\S)", "艾特"),
        rule(rf"(\+86[\s-]?)?{_FREE}(1[3-9]\d[\s-]?\d{{4}}[\s-]?\d{{4}}){_END}", lambda m: ("加八六" if m[1] else "") + digits(re.sub(r"\D", "", m[2]), "幺")),
        rule(rf"(){_FREE}(0\d{{2,3}}[\s-]?\d{{7,8}}|[48]00-?\d{{3,4}}-?\d{{3,4}}){_END}", phone),
        rule(rf"((?:{_BEFORE_NUMBER})(?:[是为:：码,\s]|改成|设成|叫){{0,4}})(\d[\d-]+\d){_END}(?!{_END}[{_MEASURES}])", phone),
        rule(rf"((?:号码|密码|邮编|验证码|学号|编号)[^\d。!?]{{0,6}})(\d{{3,}}){_END}(?![{_MEASURES}人])", phone),
        rule(rf"(查[过了]?)(114){_END}", phone),
        rule(rf"(){_FREE}(10086|10010|95\d{{3}})(?=发|客服|短信|打来|来电|,|。|$)", phone),
        rule(rf"((?:[打拨](?:了|过|通|打|给)*|报了?|呼叫?))(\d{{3,8}}){_END}(?![\s]?[{_MEASURES}])", phone),
        rule(rf"(){_FREE}(110|119|120|114|122|911|12306|12315|12345)(?=电话|热线|报警|急救|警察|接线|客服|指挥|救护)", phone),
    )  # fmt: skip


def _address(match: Match) -> str:
    text = re.sub(r"^https?://", "", match[0])
    names = {".": "点", "@": "艾特", "/": "斜杠", "-": "杠", "_": "下划线"}
    return "".join(names.get(sign, sign) for sign in re.sub(r"\d+", lambda m: digits(m[0]), text))


def _dates() -> tuple[Rule, ...]:
    spans = "前(?!后)|以前|之前|的历史|之久|来|间|多|后|里|的时间|的岁月|的光阴|有余|不倒|不变"
    return (
        rule(rf"{_FREE}(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_END}", _date),
        rule(rf"{_FREE}(\d{{4}})[-/](0?[1-9]|1[0-2])(?=月)", lambda m: f"{digits(m[1])}年{cardinal(m[2].lstrip('0'))}"),
        rule(rf"{_FREE}(\d{{4}})(年?){_TO}(\d{{4}}|\d\d(?=年))(?=年(?!前|的历史)|[)\]])", lambda m: f"{digits(m[1])}{m[2]}到{digits(m[3])}"),
        rule(rf"(?<=[(\[]){_FREE}(\d{{4}}){_TO}(\d{{4}}|\s?(?=\)))", lambda m: f"{digits(m[1])}到{digits(m[2])}"),
        rule(rf"(公元前?|西元前?)\s?(\d{{1,4}})(?=\s?年)", lambda m: m[1] + (digits(m[2]) if len(m[2]) > 2 else cardinal(m[2]))),
        rule(rf"((?:{_REIGNS}))\s?(\d{{1,2}})(?=\s?年)", lambda m: m[1] + cardinal(m[2])),
        rule(rf"{_FREE}(\d{{4}})(?=\s?年代)", lambda m: digits(m[1])),
        rule(rf"{_FREE}(?!2000\s?年(?:{spans}))((?:1[6-9]|20)\d\d)(?=\s?年(?!的历史|之久|的时间|的岁月|的光阴|有余|不倒|不变))", lambda m: digits(m[1])),
        rule(rf"{_FREE}(\d{{4}})(?=\s?年(?!{spans}))", lambda m: digits(m[1])),
        rule(rf"(?<![\d.第近约过了满整]){_FREE}([6-9]\d|0\d)(?=年(?!{spans}|代|级|的|如))", lambda m: digits(m[1]), "a year, or so many years"),
        rule(rf"{_FREE}(\d{{4}}|[6-9]\d|0\d)(?=[级届](?!台阶))", lambda m: digits(m[1])),
        rule(rf"{_FREE}([5-9]0|[7-9]5|0[05])(?=后(?![{_HAN}]?[{_MEASURES}面来座院方]))", lambda m: digits(m[1])),
        rule(rf"{_FREE}(\d{{1,2}})([月日号年]?)({_TO})(\d{{1,2}})(?=[月日号])", lambda m: f"{_plain(m[1])}{m[2]}{_to(m[3])}{_plain(m[4])}"),
        rule(rf"{_FREE}(\d{{1,2}})月(\d{{1,2}})(?=[日号]|{_END})(?!\d|个)", lambda m: f"{_plain(m[1])}月{_plain(m[2])}"),
        rule(rf"{_FREE}(\d{{1,2}})(?=月(?!子|饼)|日(?![{_HAN}]?内)|号)", lambda m: cardinal(str(int(m[1])))),
        rule(rf"{_FREE}(\d{{1,2}})[·・.](\d{{1,2}})(?=事变|事件|惨案|运动|地震|大案|讲话|起义|案|之役)", lambda m: digits(m[1] + m[2])),
        rule(rf"{_FREE}(\d{{1,2}})·(\d{{1,2}}){_END}", lambda m: digits(m[1] + m[2])),
        rule(r"(?<=[生卒写始建成死])于((?:1[5-9]|20)\d\d)(?![\d.,]|\s?年)", lambda m: f"于{digits(m[1])}"),
    )  # fmt: skip


def _plain(figures: str) -> str:
    """08 -> 八."""
    return cardinal(str(int(figures)))


def _to(sign: str) -> str:
    return "至" if "至" in sign else "到"


def _date(match: Match) -> str | None:
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{digits(match[1])}年{cardinal(str(month))}月{cardinal(str(day))}日"


def _times() -> tuple[Rule, ...]:
    clock = r"([01]?\d|2[0-4])\s?:\s?([0-5]\d)"
    return (
        rule(rf"((?:{_SCORED})[^\d。,!?]{{0,6}}){_FREE}(\d{{1,3}})\s?[:\-\u2013]\s?(\d{{1,3}}){_END}", lambda m: f"{m[1]}{cardinal(m[2])}比{cardinal(m[3])}"),
        rule(rf"((?<=以)){_FREE}(\d{{1,3}})\s?[:\-\u2013]\s?(\d{{1,3}}){_END}", lambda m: f"{cardinal(m[2])}比{cardinal(m[3])}"),
        rule(rf"(){_FREE}(\d{{1,3}})\s?[:\-\u2013]\s?(\d{{1,3}})(?=的?(?:{_SCORED}|险胜|大胜|完胜|比率|比例|比|优势|取|拿下|告))", lambda m: f"{cardinal(m[2])}比{cardinal(m[3])}"),
        rule(rf"(之比|(?:比例尺?|比率|比)[为是达约到]{{0,2}}|按|兑){_FREE}({NUMBER})\s?:\s?({NUMBER}){_END}(?!:)", lambda m: f"{m[1]}{cardinal(m[2])}比{cardinal(m[3])}"),
        rule(rf"((?:用时|成绩|历时|全长|片长|时长|耗时|跑出了?)[^\d]{{0,3}}){_FREE}(\d+):(\d\d):(\d\d){_END}", lambda m: f"{m[1]}{counted(m[2])}小时{_minute(m[3])}分{_minute(m[4])}秒"),
        rule(rf"((?:用时|历时|全长|片长|时长|耗时)[^\d]{{0,3}}){_FREE}(\d+):(\d\d){_END}", lambda m: f"{m[1]}{counted(m[2])}分{_minute(m[3])}秒"),
        rule(rf"{_FREE}{clock}:([0-5]\d){_END}", lambda m: f"{_clock(m[1], m[2])}{_minute(m[3])}秒"),
        rule(rf"{_FREE}{clock}{_TO}{clock}{_END}", lambda m: f"{_clock(m[1], m[2])}到{_clock(m[3], m[4])}"),
        rule(rf"{_FREE}{clock}{_END}(?!\s?:)", lambda m: _clock(m[1], m[2])),
        rule(rf"{_FREE}(\d{{1,2}})点(\d{{1,2}})(?=分)", lambda m: f"{counted(m[1].lstrip('0') or '0')}点{_minute(m[2])}"),
        rule(rf"{_FREE}(\d{{1,2}})[时](\d{{1,2}})(?=分)", lambda m: f"{cardinal(m[1].lstrip('0') or '0')}时{_minute(m[2])}"),
        rule(rf"{_FREE}(\d+)([米秒])(\d\d){_END}", lambda m: f"{counted(m[1])}{m[2]}{digits(m[3])}"),
        rule(rf"{_FREE}({NUMBER}(?::{NUMBER})+){_END}", lambda m: "比".join(cardinal(one) for one in m[1].split(":"))),
        rule(rf"{_FREE}({NUMBER})(?=\s?比\s?\d)", lambda m: cardinal(m[1])),
        rule(rf"(?<=比){_FREE}({NUMBER}){_END}(?![{_HAN}])", lambda m: cardinal(m[1])),
    )  # fmt: skip


def _clock(hour: str, minute: str) -> str:
    said = counted(str(int(hour))) + "点"
    return said if minute == "00" else f"{said}{_minute(minute)}分"


def _minute(figures: str) -> str:
    return f"零{DIGITS[int(figures[1])]}" if len(figures) == 2 and figures[0] == "0" else cardinal(figures)


def _roman() -> tuple[Rule, ...]:
    end = r"(?![A-Za-z\d])"
    return (
        rule(rf"(?<=第)\s?([IVXLC]+){end}", lambda m: _numeral(m[1])),
        rule(rf"((?:{_ROYAL})[·\s]?)([IVXL]+){end}(世?)", lambda m: f"{m[1]}{_numeral(m[2])}{m[3] if m[1] == '路易' else '世'}" if roman(m[2]) else None),
        rule(rf"(?<![A-Za-z])([IVX]{{2,}}|I)(?=\s?(?:型|期|级|类|度|阶|号|部|章|卷|世|区|军|方案|代))", lambda m: _numeral(m[1])),
        rule(r"(World\sWar\s)(I{1,3})(?![A-Za-z])", lambda m: m[1] + ("One", "Two", "Three")[len(m[2]) - 1]),
        rule(rf"(?<=[{_HAN}])\s?([IVX]{{2,}}){end}", lambda m: _numeral(m[1]), "a Roman numeral"),
        rule(rf"(?<=[卷部章篇集幕]\s)([IVX]+){end}|(?<=[卷部章篇集幕])([IVX]+){end}", lambda m: _numeral(m[1] or m[2])),
    )  # fmt: skip


def _numeral(letters: str) -> str | None:
    return cardinal(str(roman(letters))) if roman(letters) else None


def _money() -> tuple[Rule, ...]:
    names = {"¥": "元", "$": "美元", "€": "欧元", "£": "英镑", "RMB": "元", "CNY": "元", "USD": "美元", "EUR": "欧元", "HK$": "港元", "US$": "美元", "GBP": "英镑", "JPY": "日元", "NT$": "新台币"}
    sign = "|".join(re.escape(one) for one in sorted(names, key=len, reverse=True))
    return (
        rule(rf"({sign})\s?({NUMBER})(?:{_TO}(?:{sign})?({NUMBER}))?\s?([百千万亿]*|[wk](?![A-Za-z]))", lambda m: _price(m[2], m[3], _SCALE.get(m[4], m[4]), names[m[1]])),
        rule(rf"{_FREE}({NUMBER})()\s?([百千万亿]*)\s?(RMB|CNY|USD|EUR|GBP|JPY)(?![A-Za-z])", lambda m: _price(m[1], m[2], m[3], names[m[4]])),
        rule(rf"{_FREE}(\d+)\.(\d)0(?=\s?[元块])", lambda m: f"{cardinal(m[1])}点{digits(m[2])}" if m[2] != "0" else counted(m[1])),
        rule(rf"{_FREE}([1-9])([1-9])(?=折)", lambda m: digits(m[1] + m[2])),
        rule(rf"(?<=[元块角分度斤克米里升天人次吨])\s?/\s?(?=[{_HAN}])", "每"),
        rule(rf"(?<=[元块角])\s?/\s?(kg|g|m2|m\^2|h|L|km)(?![A-Za-z])", lambda m: f"每{units('zh')[m[1]][0]}"),
    )  # fmt: skip


_SCALE = {"w": "万", "W": "万", "k": "千"}


def _price(first: str, last: str | None, scale: str, coin: str) -> str:
    first, last = (re.sub(r"(\.\d)0$|\.00$", r"\1", one) if one else one for one in (first, last))
    said = _amount(first, last)
    return f"{said}{scale}{coin}"


def _amount(first: str, last: str | None = None) -> str:
    return f"{counted(first)}到{counted(last)}" if last else counted(first)


def _measures() -> tuple[Rule, ...]:
    signs = "|".join(re.escape(one) for one in sorted(units("zh"), key=len, reverse=True))
    percent = {"%": "百分之", "‰": "千分之"}
    return (
        rule(r"(°)\s?(\d+)\s?[′']", lambda m: f"{m[1]}{cardinal(m[2])}分"),
        rule(r"(分)\s?(\d+)\s?[″\"]", lambda m: f"{m[1]}{cardinal(m[2])}秒"),
        rule(rf"([-\u2212])?{_FREE}({NUMBER})\s?([%‰]?){_TO}([-\u2212])?({NUMBER})\s?([%‰])", lambda m: f"{'负' if m[1] else ''}{percent[m[6]]}{cardinal(m[2])}到{'负' if m[4] else ''}{percent[m[6]]}{cardinal(m[5])}"),
        rule(rf"([-\u2212])?{_FREE}({NUMBER})\s?([%‰])", lambda m: f"{'负' if m[1] else ''}{percent[m[3]]}{'百' if m[2] == '100' else cardinal(m[2])}"),
        rule(rf"([-\u2212])?{_FREE}({NUMBER})(?:{_TO}([-\u2212])?({NUMBER}))?\s?(°C|°F|°)(?:\s?{_TO}([-\u2212])?({NUMBER})\s?(?:°C|°F|°))?", _degrees),
        rule(rf"[-\u2212]{_FREE}({NUMBER})(?=\s?(?:度|摄氏度))", lambda m: f"零下{cardinal(m[1])}"),
        rule(rf"{_FREE}({NUMBER})(?:{_TO}({NUMBER}))?\s?({signs}){_VULGAR_END}", _measured),
        rule(rf"{_FREE}({NUMBER})([wW](?=\+|[{_HAN}]|$|[,。!?])|k(?![A-Za-z]))", lambda m: None if m[2] == "W" and not m.string[m.end() :].startswith("+") else f"{counted(m[1])}{_SCALE[m[2]]}"),
    )  # fmt: skip


def _degrees(match: Match) -> str:
    minus, first, minus_last, last, sign, minus_more, more = match.groups()
    name, below = units("zh")[sign][0], "零下"
    last, minus_last = last or more, minus_last or minus_more
    said = f"{below if minus else ''}{cardinal(first)}"
    if last:
        said += f"{name if more else ''}到{below if minus_last else ''}{cardinal(last)}"
    return said + name


def _measured(match: Match) -> str | None:
    first, last, sign = match.groups()
    if len(sign) == 1 and sign in "mgtNJKBhs" and sign.isupper():
        return None
    after = match.string[match.end() :]
    if sign in {"B", "A", "V", "W", "J", "N", "K", "L", "T"} and re.match(r"[座型超股级栋楼区班口]", after):
        return None
    if sign == "in" or (sign in {"A", "B"}):
        return None
    return f"{_amount(first, last)}{units('zh')[sign][0]}"


def _codes() -> tuple[Rule, ...]:
    return (
        rule(rf"{_FREE}(\d{{3}})(?=\s?(?:部队|国道|省道|高校|工程|医院|研究所|厂|所))", lambda m: digits(m[1])),
        rule(rf"((?:番外|附录|楔子|外传|附件)\s?)(\d+)(?=[\s,。:]|$)", lambda m: m[1] + cardinal(m[2])),
        rule(rf"{_FREE}(\d{{3,4}})(?=\s?(?:室|房|号?病房|号房|号?包[间厢房]|寝室|宿舍|号?教室|路公交|路车|路(?!人|费|灯)|次列车|次航班|航班|高地))", lambda m: digits(m[1], "幺")),
        rule(rf"((?:公交|乘坐|坐|换乘|搭乘|等)[{_HAN}]?)(\d{{3}})(?=路)", lambda m: m[1] + digits(m[2], "幺")),
        rule(rf"((?:波音|空客|标致|宝马|奔驰|房间|教室|寝室|病房|包厢|客房|航班|车次|公路|国道|省道)\s?)(\d{{3,4}}){_END}(?![{_MEASURES}])", lambda m: m[1] + digits(m[2])),
        rule(rf"(?<![A-Za-z])([A-Za-z]{{1,6}})[-·]?(\d+(?:\.\d+)?)(?![\d])", _model),
        rule(rf"(歼|轰|运|直|教|苏|图|米格|伊尔|红旗|东风|长征|鹰击|神舟|嫦娥|天宫|天问)-(\d{{1,3}}){_END}", lambda m: f"{m[1]}{digits(m[2]) if len(m[2]) > 2 else cardinal(m[2])}"),
        rule(rf"{_FREE}(\d{{1,2}})(?=[A-Z])", lambda m: cardinal(m[1])),
        rule(rf"(?<!\d,){_FREE}(0\d+)(?!\.)", lambda m: digits(m[1])),
    )  # fmt: skip


def _model(match: Match) -> str:
    figures = match[2]
    known = match[0].startswith("Chapter")
    said = cardinal(figures) if len(figures) < 3 or "." in figures or known else digits(figures, "幺" if len(match[1]) < 3 else "一")
    return match[1] + said


def _numbers() -> tuple[Rule, ...]:
    number = NUMBER
    return (
        rule(rf"(第)\s?(\d+)(?:{_TO}(第?)(\d+))?", lambda m: f"第{_whole(m[2])}" + (f"到{m[3]}{_whole(m[4])}" if m[4] else "")),
        *_sums(),
        rule(rf"{_FREE}(\d+)(?:\s(\d+)|又(\d+))/(\d+){_END}", lambda m: f"{cardinal(m[1])}又{cardinal(m[4])}分之{cardinal(m[2] or m[3])}"),
        rule(rf"{_FREE}(\d+)又(?=\d+/\d)", lambda m: f"{cardinal(m[1])}又"),
        rule(rf"{_FREE}(\d+)\s?/\s?(\d+){_END}", lambda m: f"{cardinal(m[2])}分之{cardinal(m[1])}"),
        rule(rf"{_FREE}(\d)[、,](\d)(?=[十百千万亿]?[{_MEASURES}])", lambda m: f"{counted(m[1])}、{cardinal(m[2])}"),
        rule(rf"{_FREE}({number})([十百千万亿余多]*)({_TO})({number})(?=[十百千万亿余多]*(?:[{_HAN}]|{_END}))", lambda m: f"{counted(m[1])}{m[2]}{_to(m[3])}{_by_measure(m, 4)}"),
        rule(rf"(?<=[年月日号点时分岁元块度])\s?[-\u2013\u2014~]{{1,2}}\s?(?=\d)", "到"),
        rule(rf"(?<![A-Za-z\d.)]){_FREE}-({number})", lambda m: f"负{cardinal(m[1])}"),
        rule(rf"{_FREE}10(?=几)", "十"),
        rule(rf"{_FREE}((?:1[89]|20)\d\d){_END}(?=[\s,。.!?)]|$|[{_HAN}])(?![{_MEASURES}余多人])", lambda m: digits(m[1]), "read as a year"),
        rule(rf"{_FREE}({number})(?=\+)", lambda m: _by_measure(m, 1)),
        rule(rf"{_FREE}({number}){_END}", lambda m: _by_measure(m, 1)),
        rule(r"(?<=[零一二三四五六七八九十百千万亿])\+", "加"),
        rule(r"\d+", lambda m: digits(m[0]), "read digit by digit"),
    )  # fmt: skip


def _whole(figures: str) -> str:
    return digits(figures) if len(figures) > 6 else cardinal(figures)


def _by_measure(match: Match, group: int) -> str:
    """两 before a measure word, but 二 in 二两, 二年级, 二等; the digits of a long number that counts nothing."""
    figures, after = match[group], match.string[match.end() :].lstrip()[:2]
    if figures == "2" and after[:1] and after[0] in _MEASURES + "人" and after not in {"年级", "分之", "点五", "小姐", "百五"} and after[0] not in "百":
        return "二" if after[0] == "人" and after[1:] in ("转", "组") else "两"
    return cardinal(figures)


def _sums() -> tuple[Rule, ...]:
    number = rf"(?:{NUMBER})"
    return (
        rule(rf"{_FREE}({number})\^2", lambda m: f"{cardinal(m[1])}的平方"),
        rule(rf"{_FREE}({number})\^3", lambda m: f"{cardinal(m[1])}的立方"),
        rule(rf"{_FREE}({number})\^(\d+)", lambda m: f"{cardinal(m[1])}的{cardinal(m[2])}次方"),
        rule(r"([A-Za-z])\^2", r"\1平方"),
        rule(r"([A-Za-z])\^3", r"\1立方"),
        rule(r"(?<=[\w)])\s?\+\s?(?=[\d(A-Za-z])", "加"),
        rule(r"(?<=[\w)])\s?[×*]\s?(?=[\d(A-Za-z])|(?<=\d)[xX](?=\d)", "乘"),
        rule(r"(?<=[\w)])\s?÷\s?(?=[\d(A-Za-z])", "除以"),
        rule(rf"(?<=[\d)])\s?[-\u2212]\s?(?={number}(?:\s?[-+×÷]\s?{number})*\s?=)|(?<=\d)\s?\u2212\s?(?=\d)", "减"),
        rule(r"(?<=[\w)])\s?=\s?(?=[-\w(?])", "等于"),
        rule(r"\s?≥\s?", "大于等于"),
        rule(r"\s?≤\s?", "小于等于"),
        rule(r"\s?≈\s?", "约等于"),
        rule(r"\s?≠\s?", "不等于"),
        rule(r"(?<=\w)\s?>\s?(?=[\w-])", "大于"),
        rule(r"(?<=\w)\s?<\s?(?=[\w-])", "小于"),
        rule(r">(?=\d)", "大于"),
        rule(r"<(?=\d)", "小于"),
        rule(r"±\s?(?=\d)", "正负"),
        rule(r"∠", "角"),
        rule(r"√\s?(?=\d)", "根号"),
        rule(r"(?<=[A-Z])&(?=[A-Z])", "和"),
        rule(r"\#(?=\d)", "号"),
    )  # fmt: skip

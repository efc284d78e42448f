"""What the patterns of the Chinese rules share."""

from __future__ import annotations

FREE = r"(?<![\d.])"
END = r"(?![\d])"
TO = r"\s?(?:-{1,2}|\u2013{1,2}|\u2014{1,2}|[~\u301c\u223c]{1,2}|至|到)\s?"
"""A sign between the two ends of a range; ~- is two signs, and the second of them a minus."""
MINUS = r"(?:(?<![\dA-Za-z.)%‰°])(?<!\d度)[-\u2212\u2013])"
"""A sign in front of a number and not between two of them."""
SPELT = "零一二三四五六七八九十百千万亿两半"
HAN = r"\u4e00-\u9fff"
MEASURES = (
    "个只条件张把位名本块片根颗粒座栋间辆架台套双对副匹头群批种类样次回趟遍番场阵顿声步圈天周小分秒夜代倍米公斤克吨升尺寸丈亩里元毛角万千"
    "百亿口家户艘门杯瓶碗盘壶罐桶袋箱盒包筐捆束串滴滩堆团朵棵株丛枝支首篇部封道扇幅幢所排行列句页册卷则项份笔宗桩起股缕丝点岁年晚成桌针剂英平立毫厘海节码枚挺门发记脚拳刀剑箭棍鞭"
)
"""First characters of what is counted: 2 before them is 两."""


def to(sign: str) -> str:
    """How the sign between two ends of a range is read."""
    return "至" if "至" in sign else "到"

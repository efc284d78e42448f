"""English titles and language names in Chinese text: Mr. Smith说, 学C++."""

from __future__ import annotations

from pipeline.pronunciation.normalization.frame_zh import HAN
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import short

_TITLES = "Mr Mrs Ms Mme Mlle Prof Capt Sgt Lt".split()


def rules() -> tuple[Rule, ...]:
    """Rules that run before all others: a title keeps no stop, which would end the sentence."""
    name = rf"(?=[A-Z]|[{HAN}])"
    return (
        rule(rf"(?<![A-Za-z])({'|'.join(_TITLES)})(?:\.\s?|\s){name}", lambda m: short()[m[1]].removeprefix("=") + " "),
        rule(rf"(?<![A-Za-z])Dr(?:\.\s?|\s){name}", "Doctor "),
        rule(r"(?<![A-Za-z])St\.\s?(?=[A-Z])", "Saint "),
        rule(r"(?<![A-Za-z])C\+\+(?![A-Za-z+])", "C plus plus"),
        rule(r"(?<![A-Za-z])([CF])\#(?![A-Za-z])", r"\1 sharp"),
    )

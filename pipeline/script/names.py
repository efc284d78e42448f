"""The people of a book: names found where somebody speaks, and how to recognise them elsewhere.

How they are found is each language's own: `names_zh`, `names_en`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from pipeline.nouns import Language
from pipeline.script.words import lists, speech

_KIN_STARTS = "大二三四老小爸妈爹娘哥姐弟妹嫂叔伯姑姨舅"
KIN = "(?<=[他她])[大二三四老小]?[爸妈爹娘哥姐弟妹嫂叔伯姑姨舅](?!们)"
"""Kin told by whose they are: 他爸, 她二妈."""


def learn(texts: Iterable[tuple[str, bool]], language: Language) -> Names:
    """Names from a book's narration: (text, whether it stands beside a quotation) each."""
    from pipeline.script import names_en, names_zh

    return names_zh.learn(texts) if language == "zh" else names_en.learn(texts)


class Names:
    """Recognises the people of one book. Names are known by their longest form; see `subject` and `mentioned`."""

    def __init__(
        self,
        counts: Counter[str],
        genders: Mapping[str, str],
        language: Language,
        aliases: Mapping[str, tuple[str, ...]] | None = None,
        narrator: str = "",
        *,
        learnt: bool = True,
    ) -> None:
        """counts: mentions by canonical name; aliases: canonical name -> every form it goes by, itself included;
        narrator: the canonical name of a first-person book's "I"; learnt: whether there may be people besides these."""
        self.learnt = learnt
        self.counts, self.genders, self.language, self.narrator = counts, genders, language, narrator
        self.aliases = aliases if aliases is not None else {name: (name,) for name in counts}
        self._canonical = {form: name for name, forms in self.aliases.items() for form in forms}

    @cached_property
    def _any(self) -> re.Pattern[str]:
        edge = r"\b" if self.language == "en" else ""
        return re.compile(edge + f"(?:{any_of(self._canonical)})" + edge)

    @cached_property
    def people_or_pronouns(self) -> re.Pattern[str]:
        """Chinese: a name in any of its forms, somebody told by what he is (老人), or 他 or 她."""
        nouns = [word for word in lists("zh")["people"] if len(word) > 1]
        words = any_of({*self._canonical, *nouns})
        starts = "".join(re.escape(one) for one in sorted({word[0] for word in (*self._canonical, *nouns) if word}))
        return re.compile(f"(?=[{starts}他她{_KIN_STARTS}])(?:{words}|他(?![们人乡方日])|她(?!们)|{KIN})")

    def stands_for(self, word: str) -> str | None:
        """Chinese: the gender ("" when it does not tell) of a pronoun or of a word for a person; None for a name."""
        if word in self._canonical:
            return None
        data = lists("zh")
        told = data["pronouns"].get(word, data["people"].get(word))
        if told is None and re.fullmatch("[大二三四老小]?[爸妈爹娘哥姐弟妹嫂叔伯姑姨舅]", word):
            return "female" if word[-1] in data["female"] else "male"
        return None if told is None else next((part for part in told.split() if part in ("male", "female")), "")

    @cached_property
    def _pronoun(self) -> re.Pattern[str]:
        words = lists(self.language)["pronouns"]
        if self.language == "zh":
            return re.compile(rf"[\s　]*(?:但|可|而|只见|只听|于是|然后|接着|便)?({'|'.join(words)})(?!们|人|日|乡|方)")
        return re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)

    def canonical(self, name: str) -> str:
        """The name a person goes by in the script."""
        name = re.sub(r"\s+", " ", name).strip()
        return self._canonical.get(name, name)

    def gender(self, name: str) -> str:
        """ "female", "male" or ""."""
        return self.genders.get(self.canonical(name), "")

    def mentioned(self, text: str) -> list[str]:
        """The people in a text, in order."""
        return [self.canonical(match[0]) for match in self._any.finditer(text)]

    def matches(self, text: str) -> list[tuple[str, int, int]]:
        """The people in a text, in order: (name in the script, start, end)."""
        return [(self.canonical(match[0]), match.start(), match.end()) for match in self._any.finditer(text)]

    def subject(self, clause: str) -> str:
        """Who acts in a clause: the name (or pronoun) it begins with, in English the one nearest its verb of speech. "" when
        nobody is named."""
        if self.language == "zh":
            pronoun = self._pronoun.match(clause)
            if pronoun:
                return pronoun[1]
            name = self._any.search(clause[:14])
            if name and not _object_before(clause[: name.start()]):
                return name[0]
            return ""
        name, pronoun = self._any.search(clause), self._pronoun.search(clause)
        verb = speech("en").verb.search(clause)
        if name and pronoun:
            near = verb.start() if verb else 0
            first = abs(name.start() - near) <= abs(pronoun.start() - near)
            return name[0] if first else pronoun[1].lower()
        if name:
            return name[0]
        return pronoun[1].lower() if pronoun else ""


_BUCKET = 32
"""First signs behind one look at them: with a thousand, a place costs some sixty looks, not a thousand."""


def any_of(forms: Iterable[str]) -> str:
    """A pattern for any of many words, longest first, grouped by their first sign, with a look at
    that sign before all and before every few of them, so that a place costs little however many words there are."""
    groups: dict[str, list[str]] = {}
    for form in sorted(filter(None, forms), key=lambda one: (-len(one), one)):
        groups.setdefault(form[0], []).append(re.escape(form[1:]))
    if not groups:
        return "(?!)"
    firsts = sorted(groups)
    buckets = [firsts[at : at + _BUCKET] for at in range(0, len(firsts), _BUCKET)]
    return _looked_at(firsts, (_looked_at(few, (_begun(one, groups[one]) for one in few)) for few in buckets))


def _looked_at(firsts: Sequence[str], branches: Iterable[str]) -> str:
    return f"(?=[{''.join(map(re.escape, firsts))}])(?:{'|'.join(branches)})"


def _begun(first: str, rest: Sequence[str]) -> str:
    return f"{re.escape(first)}(?:{'|'.join(rest)})"


def _object_before(head: str) -> bool:
    """Whether what stands before a name makes it an object: 对林晚说, 把林晚."""
    return bool(re.search(r"(?:对|向|跟|朝|给|把|被|问|叫|让|望着|看着|替|拉着|同)$", head.rstrip()))

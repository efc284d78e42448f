"""A given list of English characters: entries that only repeat another person's surname, taken as that person."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.script.lexicon_en import gender_of_title, is_title, words_of


def fold(aliases: dict[str, tuple[str, ...]], genders: dict[str, str]) -> None:
    """Take an entry that is no more than the bare surname (or first name) of one other person as that person."""
    bare = {
        name: [
            tuple(word for word in words_of(one) if not is_title(word) and word not in ("the", "a", "an"))
            for one in names
        ]
        for name, names in aliases.items()
    }
    for name in list(aliases):
        own = [words for words in bare[name] if words]
        if len(own) != 1 or len(own[0]) != 1:
            continue
        if genders[name]:
            _fold_mister(name, own[0], bare, aliases, genders)
            continue
        word = own[0][0]
        title = words_of(name)[0] if is_title(words_of(name)[0]) else ""
        others = [
            other
            for other in aliases
            if other != name and any(len(words) > 1 and word in words for words in bare[other])
            and genders[other] in (gender_of_title(title), genders[other] if not gender_of_title(title) else "", "")
        ]  # fmt: skip
        if title:
            others = [
                other
                for other in others
                if any(words_of(one)[0] == title for one in aliases[other])
                or not any(is_title(words_of(one)[0]) for one in aliases[other])
            ]
        elif any(genders[other] != "female" for other in others):
            others = [other for other in others if genders[other] != "female"]
        if len(others) == 1:
            aliases[others[0]] = (*aliases[others[0]], *aliases.pop(name))
            genders.pop(name)


def _fold_mister(
    name: str, surname: tuple[str, ...], bare: Mapping[str, list[tuple[str, ...]]],
    aliases: dict[str, tuple[str, ...]], genders: dict[str, str],
) -> None:  # fmt: skip
    """Take "Mr. Pike" as Tom Pike, where the list calls him, and no other man, by the bare surname too."""
    if aliases[name] != (name,) or words_of(name)[0] != "mr":
        return
    men = [one for one in aliases if one != name and genders[one] != "female" and surname in bare[one]]
    men = [one for one in men if any(len(words) > 1 and words[-1:] == surname for words in bare[one])]
    if len(men) == 1 and not any(words_of(one)[0] == "mr" for one in aliases[men[0]]):
        aliases[men[0]] = (*aliases[men[0]], *aliases.pop(name))
        genders.pop(name)

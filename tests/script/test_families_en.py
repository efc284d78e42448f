"""English names of a family: fathers and sons, ranks, titles that go with a first name."""

from pipeline.script import names_en
from pipeline.script.lines import _units
from pipeline.script.names import Names


def learnt(*paragraphs: str) -> Names:
    found = [unit for number, text in enumerate(paragraphs, 1) for unit in _units(text, number, "en")]
    spoken = {unit.paragraph for unit in found if unit.speech}
    return names_en.learn([(unit.text, unit.paragraph in spoken) for unit in found if not unit.speech])


TURNS = ("“Sell it,” said Mr. Crane.", "“Never,” said Hugh.")


def test_a_father_and_the_son_who_answers_him_are_two() -> None:
    names = learnt("Hugh Crane lived there. Hugh Crane was tall.", *TURNS * 4)
    assert names.canonical("Mr. Crane") != names.canonical("Hugh")
    names = learnt(
        "Hugh Crane lived there. Hugh Crane was tall.",
        "“Sell it,” said Mr. Crane.",
        "“No,” said Anne.",
        "“Well,” said Hugh.",
    )
    assert names.canonical("Mr. Crane") == names.canonical("Hugh")


def test_a_general_and_a_captain_of_one_name_are_two() -> None:
    told = [
        "General Crane came with Captain Crane.",
        "Captain Crane sat by General Crane.",
        "Captain Crane laughed, and General Crane frowned.",
    ]
    names = learnt(*told, "“Sit,” said General Crane.", "“I sit,” said Captain Crane.", "“So do I,” said Hugh Crane.")
    assert len({names.canonical(one) for one in ("General Crane", "Captain Crane", "Hugh Crane")}) == 3


def test_sir_thomas_is_not_the_tom_of_his_house_and_the_lady_not_its_daughter() -> None:
    told = [
        "Sir Thomas Crane rode out.",
        "“Wait,” said Sir Thomas.",
        "“I wait,” said Tom Crane.",
        "“So do I,” said Lady Crane.",
        "“And I,” said Julia Crane.",
    ]
    names = learnt(*told * 2)
    assert len({names.canonical(one) for one in ("Sir Thomas", "Tom Crane", "Lady Crane", "Julia Crane")}) == 4


def test_somebody_known_by_his_first_name_is_the_mister_of_it_too() -> None:
    told = ["Mr. Gerald Crane, as the card said, was Gerald to us, and Gerald Crane to the bank."] * 6 + [
        "Gerald came. Gerald went. Gerald sang. Gerald ate."
    ] * 8
    names = learnt(*told, *["“Sell it,” said Mr. Crane."] * 20)
    assert names.canonical("Mr. Crane") == names.canonical("Gerald")


def test_a_first_name_that_no_list_has_is_the_first_name_of_its_full_one() -> None:
    names = learnt(
        "Zebedee Crane and Nora came.", "“Sell it,” said Zebedee Crane.", "“Never,” said Nora.", "“Well,” said Zebedee."
    )
    assert names.canonical("Zebedee") == names.canonical("Zebedee Crane")

"""English people learnt from a book: couples and namesakes, offices, roles; tags that name nobody; words that are only mentioned."""

import pytest

from pipeline.nouns import NARRATOR, UNKNOWN
from pipeline.script import names_en
from pipeline.script.attribution import attribute
from pipeline.script.attribution.units import Unit
from pipeline.script.lines import _units
from pipeline.script.names import Names


def units(*paragraphs: str) -> list[Unit]:
    return [unit for number, text in enumerate(paragraphs, 1) for unit in _units(text, number, "en")]


def learnt(*paragraphs: str) -> Names:
    found = units(*paragraphs)
    spoken = {unit.paragraph for unit in found if unit.speech}
    return names_en.learn([(unit.text, unit.paragraph in spoken) for unit in found if not unit.speech])


def speakers(*paragraphs: str) -> list[str]:
    decided = attribute(units(*paragraphs), learnt(*paragraphs), "en")
    return [one.speaker for one, unit in zip(decided, units(*paragraphs), strict=True) if unit.speech]


COUPLE = (
    "Dr. Marsh came down to the mill with Mrs. Marsh.",
    "“The water is high,” said Dr. Marsh.",
    "“The boat is gone,” said Mrs. Marsh.",
    "“Then we walk,” said Dr. Marsh.",
    "“You walk,” said Mrs. Marsh.",
)  # fmt: skip


def test_a_doctor_and_his_wife_are_two() -> None:
    names = learnt(*COUPLE)
    assert (names.gender("Dr. Marsh"), names.gender("Mrs. Marsh")) == ("male", "female")
    assert speakers(*COUPLE) == ["Dr. Marsh", "Mrs. Marsh", "Dr. Marsh", "Mrs. Marsh"]


def test_a_doctor_of_whom_it_is_she_is_a_woman() -> None:
    told = "Dr. Marsh took her bag. Dr. Marsh said that she would go. Then Dr. Marsh put on her hat."
    assert learnt(told, "“I go,” said Dr. Marsh.").gender("Dr. Marsh") == "female"


def test_a_doctor_is_the_doctor_of_the_family_and_not_its_daughter() -> None:
    told = ["“Come,” said Julia Marsh.", "“No,” said Julia.", *COUPLE]
    assert set(learnt(*told).aliases) >= {"Julia Marsh", "Dr. Marsh", "Mrs. Marsh"}
    told = [
        "Dr. Amos Marsh was old. They all knew Dr. Amos Marsh.",
        "“Come,” said Ralph Marsh.",
        "“No,” said Ralph.",
        *COUPLE,
    ]
    assert learnt(*told).canonical("Dr. Marsh") == "Dr. Amos Marsh"


def test_an_archdeacon_is_another_than_the_bishop_of_his_name() -> None:
    names = learnt(
        "Bishop Marsh was dead, and Bishop Crane had come. All knew Bishop Crane and Archdeacon Marsh, as they had known",
        "Bishop Marsh. But Archdeacon Marsh, whom some called Dr. Marsh, had to wait.", "“I wait,” said the archdeacon.", "“Wait,” said Dr. Marsh.", "Old Bishop Marsh had waited.",
    )  # fmt: skip
    assert names.canonical("the archdeacon") == names.canonical("Archdeacon Marsh") == names.canonical("Dr. Marsh")
    assert names.canonical("Bishop Marsh") != names.canonical("Dr. Marsh")


def test_somebody_of_the_same_first_name_who_is_named_once_far_away_is_nobody() -> None:
    far = ["The rain fell on the roofs all day, and nothing else went on."] * 200
    told = [
        "They read Paul Verlaine, or Heine, by the fire.",
        *far,
        "“Halt,” said the Honourable Paul.",
        "“Stay,” said Paul.",
    ]
    assert "Paul Verlaine" not in learnt(*told).aliases
    near = learnt("Paul Denny came in.", "“Halt,” said Paul.", "“Stay,” cried Paul.")
    assert near.canonical("Paul") == near.canonical("Paul Denny")


def test_a_nickname_does_not_outrank_the_name_in_use() -> None:
    told = ["“Yes,” said Susan.", "“No,” said Susan.", "“Why?” said Sue.", "“So,” said Sue.", "“Go,” said Sue."]
    assert list(learnt(*told).aliases) == ["Susan"]


def test_an_office_is_no_person() -> None:
    told = ["He wished to be Dean of Rivermouth. The Dean of Rivermouth lives well.", "“I wish it,” said Mr. Slade."]
    assert set(learnt(*told).aliases) == {"Mr. Slade"}


def test_a_title_of_one_lady_is_the_lady() -> None:
    names = learnt("Signora Bassi lay there.", "“Sit,” said Signora Bassi.", "“Do sit,” said the signora.")
    assert names.canonical("the signora") == "Signora Bassi"


@pytest.mark.parametrize("who", ["the chancellor", "the minor canon", "the ex-warden", "the lamplighter"])
def test_whoever_a_tag_names_by_what_he_is_speaks(who: str) -> None:
    assert speakers(*COUPLE, f"“It will rain,” said {who}.")[-1] == who


@pytest.mark.parametrize("tag", ["said the letter", "answered the voices", "cried the women", "said the second"])
def test_what_has_no_voice_of_its_own_is_no_role(tag: str) -> None:
    assert set(learnt(*COUPLE, f"“It will rain,” {tag}.").aliases) == {"Dr. Marsh", "Mrs. Marsh"}


def test_moods_make_no_new_people() -> None:
    told = ["“Out,” cried the angry butler.", "“Out, sir,” said the butler.", "“Sir,” said the unhappy butler."]
    assert set(learnt(*COUPLE, *told).aliases) == {"Dr. Marsh", "Mrs. Marsh", "the butler"}
    assert speakers(*COUPLE, *told)[-3:] == ["the butler"] * 3
    told = ["“Out,” cried the senior clerk.", "“Out, sir,” said the junior clerk."]
    assert set(learnt(*COUPLE, *told).aliases) >= {"the senior clerk", "the junior clerk"}


def test_the_father_is_somebody_with_a_name_where_others_have_names() -> None:
    many = ["Dr. Marsh looked at Mrs. Marsh, and Mrs. Marsh looked at Dr. Marsh."] * 20
    assert "the father" not in learnt(*COUPLE, *many, "“Hush,” said the father.").aliases
    assert "the father" in learnt("“Hush,” said the father.", "“Why?” said the boy in the boat.").aliases


@pytest.mark.parametrize(
    "tag", ["said one of them", "asked another of the guests", "said a third", "cried a woman near Dr. Marsh", "said two or three"]
)  # fmt: skip
def test_somebody_who_is_not_named_is_unknown(tag: str) -> None:
    assert speakers(*COUPLE, f"“It will rain,” {tag}. “It will pour.”")[-2:] == [UNKNOWN, UNKNOWN]


def test_said_i_in_a_book_about_others_is_the_narrator() -> None:
    others = [*COUPLE, *COUPLE[1:]] * 8
    told = [*others, "“Too much,” said I, “for anybody.”"]
    assert NARRATOR not in learnt(*told).aliases
    assert speakers(*told)[-2:] == [NARRATOR, NARRATOR]


def test_what_follows_a_tag_in_its_paragraph_is_the_same_persons() -> None:
    told = [*COUPLE, "“We might ask at the farm,” he said. “They have a cart. They had one last year.”"]
    first, second = speakers(*told)[-2:]
    assert first == second == "Dr. Marsh"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("He came to the “silken ribbons,” and slowly folded the sheet.", 0),
        ("It was a love that “climbs the wall by night,” as poets have it.", 0),
        ("He liked to be called “My lord.” by all his tenants.", 0),
        ("She gave a pound to the “Society for Honest Poor,” of which he was treasurer.", 0),
        ("She declared that she “would not have it done,” and left.", 1),
        ("He stopped her with a “Good morning, madam,” and bowed.", 1),
        ("There was a cry of “Fire, fire.” in the street.", 1),
        ("“I think,” and here he coughed “that we may go.”", 2),
        ("Tom answered “not yet, not for a week,” and sat down.", 1),
    ],
)
def test_words_that_a_sentence_only_mentions_are_no_speech(text: str, spoken: int) -> None:
    assert sum(unit.speech for unit in units(text)) == spoken


def test_a_doctor_is_another_than_the_mister_of_his_name() -> None:
    book = (
        "Mr. Pike owned the house, and Dr. Pike came to it once a week.", "“It is cold,” said Dr. Pike.",
        "“It is my house,” said Mr. Pike.", "“So it is,” said Dr. Pike.", "“Then be warm,” said Mr. Pike.",
        "“I am never warm,” said Dr. Pike, and Mr. Pike laughed.",
    )  # fmt: skip
    assert speakers(*book) == ["Dr. Pike", "Mr. Pike", "Dr. Pike", "Mr. Pike", "Dr. Pike"]


def test_once_is_not_enough_to_make_two_of_a_doctor() -> None:
    names = learnt(
        "Dr. Pike came in.",
        "“Cold,” said Dr. Pike.",
        "“Wet,” said Dr. Pike.",
        "Tom saw Mr. Pike. Dr. Pike saw Mr. Pike.",
    )
    assert names.canonical("Mr. Pike") == names.canonical("Dr. Pike")


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("Anne had said that her sleeves were “full of lace.”", []),
        ("Tom told them he was as “right as rain” again.", []),
        ("Anne said “full of lace, my dear.”", ["“full of lace, my dear.”"]),
        ("“They are lovely,” said Anne, “and full of lace.”", ["“They are lovely,”", "“and full of lace.”"]),
    ],
)
def test_words_that_a_sentence_of_the_narration_needs_are_no_speech(text: str, speech: list[str]) -> None:
    assert [unit.text for unit in units(text) if unit.speech] == speech


def test_a_man_beside_a_heroine_is_a_man_although_she_is_named_after_him() -> None:
    heroine = [
        "Nora saw Wynn, and she waved to him.",
        "Wynn came in. She was glad.",
        "Hugh took her coat. He smiled.",
        "Wynn took his hat off. Nora kept her own. Wynn sat in his chair.",
    ]
    names = learnt(*heroine * 6, "“Come,” said Nora.", "“No,” said Wynn.", "“Well,” said Hugh.")
    assert (names.gender("Nora"), names.gender("Wynn"), names.gender("Hugh")) == ("female", "male", "male")


@pytest.mark.parametrize("name", ["Mr. O’Connor", "Captain D’Arcy", "Mr. M'Coy"])
def test_a_name_with_an_apostrophe_is_a_name(name: str) -> None:
    assert speakers(f"“Come,” said {name}.", "“No,” said Nora.", f"“Then stay,” said {name}.") == [name, "Nora", name]


def test_a_speech_of_several_paragraphs_has_one_speaker() -> None:
    told = [
        "Hugh and Nora Blake came down.",
        "Hugh rose and said:",
        "“My friends, I am glad.",
        "“Nora and Tom are here.",
        "“So let us eat.”",
        "“Well,” said Nora.",
    ]
    assert speakers(*told, "“Yes,” said Hugh.")[:3] == ["Hugh"] * 3

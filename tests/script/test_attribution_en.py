"""English speakers: tags in their shapes, pronouns, those addressed, exchanges without tags; names learnt from a book."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.nouns import NARRATOR, UNKNOWN
from pipeline.script import names_en
from pipeline.script.attribution import Unit, attribute, english, rounds_en
from pipeline.script.lines import _units
from pipeline.script.mentions_en import Reader
from pipeline.script.names import Names

PEOPLE = {
    "Anne Hale": ("Anne", "Miss Hale"), "Tom Pike": ("Tom", "Mr. Pike"), "Mrs. Pike": ("Mrs. Pike",),
    "The Old Keeper": ("The Old Keeper", "The Keeper"),
}  # fmt: skip
GENDERS = {"Anne Hale": "female", "Tom Pike": "male", "Mrs. Pike": "female", "The Old Keeper": "male"}


def units(*paragraphs: str) -> list[Unit]:
    return [unit for number, text in enumerate(paragraphs, 1) for unit in _units(text, number, "en")]


def names(*paragraphs: str) -> Names:
    return names_en.given(PEOPLE, GENDERS, [(unit.text, unit.speech) for unit in units(*paragraphs)])


def speakers(*paragraphs: str) -> list[str]:
    decided = attribute(units(*paragraphs), names(*paragraphs), "en")
    return [one.speaker for one, unit in zip(decided, units(*paragraphs), strict=True) if unit.speech]


SCENE = "Anne Hale and Tom Pike sat in the kitchen. Mrs. Pike had gone up to bed, and the old keeper was at the lamp."


@pytest.mark.parametrize(
    ("paragraph", "wanted"),
    [
        ("“Shut the door,” said Anne.", ["Anne Hale"]),
        ("“Shut the door,” Anne said.", ["Anne Hale"]),
        ("“Shut the door!” cried Mrs. Pike from the stairs.", ["Mrs. Pike"]),
        ("“Is it late?” asked the old keeper.", ["The Old Keeper"]),
        ("“Is it late?” inquired the keeper gravely.", ["The Old Keeper"]),
        ("“It is late,” subjoined Tom, and yawned.", ["Tom Pike"]),
        ("“Go,” Anne said, “and come back soon.”", ["Anne Hale", "Anne Hale"]),
        ("Tom looked up and said, “The lamp is out.”", ["Tom Pike"]),
        ("Anne, who had been watching Tom, said: “The lamp is out.”", ["Anne Hale"]),
        ("Mrs. Pike, going up to where Tom stood, said, “You are wet.”", ["Mrs. Pike"]),
        ("“You are wet,” was Mrs. Pike's answer.", ["Mrs. Pike"]),
        ("At that moment Tom, turning round, said, “You are wet.”", ["Tom Pike"]),
        ("Mrs. Pike, seeing Anne and Tom, cried out, “You are wet.”", ["Mrs. Pike"]),
        ("Tom heard Anne say, “You are wet.”", ["Anne Hale"]),
        ("“You are wet,” said the voice of Mrs. Pike.", ["Mrs. Pike"]),
        ("Anne put down her cup. “You are wet.”", ["Anne Hale"]),
    ],
)  # fmt: skip
def test_tags_in_all_their_shapes(paragraph: str, wanted: list[str]) -> None:
    assert speakers(SCENE, paragraph) == wanted


def test_a_tag_may_stand_in_the_paragraph_above() -> None:
    assert speakers(SCENE, "Mrs. Pike came down again and asked in a sleepy voice:", "“Is it late?”") == ["Mrs. Pike"]


def test_a_pronoun_is_the_fitting_person_who_was_named_last() -> None:
    assert speakers("Anne Hale met Tom Pike at the gate.", "“You are early,” she said.") == ["Anne Hale"]
    assert speakers("Anne Hale met Tom Pike at the gate.", "“You are early,” he said.") == ["Tom Pike"]


def test_two_people_take_turns() -> None:
    talk = ["“Why?” asked Anne.", "“Because,” said Tom.", "“I see.”", "“Do you?”", "“Yes.”", "“Good.”"]
    assert speakers(SCENE, *talk) == ["Anne Hale", "Tom Pike"] * 3


def test_the_one_addressed_does_not_speak() -> None:
    assert speakers("Anne Hale and Tom Pike walked home.", "“Tom, it is late.”", "“It is, Anne.”") == [
        "Anne Hale",
        "Tom Pike",
    ]


def test_a_quotation_left_open_goes_on() -> None:
    found = speakers(SCENE, "“It was long ago,” said Tom. “We were poor.", "“And then the war came.”")
    assert found == ["Tom Pike"] * 3


def test_the_narrator_of_a_first_person_book_is_who_is_called_but_not_told_of() -> None:
    story = []
    for number in range(8):
        story += [f"“Come here, Tom, for the {number}th time,” said Anne.", "“I am coming,” I said."]
    assert names(*story).narrator == "Tom Pike"
    assert speakers(*story) == ["Anne Hale", "Tom Pike"] * 8


def test_an_answer_says_how_sure_it_is() -> None:
    story = [
        SCENE,
        "“Go,” said Anne.",
        "The rain fell.",
        "It fell for days.",
        "Nobody came.",
        "Nobody went.",
        "“Well?”",
    ]
    decided = [one for one in attribute(units(*story), names(*story), "en") if one.kind != "narration"]
    assert decided[0].confidence > 0.9
    assert decided[0].why == "tag"
    assert decided[-1].confidence < 0.8


def test_chances_of_a_case_sum_to_one() -> None:
    story = [SCENE, "“Why?” asked Anne.", "“Because,” said Tom.", "“I see.”"]
    cases = english.cases(units(*story), names(*story))
    for case, chances in zip(cases, rounds_en.decide(cases, rounds_en.weights()), strict=True):
        assert len(chances) == len(case.candidates)
        assert sum(chances) == pytest.approx(1.0)


def test_names_are_learnt_and_brought_together() -> None:
    texts = [
        ("said Elizabeth Marsh.", True), ("Lizzy laughed, and Elizabeth said nothing.", True), ("said Lizzy.", True),
        ("replied Mr. Darnley.", True), ("Then Fitzroy Darnley rose, and Darnley said so.", True), ("said Darnley.", True),
        ("said Fitzroy Darnley.", True), ("said Mr. Darnley.", True), ("answered Mrs. Darnley.", True), ("said Mrs. Darnley.", True),
        ("said the old woman.", True), ("It was Monday in London.", False), ("said Elizabeth.", True), ("said Elizabeth Marsh.", True),
    ]  # fmt: skip
    found = names_en.learn(texts)
    assert set(found.aliases["Elizabeth Marsh"]) >= {"Elizabeth", "Lizzy"}
    assert set(found.aliases["Fitzroy Darnley"]) >= {"Mr. Darnley", "Darnley"}
    assert "Mrs. Darnley" in found.aliases
    assert "the old woman" in found.aliases
    assert not {"Monday", "London"} & set(found.aliases)
    assert (found.gender("Elizabeth Marsh"), found.gender("Fitzroy Darnley")) == ("female", "male")


def test_an_unnamed_narrator_speaks_as_the_narrator() -> None:
    found = names_en.learn([("I said.", True)] * 8 + [("said Anne.", True)] * 3)
    assert found.narrator == NARRATOR


def test_mentions_have_their_place_in_the_sentence() -> None:
    reader = Reader([("Anne Hale", "Anne"), ("Tom Pike", "Mr. Pike")], ["female", "male"])
    read = reader.read("Mr. Pike gave Anne's letter to his mother. She thanked him.")
    seen = [(read.low[one.start], one.kind, one.role, one.gender) for one in read.mentions]
    assert seen == [
        ("mr", "name", "subject", "male"), ("anne", "name", "owner", "female"), ("his", "kin", "object", "female"),
        ("she", "pronoun", "subject", "female"), ("him", "pronoun", "object", "male"),
    ]  # fmt: skip


PIECES = st.sampled_from(
    ["“", "”", "Anne", "Tom", "said", "he", "Mr. ", "the old keeper", "'s", ",", ".", "?", " ", "I", "--", "…"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=25).map(" ".join), max_size=6))
def test_whatever_the_text_every_quotation_gets_one_answer(paragraphs: list[str]) -> None:
    cut = [unit for unit in units(*paragraphs) if unit.text]
    known = Names(Counter(PEOPLE.keys()), dict(GENDERS), "en", {one: (one, *more) for one, more in PEOPLE.items()})
    decided = attribute(cut, known, "en")
    assert len(decided) == len(cut)
    for unit, one in zip(cut, decided, strict=True):
        if not unit.speech or one.speaker == NARRATOR:
            assert one.speaker == NARRATOR
            assert not unit.speech or "I" in one.tag.split(), (
                "nobody but the I of a tag speaks with the narrator's voice"
            )
        assert 0.0 <= one.confidence <= 1.0


@pytest.mark.parametrize("piece", ["“Go.” Anne said. ", "“Go, Anne.” ", "Anne said that Tom ", "“Go,” said he. "])
def test_a_paragraph_of_any_length_takes_linear_time(piece: str) -> None:
    import time

    def seconds(count: int) -> float:
        """The least of three: the collector of garbage may look through everything that other tests have left."""
        cut, known, spent = units(piece * count), names(SCENE), list[float]()
        for _ in range(3):
            began = time.process_time()
            attribute(cut, known, "en")
            spent.append(time.process_time() - began)
        return min(spent)

    assert seconds(4_000) < 20 * max(seconds(400), 0.02)


def test_a_sentence_that_a_tag_interrupts_is_one_persons() -> None:
    told = "Frank and Mr. Weston came in with Emma. Mr. Weston looked at Frank."
    found = speakers(told, "“In short,” said he, “perhaps you can guess, Frank.”")
    assert found[0] == found[1] != "unknown"


def test_i_said_is_the_narrator_in_a_short_text_too() -> None:
    told = [("The driver asked,", True), ("I said.", True), ("Siobhan answered.", True)]
    names = names_en.learn(told)
    assert names.narrator
    units = [Unit("“Never,”", True, 1), Unit(" I said.", False, 1)]
    assert attribute(units, names, "en")[0].speaker == names.narrator


# --- who is learnt, and what names tell --------------------------------------------------------------------------------


def learnt(*paragraphs: str) -> Names:
    found = units(*paragraphs)
    speaking = {unit.paragraph for unit in found if unit.speech}
    return names_en.learn([(unit.text, unit.paragraph in speaking) for unit in found if not unit.speech])


def test_a_surname_of_a_trade_tells_nothing_beside_a_first_name() -> None:
    people = ("Anne Baker", "Margaret Hunter", "Kate Butler", "Sarah King", "Dr. Emily Carpenter")
    found = learnt(*[f"“It is late,” said {name}." for name in people])
    assert [found.gender(name) for name in people] == ["female"] * len(people)
    assert names_en.told(["Anne's father"]) == "male"
    assert names_en.told(["Baker"]) == "male"


@pytest.mark.parametrize("article", ["the", "The"])
def test_somebody_known_by_what_he_is_is_learnt_at_the_beginning_of_a_sentence_too(article: str) -> None:
    found = learnt(f"{article} old soldier said, “Nobody leaves.”", f"{article} stranger said, “Why not?”")
    assert set(found.counts) == {"the old soldier", "the stranger"}


def test_a_title_alone_is_its_one_bearer() -> None:
    told = ("“Begin,” said Professor Albright.", "The Professor beamed. “Yes.”", "“Sit!” thundered the Professor.")
    found = learnt(*told)
    assert found.canonical("the Professor") == "Professor Albright" in found.counts
    two = learnt(*told, "“No,” said Professor Grey.")
    assert two.canonical("the Professor") == "the Professor"  # there it may be either


def test_somebody_named_once_and_then_by_his_title_is_learnt() -> None:
    found = learnt("Colonel Bright walked in and sat.", "“You are Doyle?”", "The Colonel went red. “There was a note.”")
    assert found.canonical("the Colonel") == "Colonel Bright"
    assert found.gender("Colonel Bright") == "male"


@pytest.mark.parametrize(
    ("paragraph", "kind"),
    [
        ("“I shall go,” said Anne to herself.", "thought"),
        ("“I shall go,” Tom said to himself, “and soon.”", "thought"),
        ("“Shall I go?” Anne asked herself.", "thought"),
        ("“I shall go,” said Anne in her own heart.", "thought"),
        ("“I shall go,” was Anne's first thought.", "thought"),
        ("“I shall go,” as she thought the matter over.", "thought"),
        ("“I shall go,” said Tom to Anne.", "dialogue"),
        ("“I shall go,” muttered Tom to himself.", "dialogue"),
        ("“I shall go.” Anne thought the matter over.", "dialogue"),
    ],
)
def test_what_is_said_to_oneself_is_thought(paragraph: str, kind: str) -> None:
    told = [SCENE, paragraph]
    decided = attribute(units(*told), names(*told), "en")
    assert {one.kind for one, unit in zip(decided, units(*told), strict=True) if unit.speech} == {kind}


def test_nobody_speaks_who_cannot() -> None:
    told = [
        "Anne opened the door.",
        "“Come in,” said Anne.",
        "“No.”",
        "“Why not?” Anne asked.",
        "“I am wet,” he said.",
        "“So come.”",
        "“Hush,” said a voice.",
    ]
    known = names_en.learn([(unit.text, True) for unit in units(*told) if not unit.speech])
    decided = attribute(units(*told), known, "en")
    found = [one.speaker for one, unit in zip(decided, units(*told), strict=True) if unit.speech]
    assert found == ["Anne", UNKNOWN, "Anne", UNKNOWN, "Anne", UNKNOWN]


def test_what_is_said_aloud_after_a_thought_is_heard() -> None:
    told = [SCENE, "“So late,” said Anne to herself; and aloud: “Good night, all.”"]
    decided = attribute(units(*told), names(*told), "en")
    assert [one.kind for one, unit in zip(decided, units(*told), strict=True) if unit.speech] == ["thought", "dialogue"]

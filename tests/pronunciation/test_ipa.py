"""IPA in a lexicon is read as an English respelling."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import pronunciation
from pipeline.cast import load
from pipeline.errors import CastError
from pipeline.pronunciation.ipa import respelled
from pipeline.shipped import rows_of

SIGNS = [row[0] for row in rows_of("pipeline.pronunciation", "ipa.tsv")]


@pytest.mark.parametrize(
    ("ipa", "respelling"),
    [
        ("/hɜːˈmaɪəni/", "hur-my-uh-nee"),  # Hermione
        ("/ʃɪˈvɔːn/", "shih-vawn"),  # Siobhan
        ("/ˈnjuːtən/", "new-tun"),
        ("/ˈɡɪlɡəmɛʃ/", "ghil-guh-mesh"),  # a g that stays hard
        ("/ˈnɛvər/", "nev-er"),  # English ends no syllable with a short e
        ("/ˈbʌtn̩/", "but-un"),
        ("/vælˈʒɑ̃/", "val-zhon"),
        ("/ˌædəˈmænt kəmˈpæʃən/", "ad-uh-mant kum-pash-un"),
        ("/aɪ/", "eye"),
        (" /ju:/ ", "yoo"),  # a colon for the sign of length
        ("/nˈɛvɚ/", "nev-er"),  # eSpeak's place for the stress
    ],
)
def test_ipa_becomes_letters_that_read_so(ipa: str, respelling: str) -> None:
    assert respelled(ipa) == respelling


@pytest.mark.parametrize(("ipa", "why"), [("/ka7♪/", "7 ♪"), ("/pst/", "no vowel"), ("ka", "slashes")])
def test_what_is_no_ipa_is_named(ipa: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        respelled(ipa)


@given(st.lists(st.sampled_from([*SIGNS, "ˈ", "ˌ", ".", "ː"]), min_size=1, max_size=20))
def test_a_respelling_is_plain_letters(signs: list[str]) -> None:
    written = "a" + "".join(signs)
    said = respelled(f"/{written}/")
    assert said.replace("-", "").isascii()
    assert said.replace("-", "").isalpha()
    assert "--" not in said


def test_the_lexicon_of_a_cast_takes_ipa(tmp_path: Path) -> None:
    path = tmp_path / "cast.yaml"
    path.write_text(
        "language: en\nnarrator: n\nvoices: {n: {engine: espeak}}\nlexicon: {Siobhan: /ʃɪˈvɔːn/, SQL: sequel}\n",
        encoding="utf-8",
    )
    cast = load(path)
    assert pronunciation.spoken("Siobhan knows SQL.", "en", cast.lexicon) == "shih-vawn knows sequel."


def test_wrong_ipa_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cast.yaml"
    path.write_text(
        "language: en\nnarrator: n\nvoices: {n: {engine: espeak}}\nlexicon:\n  Siobhan: /ʃɪˈv☂n/\n", encoding="utf-8"
    )
    with pytest.raises(CastError, match="Siobhan: /ʃɪˈv☂n/ cannot be read as IPA") as error:
        load(path)
    assert error.value.where == f"{path}, line 5"

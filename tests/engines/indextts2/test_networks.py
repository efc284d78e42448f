"""The networks: official names and shapes at full size; batched as alone; cached as uncached."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from pipeline.engines.indextts2.decoding import Decoder, Sampling, Wish, chosen_codes
from pipeline.engines.indextts2.engine import Models
from pipeline.engines.indextts2.flow import buckets, mels
from pipeline.engines.indextts2.layers import mask_of, parameters_of
from pipeline.engines.indextts2.semantic_codec import SemanticCodec
from pipeline.engines.indextts2.semantic_to_mel import SemanticToMel
from pipeline.engines.indextts2.speaker_encoder import SpeakerEncoder
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
from tests.engines.indextts2.checkpoint import GPT

HERE = Path(__file__).parent


def official(section: str) -> dict[str, tuple[int, ...]]:
    """The names and shapes of one file of the official release, as its public code builds them."""
    found, here = {}, False
    for row in (HERE / "official_names.txt").read_text().splitlines():
        if row.startswith("#"):
            here = section in row
        elif here:
            name, shape = row.split("\t")
            found[name.removeprefix("models.")] = ast.literal_eval(shape)
    return found


CONFIG = yaml.safe_load((HERE / "official_config.yaml").read_text())


@pytest.mark.parametrize(
    ("section", "build", "count"),
    [
        ("gpt.pth", lambda: TextToSemantic(CONFIG["gpt"]), 665),
        ("semantic codec", lambda: SemanticCodec(CONFIG["semantic_codec"]), 239),
        ("s2mel.pth", lambda: SemanticToMel(CONFIG["s2mel"]), 284),
        ("campplus", SpeakerEncoder, 937),
    ],
)
def test_full_size_names_and_shapes(section: str, build: Callable[[], nn.Module], count: int) -> None:
    with torch.device("meta"):
        ours = parameters_of(build())
    assert len(ours) == count
    assert ours == official(section)


# --- conditioning ---------------------------------------------------------------------------------


def test_conditioners_batched_as_alone(models: Models) -> None:
    lengths = torch.tensor([61, 41, 23])
    features = torch.randn(3, 61, 48, generator=torch.Generator().manual_seed(0))
    mask = mask_of(lengths, 61)
    for what in (models.speaker.timbre, models.speaker.emotion):
        together = what(features, mask)
        for row, length in enumerate(lengths.tolist()):
            alone = what(features[row : row + 1, :length], mask[row : row + 1, :length])
            torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-5, atol=1e-6)


# --- decoding -------------------------------------------------------------------------------------


def _wishes(models: Models, count: int = 6) -> list[Wish]:
    drawn = torch.Generator().manual_seed(5)
    wishes = []
    for number in range(count):
        text = torch.randint(2, 200, (4 + 3 * number,), generator=drawn)
        timbre, emotion = torch.randn(32, 64, generator=drawn), torch.randn(64, generator=drawn)
        wishes.append(Wish(models.speaker.prompt(timbre, emotion, text), seed=number, longest=60 + 7 * number))
    return wishes


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0)], ids=["drawn", "greedy"])
def test_same_codes_in_every_batch_order(models: Models, sampling: Sampling) -> None:
    wishes, seen = _wishes(models), []
    for rows, order in ((1, [0, 1, 2, 3, 4, 5]), (2, [5, 3, 1, 0, 2, 4]), (6, [4, 2, 0, 5, 3, 1])):
        decoder = Decoder(models.speaker, rows, 256, sampling)
        codes = {order[one.index]: one.codes.tolist() for one in decoder.decode([wishes[at] for at in order])}
        seen.append([codes[at] for at in range(len(wishes))])
    assert seen[0] == seen[1] == seen[2]
    assert all(seen[0])


def test_what_runs_beside_a_line_changes_its_numbers_by_rounding_and_its_codes_not_at_all() -> None:
    """At the official width and count of codes, where sums are long: kernels add up in another order for another count of
    rows, so the numbers are near, not equal (they may be); what is drawn from them is the same."""
    torch.manual_seed(0)
    brief = {**GPT, "model_dim": 1280, "heads": 20, "layers": 2, "number_mel_codes": 8194, "start_mel_token": 8192,
             "stop_mel_token": 8193}  # fmt: skip
    model = TextToSemantic(brief, 48).eval()
    drawn = torch.Generator().manual_seed(6)
    wishes = []
    for number, length in enumerate((2, 9, 17, 26, 41)):
        text = torch.randint(2, 200, (length,), generator=drawn)
        timbre, emotion = torch.randn(32, 1280, generator=drawn), torch.randn(1280, generator=drawn)
        wishes.append(Wish(model.prompt(timbre, emotion, text).detach(), number, 60 - 9 * number, exactly=True))

    class Watched(Decoder):
        def _choose(self, rows: torch.Tensor, logits: torch.Tensor) -> None:
            for row, one in zip(rows.tolist(), logits, strict=True):
                told[self.wishes[row], int(self.step[row])] = one.clone()
            super()._choose(rows, logits)

    found, numbers = [], []
    for some in ([[at] for at in range(5)], [[0, 1, 2, 3, 4]], [[4, 2, 3], [1, 0]]):
        codes, all_told = {}, {}
        for order in some:
            told: dict[tuple[int, int], torch.Tensor] = {}
            for one in Watched(model, len(order), 160, Sampling()).decode([wishes[at] for at in order]):
                codes[order[one.index]] = one.codes.tolist()
            all_told |= {(order[index], step): one for (index, step), one in told.items()}
        found.append(codes)
        numbers.append(all_told)
    assert found[0] == found[1] == found[2]
    for other in numbers[1:]:
        assert other.keys() == numbers[0].keys()
        assert max(float((one - other[at]).abs().max()) for at, one in numbers[0].items()) < 1e-4


def test_another_seed_another_take(models: Models) -> None:
    first = _wishes(models, 1)[0]
    takes = [
        next(Decoder(models.speaker, 1, 256).decode([Wish(first.prompt, seed, 40)])).codes.tolist() for seed in (1, 2)
    ]
    assert takes[0] != takes[1]


def test_cached_decoding_is_the_uncached_forward(models: Models) -> None:
    wish = _wishes(models, 1)[0]
    codes = next(Decoder(models.speaker, 1, 256, Sampling(temperature=0)).decode([wish])).codes
    speaker, seen = models.speaker, torch.zeros(1, 130, dtype=torch.bool)
    seen[0, [1, speaker.options["start_mel_token"]]] = True
    places = torch.tensor([0, *range(2, len(codes) + 2)])
    for step in range(0, len(codes), 7):
        row = torch.cat([torch.tensor([128]), codes[:step]])
        x = torch.cat([wish.prompt, speaker.step_embedding(row[None], places[None, : len(row)])[0]])[None]
        causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
        with torch.inference_mode():
            logits = speaker.logits(speaker.gpt(x, causal)[:, -1])
        now = seen.clone()
        now[0, codes[:step]] = True
        assert chosen_codes(logits, now, torch.zeros(1), Sampling(temperature=0)) == codes[step]


def test_exactly_so_many_codes(models: Models) -> None:
    wish = _wishes(models, 1)[0]
    found = next(Decoder(models.speaker, 1, 256).decode([Wish(wish.prompt, 3, 57, exactly=True)]))
    assert len(found.codes) == 57
    assert found.stopped


def test_no_room_is_an_error(models: Models) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        next(Decoder(models.speaker, 1, 64).decode(_wishes(models, 1)))


def test_top_p_keeps_the_likeliest_whatever_is_drawn() -> None:
    logits, seen = torch.tensor([[9.0, 1.0, 0.5, 0.0]]), torch.zeros(1, 4, dtype=torch.bool)
    for draw in (0.0, 0.5, 0.999999):
        assert chosen_codes(logits, seen, torch.tensor([draw]), Sampling(top_p=0.5)) == 0


def test_penalty_turns_away_from_what_was_said() -> None:
    logits, seen = torch.tensor([[2.0, 1.9]]), torch.tensor([[True, False]])
    assert chosen_codes(logits, seen, torch.zeros(1), Sampling(temperature=0)) == 1


# --- latents, mel, sound --------------------------------------------------------------------------


def test_latents_batched_as_alone(models: Models) -> None:
    wishes = _wishes(models, 4)
    drawn = torch.Generator().manual_seed(1)
    codes = [torch.randint(0, 128, (9 + 11 * at,), generator=drawn) for at in range(4)]
    together = models.speaker.latents([one.prompt for one in wishes], codes)
    for wish, row, found in zip(wishes, codes, together, strict=True):
        assert found.shape == (len(row), 64)
        torch.testing.assert_close(found, models.speaker.latents([wish.prompt], [row])[0], rtol=1e-5, atol=1e-5)


def test_mels_batched_as_alone(models: Models) -> None:
    drawn = torch.Generator().manual_seed(2)
    rows = [
        (torch.randn(80, whole, generator=drawn), torch.randn(80, clip, generator=drawn),
         torch.randn(192, generator=drawn), torch.randn(whole, 64, generator=drawn))
        for whole, clip in ((60, 12), (57, 30), (55, 5))
    ]  # fmt: skip

    def run(some: list[tuple[torch.Tensor, ...]]) -> list[torch.Tensor]:
        noise, clips, styles, contents = (list(one) for one in zip(*some, strict=True))
        return mels(models.painter.estimator, noise, clips, torch.stack(styles), contents, steps=6)

    assert buckets([len(row[3]) for row in rows], 1 << 16) == [[0, 1, 2]], "they run together, padded"
    for row, found in zip(rows, run(rows), strict=True):
        assert found.shape == (80, row[0].shape[1] - row[1].shape[1])
        torch.testing.assert_close(found, run([row])[0], rtol=1e-4, atol=1e-4)


def test_sound_has_256_samples_a_frame_and_none_of_its_neighbours(models: Models) -> None:
    drawn = torch.Generator().manual_seed(3)
    mel = [torch.randn(80, frames, generator=drawn) for frames in (20, 33, 20)]
    together = models.vocoder.speak(mel)
    for one, wave in zip(mel, together, strict=True):
        assert wave.shape == (256 * one.shape[1],)
        torch.testing.assert_close(wave, models.vocoder.speak([one])[0], rtol=1e-5, atol=1e-6)

"""What a line draws, and what it is computed in: its own luck, and a key that says the precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.engines.indextts2 import flow
from pipeline.engines.indextts2.beams import BeamDecoder
from pipeline.engines.indextts2.computing import half_precision
from pipeline.engines.indextts2.decoding import Decoded, Sampling, Wish
from pipeline.engines.indextts2.engine import IndexTTS2, Models, chance
from pipeline.engines.indextts2.flow import mels
from pipeline.errors import EngineError
from pipeline.files import sha256_file
from pipeline.nouns import Direction, Voice, Waveform


def _direction(clip: Path, text: str = "天快黑了,河边一个人也没有.", **more: object) -> Direction:
    voice = Voice(clip.stem, "indextts2", {}, clip, sha256_file(clip))
    return replace(Direction("c01-1", text, "zh", voice), **more)


def _spoken(models: Models, direction: Direction) -> Waveform:
    [one] = models.render([direction])
    return one.wave


# --- chance ---------------------------------------------------------------------------------------


def test_lines_and_segments_draw_their_own_noise(
    models: Models, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All lines of a book have the seed 0; with the same noise, all would share what is odd about it."""
    seen: list[torch.Tensor] = []

    def watched(estimator: object, noise: list[torch.Tensor], *rest: object, **more: object) -> list[torch.Tensor]:
        seen.extend(noise)
        return mels(estimator, noise, *rest, **more)

    monkeypatch.setattr(flow, "mels", watched)
    long = _direction(clips[0], "天快黑了,河边一个人也没有." * 24, duration=5.0)
    batch = [long, _direction(clips[0], "雨停了.", duration=1.0), _direction(clips[0], "风停了.", duration=1.0)]
    assert len(models._segments(0, long)) > 1
    list(models.render(batch))
    firsts = [one[0, :20] for one in seen]
    assert all(not torch.equal(one, other) for at, one in enumerate(firsts) for other in firsts[:at])
    kept = seen[-1]
    seen.clear()
    list(models.render(batch[2:]))
    assert torch.equal(seen[0], kept), "the same line has the same, wherever it is"


def test_seed_segment_and_text_decide(clips: list[Path]) -> None:
    one = _direction(clips[0])
    drawn = {
        chance(one, 0, "codes"), chance(one, 0, "noise"), chance(one, 1, "codes"), chance(replace(one, seed=1), 0, "codes"),
        chance(replace(one, text="雨停了."), 0, "codes"),
    }  # fmt: skip
    assert len(drawn) == 5
    assert all(0 <= seed < 2**63 for seed in drawn)
    assert chance(replace(one, line_id="c09-9"), 0, "codes") in drawn, "equal lines share a take"


def test_beams_drawn_by_chance_are_ranked_by_score(models: Models) -> None:
    """Only what ends among the best is kept: a stop code that was drawn early, and is unlikely, is not."""
    ranks: list[list[float]] = []

    class Watched(BeamDecoder):
        def _continued(self, *args: object) -> tuple[list[list[float]], ...]:
            found = super()._continued(*args)
            ranks.extend(list(one) for one in found[0])
            return found

    drawn = torch.Generator().manual_seed(2)
    prompts = [
        models.speaker.prompt(
            torch.randn(32, 64, generator=drawn), torch.randn(64, generator=drawn), torch.arange(3, 9 + at)
        ).detach()
        for at in range(3)
    ]
    decoder = Watched(models.speaker, 3, 128, Sampling(beams=3))
    list(decoder.decode([Wish(prompt, seed, 25) for seed, prompt in enumerate(prompts)]))
    assert len(ranks) >= 30
    assert all(one == sorted(one, reverse=True) for one in ranks)


# --- precision ------------------------------------------------------------------------------------


def test_half_precision_says_the_same_line(
    checkpoint: Path, models: Models, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """bfloat16 keeps 8 bits of each number: with codes forced alike, the sound is near, not equal."""
    direction = _direction(clips[0], seed=5)
    monkeypatch.setenv("INDEXTTS2_PRECISION", "bfloat16")
    half = Models(checkpoint, "cpu")
    assert half.speaker.gpt.ln_f.weight.dtype == torch.bfloat16
    assert half.speaker.emovec_layer.weight.dtype == torch.float32
    first, second = (_spoken(half, direction) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    codes = [Decoded(0, torch.randint(0, 128, (60,), generator=torch.Generator().manual_seed(1)), stopped=True)]
    for one in (half, models):
        monkeypatch.setattr(one, "_decoded", lambda *_: codes)
    near, exact = _spoken(half, direction), _spoken(models, direction)
    assert near.shape == exact.shape
    off = np.linalg.norm(near - exact) / np.linalg.norm(exact)
    other = _spoken(models, replace(direction, seed=6))  # what another draw of noise changes
    assert 0 < off < 0.05
    assert off < 0.2 * np.linalg.norm(other - exact) / np.linalg.norm(exact)


def test_guidance_is_reckoned_in_float32(models: Models) -> None:
    """Its difference of two near numbers would lose what bfloat16 has left of them."""

    class Half:
        def __init__(self, wide: bool) -> None:
            self.given, self.moment = models.painter.estimator.given, models.painter.estimator.moment
            self.wide = wide

        def __call__(self, *args: object) -> torch.Tensor:
            found = models.painter.estimator(*args).bfloat16()
            return found.float() if self.wide else found

    drawn = torch.Generator().manual_seed(4)
    told = (
        [torch.randn(80, 40, generator=drawn)], [torch.randn(80, 12, generator=drawn)],
        torch.randn(1, 192, generator=drawn), [torch.randn(40, 64, generator=drawn)],
    )  # fmt: skip
    one, other = (mels(Half(wide), *told, steps=4)[0] for wide in (False, True))
    assert torch.equal(one, other)


def test_the_key_says_what_is_computed_in(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a take of a GPU in bfloat16 and one of a CPU in float32 would be the same take."""
    plain = IndexTTS2().fingerprint()
    assert plain.endswith(" float32")
    monkeypatch.setenv("INDEXTTS2_PRECISION", "float32")
    assert IndexTTS2().fingerprint() == plain, "asked for or not"
    monkeypatch.setenv("INDEXTTS2_PRECISION", "bfloat16")
    half = IndexTTS2().fingerprint()
    assert half == plain.replace("float32", "bfloat16")
    monkeypatch.delenv("INDEXTTS2_PRECISION")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    assert IndexTTS2().fingerprint() == half, "by the device, too"


def test_emulated_bfloat16_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A T4 or V100 has none: PyTorch emulates it there, slower than float32."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert half_precision(torch.device("cuda")) is None
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    assert half_precision(torch.device("cuda")) is torch.bfloat16


def test_an_unknown_precision_is_refused(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEXTTS2_PRECISION", "float12")
    with pytest.raises(EngineError, match="INDEXTTS2_PRECISION='float12' is not known"):
        Models(checkpoint, "cpu")

"""What a CPU does otherwise than a GPU, for speed: the same numbers up to rounding, and the same bits whatever runs beside."""

from __future__ import annotations

import threading

import pytest
import torch
from torch.nn import functional as F

from pipeline.engines.indextts2.cores import each
from pipeline.engines.indextts2.decoding import Decoder, Sampling, Wish
from pipeline.engines.indextts2.engine import Models
from pipeline.engines.indextts2.layers import Packed
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
from pipeline.engines.indextts2.vocoder import Activation
from tests.engines.indextts2.checkpoint import GPT

CPU = torch.device("cpu")


@pytest.mark.parametrize("items", [0, 1, 2, 5])
def test_items_beside_each_other_come_back_in_order(items: int) -> None:
    threads = torch.get_num_threads()
    seen = []

    def work(item: int) -> tuple[int, bool]:
        seen.append((threading.current_thread().name, torch.get_num_threads()))
        return item * item, torch.is_inference_mode_enabled()

    with torch.inference_mode():
        assert each(work, range(items), CPU, [item % 3 for item in range(items)]) == [
            (i * i, True) for i in range(items)
        ]
    assert torch.get_num_threads() == threads
    if items > 1 and threads > 1:
        assert {count for _, count in seen} == {1}, "each on a thread of its own"


def test_an_error_in_one_is_the_callers() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise torch.OutOfMemoryError("no room")
        return item

    with pytest.raises(torch.OutOfMemoryError, match="no room"):
        each(work, range(4), CPU, [1] * 4)


def test_lines_beside_each_other_compute_in_the_callers_precision() -> None:
    layer = torch.nn.Linear(8, 8)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        made = each(lambda _: layer(torch.ones(1, 8)).dtype, range(3), CPU, [1] * 3)
    assert made == [torch.bfloat16] * 3


@pytest.mark.skipif(not Packed.possible(), reason="a PyTorch without oneDNN")
def test_a_packed_rows_sums_are_the_same_whatever_is_beside_it() -> None:
    drawn = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(3 * 256, 256, generator=drawn), torch.randn(3 * 256, generator=drawn)
    x, packed = torch.randn(130, 256, generator=drawn), Packed(weight, bias)
    whole, threads = packed(x), torch.get_num_threads()
    torch.testing.assert_close(whole, F.linear(x, weight, bias), rtol=1e-4, atol=1e-4)
    for count in (1, threads):
        torch.set_num_threads(count)
        for rows in (1, 2, 3, 4, 7, 16, 17, 64, 100):
            assert torch.equal(packed(x[:rows].contiguous()), whole[:rows]), rows


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 40, 1001])
def test_an_activation_by_phases_is_the_one_by_convolutions(frames: int) -> None:
    torch.manual_seed(frames)
    layer = Activation(6)
    for one in (layer.act.alpha, layer.act.beta, layer.upsample.filter, layer.downsample.lowpass.filter):
        one.data.normal_()
    x = torch.randn(2, 6, frames)
    with torch.inference_mode():
        torch.testing.assert_close(layer._by_phases(x), layer._by_convolutions(x), rtol=1e-4, atol=1e-4)


def test_the_flow_asked_for_the_last_frames_says_of_them_what_it_says_of_all(models: Models) -> None:
    estimator = models.painter.estimator
    bins, frames, lengths, first = 80, 90, [90, 83], 50
    width, content = estimator.cond_projection.weight.shape
    style = estimator.cond_x_merge_linear.weight.shape[1] - 2 * bins - width
    torch.manual_seed(3)
    told = torch.randn(2, bins, frames), lengths, torch.ones(2, style), torch.randn(2, frames, content)
    x = torch.randn(2, bins, frames)
    with torch.inference_mode():
        moment = estimator.moment(torch.tensor([0.3]))
        whole, part = estimator.given(*told), estimator.given(*told, first)
        assert part.cut == first - estimator.wavenet.reach
        for row, length in enumerate(lengths):
            torch.testing.assert_close(
                estimator(x, part, moment)[row, :, first - part.cut : length - part.cut],
                estimator(x, whole, moment)[row, :, first:length], rtol=1e-5, atol=1e-5,
            )  # fmt: skip


def test_latents_of_the_decoder_are_those_of_a_pass_over_the_whole_line() -> None:
    torch.manual_seed(2)
    speaker = TextToSemantic(GPT).eval()
    prompts = [torch.randn(length, GPT["model_dim"]) for length in (40, 52, 45)]
    counts = (30, 9, 22)
    wishes = [
        Wish(prompt, at, count, exactly=True) for at, (prompt, count) in enumerate(zip(prompts, counts, strict=True))
    ]
    found = sorted(Decoder(speaker, 2, 100, Sampling()).decode(wishes), key=lambda one: one.index)
    wanted = speaker.latents(prompts, [one.codes for one in found])
    for one, theirs, count in zip(found, wanted, counts, strict=True):
        assert one.latents is not None
        assert one.latents.shape == (count, GPT["model_dim"])
        torch.testing.assert_close(one.latents, theirs, rtol=1e-4, atol=1e-5)

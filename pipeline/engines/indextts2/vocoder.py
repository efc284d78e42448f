"""Vocoder: mel spectrogram -> waveform (BigVGAN v2, Lee et al. 2023).

Six transposed convolutions raise 86 frames a second to 22,050 samples; after each, three stacks of residual convolutions
with periodic activations, each of which works at twice the rate so that it does not alias.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.engines.indextts2.cores import each
from pipeline.engines.indextts2.layers import NormedConv1d, NormedConvTranspose1d

TAPS = 12


def kaiser_sinc(cutoff: float = 0.25, half_width: float = 0.3, taps: int = TAPS) -> Tensor:
    """A low-pass filter, (1, 1, taps), sum 1. cutoff and half_width (of the transition) in cycles a sample; the window's
    beta by Kaiser's formula for the attenuation that the width allows (Oppenheim and Schafer, ch. 7)."""
    attenuation = 2.285 * (taps // 2 - 1) * math.pi * 4 * half_width + 7.95
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation >= 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    else:
        beta = 0.0
    at = torch.arange(-(taps // 2), taps - taps // 2) + (0.5 if taps % 2 == 0 else 0.0)
    table = 2 * cutoff * torch.kaiser_window(taps, periodic=False, beta=beta) * torch.sinc(2 * cutoff * at)
    return (table / table.sum()).view(1, 1, taps)


class _Filter(nn.Module):
    """A low-pass filter, under the name it has in the checkpoint."""

    filter: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filter", kaiser_sinc())


class _Down(nn.Module):
    """The filter of the way down, one name deeper."""

    def __init__(self) -> None:
        super().__init__()
        self.lowpass = _Filter()


class Snake(nn.Module):
    """x + sin²(αx)/β, with α and β of every channel kept as logarithms (Ziyin et al. 2020; Lee et al. 2023)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha, self.beta = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        sine = torch.sin(x * self.alpha.exp()[:, None])
        return torch.addcmul(x, sine, sine / (self.beta.exp()[:, None] + 1e-9))


class Activation(nn.Module):
    """Snake at twice the rate: up, bend, down."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.act = Snake(width)
        self.upsample, self.downsample = _Filter(), _Down()

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, T) -> the same."""
        return self._by_phases(x) if x.device.type == "cpu" else self._by_convolutions(x)

    def _by_convolutions(self, x: Tensor) -> Tensor:
        width = x.shape[1]
        up, down = self.upsample.filter.expand(width, -1, -1), self.downsample.lowpass.filter.expand(width, -1, -1)
        edge = TAPS // 2 - 1
        x = F.conv_transpose1d(F.pad(x, (edge, edge), mode="replicate"), up, stride=2, groups=width) * 2
        cut = 2 * edge + (TAPS - 2) // 2
        x = self.act(x[..., cut : x.shape[-1] - cut])
        x = F.pad(x, (TAPS // 2 - 1, TAPS // 2), mode="replicate")
        return F.conv1d(x, down, stride=2, groups=width)

    def _by_phases(self, x: Tensor) -> Tensor:
        """The same, the even and the odd samples of twice the rate each for itself: sums of shifted rows, two to four times as
        fast on a CPU, whose convolutions of one channel are slow."""
        frames, reach = x.shape[-1], TAPS // 4
        up, down = (2 * self.upsample.filter).flatten().tolist(), self.downsample.lowpass.filter.flatten().tolist()
        padded = _held(x, x[..., :1], x[..., -1:], reach, reach)
        even = self.act(_shifted(padded, up[::-2], frames))
        odd = self.act(_shifted(padded[..., 1:], up[-2::-2], frames))
        first, last = even[..., :1], odd[..., -1:]
        return _shifted(_held(even, first, last, reach - 1, reach), down[1::2], frames).add_(
            _shifted(_held(odd, first, last, reach, reach - 1), down[::2], frames)
        )


def _held(x: Tensor, first: Tensor, last: Tensor, before: int, after: int) -> Tensor:
    """`x` with `before` times `first` in front and `after` times `last` behind it."""
    return torch.cat([first.expand(-1, -1, before), x, last.expand(-1, -1, after)], -1)


def _shifted(x: Tensor, weights: list[float], frames: int) -> Tensor:
    """The sum of `frames` samples of `x` from the first on, times the first weight, from the second on, times the second …"""
    total = x[..., :frames] * weights[0]
    for at, weight in enumerate(weights[1:], start=1):
        total.add_(x[..., at : at + frames], alpha=weight)
    return total


class Residual(nn.Module):
    """Three pairs of convolutions, the first of each pair dilated, each pair added."""

    def __init__(self, width: int, kernel: int, dilations: list[int]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            NormedConv1d(width, width, kernel, dilation=by, padding=by * (kernel - 1) // 2) for by in dilations
        )
        self.convs2 = nn.ModuleList(NormedConv1d(width, width, kernel, padding=kernel // 2) for _ in dilations)
        self.activations = nn.ModuleList(Activation(width) for _ in range(2 * len(dilations)))

    def forward(self, x: Tensor) -> Tensor:
        for at, (one, two) in enumerate(zip(self.convs1, self.convs2, strict=True)):
            y = one(self.activations[2 * at](x))
            x = x + two(self.activations[2 * at + 1](y))
        return x


class Vocoder(nn.Module):
    """The generator of ``bigvgan_generator.pt``; `options` is the ``config.json`` beside it."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        width, bins = options["upsample_initial_channel"], options["num_mels"]
        kernels, dilations = options["resblock_kernel_sizes"], options["resblock_dilation_sizes"]
        self.stacks, self.rates = len(kernels), options["upsample_rates"]
        self.conv_pre = NormedConv1d(bins, width, 7, padding=3)
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for rate, kernel in zip(self.rates, options["upsample_kernel_sizes"], strict=True):
            up = NormedConvTranspose1d(width, width // 2, kernel, rate, padding=(kernel - rate) // 2)
            self.ups.append(nn.Sequential(up))
            width //= 2
            self.resblocks.extend(Residual(width, *one) for one in zip(kernels, dilations, strict=True))
        self.activation_post = Activation(width)
        self.conv_post = NormedConv1d(width, 1, 7, padding=3, bias=options.get("use_bias_at_final", True))

    def forward(self, mel: Tensor) -> Tensor:
        """(B, bins, F) log mel -> (B, F · 256) in [-1, 1]."""
        x = self.conv_pre(mel)
        for at, up in enumerate(self.ups):
            x = up(x)
            stacks = self.resblocks[at * self.stacks : (at + 1) * self.stacks]
            x = sum(one(x) for one in stacks) / self.stacks
        return self.conv_post(self.activation_post(x))[:, 0].clamp(-1, 1)

    @torch.inference_mode()
    def speak(self, mels: list[Tensor]) -> list[Tensor]:
        """Lines of any lengths, (bins, F) each -> waveforms (F · 256,) each. Each row's end sees silence of its own, not
        another row: on a GPU rows of one length are run together, on a CPU each alone."""
        by_length: dict[tuple[int, int], list[int]] = {}
        for row, mel in enumerate(mels):
            by_length.setdefault((mel.shape[-1], row if mel.device.type == "cpu" else 0), []).append(row)
        together = list(by_length.values())
        spoken = each(
            lambda rows: self(torch.stack([mels[row] for row in rows])), together, next(self.parameters()).device,
            [length * len(rows) for (length, _), rows in by_length.items()],
        )  # fmt: skip
        waves = dict(zip(chain(*together), chain(*spoken), strict=True))
        return [waves[row] for row in range(len(mels))]

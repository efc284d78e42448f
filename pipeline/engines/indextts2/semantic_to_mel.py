"""Semantic-to-mel: codes and what the transformer knew -> mel spectrogram, by flow matching with a diffusion transformer.

The length regulator stretches features to the wished number of mel frames. The estimator (a transformer with rotary
positions and U-ViT skips, Peebles and Xie 2023, Bao et al. 2023, and a WaveNet behind it, van den Oord et al. 2016) says
where noise should flow; `flow.py` follows it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.engines.indextts2.layers import NormedConv1d, NormedLinear, mask_of


class LengthRegulator(nn.Module):
    """`options` is config.yaml's ``length_regulator``."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        width = options["channels"]
        self.content_in_proj = nn.Linear(options["in_channels"], width)
        layers: list[nn.Module] = []
        for _ in options["sampling_ratios"]:
            layers += [nn.Conv1d(width, width, 3, padding=1), nn.GroupNorm(1, width), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(width, width, 1))
        self.embedding = nn.Embedding(options["content_codebook_size"], width)  # of discrete input, which there is none
        self.mask_token = nn.Parameter(torch.zeros(1, width))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """One line's features (1, n, inputs) -> (1, frames, width). One line at a time: the group norm looks at every frame,
        and padding would change the sound."""
        x = self.content_in_proj(x).transpose(1, 2)
        return self.model(F.interpolate(x, size=frames, mode="nearest")).transpose(1, 2)


class RmsNorm(nn.Module):
    """Root-mean-square norm in float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + 1e-5)).type_as(x) * self.weight


Scaled: TypeAlias = tuple[Tensor, Tensor]
"""A scale and a shift."""


class AdaptiveNorm(nn.Module):
    """A norm whose scale and shift come from the time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.project_layer = RmsNorm(width), nn.Linear(width, 2 * width)

    def at(self, time: Tensor) -> Scaled:
        """Scale and shift at a time (1, 1, width)."""
        scale, shift = self.project_layer(time).chunk(2, -1)
        return scale, shift

    def forward(self, x: Tensor, told: Scaled) -> Tensor:
        return told[0] * self.norm(x) + told[1]


def rotations(length: int, size: int, device: torch.device) -> Tensor:
    """Rotary positions (Su et al. 2021): (length, size/2) complex, base 10,000."""
    rate = 10000.0 ** (-torch.arange(0, size, 2, device=device).float() / size)
    angle = torch.outer(torch.arange(length, device=device).float(), rate)
    return torch.polar(torch.ones_like(angle), angle)


def rotated(x: Tensor, turns: Tensor) -> Tensor:
    """(B, T, heads, size) turned by neighbouring pairs."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turns[:, None]).flatten(-2).type_as(x)


class Attention(nn.Module):
    """Attention in both directions."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.wqkv, self.wo = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor | None, cut: int = 0) -> Tensor:
        """(B, T, width) -> (B, T - cut, width): the first frames are only looked at."""
        both, v = self.wqkv(x).unflatten(-1, (3 * self.heads, -1)).split([2 * self.heads, self.heads], 2)
        q, k = rotated(both, turns).transpose(1, 2).chunk(2, 1)
        y = F.scaled_dot_product_attention(q[:, :, cut:], k, v.transpose(1, 2), attn_mask=mask)
        return self.wo(y.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Gated by SiLU (Shazeer 2020)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w1, self.w3 = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.w2 = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.w2(F.silu(self.w1(x), inplace=True).mul_(self.w3(x)))


class Block(nn.Module):
    """A transformer layer; those of the second half take in what one of the first half had, the last first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = 256 * math.ceil(int(2 * 4 * width / 3) / 256)
        self.attention, self.feed_forward = Attention(width, heads), FeedForward(width, inner)
        self.attention_norm, self.ffn_norm = AdaptiveNorm(width), AdaptiveNorm(width)
        self.skip_in_linear = nn.Linear(2 * width, width)

    def at(self, time: Tensor) -> tuple[Scaled, Scaled]:
        return self.attention_norm.at(time), self.ffn_norm.at(time)

    def forward(
        self,
        x: Tensor,
        told: tuple[Scaled, Scaled],
        turns: Tensor,
        mask: Tensor | None,
        skip: Tensor | None,
        cut: int = 0,
    ) -> Tensor:
        if skip is not None:
            x = self.skip_in_linear(torch.cat([x, skip], -1))
        x = x[:, cut:] + self.attention(self.attention_norm(x, told[0]), turns, mask, cut)
        return x + self.feed_forward(self.ffn_norm(x, told[1]))


class Transformer(nn.Module):
    """The layers, with skips from the first half to the second."""

    def __init__(self, width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = AdaptiveNorm(width)

    def at(self, time: Tensor) -> tuple[list[tuple[Scaled, Scaled]], Scaled]:
        """What the layers and the norm behind them are told at a time (1, 1, width)."""
        layers: Any = self.layers
        return [layer.at(time) for layer in layers], self.norm.at(time)

    def forward(
        self,
        x: Tensor,
        told: tuple[list[tuple[Scaled, Scaled]], Scaled],
        turns: Tensor,
        mask: Tensor | None,
        cut: int = 0,
    ) -> Tensor:
        """(B, T, width) -> (B, T - cut, width): the last layer is asked for no more."""
        kept: list[Tensor] = []
        half, last = len(self.layers) // 2, len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            skip = kept.pop() if number > half else None
            x = layer(x, told[0][number], turns, mask, skip, cut if number == last else 0)
            if number < half:
                kept.append(x)
        return self.norm(x, told[1])


class TimeEmbedding(nn.Module):
    """A time in [0, 1] -> (B, width), by sinusoids of 1,000 times it."""

    freqs: Tensor

    def __init__(self, width: int, rates: int = 128) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2 * rates, width), nn.SiLU(), nn.Linear(width, width))
        self.register_buffer("freqs", torch.exp(-math.log(10000.0) * torch.arange(rates).float() / rates))

    def forward(self, time: Tensor) -> Tensor:
        angle = 1000.0 * time[:, None].float() * self.freqs
        return self.mlp(torch.cat([angle.cos(), angle.sin()], -1).to(next(self.mlp.parameters()).dtype))


class _Wrapped(nn.Module):
    """A layer under the name ``conv``; the checkpoint wraps its convolutions twice."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.conv = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


def _wrapped(inputs: int, outputs: int, kernel: int) -> nn.Module:
    return _Wrapped(_Wrapped(NormedConv1d(inputs, outputs, kernel)))


def mirrored(x: Tensor, lengths: list[int], by: int) -> Tensor:
    """Each row of (B, width, T) with `by` frames before it and after its own length, mirrored at its ends: (B, width,
    T + 2·by). So a row of a padded batch sees what it would see alone."""
    y = F.pad(x, (by, by), mode="reflect")
    for row, length in enumerate(lengths):
        if length < x.shape[-1]:  # the places behind the row's own end
            y[row, :, by + length : 2 * by + length] = x[row, :, length - 1 - by : length - 1].flip(-1)
    return y


class WaveNet(nn.Module):
    """Gated convolutions told the time. `options` is config.yaml's ``wavenet``."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        width, layers, kernel = options["hidden_dim"], options["num_layers"], options["kernel_size"]
        self.width, self.kernel = width, kernel
        self.reach = layers * (kernel // 2)
        """Frames on either side that a frame depends on."""
        self.cond_layer = _wrapped(width, 2 * width * layers, 1)
        self.in_layers = nn.ModuleList(_wrapped(width, 2 * width, kernel) for _ in range(layers))
        self.res_skip_layers = nn.ModuleList(
            _wrapped(width, 2 * width if number < layers - 1 else width, 1) for number in range(layers)
        )

    def at(self, time: Tensor) -> tuple[Tensor, ...]:
        """What the layers are told at a time (1, width)."""
        return self.cond_layer(time[..., None]).chunk(len(self.in_layers), 1)

    def forward(self, x: Tensor, lengths: list[int], mask: Tensor, told: tuple[Tensor, ...]) -> Tensor:
        """(B, width, T) -> the same. mask: (B, 1, T)."""
        out = torch.zeros_like(x)
        for one, inner, outer in zip(told, self.in_layers, self.res_skip_layers, strict=True):
            a, b = (inner(mirrored(x, lengths, self.kernel // 2)) + one).chunk(2, 1)
            y = outer(torch.tanh(a) * torch.sigmoid(b))
            if y.shape[1] > self.width:
                x = (x + y[:, : self.width]) * mask
                y = y[:, self.width :]
            out = out + y
        return out * mask


class FinalLayer(nn.Module):
    """A norm scaled and shifted by the time, and a linear layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = NormedLinear(width, width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def at(self, time: Tensor) -> Scaled:
        """Scale and shift at a time (1, width)."""
        shift, scale = self.adaLN_modulation(time)[:, None].chunk(2, -1)
        return 1 + scale, shift

    def forward(self, x: Tensor, told: Scaled) -> Tensor:
        return self.linear(F.layer_norm(x, x.shape[-1:], eps=1e-6) * told[0] + told[1])


@dataclass(frozen=True)
class Moment:
    """What every part of the estimator is told at one time of the flow; the same for all lines."""

    transformer: tuple[list[tuple[Scaled, Scaled]], Scaled]
    wavenet: tuple[Tensor, ...]
    final: Scaled


@dataclass(frozen=True)
class Given:
    """What a batch's steps have in common. told: (B, T, width), prompt, style and content through the first layer; mask: bool
    (B, 1, 1, T), True where a row has frames, None where every row has all of them; turns: rotary positions.

    cut: frames at the start that only the transformer looks at. Behind it: lengths, of the rows; wide (B, 1, T - cut), 1 where
    a row has frames."""

    told: Tensor
    mask: Tensor | None
    turns: Tensor
    cut: int
    lengths: list[int]
    wide: Tensor


class Estimator(nn.Module):
    """Where each mel frame should flow. `dit` and `wavenet` are config.yaml's, `style` the width of the style vector."""

    def __init__(self, dit: dict[str, Any], wavenet: dict[str, Any], style: int) -> None:
        super().__init__()
        width, bins, content = dit["hidden_dim"], dit["in_channels"], dit["content_dim"]
        self.heads = dit["num_heads"]
        self.cond_projection = nn.Linear(content, width)
        self.cond_x_merge_linear = nn.Linear(2 * bins + width + style, width)
        self.t_embedder, self.t_embedder2 = TimeEmbedding(width), TimeEmbedding(wavenet["hidden_dim"])
        self.transformer = Transformer(width, self.heads, dit["depth"])
        self.skip_linear = nn.Linear(width + bins, width)
        self.conv1 = nn.Linear(width, wavenet["hidden_dim"])
        self.wavenet = WaveNet(wavenet)
        self.res_projection = nn.Linear(width, wavenet["hidden_dim"])
        self.final_layer = FinalLayer(wavenet["hidden_dim"])
        self.conv2 = nn.Conv1d(wavenet["hidden_dim"], bins, 1)
        # in the file, of kinds of input that this model does not have
        self.x_embedder, self.cond_embedder = (
            NormedLinear(bins, width),
            nn.Embedding(dit["content_codebook_size"], width),
        )
        self.content_mask_embedder = nn.Embedding(1, width)
        self.register_buffer("input_pos", torch.arange(16_384))

    def given(self, prompt: Tensor, lengths: list[int], style: Tensor, content: Tensor, first: int = 0) -> Given:
        """What stays the same in every step. prompt: (B, bins, T); style: (B, style); content: (B, T, width). Nobody asks for
        frames before `first`: the convolutions, which see only so far, leave out what cannot matter to the others."""
        weight, bias = self.cond_x_merge_linear.weight, self.cond_x_merge_linear.bias
        bins, frames = prompt.shape[1], prompt.shape[-1]
        parts = [prompt.transpose(1, 2), self.cond_projection(content), style[:, None].expand(-1, frames, -1)]
        told = F.linear(torch.cat(parts, -1), weight[:, bins:], bias)
        mask = mask_of(torch.tensor(lengths, device=prompt.device), frames)
        turns = rotations(frames, told.shape[-1] // self.heads, prompt.device)
        full = min(lengths) == frames
        cut = max(0, first - self.wavenet.reach)
        return Given(
            told, None if full else mask[:, None, None], turns, cut, [length - cut for length in lengths],
            mask[:, None, cut:].to(told.dtype),
        )  # fmt: skip

    def moment(self, time: Tensor) -> Moment:
        """time: (1,) in [0, 1]."""
        one, two = self.t_embedder(time), self.t_embedder2(time)
        return Moment(self.transformer.at(one[:, None]), self.wavenet.at(two), self.final_layer.at(one))

    def forward(self, x: Tensor, given: Given, moment: Moment) -> Tensor:
        """x: (B, bins, T) at a moment, the same for every row -> (B, bins, T - cut), right from `given`'s first frame on."""
        x = x.transpose(1, 2)
        h = given.told + F.linear(x, self.cond_x_merge_linear.weight[:, : x.shape[-1]])
        h = self.transformer(h, moment.transformer, given.turns, given.mask, given.cut)
        h = self.skip_linear(torch.cat([h, x[:, given.cut :]], -1))
        y = self.wavenet(self.conv1(h).transpose(1, 2), given.lengths, given.wide, moment.wavenet).transpose(1, 2)
        return self.conv2(self.final_layer(y + self.res_projection(h), moment.final).transpose(1, 2))


class _Flow(nn.Module):
    """The estimator, under the name it has in the checkpoint."""

    def __init__(self, estimator: Estimator) -> None:
        super().__init__()
        self.estimator = estimator


class SemanticToMel(nn.Module):
    """The networks of a checkpoint's ``s2mel.pth``; `options` is config.yaml's ``s2mel``, `latent` the transformer's width,
    `codes` that of what a code stands for."""

    def __init__(self, options: dict[str, Any], latent: int = 1280, codes: int = 1024) -> None:
        super().__init__()
        self.gpt_layer = nn.Sequential(nn.Linear(latent, 256), nn.Linear(256, 128), nn.Linear(128, codes))
        self.length_regulator = LengthRegulator(options["length_regulator"])
        self.cfm = _Flow(Estimator(options["DiT"], options["wavenet"], options["style_encoder"]["dim"]))

    @property
    def estimator(self) -> Estimator:
        return self.cfm.estimator

    def content(self, latents: Tensor, meanings: Tensor, frames: int) -> Tensor:
        """One line: latents (n, latent) and its codes' meanings (n, codes) -> (frames, width)."""
        return self.length_regulator((self.gpt_layer(latents) + meanings)[None], frames)[0]

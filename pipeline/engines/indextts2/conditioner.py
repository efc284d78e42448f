"""Conditioners: normalized w2v-bert features of a clip -> a few vectors that tell the transformer who speaks or how it feels.

A conformer (Gulati et al. 2020, without its first half-step feed-forward) reads the clip, and a perceiver resampler
(Jaegle et al. 2021) sums it up in a fixed number of vectors: 32 for timbre, one for emotion.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

POSITIONS = 5000


def sinusoids(length: int, width: int) -> Tensor:
    """(length, width): sine and cosine in turns (Vaswani et al. 2017)."""
    at = torch.arange(length, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width)
    table[:, 0::2], table[:, 1::2] = torch.sin(at * rate), torch.cos(at * rate)
    return table


class _Positions(nn.Module):
    """The table of positions, under the name it has in the checkpoint."""

    pe: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("pe", sinusoids(POSITIONS, width)[None])


class Subsampling(nn.Module):
    """Halves the frames: (B, T, inputs) -> (B, (T-1)//2, width), scaled, and the positions to go with it."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, width, 3, stride=2), nn.ReLU())
        self.out = nn.Sequential(nn.Linear(width * ((inputs - 1) // 2), width))
        self.pos_enc = _Positions(width)
        self.scale = math.sqrt(width)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.conv(x[:, None])
        x = self.out(x.transpose(1, 2).flatten(2)) * self.scale
        return x, self.pos_enc.pe[:, : x.shape[1]], mask[:, 2::2]


class Attention(nn.Module):
    """Self-attention with learnt biases for content and position, the position being the key's own and not its
    distance: Transformer-XL's terms (Dai et al. 2019) without the shift, as the checkpoint was trained."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.linear_q, self.linear_k = nn.Linear(width, width), nn.Linear(width, width)
        self.linear_v, self.linear_out = nn.Linear(width, width), nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(heads, self.size))
        self.pos_bias_v = nn.Parameter(torch.zeros(heads, self.size))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, self.size)).transpose(1, 2)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self._split(self.linear_q(x)), self._split(self.linear_k(x)), self._split(self.linear_v(x))
        p = self._split(self.linear_pos(positions))
        content = (q + self.pos_bias_u[:, None]) @ k.transpose(-1, -2)
        place = (q + self.pos_bias_v[:, None]) @ p.transpose(-1, -2)
        scores = (content + place) / math.sqrt(self.size)
        weights = scores.masked_fill(~mask[:, None, None], -torch.inf).softmax(-1)
        return self.linear_out((weights @ v).transpose(1, 2).flatten(2))


class Convolution(nn.Module):
    """Gated pointwise, depthwise over 15 frames, pointwise; padded frames are kept at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pointwise_conv1 = nn.Conv1d(width, 2 * width, 1)
        self.depthwise_conv = nn.Conv1d(width, width, 15, padding=7, groups=width)
        self.norm = nn.LayerNorm(width)
        self.pointwise_conv2 = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = x.transpose(1, 2) * mask[:, None]
        # the bias of the first layer fills padded frames again, so they are cleared once more before the wide kernel
        y = F.glu(self.pointwise_conv1(y), dim=1) * mask[:, None]
        y = F.silu(self.norm(self.depthwise_conv(y).transpose(1, 2))).transpose(1, 2)
        return (self.pointwise_conv2(y) * mask[:, None]).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with SiLU between."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.w_2(F.silu(self.w_1(x)))


class ConformerLayer(nn.Module):
    """Attention, convolution and feed-forward, each normalized before and added; normalized at the end."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.self_attn, self.conv_module = Attention(width, heads), Convolution(width)
        self.feed_forward = FeedForward(width, inner)
        self.norm_mha, self.norm_conv = nn.LayerNorm(width), nn.LayerNorm(width)
        self.norm_ff, self.norm_final = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.norm_mha(x), positions, mask)
        x = x + self.conv_module(self.norm_conv(x), mask)
        x = x + self.feed_forward(self.norm_ff(x))
        return self.norm_final(x)


class Conformer(nn.Module):
    """`options` is config.yaml's ``condition_module`` or ``emo_condition_module``."""

    def __init__(self, inputs: int, options: dict[str, Any]) -> None:
        super().__init__()
        width, heads, inner = options["output_size"], options["attention_heads"], options["linear_units"]
        self.embed = Subsampling(inputs, width)
        self.encoders = nn.ModuleList(ConformerLayer(width, heads, inner) for _ in range(options["num_blocks"]))
        self.after_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, inputs) and (B, T) True where there is sound -> (B, T', width), (B, T'), T' = (T-1)//2."""
        x, positions, mask = self.embed(x, mask)
        for layer in self.encoders:
            x = layer(x, positions, mask)
        return self.after_norm(x), mask


class CrossAttention(nn.Module):
    """The latents look at themselves and at the context."""

    def __init__(self, width: int, heads: int, size: int = 64) -> None:
        super().__init__()
        self.heads, self.size = heads, size
        self.to_q = nn.Linear(width, heads * size, bias=False)
        self.to_kv = nn.Linear(width, 2 * heads * size, bias=False)
        self.to_out = nn.Linear(heads * size, width, bias=False)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        keys, values = self.to_kv(torch.cat([x, context], 1)).chunk(2, -1)
        mask = F.pad(mask, (x.shape[1], 0), value=True)[:, None, None]
        q, k, v = (one.unflatten(-1, (self.heads, self.size)).transpose(1, 2) for one in (self.to_q(x), keys, values))
        return self.to_out(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2))


class GatedGelu(nn.Module):
    """The first half, scaled by the GELU of the second (Shazeer 2020)."""

    def forward(self, x: Tensor) -> Tensor:
        value, gate = x.chunk(2, -1)
        return F.gelu(gate) * value


class UnitNorm(nn.Module):
    """x / ‖x‖ · √width · gamma (RMS norm, Zhang and Sennrich 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x, dim=-1) * math.sqrt(x.shape[-1]) * self.gamma


class Perceiver(nn.Module):
    """(B, T, inputs) -> (B, `latents`, width)."""

    def __init__(self, inputs: int, width: int, latents: int, heads: int, multiple: int, layers: int = 2) -> None:
        super().__init__()
        inner = int(width * multiple * 2 / 3)
        self.latents = nn.Parameter(torch.zeros(latents, width))
        self.proj_context = nn.Linear(inputs, width)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    CrossAttention(width, heads),
                    nn.Sequential(nn.Linear(width, 2 * inner), GatedGelu(), nn.Linear(inner, width)),
                ]
            )
            for _ in range(layers)
        )
        self.norm = UnitNorm(width)

    def forward(self, context: Tensor, mask: Tensor) -> Tensor:
        context = self.proj_context(context)
        x = self.latents.expand(len(context), -1, -1)
        for layer in self.layers:
            attend, feed = layer.children()
            x = attend(x, context, mask) + x
            x = feed(x) + x
        return self.norm(x)

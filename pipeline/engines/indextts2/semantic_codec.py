"""Semantic codec: w2v-bert features -> discrete codes -> the codec's own features (MaskGCT's RepCodec, Wang et al. 2024).

A ConvNeXt stack in the manner of Vocos (Siuzdak 2023) encodes; one codebook of 8-dimensional unit vectors quantizes. The
codec's decoder is in the file too and speaks no part in synthesis: its weights are checked and dropped.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.engines.indextts2.layers import NormedConv1d


class ConvNeXt(nn.Module):
    """Depthwise convolution of 7 frames, two pointwise layers, a learnt scale, and the input added."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.dwconv = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, inner)
        self.pwconv2 = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, T) -> the same."""
        y = self.norm(self.dwconv(x).transpose(1, 2))
        y = self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))
        return x + y.transpose(1, 2)


class Backbone(nn.Module):
    """(B, inputs, T) -> (B, T, width)."""

    def __init__(self, inputs: int, width: int, inner: int, layers: int) -> None:
        super().__init__()
        self.embed = nn.Conv1d(inputs, width, 7, padding=3)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.convnext = nn.ModuleList(ConvNeXt(width, inner) for _ in range(layers))
        self.final_layer_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.embed(x).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            x = block(x)
        return self.final_layer_norm(x.transpose(1, 2))


class Quantizer(nn.Module):
    """Nearest unit vector of a codebook, in a projection to few dimensions."""

    def __init__(self, width: int, codes: int, dimensions: int) -> None:
        super().__init__()
        self.in_project = NormedConv1d(width, dimensions, 1)
        self.out_project = NormedConv1d(dimensions, width, 1)
        self.codebook = nn.Embedding(codes, dimensions)

    def codes(self, x: Tensor) -> Tensor:
        """(B, T, width) -> (B, T) int64. By cosine, as query and codebook are normalized."""
        query = F.normalize(self.in_project(x.transpose(1, 2)).transpose(1, 2), dim=-1)
        return (query @ F.normalize(self.codebook.weight, dim=-1).T).argmax(-1)

    def table(self) -> Tensor:
        """What each code stands for, (codes, width): the codebook as it is (not normalized), projected out."""
        return self.out_project(self.codebook.weight.T[None])[0].T


class _Quantizers(nn.Module):
    """The one quantizer, under the name it has in the checkpoint."""

    def __init__(self, one: Quantizer) -> None:
        super().__init__()
        self.quantizers = nn.Sequential(one)


class SemanticCodec(nn.Module):
    """The codec of a checkpoint's ``semantic_codec_model.safetensors``; `options` is config.yaml's ``semantic_codec``."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        width, inner = options["hidden_size"], options["vocos_intermediate_dim"]
        hidden, layers = options["vocos_dim"], options["vocos_num_layers"]
        self.encoder = nn.Sequential(Backbone(width, hidden, inner, layers), nn.Linear(hidden, width))
        self.decoder = nn.Sequential(Backbone(width, hidden, inner, layers), nn.Linear(hidden, width))
        self.quantizer = _Quantizers(Quantizer(width, options["codebook_size"], options["codebook_dim"]))

    @property
    def _quantizer(self) -> Quantizer:
        return cast("Quantizer", self.quantizer.quantizers[0])

    def drop_decoder(self) -> None:
        """Free what synthesis does not use, once the file has been checked against it."""
        del self.decoder

    @torch.inference_mode()
    def quantize(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """One clip's normalized features (1, T, width) -> its codes (1, T) and what they stand for (1, T, width)."""
        codes = self._quantizer.codes(self.encoder(features.transpose(1, 2)))
        return codes, F.embedding(codes, self.table())

    def table(self) -> Tensor:
        """(codes, width): what each code stands for."""
        return self._quantizer.table()

"""Speaker encoder: 80-bin filter banks of a clip -> a style vector of 192 numbers (CAM++, Wang et al. 2023).

A small 2-D residual network reads the spectrum, a densely connected time-delay network follows the speech, each layer of
which is scaled by what the clip is like around it. Runs once a clip, one clip at a time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STYLE = 192
_SEGMENT = 100
"""Frames whose mean is a layer's nearer context."""


class _Residual(nn.Module):
    """Two 3x3 convolutions and the input added; `stride` is over frequency."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(width, width, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Head(nn.Module):
    """(B, 1, bins, T) -> (B, width · bins / 8, T)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = nn.Sequential(_Residual(width, 2), _Residual(width, 1))
        self.layer2 = nn.Sequential(_Residual(width, 2), _Residual(width, 1))
        self.conv2 = nn.Conv2d(width, width, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(self.bn2(self.conv2(x))).flatten(1, 2)


class _Norm(nn.Module):
    """Batch norm, as the checkpoint names it; with ReLU unless it is the last."""

    def __init__(self, width: int, *, affine: bool = True) -> None:
        super().__init__()
        self.batchnorm, self.affine = nn.BatchNorm1d(width, affine=affine), affine

    def forward(self, x: Tensor) -> Tensor:
        y = self.batchnorm(x)
        return F.relu(y) if self.affine else y


class _Context(nn.Module):
    """A convolution, scaled by the mean of the whole clip and of the 100 frames around."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1, self.linear2 = nn.Conv1d(inputs, inputs // 2, 1), nn.Conv1d(inputs // 2, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        near = F.avg_pool1d(x, _SEGMENT, stride=_SEGMENT, ceil_mode=True)
        near = near.repeat_interleave(_SEGMENT, -1)[..., : x.shape[-1]]
        scale = torch.sigmoid(self.linear2(F.relu(self.linear1(x.mean(-1, keepdim=True) + near))))
        return self.linear_local(x) * scale


class _Dense(nn.Module):
    """One layer of a dense block: what it finds is added to the channels."""

    def __init__(self, inputs: int, inner: int, growth: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1, self.linear1 = _Norm(inputs), nn.Conv1d(inputs, inner, 1, bias=False)
        self.nonlinear2, self.cam_layer = _Norm(inner), _Context(inner, growth, dilation)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))], 1)


class _Linear(nn.Module):
    """Norm before or behind a convolution without bias."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, first: bool) -> None:
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.nonlinear, self.first = _Norm(inputs if first else outputs), first

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.nonlinear(x)) if self.first else self.nonlinear(self.linear(x))


class SpeakerEncoder(nn.Module):
    """The model of ``campplus_cn_common.bin``."""

    def __init__(
        self, bins: int = 80, width: int = 32, channels: int = 128, growth: int = 32, layers: tuple[int, ...] = (12, 24, 16)
    ) -> None:  # fmt: skip
        super().__init__()
        self.head = Head(width)
        inner, inputs = 4 * growth, channels
        self.xvector = nn.Sequential()
        self.xvector.add_module("tdnn", _Linear(width * bins // 8, channels, 5, 2, first=False))
        for number, (count, dilation) in enumerate(zip(layers, (1, 2, 2), strict=True), 1):
            block = nn.Sequential()
            for layer in range(1, count + 1):
                block.add_module(f"tdnnd{layer}", _Dense(inputs, inner, growth, dilation))
                inputs += growth
            self.xvector.add_module(f"block{number}", block)
            self.xvector.add_module(f"transit{number}", _Linear(inputs, inputs // 2, first=True))
            inputs //= 2
        self.xvector.add_module("out_nonlinear", _Norm(inputs))
        self.xvector.add_module("stats", _Statistics())
        dense = nn.Module()
        dense.linear, dense.nonlinear = nn.Conv1d(2 * inputs, STYLE, 1, bias=False), _Norm(STYLE, affine=False)
        self.xvector.add_module("dense", dense)

    @torch.inference_mode()
    def forward(self, banks: Tensor) -> Tensor:
        """(1, T, bins), mean over time taken off -> (1, 192)."""
        x = self.head(banks.transpose(1, 2)[:, None])
        *layers, dense = self.xvector.children()
        for layer in layers:
            x = layer(x)
        both: Any = dense
        return both.nonlinear(both.linear(x[..., None])[..., 0])


class _Statistics(nn.Module):
    """Mean and standard deviation over time: (B, width, T) -> (B, 2 · width)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(-1), x.std(-1, unbiased=True)], -1)

"""Small layers that several of the model's parts share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class _Normed(nn.Module):
    """A layer that the checkpoint stores weight-normalized (Salimans and Kingma, "Weight Normalization", 2016): a
    direction ``weight_v`` and a length ``weight_g`` over every dimension but the first. Joined when it is loaded."""

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        g, v = state.get(prefix + "weight_g"), state.get(prefix + "weight_v")
        if g is not None and v is not None:
            del state[prefix + "weight_g"], state[prefix + "weight_v"]
            state[prefix + "weight"] = v * (g / _length(v))
        super()._load_from_state_dict(state, prefix, *rest)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        weight = destination.pop(prefix + "weight")
        destination[prefix + "weight_g"], destination[prefix + "weight_v"] = _length(weight), weight


def _length(weight: Tensor) -> Tensor:
    return torch.linalg.vector_norm(weight, dim=tuple(range(1, weight.dim())), keepdim=True)


class NormedLinear(_Normed, nn.Linear):
    """A linear layer, weight-normalized in the checkpoint."""


class NormedConv1d(_Normed, nn.Conv1d):
    """A convolution over time, weight-normalized in the checkpoint."""


class NormedConvTranspose1d(_Normed, nn.ConvTranspose1d):
    """A transposed convolution over time, weight-normalized in the checkpoint."""


class Packed(nn.Module):
    """A linear layer for a CPU, float32, its weight laid out anew by oneDNN: of 4 to 16 rows twice as fast as BLAS, which is
    what a step of decoding has, and a row's sums are of one order whatever rows stand beside it and however many threads
    there are. weight: (outputs, inputs). `bend`: the tanh form of GELU follows, in the same pass."""

    ROWS = 16

    def __init__(self, weight: Tensor, bias: Tensor, *, bend: bool = False) -> None:
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), self.ROWS)
        self.bias = bias
        self.after: tuple[str, list[float], str] = ("gelu", [], "tanh") if bend else ("none", [], "")

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, *self.after)

    @staticmethod
    def possible() -> bool:
        """Whether this PyTorch has oneDNN, and the two functions of it that no public name has."""
        found = torch.ops.mkldnn
        return torch.backends.mkldnn.is_available() and hasattr(found, "_linear_pointwise")


def mask_of(lengths: Tensor, longest: int) -> Tensor:
    """(B,) lengths -> (B, longest), True where a row has something."""
    return torch.arange(longest, device=lengths.device)[None, :] < lengths[:, None]


def parameters_of(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Every name that `module` has in a checkpoint, with its shape."""
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}

"""The recurrent net of the installed g2pM package (Park and Lee, 2020, Apache-2.0), run by our own batched code.

g2pM reads one sentence at a time through Python loops (some 200 sentences a second); its weights are plain arrays: an
embedding, one LSTM of 32 cells in each direction, two dense layers. Here whole batches go through at once.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_CELLS = 32
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Net:
    """`numbers` character -> row of `inputs`; `readings` the names of the outputs ("lu:4" for lü4); `inputs` what each
    character adds to the gates, forward and backward: (2, characters, 128); `again` what the last state adds: (2, 32, 128)."""

    numbers: dict[str, int]
    readings: tuple[str, ...]
    inputs: Floats
    again: Floats
    dense: tuple[Floats, Floats]
    output: tuple[Floats, Floats]

    def states(self, texts: Sequence[str]) -> list[Floats]:
        """For each text (characters, 64): what stands before and after each character."""
        found: list[Floats] = [np.zeros((0, 2 * _CELLS), np.float32)] * len(texts)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), _BATCH):
            part = order[start : start + _BATCH]
            for index, state in zip(part, self._batch([texts[index] for index in part]), strict=True):
                found[index] = state
        return found

    def scores(self, states: Floats) -> Floats:
        """(n, 64) -> (n, readings), not normalized."""
        hidden = np.maximum(states @ self.dense[0] + self.dense[1], 0)
        return np.asarray(hidden @ self.output[0] + self.output[1], np.float32)

    def _batch(self, texts: Sequence[str]) -> list[Floats]:
        unknown, first, last = self.numbers["<UNK>"], self.numbers["시"], self.numbers["끝"]
        rows = [[first, *(self.numbers.get(sign, unknown) for sign in text), last] for text in texts]
        width = max(map(len, rows))
        signs = np.zeros((2, len(rows), width), np.int64)
        for at, row in enumerate(rows):
            signs[0, at, : len(row)] = row
            signs[1, at, : len(row)] = row[::-1]
        out = self._recur(signs)
        return [
            np.concatenate([out[1 : len(row) - 1, 0, at], out[1 : len(row) - 1, 1, at][::-1]], axis=1)
            for at, row in enumerate(rows)
        ]

    def _recur(self, signs: npt.NDArray[np.int64]) -> Floats:
        """(2, batch, width) -> (width, 2, batch, 32)."""
        _, batch, width = signs.shape
        hidden = np.zeros((2, batch, _CELLS), np.float32)
        cell = np.zeros_like(hidden)
        out = np.empty((width, 2, batch, _CELLS), np.float32)
        for step in range(width):
            gates = hidden @ self.again
            gates[0] += self.inputs[0][signs[0, :, step]]
            gates[1] += self.inputs[1][signs[1, :, step]]
            shaped = np.tanh(gates)  # sigmoid(x) = (1 + tanh(x/2)) / 2; the halves are in the weights
            enter, keep, show = (
                shaped[..., at * _CELLS : (at + 1) * _CELLS] * np.float32(0.5) + np.float32(0.5) for at in (0, 1, 3)
            )
            cell = keep * cell + enter * shaped[..., 2 * _CELLS : 3 * _CELLS]
            hidden = show * np.tanh(cell)
            out[step] = hidden
        return out


class _Arrays(pickle.Unpickler):
    """A pickle that may hold arrays and plain values, nothing that runs."""

    _ALLOWED = frozenset({"_reconstruct", "ndarray", "dtype", "scalar", "OrderedDict"})

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] not in ("numpy", "collections") or name not in self._ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return super().find_class(module, name)


@cache
def net() -> Net:
    """The net of the installed package, read without running anything of it."""
    folder = _folder()
    numbers = _read(folder / "char2idx.pkl")
    names = _read(folder / "class2idx.pkl")
    weights = {name: np.asarray(one, np.float32) for name, one in _read(folder / "np_ckpt.pkl").items()}
    half = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), _CELLS)
    embedding = weights["embedding.weight"]
    inputs, again = [], []
    for end in ("", "_reverse"):
        bias = weights[f"lstm.bias_ih_l0{end}"] + weights[f"lstm.bias_hh_l0{end}"]
        inputs.append((embedding @ weights[f"lstm.weight_ih_l0{end}"].T + bias) * half)
        again.append(weights[f"lstm.weight_hh_l0{end}"].T * half)
    readings = [""] * len(names)
    for name, at in names.items():
        readings[at] = name
    return Net(
        numbers, tuple(readings), np.stack(inputs), np.stack(again),
        (weights["logit_layer.0.weight"].T, weights["logit_layer.0.bias"]),
        (weights["logit_layer.2.weight"].T, weights["logit_layer.2.bias"]),
    )  # fmt: skip


def _folder() -> Path:
    from importlib.util import find_spec

    spec = find_spec("g2pM")  # finds it without importing it
    if spec is None or not spec.origin:
        raise ImportError("the package g2pM is not installed")
    return Path(spec.origin).parent


def _read(path: Path) -> Any:
    with path.open("rb") as file:
        return _Arrays(file).load()

"""Lines beside each other on a CPU's cores: one line's small layers do not keep several cores busy, several lines do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Made = TypeVar("Made")


def each(work: Callable[[Item], Made], items: Sequence[Item], device: torch.device, sizes: Sequence[int]) -> list[Made]:
    """`work` of every item, in order. On a CPU as many at once as PyTorch has threads, each on a thread of its own, the largest
    of `sizes` first; so a line's sums are of one order however many cores there are. On a GPU one after the other.

    The threads compute as the caller does: without gradients, and with its autocast.
    """
    cores = torch.get_num_threads()
    if device.type != "cpu" or len(items) < 2 or cores < 2:
        return [work(item) for item in items]
    half, narrow = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")

    def alone(at: int) -> Made:
        with torch.inference_mode(), torch.autocast("cpu", narrow, enabled=half):
            return work(items[at])

    order = sorted(range(len(items)), key=lambda at: -sizes[at])
    try:
        with ThreadPoolExecutor(min(cores, len(items)), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            made = dict(zip(order, pool.map(alone, order), strict=True))
    finally:
        torch.set_num_threads(cores)  # for threads begun later; this one has kept its own
    return [made[at] for at in range(len(items))]

"""What the engine computes on, in which precision, and in how much memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipeline.errors import EngineError

if TYPE_CHECKING:
    import torch

PRECISION, MEMORY = "INDEXTTS2_PRECISION", "INDEXTTS2_MEMORY_GB"
"""The environment variables that say what it computes in, and how much of a GPU's memory it may take."""


def prepare() -> None:
    """What PyTorch has to know before it is loaded, to be fast on a CPU; the user's own settings stand.

    Its threads wait for each other by turning round some thousand times, not for seconds: where another program takes a core,
    each of the hundreds of waits in a step of decoding else lasts as long as that program is let run (a step of 33 ms took
    970 beside two busy programs on two cores, and 98 so). Linux is asked for pages of 2 MB, since a step reads all weights.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def best_device() -> torch.device:
    """The GPU, where there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision(device: torch.device) -> torch.dtype | None:
    """What the transformer and the flow compute in: bfloat16 on a GPU that has it (not one that emulates it), else float32
    (None). $INDEXTTS2_PRECISION, "float32" or "bfloat16", decides otherwise. Clips are heard and the sound is made in float32
    always. Raises EngineError for another word."""
    import torch

    asked = os.environ.get(PRECISION, "")
    if asked not in ("", "float32", "bfloat16"):
        raise EngineError(f"{PRECISION}={asked!r} is not known", fix="Say float32 or bfloat16, or nothing.")
    able = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if asked == "bfloat16" or (able and not asked) else None


def precision(device: torch.device) -> str:
    """The name of what `half_precision` says: "float32" or "bfloat16"."""
    return str(half_precision(device) or "float32").removeprefix("torch.")


def memory_budget(device: torch.device) -> int:
    """Bytes that one stage may use: what is free on the GPU, or less where $INDEXTTS2_MEMORY_GB says so.
    Raises EngineError for no number."""
    import torch

    free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    asked = os.environ.get(MEMORY, "")
    try:
        least = float(asked) * 1e9 - torch.cuda.memory_allocated(device) if asked else free
    except ValueError:
        raise EngineError(
            f"{MEMORY}={asked!r} is no number", fix="Say how many gigabytes the engine may use."
        ) from None
    return max(0, int(min(free, least)))

"""Memory that was used once and is not needed again."""

from __future__ import annotations

import ctypes
import sys


def give_back_freed() -> None:
    """Give memory that this process has freed back to the system: glibc keeps minutes of audio for later use
    (malloc_trim(3)). Nothing happens under other C libraries, which have no such call."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)

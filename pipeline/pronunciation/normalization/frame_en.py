"""What the patterns of the English rules share."""

from __future__ import annotations

DASH = r"\s?[-\u2013\u2014]\s?"
START = r"(?<![\w.])"
END = r"(?![\w])"

"""Mastering: takes -> timeline -> loudness -> chapter masters -> the audiobook. Streams: memory does not grow with a
chapter's length."""

VERSION = "6"
"""Changes when the same takes would give other masters."""

"""Takes: every rendering of every line, kept by what it was asked to be."""

from pipeline.takes.key import subject_of, take_key
from pipeline.takes.store import TakeStore

__all__ = ["TakeStore", "subject_of", "take_key"]

"""Manuscripts: a file -> Book. One reader per format; every paragraph knows where it was read."""

from pipeline.manuscript.reader import VERSION, read

__all__ = ["VERSION", "read"]

"""Dubbing: lines that must be heard at given times, or within a given total.

Lines are rendered freely first; those that turn out too long are asked of their engine again at the length they may have
(`fit`). What still does not fit is played a little faster, may use the silence before the next line, and is cut where that
begins (`mastering.timed`); `report` says so line by line. `deliver.video` lays the track into a copy of the video.
"""

from pipeline.dubbing.wish import Dub

__all__ = ["Dub"]

"""Cast: a YAML file that people edit -> who speaks with which voice, and what each line asks of it."""

from pipeline.cast.casting import direct
from pipeline.cast.defaults import complete, default_cast
from pipeline.cast.file import load
from pipeline.cast.model import Cast, Part, Profile
from pipeline.cast.remarks import check, clip_remarks
from pipeline.cast.starter_file import starter

__all__ = ["Cast", "Part", "Profile", "check", "clip_remarks", "complete", "default_cast", "direct", "load", "starter"]

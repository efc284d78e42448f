"""One chapter: measured, levelled, limited, written.

Loudness is found in a first pass over the takes and met in a second, which limits and encodes. What the limiter takes
away is measured on the result; when that leaves the target by more than `CLOSE_LU`, the pass is done again with the gain
mended.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from pipeline.files import explained_errors, written_beside
from pipeline.mastering import sound
from pipeline.mastering import tags as tag_room
from pipeline.mastering.encoders import encoder
from pipeline.mastering.limiter import Limiter
from pipeline.mastering.meter import Meter
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.mastering.true_peak import PeakMeter
from pipeline.nouns import Loudness, Master, Take, Timeline, Waveform

CLOSE_LU = 0.1
PASSES = 4
GAIN_LIMIT_DB = 40.0
"""A take that needs more than this is not speech."""


def master(
    timeline: Timeline, takes: Mapping[str, Take], profile: Profile, folder: Path, stem: str, tags: Tags,
    fingerprint: str, cover: bytes | None = None, cover_type: str = "",
) -> Master:  # fmt: skip
    """Master a chapter into ``folder/stem.flac``, ``.mp3`` and ``.m4a``, as the profile says; each whole or not at all.

    takes: by line id. Raises MasteringError for a take that cannot be read, BookFolderError for a full disk.
    """
    import av

    gain = _gain(timeline, takes, profile)
    files = {kind: folder / f"{stem}.{kind}" for kind in profile.formats}
    with ExitStack() as beside:
        paths = {kind: beside.enter_context(written_beside(path)) for kind, path in files.items()}
        beside.enter_context(explained_errors(folder / stem, av.FFmpegError))
        for _ in range(PASSES):
            loudness = _write(timeline, takes, profile, gain, paths)
            miss = profile.loudness - loudness.integrated
            if abs(miss) <= CLOSE_LU or not math.isfinite(miss):
                break
            gain *= 10 ** (miss / 20)
        for path in paths.values():
            tag_room.write(path, tags, cover, cover_type)
    return Master(timeline.chapter, timeline.title, timeline.sample_rate, timeline.frames, files, loudness, fingerprint)


def _gain(timeline: Timeline, takes: Mapping[str, Take], profile: Profile) -> float:
    """The linear gain that brings the takes, as laid out, to the profile's loudness; 1 for a silent chapter."""
    loudness = _source_loudness(timeline, takes)
    if not math.isfinite(loudness):
        return 1.0
    decibels = min(max(profile.loudness - loudness, -GAIN_LIMIT_DB), GAIN_LIMIT_DB)
    return float(10 ** (decibels / 20))


def _source_loudness(timeline: Timeline, takes: Mapping[str, Take]) -> float:
    """Loudness before levelling. Measured at the takes' own rate where they share one, which saves a resampling."""
    import numpy as np

    rates = {takes[segment.line_id].sample_rate for segment in timeline.segments}
    if len(rates) != 1:
        meter = Meter(timeline.sample_rate)
        for block in sound.blocks(timeline, takes):
            meter.push(block)
        return meter.integrated()
    rate = rates.pop()
    meter, at = Meter(rate), 0
    for segment in timeline.segments:
        start = segment.start * rate // timeline.sample_rate
        if start > at:
            meter.push(np.zeros(start - at, np.float32))
        wave = sound.read(takes[segment.line_id])
        meter.push(wave)
        at = start + wave.size
    return meter.integrated()


def _write(
    timeline: Timeline, takes: Mapping[str, Take], profile: Profile, gain: float, paths: Mapping[str, Path]
) -> Loudness:
    """One pass: level, limit, encode, and measure what came out."""
    meter, peak = Meter(timeline.sample_rate), PeakMeter()
    with ExitStack() as closing:
        files = [encoder(kind, path, profile) for kind, path in paths.items()]
        for file in files:
            closing.callback(file.close)
        for block in _limited(timeline, takes, profile, gain):
            meter.push(block)
            peak.push(block)
            for file in files:
                file.write(block)
    return Loudness(meter.integrated(), peak.true_peak())


def _limited(timeline: Timeline, takes: Mapping[str, Take], profile: Profile, gain: float) -> Iterator[Waveform]:
    import numpy as np

    lossy = any(kind != "flac" for kind in profile.formats)
    ceiling = 10 ** ((profile.true_peak - (profile.codec_margin if lossy else 0.05)) / 20)
    limiter = Limiter(ceiling, timeline.sample_rate)
    room = sound.room_tone(timeline.sample_rate, profile.room_tone_db)
    for number, block in enumerate(sound.blocks(timeline, takes)):
        quiet = np.resize(np.roll(room, -number * sound.BLOCK), block.size)
        yield limiter.push(block * np.float32(gain) + quiet)
    yield limiter.flush()

"""One chapter: lines levelled, limited, encoded, measured.

Gains are found in a first pass over the takes; a second one writes. What dynamics and the limiter take away is measured on
the result; when that leaves the target by more than `CLOSE_DB`, the second pass is done again with the gain mended.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pipeline.files import explained_errors, written_beside
from pipeline.mastering import levelling, sound
from pipeline.mastering import tags as tag_room
from pipeline.mastering.beside import Beside
from pipeline.mastering.dynamics import chain, through
from pipeline.mastering.encoders import encoder
from pipeline.mastering.limiter import Limiter
from pipeline.mastering.meter import Meter
from pipeline.mastering.music import MusicBed, Placement
from pipeline.mastering.profiles import Profile
from pipeline.mastering.room import RoomTone
from pipeline.mastering.tags import Tags
from pipeline.mastering.true_peak import PeakMeter
from pipeline.nouns import Loudness, Master, Take, Timeline, Waveform

CLOSE_DB = 0.1
PASSES = 4


def master(
    timeline: Timeline, takes: Mapping[str, Take], profile: Profile, folder: Path, stem: str, tags: Tags,
    fingerprint: str, cover: bytes | None = None, cover_type: str = "",
) -> tuple[Master, Timeline]:  # fmt: skip
    """Master a chapter into ``folder/stem.flac`` and what else the profile says; each whole or not at all. Returns the
    master, and the timeline with the gain of every line.

    takes: by line id. Raises MasteringError for a take that cannot be read, BookFolderError for a full disk.
    """
    import av

    timeline = levelling.levelled(timeline, takes, profile)
    files = {kind: folder / f"{stem}.{kind}" for kind in profile.formats}
    with ExitStack() as beside:
        paths = {kind: beside.enter_context(written_beside(path)) for kind, path in files.items()}
        beside.enter_context(explained_errors(folder / stem, av.FFmpegError))
        trim = 0.0
        for done in range(1, PASSES + 1):
            loudness, reduction = _write(timeline, takes, profile, trim, paths)
            miss = profile.loudness - (loudness.rms if profile.measure == "rms" else loudness.integrated)
            if abs(miss) <= CLOSE_DB or not math.isfinite(miss) or done == PASSES:
                break
            trim += miss
        timeline = levelling.raised(timeline, [one.gain_db + trim for one in timeline.segments])
        for path in paths.values():
            tag_room.write(path, tags, cover, cover_type)
    made = Master(
        timeline.chapter, timeline.title, timeline.sample_rate, timeline.frames, files, loudness, fingerprint, stem,
        reduction,
    )  # fmt: skip
    return made, timeline


def _write(
    timeline: Timeline, takes: Mapping[str, Take], profile: Profile, trim: float, paths: Mapping[str, Path]
) -> tuple[Loudness, float]:
    """One pass: limit, encode, and measure what came out; the loudness, and the limiter's greatest reduction in dB."""
    meter, peak, limiter = Meter(timeline.sample_rate), PeakMeter(), _limiter(profile)
    square, highest = 0.0, 0.0
    with ExitStack() as closing:
        files: list[Beside] = []
        for kind, path in paths.items():
            files.append(Beside(encoder(kind, path, profile)))
            closing.callback(files[-1].close)
        for block in _limited(timeline, takes, profile, trim, limiter):
            meter.push(block)
            peak.push(block)
            square += float(block @ block)
            highest = max(highest, float(abs(block).max(initial=0)))
            for file in files:
                file.write(block)
    mono = meter.loudness(peak.true_peak())
    loudness = replace(
        mono, integrated=mono.integrated + profile.channels_db, momentary_max=mono.momentary_max + profile.channels_db,
        short_term_max=mono.short_term_max + profile.channels_db,
        rms=_decibels(math.sqrt(square / max(1, timeline.frames))), peak=_decibels(highest),
    )  # fmt: skip
    return loudness, limiter.reduction_db


def _decibels(level: float) -> float:
    return 20 * math.log10(level) if level > 0 else -math.inf


def _limiter(profile: Profile) -> Limiter:
    lossy = any(kind not in ("flac", "wav") for kind in profile.formats)
    ceiling = 10 ** ((profile.true_peak - (profile.codec_margin if lossy else 0.05)) / 20)
    return Limiter(ceiling, profile.sample_rate)


def _limited(
    timeline: Timeline, takes: Mapping[str, Take], profile: Profile, trim: float, limiter: Limiter
) -> Iterator[Waveform]:
    """The chapter as it is written: lines through the profile's dynamics, `trim` dB, room tone and music under them."""
    rate = timeline.sample_rate
    speech = through(chain(profile.dynamics, rate), sound.blocks(timeline, takes))
    room, music = RoomTone(rate, profile.room_tone_db, profile.room_tone), _music(timeline, profile)
    gain = float(10 ** (trim / 20))
    for block in speech:
        whole = block * gain + room.take(block.size)
        yield limiter.push(whole + music.take(block.size) if music else whole)
    yield limiter.flush()


def _music(timeline: Timeline, profile: Profile) -> MusicBed | None:
    files = {"chapter": profile.chapter_music, "scene": profile.scene_music}
    places = [Placement(at, one) for at, which in timeline.music if (one := files[which])]
    speech = [(one.start, one.frames) for one in timeline.segments]
    target = profile.loudness - profile.channels_db
    return MusicBed(places, speech, timeline.frames, timeline.sample_rate, target) if places else None

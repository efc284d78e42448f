"""One chapter: lines levelled, limited, encoded, measured.

Gains are found in a first pass over the takes; a second one writes. What dynamics and the limiter take away is measured on
the result; when that leaves the target by more than `CLOSE_DB`, the second pass is done again with the gain mended. Encoders
overshoot; when a lossy file, decoded, passes the profile's true peak, it is done again with the limiter set lower by as much.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pipeline.files import explained_errors, written_beside
from pipeline.mastering import levelling, sound
from pipeline.mastering import tags as tag_room
from pipeline.mastering.beside import Beside
from pipeline.mastering.dynamics import chain, through
from pipeline.mastering.encoders import encoder
from pipeline.mastering.limiter import HEARD_DB, Limiter
from pipeline.mastering.limits import allowed
from pipeline.mastering.meter import Meter
from pipeline.mastering.music import MusicBed, Placement
from pipeline.mastering.profiles import Profile
from pipeline.mastering.room import RoomTone
from pipeline.mastering.tags import Tags
from pipeline.mastering.true_peak import PeakMeter, of_file
from pipeline.nouns import Loudness, Master, Take, Timeline, Waveform

CLOSE_DB = 0.15
"""Inside the ±0.2 LU that EBU R 128 (2020) grants a measured file, with room for what an encoder changes."""
PASSES = 4
LOWERED = 3
"""How often the limiter is set lower at most."""
_FROM_EDGE_DB = 0.25
"""RMS is brought to its target from the first line to the last, so that speech in credits of ten seconds is not made louder for
the silence around it; over everything, which is what is judged, a file keeps so much from the least that is allowed."""
_SPARE_DB = 0.05
_LOSSLESS = ("flac", "wav")


def master(
    timeline: Timeline, takes: Mapping[str, Take], profile: Profile, folder: Path, stem: str, tags: Tags,
    fingerprint: str, cover: bytes | None = None, cover_type: str = "",
) -> tuple[Master, Timeline]:  # fmt: skip
    """Master a chapter into ``folder/stem.flac`` and what else the profile says; each whole or not at all. Returns the
    master, and the timeline with the gain of every line.

    takes: by line id. Raises MasteringError for a take that cannot be read, BookFolderError for a full disk.
    """
    import av

    timeline, meant, heard = levelling.levelled(timeline, takes, profile)
    files = {kind: folder / f"{stem}.{kind}" for kind in profile.formats}
    with ExitStack() as beside:
        paths = {kind: beside.enter_context(written_beside(path)) for kind, path in files.items()}
        beside.enter_context(explained_errors(folder / stem, av.FFmpegError))
        trim, ceiling, passes, lowered = 0.0, _ceiling(profile), 1, 0
        while True:
            limiter = Limiter(10 ** (ceiling / 20), profile.sample_rate)
            loudness, spoken = _write(timeline, meant, takes, profile, trim, limiter, paths)
            miss = profile.loudness - loudness.integrated
            if profile.measure == "rms":
                least = allowed(profile)["rms"].least or -math.inf
                miss = max(profile.loudness - spoken, least + _FROM_EDGE_DB - loudness.rms)
            if heard and CLOSE_DB < abs(miss) < math.inf and passes < PASSES:
                trim += miss
                passes += 1
                continue
            peaks = _peaks(paths, loudness.true_peak)
            over = max(peaks.values()) - profile.true_peak
            if over <= 0 or lowered == LOWERED:
                break
            ceiling -= over + _SPARE_DB
            lowered += 1
        timeline = levelling.raised(timeline, [one.gain_db + trim for one in timeline.segments])
        for path in paths.values():
            tag_room.write(path, tags, cover, cover_type)
    made = Master(
        timeline.chapter, timeline.title, timeline.sample_rate, timeline.frames, files, loudness, fingerprint, stem,
        limiter.reduction_db, peaks, _pressed(timeline, limiter),
    )  # fmt: skip
    return made, timeline


def _peaks(paths: Mapping[str, Path], true_peak: float) -> dict[str, float]:
    """dBTP of every file: a lossless one's is that of what it was given; lossy ones are decoded, beside each other."""
    lossy = [kind for kind in paths if kind not in _LOSSLESS]
    with ThreadPoolExecutor(max(1, len(lossy))) as pool:
        decoded = dict(zip(lossy, pool.map(of_file, (paths[kind] for kind in lossy)), strict=True))
    return {kind: decoded.get(kind, true_peak) for kind in paths}


def _pressed(timeline: Timeline, limiter: Limiter) -> tuple[str, ...]:
    """Ids of the lines of which the limiter took away more than is not heard, the most pressed first."""
    taken = {one.line_id: limiter.reduction_in(one.start, one.end) for one in timeline.segments}
    return tuple(sorted((one for one in taken if taken[one] > HEARD_DB), key=lambda one: -taken[one]))


def _write(
    timeline: Timeline, meant: Sequence[float], takes: Mapping[str, Take], profile: Profile, trim: float, limiter: Limiter,
    paths: Mapping[str, Path],
) -> tuple[Loudness, float]:  # fmt: skip
    """One pass: limit, encode, and measure what the encoders were given; and the RMS level, dBFS, between the beginning of
    the first line and the end of the last."""
    meter, peak = Meter(timeline.sample_rate), PeakMeter()
    square, highest, inner, at = 0.0, 0.0, 0.0, 0
    first = min((one.start for one in timeline.segments), default=0)
    last = max((one.end for one in timeline.segments), default=timeline.frames)
    with ExitStack() as closing:
        files: list[Beside] = []
        for kind, path in paths.items():
            files.append(Beside(encoder(kind, path, profile)))
            closing.callback(files[-1].close)
        for block in _limited(timeline, meant, takes, profile, trim, limiter):
            meter.push(block)
            peak.push(block)
            square += float(block @ block)
            within = block[max(0, first - at) : max(0, last - at)]
            inner += float(within @ within)
            at += block.size
            highest = max(highest, float(abs(block).max(initial=0)))
            for file in files:
                file.write(block)
    mono = meter.loudness(peak.true_peak())
    whole = replace(
        mono, integrated=mono.integrated + profile.channels_db, momentary_max=mono.momentary_max + profile.channels_db,
        short_term_max=mono.short_term_max + profile.channels_db,
        rms=_decibels(math.sqrt(square / max(1, timeline.frames))), peak=_decibels(highest),
    )  # fmt: skip
    return whole, _decibels(math.sqrt(inner / max(1, last - first)))


def _decibels(level: float) -> float:
    return 20 * math.log10(level) if level > 0 else -math.inf


def _ceiling(profile: Profile) -> float:
    """dBTP for the limiter to begin with."""
    lossy = any(kind not in _LOSSLESS for kind in profile.formats)
    return profile.true_peak - (profile.codec_margin if lossy else _SPARE_DB)


def _limited(
    timeline: Timeline, meant: Sequence[float], takes: Mapping[str, Take], profile: Profile, trim: float, limiter: Limiter,
) -> Iterator[Waveform]:  # fmt: skip
    """The chapter as it is written: lines at one level through the profile's dynamics, then those that are meant to be
    louder or quieter made so, `trim` dB, room tone and music under them."""
    rate = timeline.sample_rate
    plain = levelling.raised(
        timeline, [one.gain_db - apart for one, apart in zip(timeline.segments, meant, strict=True)]
    )
    speech = through(chain(profile.dynamics, rate), sound.blocks(plain, takes))
    room, music = RoomTone(rate, profile.room_tone_db, profile.room_tone), music_of(timeline, profile)
    steps = sound.Steps(timeline, [apart + trim for apart in meant])
    for block in speech:
        whole = block * steps.take(block.size) + room.take(block.size)
        yield limiter.push(whole + music.take(block.size) if music else whole)
    yield limiter.flush()


def music_of(timeline: Timeline, profile: Profile) -> MusicBed | None:
    """A chapter's music, from its beginning; None where it has none. Raises MasteringError, see `MusicBed`."""
    files = {"chapter": profile.chapter_music, "scene": profile.scene_music}
    places = [Placement(at, one) for at, which in timeline.music if (one := files[which])]
    speech = [(one.start, one.frames) for one in timeline.segments]
    target = profile.loudness - profile.channels_db
    return MusicBed(places, speech, timeline.frames, timeline.sample_rate, target) if places else None

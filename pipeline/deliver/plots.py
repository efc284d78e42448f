"""A chapter's curves: inline SVG, one path each, as wide as the page; their scales beside them as text of one size."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.deliver.clock import short_clock

WIDTH, HEIGHT, WAVE_HEIGHT = 720, 120, 48
"""Units of the drawings, which are stretched to the width of the page."""
LOUDEST, QUIETEST = -6.0, -54.0
"""LUFS at the top and bottom of a loudness plot."""
LEVELS = (-12, -24, -36, -48)
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
"""Seconds between two marks of the time axis, the first that gives at most `MOST_MARKS`."""
MOST_MARKS = 6
"""As many as have room on a telephone."""

STYLE = """
figure{margin:0 0 2rem;content-visibility:auto;contain-intrinsic-size:14rem} figcaption{margin:.3rem 0}
.plot{position:relative;margin:0 1.2rem 1.4rem 2rem} svg{width:100%;display:block;overflow:visible}
svg.loudness{height:7.5rem} svg.waveform{height:3rem} path{vector-effect:non-scaling-stroke} .grid{stroke:#8884}
.wave{fill:#88a} .momentary{fill:#7bd4} .short{fill:none;stroke:#06c;stroke-width:1.5}
.target{stroke:#c33;stroke-dasharray:6 4} .level,.time{position:absolute;font-size:.7rem;line-height:1;color:#777}
.level{right:100%;margin-right:.3rem;transform:translateY(-50%)} .time{top:100%;margin-top:.3rem;transform:translateX(-50%)}
"""


def plot(
    momentary: Sequence[float],
    short_term: Sequence[float],
    target: float | None,
    peaks: Sequence[float],
    seconds: float,
) -> str:
    """Loudness over waveform on one axis of time. Momentary loudness is an area, short-term loudness a line over it, LUFS in
    equal steps of time; `target` a dashed line. peaks: highest magnitudes, 0..1, in equal steps of time, mirrored about the
    middle. seconds: length of all of them."""
    marks = _marks(seconds)
    grid = "".join(f"M{x} 0V{{height}}" for x in (round(at / seconds * WIDTH) for at in marks))
    levels = "".join(f'<span class="level" style="top:{_y(one) / HEIGHT * 7.5:g}rem">{one}</span>' for one in LEVELS)
    times = "".join(
        f'<span class="time" style="left:{at / seconds * 100:.2f}%">{short_clock(at)}</span>' for at in marks
    )
    return (
        f'<div class="plot">{levels}{_loudness(momentary, short_term, target, grid.format(height=HEIGHT))}'
        f"{_waveform(peaks, grid.format(height=WAVE_HEIGHT))}{times}</div>"
    )


def _marks(seconds: float) -> list[int]:
    """Where the time axis has marks, in seconds."""
    if seconds <= 0:
        return []
    step = next((one for one in STEPS if seconds / one < MOST_MARKS), STEPS[-1])
    return list(range(0, int(seconds) + 1, step))


def _loudness(momentary: Sequence[float], short_term: Sequence[float], target: float | None, grid: str) -> str:
    area = f"M0 {HEIGHT}" + _through(momentary, "L") + f"L{WIDTH} {HEIGHT}Z" if momentary else ""
    line = "M" + _through(short_term, "L")[1:] if short_term else ""
    rows = "".join(f"M0 {_y(one)}H{WIDTH}" for one in LEVELS)
    dashed = f'<path class="target" d="M0 {_y(target)}H{WIDTH}"/>' if target is not None else ""
    return _svg(
        "loudness",
        HEIGHT,
        f'<path class="grid" d="{rows}{grid}"/><path class="momentary" d="{area}"/><path class="short" d="{line}"/>{dashed}',
    )


def _waveform(peaks: Sequence[float], grid: str) -> str:
    middle = WAVE_HEIGHT // 2
    xs = _places(len(peaks))
    tops = "".join(f"L{x} {middle - round(one * middle)}" for x, one in zip(xs, peaks, strict=True))
    back = "".join(f"L{x} {middle + round(one * middle)}" for x, one in zip(reversed(xs), reversed(peaks), strict=True))
    path = f"M0 {middle}{tops}{back}Z" if peaks else ""
    return _svg("waveform", WAVE_HEIGHT, f'<path class="grid" d="{grid}"/><path class="wave" d="{path}"/>')


def _svg(kind: str, height: int, paths: str) -> str:
    return f'<svg class="{kind}" viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" role="img">{paths}</svg>'


def _places(count: int) -> list[int]:
    return [round(at * WIDTH / max(1, count - 1)) for at in range(count)]


def _through(values: Sequence[float], sign: str) -> str:
    return "".join(f"{sign}{x} {_y(one)}" for x, one in zip(_places(len(values)), values, strict=True))


def _y(level: float) -> int:
    inside = min(max(level, QUIETEST), LOUDEST)
    return round((LOUDEST - inside) / (LOUDEST - QUIETEST) * HEIGHT)

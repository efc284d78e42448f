"""A chapter's curves as inline SVG: whole pixels, one path each, colours of the page."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, WAVE_HEIGHT = 720, 120, 48
LOUDEST, QUIETEST = -6.0, -54.0
"""LUFS at the top and bottom of a loudness plot."""

STYLE = """
svg{width:100%;max-width:45rem;display:block} figure{margin:0 0 2rem;content-visibility:auto;contain-intrinsic-size:14rem}
figcaption{margin:.3rem 0} .wave{fill:#88a} .momentary{fill:#7bd4} .short{fill:none;stroke:#06c;stroke-width:1.5}
.target{stroke:#c33;stroke-dasharray:6 4} svg text{font-size:10px;fill:#888}
"""


def loudness(momentary: Sequence[float], short_term: Sequence[float], target: float | None) -> str:
    """Momentary loudness as an area, short-term loudness as a line over it, LUFS in equal steps of time; `target` as a dashed
    line."""
    area = f"M0 {HEIGHT}" + _through(momentary, "L") + f"L{WIDTH} {HEIGHT}Z" if momentary else ""
    line = "M" + _through(short_term, "L")[1:] if short_term else ""
    marks = "".join(
        f'<text x="2" y="{_y(level) - 2}">{level}</text><path stroke="#8884" d="M0 {_y(level)}H{WIDTH}"/>'
        for level in (-12, -24, -36)
    )
    dashed = f'<path class="target" d="M0 {_y(target)}H{WIDTH}"/>' if target is not None else ""
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{marks}<path class="momentary" d="{area}"/>'
        f'<path class="short" d="{line}"/>{dashed}</svg>'
    )


def waveform(peaks: Sequence[float]) -> str:
    """Highest magnitudes, 0..1, in equal steps of time, mirrored about the middle."""
    middle = WAVE_HEIGHT // 2
    xs = _places(len(peaks))
    tops = "".join(f"L{x} {middle - round(one * middle)}" for x, one in zip(xs, peaks, strict=True))
    back = "".join(f"L{x} {middle + round(one * middle)}" for x, one in zip(reversed(xs), reversed(peaks), strict=True))
    path = f"M0 {middle}{tops}{back}Z" if peaks else ""
    return f'<svg viewBox="0 0 {WIDTH} {WAVE_HEIGHT}" role="img"><path class="wave" d="{path}"/></svg>'


def _places(count: int) -> list[int]:
    return [round(at * WIDTH / max(1, count - 1)) for at in range(count)]


def _through(values: Sequence[float], sign: str) -> str:
    return "".join(f"{sign}{x} {_y(one)}" for x, one in zip(_places(len(values)), values, strict=True))


def _y(level: float) -> int:
    inside = min(max(level, QUIETEST), LOUDEST)
    return round((LOUDEST - inside) / (LOUDEST - QUIETEST) * HEIGHT)

"""A log-log plot as SVG, by hand as the house draws: one line a step, its exponent in the legend, a slope of 1 to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, LEGEND = 460, 340, 60, 30, 280
COLOURS = ("#06c", "#c33", "#393", "#c80", "#728", "#088", "#555")

Points = Sequence[tuple[float, float]]


def write(path: Path, panels: Mapping[str, tuple[str, str, Mapping[str, Points]]]) -> None:
    """Write panels below each other: title -> (name of x, name of y, step -> its points)."""
    tall = HEIGHT + 90
    parts = [
        f'<g transform="translate({LEFT} {TOP + at * tall})">{_panel(title, *one)}</g>'
        for at, (title, one) in enumerate(panels.items())
    ]
    size = f'viewBox="0 0 {LEFT + WIDTH + LEGEND} {tall * len(panels)}"'
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" fill="#444">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n',
        encoding="utf-8",
    )


def _panel(title: str, across: str, up: str, steps: Mapping[str, Points]) -> str:
    xs = [log10(x) for points in steps.values() for x, _ in points]
    ys = [log10(y) for points in steps.values() for _, y in points]
    left, right, low, high = floor(min(xs)), ceil(max(xs)), floor(min(ys)), ceil(max(ys))

    def place(x: float, y: float) -> str:
        return (
            f"{(log10(x) - left) / (right - left) * WIDTH:.1f} {HEIGHT - (log10(y) - low) / (high - low) * HEIGHT:.1f}"
        )

    grid = "".join(
        f'<path stroke="#ddd" d="M{place(10**at, 10**low)}L{place(10**at, 10**high)}"/>'
        f'<text x="{(at - left) / (right - left) * WIDTH:.1f}" y="{HEIGHT + 18}" text-anchor="middle">{10**at:,}</text>'
        for at in range(left, right + 1)
    )
    grid += "".join(
        f'<path stroke="#ddd" d="M{place(10**left, 10**at)}L{place(10**right, 10**at)}"/>'
        f'<text x="-8" y="{HEIGHT - (at - low) / (high - low) * HEIGHT + 4:.1f}" text-anchor="end">{10**at:g}</text>'
        for at in range(low, high + 1)
    )
    tops = min(right, left + high - low)
    slope = f'<path d="M{place(10**left, 10**low)}L{place(10**tops, 10.0 ** (low + tops - left))}" stroke="#aaa" stroke-dasharray="6 4"/>'
    drawn = []
    for number, (name, points) in enumerate(steps.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = "L".join(place(x, y) for x, y in points)
        marks = "".join(
            f'<circle cx="{cx}" cy="{cy}" r="3" fill="{colour}"/>' for cx, cy in (place(*one).split() for one in points)
        )
        y = 14 + number * 20
        drawn.append(
            f'<path fill="none" stroke-width="2" stroke="{colour}" d="M{line}"/>{marks}'
            f'<path stroke="{colour}" stroke-width="3" d="M{WIDTH + 20} {y - 4}h18"/>'
            f'<text x="{WIDTH + 44}" y="{y}">{escape(name)}</text>'
        )
    head = f'<text x="0" y="-12" font-weight="bold">{escape(title)}</text>'
    names = (
        f'<text x="{WIDTH / 2}" y="{HEIGHT + 38}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="{WIDTH + 20}" y="{HEIGHT}">{escape(up)}; dashed: linear</text>'
    )
    return head + grid + slope + "".join(drawn) + names

"""Bar and line plots as SVG, readable on a light and a dark page."""

from __future__ import annotations

from typing import Optional
from xml.sax.saxutils import escape

from .measuring import Spread

COLORS = ["#4c78a8", "#f58518", "#54a24b", "#b279a2", "#9d755d"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 64, 16, 56, 56
STYLE = ("<style>text{font:13px system-ui,sans-serif;fill:#777}.t{font-size:15px;font-weight:600}"
         ".g{stroke:#888;stroke-opacity:.3}.e{stroke:#777;stroke-width:1.5;fill:none}</style>")


def steps(top: float) -> list[float]:
    """Round numbers from 0 to at least `top`."""
    step = 10.0 ** (len(str(int(max(top, 1)))) - 1)
    while top / step < 4:
        step /= 2
    return [step * number for number in range(int(top / step) + 2)]


class Canvas:
    """Axes, legend and the elements between them."""

    def __init__(self, title: str, unit: str, top: float, legend: list[str]):
        marks = steps(top)
        self._top = marks[-1]
        self._parts = [f'<text class="t" x="{LEFT}" y="20">{escape(title)}</text>']
        for value in marks:
            y = self.y(value)
            self._parts.append(f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            self.text(LEFT - 6, y + 4, f"{value:g}", "end")
        self.text(LEFT, TOP - 10, unit, "start")
        x = WIDTH - RIGHT
        for index, name in reversed(list(enumerate(legend))):
            x -= 9 * len(name) + 26
            self._parts.append(f'<rect x="{x}" y="{TOP - 20}" width="11" height="11" fill="{COLORS[index]}"/>')
            self.text(x + 16, TOP - 10, name, "start")

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self._top

    def text(self, x: float, y: float, text: str, anchor: str = "middle") -> None:
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def bar(self, x: float, width: float, value: Optional[Spread], color: str) -> None:
        if value is None:
            return self.text(x + width / 2, self.y(0) - 6, "not run")
        y = self.y(value.median)
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{self.y(0) - y:.1f}" '
                           f'fill="{color}"/>')
        self._error(x + width / 2, value)
        return self.text(x + width / 2, self.y(value.high) - 6, f"{value.median:.3g}")

    def _error(self, x: float, value: Spread) -> None:
        low, high = self.y(value.low), self.y(value.high)
        self._parts.append(f'<path class="e" d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {high:.1f}h8'
                           f'M{x - 4:.1f} {low:.1f}h8"/>')

    def line(self, points: list[tuple[float, Spread]], color: str) -> None:
        path = " ".join(f"{x:.1f},{self.y(value.median):.1f}" for x, value in points)
        self._parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2.5"/>')
        for x, value in points:
            self._error(x, value)
            self._parts.append(f'<circle cx="{x:.1f}" cy="{self.y(value.median):.1f}" r="4" fill="{color}"/>')

    def svg(self, note: str) -> str:
        self.text(LEFT, HEIGHT - 8, note, "start")
        body = "\n".join(self._parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
                f'height="{HEIGHT}" role="img">{STYLE}\n{body}\n</svg>\n')


def bars(title: str, unit: str, groups: dict[str, dict[str, Optional[Spread]]], note: str) -> str:
    """Groups of bars; every group has the same series (a series may be None: not run)."""
    series = list(next(iter(groups.values())))
    highest = max((value.high for group in groups.values() for value in group.values() if value), default=1)
    canvas = Canvas(title, unit, highest, series if len(series) > 1 else [])
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    width = min(room * 0.8 / len(series), 90)
    for number, (name, group) in enumerate(groups.items()):
        middle = LEFT + room * (number + 0.5)
        for index, value in enumerate(group.values()):
            x = middle + width * (index - len(series) / 2)
            canvas.bar(x + width * 0.06, width * 0.88, value, COLORS[index if len(series) > 1 else 0])
        canvas.text(middle, HEIGHT - BOTTOM + 18, name)
    return canvas.svg(note)


def lines(title: str, unit: str, series: dict[str, dict[str, Spread]], note: str) -> str:
    """A line for each series over the same places."""
    places = list(next(iter(series.values())))
    highest = max(value.high for line in series.values() for value in line.values())
    canvas = Canvas(title, unit, highest, list(series))
    room = (WIDTH - LEFT - RIGHT) / len(places)
    middles = {place: LEFT + room * (number + 0.5) for number, place in enumerate(places)}
    for place, x in middles.items():
        canvas.text(x, HEIGHT - BOTTOM + 18, place)
    for index, line in enumerate(series.values()):
        canvas.line([(middles[place], value) for place, value in line.items()], COLORS[index])
    return canvas.svg(note)

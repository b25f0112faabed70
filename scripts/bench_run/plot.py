"""Figures over a parameter as inline SVG, readable without a script."""

import html
import math

from demo_run.chart import nice_step

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 32, 40, 40


class Plot:
    """Lines are (label, css class, [(parameter, value)]); `by_power` draws the parameter in powers of ten."""

    def __init__(self, title, unit, parameter, lines, by_power=False):
        self.title, self.unit, self.parameter, self.by_power = title, unit, parameter, by_power
        self.lines = [(label, css, sorted(points)) for label, css, points in lines if points]
        places = sorted({x for _, _, points in self.lines for x, _ in points})
        self.places = places or [0, 1]
        self.step = nice_step(max((y for _, _, points in self.lines for _, y in points), default=1), 4)
        highest = max((y for _, _, points in self.lines for _, y in points), default=1)
        self.high = self.step * -(-highest // self.step) or self.step

    def x(self, place):
        scale = math.log10 if self.by_power else float
        low, high = scale(self.places[0]), scale(self.places[-1])
        return LEFT + (scale(place) - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return TOP + (self.high - value) / self.high * (HEIGHT - TOP - BOTTOM)

    def axes(self):
        value = 0
        while value <= self.high + self.step / 2:
            y = self.y(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            value += self.step
        for place in self.places:
            yield f'<text class="tick" x="{self.x(place):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{place:,.10g}</text>'
        yield f'<text class="tick" x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{html.escape(self.parameter)}</text>'

    def svg(self):
        parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(self.title)}">']
        parts.append(f'<text class="title" x="{LEFT}" y="14">{html.escape(self.title)} ({self.unit})</text>')
        parts.extend(self.axes())
        at = LEFT
        for label, css, points in self.lines:
            path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
            parts.append(f'<polyline class="{css}" points="{path}"/>')
            for x, y in points:
                parts.append(f'<circle class="{css}" cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3"><title>{y:,.2f} {self.unit}</title></circle>')
            parts.append(f'<line class="{css}" x1="{at}" x2="{at + 18}" y1="27" y2="27"/><text class="tick" x="{at + 23}" y="31">{html.escape(label)}</text>')
            at += 8 * len(label) + 40
        parts.append("</svg>")
        return "\n".join(parts)

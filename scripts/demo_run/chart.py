"""Line charts as inline SVG: one picture of load against baseline and quota, readable without a script."""

import html

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 28, 34


def nice_step(span, ticks):
    """The 1-2-5 step that cuts `span` into about `ticks` parts."""
    raw = max(span, 1e-9) / ticks
    power = 1.0
    while power * 10 <= raw:
        power *= 10
    while power > raw:
        power /= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)


class Chart:
    """A time chart. Lines are (label, css class, [(t_ms, value)]); bands are (label, from_ms, to_ms)."""

    def __init__(self, title, unit, lines, bands=(), width=WIDTH, height=HEIGHT):
        self.title, self.unit, self.bands = title, unit, bands
        self.lines = [(label, css, points) for label, css, points in lines if points]
        self.width, self.height = width, height
        times = [t for _, _, points in self.lines for t, _ in points]
        values = [v for _, _, points in self.lines for _, v in points]
        self.t0, self.t1 = (min(times), max(times)) if times else (0, 1)
        low, high = (min(0, *values), max(values)) if values else (0, 1)
        self.step = nice_step((high - low) or 1, 4)
        self.low = self.step * (low // self.step)
        self.high = self.step * -(-high // self.step) or self.step

    def x(self, t):
        return LEFT + (t - self.t0) / max(1, self.t1 - self.t0) * (self.width - LEFT - RIGHT)

    def y(self, value):
        return TOP + (self.high - value) / (self.high - self.low) * (self.height - TOP - BOTTOM)

    def axes(self):
        value = self.low
        while value <= self.high + self.step / 2:
            y = self.y(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{self.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            value += self.step
        span_s = (self.t1 - self.t0) / 1000
        step_s = nice_step(span_s, 8)
        second = 0.0
        while second <= span_s:
            x = self.x(self.t0 + second * 1000)
            yield f'<text class="tick" x="{x:.1f}" y="{self.height - 14}" text-anchor="middle">{second:g} s</text>'
            second += step_s

    def svg(self):
        parts = [f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{html.escape(self.title)}">']
        for label, start, end in self.bands:
            x0, x1 = self.x(max(start, self.t0)), self.x(min(end, self.t1))
            if x1 > x0:
                parts.append(
                    f'<rect class="band" x="{x0:.1f}" y="{TOP}" width="{x1 - x0:.1f}" '
                    f'height="{self.height - TOP - BOTTOM}"><title>{html.escape(label)}</title></rect>'
                )
        parts.extend(self.axes())
        for label, css, points in self.lines:
            path = " ".join(f"{self.x(t):.1f},{self.y(v):.1f}" for t, v in points)
            parts.append(f'<polyline class="{css}" points="{path}"><title>{html.escape(label)}</title></polyline>')
        parts.append(f'<text class="title" x="{LEFT}" y="16">{html.escape(self.title)} ({self.unit})</text>')
        x = self.width - RIGHT
        for label, css, _ in reversed(self.lines):
            x -= 8 * len(label) + 34
            parts.append(f'<line class="{css}" x1="{x}" x2="{x + 20}" y1="12" y2="12"/>')
            parts.append(f'<text class="tick" x="{x + 25}" y="16">{html.escape(label)}</text>')
        parts.append("</svg>")
        return "\n".join(parts)

"""A benchmark's figures as one self-contained page."""

import html

from demo_run.page import STYLE, card

from .plot import Plot
from .text import limit_text, params_text

# name, title, unit: figures drawn over the parameter of their section.
SECTIONS = [
    ("load", "Confirmation by load", "share of the saturation rate", False, [
        [("p50", "load", "confirm_p50_ms"), ("p99", "base", "confirm_p99_ms")],
    ], "ms"),
    ("units", "Proof of inclusion: bytes", "units in the anchor", True, [[("proof", "load", "proof_bytes")]], "B"),
    ("units", "Proof of inclusion: time to check", "units in the anchor", True, [[("check", "load", "proof_check_us")]], "µs"),
    ("members", "Processor time a unit and member", "members", False, [[("unit", "load", "growth_cpu_per_unit_us")]], "µs"),
    ("members", "Bytes on the wire a unit and member", "members", False, [[("bytes", "load", "growth_wire_bytes_per_unit")]], "B"),
    ("devices", "Processor time a unit", "devices", True, [[("unit", "load", "growth_device_cpu_per_unit_us")]], "µs"),
    ("devices", "Memory a device", "devices", True, [
        [("all", "load", "growth_memory_per_device_bytes"), ("head alone", "base", "growth_memory_per_head_bytes")],
    ], "B"),
]  # fmt: skip


def points(figures, name, parameter):
    return [(f["params"][parameter], f["value"]) for f in figures if f["name"] == name and parameter in f["params"]]


def plots(figures):
    for parameter, title, axis, by_power, groups, unit in SECTIONS:
        for group in groups:
            lines = [(label, css, points(figures, name, parameter)) for label, css, name in group]
            if any(found for _, _, found in lines):
                yield Plot(title, unit, axis, lines, by_power).svg()


def cards(figures):
    for figure in figures:
        readings = figure["params"].get("readings_per_unit")
        if figure["name"] == "confirmed_units_per_s":
            note = f"{figure['ratio']:.0%} of what signature checks allow; readings a unit: {readings:g}"
            yield card("Units confirmed a second", f"{figure['value']:,.0f}", note)
        elif figure["name"] in ("wire_bytes_per_reading", "disk_bytes_per_reading") and readings == 60:
            place = "wire" if figure["name"].startswith("wire") else "disk"
            yield card(f"Bytes a reading on the {place}", f"{figure['value']:.2f}", "60 readings a unit, a member")


def rows(figures):
    for figure in figures:
        yield (
            f"<tr><td>{html.escape(figure['name'])}</td><td>{figure['value']:,.2f}</td><td>{html.escape(figure['unit'])}</td>"
            f"<td>{html.escape(params_text(figure))}</td><td>{limit_text(figure)}</td></tr>"
        )


def document(title, about, parts, figures):
    """A page: title, a sentence, what is drawn, and all figures as a table."""
    style = STYLE + "circle.load { fill: var(--load); } circle.base { fill: var(--base); } circle.quota { fill: var(--quota); }"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>{style}</style></head><body>
<h1>{html.escape(title)}</h1>
<p class="soft">{html.escape(about)}</p>
{parts}
<h2>All figures</h2>
<table><tr><th>figure</th><th>value</th><th>unit</th><th>at</th><th>limit</th></tr>{"".join(rows(figures))}</table>
</body></html>
"""


def render(figures):
    about = "Whole members of the shipped service with database, gateway and real signatures, all on one machine."
    parts = f'<div class="cards">{"".join(cards(figures))}</div><div class="small">{"".join(plots(figures))}</div>'
    return document("The DAG ledger, measured", about, parts, figures)

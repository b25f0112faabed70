"""The finality benchmark's figures as one self-contained page."""

import html

from demo_run.page import card

from .cells import Cell
from .page import document
from .plot import Plot
from .text import params_text

STEPS = [
    ("order_to_block_ms", "In a block"),
    ("order_to_final_ms", "Final at the validator"),
    ("order_to_verified_ms", "Verified by light clients"),
    ("order_to_setpoint_ms", "At the setpoint"),
]
FACTORS = [
    ("validators", "validators"),
    ("rtt_ms", "round trip, ms"),
    ("load", "share of the block's weight limit"),
    ("light_clients", "light clients"),
    ("failed", "validators killed"),
]
LINES = [("p50", "load", 0.5), ("p99", "base", 0.99), ("max", "quota", 1)]


def base_of(figures):
    """The cell that the others differ from in one factor: the first one."""
    return {name: figures[0]["params"][name] for name in Cell().params()}


def points(figures, base, name, factor, quantile):
    """[(value of the factor, figure)] of the cells that are like the base in all else, its preset too."""
    same = lambda params: all(params[other] == value for other, value in base.items() if other != factor)
    return [
        (figure["params"][factor], figure["value"])
        for figure in figures
        if figure["name"] == name and figure["params"].get("quantile") == quantile and same(figure["params"])
    ]


def fitted(figures, base, name, quantile):
    """[(round trip, figure)] with the preset that is meant for it: another one than the base's, where there is one."""
    found = {}
    presets = {figure["params"].get("preset") for figure in figures} - {None, base["preset"], "stock"}
    for preset in (base["preset"], *sorted(presets)):
        found.update(points(figures, {**base, "preset": preset}, name, "rtt_ms", quantile))
    return sorted(found.items())


def plots(figures, base):
    for factor, axis in FACTORS:
        for name, title in STEPS:
            lines = [(label, css, points(figures, base, name, factor, quantile)) for label, css, quantile in LINES]
            if any(len(found) > 1 for _, _, found in lines):
                yield Plot(title, "ms", axis, lines).svg()
    for name, title in STEPS:
        lines = [(label, css, fitted(figures, base, name, quantile)) for label, css, quantile in LINES]
        if any(len(found) > 1 for _, _, found in lines):
            yield Plot(title, "ms", "round trip, ms, with the preset that is meant for it", lines).svg()


def cards(figures, base):
    at = {
        (figure["name"], figure["params"].get("quantile")): figure["value"]
        for figure in figures
        if all(figure["params"].get(name) == value for name, value in base.items())
    }
    for name, title in STEPS:
        if (name, 0.99) in at:
            note = f"p50 {at[name, 0.5]:.0f}, p99.9 {at[name, 0.999]:.0f}, max {at[name, 1]:.0f}"
            yield card(f"{title}, p99", f"{at[name, 0.99]:.0f} ms", note)
    if ("block_share", None) in at:
        note = f"{at['transactions_per_s', None]:.0f} transactions a second"
        yield card("Blocks filled to", f"{at['block_share', None]:.0%}", note)


def presets(figures, base):
    """The base beside the same chain with other presets."""
    steps, values = dict(STEPS), {}
    for figure in figures:
        name, params = figure["name"], figure["params"]
        alike = all(params.get(other) == value for other, value in base.items() if other != "preset")
        if name in steps and alike:
            values[params["preset"], name, params["quantile"]] = figure["value"]
    names = list(dict.fromkeys(preset for preset, *_ in values))
    yield "<tr><th></th>" + "".join(f"<th>{html.escape(name)}</th>" for name in names) + "</tr>"
    for name, title in STEPS:
        for label, _, quantile in LINES:
            cells = "".join(f"<td>{values[preset, name, quantile]:.0f}</td>" for preset in names)
            yield f"<tr><td>{title}, {label}</td>{cells}</tr>"


def missing(figures):
    for figure in figures:
        if figure["name"] == "left_out":
            yield f"<li>{html.escape(params_text(figure))}</li>"


def render(figures):
    base = base_of(figures)
    about = (
        "Emergency orders at random moments, timed from submission; every validator and every light client is a "
        f"process of its own on one machine, whose clock all of them share. Base: {params_text({'params': base})}."
    )
    left = "".join(missing(figures))
    parts = f"""<div class="cards">{"".join(cards(figures, base))}</div>
<h2>Presets, in milliseconds</h2><table>{"".join(presets(figures, base))}</table>
<div class="small">{"".join(plots(figures, base))}</div>
{f"<h2>Left out</h2><ul>{left}</ul>" if left else ""}"""
    return document("From an order to the setpoint, measured", about, parts, figures)

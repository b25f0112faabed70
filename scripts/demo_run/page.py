"""The report as one self-contained HTML page."""

import html

from .chart import Chart
from .figures import percent

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #d6dae1; --paper: #ffffff;
        --load: #1f6feb; --base: #8a94a6; --quota: #d9480f; --band: #f2b70522; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #333b49; --paper: #12161d;
        --load: #6ea8fe; --base: #7d8799; --quota: #ff8c42; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
       font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.soft { color: var(--soft); } .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .8rem; }
.card { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; } .card b { display: block; font-size: 1.35rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; } th { color: var(--soft); font-weight: 600; }
svg { width: 100%; height: auto; display: block; margin-top: .8rem; } .grid { stroke: var(--line); stroke-width: 1; } .band { fill: var(--band); }
.tick { fill: var(--soft); font-size: 11px; } .title { fill: var(--ink); font-size: 13px; font-weight: 600; }
polyline { fill: none; stroke-width: 1.6; } line.load, polyline.load { stroke: var(--load); stroke-width: 2; }
line.base, polyline.base { stroke: var(--base); stroke-dasharray: 5 4; stroke-width: 2; }
line.quota, polyline.quota { stroke: var(--quota); stroke-width: 2; }
.small { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: .6rem; }
"""


def yuan(micro):
    return f"{micro / 1e6:,.4f} CNY"


def card(title, value, note=""):
    return f'<div class="card"><span class="soft">{title}</span><b>{value}</b><span class="soft">{note}</span></div>'


def cards(report):
    verified, setpoint, confirm = (report[k] for k in ("order_to_verified_ms", "order_to_setpoint_ms", "unit_confirm_ms"))
    readings, money, audit = report["readings"], report["settlement"], report["audit"]
    yield card("Order to verified, p99", f"{verified['p99']:.0f} ms", f"p50 {verified['p50']:.0f}, max {verified['max']:.0f}, {verified['count']} samples")
    yield card("Order to setpoint, p99", f"{setpoint['p99']:.0f} ms", f"p50 {setpoint['p50']:.0f}, max {setpoint['max']:.0f}")
    yield card("Unit confirmed, p50", f"{confirm['p50']:.0f} ms", f"p99 {confirm['p99']:.0f}, max {confirm['max']:.0f}")
    yield card("Readings anchored", f"{readings['anchored']:,}", f"of {readings['read']:,} read; lost {readings['lost']}")
    yield card("Paid", yuan(money["paid"]), f"penalties {yuan(money['penalties'])}; conserved: {money['conserved']}")
    yield card("Audit", f"{audit['recomputed']} items", f"mismatches: {audit['mismatches']}")


def node_rows(report):
    for node in report["nodes"]:
        yield (
            f"<tr><td>{html.escape(node['name'])}</td><td>{node['quota_wh']:,.1f}</td><td>{node['executed_wh']:,.1f}</td>"
            f"<td>{percent(node['accuracy'])}</td><td>{percent(node['score'])}</td><td>{percent(node['credit'])}</td>"
            f"<td>{yuan(node['paid'])}</td><td>{yuan(node['penalty'])}</td></tr>"
        )


def timeline_rows(report):
    for step in report["timeline"]:
        yield f"<tr><td>{html.escape(step['what'])}</td><td>{step['at_s']:.1f} s</td></tr>"


def render(report, total_chart, node_charts):
    replay = report["replay"]
    faults = f"<p>Faults injected: {html.escape(', '.join(report['faults']))}.</p>" if report["faults"] else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Loadstone: one regulation event</title><style>{STYLE}</style></head><body>
<h1>One regulation event, from declaration to payment</h1>
<p class="soft">{len(report['nodes'])} load nodes and {report['network']['validators']} validators as real processes on one machine
({html.escape(report['machine'])}), {report['network']['slot_ms']} ms slots.</p>
<div class="cards">{''.join(cards(report))}</div>
<h2>Load against baseline and quota</h2>
{total_chart.svg()}
<h2>Each node</h2>
<table><thead><tr><th>Node</th><th>Quota Wh</th><th>Executed Wh</th><th>Accuracy</th><th>Score</th><th>Credit</th>
<th>Paid</th><th>Penalty</th></tr></thead><tbody>{''.join(node_rows(report))}</tbody></table>
<div class="small">{''.join(f'<div>{chart.svg()}</div>' for chart in node_charts)}</div>
<h2>Timeline</h2>
<table><tbody>{''.join(timeline_rows(report))}</tbody></table>
{faults}
<h2>What was replayed</h2>
<p>{html.escape(replay['source'])}. Interpolated between half hours, scaled by {replay['scale']}, played {replay['speed']} times
faster than life, with {replay['noise_bp']} basis points of seeded noise. The baseline is meter-before, so that
every input of the settlement is anchored in this run.</p>
</body></html>
"""


def charts(report, series):
    """The total and one chart a node. `series` maps a node's name to its [(t_ms, load_w)]."""
    window = report["window"]
    band = [("event window", window["start_ms"], window["end_ms"])]
    first, last = window["start_ms"] - 30_000, window["end_ms"] + 15_000
    shown = {name: [(t, load) for t, load in points if first <= t <= last] for name, points in series.items()}
    node_charts = []
    total = {}
    for node in report["nodes"]:
        points = shown.get(node["name"], [])
        for t, load in points:
            total.setdefault(t // 1000, {})[node["name"]] = load
        base = [(t, node["baseline_w"] / 1000) for t, _ in points]
        quota = [(t, (node["baseline_w"] - quota_at(node, window, t)) / 1000) for t in seconds(window)]
        lines = [("baseline", "base", base), ("quota", "quota", quota), ("load", "load", [(t, w / 1000) for t, w in points])]
        node_charts.append(Chart(node["name"], "kW", lines, band, 480, 200))
    whole = [(s * 1000, sum(loads.values()) / 1000) for s, loads in sorted(total.items()) if len(loads) == len(report["nodes"])]
    base_sum = sum(node["baseline_w"] for node in report["nodes"]) / 1000
    quota = [(t, base_sum - sum(quota_at(node, window, t) for node in report["nodes"]) / 1000) for t in seconds(window)]
    lines = [("baseline", "base", [(t, base_sum) for t, _ in whole]), ("baseline minus quota", "quota", quota), ("load", "load", whole)]
    return Chart("All nodes", "kW", lines, band), node_charts


def seconds(window):
    return range(window["start_ms"], window["end_ms"], 1000)


def quota_at(node, window, t):
    index = (t - window["start_ms"]) // window["interval_ms"]
    return node["quota_w"][index] if 0 <= index < len(node["quota_w"]) else 0

"""Small numbers: quantiles, and what JSON-lines logs say."""

import json
import math


def quantile(values, q):
    """The least value that at least the share `q` of all values does not exceed; None for no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)] if ordered else None


def spread(values):
    return {"p50": quantile(values, 0.5), "p99": quantile(values, 0.99), "max": quantile(values, 1), "count": len(values)}


def percent(basis_points):
    """Basis points for people; a dash where there is no figure, as for a node that nothing was asked of."""
    return "–" if basis_points is None else f"{basis_points / 100:.1f} %"


def events_of(path):
    """The JSON objects in a log, one a line. A line cut short by `kill -9` is the last of its run and is left out."""
    events = []
    if path.exists():
        for line in path.read_text(errors="replace").splitlines():
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return events

"""From logs to delays: when each order was in a block, final, verified by each light client, and at its actuator."""

import bisect

from demo_run.figures import events_of, quantile

QUANTILES = (0.5, 0.99, 0.999, 1)


def orders_in(path):
    """The orders of a series, by sequence."""
    orders = [event for event in events_of(path) if "finalised_at_ms" in event]
    return sorted(orders, key=lambda order: order["sequence"])


def first_moments(events, field):
    """[(sequence, moment)] with both rising: at which moment a client first knew a sequence or a later one."""
    known = []
    for event in sorted(events, key=lambda event: event[field]):
        if not known or event["sequence"] > known[-1][0]:
            known.append((event["sequence"], event[field]))
    return known


def moment_of(known, sequence):
    """When the client acted on this order, or on a later one that had taken its place by then; None for never."""
    place = bisect.bisect_left(known, (sequence, 0))
    return known[place][1] if place < len(known) else None


def delays(orders, events_of_each, field, since="submitted_at_ms"):
    """Delays over all orders and clients in milliseconds, and how many there should be but are not."""
    found, missed = [], 0
    for events in events_of_each:
        known = first_moments(events, field)
        for order in orders:
            moment = moment_of(known, order["sequence"])
            if moment is None:
                missed += 1
            else:
                found.append(moment - order[since])
    return found, missed


def client_delays(orders, loads):
    """{figure: delays} to verified orders, from submission and from finality, and to setpoints; and missed orders."""
    logs = [events_of(load.events_file) for load in loads]
    of_kind = lambda kind: [[event for event in log if event.get("kind") == kind] for log in logs]
    told = of_kind("order_verified")
    verified, missed = delays(orders, told, "verified_at_ms")
    # As the first validator knows finality. A client may know it before: less than nothing.
    from_final, _ = delays(orders, told, "verified_at_ms", "finalised_at_ms")
    setpoints, unset = delays(orders, of_kind("setpoint"), "at_ms")
    found = {"order_to_verified_ms": verified, "final_to_verified_ms": from_final, "order_to_setpoint_ms": setpoints}
    return found, missed + unset


def spreads(found, params, bench="finality"):
    """Figures of `{name: delays in milliseconds}`."""
    return [each for name, values in found.items() for each in spread(name, values, "ms", params, bench)]


def node_delays(orders):
    """Delays to the block and to finality, both as the node that took the order says."""
    to_block = [order["included_at_ms"] - order["submitted_at_ms"] for order in orders]
    return to_block, [order["finalised_at_ms"] - order["submitted_at_ms"] for order in orders]


def figure(name, value, unit, params, bench="finality"):
    return {"bench": bench, "name": name, "value": value, "unit": unit, "params": params}


def spread(name, values, unit, params, bench="finality"):
    """A figure a quantile."""
    at = QUANTILES if values else ()
    return [figure(name, quantile(values, q), unit, {"quantile": q, **params}, bench) for q in at]


def blocks(windows, from_ms, to_ms):
    """Share of the weight limit and transactions a second in the windows that ended in this time; None without one."""
    inside = [window for window in windows if "share_ppm" in window and from_ms <= window["at_ms"] <= to_ms]
    if not inside:
        return None
    count, seconds = sum(window["blocks"] for window in inside), sum(window["micros"] for window in inside) / 1e6
    share = sum(window["share_ppm"] * window["blocks"] for window in inside) / count / 1e6
    refused, lost = (inside[-1][name] - inside[0][name] for name in ("refused", "lost"))
    return {
        "share": share, "per_s": sum(window["included"] for window in inside) / seconds,
        "blocks_per_s": count / seconds, "refused": refused, "lost": lost,
    }  # fmt: skip

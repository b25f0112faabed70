"""What the run showed, as one JSON object; every figure comes from logs, ledgers or the chain."""

import platform

from .figures import percent, spread
from .network import SLOT_MS
from .story import CUSTOMER, replay_facts

WATT_MS_PER_WH = 3_600_000


def order_delays(story):
    """Delays from the dispatcher's submit to each node's verified order and to its actuator."""
    submitted = {order["sequence"]: order["submitted_at_ms"] for order in story.issued}
    submitted[story.dispatched["sequence"]] = story.dispatched["submitted_at_ms"]
    verified, setpoints = [], []
    seen = set()
    for load in story.loads:
        for kind, field, delays in (("order_verified", "verified_at_ms", verified), ("setpoint", "at_ms", setpoints)):
            for event in load.events(kind):
                key = (load.name, kind, event["sequence"])
                # A restarted node verifies the order again: the first time counts.
                if event["sequence"] in submitted and key not in seen:
                    # The event's order is asserted when its window starts, not when it is read.
                    if kind == "setpoint" and event["sequence"] == story.dispatched["sequence"]:
                        continue
                    seen.add(key)
                    delays.append(event[field] - submitted[event["sequence"]])
    return spread(verified), spread(setpoints)


def readings(story):
    """Counts of the ledgers, and what they miss of the series that the meter loop writes beside them.

    The series does not depend on the ledger, so a reading that `kill -9` took from it shows here.
    """
    ledgers = [load.ledger()["totals"] for load in story.loads]
    total = {name: sum(ledger[name] for ledger in ledgers) for name in ("read", "confirmed", "anchored")}
    missing = sum(len({t for t, _ in load.series()} - load.anchored_moments()) for load in story.loads)
    return {**total, "lost": max(missing, total["read"] - total["anchored"])}


def node_row(load, resource):
    record, score, statement = resource["record"], resource["score"] or {}, resource["statement"] or {}
    interval_wh = lambda values, interval_ms: sum(values) * interval_ms / WATT_MS_PER_WH
    return {
        "name": load.name,
        "resource": resource["resource"],
        "owner": load.owner,
        "award_w": resource["award_w"],
        "baseline_w": record["baseline"][0] if record["baseline"] else 0,
        "quota_w": record["quota"],
        "delivered_w": record["delivered"],
        "quota_wh": interval_wh(record["quota"], load.interval_ms),
        "executed_wh": interval_wh(record["delivered"], load.interval_ms),
        "readings_due": record["readings_due"],
        "readings_valid": record["readings_valid"],
        "response_time_ms": record["response_time_ms"],
        "accuracy": score.get("accuracy"),
        "score": score.get("score"),
        "k_index": score.get("k_index"),
        "credit": (resource["credit"] or {}).get("credit"),
        "paid": statement.get("paid", 0),
        "penalty": statement.get("penalty", 0),
    }


def settlement(story, forfeited=0):
    """Money by the chain's totals, and by balances read before and after: both must agree to the micro-yuan.

    `forfeited` went to the opener beside that: bonds of dismissed disputes.
    """
    totals, escrow = story.settled["totals"], story.settled["escrow"]
    change = {name: story.after["accounts"][name] - total for name, total in story.before["accounts"].items()}
    inflow = sum(change[name] for name in ("AggregatorNorth", "AggregatorSouth", CUSTOMER))
    statements = [resource["statement"] for resource in story.settled["resources"] if resource["statement"]]
    paid = sum(statement["paid"] for statement in statements)
    penalties = sum(statement["penalty"] for statement in statements)
    conserved = (
        sum(change.values()) == 0
        and inflow == paid - penalties - forfeited
        and change["ProvincialGrid"] == penalties - paid + forfeited
        and totals["paid"] == paid
        and story.before["issuance"] == story.after["issuance"]
    )
    held_after = (escrow["budget"] + escrow["bonds"]) if escrow else 0
    return {
        "paid": paid,
        "penalties": penalties,
        "escrow_before": story.escrow_before["budget"] + story.escrow_before["bonds"],
        "escrow_after": held_after,
        "balance_change": change,
        "conserved": conserved and held_after == 0,
    }


def build(story):
    verified, setpoint = order_delays(story)
    rows = {resource["resource"]: resource for resource in story.settled["resources"]}
    for load in story.loads:
        load.interval_ms = story.window["interval_ms"]
    confirm = [event["ms"] for load in story.loads for event in load.events("confirmed")]
    return {
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "network": {"validators": len(story.network.validators), "slot_ms": SLOT_MS},
        "orders": len(story.issued) + 1,
        "order_to_verified_ms": verified,
        "order_to_setpoint_ms": setpoint,
        "readings": readings(story),
        "unit_confirm_ms": spread(confirm),
        "settlement": settlement(story),
        "clearing": {"marginal_price": story.cleared["marginal_price"], "awarded_w": story.cleared["awarded_w"]},
        "nodes": [node_row(load, rows[load.resource]) for load in story.loads if load.resource in rows],
        "audit": {
            "recomputed": sum(story.audited["recomputed"].values()),
            "mismatches": len(story.audited["mismatches"]),
            "items": story.audited["recomputed"],
            "differences": story.audited["mismatches"],
        },
        "evidence": story.verified,
        "window": story.window,
        "timeline": story.timeline,
        "faults": story.faults,
        "replay": replay_facts(),
    }


def summary(report):
    """The report as text."""
    verified, setpoint, confirm = (report[key] for key in ("order_to_verified_ms", "order_to_setpoint_ms", "unit_confirm_ms"))
    row = "{:<10}{:>11}{:>13}{:>10}{:>9}{:>9}{:>12}{:>12}".format
    lines = ["", row("node", "quota Wh", "executed Wh", "accuracy", "score", "credit", "paid CNY", "penalty CNY")]
    for node in report["nodes"]:
        lines.append(
            row(
                node["name"], f"{node['quota_wh']:.1f}", f"{node['executed_wh']:.1f}", percent(node["accuracy"]),
                percent(node["score"]), percent(node["credit"]), f"{node['paid'] / 1e6:.4f}", f"{node['penalty'] / 1e6:.4f}",
            )  # fmt: skip
        )
    times = "{:<28}p50 {:>6.0f} ms   p99 {:>6.0f} ms   max {:>6.0f} ms   ({} samples)".format
    money, counted = report["settlement"], report["readings"]
    lines += ["", *(
        times(name, each["p50"], each["p99"], each["max"], each["count"])
        for name, each in (("order submitted to verified", verified), ("order submitted to setpoint", setpoint), ("unit sent to confirmed", confirm))
    )]
    lines += [
        "",
        "readings: {read} read, {confirmed} confirmed, {anchored} anchored, {lost} lost".format(**counted),
        f"money: {money['paid'] / 1e6:.6f} CNY paid, {money['penalties'] / 1e6:.6f} CNY penalties, "
        f"{money['escrow_after']} left in escrow, conserved: {money['conserved']}",
        f"audit: {report['audit']['recomputed']} items recomputed, {report['audit']['mismatches']} mismatches",
    ]
    return "\n".join(lines)


def shortcomings(report):
    """What a good run must not show; empty when it is good."""
    checks = {
        "a reading was lost": report["readings"]["lost"] == 0,
        "money was not conserved": report["settlement"]["conserved"],
        "the audit found differences": report["audit"]["mismatches"] == 0,
        "the audit recomputed nothing": bool(report["audit"]["recomputed"]),
        "a node has no record": len(report["nodes"]) > 0 and all(node["readings_valid"] for node in report["nodes"]),
        "no order reached a node": bool(report["order_to_verified_ms"]["count"]),
    }
    return [fault for fault, good in checks.items() if not good]

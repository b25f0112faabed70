#!/usr/bin/env python3
"""Recomputes a resource's award, quotas, score and pay from what `loadstone why EVENT RESOURCE --json` prints.

    loadstone why 3 12 --json | python3 recompute.py

Written from that output alone, its formulas included. Whole numbers only. Exit code 1 when a number differs.
"""

import json
import sys


def ceil(number, divisor):
    return -(-number // divisor)


class Check:
    """Compares what was recomputed with what was told."""

    def __init__(self):
        self.count, self.wrong = 0, []

    def same(self, name, told, ours):
        self.count += 1
        if told != ours:
            self.wrong.append(f"{name}: told {told}, recomputed {ours}")


def awards(given, check):
    """Awards of all offers."""
    clearing, found = given["clearing"], []
    for number, offer in enumerate(given["steps"]["offers"]):
        price, watts, before = offer["price"], offer["watts"], offer["before"]
        residual, total = clearing["residual"], clearing["marginal_total"]
        if price < clearing["marginal_price"]:
            award = watts
        elif price > clearing["marginal_price"]:
            award = 0
        else:
            award = (before + watts) * residual // total - before * residual // total
        check.same(f"award of offer {number}", offer["award"], award)
        found.append(award)
    check.same("award", given["steps"]["award"], sum(found))
    return found


def interval(given, number, award, check):
    """Paid energy and punished energy of an interval; None without a record."""
    details, rule, record = given["details"], given["rules"]["deviation"], given["record"]
    steps = given["steps"]["intervals"][number]
    need, peak = details["needs"][number], max(details["needs"])
    quota_w = min(award, ceil(award * need, peak))
    check.same(f"quota {number}", steps["quota"], quota_w)
    if record is None:
        return None
    told = steps["measured"]
    registered, baseline = given["registered"], record["baseline"][number] if record["baseline"] else None
    check.same(f"measured {number}", (told["baseline"], told["delivered"]), (baseline, record["delivered"][number]))
    if baseline is None:
        level = None
    elif details["direction"] == "down":
        level = max(registered["load_min"], baseline - quota_w)
    else:
        level = min(registered["load_max"], baseline + quota_w)
    check.same(f"setpoint {number}", told["setpoint"], level)
    quota, delivered = (max(0, watts) * details["interval_ms"] for watts in (quota_w, record["delivered"][number]))
    if quota == 0:
        check.same(f"pay of interval {number}", (told["pay"]["paid"], told["pay"]["shortfall"]), (0, 0))
        return 0, 0
    full, top = quota * rule["full_until"] // 10_000, quota * rule["over_until"] // 10_000
    counted = min(delivered, full) + max(0, min(delivered, top) - full) * rule["over_share"] // 10_000
    void = rule["void_beyond"] > 0 and abs(delivered - quota) > ceil(quota * rule["void_beyond"], 10_000)
    if counted < ceil(quota * rule["deep_below"], 10_000):
        factor = rule["deep_factor"]
    elif counted < ceil(quota * rule["penalty_below"], 10_000):
        factor = rule["penalty_factor"]
    else:
        factor = 0
    shortfall = max(0, ceil(quota * rule["shortfall_from"], 10_000) - counted) if factor else 0
    paid = 0 if void else counted
    ours = (counted, paid, shortfall, factor)
    check.same(f"pay of interval {number}", tuple(told["pay"][name] for name in ("counted", "paid", "shortfall", "factor")), ours)
    return paid, shortfall * factor


def score(given, check):
    """The K index; None without a score."""
    steps, record, rule = given["steps"]["score"], given["record"], given["rules"]["score"]
    if steps is None:
        return None
    quota, delivered = sum(record["quota"]), sum(record["delivered"])
    accuracy = max(0, quota - abs(delivered - quota)) * 10_000 // quota
    median = steps["median"]
    peer = accuracy
    if median is not None and steps["scored"] > 1:
        peer = min(10_000, max(0, 5_000 + accuracy // 100 * 100 - median))
    rate = min(30_000, record["rate"] * 10_000 // rule["rate_standard"])
    response = 0
    if record["rate"] > 0:
        standard = rule["response_standard_ms"]
        response = max(0, standard - record["response_time_ms"]) * 10_000 // standard
    standard = rule["precision_standard"]
    precision = max(0, standard - record["precision_error"]) * 10_000 // standard
    ours = {
        "accuracy": accuracy, "peer": peer,
        "score": (rule["own_weight"] * accuracy + (10_000 - rule["own_weight"]) * peer) // 10_000,
        "rate": rate, "response": response, "precision": precision,
        "k_index": (4 * rate + 3 * response + 3 * precision) // 10,
    }  # fmt: skip
    for name, value in ours.items():
        check.same(name, steps["score"][name], value)
    return ours["k_index"]


def pay(given, found, energies, k_index, check):
    steps, rules = given["steps"]["pay"], given["rules"]
    if steps is None:
        return
    prices = [offer["price"] for offer in given["steps"]["offers"]]
    if rules["pricing"] == "uniform":
        prices = [given["clearing"]["marginal_price"]] * len(prices)
    value, award = sum(watts * price for watts, price in zip(found, prices)), sum(found)
    check.same("value", steps["value"], value)
    performance = 10_000
    if rules["performance_max"]:
        performance = 0 if k_index is None else min(k_index, rules["performance_max"])
    check.same("performance", steps["performance"], performance)
    divisor = award * 3_600_000_000 * 10_000
    claim = sum(paid for paid, _ in energies) * value * performance // divisor if award else 0
    due = ceil(sum(punished for _, punished in energies) * value, divisor) if award else 0
    check.same("claim", steps["claim"], claim)
    check.same("penalty due", steps["penalty_due"], due)
    shared = steps["shared"]
    if shared is None:
        return
    check.same("penalty", steps["penalty"], min(due, shared["bond_left"]))
    paid = claim
    if shared["claims"] > shared["pot"]:
        share = lambda upto: upto * shared["pot"] // shared["claims"]
        paid = share(shared["before"] + claim) - share(shared["before"])
    check.same("paid", steps["paid"], paid)
    split(given, sum(energy for energy, _ in energies), paid, check)


def split(given, energy, paid, check):
    """The customer's part of what is paid; nothing to split without a customer."""
    told, rule = given["steps"]["pay"]["parts"], given["rules"]["split"]
    if given["customer"] is None:
        check.same("parts", told, None)
        return
    floor = min(paid, energy * rule["floor"] // 3_600_000_000)
    customer = floor + (paid - floor) * rule["share"] // 10_000
    check.same("parts", told, {"floor": floor, "customer": customer, "owner": paid - customer})


def recomputed(given):
    check = Check()
    found = awards(given, check)
    numbers = range(len(given["details"]["needs"]))
    energies = [interval(given, number, sum(found), check) for number in numbers]
    pay(given, found, energies, score(given, check), check)
    return check


def main():
    check = recomputed(json.load(sys.stdin))
    for text in check.wrong:
        print(text)
    print(f"{check.count} numbers recomputed, {len(check.wrong)} differ")
    sys.exit(bool(check.wrong))


if __name__ == "__main__":
    main()

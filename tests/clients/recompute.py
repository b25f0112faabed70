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


def rank(offer, ranks):
    if offer["credit"] >= 10_000:
        return offer["price"]
    raised = ceil(offer["price"] * 10_000, offer["credit"])
    return ranks["from"] + ranks["step"] * ceil(raised - ranks["from"], ranks["step"])


def reserve(clearing, offer, at, award):
    """What of an offer at this rank is bought as reserve."""
    margin, before = clearing["reserve"], offer["before"]
    if margin["awarded"] == 0 or at < clearing["marginal_price"] or at > margin["price"]:
        return 0
    if at < margin["price"]:
        return offer["watts"] - award
    if at == clearing["marginal_price"]:
        before -= before * clearing["residual"] // clearing["marginal_total"]
    share = lambda upto: upto * margin["residual"] // margin["total"]
    return share(before + offer["watts"] - award) - share(before)


def awards(given, check):
    """Award and reserve of each offer."""
    clearing, found = given["clearing"], []
    for number, offer in enumerate(given["steps"]["offers"]):
        at, watts, before = rank(offer, clearing["ranks"]), offer["watts"], offer["before"]
        check.same(f"rank of offer {number}", offer["rank"], at)
        residual, total = clearing["residual"], clearing["marginal_total"]
        if at < clearing["marginal_price"]:
            award = watts
        elif at > clearing["marginal_price"]:
            award = 0
        else:
            award = (before + watts) * residual // total - before * residual // total
        kept = reserve(clearing, offer, at, award)
        check.same(f"award and reserve of offer {number}", (offer["award"], offer["reserve"]), (award, kept))
        found.append((award, kept))
    told = given["steps"]["award"], given["steps"]["reserve"]
    check.same("award and reserve", told, tuple(sum(part) for part in zip(*found)))
    return found


def is_called(given, number):
    """Whether the reserve is called in an interval."""
    first = given["details"]["reserve_from"]
    return first is not None and first <= number


def interval(given, number, found, check):
    """Paid energy and punished energy of an interval; None without a record."""
    details, rule, record = given["details"], given["rules"]["deviation"], given["record"]
    steps = given["steps"]["intervals"][number]
    need, peak = details["needs"][number], max(details["needs"])
    power = sum(award + kept * is_called(given, number) for award, kept in found)
    quota_w = min(power, ceil(power * need, peak))
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


def price(given, offer, margin):
    """What a watt of an offer is paid at a margin."""
    rules = given["rules"]
    if rules["pricing"] != "uniform":
        return offer["price"]
    return max(offer["price"], min(rules["price_cap"], margin * offer["credit"] // 10_000))


def part(given, found, energies, performance, called):
    """Claim and penalty due for the intervals in which the reserve was called, or for the others."""
    clearing, value, power = given["clearing"], 0, 0
    for offer, (award, kept) in zip(given["steps"]["offers"], found):
        value += award * price(given, offer, clearing["marginal_price"])
        value += kept * price(given, offer, clearing["reserve"]["price"]) if called else 0
        power += award + kept if called else award
    counted = [energy for number, energy in enumerate(energies) if is_called(given, number) == called]
    divisor = power * 3_600_000_000 * 10_000
    if not power:
        return value, 0, 0
    claim = sum(paid for paid, _ in counted) * value * performance // divisor
    return value, claim, ceil(sum(punished for _, punished in counted) * value, divisor)


def pay(given, found, energies, k_index, check):
    steps, rules = given["steps"]["pay"], given["rules"]
    if steps is None:
        return
    performance = 10_000
    if rules["performance_max"]:
        performance = 0 if k_index is None else min(k_index, rules["performance_max"])
    check.same("performance", steps["performance"], performance)
    claim = due = 0
    for name, called in (("before_call", False), ("since_call", True)):
        ours = part(given, found, energies, performance, called)
        check.same(name, tuple(steps[name][key] for key in ("value", "claim", "penalty")), ours)
        claim, due = claim + ours[1], due + ours[2]
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
    energies = [interval(given, number, found, check) for number in numbers]
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

"""Least costs of emergency selections, by an exact solver, which the Rust code's are compared with.

    python oracle.py            writes expected.csv
    python oracle.py --check    fails where it differs from what the solver finds now
"""

import csv
import pathlib
import sys

import numpy
from scipy.optimize import linprog

EXPECTED = pathlib.Path(__file__).parent / "expected.csv"
# Seed, offers, target as a share of all expected watts in per cent.
SETS = [(1, 200, 10), (2, 200, 50), (3, 200, 90), (4, 2_000, 25), (5, 20_000, 50), (6, 100_000, 10), (7, 100_000, 75)]
# Costs are compared as parts of a million: the solver computes with floats.
TOLERANCE = 1e-6


def offers(seed, count):
    """Watts, prices (micro-yuan per kWh) and reliabilities (basis points) as the Rust code draws them."""
    state, drawn = seed, []
    for _ in range(3 * count):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        drawn.append(state >> 33)
    watts = numpy.array([1_000 + draw % 99_000 for draw in drawn[0::3]])
    prices = numpy.array([200_000 + draw % 3_000_000 for draw in drawn[1::3]])
    return watts, prices, numpy.array([3_000 + draw % 7_001 for draw in drawn[2::3]])


def least(seed, count, percent):
    """Target in watts, and the least cost of an expected delivery of it, in watts x micro-yuan per kWh."""
    watts, prices, reliability = offers(seed, count)
    expected = watts * reliability // 10_000
    target = int(expected.sum()) * percent // 100
    # Scaled to sizes that the solver likes; each offer may be called in part.
    found = linprog(watts * prices / 1e9, A_ub=[-expected / 1e3], b_ub=[-target / 1e3], bounds=(0, 1), method="highs")
    if not found.success:
        raise SystemExit(f"set {seed}: {found.message}")
    return target, found.fun * 1e9


def main():
    rows = [(seed, count, percent, *least(seed, count, percent)) for seed, count, percent in SETS]
    if "--check" not in sys.argv:
        with EXPECTED.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["seed", "offers", "percent", "target_w", "least_cost"])
            writer.writerows((*row[:4], round(row[4])) for row in rows)
        return
    with EXPECTED.open() as file:
        kept = [tuple(int(cell) for cell in row) for row in list(csv.reader(file))[1:]]
    wrong = [
        row for row, known in zip(rows, kept, strict=True) if row[:4] != known[:4] or abs(row[4] / known[4] - 1) > TOLERANCE
    ]
    if wrong:
        raise SystemExit(f"the solver finds something else: {wrong}")
    print(f"{len(rows)} selections agree")


main()

#!/usr/bin/env python3
"""Baselines of other days by pandas, as an independent check of `loadstone_market::baseline::of_days`.

    pip install -r requirements.txt
    oracle.py            writes expected.csv from loads.csv
    oracle.py --check    fails when expected.csv says something else

Nothing here knows the Rust code: rules are written down once more, from their public descriptions, on a table of days
and hours. Whole watts; means round down.
"""

import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
WINDOW = range(16, 20)
HOLIDAYS = pd.to_datetime(["2021-01-01", "2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31"])
# Days on which the resource took part in other events.
EVENTS = pd.to_datetime(["2021-03-10", "2021-03-17", "2021-04-20"])
LOOK_BACK = 45

# name: (newest days that count, kept, which, share below which a day is dropped, adjustment)
METHODS = {
    "pjm_high_4_of_5": (5, 4, "highest", 0.25, ("additive", 1.0)),
    "caiso_10_of_10": (10, 10, "highest", 0, ("ratio", 0.8, 1.2)),
    "caiso_residential_5_of_10": (10, 5, "highest", 0, ("ratio", 0.6, 1.4)),
    "nyiso_high_5_of_10": (10, 5, "highest", 0, None),
    "ercot_middle_8_of_10": (10, 8, "middle", 0, None),
}


def table():
    """Watts by day and hour; a missing hour is NaN."""
    loads = pd.read_csv(HERE / "loads.csv", comment="#")
    at = pd.to_datetime(loads["hour"], unit="h", origin="unix")
    return loads.assign(day=at.dt.normalize(), clock=at.dt.hour).pivot(index="day", columns="clock", values="watts")


def is_working(days):
    return (days.dayofweek < 5) & ~days.isin(HOLIDAYS)


def counting(days, event, count, share):
    """The newest days that are like the event's, without those of little load."""
    index = days.index
    near = (index < event) & (index >= event - pd.Timedelta(days=LOOK_BACK))
    alike = is_working(index) == is_working(pd.DatetimeIndex([event]))[0]
    window = days.loc[near & alike & ~index.isin(EVENTS), list(WINDOW)].dropna().sum(axis=1).iloc[::-1]
    while True:
        newest = window.head(count)
        low = newest[newest < share * newest.mean()]
        if low.empty:
            return newest
        window = window.drop(low.index)


def kept(sums, keep, which):
    # Stable from the newest on, so that of equal days the newer one ranks higher.
    ranked = sums.sort_values(ascending=False, kind="stable")
    above = {"highest": 0, "middle": (len(ranked) - keep) // 2}[which]
    return ranked.index[above : above + keep]


def baseline(days, event, method):
    count, keep, which, share, adjustment = METHODS[method]
    sums = counting(days, event, count, share)
    if len(sums) < count:
        return [None] * len(WINDOW)
    chosen = days.loc[kept(sums, keep, which)]
    plain = [int(chosen[hour].sum() // keep) for hour in WINDOW]
    if adjustment is None:
        return plain
    # The three hours that end one hour before the event.
    hours = [hour for hour in range(WINDOW[0] - 4, WINDOW[0] - 1) if pd.notna(days.at[event, hour]) and chosen[hour].notna().any()]
    if not hours:
        return plain
    actual = int(sum(days.at[event, hour] for hour in hours))
    other = int(sum(chosen[hour].sum() // chosen[hour].count() for hour in hours))
    if adjustment[0] == "additive":
        most = int(adjustment[1] * abs(other)) // len(hours)
        by = max(-most, min(most, (actual - other) // len(hours)))
        return [load + by for load in plain]
    if other <= 0:
        return plain
    _, least, most = adjustment
    factor = max(int(least * 10_000), min(int(most * 10_000), actual * 10_000 // other))
    return [load * factor // 10_000 for load in plain]


def expected():
    days = table()
    lines = ["method,event_day," + ",".join(f"h{hour}" for hour in WINDOW)]
    for method in METHODS:
        for event in pd.date_range("2021-02-20", "2021-05-30", freq="5D"):
            found = baseline(days, event, method)
            cells = ["" if load is None else str(load) for load in found]
            lines.append(f"{method},{(event - pd.Timestamp('1970-01-01')).days}," + ",".join(cells))
    return "\n".join(lines) + "\n"


def main():
    file, text = HERE / "expected.csv", expected()
    if sys.argv[1:] == ["--check"]:
        if file.read_text() != text:
            sys.exit("expected.csv differs from what pandas computes: run oracle.py and look at the difference")
        print(f"{len(text.splitlines()) - 1} baselines agree with expected.csv")
    else:
        file.write_text(text)


if __name__ == "__main__":
    main()

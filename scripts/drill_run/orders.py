"""Orders while something is wrong: a series in the background, and when each load node had verified them."""

import itertools
import time

from bench_run import samples
from bench_run.clients import order_bench
from bench_run.drive import must_have_ended_well, started
from demo_run.figures import events_of, quantile
from demo_run.loads import AREA
from demo_run.processes import Failed, wait_until

SERIES = itertools.count(1)
GAP_MS = (700, 1_300)
# So long that an order which comes late is counted as late, and not refused.
VALID_S = 60
AFTER_S = 3


class Series:
    """Orders at the first validator, about one a second unless told."""

    def __init__(self, drill, count, account=None, gap_ms=GAP_MS):
        """By this grid company, which does nothing else meanwhile; the first one unless named."""
        self.drill, self.count, self.gap_ms = drill, count, gap_ms
        command = order_bench(
            drill.validators[0].url, "orders", "--suri", f"//{account or drill.grid_company}", "--area", AREA,
            "--target", drill.clients.target_w(), "--count", count, "--seconds", VALID_S,
            "--gap-from-ms", gap_ms[0], "--gap-to-ms", gap_ms[1],
        )  # fmt: skip
        self.program = started(drill, f"orders-{next(SERIES)}", command)

    def finish(self, patience_s=60):
        """Waits until every order is final at the node and had its time to reach the load nodes; answers with delays in
        milliseconds from submission until each load node had verified it by its own light client."""
        patience_s += self.count * self.gap_ms[1] / 1000
        wait_until("all orders are final", lambda: not self.program.is_running(), patience_s, pause_s=0.2)
        must_have_ended_well(self.program)
        time.sleep(AFTER_S)
        orders = samples.orders_in(self.program.log)
        if len(orders) != self.count:
            raise Failed(f"of {self.count} orders {len(orders)} became final")
        logs = [events_of(load.events_file) for load in self.drill.clients.loads]
        verified = [[event for event in log if event.get("kind") == "order_verified"] for log in logs]
        delays, missed = samples.delays(orders, verified, "verified_at_ms")
        if missed:
            raise Failed(f"load nodes missed {missed} of {self.count} orders")
        return delays


def must_be_quick(delays, limit_ms, seen, name="order_to_load_nodes_ms"):
    """Keeps median and slowest, and fails above the limit."""
    seen[name] = {"median": quantile(delays, 0.5), "slowest": max(delays), "count": len(delays)}
    if max(delays) > limit_ms:
        raise Failed(f"an order took {max(delays)} ms to a load node, more than {limit_ms}")

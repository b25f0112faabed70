"""Light clients: real load nodes, enrolled in bulk and started in groups."""

import json
import time

from demo_run.loads import AREA, LoadNode
from demo_run.network import TARGET, run
from demo_run.processes import Failed, wait_until

ORDER_BENCH = TARGET / "order-bench"
# So few that a series, each order of which refers to the load under the one before, does not bring the load down; of
# one watt none would be expected.
OFFER_W = 2
# More at once only take each other's time.
GROUP = 25
# Entries count from the next availability epoch on; two of its length, and a block or two.
EPOCHS_S = 4.5
GATEWAYS = 4
# Memory that must be free before more are started.
SPARE_MIB = 2_048


def order_bench(url, *words):
    return [str(word) for word in (ORDER_BENCH, "--url", url, *words)]


class Clients:
    """All light clients of a cell."""

    kind = LoadNode

    def __init__(self, stand, count, readings_per_unit=LoadNode.readings_per_unit):
        self.stand = stand
        self.loads = [self.kind(position, stand.aggregators[position % 2], stand.home) for position in range(count)]
        for load in self.loads:
            load.readings_per_unit = readings_per_unit

    def enrol(self):
        """Registers all devices and declares what they offer; the entries count from `ready_at` on."""
        path = self.stand.home / "devices.jsonl"
        path.write_text("".join(json.dumps(wanted(load)) + "\n" for load in self.loads))
        owners = [word for owner in self.stand.aggregators for word in ("--owner", f"//{owner}")]
        lines = run(order_bench(self.stand.validators[0].url, "enrol", *owners, path)).splitlines()
        for load, enrolled in zip(self.loads, map(json.loads, lines), strict=True):
            load.resource = enrolled["resource"]
        self.ready_at = time.monotonic() + EPOCHS_S

    def start(self):
        """Starts all, group by group, and waits until each has verified an anchor of the chain by itself."""
        gateways = [node.gateway_url for node in self.stand.alive()][:GATEWAYS]
        origin_ms = int(time.time() * 1000)
        for first in range(0, len(self.loads), GROUP):
            if memory_left_mib() < SPARE_MIB:
                raise Failed(f"the memory is full with {first} light clients")
            group = self.loads[first : first + GROUP]
            for load in group:
                turn = load.position % len(gateways)
                load.configure(self.stand, origin_ms, gateways[turn:] + gateways[:turn])
                load.program.env["RUST_LOG"] = "warn"
                self.stand.others.append(load.program.start())
            self.follow(group)
        time.sleep(max(0, self.ready_at - time.monotonic()))

    def follow(self, group):
        """Waits until each of the group has a unit proven anchored."""
        waiting = list(group)

        def all_follow():
            waiting[:] = [load for load in waiting if not load.events("anchored")]
            return not waiting

        wait_until("the light clients follow the chain", all_follow, 90, self.stand.programs(), 0.5)

    def programs(self):
        return [load.program for load in self.loads]

    def target_w(self):
        return OFFER_W * len(self.loads)

    def memory_kib(self):
        """Resident memory of each running client."""
        return [resident_kib(load.program.process.pid) for load in self.loads if load.program.is_running()]


def wanted(load):
    return {
        "key": load.public_key, "area": AREA, "down": load.capacity_w, "load_max": load.load_max_w,
        "watts": OFFER_W, "price": 1_500_000, "response_ms": 2_000,
    }  # fmt: skip


def memory_left_mib():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:")) // 1024


def resident_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))

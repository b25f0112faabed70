"""The run itself: a network comes up, loads write, orders go out, an event is settled and audited."""

import json
import time

from . import loads as load_nodes
from .cli import Cli
from .loads import AREA, DRAIN_S, LoadNode
from .money import snapshot
from .network import Network
from .processes import SIGNALLED, Failed, stop_all, wait_until

PROGRAMME = """\
name = "Intraday peak cut"
product = "intraday"
areas = []
from = 0
until = 0
intervals_max = 96
price_floor = 0
price_cap = 3_000_000
price_tick = 50_000
bid_min = 1_000
pricing = "uniform"
credit_min = 0
credit_rank_floor = 0
reserve = 0
performance_max = 0
settlement_interval_ms = 10_000
reveal_ms = 2_000
grace_ms = 4_000
dispute_ms = 3_000
hearing_ms = 3_000
dispute_bond = 1_000_000
pot = 0

[baseline.meter_before]
readings = 10

[score]
own_weight = 7_000
response_standard_ms = 10_000
rate_standard = 1_000
precision_standard = 2_500
credit_weight = 3_000
default_below = 2_000
bar_after = 3
bar_days = 30
valid_from = 9_500
doubtful_from = 5_000
doubtful_weight = 5_000

[deviation]
full_until = 11_000
over_share = 5_000
over_until = 100_000
void_beyond = 0
shortfall_from = 9_000
penalty_below = 9_000
penalty_factor = 11_000
deep_below = 0
deep_factor = 11_000

[split]
floor = 100_000
share = 2_000
"""
NEEDS_SHARE = (0.6, 1.0, 1.0, 0.5)
SMALL_W = 50
RECOVERY_S = 14
# Any registered account may be a customer; this one is, and has no other part in the event.
CUSTOMER = "Auditor"
KILLED_VALIDATOR = "AggregatorSouth"
KILLED_LOADS = (3, 8)


class Story:
    """One demo run. `say` is called with each step as it begins."""

    def __init__(self, home, say, nodes, orders, faults):
        self.home, self.say, self.orders = home, say, orders
        self.with_faults = faults
        self.began = time.monotonic()
        self.timeline, self.faults = [], []
        self.network = Network(home)
        owners = ("AggregatorNorth", "AggregatorSouth")
        self.loads = [LoadNode(position, owners[position % 2], home) for position in range(nodes)]
        self.issued = []

    def mark(self, what):
        self.timeline.append({"what": what, "at_s": time.monotonic() - self.began, "at_ms": int(time.time() * 1000)})
        self.say(what)

    def cli(self, account=None):
        # Aggregators use a node that no fault hits, like everyone here.
        return Cli(self.network.validators[0].url, account, self.home)

    def programs(self):
        return [load.program for load in self.loads if load.program] + self.network.programs()

    def start_network(self):
        self.network.start()
        self.mark("four validators finalise blocks")
        self.accounts = {
            name: self.cli(name).one("key", "inspect")["public"]
            for name in ("ProvincialGrid", "CityGrid", "AggregatorNorth", "AggregatorSouth", CUSTOMER)
        }

    def register_loads(self):
        for load in self.loads:
            # The first makes the area; for others an area without resources would be a mistake.
            new_area = ["--new-area"] if load is self.loads[0] else []
            answer = self.cli(load.owner).one(
                "resource", "register", "--area", AREA, "--device-key", load.public_key, "--down", load.capacity_w,
                "--load-min", 0, "--load-max", load.load_max_w, *new_area,
            )  # fmt: skip
            load.resource = answer["resource"]
        shared = self.loads[0]
        self.cli(shared.owner).one("resource", "customer", shared.resource, self.accounts[CUSTOMER])
        self.mark(f"{len(self.loads)} resources registered with their devices, one of them with a customer")

    def start_loads(self):
        gateways = [validator.gateway_url for validator in self.network.validators]
        origin_ms = int(time.time() * 1000)
        for load in self.loads:
            turn = load.position % len(gateways)
            load.configure(self.network, origin_ms, gateways[turn:] + gateways[:turn])
            load.program.start()
        wait_until(
            "every load node has a unit proven anchored by its own light client",
            lambda: all(load.events("anchored") for load in self.loads),
            60,
            self.programs(),
            0.5,
        )
        self.mark("every load node has verified an anchor that holds its readings")

    def declare_availability(self):
        for load in self.loads:
            self.cli(load.owner).one(
                "availability", "declare", load.resource, "--direction", "down", "--watts", SMALL_W,
                "--price", f"{1 + 0.1 * load.position:.2f}", "--response-ms", 2_000,
            )  # fmt: skip
        self.mark("standing availability declared")

    def small_orders(self):
        """A series of small orders, each superseding the last: the sample for the order's way to the actuator.

        Each refers to the load that was anchored before it, so the series adds up; hence so few watts.
        """
        target = SMALL_W * len(self.loads)
        # The declared entries count from the next availability epoch on.
        time.sleep(4.5)
        self.issued = self.cli("ProvincialGrid").lines(
            "emergency", "--area", AREA, "--direction", "down", "--target", target, "--seconds", 8,
            "--reason", "demo series", "--repeat", self.orders, "--pause-ms", 350,
        )  # fmt: skip
        self.cli("ProvincialGrid").one("release", "--area", AREA, "--direction", "down", "--reason", "series ends")
        self.mark(f"{len(self.issued)} small orders issued and verified by every node")
        # The baseline is meter-before: let the loads return to normal first.
        time.sleep(RECOVERY_S)

    def open_event(self):
        programme = self.home / "programme.toml"
        programme.write_text(PROGRAMME)
        self.cli("ProvincialGrid").one("programme", "publish", 1, programme)
        self.before = snapshot(self.network.validators[0].rpc, self.accounts)
        peak = int(sum(load.capacity_w for load in self.loads) * 0.6)
        needs = ",".join(str(int(peak * share)) for share in NEEDS_SHARE)
        opened = self.cli("ProvincialGrid").one(
            "event", "open", "--programme", 1, "--area", AREA, "--direction", "down", "--needs", needs,
            "--start-in", 20, "--gate-in", 8, "--budget", 50,
        )  # fmt: skip
        self.event = opened["event"]
        self.mark(f"event {self.event} opened")

    def declare_bids(self):
        bids = []
        for owner in ("AggregatorNorth", "AggregatorSouth"):
            offers = []
            for load in self.loads:
                if load.owner == owner:
                    low, high = int(load.capacity_w * 0.5), int(load.capacity_w * 0.4)
                    price = 1.0 + 0.1 * load.position
                    offers += ["--offer", f"{load.resource}={price:.2f}:{low},{price + 0.5:.2f}:{high}"]
            bids.append(self.cli(owner).start("declare", self.event, *offers))
        for bid in bids:
            Cli.finish(bid)
        self.mark("sealed bids committed, then revealed after gate closure")

    def clear_and_dispatch(self):
        self.cleared = self.cli("ProvincialGrid").one("close", self.event, "--wait", 15)
        self.mark(f"cleared at {self.cleared['marginal_price'] / 1e6:.2f} CNY/kWh")
        self.dispatched = self.cli("ProvincialGrid").one("dispatch", self.event)
        self.mark("one order dispatched for all nodes")

    def status(self):
        return self.cli().one("status", self.event)

    def run_window(self):
        state = self.status()
        details, self.escrow_before = state["details"], state["escrow"]
        self.window = {
            "start_ms": details["start"],
            "end_ms": details["start"] + details["interval_ms"] * len(details["needs"]),
            "interval_ms": details["interval_ms"],
        }
        self.sleep_until(self.window["start_ms"] + 12_000)
        self.mark("the event runs")
        if self.with_faults:
            self.inject_faults()
        self.sleep_until(self.window["end_ms"])
        self.mark("the event window ends")

    def inject_faults(self):
        validator = self.network.by_name(KILLED_VALIDATOR)
        victims = [self.loads[position] for position in KILLED_LOADS if position < len(self.loads)]
        for program in [validator.program, *(load.program for load in victims)]:
            program.kill()
            self.faults.append(f"kill -9 of {program.name}")
        self.mark(f"kill -9: {KILLED_VALIDATOR} and {', '.join(load.name for load in victims)}")
        time.sleep(4)
        for program in [validator.program, *(load.program for load in victims)]:
            program.start()
        self.mark("the killed programs run again")

    def settle(self):
        def settled():
            state = self.status()
            return state if state["details"]["phase"] == "settled" else None

        self.settled = wait_until("the event is recorded, scored and settled", settled, 60, self.programs(), 0.5)
        self.after = snapshot(self.network.validators[0].rpc, self.accounts)
        self.mark("settled")

    def stop_loads(self):
        for load in self.loads:
            load.program.process.terminate()
        wait_until(
            "the load nodes drain and stop",
            lambda: not any(load.program.is_running() for load in self.loads),
            DRAIN_S + 10,
            self.network.programs(),
        )
        self.mark("load nodes have drained: every reading is proven anchored")

    def audit(self):
        self.audited = self.cli().one("audit", self.event, allowed=(0, 3))
        load = self.loads[0]
        bundle = self.home / "reading.bundle"
        proof = self.cli().one("proof", f"{load.resource}/1", "--out", bundle)
        self.verified = self.cli().one("verify", bundle, "--genesis", proof["genesis"])
        self.mark("audited from raw units; an evidence bundle verified offline")

    def sleep_until(self, moment_ms):
        while (left := moment_ms / 1000 - time.time()) > 0:
            for program in self.programs():
                program.check()
            time.sleep(min(left, 0.5))

    def run(self):
        self.start_network()
        self.register_loads()
        self.start_loads()
        self.declare_availability()
        self.small_orders()
        self.open_event()
        self.declare_bids()
        self.clear_and_dispatch()
        self.run_window()
        self.settle()

    def stop(self, complain=True):
        """Ends every program that still runs: the loads first, since they hand in their last readings to the validators.

        In a run that failed anyway the loads get little time, and what had to be killed is no news.
        """
        loads = [load.program for load in self.loads if load.program]
        late = stop_all(loads, DRAIN_S + 10 if complain else 5)
        late += stop_all(self.network.programs(), 20)
        if late and complain and not SIGNALLED.hurried:
            names = ", ".join(f"{program.name} (log {program.log})" for program in late)
            raise Failed(f"did not stop in time after SIGTERM and had to be killed: {names}")


def replay_facts():
    return {
        "source": load_nodes.SOURCE,
        "speed": load_nodes.SPEED,
        "scale": load_nodes.SCALE,
        "noise_bp": load_nodes.NOISE_BP,
    }


def dump(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")

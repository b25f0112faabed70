"""`scripts/bench soak`: orders and half full blocks for long, while validators and load nodes are killed and return."""

import random
import time

from demo_run import rpc
from demo_run.figures import events_of
from demo_run.folder import Folder
from demo_run.processes import Failed

from . import drive, samples
from .cells import Cell
from .clients import Clients, resident_kib
from .finality import say
from .samples import figure
from .stand import Stand

CLIENTS = 6
LOAD = 0.5
# Between two kills, and until what was killed is started again, in seconds.
BETWEEN_S = (15, 45)
DOWN_S = (3, 20)
WATCH_S = 5
# An order that a running load node has not verified after so long, itself or a later one, is missed.
MISSED_AFTER_MS = 30_000
# A load node that comes back has to find peers and to catch up first.
BACK_AFTER_MS = 20_000


class Soak:
    """A network under faults. The first validator takes the orders and is never killed, nor is the first load node:
    their memory shows what grows."""

    def __init__(self, folder, options):
        self.random = random.Random(options.seed)
        self.seconds = options.minutes * 60
        mean_s = sum(Cell().gaps_ms) / 2000
        self.cell = Cell(load=LOAD, light_clients=CLIENTS, orders=max(1, int(self.seconds / mean_s))).check()
        self.stand = Stand(folder.path, self.cell)
        self.down = []
        self.kills = {"validator": 0, "light_client": 0}
        self.forks, self.compared = [], 0
        self.memory = []
        # Of each load node, [from, to] of the times in which it has to verify orders; `to` is open while it runs.
        self.duties = {}

    def run(self):
        self.stand.start()
        self.clients = Clients(self.stand, CLIENTS)
        self.clients.enrol()
        self.clients.start()
        self.load = drive.start_load(self.stand, LOAD, self.stand.validators[:1])
        self.orders = drive.start_orders(self.stand, self.clients, self.cell)
        self.began = time.monotonic()
        self.duties = {load.name: [[now_ms(), None]] for load in self.clients.loads}
        say(f"{self.cell.orders} orders, and kills for {self.seconds / 60:g} minutes")
        next_kill = next_watch = self.began + 10
        while self.orders.is_running():
            now = time.monotonic()
            self.raise_due(now)
            if now >= next_kill and now < self.began + self.seconds:
                self.kill_one(now)
                next_kill = now + self.random.uniform(*BETWEEN_S)
            if now >= next_watch:
                self.watch(now)
                next_watch = now + WATCH_S
            if now > self.began + self.seconds * 1.5 + 300:
                raise Failed("the orders take much longer than they should")
            time.sleep(0.2)
        drive.must_have_ended_well(self.orders)
        self.raise_due(float("inf"))
        # What came back last has its time to catch up before the finalised chains are compared once more.
        time.sleep(15)
        self.watch(time.monotonic())

    def kill_one(self, now):
        """A validator, as long as no more than a third may be away, or a load node."""
        validators_down = sum(name in self.validators() for _, name, _ in self.down)
        away = {name for _, name, _ in self.down}
        choices = [node.organisation for node in self.stand.validators[1:]] if not validators_down else []
        choices += [load.name for load in self.clients.loads[1:]]
        choices = [name for name in choices if name not in away]
        if not choices:
            return
        # As often the one as the other kind.
        kinds = [[name for name in choices if (name in self.validators()) == kind] for kind in (True, False)]
        name = self.random.choice(self.random.choice([names for names in kinds if names]))
        program = self.validators().get(name) or self.loads()[name]
        program.kill()
        if name in self.duties:
            self.duties[name][-1][1] = now_ms()
        self.kills["validator" if name in self.validators() else "light_client"] += 1
        self.down.append((now + self.random.uniform(*DOWN_S), name, program))

    def validators(self):
        return {node.organisation: node.program for node in self.stand.validators}

    def loads(self):
        return {load.name: load.program for load in self.clients.loads}

    def raise_due(self, now):
        """Starts what has been away long enough."""
        for due in [each for each in self.down if each[0] <= now]:
            _, name, program = due
            program.start()
            self.down.remove(due)
            if name in self.duties:
                self.duties[name].append([now_ms() + BACK_AFTER_MS, None])

    def watch(self, now):
        """Nothing stops by itself, and all validators have finalised the same chain."""
        away = {name for _, name, _ in self.down}
        for name, program in {**self.validators(), **self.loads(), "load": self.load}.items():
            if name not in away:
                program.check()
        spared = (self.stand.validators[0].program, self.clients.loads[0].program)
        rss = [resident_kib(program.process.pid) for program in spared]
        self.memory.append((now - self.began, *rss))
        running = [node for node in self.stand.validators if node.organisation not in away]
        heights = {node.rpc: rpc.finalised_number(node.rpc) for node in running}
        known = {address: height for address, height in heights.items() if height is not None}
        if len(known) > 1:
            height = min(known.values())
            hashes = {address: rpc.call(address, "chain_getBlockHash", height) for address in known}
            self.compared += 1
            if len({each for each in hashes.values() if each}) > 1:
                self.forks.append((height, hashes))

    def had_to_verify(self, load, at_ms):
        """Whether the load node ran all the time that it had for an order of this moment."""
        times = self.duties[load.name]
        return any(begin <= at_ms and (end is None or at_ms + MISSED_AFTER_MS < end) for begin, end in times)

    def delays(self, sent):
        """Delays of all orders at all load nodes that had to verify them, and how many these missed."""
        found, missed = [], 0
        for load in self.clients.loads:
            verified = [event for event in events_of(load.events_file) if event.get("kind") == "order_verified"]
            known = samples.first_moments(verified, "verified_at_ms")
            for order in sent:
                at_ms = order["submitted_at_ms"]
                if self.had_to_verify(load, at_ms):
                    moment = samples.moment_of(known, order["sequence"])
                    late = moment is None or moment - at_ms > MISSED_AFTER_MS
                    missed += late
                    found += [] if late else [moment - at_ms]
        return found, missed

    def figures(self):
        params = {**self.cell.params(), "minutes": self.seconds / 60}
        sent = samples.orders_in(self.orders.log)
        delays, missed = self.delays(sent)
        yield figure("orders_sent", len(sent), "", params, "soak")
        yield figure("orders_due_at_light_clients", len(delays) + missed, "", params, "soak")
        yield figure("orders_missed", missed, "", params, "soak")
        yield figure("forks", len(self.forks), "", {**params, "comparisons": self.compared}, "soak")
        for kind, count in self.kills.items():
            yield figure("kills", count, "", {**params, "role": kind}, "soak")
        yield from samples.spread("order_to_verified_ms", delays, "ms", params, "soak")
        filled = samples.blocks(events_of(self.load.log), 0, 1 << 62)
        yield figure("block_share", filled["share"], "", params, "soak")
        yield figure("transactions_per_s", filled["per_s"], "1/s", params, "soak")
        yield figure("transactions_lost", filled["lost"], "", params, "soak")
        yield from self.memory_figures(params)
        if missed or self.forks:
            raise Failed(f"{missed} orders were missed by running load nodes; forks: {self.forks[:3]}")

    def memory_figures(self, params):
        """Mean resident memory of what was never killed, in the first, second and last quarter of the run. Caches fill
        and databases come to their steady size in the first; from the second to the last nothing should grow."""
        end = self.memory[-1][0]
        quarters = {
            f"memory_{name}_mib": [sample for sample in self.memory if number <= sample[0] / end * 4 <= number + 1]
            for number, name in ((0, "first"), (1, "second"), (3, "last"))
        }
        for place, role in ((1, "validator"), (2, "light_client")):
            for name, quarter in quarters.items():
                values = [sample[place] for sample in quarter] or [0]
                yield figure(name, sum(values) / len(values) / 1024, "MiB", {**params, "role": role}, "soak")


def now_ms():
    return int(time.time() * 1000)


def figures(options):
    soak = Soak(Folder(options.out / "soak-run"), options)
    try:
        soak.run()
        yield from soak.figures()
    finally:
        soak.stand.close()

"""The drill's network: validators with links that can be cut and slowed, spare places, and a few load nodes."""

import dataclasses
import pathlib

from bench_run.cells import Cell
from bench_run.clients import Clients
from bench_run.stand import Member, Stand, must_run
from demo_run import rpc
from demo_run.network import NODE, run
from demo_run.processes import Failed, wait_until

RTT_MS = 2
LOADS = 3
# Linux lets a connection that was cut wait twice as long before each next attempt, up to two minutes: after a cut of
# half a minute a validator is gone for another half. Kernels from 6.15 on can be told to wait no longer than this.
RTO_MAX_MS = 2_000
RTO_MAX = "net.ipv4.tcp_rto_max_ms"
# How far finalised heads may be apart where all is well: they move while they are asked for.
APART = 5


class Newcomer(Member):
    """A validator that the network's description does not know: it makes its keys when it comes."""

    def make_keys(self, spec):
        run([NODE, "validator-keys", "--base-path", self.base, "--id", spec["id"]])


class Drill(Stand):
    """Validators, load nodes, and places where other validators may come up."""

    def __init__(self, home, validators, rto_max_ms=RTO_MAX_MS):
        super().__init__(home, Cell(validators=validators, rtt_ms=RTT_MS, load=0.0, light_clients=LOADS), relays=0)
        self.rto_max_ms = rto_max_ms

    def start(self):
        names = [f"Validator{number:02}" for number in range(1, self.cell.validators + 1)]
        places = self.sites.places(len(names) + self.spare_count())
        if pathlib.Path("/proc/sys", *RTO_MAX.split(".")).exists():
            for place in places:
                run([*place.prefix, "sysctl", "-qw", f"{RTO_MAX}={self.rto_max_ms}"])
        options = ("--preset", self.cell.preset)
        places = [dataclasses.replace(place, options=(*place.options, *options)) for place in places]
        self.spares = places[len(names) :]
        self.known = self.found(names, places)
        for name, place in zip(names, places):
            self.validators.append(Member(name, self.home, self.spec, place, self.known))
        for program in self.programs():
            program.start()
        patience_s = 60 + 5 * len(names)
        wait_until("the chain finalises blocks", lambda: (self.height() or 0) >= 1, patience_s, self.programs())
        self.clients = Clients(self, LOADS)
        self.clients.enrol()
        self.clients.start()

    def newcomer(self, name, kind=Newcomer):
        """A node at a spare place, not started yet. Its RPC lets the drill make keys there."""
        place = self.spares.pop(0)
        options = ["unsafe" if word == "safe" else word for word in place.options]
        node = kind(name, self.home, self.spec, dataclasses.replace(place, options=tuple(options)), self.known)
        self.others.append(node.program)
        return node

    def up(self):
        """Validators whose programs run."""
        return [node for node in self.validators if node.program.is_running()]

    def spare_count(self):
        """As many as have to be gone for finality to stop."""
        return self.cell.validators - self.needed() + 1

    def needed(self):
        """Fewest votes that finalise."""
        return self.cell.validators - (self.cell.validators - 1) // 3

    def must_run(self):
        must_run([node.program for node in self.up()] + self.clients.programs())

    def agree(self, nodes):
        """Whether these nodes have finalised the same chain, and are at its end. Two finalised chains fail the drill."""
        heights = [rpc.finalised_number(node.rpc) for node in nodes]
        if None in heights:
            return False
        hashes = {rpc.call(node.rpc, "chain_getBlockHash", min(heights)) for node in nodes}
        if None in hashes:
            return False
        if len(hashes) > 1:
            raise Failed(f"two blocks are final at height {min(heights)}: {sorted(hashes)}")
        return max(heights) - min(heights) <= APART

    def wait_agree(self, nodes, patience_s):
        names = ", ".join(node.organisation for node in nodes)
        wait_until(f"{names} have finalised the same chain", lambda: self.agree(nodes), patience_s, pause_s=0.25)

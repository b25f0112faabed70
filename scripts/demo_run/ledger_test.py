"""The ledger under faults: members are killed, one third is cut off for a minute, and nothing that was acknowledged is lost.

The verdict comes from the archive that an auditor stores from each validator, read by a Parquet
implementation that knows nothing of this code.
"""

import argparse
import collections
import time

from . import __main__ as demo
from . import rpc
from .cli import Cli
from .network import Network
from .__main__ import TOP
from .network_test import read_archive
from .processes import Failed, tell_verdict, wait_until
from .sites import Emulated, Namespaces
from .story import Story

LOADS = 6
CUT_S = 60


class LedgerStory(Story):
    """Loads write without an event; faults come one after another."""

    def __init__(self, home, say, sites):
        super().__init__(home, say, LOADS, 0, True)
        self.network = Network(home, sites)

    def write_under_faults(self):
        self.start_network()
        self.register_loads()
        self.start_loads()
        time.sleep(10)
        self.inject_faults()
        # The one that was killed is up again, but still behind in the rounds of voting: for a moment two of four are
        # missing, and finality must get out of that by itself.
        time.sleep(7)
        position = len(self.network.validators) - 2
        name = self.network.validators[position].organisation
        self.network.sites.cut(position)
        self.mark(f"{name} is cut off from everyone")
        before = self.anchored()
        time.sleep(CUT_S)
        if self.anchored() <= before:
            raise Failed("nothing was anchored while one of four members was cut off")
        self.network.sites.heal(position)
        self.mark(f"{name} is back after {CUT_S} s")
        time.sleep(20)
        self.stop_loads()

    def anchored(self):
        """Units that the load nodes have verified as anchored so far."""
        return sum(len(load.events("anchored")) for load in self.loads)

    def acknowledged(self):
        """Units that each device's own ledger holds as proven anchored: (device, incarnation, sequence)."""
        found = set()
        for load in self.loads:
            for unit in load.units():
                if unit["state"] != "anchored":
                    raise Failed(f"{load.name}: unit {unit['sequence']} was drained but is {unit['state']}")
                found.add((load.resource, unit["incarnation"], unit["sequence"]))
        return found

    def archive_of(self, validator):
        """Stores and verifies what this validator holds; its units, read independently."""
        archive = self.home / "archives" / validator.organisation
        cli = Cli(validator.url, folder=self.home)
        cli.one("archive", "store", archive)
        verified = cli.one("archive", "verify", archive)
        if not verified["complete"]:
            raise Failed(f"the archive of {validator.organisation} does not verify: {verified}")
        return [tuple(slot) for slot in read_archive("slots", archive)]

    def check_archives(self):
        """Every acknowledged unit is in every validator's archive exactly once, and nothing else is of these devices."""
        acknowledged = self.acknowledged()
        for validator in self.network.validators:
            wait_until(f"{validator.organisation} has caught up", lambda: self.caught_up(validator), 90, self.network.programs(), 0.5)
            counts = collections.Counter(self.archive_of(validator))
            twice = [slot for slot, count in counts.items() if count > 1]
            missing = acknowledged - set(counts)
            if twice or missing:
                raise Failed(f"{validator.organisation}: anchored twice {twice[:3]}, acknowledged but missing {sorted(missing)[:3]}")
            self.mark(f"the archive of {validator.organisation} holds each of {len(acknowledged)} acknowledged units once")

    def caught_up(self, validator):
        """Whether it holds the newest anchor that the first validator does."""
        held = [rpc.call(each.rpc, "dag_status") for each in (validator, self.network.validators[0])]
        numbers = [status["latestAnchor"]["number"] for status in held if status and status["latestAnchor"]]
        return len(numbers) == len(held) and numbers[0] >= numbers[1]

    def stop(self):
        try:
            super().stop()
        finally:
            self.network.sites.close()


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/ledger-test", description=__doc__.splitlines()[0])
    parser.add_argument("--rtt-ms", type=float, metavar="MS", help="emulate a wide-area network with this round trip")
    return parser.parse_args()


def main():
    rtt_ms = arguments().rtt_ms
    out = TOP / "target" / "ledger-test"
    demo.prepare(out)
    sites = Namespaces() if rtt_ms is None else Emulated(rtt_ms)
    story = LedgerStory(out, demo.tell(time.monotonic(), False), sites)
    try:
        story.write_under_faults()
        story.check_archives()
    finally:
        story.stop()


if __name__ == "__main__":
    tell_verdict(main)

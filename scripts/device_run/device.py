"""The load node under test: its links, its clock, and what its ledger says in the end."""

import json
import re
import time
from collections import Counter

from demo_run.loads import LoadNode
from demo_run.processes import Failed, Program, wait_until

from .links import Link

STOP_S = 90


class Device(LoadNode):
    """A load node whose surroundings can fail."""

    def build(self, stand, clock=None, store="store"):
        """Its configuration, with every way to the chain and to gateways through links of its own."""
        self.stand = stand
        self.gateways = [Link(node.place.host, node.place.gateway) for node in stand.validators]
        self.chain = [Link(node.place.host, node.place.p2p) for node in stand.validators]
        urls = [f"ws://127.0.0.1:{link.port}" for link in self.gateways]
        self.configure(stand, int(time.time() * 1000), urls)
        config = self.config_file
        boot = [
            re.sub(r"/ip4/[0-9.]+/tcp/[0-9]+/", f"/ip4/127.0.0.1/tcp/{link.port}/", address)
            for link, address in zip(self.chain, stand.boot_nodes())
        ]
        text = re.sub(r"(?m)^bootnodes = .*$", f"bootnodes = {json.dumps(boot)}", config.read_text())
        self.store = self.home / store
        config.write_text(text.replace('store = "store"', f'store = "{self.store}"'))
        self.clock_file = self.home / "clock.json"
        command = [*self.program.command, "--log-readings"]
        if clock is not None:
            self.set_clock(**clock)
            command += ["--test-clock", self.clock_file]
        self.program = Program(self.name, command, self.home / "node.log", {"RUST_LOG": "info,smoldot=warn,sync-service=warn"})
        stand.others.append(self.program)

    def set_clock(self, **faults):
        part = self.clock_file.with_suffix(".part")
        part.write_text(json.dumps(faults))
        part.rename(self.clock_file)

    def links(self):
        return self.gateways + self.chain

    def acknowledged(self):
        """Moments of all readings that the ledger has taken."""
        return [event["at_ms"] for event in self.events("reading")]

    def wait_for(self, kind, more_than, what, seconds=60):
        wait_until(what, lambda: len(self.events(kind)) > more_than, seconds, [self.program], 0.2)

    def end(self):
        """Stops it in order; it hands in what it has first."""
        self.program.process.terminate()
        wait_until(f"{self.name} has ended", lambda: not self.program.is_running(), STOP_S, pause_s=0.2)
        if self.program.process.returncode:
            raise Failed(f"{self.name} ended with {self.program.process.returncode}\n{self.program.tail()}")

    def refusal(self):
        """Starts it where it must refuse, and answers with the last words of its log."""
        self.program.start()
        wait_until(f"{self.name} refuses to run", lambda: not self.program.is_running(), 60, pause_s=0.1)
        if not self.program.process.returncode:
            raise Failed(f"{self.name} ended as if all were well")
        return self.program.tail(3)

    def must_be_whole(self):
        """Every acknowledged reading is anchored exactly once, and nothing else is; answers with their number."""
        units = [unit for unit in self.units() if unit["state"] != "void"]
        told = Counter(reading["at_ms"] for unit in units for reading in unit["body"].get("readings", []))
        anchored = Counter(
            reading["at_ms"] for unit in units if unit["state"] == "anchored" for reading in unit["body"].get("readings", [])
        )
        acknowledged = self.acknowledged()
        lost = [at for at in acknowledged if anchored[at] == 0]
        doubled = [at for at, count in told.items() if count > 1]
        waiting = self.ledger()["totals"]["unanchored"]
        if lost or doubled or waiting:
            raise Failed(
                f"{self.name}: of {len(acknowledged)} acknowledged readings {len(lost)} are not anchored ({lost[:3]}), "
                f"{len(doubled)} stand twice ({doubled[:3]}); {waiting} wait in its ledger"
            )
        return len(acknowledged)

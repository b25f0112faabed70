"""One validator's keys on two live nodes: peers report its double votes, and the chain takes it out of the set."""

import shutil
import time

from bench_run import drive
from bench_run.stand import ID, address
from demo_run.cli import Cli
from demo_run.processes import wait_until

from .network import Newcomer
from .orders import Series, must_be_quick
from .steps import ORDER_MS, must_go_on
from .watch import Watch

PATIENCE_S = 120
LOAD = 0.1


class Twin(Newcomer):
    """A node with a network identity of its own and another validator's session keys."""

    def take_keys(self, other):
        keystore = self.base / "chains" / ID / "keystore"
        shutil.rmtree(keystore)
        shutil.copytree(other.base / "chains" / ID / "keystore", keystore)


def twins(drill, say, seen):
    """A validator runs twice: its double votes are reported, and it leaves the set, while finality goes on."""
    original = drill.validators[-1]
    who = address(f"{original.organisation}//validator")
    cli = Cli(drill.validators[0].url, folder=drill.home)
    load = drive.start_load(drill, LOAD, drill.validators[:1])
    twin = drill.newcomer("Twin", Twin)
    twin.take_keys(original)
    with Watch(drill.validators[0].rpc) as watch:
        began = time.monotonic()
        twin.program.start()
        say(f"a second node with the keys of {original.organisation} is started")

        def convicted():
            return next((row for row in cli.one("validator", "list") if row["account"] == who and row["faults"]), None)

        found = wait_until("the chain has counted a double vote", convicted, PATIENCE_S, pause_s=0.5)
        seen["convicted_after_s"] = round(time.monotonic() - began, 1)
        seen["faults"] = found["faults"]
        say(f"{original.organisation} is convicted of a double vote after {seen['convicted_after_s']} s")
        wait_until(
            "it is out of the set",
            lambda: not any(row["account"] == who and row["validates"] for row in cli.one("validator", "list")),
            PATIENCE_S, pause_s=0.5,
        )  # fmt: skip
        seen["out_of_the_set_after_s"] = round(time.monotonic() - began, 1)
        say(f"and out of the set after {seen['out_of_the_set_after_s']} s")
        load.kill()
        must_be_quick(Series(drill, 5).finish(), ORDER_MS, seen)
    must_go_on(watch, seen)

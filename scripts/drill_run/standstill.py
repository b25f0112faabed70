"""More than a third of the validators gone and back: the standstill is told, and ends by itself once they are back."""

import time

from demo_run.cli import Cli
from demo_run.loads import AREA
from demo_run.processes import Failed, wait_until

from .steps import CATCH_UP_S, catch_up, start
from .watch import best_of

GONE_S = 20
# From when the missing programs answer again until blocks become final again.
RECOVERY_S = 30
TOLD = "finality stands still"
ENDED = "finality goes on"


def told(node, mark, offset):
    """Lines of the node's log with this mark, from byte `offset` on."""
    text = node.program.log.read_bytes()[offset:].decode(errors="replace")
    return [line for line in text.splitlines() if mark in line]


def third_gone_and_back(drill, say, seen):
    """More than a third is killed: finality stops and that is told; they come back, and it goes on."""
    witness = drill.validators[0]
    offset = witness.program.log.stat().st_size
    cli = Cli(witness.url, folder=drill.home)
    gone = drill.validators[drill.needed() - 1 :]
    for node in gone:
        node.program.kill()
    began = time.monotonic()
    names = sorted(node.organisation for node in gone)
    say(f"kill -9 of {len(gone)} of {len(drill.validators)}: {', '.join(names)}")
    # What was on its way becomes final yet.
    time.sleep(1)
    final = drill.height()
    order = Cli(witness.url, drill.grid_company, drill.home).start(
        "emergency", "--area", AREA, "--direction", "down", "--target", drill.clients.target_w(), "--seconds", 300,
        "--reason", "given while finality stands still",
    )  # fmt: skip
    wait_until("the node's log tells the standstill", lambda: told(witness, TOLD, offset), 30, [witness.program])
    seen["told_in_log_after_s"] = round(time.monotonic() - began, 1)
    say(f"the log tells it after {seen['told_in_log_after_s']} s; `loadstone finality`:")
    must_name(cli, names, say, seen)
    time.sleep(max(0, began + GONE_S - time.monotonic()))
    if drill.height() != final:
        raise Failed(f"block {drill.height()} became final with {len(gone)} of {len(drill.validators)} gone")
    seen["blocks_without_finality"] = best_of(witness.rpc) - final
    if not seen["blocks_without_finality"]:
        raise Failed("no block was made while finality stood still")
    recover(drill, gone, final, order, seen)
    say(f"all run again: final again after {seen['finality_back_after_s']} s, all at the head after {seen['caught_up_s']} s")
    wait_until("the log tells the end of it", lambda: told(witness, ENDED, offset), 10, [witness.program])
    if cli.one("finality")["finality"] != "goes_on":
        raise Failed("`loadstone finality` still tells of a standstill")


def must_name(cli, names, say, seen):
    """`loadstone finality` fails, and names exactly the missing validators."""
    asked = time.monotonic()
    found = cli.one("finality", allowed=(1,))
    seen["command_took_s"] = round(time.monotonic() - asked, 1)
    missing = sorted(voter["name"] for voter in found["voters"] if voter["prevoted"] is False)
    say(f"  {found['finality']} at block {found['finalised']['number']}, missing {', '.join(missing)}")
    if found["finality"] != "stands_still" or missing != names:
        raise Failed(f"`loadstone finality` should name {names}, and says {found['finality']}, {missing}")


def recover(drill, gone, final, order, seen):
    """Starts what is gone, and nothing else; the order from meanwhile reaches every load node."""
    start(gone, seen)
    began = time.monotonic()
    wait_until("finality goes on", lambda: (drill.height() or 0) > final, RECOVERY_S, pause_s=0.05)
    seen["finality_back_after_s"] = round(time.monotonic() - began, 1)
    catch_up(drill, seen)
    sequence = Cli.finish(order, CATCH_UP_S)[-1]["sequence"]
    wait_until("every load node has verified the order", lambda: all(knows(load, sequence) for load in drill.clients.loads), 30)
    seen["order_of_meanwhile_at_load_nodes_after_s"] = round(time.monotonic() - began, 1)


def knows(load, sequence):
    """Whether the load node has verified this order."""
    return any(event["sequence"] == sequence for event in load.events("order_verified"))

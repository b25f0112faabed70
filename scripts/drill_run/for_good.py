"""More than a third of the validators gone for good: the council puts others in force past the old votes.

What docs/runbook-finality.md says for it, command by command. Light clients can't follow a change that nobody's votes
prove, so nothing is asked of the load nodes here.
"""

import time

from bench_run.stand import LOAD_ACCOUNTS, address
from demo_run import rpc
from demo_run.cli import Cli
from demo_run.loads import AREA
from demo_run.processes import Failed, wait_until

from .replace import COUNCIL
from .standstill import knows
from .steps import START_S
from .watch import best_of

IN_FORCE_S = 60
# So few only because nobody else makes blocks here; the runbook says how many in earnest.
DELAY = 5
BACK_S = 120
ORDER_S = 10


def gone_for_good(drill, say, seen):
    """More than a third is gone for good: the council puts other validators in force, and finality goes on with them."""
    gone = drill.validators[drill.needed() - 1 :]
    left = drill.validators[: drill.needed() - 1]
    for node in gone:
        node.program.kill()
    time.sleep(3)
    final = max(rpc.finalised_number(node.rpc) for node in left)
    say(f"kill -9 of {len(gone)} of {len(drill.validators)}, block {final} is the last final one")
    began = time.monotonic()
    council = [Council(drill, left[0], member) for member in COUNCIL]
    names = LOAD_ACCOUNTS[: len(gone)]
    newcomers = [come(drill, name, left[0]) for name in names]
    say(f"{', '.join(names)} have nodes at the head, and keys registered")
    words = [word for name in names for word in ("--add", address(name))]
    words += [word for node in gone for word in ("--remove", address(f"{node.organisation}//validator"))]
    carry(council, "validator", "propose", *words)
    wait_until("the new set is in force", lambda: in_force(council[0]) >= {address(name) for name in names}, IN_FORCE_S)
    say("they validate, but the votes of those that are gone still count")
    carry(council, "motion", "repair", "finality", "--final", final, "--delay", DELAY)
    carry(council, "validator", "propose")
    carry(council, "motion", "repair", "ledger")
    for name, node in zip(names, newcomers):
        Cli(node.url, name, drill.home).one("validator", "--in-block", "announce")
    say("the council has taken the old votes out")
    wait_until("finality goes on", lambda: (rpc.finalised_number(left[0].rpc) or 0) > final, BACK_S, pause_s=0.2)
    seen["finality_back_after_s"] = round(time.monotonic() - began, 1)
    drill.wait_agree(left + newcomers, 30)
    seen["finalised_without_the_old"] = rpc.finalised_number(left[0].rpc) - final
    if council[0].cli.one("finality")["finality"] != "goes_on":
        raise Failed("`loadstone finality` still tells of a standstill")
    seen["load_nodes_that_follow"] = followers(drill, left[0])
    # Told and not asked for: docs/runbook-finality.md says what is known of it.
    states = [rpc.call(node.rpc, "dag_status") or {} for node in left + newcomers]
    seen["members_in_the_next_epoch"] = sum(state.get("epoch", 0) > 0 for state in states)


def followers(drill, node):
    """How many load nodes verify an order that the new validators made final."""
    order = Cli(node.url, drill.grid_company, drill.home).one(
        "emergency", "--area", AREA, "--direction", "down", "--target", drill.clients.target_w(), "--seconds", 60
    )
    time.sleep(ORDER_S)
    return sum(knows(load, order["sequence"]) for load in drill.clients.loads)


class Council:
    """A member at a node that is left."""

    def __init__(self, drill, node, member):
        self.cli = Cli(node.url, member, drill.home)

    def one(self, group, *words):
        return self.cli.one(group, "--in-block", *words)


def carry(council, group, *words):
    """One moves, all vote, one closes; each when the one before is in a block."""
    moved = council[0].one(group, *words)
    motion = (moved["proposal"], moved["index"])
    for member in council:
        member.one("motion", "vote", *motion)
    for event in council[0].one("motion", "close", *motion)["events"]:
        if "Err" in event["fields"].get("result", {}):
            raise Failed(f"the council's call failed: {event}")


def in_force(member):
    return {row["account"] for row in member.one("validator", "list") if row["validates"]}


def come(drill, name, witness):
    """A node at the head of the chain that is not final, with its keys registered."""
    node = drill.newcomer(name)
    node.program.start()
    wait_until(f"{name} answers", node.address, START_S, [node.program])
    at_head = lambda: (best_of(node.rpc) or 0) >= (best_of(witness.rpc) or 1)
    wait_until(f"{name} is at the head", at_head, START_S, [node.program])
    # A node that fetches blocks does not tell its pool of them: the pool knows the chain a moment after the next new one.
    head = best_of(witness.rpc)
    wait_until(f"{name} has a new block", lambda: (best_of(node.rpc) or 0) > head, START_S, [node.program])
    time.sleep(2)
    Cli(node.url, name, drill.home).one("validator", "--in-block", "keys")
    return node

"""A validator is replaced while the network runs, by the commands that a council and a newcomer would use."""

import time

from bench_run.stand import LOAD_ACCOUNTS, address
from demo_run import rpc
from demo_run.cli import Cli
from demo_run.processes import Failed, wait_until

from .orders import Series, must_be_quick
from .steps import CATCH_UP_S, ORDER_MS, must_go_on
from .watch import Watch

# A participant that ran no validator before.
NEWCOMER = LOAD_ACCOUNTS[0]
COUNCIL = ("Validator01", "Validator02")
IN_FORCE_S = 60


def replaced(drill, say, seen):
    """Another organisation's validator takes the place of one while orders go on."""
    old, away = drill.validators[-1], drill.validators[-2]
    with Watch(drill.validators[0].rpc) as watch:
        node = drill.newcomer(NEWCOMER)
        node.program.start()
        wait_until(f"{NEWCOMER} answers", node.address, 60, [node.program])
        drill.wait_agree([drill.validators[0], node], CATCH_UP_S)
        own = Cli(node.url, NEWCOMER, drill.home)
        own.one("validator", "keys")
        say(f"{NEWCOMER} has a node at the head, and keys registered")
        orders = Series(drill, 20)
        appoint(drill, old, say, seen)
        own.one("validator", "announce", "--gateway", node.gateway_url)
        must_be_quick(orders.finish(), ORDER_MS, seen)
        must_hand_over(drill, node, seen)
        old.program.process.terminate()
        wait_until(f"{old.organisation} ends", lambda: not old.program.is_running(), 20)
        say(f"epoch of the ledger handed over after {seen['ledger_handed_over_s']} s; {old.organisation} has ended")
        # With one more away every vote counts, the newcomer's too.
        away.program.kill()
        say(f"kill -9 of {away.organisation}: without the newcomer's vote nothing would become final")
        must_be_quick(Series(drill, 8).finish(), ORDER_MS, seen, "order_with_the_newcomers_vote_ms")
    must_go_on(watch, seen)
    away.program.start()
    drill.validators[-1] = node
    drill.wait_agree(drill.validators, CATCH_UP_S)


def appoint(drill, old, say, seen):
    """The council moves, votes and closes; waits until the new set is in force."""
    one, other = (Cli(drill.validators[0].url, member, drill.home) for member in COUNCIL)
    newcomer, leaving = address(NEWCOMER), address(f"{old.organisation}//validator")
    moved = one.one("validator", "propose", "--add", newcomer, "--remove", leaving)
    motion = (moved["proposal"], moved["index"])
    one.one("motion", "vote", *motion)
    other.one("motion", "vote", *motion)
    began = time.monotonic()
    other.one("motion", "close", *motion)

    def in_force():
        listed = {row["account"]: row["validates"] for row in one.one("validator", "list")}
        return listed.get(newcomer) and not listed.get(leaving)

    wait_until("the new set is in force", in_force, IN_FORCE_S, pause_s=0.2)
    seen["in_force_after_s"] = round(time.monotonic() - began, 1)
    say(f"{NEWCOMER} validates in place of {old.organisation}, {seen['in_force_after_s']} s after the motion was closed")


def must_hand_over(drill, node, seen):
    """The old committee ends the ledger's epoch, and the newcomer's node follows the next one."""
    began = time.monotonic()

    def handed_over():
        states = [rpc.call(each.rpc, "dag_status") for each in (drill.validators[0], node)]
        return all(states) and len({state["epoch"] for state in states}) == 1 and states[0]["epoch"] > 0

    wait_until("the ledger's next epoch begins at the newcomer's", handed_over, IN_FORCE_S, pause_s=0.2)
    seen["ledger_handed_over_s"] = round(time.monotonic() - began, 1)
    drill.must_run()

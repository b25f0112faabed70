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
        council = [Cli(drill.validators[0].url, member, drill.home) for member in COUNCIL]
        motion = move(council, address(NEWCOMER), address(f"{old.organisation}//validator"))
        orders = Series(drill, 20, COUNCIL[1])
        time.sleep(3)
        council[0].one("motion", "close", *motion)
        wait_in_force(council[0], old, seen)
        say(f"{NEWCOMER} validates in place of {old.organisation}, {seen['in_force_after_s']} s after the motion was closed")
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


def move(council, newcomer, leaving):
    """The council moves and votes; answers with the motion, which is ready to be closed."""
    moved = council[0].one("validator", "propose", "--add", newcomer, "--remove", leaving)
    motion = (moved["proposal"], moved["index"])
    for member in council:
        member.one("motion", "vote", *motion)
    return motion


def wait_in_force(cli, old, seen):
    """Waits until the newcomer validates and the old one does no longer."""
    began = time.monotonic()
    newcomer, leaving = address(NEWCOMER), address(f"{old.organisation}//validator")

    def in_force():
        validates = {row["account"]: row["validates"] for row in cli.one("validator", "list")}
        return validates.get(newcomer) and not validates.get(leaving)

    wait_until("the new set is in force", in_force, IN_FORCE_S, pause_s=0.2)
    seen["in_force_after_s"] = round(time.monotonic() - began, 1)


def must_hand_over(drill, node, seen):
    """The old committee ends the ledger's epoch, and the newcomer's node follows the next one."""
    began = time.monotonic()

    def handed_over():
        states = [rpc.call(each.rpc, "dag_status") for each in (drill.validators[0], node)]
        return all(states) and len({state["epoch"] for state in states}) == 1 and states[0]["epoch"] > 0

    wait_until("the ledger's next epoch begins at the newcomer's", handed_over, IN_FORCE_S, pause_s=0.2)
    seen["ledger_handed_over_s"] = round(time.monotonic() - began, 1)
    drill.must_run()

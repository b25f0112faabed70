"""What acts on a network while it is measured: orders in series, and load in the blocks."""

import time

from demo_run.loads import AREA
from demo_run.processes import Failed, Program, wait_until

from .clients import order_bench
from .stand import LOAD_ACCOUNTS

SEED = 1
# After the last order: the slowest client has it by then, or never.
AFTER_S = 4


def start_load(stand, share, nodes=None, filling="declarations"):
    """The program that fills blocks at these nodes, or only measures them where nothing is to be filled."""
    return with_accounts(stand, f"load-{filling}", nodes, "load", "--percent", round(share * 100), "--filling", filling)


def with_accounts(stand, name, nodes, *words):
    """A command of order-bench for all aggregators of the load, spread over nodes."""
    accounts = [word for account in LOAD_ACCOUNTS for word in ("--account", f"//{account}")]
    first, *others = nodes or stand.alive()
    urls = [word for node in others for word in ("--url", node.url)]
    return started(stand, name, order_bench(first.url, *urls, *words, *accounts))


def start_orders(stand, clients, cell, seed=SEED):
    """A series of orders at the first validator, sent from its own site: a dispatch centre has its node beside it."""
    least, greatest = cell.gaps_ms
    command = order_bench(
        stand.validators[0].url, "orders", "--suri", f"//{stand.grid_company}", "--area", AREA,
        "--target", clients.target_w(), "--count", cell.orders, "--seconds", cell.valid_s, "--gap-from-ms", least,
        "--gap-to-ms", greatest, "--seed", seed,
    )  # fmt: skip
    return started(stand, "orders", [*stand.validators[0].place.prefix, *command])


def started(stand, name, command):
    program = Program(name, command, stand.home / "logs" / f"{name}.jsonl").start()
    stand.others.append(program)
    return program


def must_have_ended_well(orders):
    if orders.process.returncode:
        raise Failed(f"{orders.tail(1).strip()}\n{orders.tail()}")


def send_orders(stand, clients, cell, load=None):
    """Runs a series while everything else is watched. Answers with its program, when it began and when it ended."""
    orders = start_orders(stand, clients, cell)
    began_ms = int(time.time() * 1000)
    patience_s = cell.orders * cell.gaps_ms[1] / 1000 + 90
    watched = [*stand.programs(), *clients.programs(), *([load] if load else [])]
    wait_until("all orders are final", lambda: not orders.is_running(), patience_s, watched, 0.5)
    must_have_ended_well(orders)
    ended_ms = int(time.time() * 1000)
    time.sleep(AFTER_S)
    return orders, began_ms, ended_ms

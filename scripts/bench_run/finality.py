"""`scripts/bench finality`: from an order's submission to the setpoint, cell by cell."""

import subprocess
import sys
import time

from demo_run.figures import events_of
from demo_run.folder import Folder
from demo_run.loads import AREA
from demo_run.processes import Failed, Program, wait_until

from . import cells, samples
from .clients import Clients, order_bench
from .samples import figure
from .stand import LOAD_ACCOUNTS, LeftOut, Stand, must_run
from .usage import Processors

BUDGET_S = 45 * 60
SEED = 1
# Until the pace of the load has been learnt and blocks are as full as they are to be.
SETTLE_S = 8
# After the last order: the slowest client has it by then, or never.
AFTER_S = 4
# Busier than this, a figure says more of the machine than of the chain.
BUSY_MAX = 0.97
# Blocks that are this much emptier than asked for are not the load that was asked for.
SHORT_OF_LOAD = 0.1
# As full as ordinary transactions may make a block.
FULL = 0.75


def say(text):
    print(text, file=sys.stderr, flush=True)


def load_program(stand, share):
    """The program that fills blocks, or that only measures them where nothing is to be filled."""
    accounts = [word for account in LOAD_ACCOUNTS for word in ("--account", f"//{account}")]
    urls = [word for node in stand.alive()[1:] for word in ("--url", node.url)]
    command = order_bench(stand.alive()[0].url, *urls, "load", "--percent", round(share * 100), *accounts)
    return Program("load", command, stand.home / "logs" / "load.jsonl")


def send_orders(stand, clients, cell, load):
    """Runs the series; the load, the validators and the clients are watched meanwhile. Tells when it began and ended."""
    least, greatest = cell.gaps_ms
    command = order_bench(
        stand.validators[0].url, "orders", "--suri", f"//{stand.grid_company}", "--area", AREA, "--target", clients.target_w(),
        "--count", cell.orders, "--gap-from-ms", least, "--gap-to-ms", greatest, "--seed", SEED,
    )  # fmt: skip
    orders = Program("orders", command, stand.home / "logs" / "orders.jsonl").start()
    stand.others.append(orders)
    began_ms = int(time.time() * 1000)
    patience_s = cell.orders * greatest / 1000 + 90
    watched = [*stand.programs(), *clients.programs(), load]
    wait_until("all orders are final", lambda: not orders.is_running(), patience_s, watched, 0.5)
    if orders.process.returncode:
        raise Failed(f"the orders ended with {orders.process.returncode}:\n{orders.tail()}")
    ended_ms = int(time.time() * 1000)
    time.sleep(AFTER_S)
    return orders, began_ms, ended_ms


def measure(home, cell):
    """Figures of one cell, and in words why this machine does not carry it, if so."""
    stand = Stand(home, cell)
    try:
        stand.start()
        clients = Clients(stand, cell.light_clients)
        clients.enrol()
        clients.start()
        load = load_program(stand, cell.load).start()
        stand.others.append(load)
        if cell.failed:
            stand.fail()
        wait_until("blocks are measured", lambda: samples.blocks(events_of(load.log), 0, 1 << 62), 90, [load], 0.5)
        time.sleep(SETTLE_S)
        processors = Processors()
        orders, began_ms, ended_ms = send_orders(stand, clients, cell, load)
        busy = processors.busy()
        must_run(clients.programs())
        memory = clients.memory_kib()
        return evaluate(cell, clients, samples.orders_in(orders.log), events_of(load.log), (began_ms, ended_ms), busy, memory)
    finally:
        stand.close()


def evaluate(cell, clients, orders, windows, window_ms, busy, memory):
    """Figures, and what speaks against them."""
    params = cell.params()
    to_block, to_final = samples.node_delays(orders)
    verified, setpoints, missed = samples.client_delays(orders, clients.loads)
    figures = [
        *samples.spread("order_to_block_ms", to_block, "ms", params),
        *samples.spread("order_to_final_ms", to_final, "ms", params),
        *samples.spread("order_to_verified_ms", verified, "ms", params),
        *samples.spread("order_to_setpoint_ms", setpoints, "ms", params),
        *samples.spread("light_client_rss_mib", [kib / 1024 for kib in memory], "MiB", params),
        figure("orders_missed", missed, "", params),
        figure("processors_busy", busy, "", params),
    ]
    filled = samples.blocks(windows, *window_ms) or samples.blocks(windows, 0, window_ms[1])
    for name, key, unit in (
        ("block_share", "share", ""), ("transactions_per_s", "per_s", "1/s"), ("blocks_per_s", "blocks_per_s", "1/s"),
        ("transactions_refused", "refused", ""), ("transactions_lost", "lost", ""),
    ):  # fmt: skip
        figures.append(figure(name, filled[key], unit, params))
    return figures, doubts(cell, missed, busy, filled)


def doubts(cell, missed, busy, filled):
    """Why the figures are not those of the cell, in words; empty when they are."""
    found = []
    if missed:
        found.append(f"light clients missed {missed} orders or setpoints")
    if busy > BUSY_MAX:
        found.append(f"the processors were {busy:.0%} busy")
    if filled["share"] < min(cell.load, FULL) - SHORT_OF_LOAD:
        found.append(f"blocks were {filled['share']:.0%} full")
    return "; ".join(found)


def left_out(cell, reason):
    say(f"  left out: {reason}")
    return [figure("left_out", 1, "", {**cell.params(), "reason": reason})]


def attempt(folder, cell, strict):
    """Figures of a cell, or the one that says why there are none. Not strict: figures in doubt are told all the same."""
    folder.clear()
    try:
        figures, doubt = measure(folder.path, cell)
    except LeftOut as reason:
        return left_out(cell, str(reason))
    except (Failed, subprocess.SubprocessError) as error:
        say(f"  {error}\n  its logs are in {folder.path / 'logs'}")
        return left_out(cell, str(error).splitlines()[0])
    if doubt and strict:
        return left_out(cell, doubt)
    if doubt:
        say(f"  in doubt: {doubt}")
    return figures


def figures(options):
    """All figures, cell by cell."""
    one = options.cell is not None
    todo = [cells.parse(options.cell, options.orders)] if one else list(cells.plan(options.quick))
    folder = Folder(options.out / "finality-run")
    began = time.monotonic()
    estimate_s = sum(cell.estimate_s() for cell in todo)
    say(f"{len(todo)} cells, about {estimate_s / 60:.0f} minutes" + ("" if one else f"; at most {BUDGET_S // 60}"))
    for number, cell in enumerate(todo, 1):
        spent_s = time.monotonic() - began
        say(f"{spent_s:6.0f} s  cell {number} of {len(todo)}: {cell.name}, {cell.orders} orders")
        if not one and spent_s + cell.estimate_s() > BUDGET_S:
            yield from left_out(cell, "the time is up")
            continue
        yield from attempt(folder, cell, not (one or options.quick))



"""`scripts/bench finality`: from an order's submission to the setpoint, cell by cell."""

import subprocess
import sys
import time
from dataclasses import replace

from demo_run.figures import events_of
from demo_run.folder import Folder
from demo_run.processes import Failed, wait_until

from . import cells, drive, samples
from .clients import Clients
from .samples import figure
from .stand import Stand
from .usage import Processors, Shares

BUDGET_S = 45 * 60
# Until the pace of the load has been learnt and blocks are as full as they are to be.
SETTLE_S = 8
# Busier than this, a figure says more of the machine than of the chain.
BUSY_MAX = 0.97
# Blocks that are this much emptier than asked for are not the load that was asked for.
SHORT_OF_LOAD = 0.1
# As full as ordinary transactions may make a block.
FULL = 0.75


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(home, cell):
    """Figures of one cell, and in words why this machine does not carry it, if so."""
    stand = Stand(home, cell)
    try:
        stand.start()
        clients = Clients(stand, cell.light_clients)
        clients.enrol()
        clients.start()
        load = drive.start_load(stand, cell.load)
        if cell.failed:
            stand.fail()
        wait_until("blocks are measured", lambda: samples.blocks(events_of(load.log), 0, 1 << 62), 90, [load], 0.5)
        time.sleep(SETTLE_S)
        processors = Processors()
        relays = [node.program for node in stand.relays]
        validators = [node.program for node in stand.validators]
        shares = Shares([("validator", validators), ("full_node", relays), ("light_client", clients.programs())])
        orders, began_ms, ended_ms = drive.send_orders(stand, clients, cell, load)
        busy, percent = processors.busy(), shares.percent()
        memory = clients.memory_kib()
        sent, windows = samples.orders_in(orders.log), events_of(load.log)
        figures, doubt = evaluate(cell, clients, sent, windows, (began_ms, ended_ms), busy, memory)
        params = cell.params()
        figures += [figure("cpu_percent", each, "%", {**params, "role": role}) for role, each in percent.items()]
        return figures, doubt
    finally:
        stand.close()


def evaluate(cell, clients, orders, windows, window_ms, busy, memory):
    """Figures, and what speaks against them."""
    params = cell.params()
    to_block, to_final = samples.node_delays(orders)
    at_clients, missed = samples.client_delays(orders, clients.loads)
    figures = [
        *samples.spreads({"order_to_block_ms": to_block, "order_to_final_ms": to_final, **at_clients}, params),
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
    """Figures of a cell, or the one that says why there are none. Not strict: figures in doubt are told as well."""
    folder.clear()
    try:
        figures, doubt = measure(folder.path, cell)
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
    began, known = time.monotonic(), {}
    estimate_s = sum(cell.estimate_s() for cell in todo)
    say(f"{len(todo)} cells, about {estimate_s / 60:.0f} minutes" + ("" if one else f"; at most {BUDGET_S // 60}"))
    for number, cell in enumerate(todo, 1):
        spent_s = time.monotonic() - began
        say(f"{spent_s:6.0f} s  cell {number} of {len(todo)}: {cell.name}, {cell.orders} orders")
        if not one and spent_s + cell.estimate_s() > BUDGET_S:
            yield from left_out(cell, "the time is up")
            continue
        known[cell.name] = attempt(folder, cell, not (one or options.quick))
        yield from known[cell.name]
    yield from compared(todo[0], known)


def compared(base, known):
    """Full blocks and Substrate's usual settings beside the base, where both were measured."""
    for name, q, other in (("full_to_half_full", 0.99, {"load": 1.0}), ("stock_to_base", 0.5, {"preset": "stock"})):
        compare = replace(base, **other)
        above, below = (verified(known.get(cell.name, []), q) for cell in (compare, base))
        if compare != base and above and below:
            yield figure(name, above / below, "", {"figure": "order_to_verified_ms", "quantile": q})


def verified(figures, q):
    """The cell's delay to verified orders at this quantile; None where it was left out."""
    of_it = (each for each in figures if each["name"] == "order_to_verified_ms" and each["params"]["quantile"] == q)
    return next((each["value"] for each in of_it), None)

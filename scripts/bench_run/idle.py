"""`scripts/bench idle`: what each kind of node takes while nothing is ordered, and how fast orders are that come one by one."""

import time
from dataclasses import replace

from demo_run.figures import quantile
from demo_run.folder import Folder

from . import drive, samples
from .cells import Cell
from .clients import Clients
from .finality import say
from .samples import figure
from .stand import Archive, Pruned, Relay, Stand, must_run
from .usage import folder_bytes, processor_s

CLIENTS = 4
ORDERS = 100
# Orders one by one: how long each is in force, and their mean distance. In between the chain comes to rest.
LONE_ORDERS = 40
LONE = {"valid_s": 2, "gap_ms": 16_000}
# A device as it is delivered: a unit a minute.
READINGS_PER_UNIT = 60
# How long load nodes are watched, when the nodes have been.
AT_REST_S = 120
# Until databases and caches have what they keep anyway.
SETTLE_S = 30


def nodes(stand):
    """(role, process, folder) of every node."""
    named = {Pruned: "validator", Archive: "archive", Relay: "gateway"}
    for node in stand.validators + stand.relays:
        yield named[type(node)], node.program, node.base


def devices(clients):
    """The same of every load node."""
    for load in clients.loads:
        yield "light_client", load.program, load.home / "store"


def rest(parts, seconds):
    """Figures of what the parts take when nothing is asked of them."""
    time.sleep(SETTLE_S)
    before = taken(parts)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        must_run([program for _, program, _ in parts])
        time.sleep(1)
    yield from usage(parts, before, taken(parts))


def taken(parts):
    """Moment, and processor time and bytes on the disk of each part."""
    return time.monotonic(), [(processor_s(program.process.pid), folder_bytes(folder)) for _, program, folder in parts]


def usage(parts, before, after):
    """Figures by role: the mean over its programs."""
    seconds = after[0] - before[0]
    for role in dict.fromkeys(role for role, *_ in parts):
        own = [place for place, part in enumerate(parts) if part[0] == role]
        mean = lambda what: sum(after[1][place][what] - before[1][place][what] for place in own) / len(own)
        params = {"role": role, "minutes": round(seconds / 60, 1)}
        yield figure("idle_cpu_percent", mean(0) / seconds * 100, "%", params, "idle")
        yield figure("idle_disk_mb_per_h", mean(1) / seconds * 3600 / 1e6, "MB/h", params, "idle")


def figures(options):
    folder = Folder(options.out / "idle-run")
    cell = Cell(load=0.0, light_clients=CLIENTS, preset=options.preset, orders=ORDERS).check()
    stand = Stand(folder.path, cell, (Pruned, Pruned, Pruned, Archive), relays=1)
    try:
        stand.start()
        say(f"the network is up; no device writes for {options.minutes:g} minutes")
        yield from rest(list(nodes(stand)), options.minutes * 60)
        clients = Clients(stand, cell.light_clients, READINGS_PER_UNIT)
        clients.enrol()
        clients.start()
        say(f"{cell.light_clients} load nodes write a unit a minute each for {AT_REST_S / 60:g} minutes")
        yield from rest(list(devices(clients)), AT_REST_S)
        alone = yield from delays(stand, clients, replace(cell, orders=LONE_ORDERS, **LONE))
        in_a_row = yield from delays(stand, clients, cell)
        yield figure("lone_to_row_p99", alone / in_a_row, "", {"figure": "order_to_verified_ms"}, "idle")
    finally:
        stand.close()


def delays(stand, clients, cell):
    """Figures of a series of orders; answers with the greatest but one in a hundred of those to verified orders."""
    say(f"{cell.orders} orders, one in {cell.mean_gap_ms / 1000:g} seconds")
    orders, *_ = drive.send_orders(stand, clients, cell)
    found, missed = samples.client_delays(samples.orders_in(orders.log), clients.loads)
    yield from samples.spreads(found, cell.params(), "idle")
    yield figure("orders_missed", missed, "", cell.params(), "idle")
    return quantile(found["order_to_verified_ms"], 0.99)

"""`scripts/bench load-node`: what a load node takes of its device, how fast it starts, and how fast it follows orders."""

import shutil
import time

from demo_run.figures import quantile
from demo_run.folder import Folder
from demo_run.loads import LoadNode
from demo_run.processes import wait_until
from image_run.__main__ import made

from . import drive, samples
from .cells import Cell
from .clients import Clients, resident_kib
from .finality import say
from .samples import figure
from .stand import Stand, must_run
from .usage import processor_s, written_bytes

CLIENTS = 4
# A device as it is delivered: a unit a minute while nothing is ordered.
READINGS_PER_UNIT = 60
SETTLE_S = 60
# (seconds at rest, starts of each kind, orders), in full and in short.
FULL, QUICK = (180, 5, 200), (60, 2, 30)
# Orders as a dispatcher sends them: the chain is alert, and no order waits for another.
ORDER = {"valid_s": 8, "gap_ms": 1_000}
# No device has this number, so nothing but the chain's heads is there for it.
NOBODY = 9_999


def figures(options):
    rest_s, starts, orders = QUICK if options.quick else FULL
    folder = Folder(options.out / "load-node-run")
    cell = Cell(load=0.0, light_clients=CLIENTS, orders=orders, **ORDER).check()
    stand = Stand(folder.path, cell)
    try:
        stand.start()
        clients = Clients(stand, CLIENTS, READINGS_PER_UNIT)
        clients.enrol()
        clients.start()
        say(f"{CLIENTS} load nodes come to rest, and are watched for {rest_s} s")
        yield from at_rest(clients, rest_s)
        say(f"{starts} starts of each kind")
        yield from cold_starts(stand, starts)
        yield from warm_starts(stand, clients, starts)
        yield from to_actuator(stand, clients, cell)
        image, *_ = made()
        params = {"compressed": True, "unpacked_mib": round(image.rootfs_bytes / 2**20, 1)}
        yield figure("image_mib", image.layer_bytes / 2**20, "MiB", params, "load-node")
    finally:
        stand.close()


def at_rest(clients, seconds):
    """Memory, processor and disk of nodes that read a meter each second; of each figure the worst node counts."""
    programs = clients.programs()
    time.sleep(SETTLE_S)
    pids = [program.process.pid for program in programs]
    began, used = time.monotonic(), [(processor_s(pid), written_bytes(pid)) for pid in pids]
    read = [load.ledger()["totals"]["read"] for load in clients.loads]
    deadline, rss = began + seconds, 0
    while time.monotonic() < deadline:
        must_run(programs)
        rss = max(rss, *map(resident_kib, pids))
        time.sleep(1)
    elapsed = time.monotonic() - began
    taken = [(processor_s(pid) - cpu, written_bytes(pid) - disk) for pid, (cpu, disk) in zip(pids, used)]
    readings = [load.ledger()["totals"]["read"] - before for load, before in zip(clients.loads, read)]
    params = {"seconds": round(elapsed), "nodes": len(pids), "readings_per_unit": READINGS_PER_UNIT}
    yield figure("rss_mib", rss / 1024, "MiB", params, "load-node")
    yield figure("cpu_share", round(max(cpu for cpu, _ in taken) / elapsed, 5), "", params, "load-node")
    per_reading = max(disk / max(1, count) for (_, disk), count in zip(taken, readings))
    yield figure("disk_bytes_written_per_reading", per_reading, "B", params, "load-node")
    yield figure("readings_per_s", min(readings) / elapsed, "1/s", params, "load-node")


def cold_starts(stand, count):
    """From the start of the program to its first verified head, with nothing saved."""
    delays = []
    for number in range(count):
        load = LoadNode(100 + number, stand.aggregators[0], stand.home)
        load.resource = NOBODY
        load.configure(stand, int(time.time() * 1000), [stand.validators[0].gateway_url])
        stand.others.append(load.program)
        delays.append(first_head_ms(load))
        load.program.kill()
        shutil.rmtree(load.home)
    yield figure("cold_start_ms", quantile(delays, 1), "ms", {"saved": "nothing", "starts": count}, "load-node")


def warm_starts(stand, clients, count):
    """The same after a kill in the middle of everything, from what the ledger has saved."""
    load, delays = clients.loads[-1], []
    for _ in range(count):
        load.program.kill()
        delays.append(first_head_ms(load))
        time.sleep(2)
    yield figure("restart_ms", quantile(delays, 1), "ms", {"saved": "its ledger", "starts": count}, "load-node")


def first_head_ms(load):
    """Starts the node; milliseconds until its light client has verified a head."""
    before, began_ms = len(load.events("head")), time.time() * 1000
    load.program.start()
    wait_until("a verified head", lambda: len(load.events("head")) > before, 60, [load.program], 0.02)
    return load.events("head")[before]["seen_ms"] - began_ms


def to_actuator(stand, clients, cell):
    """From finality, as the validator that took the order knows it, to the write to the actuator."""
    say(f"{cell.orders} orders")
    sent, *_ = drive.send_orders(stand, clients, cell)
    orders = samples.orders_in(sent.log)
    setpoints = [load.events("setpoint") for load in clients.loads]
    found, missed = samples.delays(orders, setpoints, "at_ms", "finalised_at_ms")
    params = {"orders": len(orders), "nodes": len(clients.loads), **ORDER}
    yield figure("final_to_actuator_p50_ms", quantile(found, 0.5), "ms", params, "load-node")
    yield figure("final_to_actuator_p99_ms", quantile(found, 0.99), "ms", params, "load-node")
    yield figure("orders_missed", missed, "", params, "load-node")

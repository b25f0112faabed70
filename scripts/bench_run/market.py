"""`scripts/bench market`: one event with very many resources on a chain of four validators, from sealed bids to payment."""

import json
import re
import time

from demo_run.figures import events_of
from demo_run.folder import Folder
from demo_run.network import run
from demo_run.processes import Failed, wait_until

from . import cells, drive, samples
from .clients import ORDER_BENCH, Clients
from .finality import say
from .stand import Stand

RESOURCES = 100_000
# The least market that the largest is compared with: clearing must cost the same.
SMALL, QUICK = 1_000, 200
SEGMENTS = 2
# Devices that send readings, so that there are anchors: the first after the window fixes what counts in the event.
DEVICES = 2
# How long blocks are filled with declarations, and then with transfers, and how long until they are full.
FILL_S, QUICK_FILL_S, SETTLE_S = 20, 6, 4
# Longest that a market of 100,000 resources may take on two processors.
PATIENCE_S = 2 * 3_600
PREPARED = re.compile(r"Prepared block for proposing at (\d+) \((\d+) ms\)")


def figures(options):
    """All figures, as they are known."""
    folder = Folder(options.out / "market-run")
    folder.clear()
    stand = Stand(folder.path, cells.Cell(load=1.0))
    sizes = [QUICK // 4, QUICK] if options.quick else [SMALL, options.resources]
    try:
        stand.start()
        devices = Clients(stand, DEVICES)
        devices.enrol()
        devices.start()
        yield from gaps(QUICK if options.quick else options.resources)
        yield from rates(stand, QUICK_FILL_S if options.quick else FILL_S)
        clearings = []
        for number, resources in enumerate(dict.fromkeys(sizes), 1):
            say(f"a market of {resources} resources")
            told = event(stand, number, resources)
            yield from of_event(stand, told, resources)
            clearings.append(told["cleared"]["ms"])
        if len(clearings) > 1:
            # Times are whole milliseconds, so that none is below one.
            ratio = max(1, clearings[-1]) / max(1, clearings[0])
            yield figure("clearing_flatness", ratio, "", {"from": sizes[0], "to": sizes[-1]})
    finally:
        stand.close()


def figure(name, value, unit, params):
    return samples.figure(name, value, unit, params, "market")


def gaps(offers):
    """What emergency selection costs above the least cost of the same expected delivery."""
    for percent in (10, 50, 90):
        told = json.loads(run([ORDER_BENCH, "selection-gap", "--offers", str(offers), "--percent", str(percent)]))
        yield figure("selection_gap", told["gap"], "", {"offers": offers, "target_percent": percent})


def rates(stand, fill_s):
    """Declarations and plain transfers a second, one after the other, each filling blocks as far as they may be."""
    found = {}
    for name, filling in (("declarations_per_s", "declarations"), ("transfers_per_s", "transfers")):
        say(f"blocks full of {filling}")
        load = drive.start_load(stand, 1.0, filling=filling)
        time.sleep(SETTLE_S)
        begin = int(time.time() * 1000)
        time.sleep(fill_s)
        load.check()
        found[name] = samples.blocks(events_of(load.log), begin, int(time.time() * 1000))
        load.process.terminate()
        load.process.wait(30)
        time.sleep(SETTLE_S)
    transfers = found["transfers_per_s"]["per_s"]
    for name, blocks in found.items():
        params = {"validators": 4, "block_share": round(blocks["share"], 3)}
        yield {**figure(name, blocks["per_s"], "1/s", params), "limit": transfers, "ratio": blocks["per_s"] / transfers}


def event(stand, number, resources):
    """Carries one event through the market; answers with its steps by name."""
    program = drive.with_accounts(
        stand, f"market-{resources}", None, "market", "--grid", f"//{stand.grid_company}", "--resources", resources,
        "--area", 10 + number, "--programme", 10 + number,
    )  # fmt: skip
    known = set()

    def ended():
        for line in events_of(program.log):
            if line["step"] not in known:
                known.add(line["step"])
                say(f"  {line['step']}: {', '.join(f'{k} {v}' for k, v in line.items() if k != 'step')[:150]}")
        return not program.is_running()

    wait_until(f"the market of {resources} resources is settled", ended, PATIENCE_S, stand.programs(), 1)
    drive.must_have_ended_well(program)
    told = {line["step"]: line for line in events_of(program.log)}
    if "settled" not in told:
        raise Failed(f"the market of {resources} resources was not settled; its log is {program.log}")
    told["cleared"]["ms"] = preparing_ms(stand, told["cleared"]["block"])
    return told


def preparing_ms(stand, block):
    """How long the author of a block took to fill it, as its log says; the longest, where several tried."""
    found = []
    for node in stand.validators:
        text = node.program.log.read_text(errors="replace")
        found += [int(ms) for number, ms in PREPARED.findall(text) if int(number) == block]
    if not found:
        raise Failed(f"no validator's log says how long block {block} took")
    return max(found)


def of_event(stand, told, resources):
    params = {"validators": 4, "resources": resources, "segments": SEGMENTS * resources}
    settled = told["settled"]
    payout_ms = settled["phases"]["settled"] - settled["gate_ms"]
    left = settled["state_after"] - settled["state_before"]
    yield figure("clearing_ms", told["cleared"]["ms"], "ms", params)
    yield figure("order_bytes", told["dispatched"]["order_bytes"], "B", params)
    yield figure("gate_to_payout_s", payout_ms / 1000, "s", params)
    yield figure("extrinsic_bytes_per_resource", settled["bytes"] / resources, "B", params)
    yield figure("extrinsics", settled["extrinsics"], "", params)
    bids = told["committed"]["bytes"] + told["revealed"]["bytes"]
    yield figure("bid_bytes_per_resource", bids / resources, "B", params)
    yield figure("state_bytes_per_resource_after", left / resources, "B", params)
    yield figure("commit_s", told["committed"]["seconds"], "s", params)
    yield figure("reveal_s", told["revealed"]["seconds"], "s", params)
    yield figure("enrol_per_s", resources / told["enrolled"]["seconds"], "1/s", params)

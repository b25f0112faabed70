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
from .usage import processor_s

RESOURCES = 100_000
# The least market that the largest is compared with: clearing must cost the same.
SMALL, QUICK = 1_000, 200
SEGMENTS = 2
# Devices that send readings, so that there are anchors: the first after the window fixes what counts in the event.
DEVICES = 2
# What is too long for a line of progress.
UNTOLD = ("step", "weights_us")
# How long blocks are filled with declarations, and then with transfers, and how long until they are full.
FILL_S, QUICK_FILL_S, SETTLE_S = 20, 6, 4
# Longest that a market of 100,000 resources may take on two processors.
PATIENCE_S = 2 * 3_600
# Weight of a block from which on its filling says more about the weight than about what every block costs.
FULL_MS = 20
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
            clearings.append(told["cleared"]["tried_us"])
        if len(clearings) > 1:
            yield figure("clearing_flatness", clearings[-1] / clearings[0], "", {"from": sizes[0], "to": sizes[-1]})
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
        begin, before = int(time.time() * 1000), processors_s(stand)
        time.sleep(fill_s)
        load.check()
        used = (processors_s(stand) - before) / fill_s / len(stand.validators)
        found[name] = {**samples.blocks(events_of(load.log), begin, int(time.time() * 1000)), "processor": used}
        load.process.terminate()
        load.process.wait(30)
        time.sleep(SETTLE_S)
    transfers = found["transfers_per_s"]["per_s"]
    for name, blocks in found.items():
        params = {"validators": 4, "block_share": round(blocks["share"], 3), "processor": round(blocks["processor"], 3)}
        yield {**figure(name, blocks["per_s"], "1/s", params), "limit": transfers, "ratio": blocks["per_s"] / transfers}


def event(stand, number, resources):
    """Carries one event through the market; answers with its steps by name."""
    program = drive.with_accounts(
        stand, f"market-{resources}", None, "market", "--grid", f"//{stand.grid_company}", "--resources", resources,
        "--area", 10 + number, "--programme", 10 + number,
    )  # fmt: skip
    # What validators' processors had done when each step was first seen.
    known = {}

    def ended():
        for line in events_of(program.log):
            if line["step"] not in known:
                known[line["step"]] = processors_s(stand)
                say(f"  {line['step']}: {', '.join(f'{k} {v}' for k, v in line.items() if k not in UNTOLD)[:150]}")
        return not program.is_running()

    wait_until(f"the market of {resources} resources is settled", ended, PATIENCE_S, stand.programs(), 1)
    drive.must_have_ended_well(program)
    told = {line["step"]: line for line in events_of(program.log)}
    if "settled" not in told:
        raise Failed(f"the market of {resources} resources was not settled; its log is {program.log}")
    prepared = preparing_ms(stand)
    block = told["cleared"]["block"]
    if block not in prepared:
        raise Failed(f"no validator's log says how long block {block} took")
    told["cleared"]["block_ms"] = prepared[block]
    told["prepared"], told["processors_s"] = prepared, processors_s(stand) - known["enrolled"]
    return told


def preparing_ms(stand):
    """{block: how long its author took to fill it, as its log says; the longest, where several tried}."""
    found = {}
    for node in stand.validators:
        for number, ms in PREPARED.findall(node.program.log.read_text(errors="replace")):
            found[int(number)] = max(int(ms), found.get(int(number), 0))
    return found


def processors_s(stand):
    """Processor time that all validators have used."""
    return sum(processor_s(node.program.process.pid) for node in stand.validators)


def weight_truth(stand, told, params):
    """How near weights are to the time that blocks take: while they are filled, and all that all validators do."""
    settled = told["settled"]
    weights = {settled["first_block"] + place: us / 1000 for place, us in enumerate(settled["weights_us"])}
    full = {block: ms for block, ms in weights.items() if ms >= FULL_MS and block in told["prepared"]}
    said_s = sum(weights.values()) / 1000 * len(stand.validators)
    if full:
        filling = sum(told["prepared"][block] for block in full)
        yield figure("filling_per_weight", filling / sum(full.values()), "", {**params, "blocks": len(full)})
        slowest = max(told["prepared"][block] for block in full)
        yield figure("slowest_filling_ms", slowest, "ms", {**params, "weight_ms": round(max(full.values()), 1)})
    yield figure("processor_per_weight", told["processors_s"] / max(0.001, said_s), "", params)


def of_event(stand, told, resources):
    params = {"validators": 4, "resources": resources, "segments": SEGMENTS * resources}
    settled = told["settled"]
    payout_ms = settled["phases"]["settled"] - settled["gate_ms"]
    left = settled["state_after"] - settled["state_before"]
    yield figure("clearing_ms", told["cleared"]["tried_us"] / 1000, "ms", params)
    yield figure("clearing_block_ms", told["cleared"]["block_ms"], "ms", params)
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
    yield from weight_truth(stand, told, params)

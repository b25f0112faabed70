"""What the chain does when one validator's clock is wrong: blocks that are refused or lost, and time to finality.

All clocks of one machine are the same, and namespaces don't shift the time of day. So one node runs under Debian's
libfaketime, which shifts what it reads as time of day and leaves its monotonic clock alone.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

from . import rpc
from .folder import Folder
from .network import NODE, SLOT_MS, Network
from .__main__ import TOP
from .processes import SIGNALLED, Failed, stop_all
from .sites import Loopback

LIBRARIES = pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
# The one whose clock is shifted: not the first, which the others know as their boot node.
SHIFTED = 2
WARM_UP_S = 25
POLL_S = 0.005
SEALED = "Pre-sealed block for proposal at"


class Shifted(Loopback):
    """Loopback, with one validator's time of day off by so much; blocks in every slot, so that there is much to see."""

    def __init__(self, library, offset_ms):
        by = f"FAKETIME={offset_ms / 1000:+.3f}"
        self.shift = ("env", f"LD_PRELOAD={library}", "FAKETIME_DONT_FAKE_MONOTONIC=1", by)

    def places(self, count):
        places = super().places(count)
        for place in places:
            place.options = ("--force-authoring",)
        places[SHIFTED].prefix = self.shift
        return places


def sealed(validator, offset):
    """Hashes of the blocks that it made, from byte `offset` of its log on."""
    lines = validator.program.log.read_bytes()[offset:].decode(errors="replace").splitlines()
    return [line.split("Hash now ")[1].split(",")[0] for line in lines if SEALED in line and "Hash now " in line]


def refused(validator, offset):
    """Blocks that it refused, from byte `offset` of its log on."""
    text = validator.program.log.read_bytes()[offset:].decode(errors="replace")
    return text.count("too far in the future")


def hash_at(address, number):
    return rpc.call(address, "chain_getBlockHash", number)


def slot_of(header):
    """Slot of a block, from Aura's digest: the engine's name, a length, a little-endian number."""
    mark = "0x0661757261" + "20"
    digest = next((log for log in header["digest"]["logs"] if log.startswith(mark)), None)
    return digest and int.from_bytes(bytes.fromhex(digest[len(mark) :]), "little")


class Watch:
    """What one node sees: when each block came, counted from its slot's beginning, and how long it took to be final."""

    def __init__(self, address):
        self.address = address
        self.arrivals, self.waits = {}, []

    def look(self, seconds):
        seen, final = {}, rpc.finalised_number(self.address)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            best, now = rpc.call(self.address, "chain_getHeader"), time.time()
            finalised, later = rpc.finalised_number(self.address), time.time()
            if best is None or finalised is None:
                continue
            number, slot = int(best["number"], 16), slot_of(best)
            if number > final and number not in seen and slot:
                seen[number] = now
                self.arrivals[number] = 1000 * now - slot * SLOT_MS
            for each in [each for each in seen if final < each <= finalised]:
                self.waits.append(1000 * (later - seen[each]))
            final = max(final, finalised)
            time.sleep(POLL_S)


def middle(values):
    return round(statistics.median(values)) if values else None


def measure(network, seconds):
    """One row of the table."""
    witness = network.validators[0].rpc
    offsets = [validator.program.log.stat().st_size for validator in network.validators]
    first, watch = rpc.finalised_number(witness), Watch(witness)
    watch.look(seconds)
    made = [set(sealed(*each)) for each in zip(network.validators, offsets)]
    # What was made last needs a moment to be final.
    time.sleep(2)
    last = rpc.finalised_number(witness)
    hashes = {number: hash_at(witness, number) for number in range(first + 1, last + 1)}
    counts = [(len(each), len(each.intersection(hashes.values()))) for each in made]
    others = [count for position, count in enumerate(counts) if position != SHIFTED]
    came = [[], []]
    for number, late_ms in watch.arrivals.items():
        came[hashes.get(number) in made[SHIFTED]].append(late_ms)
    waits = sorted(watch.waits)
    return {
        "blocks_per_s": round((last - first) / (seconds + 2), 2),
        "shifted": {"made": counts[SHIFTED][0], "final": counts[SHIFTED][1], "arrive_ms": middle(came[True])},
        "others": {
            "made": sum(made for made, _ in others),
            "final": sum(final for _, final in others),
            "arrive_ms": middle(came[False]),
        },
        "refused": [refused(*each) for each in zip(network.validators, offsets)],
        "peers": [(rpc.call(each.rpc, "system_health") or {}).get("peers") for each in network.validators],
        "finality_ms": {
            "median": middle(waits),
            "p95": round(waits[len(waits) * 95 // 100]) if waits else None,
            "most": round(waits[-1]) if waits else None,
        },
        "clock": [rpc.call(each.rpc, "clock_status") for each in network.validators],
    }


def drill(home, library, offset_ms, seconds):
    network = Network(home / f"{offset_ms:+d}ms", Shifted(library, offset_ms))
    try:
        network.start()
        time.sleep(WARM_UP_S)
        return {"offset_ms": offset_ms, **measure(network, seconds)}
    finally:
        stop_all(network.programs(), 10)
        SIGNALLED.stopping = False


def main():
    description = f"{__doc__.splitlines()[0]} Prints one JSON object a line."
    parser = argparse.ArgumentParser(prog="scripts/clock-drill", description=description)
    offsets = [0, 60, -60, 150, -150, 250, -250, 450, -450]
    shown = " ".join(str(offset) for offset in offsets)
    parser.add_argument("offsets", type=int, nargs="*", default=offsets, help=f"milliseconds ahead ({shown})")
    parser.add_argument("--seconds", type=int, default=30, help="how long each is measured (30)")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "clock-drill", help="folder of logs")
    options = parser.parse_args()
    library = next(LIBRARIES, None)
    if library is None:
        raise Failed("libfaketime is missing: apt-get install faketime")
    if not NODE.exists():
        raise Failed(f"{NODE} is not built: run scripts/demo, or cargo build --release --workspace")
    Folder(options.out)
    for offset_ms in options.offsets:
        print(json.dumps(drill(options.out, library, offset_ms, options.seconds)), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)

"""Finality under faults on real networks: validators, light clients and their links. One line a step, and an exit code."""

import argparse
import json
import pathlib
import sys
import time

from demo_run.__main__ import TOP, guarded, prepare
from demo_run.processes import Failed

from . import for_good, replace, standstill, steps, twins
from .network import RTO_MAX, RTO_MAX_MS, Drill

# Each with the fewest validators that it takes: a set of four can spare none for good.
STEPS = {
    "killed": (steps.killed, 4),
    "partitioned": (steps.partitioned, 4),
    "slow": (steps.slow, 4),
    "third-gone-and-back": (standstill.third_gone_and_back, 4),
    "long-partition": (steps.long_partition, 4),
    "replaced": (replace.replaced, 4),
    "twins": (twins.twins, 5),
    "gone-for-good": (for_good.gone_for_good, 4),
}
# These leave another set of validators behind.
LAST_OF_ITS_NETWORK = ("replaced", "twins", "gone-for-good")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/finality-drill", description=__doc__)
    parser.add_argument("--only", action="append", choices=STEPS, metavar="STEP", help="this step; may be repeated")
    parser.add_argument("--list", action="store_true", help="say what the steps are")
    parser.add_argument("--json", action="store_true", help="one JSON object a step; all text goes to standard error")
    parser.add_argument("--validators", type=int, default=4, choices=range(4, 14), metavar="4..13", help="how many (4)")
    parser.add_argument("--rto-max-ms", type=int, default=RTO_MAX_MS, metavar="MS", help=f"validators' {RTO_MAX} ({RTO_MAX_MS})")
    out = TOP / "target" / "finality-drill"
    parser.add_argument("--out", type=pathlib.Path, default=out, help="folder of logs")
    return parser.parse_args()


class Run:
    """All steps in turn. A step that fails takes its network with it; the next one gets another."""

    def __init__(self, options):
        self.options = options
        self.text = sys.stderr if options.json else sys.stdout
        self.began = time.monotonic()
        self.drill, self.networks = None, 0
        self.failed = []

    def say(self, what):
        print(f"  {time.monotonic() - self.began:6.1f} s  {what}", file=self.text, flush=True)

    def network(self, validators):
        if self.drill and self.drill.cell.validators != validators:
            self.close()
        if not self.drill:
            self.networks += 1
            self.drill = Drill(self.options.out / f"network-{self.networks}", validators, self.options.rto_max_ms)
            self.drill.start()
            self.say(f"{validators} validators finalise blocks, {len(self.drill.clients.loads)} load nodes follow")
        return self.drill

    def close(self):
        drill, self.drill = self.drill, None
        if drill:
            drill.close()

    def step(self, name):
        step, least = STEPS[name]
        print(f"{name}: {step.__doc__}", file=self.text, flush=True)
        began, seen, fault = time.monotonic(), {}, None
        try:
            step(self.network(max(least, self.options.validators)), self.say, seen)
        except Failed as error:
            fault = str(error)
            self.failed.append(name)
        found = {"step": name, "passed": fault is None, "seconds": round(time.monotonic() - began, 1), "seen": seen}
        if fault:
            found["fault"] = fault
        if self.options.json:
            print(json.dumps(found), flush=True)
        for fact, value in seen.items():
            self.say(f"{fact.replace('_', ' ')}: {value}")
        self.say(f"{name}: {'passed' if fault is None else f'FAILED: {fault}'}")
        if fault or name in LAST_OF_ITS_NETWORK:
            self.close()

    def run(self):
        try:
            for name in self.options.only or STEPS:
                self.step(name)
        finally:
            self.close()
        if self.failed:
            raise Failed(f"failed: {', '.join(self.failed)}")


def main():
    options = arguments()
    if options.list:
        for name, (step, _) in STEPS.items():
            print(f"{name:20} {step.__doc__}")
        return
    prepare(options.out)
    Run(options).run()


if __name__ == "__main__":
    sys.exit(guarded(main))

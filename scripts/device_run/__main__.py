"""`scripts/load-node-test`: a load node through faults of its surroundings."""

import argparse
import pathlib
import time

from bench_run.cells import Cell
from bench_run.clients import Clients
from bench_run.stand import Stand
from demo_run.folder import Folder
from demo_run.processes import SIGNALLED, tell_verdict

from .cases import CASES
from .device import Device

TOP = pathlib.Path(__file__).resolve().parents[2]


class Devices(Clients):
    """A load node for each case."""

    kind = Device


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/load-node-test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="cases:\n" + "\n".join(f"  {name:16}{case.__doc__}" for name, case in CASES.items()),
    )  # fmt: skip
    parser.add_argument("case", nargs="*", metavar="CASE", help="these alone, instead of all")
    parser.add_argument("--kills", type=int, default=200, help="in the case of that name (200)")
    parser.add_argument("--seed", type=int, default=1, help="draws the moments of the kills (1)")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "load-node-test", help="where logs and ledgers go")
    options = parser.parse_args()
    for name in options.case:
        if name not in CASES:
            parser.error(f"there is no case {name}: {', '.join(CASES)}")
    return options


def test(options):
    names = options.case or list(CASES)
    stand = Stand(Folder(options.out).path, Cell(load=0.0, light_clients=len(names)).check())
    try:
        stand.start()
        devices = Devices(stand, len(names))
        devices.enrol()
        for name, device in zip(names, devices.loads):
            device.stand = stand
            began = time.monotonic()
            seen = CASES[name](device, options)
            print(f"{name}: {seen} ({time.monotonic() - began:.0f} s)", flush=True)
            for link in device.links():
                link.close()
    finally:
        stand.close()


def main():
    options = arguments()
    with SIGNALLED:
        tell_verdict(lambda: test(options))


if __name__ == "__main__":
    main()

"""Command line of the demo."""

import argparse
import contextlib
import json
import pathlib
import shutil
import sys
import time

from . import page, report as reporting
from .processes import Failed
from .story import Story, dump

TOP = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Runs one regulation event on a real network: 4 validators, 12 load nodes that replay measured days, "
        "a series of small orders, then declaration, clearing, dispatch, metering, scoring, settlement and audit. "
        "Writes target/demo/report.html.",
    )
    parser.add_argument("--json", action="store_true", help="also write target/demo/report.json and print it")
    parser.add_argument("--keep", action="store_true", help="leave the network up afterwards, until Ctrl-C")
    parser.add_argument("--faults", action="store_true", help="kill -9 a validator and two load nodes during the event")
    parser.add_argument("--orders", type=int, default=32, help="small orders in the series (32)")
    parser.add_argument("--nodes", type=int, default=12, choices=range(2, 13), metavar="2..12", help="load nodes (12)")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "demo", help="folder of logs and report")
    return parser.parse_args()


def attach_text(story):
    network, load = story.network, story.loads[0]
    ws = network.validators[0].url
    return f"""
The network is up; Ctrl-C ends it.
  explorer      polkadot.js apps or PAPI console, custom endpoint {ws}
  CLI           loadstone --url {ws} status {story.event}
  load node     copy {load.home / 'node.toml'}, give it a registered device and a store of its own, then
                loadstone-load-node run --config node.toml
  gateways      {', '.join(each.gateway_url for each in network.validators)}
  logs          {story.home / 'logs'}"""


def tell(begun, quiet):
    def say(what):
        if not quiet:
            print(f"  {time.monotonic() - begun:6.1f} s  {what}", flush=True)

    return say


def prepare(folder):
    """An empty folder for the run; only a folder that a demo made is ever emptied."""
    marker = folder / ".loadstone-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise Failed(f"{folder} is not a demo's folder: name another with --out")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    marker.touch()


def main(extra=None):
    """`extra(story)` runs after settlement, while the whole network is up."""
    options = arguments()
    prepare(options.out)
    say = tell(time.monotonic(), False)
    story = Story(options.out, say, options.nodes, options.orders, options.faults)
    try:
        story.run()
        if extra:
            extra(story)
        story.stop_loads()
        story.audit()
        report = reporting.build(story)
        total, small = page.charts(report, {load.name: load.series() for load in story.loads})
        (options.out / "report.html").write_text(page.render(report, total, small))
        print(reporting.summary(report))
        print(f"\nreport: {options.out / 'report.html'}")
        if options.json:
            dump(options.out / "report.json", report)
            print(json.dumps(report))
        faults = reporting.shortcomings(report)
        if options.keep:
            keep(story)
        if faults:
            raise Failed("; ".join(faults))
    finally:
        story.stop()


def keep(story):
    for load in story.loads:
        load.program.start()
    print(attach_text(story), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


def run(extra=None):
    try:
        main(extra)
        return 0
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())

"""Command line of the demo."""

import signal

if __name__ == "__main__":
    # Until the handlers stand there is nothing to put in order: Ctrl-C just ends the program.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import json
import pathlib
import subprocess
import sys
import time

from . import page, report as reporting
from .cli import LOADSTONE
from .folder import Folder
from .loads import AREA, LOAD_NODE
from .network import NODE
from .processes import SIGNALLED, Failed, Stopped
from .story import Story, dump

TOP = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Runs one regulation event on a real network: 4 validators, 12 load nodes that replay measured days, "
        "a series of small orders, then declaration, clearing, dispatch, metering, scoring, settlement and audit. "
        "Writes target/demo/report.html.",
    )
    parser.add_argument(
        "--json", action="store_true", help="also write target/demo/report.json and print it; all text goes to standard error"
    )
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
  CLI           {LOADSTONE} --url {ws} status {story.event}
  gateways      {', '.join(each.gateway_url for each in network.validators)}
  logs          {story.home / 'logs'}
  disk          about 35 MB a minute, in {story.home}

To attach a load node of your own:
  1. its keys   {LOAD_NODE} key generate --out device.key
                {LOAD_NODE} key generate --out ledger.key      # what seals its ledger
  2. register   an aggregator registers it, here //AggregatorNorth, with the public key that was printed first:
                {LOADSTONE} --url {ws} --suri //AggregatorNorth resource register \\
                    --area {AREA} --device-key PUBLIC --down 20000 --load-min 0 --load-max 90000
  3. configure  copy {load.home / 'node.toml'} beside the keys; put the printed
                number into `device` and `resource`, give it a `name`; `key_file`, `lock` and `store` lie beside the
                configuration, and `chain_spec`, `bootnodes` and `gateways` stay as they are
  4. run        {LOAD_NODE} run --config node.toml"""


def tell(begun, quiet, file=None):
    def say(what):
        if not quiet:
            print(f"  {time.monotonic() - begun:6.1f} s  {what}", file=file, flush=True)

    return say


def prepare(folder):
    """An empty folder that no other run uses, and programs to run in it."""
    for program in (NODE, LOAD_NODE, LOADSTONE):
        if not program.exists():
            raise Failed(f"{program} is not built: run scripts/demo, or cargo build --release --workspace")
    Folder(folder)


def ending(story, work):
    """Runs `work` and ends every program of the story; a failure to end is told unless something else failed first."""
    try:
        work()
    except BaseException:
        story.stop(complain=False)
        raise
    story.stop()


def main(extra=None):
    """`extra(story)` runs after settlement, while the whole network is up."""
    options = arguments()
    # Programs that read the JSON get nothing else.
    text = sys.stderr if options.json else sys.stdout
    prepare(options.out)
    story = Story(options.out, tell(time.monotonic(), False, text), options.nodes, options.orders, options.faults)
    ending(story, lambda: perform(story, options, text, extra))


def perform(story, options, text, extra):
    story.run()
    if extra:
        extra(story)
    story.stop_loads()
    story.audit()
    report = reporting.build(story)
    total, small = page.charts(report, {load.name: load.series() for load in story.loads})
    (options.out / "report.html").write_text(page.render(report, total, small))
    print(reporting.summary(report), file=text)
    print(f"\nreport: {options.out / 'report.html'}", file=text)
    if options.json:
        dump(options.out / "report.json", report)
        print(json.dumps(report), flush=True)
    faults = reporting.shortcomings(report)
    if options.keep:
        keep(story, text)
    if faults:
        raise Failed("; ".join(faults))


def keep(story, text):
    for load in story.loads:
        load.program.start()
    print(attach_text(story), file=text, flush=True)
    try:
        while True:
            time.sleep(1)
    except Stopped:
        print("ending the network", file=text, flush=True)


def guarded(work):
    """Exit code of `work`: failures and signals are told in a sentence, and leave no program behind."""
    try:
        with SIGNALLED:
            work()
        return 0
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (OSError, subprocess.SubprocessError) as error:
        # Most of all a full disk, a folder that someone removed during the run, or a tool that is not there.
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 128 + stopped.number


def run(extra=None):
    return guarded(lambda: main(extra))


if __name__ == "__main__":
    sys.exit(run())

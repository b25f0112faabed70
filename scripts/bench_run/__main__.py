"""`scripts/bench`: runs the measuring programs one after another and passes their figures on."""

import argparse
import json
import pathlib
import subprocess
import sys

from demo_run import __main__ as demo
from demo_run.network import TARGET

from . import cells, finality, finality_page, fleet, idle, load_node, market, page, soak
from .text import row

TOP = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    common.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "bench", help="where figures and page go")
    quick = argparse.ArgumentParser(add_help=False)
    quick.add_argument("--quick", action="store_true", help="every figure at small size, and no growth")
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    dag = parts.add_parser("dag", parents=[common, quick], help="the DAG ledger against its physical limits")
    dag.add_argument("--members", type=int, default=4, help="members of the committee (1 to 16)")
    dag.set_defaults(figures=dag_figures, render=page.render)
    orders = parts.add_parser(
        "finality", parents=[common, quick],
        help="an order's way into a block, to finality, to light clients, to the setpoint",
        description="Brings up one network a cell: real validators, real load nodes with their light clients, blocks "
        "filled to a share of their weight limit. A grid company sends emergency orders at random moments; each is "
        "timed from its submission to its block, to finality at the validator, to the order verified by each light "
        "client, and to the setpoint at its actuator. One factor is varied at a time. What this machine does not "
        "carry is left out and named.",
    )  # fmt: skip
    orders.add_argument(
        "--cell", metavar="NAME=VALUE,...",
        help="this cell alone: validators, rtt_ms, load (share of the block's weight limit; 1 is as full as may be), "
        "light_clients, failed, preset; its figures are told even where they are in doubt",
    )  # fmt: skip
    orders.add_argument("--orders", type=int, default=100, help="orders of that cell (100)")
    orders.set_defaults(figures=finality.figures, render=finality_page.render)
    still = parts.add_parser(
        "idle", parents=[common],
        help="what each kind of node takes while nothing is ordered, and an order's delay after that",
        description="Four validators, one of them an archive, a full node and four light clients; devices send their "
        "readings, and nobody orders anything. Processor time and growth on the disk a role, then 100 orders.",
    )  # fmt: skip
    still.add_argument("--minutes", type=float, default=10, help="how long nothing happens (10)")
    still.add_argument("--preset", choices=cells.PRESETS, default="lan", help="the chain's preset (lan)")
    still.set_defaults(figures=idle.figures, render=list_page("An idle network, measured"))
    long = parts.add_parser(
        "soak", parents=[common], help="orders and half full blocks for long, under kills",
        description="Four validators, six load nodes, half full blocks, an order every 400 ms; all the while a "
        "validator or a load node is killed (kill -9) at random and comes back. Fails if a running load node missed an "
        "order, or if two validators finalised different blocks.",
    )  # fmt: skip
    long.add_argument("--minutes", type=float, default=60, help="how long (60)")
    long.add_argument("--seed", type=int, default=1, help="draws who is killed, and when (1)")
    long.set_defaults(figures=soak.figures, render=list_page("A network under kills, measured"))
    wide = parts.add_parser(
        "market", parents=[common, quick],
        help="one event with 100,000 resources, from sealed bids to the last payment",
        description="Four validators, 32 aggregators. Blocks are filled with declarations and with plain transfers; then "
        "one event of a thousand resources and one of very many goes through the market: sealed, revealed, cleared, ordered, "
        "recorded, scored, settled. Devices are silent, so records say that nothing was delivered and settlement takes "
        "penalties; every resource is awarded, scored and settled all the same.",
    )  # fmt: skip
    wide.add_argument(
        "--resources", type=int, default=market.RESOURCES, help=f"in the large event ({market.RESOURCES}); each offers two segments"
    )
    wide.set_defaults(figures=market.figures, render=list_page("The market at scale, measured"))
    device = parts.add_parser(
        "load-node", parents=[common, quick],
        help="what a load node takes of its device, and how fast an order reaches the actuator",
        description="Four validators and four load nodes with a light client each. Memory, processor and disk while each "
        "reads its meter every second and nothing is ordered; its start without and with a saved database; then orders, "
        "from finality at the validator to the actuator.",
    )  # fmt: skip
    device.set_defaults(figures=load_node.figures, render=list_page("A load node, measured"))
    many = parts.add_parser(
        "fleet", parents=[common, quick],
        help="a thousand load nodes of one process write to four validators",
        description="Each node has a meter, a ledger and gateways of its own; the light client is shared. Fails if a "
        "reading is lost.",
    )  # fmt: skip
    many.add_argument("--nodes", type=int, help=f"how many ({fleet.NODES}; quick: {fleet.QUICK_NODES})")
    many.add_argument("--minutes", type=float, help=f"how long they write ({fleet.MINUTES:g}; quick: {fleet.QUICK_MINUTES:g})")
    many.set_defaults(figures=fleet.figures, render=list_page("A fleet of load nodes, measured"))
    return parser.parse_args()


def list_page(title):
    about = "Every program is a process of its own, all on one machine."
    return lambda figures: page.document(title, about, "", figures)


def dag_figures(options):
    """Each figure as soon as its program has measured it."""
    quick = ["--quick"] if options.quick else []
    yield from measured([TARGET / "dag-bench", "--json", "--members", str(options.members), *quick])
    if not options.quick:
        yield from measured([TARGET / "dag-sim", "--growth", "--json"])


def measured(command):
    """Runs a program that prints one figure a line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        yield from map(json.loads, program.stdout)
    if program.returncode:
        raise demo.Failed(f"{pathlib.Path(command[0]).name} ended with {program.returncode}")


def main():
    options = arguments()
    figures = []
    try:
        for figure in options.figures(options):
            figures.append(figure)
            print(json.dumps(figure) if options.json else row(figure), flush=True)
    finally:
        # What was measured stays, however the run ended.
        if figures:
            keep(options, figures)


def keep(options, figures):
    options.out.mkdir(parents=True, exist_ok=True)
    lines, html = options.out / f"{options.what}.jsonl", options.out / f"{options.what}.html"
    lines.write_text("".join(json.dumps(figure) + "\n" for figure in figures))
    html.write_text(options.render(figures))
    print(f"{len(figures)} figures in {lines}, drawn in {html}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(demo.guarded(main))

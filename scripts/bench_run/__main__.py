"""`scripts/bench`: runs the measuring programs one after another and passes their figures on."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

from . import page

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target")) / "release"


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("what", choices=["dag"])
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    parser.add_argument("--quick", action="store_true", help="every figure at small size, and no growth")
    parser.add_argument("--members", type=int, default=4, help="members of the committee (1 to 16)")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "bench", help="where figures and page go")
    return parser.parse_args()


def commands(options):
    quick = ["--quick"] if options.quick else []
    yield [PROGRAMS / "dag-bench", "--json", "--members", str(options.members), *quick]
    if not options.quick:
        yield [PROGRAMS / "dag-sim", "--growth", "--json"]


def row(figure):
    params = ", ".join(f"{name} {value:,.10g}" for name, value in figure["params"].items())
    limit = f"  {figure['ratio']:.0%} of {figure['limit']:,.0f}" if "limit" in figure else ""
    return f"{figure['name']:32} {figure['value']:>16,.2f} {figure['unit']:4} {params}{limit}"


def measure(command, show):
    """Runs a program that prints one figure a line; each is shown as soon as it is there."""
    figures = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        for line in program.stdout:
            figures.append(json.loads(line))
            show(figures[-1])
    if program.returncode:
        raise SystemExit(f"error: {pathlib.Path(command[0]).name} ended with {program.returncode}")
    return figures


def main():
    options = arguments()
    show = (lambda figure: print(json.dumps(figure), flush=True)) if options.json else (lambda figure: print(row(figure), flush=True))
    figures = [figure for command in commands(options) for figure in measure(command, show)]
    options.out.mkdir(parents=True, exist_ok=True)
    lines, html = options.out / f"{options.what}.jsonl", options.out / f"{options.what}.html"
    lines.write_text("".join(json.dumps(figure) + "\n" for figure in figures))
    html.write_text(page.render(figures))
    print(f"{len(figures)} figures in {lines}, drawn in {html}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

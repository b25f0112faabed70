"""`scripts/image`: the load node as an OCI image."""

import argparse
import datetime
import json
import pathlib
import sys

from demo_run.network import TARGET, run
from demo_run.processes import Failed

from . import trial
from .contents import HOME, PROGRAM, TOP, USER, entries
from .layout import Layout

SETTINGS = {
    "User": f"{USER}:{USER}", "Entrypoint": [f"/usr/bin/{PROGRAM}"],
    "Cmd": ["run", "--config", "/etc/loadstone/node.toml"], "WorkingDir": f"/{HOME}", "Volumes": {f"/{HOME}": {}},
    "StopSignal": "SIGTERM", "Env": ["PATH=/usr/bin"],
}  # fmt: skip


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/image", description="Makes an OCI image of the load node: a layout in one tar file, and its bill of "
        "materials beside it. Its configuration stands at /etc/loadstone, read-only; it writes to its volume alone.",
    )  # fmt: skip
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "image", help="where both files go")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    parser.add_argument("--test", action="store_true", help="makes it twice, compares, and runs it")
    return parser.parse_args()


def made():
    """The image of the built program and its bill of materials. Its moment is that of the commit."""
    program = TARGET / PROGRAM
    if not program.exists():
        raise Failed(f"{program} is not built: run scripts/image")
    commit, moment = run(["git", "log", "-1", "--format=%H %ct"], cwd=TOP).split()
    created = datetime.datetime.fromtimestamp(int(moment), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    files, bill = entries(program)
    annotations = {"org.opencontainers.image.title": PROGRAM, "org.opencontainers.image.revision": commit}
    return Layout(files, SETTINGS, annotations, int(moment), created), files, bill


def main():
    options = arguments()
    try:
        image, files, bill = made()
        options.out.mkdir(parents=True, exist_ok=True)
        path = options.out / f"{PROGRAM}.tar"
        path.write_bytes(image.tar())
        (options.out / f"{PROGRAM}.cdx.json").write_bytes(bill)
        figures = {
            "image": str(path), "digest": image.digest, "image_mib": round(image.layer_bytes / 2**20, 2),
            "unpacked_mib": round(image.rootfs_bytes / 2**20, 2), "files": len(files),
            "components": len(json.loads(bill)["components"]),
        }  # fmt: skip
        if options.test:
            trial.same_again(image, made()[0])
            trial.runs(files, SETTINGS, options.out)
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:14}{value}" for name, value in figures.items()))
        print(f"podman load -i {path}, or ctr images import {path}")


if __name__ == "__main__":
    main()

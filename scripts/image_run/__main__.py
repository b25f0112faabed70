"""`scripts/image`: the load node as an OCI image."""

import argparse
import contextlib
import datetime
import json
import pathlib
import shutil
import sys
import tarfile

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
        prog="scripts/image", description="Makes an OCI image of the load node: a layout as a folder and as one tar file, and "
        "its bill of materials beside it. Its configuration stands at /etc/loadstone, read-only; it writes to its volume alone.",
    )  # fmt: skip
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "target" / "image", help="where they go")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    parser.add_argument("--test", action="store_true", help="makes it twice, compares, runs it, and looks at the systemd unit")
    return parser.parse_args()


def made():
    """The image of the built program and its bill of materials. Its moment is that of the commit."""
    program = TARGET / PROGRAM
    if not program.exists():
        raise Failed(f"{program} is not built: run scripts/image")
    commit, moment = run(["git", "log", "-1", "--format=%H %ct"], cwd=TOP).split()
    created = datetime.datetime.fromtimestamp(int(moment), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    files, bill = entries(program)
    labels = {"title": PROGRAM, "revision": commit, "version": version_of(bill), "licenses": "Apache-2.0"}
    labels = {f"org.opencontainers.image.{name}": value for name, value in labels.items()}
    return Layout(files, {**SETTINGS, "Labels": labels}, labels, int(moment), created), files, bill


def version_of(bill):
    return json.loads(bill)["metadata"]["component"]["version"]


def lay_out(tar, folder):
    """The layout as a folder, too, for tools that read no tar file."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(tar) as file:
        file.extractall(folder, filter="data")


def main():
    options = arguments()
    try:
        image, files, bill = made()
        options.out.mkdir(parents=True, exist_ok=True)
        path = options.out / f"{PROGRAM}.tar"
        path.write_bytes(image.tar())
        lay_out(path, options.out / PROGRAM)
        (options.out / f"{PROGRAM}.cdx.json").write_bytes(bill)
        figures = {
            "image": str(path), "digest": image.digest, "image_mib": round(image.layer_bytes / 2**20, 2),
            "unpacked_mib": round(image.rootfs_bytes / 2**20, 2), "files": len(files),
            "components": len(json.loads(bill)["components"]),
        }  # fmt: skip
        if options.test:
            with contextlib.redirect_stdout(sys.stderr):
                trial.same_again(image, made()[0])
                trial.runs(files, SETTINGS)
                trial.unit_is_sound()
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

"""The small network test: the demo under faults, refusals that must happen, foreign clients, a bent archive."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from . import __main__ as demo
from .checks import CLIENTS, audited, expect_refusal, explained
from .cli import Cli
from .loads import AREA
from .processes import Failed
from .reserve import contested
from .standing import rolled
from .trades import traded

CACHE = pathlib.Path.home() / ".cache" / "loadstone" / "clients"


def refusals(story):
    """Calls without the role, after the gate, twice, above capacity: each names what it violates."""
    grid, north, auditor = story.cli("ProvincialGrid"), story.cli("AggregatorNorth"), story.cli("Auditor")
    own = next(load for load in story.loads if load.owner == "AggregatorNorth")
    foreign = next(load for load in story.loads if load.owner == "AggregatorSouth")
    order = ["--area", AREA, "--direction", "down", "--target", 1000, "--seconds", 5]
    expect_refusal(north, ["emergency", *order], "RoleNotHeld")
    expect_refusal(auditor, ["dispatch", story.event], "RoleNotHeld")
    expect_refusal(grid, ["dispatch", story.event], "EventNotCleared")
    late = ["bid", "commit", story.event, "--offer", f"{own.resource}=1.00:1000", "--file", story.home / "late.json"]
    expect_refusal(north, late, "WrongPhase")
    offer = ["availability", "declare", foreign.resource, "--direction", "down", "--watts", 1, "--price", "1.00", "--response-ms", 500]
    expect_refusal(north, offer, "NotOwner")
    over = ["availability", "declare", own.resource, "--direction", "down", "--watts", own.capacity_w + 1, "--price", "1.00", "--response-ms", 500]
    expect_refusal(north, over, "WattsOutOfRange")
    expect_refusal(story.cli("Stranger"), ["dispatch", story.event], "invalid_transaction")
    mistyped = ["--area", AREA + 1, "--device-key", "0x" + 32 * "07", "--down", 1, "--load-min", 0, "--load-max", 1]
    expect_refusal(north, ["resource", "register", *mistyped], f"but in {AREA}: ")
    story.mark("calls without role, late, foreign or above capacity are refused by name")


def commit(event, load, file):
    return ["bid", "commit", event, "--offer", f"{load.resource}=1.00:1000", "--file", file]


def closed_gate(story):
    """A commitment after gate closure is refused by that name."""
    grid, own = story.cli("ProvincialGrid"), story.loads[0]
    event = grid.one(*opening(start_s=200, gate_s=5))["event"]
    time.sleep(6)
    expect_refusal(story.cli(own.owner), commit(event, own, story.home / "closed.json"), "GateClosed")
    grid.one("event", "cancel", event)
    story.mark("a bid after gate closure is refused")


def opening(start_s, gate_s):
    return [
        "event", "open", "--programme", 1, "--area", AREA, "--direction", "down", "--needs", "1000",
        "--start-in", start_s, "--gate-in", gate_s, "--budget", 1,
    ]  # fmt: skip


def reader_python():
    """A Python with a Parquet reader, kept between runs."""
    venv = CACHE / "archive"
    if not (venv / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "pip", "install", "-q", "-r", CLIENTS / "archive-requirements.txt"], check=True)
    return venv / "bin" / "python"


def read_archive(command, archive):
    """Answer of a Parquet implementation that knows nothing of this code."""
    done = subprocess.run([reader_python(), CLIENTS / "read_archive.py", command, archive], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"read_archive.py {command} {archive} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def sound_archive(story, archive):
    """Stores the event's units, then those after it; the whole must verify, and the audit from it agree."""
    for limit in (["--event", story.event], []):
        stored = story.cli().one("archive", "store", archive, *limit)
        verified = story.cli().one("archive", "verify", archive)
        if not verified["complete"] or verified["last"] != stored["last"]:
            raise Failed(f"the archive does not verify to anchor {stored['last']}: {verified}")
    audited = story.cli().one("audit", story.event, "--archive", archive, allowed=(0, 3))
    if audited["mismatches"]:
        raise Failed(f"the audit from the archive differs: {audited['mismatches'][:3]}")
    story.mark("an archive grows, verifies, and gives the same audit")


def bent_archive(story):
    """A row that somebody rewrites is named by verification and audit; any flipped byte is found."""
    archive = story.home / "archive"
    sound_archive(story, archive)
    segment = min((archive / "segments").iterdir())
    data = segment.read_bytes()
    unit = read_archive("bend", archive)
    verified = story.cli().one("archive", "verify", archive, allowed=(3,))
    audited = story.cli().one("audit", story.event, "--archive", archive, allowed=(3,))
    if not any(found["unit"] == unit for found in verified["findings"]):
        raise Failed(f"the verification did not name unit {unit}, which was changed: {verified['findings'][:3]}")
    if not any(found["item"] == f"unit {unit}" for found in audited["mismatches"]):
        raise Failed(f"the audit did not name unit {unit}, which was changed: {audited['mismatches'][:3]}")
    story.mark("a row rewritten in the archive is found and its unit named")
    middle = len(data) // 2
    segment.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    for command in (["archive", "verify", archive, "--offline"], ["audit", story.event, "--archive", archive]):
        story.cli().one(*command, allowed=(3,))
    segment.write_bytes(data)
    story.cli().one("archive", "verify", archive)
    story.mark("a flipped byte of the archive is found")


def bent_bundle(story):
    """Every changed byte of an evidence bundle must break a named link; a sample of bytes is tried here."""
    bundle = story.home / "reading.bundle"
    proof = story.cli().one("proof", f"{story.loads[0].resource}/1", "--out", bundle)
    data, bent = bundle.read_bytes(), story.home / "bent.bundle"
    for position in range(0, len(data), max(1, len(data) // 40)):
        bent.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        done = subprocess.run(
            Cli("ws://127.0.0.1:1").command("verify", bent, "--genesis", proof["genesis"]), capture_output=True, text=True
        )
        if done.returncode != 3:
            raise Failed(f"a bundle with byte {position} changed gave exit {done.returncode}: {done.stdout}{done.stderr}")
    story.mark("changed bundles are refused with the broken link")


def explained_all(story):
    told, numbers = explained(story, story.event)
    # Credit can be recomputed as long as the event is the only one that a resource was scored in.
    if not audited(story, story.event)["credits"]:
        raise Failed("the audit of the first event recomputes no credit")
    story.mark(f"{numbers} numbers of {len(told)} resources are explained and recomputed from that alone")


def run_client(command, environment, cwd=None):
    done = subprocess.run(command, cwd=cwd, env=environment, timeout=120)
    if done.returncode:
        raise Failed(f"{command[-1]} failed (exit {done.returncode}); its output is above")


def python_client(story, environment):
    """substrate-interface, which knows nothing of this chain."""
    venv = CACHE / "python"
    if not (venv / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "pip", "install", "-q", "-r", CLIENTS / "requirements.txt"], check=True)
    run_client([venv / "bin" / "python", CLIENTS / "read_and_declare.py"], environment)
    story.mark("substrate-interface reads events and storage and submits a declaration")


def node_client(story, environment):
    """polkadot-api, which knows nothing of this chain."""
    home = CACHE / "node"
    home.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "read_and_declare.mjs"):
        shutil.copy(CLIENTS / name, home / name)
    # Not `npm ci`: the lock file has no entries for other platforms' optional packages.
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=home, check=True)
    run_client(["node", "read_and_declare.mjs"], environment, cwd=home)
    story.mark("polkadot-api reads events and storage and submits a declaration")


def foreign_clients(story):
    """An event for them to bid in, and a client of each kind."""
    opened = story.cli("ProvincialGrid").one(*opening(start_s=240, gate_s=180))
    for client, owner, load in ((python_client, "AggregatorNorth", story.loads[0]), (node_client, "AggregatorSouth", story.loads[1])):
        environment = {
            **os.environ,
            "LOADSTONE_URL": story.network.validators[0].url,
            "LOADSTONE_SURI": f"//{owner}",
            "LOADSTONE_EVENT": str(opened["event"]),
            "LOADSTONE_RESOURCE": str(load.resource),
        }
        client(story, environment)
        again = commit(opened["event"], load, story.home / f"again-{owner}.json")
        expect_refusal(story.cli(owner), again, "AlreadyCommitted")
    story.mark("a second bid of the same account is refused")


def all_checks(story):
    refusals(story)
    explained_all(story)
    contested(story)
    traded(story)
    closed_gate(story)
    rolled(story)
    foreign_clients(story)
    bent_bundle(story)
    bent_archive(story)


if __name__ == "__main__":
    code = demo.run(all_checks)
    print("1 passed, 0 failed" if code == 0 else "0 passed, 1 failed")
    sys.exit(code)

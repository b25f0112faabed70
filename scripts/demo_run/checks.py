"""Checks that several parts of the network test make."""

import json
import pathlib
import subprocess
import sys

from .processes import Failed

CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "clients"


def same(what, found, expected):
    if found != expected:
        raise Failed(f"{what} should be {expected}, and is {found}")


def expect_refusal(cli, words, error):
    """The call must fail, and its text must name the violated condition."""
    done = subprocess.run(cli.command(*words), capture_output=True, text=True, cwd=cli.folder)
    text = done.stdout + done.stderr
    if done.returncode == 0 or error not in text:
        raise Failed(f"loadstone {words[0]} {words[1]} should be refused with {error}, but (exit {done.returncode}):\n{text}")


def recomputed(told):
    """How many numbers a program that knows the explanation alone gets; all of them must be those of the chain."""
    recompute = [sys.executable, CLIENTS / "recompute.py"]
    done = subprocess.run(recompute, input=json.dumps(told), capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"resource {told['resource']} can't be recomputed from its explanation:\n{done.stdout}{done.stderr}")
    # One reading less delivered must not pass unseen.
    bent = json.loads(json.dumps(told))
    bent["record"]["delivered"][0] -= 1
    if subprocess.run(recompute, input=json.dumps(bent), capture_output=True, text=True).returncode == 0:
        raise Failed(f"a changed record of resource {told['resource']} was recomputed without a difference")
    return int(done.stdout.split()[0])


def explained(story, event):
    """Each resource's explanation, all of whose numbers are recomputed, and how many those are."""
    told = [story.cli().one("why", event, load.resource) for load in story.loads]
    return told, sum(recomputed(each) for each in told)


def audited(story, event):
    """How many numbers of each kind the audit recomputes from anchored readings; it must find no difference."""
    audit = story.cli().one("audit", event, allowed=(0, 3))
    if audit["mismatches"]:
        raise Failed(f"event {event}: {audit['mismatches'][:3]}")
    return audit["recomputed"]

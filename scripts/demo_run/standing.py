"""Standing offers, for the network test: declared once, rolled into events, through kill -9, edits and a withdrawal."""

import json
import subprocess
import time

from .loads import AREA
from .processes import Failed, Program, wait_until

OWNER = "AggregatorNorth"
PATIENCE_S = 40


class Run(Program):
    """`loadstone standing run`; its lines are read from its log."""

    def __init__(self, story, offers, state):
        command = story.cli(OWNER).command("standing", "run", offers, "--state", state)
        super().__init__("standing offers", command, story.home / "logs" / "standing.log")

    def lines(self, step, event=None):
        text = self.log.read_text() if self.log.exists() else ""
        found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in found if line["step"] == step and event in (None, line.get("event"))]

    def wait(self, step, event=None, more_than=0):
        what = f"the standing offers' run says {step} of event {event}"
        wait_until(what, lambda: len(self.lines(step, event)) > more_than, PATIENCE_S, [self], 0.2)
        return self.lines(step, event)[-1]


def offers_of(loads, price, direction="down"):
    head = f'programmes = [1]\nareas = [{AREA}]\ndirection = "{direction}"\nutc_offset_minutes = 480\n'
    head += 'events_a_day_max = 0\nbudget_min = "1"\n'
    sections = [f'[[resources]]\nresource = {load.resource}\noffers = "{price}:1000"\n' for load in loads]
    return head + "\n".join(sections)


def opened(story, start_s, gate_s):
    return story.cli("ProvincialGrid").one(
        "event", "open", "--programme", 1, "--area", AREA, "--direction", "down", "--needs", 1000,
        "--start-in", start_s, "--gate-in", gate_s, "--budget", 1,
    )  # fmt: skip


def sheets(state, event):
    return [path for path in state.glob(f"bid-*-{event}-*") if path.is_file()]


def refused(story, words, text):
    done = subprocess.run(story.cli(OWNER).command(*words), capture_output=True, text=True, cwd=story.home)
    if done.returncode == 0 or text not in done.stdout + done.stderr:
        raise Failed(f"loadstone {' '.join(map(str, words[:2]))} should be refused with {text}:\n{done.stdout}{done.stderr}")


def killed_between(story, run, state):
    """kill -9 after the commitment, and a start after the gate: the bid is revealed, and awarded."""
    event = opened(story, 45, 12)
    number = event["event"]
    run.wait("committed", number)
    refused(story, ["standing", "run", story.home / "offers.toml", "--state", state], "in use by another run")
    run.kill()
    if not sheets(state, number):
        raise Failed(f"no sheet of event {number} lies in {state} after kill -9")
    story.sleep_until(event["gate_closure_ms"] + 500)
    run.start()
    run.wait("revealed", number)
    story.cli("ProvincialGrid").one("close", number, "--wait", 15)
    outcome = run.wait("over", number)["outcome"]
    if outcome["awarded"] != 1000 or outcome["revealed"] != outcome["committed"]:
        raise Failed(f"the standing offers in event {number} should be awarded 1000 W: {outcome}")
    if sheets(state, number):
        raise Failed(f"sheets of event {number} stay in {state} though it is cleared")
    story.cli("ProvincialGrid").one("event", "cancel", number)
    refused(story, ["standing", "withdraw", number, "--state", state], "GateClosed")


def edited(story, run, offers, loads):
    """An edit that makes no sense changes nothing; one that does counts for the next event."""
    offers.write_text("programmes = ")
    run.wait("warning")
    offers.write_text(offers_of(loads, "1.25", "up"))
    run.wait("offers_changed")
    event = opened(story, 300, 120)["event"]
    if "other way" not in run.wait("passed", event)["reason"]:
        raise Failed(f"event {event} should be passed over as regulating the other way")
    story.cli("ProvincialGrid").one("event", "cancel", event)
    changes = len(run.lines("offers_changed"))
    offers.write_text(offers_of(loads, "1.30"))
    run.wait("offers_changed", more_than=changes)


def withdrawn(story, run, state):
    """What is withdrawn while the run goes on stays withdrawn."""
    number = opened(story, 120, 20)["event"]
    run.wait("committed", number)
    story.cli(OWNER).one("standing", "withdraw", number, "--state", state)
    time.sleep(3)
    row = story.cli(OWNER).one("standing", "status", "--state", state)
    outcome = row["events"][-1]["outcome"]
    if not row["running"] or outcome["committed"]:
        raise Failed(f"event {number} should hold no bid after its withdrawal: {outcome}")
    run.wait("over", number)
    if run.lines("revealed", number):
        raise Failed(f"a withdrawn bid in event {number} was revealed")
    story.cli("ProvincialGrid").one("event", "cancel", number)


def rolled(story):
    """Standing offers from the first event to a clean end."""
    loads = [load for load in story.loads if load.owner == OWNER]
    offers, state = story.home / "offers.toml", story.home / "standing"
    offers.write_text(offers_of(loads, "1.20"))
    story.cli(OWNER).one("standing", "check", offers)
    run = Run(story, offers, state)
    run.start()
    try:
        run.wait("started")
        killed_between(story, run, state)
        edited(story, run, offers, loads)
        withdrawn(story, run, state)
        run.process.terminate()
        if run.process.wait(10) != 0 or not run.lines("ended"):
            raise Failed(f"the run of standing offers does not end in order; its log is {run.log}\n{run.tail()}")
    finally:
        if run.is_running():
            run.kill()
    story.mark("standing offers roll from event to event, through kill -9, an edit and a withdrawal")

"""Supervision, for the network test: rules, a feeder, cases that the chain opens and the regulator decides."""

import json

from .checks import expect_refusal, same
from .processes import Failed, wait_until
from .story import SMALL_W

SUBJECT, OTHER = "AggregatorSouth", "AggregatorNorth"
# From the flag, and anew from the freeze.
APPEAL_MS = 12_000


def availability(story, owner):
    """A call that its owner may make unless it is frozen."""
    load = next(load for load in story.loads if load.owner == owner)
    watts, terms = ["--direction", "down", "--watts", SMALL_W], ["--price", "1.00", "--response-ms", 2_000]
    return ["availability", "declare", load.resource, *watts, *terms]


class Watch:
    """Begun before the event that it judges: the chain walks over each event by the rules of that moment."""

    def __init__(self, story):
        self.story, self.regulator = story, story.cli("Regulator")
        rules = story.cli().one("supervision", "rules")
        self.segments = len(story.loads) // 2
        wanted = {**rules, "appeal_ms": APPEAL_MS, "alike_segments": self.segments}
        file = story.home / "supervision.json"
        file.write_text(json.dumps(wanted))
        expect_refusal(story.cli("Auditor"), ["supervision", "rules", "set", file], "RoleNotHeld")
        self.regulator.one("supervision", "rules", "set", file)
        same("the rules", story.cli().one("supervision", "rules"), wanted)
        # No meter of a node is its neighbours': this feeder is declared wrongly, so that there is something to find.
        self.feeder, *others = [load.resource for load in story.loads if load.owner == OTHER]
        self.nodes = others[-2:]
        nodes = ",".join(map(str, self.nodes))
        self.regulator.one("supervision", "feeder", "declare", self.feeder, "--nodes", nodes)
        listed = story.cli().one("supervision", "feeder", "list")
        same("the feeders", listed, [{"feeder": self.feeder, "nodes": {"named": self.nodes}}])

    def cases(self, event, *words):
        found = self.story.cli().one("supervision", "cases", *words)
        return [case for case in found if case["event"] == event.id]

    def step(self, by, step, case, reason):
        self.story.cli(by).one("supervision", step, case["id"], "--reason", reason)

    def shown(self, case):
        return self.story.cli().one("supervision", "show", case["id"])

    def judge(self, event):
        self.alike(event)
        self.mismatch(event)
        same("open cases of the event", self.cases(event, "--open"), [])
        self.regulator.one("supervision", "feeder", "remove", self.feeder)
        same("the feeders", self.story.cli().one("supervision", "feeder", "list"), [])

    def found(self, event):
        """The case against each organisation, by its account's name: all their offers are the same."""
        look = lambda: [case for case in self.cases(event) if case["suspicion"] == "bids_alike"]
        cases = wait_until("the chain finds bids alike", lambda: len(look()) == 2 and look(), 20, self.story.programs(), 0.5)
        address = {self.story.cli(name).one("key", "inspect")["address"]: name for name in (SUBJECT, OTHER)}
        for case, other in zip(cases, cases[::-1]):
            evidence = case["evidence"]["bids_alike"]
            told = evidence["other"], evidence["segments"], evidence["mirrored"], case["phase"]
            same("the evidence of bids alike", told, (other["subject"]["organisation"], self.segments, False, "flagged"))
        return {address[case["account"]]: case for case in cases}

    def alike(self, event):
        """One organisation is frozen, appeals and is cleared; the other is cleared at once."""
        cases, story = self.found(event), self.story
        case, offer = cases[SUBJECT], availability(story, SUBJECT)
        expect_refusal(story.cli("ProvincialGrid"), ["supervision", "freeze", case["id"], "--reason", "x"], "RoleNotHeld")
        self.step("Regulator", "freeze", case, "two books, one hand")
        expect_refusal(self.regulator, ["supervision", "uphold", case["id"], "--reason", "x"], "AppealOpen")
        expect_refusal(story.cli(SUBJECT), offer, "has frozen the account")
        expect_refusal(story.cli(OTHER), ["supervision", "appeal", case["id"], "--reason", "x"], "NotSubject")
        self.step(SUBJECT, "appeal", case, "one price list of one supplier")
        expect_refusal(story.cli(SUBJECT), offer, "has frozen the account")
        self.step("Regulator", "clear", case, "the list is public")
        story.cli(SUBJECT).one(*offer)
        self.step("Regulator", "clear", cases[OTHER], "the same list")
        self.decided(case, ["flagged", "frozen", "appealed", "cleared"], {"cleared": 1, "upheld": 0})
        self.decided(cases[OTHER], ["flagged", "cleared"], {"cleared": 1, "upheld": 0})
        story.mark("bids alike of two organisations are found; one is frozen, appeals and is cleared, and may act again")

    def mismatch(self, event):
        """What somebody points at: refused where nothing is wrong, and else a case, which is upheld in the end."""
        story, auditor = self.story, self.story.cli("Auditor")
        report = lambda kind, *resources: ["supervision", "report", kind, event.id, *resources]
        expect_refusal(auditor, report("identical", self.feeder, self.nodes[0]), "NothingFound")
        expect_refusal(auditor, report("readings", self.feeder), "NothingFound")
        case = {"id": auditor.one(*report("feeder", self.feeder))["case"]}
        expect_refusal(auditor, report("feeder", self.feeder), "AlreadyFlagged")
        self.check_sums(event, self.shown(case))
        story.sleep_until(self.shown(case)["appeal_until_ms"] + 1_000)
        expect_refusal(story.cli(OTHER), ["supervision", "appeal", case["id"], "--reason", "x"], "AppealOver")
        self.step("Regulator", "uphold", case, "the meter is not the feeder's")
        offer = availability(story, OTHER)
        expect_refusal(story.cli(OTHER), offer, "has frozen the account")
        self.regulator.one("participant", "unfreeze", story.cli(OTHER).one("key", "inspect")["address"])
        story.cli(OTHER).one(*offer)
        self.decided(case, ["flagged", "upheld"], {"cleared": 0, "upheld": 1})
        story.mark("a feeder that disagrees with its nodes is reported, upheld after the time to appeal, and unfrozen")

    def check_sums(self, event, case):
        """The evidence is what the records add up to."""
        total = {row["resource"]: sum(row["record"]["delivered"]) for row in event.settled["resources"]}
        evidence = case["evidence"]["feeder_mismatch"]
        nodes = sum(total[node] for node in self.nodes)
        same("the sums of feeder and nodes", evidence, {"feeder": total[self.feeder], "nodes": nodes, "count": len(self.nodes)})
        same("who the case is about", case["subject"], {"resource": self.feeder})

    def decided(self, case, phases, outcomes):
        shown = self.shown(case)
        same(f"the steps of case {case['id']}", [step["phase"] for step in shown["steps"]], phases)
        same(f"how cases about the subject of {case['id']} ended", shown["outcomes_of_subject"], outcomes)
        if any(not step["reason"] for step in shown["steps"][1:]):
            raise Failed(f"a step of case {case['id']} gives no reason: {shown['steps']}")

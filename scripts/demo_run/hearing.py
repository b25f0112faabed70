"""A disputed record, for the network test: opened, heard from anchored units, and judged before the second distribution."""

from .checks import expect_refusal, same
from .processes import Failed, wait_until

OWNER = "AggregatorNorth"
BOND = 1_000_000


def paid(state):
    return {row["resource"]: (row["statement"] or {}).get("paid", 0) for row in state["resources"]}


class Hearing:
    """Of the record of the resource of `OWNER` that sold most; not of the one with a customer, if there is another."""

    bond = BOND

    def __init__(self, event, scored):
        self.event, self.story = event, event.story
        sold = {row["resource"]: row["award_w"] + row["reserve_w"] for row in scored["resources"]}
        own = [load.resource for load in self.story.loads if load.owner == OWNER]
        self.resource = max(own[1:] or own, key=sold.get)
        self.record = next(row["record"] for row in scored["resources"] if row["resource"] == self.resource)

    def dispute(self, step, *words):
        return ["dispute", step, self.event.id, self.resource, *words]

    def shown(self):
        disputes = self.story.cli().one("dispute", "show", self.event.id)["disputes"]
        same("the disputed resources", [each["resource"] for each in disputes], [self.resource])
        return disputes[0]

    def hear(self):
        """Opens the dispute, shows what the device wrote, and waits for the first distribution."""
        reason = ["--reason", "our own meter says more"]
        same("disputes before any", self.story.cli().one("dispute", "show", self.event.id)["disputes"], [])
        self.story.cli(OWNER).one(*self.dispute("open", *reason))
        expect_refusal(self.story.cli("AggregatorSouth"), self.dispute("open", *reason), "NotParty")
        expect_refusal(self.story.cli("ProvincialGrid"), self.dispute("open", *reason), "AlreadyDisputed")
        opened = self.shown()
        same("what the dispute says", (opened["reason"], opened["bond"], opened["ruling"]), (reason[1], BOND, None))
        same("what was shown before anything was", opened["hearing"]["chain"], None)
        # By somebody with no part in it: nobody needs to be trusted with what is anchored.
        answer = self.story.cli("Auditor").one(*self.dispute("present"))
        same("whether both ends were shown", answer["is_closed"], True)
        self.units = answer["units"]
        chain = self.shown()["hearing"]["chain"]
        same("units on chain", chain["last"] - chain["first"] + 1, self.units)
        self.first = wait_until("the first distribution", self.distributed, 40, self.story.programs(), 0.3)
        expect_refusal(self.story.cli(OWNER), self.dispute("open", *reason), "NotDisputable")

    def distributed(self):
        """What each was paid, once the dispute window is over and all but the disputed one have got something."""
        state = self.event.status()
        sums = paid(state)
        waits = [row for row in state["resources"] if row["award_w"] and row["resource"] != self.resource and not sums[row["resource"]]]
        return None if waits or state["details"]["phase"] == "settled" else sums

    def check(self, settled):
        """The record stands, the bond fell to the opener, and the second distribution topped up the first."""
        shown = self.shown()
        same("the ruling", (shown["ruling"], shown["bond"], shown["hearing"]), ("confirmed", 0, None))
        rows = {row["resource"]: row for row in settled["resources"]}
        same("the disputed record", rows[self.resource]["record"], self.record)
        last = paid(settled)
        same("what the disputed resource had at first", self.first[self.resource], 0)
        if not last[self.resource]:
            raise Failed("the disputed resource was paid nothing at last")
        if any(last[resource] < before for resource, before in self.first.items()):
            raise Failed(f"the second distribution took something back: {self.first}, then {last}")
        advanced, total = sum(self.first.values()), sum(last.values())
        if not 0 < advanced < total - last[self.resource]:
            raise Failed(f"nobody else was topped up: {self.first}, then {last}")
        self.story.mark(
            f"the record of resource {self.resource} was disputed, heard from {self.units} anchored units and confirmed; "
            f"{advanced} micro-yuan paid before, {total - advanced} after"
        )

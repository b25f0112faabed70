"""An event that buys a reserve and calls it, for the network test; bids are ranked by credit, and a record is disputed."""

from .checks import audited, explained, same
from .cli import Cli
from .hearing import Hearing
from .loads import AREA
from .money import snapshot
from .processes import Failed, wait_until
from .report import settlement
from .story import PROGRAMME
from .supervision import Watch

NUMBER = 2
# The demo's rules, with ranks by credit, a reserve, and time to dispute and to be heard.
RULES = {
    'name = "Intraday peak cut"': 'name = "Reserve by credit"',
    "credit_rank_floor = 0": "credit_rank_floor = 5_000",
    "reserve = 0": "reserve = 4_000",
    "dispute_ms = 3_000": "dispute_ms = 10_000",
    "hearing_ms = 3_000": "hearing_ms = 12_000",
}
NEEDS_SHARE = (0.6, 1.0, 1.0)
INTERVAL_MS = 10_000
# Of what is offered; the reserve comes on top.
NEED_SHARE = 0.5
# Of what the need alone would cost at the least price: less than is claimed, so the pot is short.
BUDGET_SHARE = 0.7


def publish(story):
    text = PROGRAMME
    for demo, here in RULES.items():
        if demo not in text:
            raise Failed(f"the demo's programme no longer says {demo}")
        text = text.replace(demo, here)
    rules = story.home / "reserve.toml"
    rules.write_text(text)
    story.cli("ProvincialGrid").one("programme", "publish", NUMBER, rules)


def offer(story, load):
    """Price in micro-yuan and watts: two neighbours, one of each aggregator's, offer the same."""
    first = load.position - load.position % 2
    watts = min(each.capacity_w for each in story.loads[first : first + 2])
    return 1_000_000 + 50_000 * first, int(watts * 0.9)


class Event:
    """The event; a report reads its money like that of the demo's."""

    def __init__(self, story):
        self.story, self.grid = story, story.cli("ProvincialGrid")
        offered = sum(offer(story, load)[1] for load in story.loads)
        self.needs = [int(offered * NEED_SHARE * share) for share in NEEDS_SHARE]
        self.before = snapshot(story.network.validators[0].rpc, story.accounts)
        # Watts for so many milliseconds, at one yuan per kWh, are so many micro-yuan.
        self.budget = int(sum(self.needs) * INTERVAL_MS / 3_600 * BUDGET_SHARE)
        opened = self.grid.one(
            "event", "open", "--programme", NUMBER, "--area", AREA, "--direction", "down",
            "--needs", ",".join(map(str, self.needs)), "--start-in", 20, "--gate-in", 8, "--budget", f"{self.budget / 1e6:.6f}",
        )  # fmt: skip
        self.id, self.start_ms = opened["event"], opened["start_ms"]

    def status(self):
        return self.story.cli().one("status", self.id)

    def bid(self):
        bids = []
        for owner in ("AggregatorNorth", "AggregatorSouth"):
            offers = []
            for load in self.story.loads:
                if load.owner == owner:
                    price, watts = offer(self.story, load)
                    offers += ["--offer", f"{load.resource}={price / 1e6:.2f}:{watts}"]
            bids.append(self.story.cli(owner).start("declare", self.id, *offers))
        for bid in bids:
            Cli.finish(bid)
        self.grid.one("close", self.id, "--wait", 15)

    def call(self):
        """Dispatches what was bought for the need, and in the first interval the reserve."""
        first = self.grid.one("dispatch", self.id)
        self.story.sleep_until(self.start_ms + 2_000)
        self.called = self.grid.one("dispatch", self.id, "--reserve")
        state = self.status()
        self.escrow_before = state["escrow"]
        same("the interval with the reserve", (self.called["reserve_from"], state["details"]["reserve_from"]), (1, 1))
        if self.called["sequence"] <= first["sequence"]:
            raise Failed(f"the reserve's order does not supersede the event's: {first}, {self.called}")
        self.story.mark(f"the reserve of {state['clearing']['reserve']['awarded']} W is called by an order")

    def reached(self, phase, timeout_s):
        def look():
            state = self.status()
            return state if state["details"]["phase"] == phase else None

        return wait_until(f"event {self.id} is {phase}", look, timeout_s, self.story.programs(), 0.3)

    def settle(self):
        self.settled = self.reached("settled", 60)
        self.after = snapshot(self.story.network.validators[0].rpc, self.story.accounts)


def held(event, told):
    """Every node that sold reserve holds the level of award and reserve together, from the second interval on."""
    sellers = [(load, each) for load, each in zip(event.story.loads, told) if each["steps"]["reserve"]]
    if not sellers:
        raise Failed("nobody sold any reserve")
    for load, each in sellers:
        level = each["steps"]["intervals"][1]["measured"]["setpoint"]
        levels = [order["watts"] for order in load.events("setpoint") if order["sequence"] == event.called["sequence"]]
        if level not in levels:
            raise Failed(f"{load.name} should hold {level} W since the call, and held {levels}")
    return len(sellers)


def ranked(told):
    """Of two that offer the same the one with the better rank sells no less, and with some more."""
    more = 0
    for pair in zip(told[::2], told[1::2]):
        better, other = sorted(pair, key=lambda each: each["steps"]["offers"][0]["rank"])
        (first,), (second,) = better["steps"]["offers"], other["steps"]["offers"]
        same("the neighbours' offers", (first["price"], first["watts"]), (second["price"], second["watts"]))
        if first["rank"] == second["rank"]:
            continue
        sold = [(each["award"], each["award"] + each["reserve"]) for each in (first, second)]
        if first["credit"] <= second["credit"] or sold[0][0] < sold[1][0] or sold[0][1] < sold[1][1]:
            raise Failed(f"better credit sells less: {first}, {second}")
        more += sold[0] != sold[1]
    if not more:
        raise Failed("credit made no difference to anybody")
    return more


def contested(story):
    """From opening to supervision."""
    publish(story)
    watch = Watch(story)
    event = Event(story)
    event.bid()
    event.call()
    story.sleep_until(event.start_ms + INTERVAL_MS * len(NEEDS_SHARE))
    scored = event.reached("scored", 40)
    hearing = Hearing(event, scored)
    hearing.hear()
    event.settle()
    hearing.check(event.settled)
    told, numbers = explained(story, event.id)
    money = settlement(event, forfeited=hearing.bond)
    if not money["conserved"] or money["paid"] != event.budget:
        raise Failed(f"of a short pot of {event.budget} all should be paid, and nothing be lost: {money}")
    audited(story, event.id)
    story.mark(
        f"{held(event, told)} nodes held the reserve, credit decided between neighbours {ranked(told)} times; {numbers} numbers "
        f"recomputed, {money['paid']} micro-yuan paid and {money['penalties']} punished, all conserved"
    )
    watch.judge(event)

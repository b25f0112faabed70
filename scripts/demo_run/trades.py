"""Contracts between two parties, for the network test: a charging session and a trade between neighbours."""

import pathlib
import time

from .checks import audited
from .loads import AREA, LoadNode
from .processes import Failed, wait_until

PROGRAMMES = pathlib.Path(__file__).resolve().parents[2] / "chain-specs" / "programmes"
# The shipped rules in a test's time.
TEST_TIME = {
    "settlement_interval_ms = 900_000": "settlement_interval_ms = 5_000",
    "grace_ms = 60_000": "grace_ms = 4_000",
    "dispute_ms = 86_400_000": "dispute_ms = 1_000",
    "hearing_ms = 86_400_000": "hearing_ms = 3_000",
}
INTERVAL_MS, INTERVALS = 5_000, 2
PRICE = 1_200_000
WATT_MS_PER_KWH = 3_600_000_000


class Solar(LoadNode):
    """A roof that feeds in: its load is never positive."""

    def __init__(self, position, owner, home):
        super().__init__(position, owner, home)
        self.scale = -self.scale


def roof(story):
    """A solar roof of AggregatorNorth's, up and proven by its own light client."""
    solar = Solar(len(story.loads), "AggregatorNorth", story.home)
    answer = story.cli(solar.owner).one(
        "resource", "register", "--area", AREA, "--device-key", solar.public_key, "--down", 1,
        "--load-min", -solar.load_max_w, "--load-max", 0,
    )  # fmt: skip
    solar.resource = answer["resource"]
    solar.configure(story.network, int(time.time() * 1000), [node.gateway_url for node in story.network.validators])
    solar.program.start()
    wait_until("the roof's readings are proven anchored", lambda: solar.events("anchored"), 60, [solar.program], 0.5)
    return solar


def publish(story, number, file):
    text = (PROGRAMMES / file).read_text()
    for shipped, short in TEST_TIME.items():
        if shipped not in text:
            raise Failed(f"{file} no longer says {shipped}")
        text = text.replace(shipped, short)
    rules = story.home / file
    rules.write_text(text)
    story.cli("ProvincialGrid").one("programme", "publish", number, rules)


def offered(story, programme, load, direction, watts):
    """Offers a contract for AggregatorSouth and accepts it for the resource's owner."""
    offer = story.cli("AggregatorSouth").one(
        "contract", "offer", "--programme", programme, "--resource", load.resource, "--direction", direction,
        "--watts", ",".join([str(watts)] * INTERVALS), "--price", "1.20", "--start-in", 6,
    )  # fmt: skip
    story.cli(load.owner).one("contract", "accept", offer["event"])
    return offer


def metered(load, start_ms, sign):
    """Mean watts of each interval by the device's own ledger, one reading a second; rounded toward zero."""
    means = []
    units = load.units()
    readings = [each for unit in units for each in unit["body"].get("readings", [])]
    for begin in range(start_ms, start_ms + INTERVALS * INTERVAL_MS, INTERVAL_MS):
        slots = {}
        for reading in readings:
            if begin <= reading["at_ms"] < begin + INTERVAL_MS:
                slots.setdefault((reading["at_ms"] - start_ms) // 1_000, sign * reading["watts"])
        means.append(int(sum(slots.values()) / (INTERVAL_MS // 1_000)))
    return means


def settled(story, event):
    def look():
        status = story.cli().one("status", event)
        return status if status["details"]["phase"] == "settled" else None

    return wait_until(f"contract {event} is settled", look, 60, story.programs(), 0.5)


def check(story, offer, load, sign, watts):
    """What was paid is what the device's own ledger shows, and the audit agrees."""
    status = settled(story, offer["event"])
    energy = sum(min(max(mean, 0), watts) * INTERVAL_MS for mean in metered(load, offer["start_ms"], sign))
    due, paid = energy * PRICE // WATT_MS_PER_KWH, status["resources"][0]["statement"]["paid"]
    if not paid or paid != due:
        raise Failed(f"contract {offer['event']} paid {paid}, and by the meter {due} is due")
    audited(story, offer["event"])
    return paid


def traded(story):
    """Both contracts at once, each from offer to payment."""
    publish(story, 8, "charging-session.toml")
    publish(story, 9, "neighbour-trade.toml")
    solar, charger = roof(story), story.loads[0]
    try:
        # More than the charger draws, so that all it draws is paid; less than the roof feeds in, so that a part is.
        session = offered(story, 8, charger, "up", charger.load_max_w)
        trade = offered(story, 9, solar, "down", 1_000)
        paid = check(story, session, charger, 1, charger.load_max_w), check(story, trade, solar, -1, 1_000)
    finally:
        solar.program.process.terminate()
        solar.program.process.wait(30)
    story.mark(f"a charging session ({paid[0]} micro-yuan) and a trade between neighbours ({paid[1]}) are paid by the meter")

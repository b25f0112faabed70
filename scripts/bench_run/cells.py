"""What is measured: one network a cell, one factor varied at a time around a base."""

from dataclasses import dataclass, fields, replace

from demo_run.processes import Failed

# Slot length of each preset in milliseconds, as the genesis sets it: for the orders' distances.
PRESETS = {"lan": 200, "province": 300, "wan": 600, "stock": 500}


@dataclass(frozen=True)
class Cell:
    """One network and what it carries. `load` is the share of the block's weight limit; 1 is as full as may be."""

    validators: int = 4
    rtt_ms: int = 0
    load: float = 0.5
    light_clients: int = 50
    failed: int = 0
    preset: str = "lan"
    orders: int = 100
    # Mean distance of orders; zero for two slots.
    gap_ms: int = 0
    # How long each order is valid. While one is, the chain is alert.
    valid_s: int = 8

    @property
    def slot_ms(self):
        return PRESETS[self.preset]

    @property
    def gaps_ms(self):
        """Least and greatest distance of orders, spread over more than a slot."""
        return self.mean_gap_ms * 5 // 8, self.mean_gap_ms * 11 // 8

    @property
    def mean_gap_ms(self):
        return self.gap_ms or 2 * self.slot_ms

    @property
    def name(self):
        size = f"v{self.validators}-rtt{self.rtt_ms}-load{self.load:g}-lc{self.light_clients}-f{self.failed}"
        return f"{size}-{self.preset}" + (f"-gap{self.gap_ms}" if self.gap_ms else "")

    def params(self):
        gap = {"gap_ms": self.gap_ms} if self.gap_ms else {}
        return {
            "validators": self.validators, "rtt_ms": self.rtt_ms, "load": self.load,
            "light_clients": self.light_clients, "failed": self.failed, "preset": self.preset, **gap,
        }  # fmt: skip

    def estimate_s(self):
        """About how long it takes: the orders, and coming up with all programs."""
        return self.orders * self.mean_gap_ms / 1000 + 40 + 2 * self.validators + 0.5 * self.light_clients

    def check(self):
        if self.preset not in PRESETS:
            raise Failed(f"there is no preset {self.preset}: {', '.join(PRESETS)}")
        if not 4 <= self.validators <= 64 or self.light_clients < 1 or self.orders < 1:
            raise Failed("a cell has 4 to 64 validators, and at least one light client and one order")
        if not 0 <= self.failed <= (self.validators - 1) // 3:
            raise Failed(f"of {self.validators} validators at most {(self.validators - 1) // 3} may fail")
        if not 0 <= self.load <= 1:
            raise Failed("load is a share of the block's weight limit, 0 to 1")
        if not 1 <= self.valid_s <= 3_600:
            raise Failed("valid_s is how long an order is in force, up to an hour")
        if not 0 <= self.gap_ms <= 600_000:
            raise Failed("gap_ms is the orders' mean distance, up to ten minutes; 0 for two slots")
        return self


def parse(text, orders):
    """A cell from `validators=4,load=0.5,...`; what is not named is as in the base."""
    kinds = {field.name: field.type for field in fields(Cell) if field.name != "orders"}
    try:
        pairs = [pair.split("=") for pair in text.split(",") if pair]
        return Cell(orders=orders, **{name: kinds[name](value) for name, value in pairs}).check()
    except (KeyError, ValueError):
        raise Failed(f"{text!r} is no cell: name some of {', '.join(kinds)}, as in validators=4,load=0.5") from None


# More validators than at the base, far from each other; so few light clients, since the relay takes its part of the machine.
PROVINCE = Cell(validators=7, rtt_ms=30, light_clients=10, preset="province")
# As many light clients as a district has, most of whose blocks hold an order alone. Every block costs each of them a few
# milliseconds, and all take them from the same two processors: hence orders at a dispatcher's pace.
MANY = Cell(load=0.0, light_clients=200, gap_ms=2_000)


def plan(quick):
    """All cells, the most telling ones first, since time may run out."""
    base = Cell(light_clients=4, orders=20) if quick else Cell()
    yield base if quick else replace(base, orders=1000)
    yield replace(base, preset="stock")
    yield replace(base, failed=1)
    if quick:
        return
    for load in (0.0, 1.0):
        yield replace(base, load=load)
    yield PROVINCE
    yield MANY
    # Round trips with the preset that is meant for them as well.
    for rtt_ms, preset in ((10, "lan"), (10, "province"), (30, "lan"), (30, "province"), (100, "lan"), (100, "wan")):
        yield replace(base, rtt_ms=rtt_ms, preset=preset)
    yield replace(base, light_clients=1)
    for validators in (7, 13, 21):
        yield replace(base, validators=validators)
    yield replace(MANY, light_clients=500)

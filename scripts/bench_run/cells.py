"""What is measured: one network a cell, one factor varied at a time around a base."""

from dataclasses import dataclass, replace

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

    @property
    def slot_ms(self):
        return PRESETS[self.preset]

    @property
    def gaps_ms(self):
        """Least and greatest distance of orders: two slots on average, and spread over more than one."""
        return self.slot_ms * 5 // 4, self.slot_ms * 11 // 4

    @property
    def name(self):
        size = f"v{self.validators}-rtt{self.rtt_ms}-load{self.load:g}-lc{self.light_clients}-f{self.failed}"
        return f"{size}-{self.preset}"

    def params(self):
        return {
            "validators": self.validators, "rtt_ms": self.rtt_ms, "load": self.load,
            "light_clients": self.light_clients, "failed": self.failed, "preset": self.preset,
        }  # fmt: skip

    def estimate_s(self):
        """About how long it takes: orders at two slots each, and coming up with all programs."""
        return self.orders * 2 * self.slot_ms / 1000 + 40 + 2 * self.validators + 0.5 * self.light_clients

    def check(self):
        if self.preset not in PRESETS:
            raise Failed(f"there is no preset {self.preset}: {', '.join(PRESETS)}")
        if not 4 <= self.validators <= 64 or self.light_clients < 1 or self.orders < 1:
            raise Failed("a cell has 4 to 64 validators, and at least one light client and one order")
        if not 0 <= self.failed <= (self.validators - 1) // 3:
            raise Failed(f"of {self.validators} validators at most {(self.validators - 1) // 3} may fail")
        if not 0 <= self.load <= 1:
            raise Failed("load is a share of the block's weight limit, 0 to 1")
        return self


def parse(text, orders):
    """A cell from `validators=4,load=0.5,...`; what is not named is as in the base."""
    kinds = {name: type(value) for name, value in Cell().params().items()}
    try:
        pairs = [pair.split("=") for pair in text.split(",") if pair]
        return Cell(orders=orders, **{name: kinds[name](value) for name, value in pairs}).check()
    except (KeyError, ValueError):
        raise Failed(f"{text!r} is no cell: name some of {', '.join(kinds)}, as in validators=4,load=0.5") from None


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
    # Round trips with the preset that is meant for them as well.
    for rtt_ms, preset in ((10, "lan"), (10, "province"), (30, "lan"), (30, "province"), (100, "lan"), (100, "wan")):
        yield replace(base, rtt_ms=rtt_ms, preset=preset)
    for validators in (7, 13, 21):
        yield replace(base, validators=validators)
    for light_clients in (1, 200, 500):
        yield replace(base, light_clients=light_clients)

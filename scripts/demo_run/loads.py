"""The load nodes: keys, configuration, real processes that replay measured days."""

import csv
import functools
import pathlib

from .figures import events_of
from .network import run
from .processes import TARGET, Program

import json

LOAD_NODE = TARGET / "loadstone-load-node"
DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "uk-winter-days.csv"
SOURCE = "Two British half-hourly meters, twelve winter weekdays (eemeter 4.1.1 samples, Apache-2.0)"
SPEED, SCALE, NOISE_BP = 2, 60, 60
PROFILES = 12
START_OF_DAY_S = 68_400
AREA = 1
# How long a load node that is told to end may take to hand in what it has.
DRAIN_S = 30


@functools.cache
def profile_w(column):
    """Scaled load at the start of the replay and the greatest of the whole day, in watts."""
    with DATA.open() as file:
        rows = [(float(row["offset_s"]), float(row[column]) * SCALE) for row in csv.DictReader(file)]
    start = next(load for offset, load in rows if offset >= START_OF_DAY_S)
    return start, max(load for _, load in rows)


class LoadNode:
    """One load: who it is, what it may do, and its process."""

    readings_per_unit = 5
    # One that feeds in replays its profile below zero.
    scale = SCALE

    def __init__(self, position, owner, home):
        self.name = f"load-{position + 1:02}"
        self.column = f"load_{position % PROFILES + 1:02}_w"
        self.position = position
        self.owner = owner
        self.home = home / "loads" / self.name
        self.home.mkdir(parents=True, exist_ok=True)
        self.key_file = self.home / "device.key"
        key = json.loads(run([LOAD_NODE, "key", "generate", "--out", self.key_file, "--json"]))
        self.public_key = key["public"]
        # What unlocks its sealed ledger, made alike.
        run([LOAD_NODE, "key", "generate", "--out", self.home / "ledger.key", "--json"])
        start, greatest = profile_w(self.column)
        self.capacity_w = int(start * 0.35)
        self.load_max_w = int(greatest * 1.5)
        self.resource = None
        self.config_file = self.home / "node.toml"
        self.events_file = self.home / "events.jsonl"
        self.series_file = self.home / "series.csv"
        self.program = None

    def configure(self, network, origin_ms, gateways):
        # Differing plants: every fourth is slow, every third tracks badly.
        delay_ms = 300 + 350 * (self.position % 4)
        tracking_bp = 150 + 900 * (self.position % 3 == 2)
        config = f"""\
name = "{self.name}"
device = {self.resource}
resource = {self.resource}
area = {AREA}
chain_spec = "{network.spec['path']}"
bootnodes = {json.dumps(network.boot_nodes())}
key_file = "device.key"
store = "store"
lock = {{ key_file = "ledger.key" }}
gateways = {json.dumps(gateways)}
readings_per_unit = {self.readings_per_unit}
max_unit_age_ms = {max(5_000, 1_000 * self.readings_per_unit)}

[meter]
driver = "replay"
file = "{DATA}"
column = "{self.column}"
scale_w = {self.scale}.0
speed = {SPEED}.0
noise_bp = {NOISE_BP}
seed = {self.position + 1}
start_offset_s = {START_OF_DAY_S}
origin_ms = {origin_ms}

[actuator]
driver = "ramp"
ramp_w_per_s = {max(1_000, self.capacity_w // 3)}
response_delay_ms = {delay_ms}
floor_w = 50
tracking_bp = {tracking_bp}
"""
        self.config_file.write_text(config)
        command = [
            LOAD_NODE, "run", "--config", self.config_file, "--events", self.events_file, "--series", self.series_file,
            "--drain-seconds", DRAIN_S,
        ]  # fmt: skip
        self.program = Program(self.name, command, self.home / "node.log")

    def events(self, kind):
        return [event for event in events_of(self.events_file) if event.get("kind") == kind]

    def series(self):
        points = []
        if self.series_file.exists():
            with self.series_file.open() as file:
                for row in csv.DictReader(file):
                    try:
                        points.append((int(row["t_ms"]), int(row["load_w"])))
                    except (TypeError, ValueError):
                        continue
        return points

    def anchored_moments(self):
        """Moments of the readings that its ledger holds as proven anchored."""
        anchored = [unit["body"].get("readings", []) for unit in self.units() if unit["state"] == "anchored"]
        return {reading["at_ms"] for readings in anchored for reading in readings}

    def ledger(self):
        """What its own ledger holds."""
        return json.loads(run([LOAD_NODE, "status", "--config", self.config_file]))

    def units(self):
        """All units in its own ledger."""
        return [json.loads(line) for line in run([LOAD_NODE, "export", "--config", self.config_file]).splitlines()]

"""The validators: a chain spec, keys of four organisations, four real nodes."""

import subprocess

from . import rpc
from .processes import TARGET, Failed, Program, die_with_parent, wait_until
from .sites import Loopback

NODE = TARGET / "loadstone-node"
ORGANISATIONS = ("ProvincialGrid", "CityGrid", "AggregatorNorth", "AggregatorSouth")
SLOT_MS = 200
# RocksDB's write-ahead log grows to six times this: with Substrate's 1,024 a kept network would fill a small disk. Below
# 120 the columns beside the state get no share of it and are flushed with every few blocks.
DB_CACHE_MIB = 128


def run(command, **options):
    """Output of a short command; its error text when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, preexec_fn=die_with_parent, **options)
    if done.returncode:
        raise Failed(f"{' '.join(str(part) for part in command[:4])} failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Validator:
    """One organisation's node: validator, gateway and RPC server."""

    ROLE = ("--validator",)
    KEEPING = ("--state-pruning", "archive", "--blocks-pruning", "archive")

    def __init__(self, organisation, home, spec, place, boot_nodes):
        self.organisation = organisation
        self.place = place
        self.base = home / "validators" / organisation
        self.make_keys(spec)
        command = [
            *place.prefix, NODE, "--chain", spec["path"], "--base-path", self.base, *self.ROLE,
            "--name", organisation, "--listen-addr", f"/ip4/{place.host}/tcp/{place.p2p}/ws", "--rpc-port", place.rpc,
            "--prometheus-port", place.metrics, "--gateway-port", place.gateway, "--gateway-address", place.host,
            *self.KEEPING, "--database", "rocksdb", "--db-cache", DB_CACHE_MIB,
            "--rpc-cors", "all", "--no-telemetry", "--no-mdns", *place.options,
        ]  # fmt: skip
        if boot_nodes:
            command += ["--bootnodes", *boot_nodes]
        self.program = Program(organisation, command, home / "logs" / f"validator-{organisation}.log")

    def make_keys(self, spec):
        run([NODE, "validator-keys", "--base-path", self.base, "--id", spec["id"], "--demo", self.organisation])

    @property
    def rpc(self):
        return f"{self.place.host}:{self.place.rpc}"

    @property
    def url(self):
        return f"ws://{self.rpc}"

    @property
    def gateway_url(self):
        return f"ws://{self.place.host}:{self.place.gateway}"

    def address(self):
        """Its libp2p address, once it answers."""
        peer = rpc.call(self.rpc, "system_localPeerId")
        return peer and f"/ip4/{self.place.host}/tcp/{self.place.p2p}/ws/p2p/{peer}"


class Network:
    """Four validators."""

    def __init__(self, home, sites=None):
        self.home = home
        self.sites = sites or Loopback()
        home.mkdir(parents=True, exist_ok=True)
        spec = home / "spec.json"
        spec.write_text(run([NODE, "export-chain-spec", "--chain", "demo", "--raw"]))
        self.spec = {"path": spec, "id": "loadstone_demo"}
        self.validators = []

    def start(self):
        boot_nodes = []
        for place, organisation in zip(self.sites.places(len(ORGANISATIONS)), ORGANISATIONS):
            validator = Validator(organisation, self.home, self.spec, place, boot_nodes)
            validator.program.start()
            self.validators.append(validator)
            if not boot_nodes:
                first = wait_until("the first validator answers", validator.address, 60, [validator.program])
                boot_nodes = [first]
        self.boot_node = boot_nodes[0]
        wait_until("the chain finalises blocks", lambda: (self.height() or 0) >= 1, 60, self.programs())

    def programs(self):
        return [validator.program for validator in self.validators]

    def height(self):
        return rpc.finalised_number(self.validators[0].rpc)

    def boot_nodes(self):
        return [address for address in (validator.address() for validator in self.validators) if address]

    def by_name(self, organisation):
        return next(each for each in self.validators if each.organisation == organisation)

"""The validators: a chain spec, keys of four organisations, four real nodes on loopback."""

import os
import pathlib
import subprocess

from . import rpc
from .processes import Failed, Program, free_ports, wait_until

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release"
NODE = TARGET / "loadstone-node"
ORGANISATIONS = ("ProvincialGrid", "CityGrid", "AggregatorNorth", "AggregatorSouth")
SLOT_MS = 200


def run(command, **options):
    """Output of a short command; its error text when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise Failed(f"{' '.join(str(part) for part in command[:4])} failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Validator:
    """One organisation's node: validator, gateway and RPC server."""

    def __init__(self, organisation, home, spec, ports, boot_nodes):
        self.organisation = organisation
        self.base = home / "validators" / organisation
        self.p2p, self.rpc, self.gateway, self.metrics = ports
        run([NODE, "validator-keys", "--base-path", self.base, "--id", spec["id"], "--demo", organisation])
        command = [
            NODE, "--chain", spec["path"], "--base-path", self.base, "--validator", "--name", organisation,
            "--listen-addr", f"/ip4/127.0.0.1/tcp/{self.p2p}/ws", "--rpc-port", self.rpc,
            "--prometheus-port", self.metrics, "--gateway-port", self.gateway,
            "--state-pruning", "archive", "--blocks-pruning", "archive", "--database", "rocksdb",
            "--rpc-cors", "all", "--no-telemetry", "--no-mdns",
        ]  # fmt: skip
        if boot_nodes:
            command += ["--bootnodes", *boot_nodes]
        self.program = Program(organisation, command, home / "logs" / f"validator-{organisation}.log")

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.rpc}"

    @property
    def gateway_url(self):
        return f"ws://127.0.0.1:{self.gateway}"

    def address(self):
        """Its libp2p address, once it answers."""
        peer = rpc.call(self.rpc, "system_localPeerId")
        return peer and f"/ip4/127.0.0.1/tcp/{self.p2p}/ws/p2p/{peer}"


class Network:
    """Four validators."""

    def __init__(self, home):
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        spec = home / "spec.json"
        spec.write_text(run([NODE, "export-chain-spec", "--chain", "demo", "--raw"]))
        self.spec = {"path": spec, "id": "loadstone_demo"}
        self.validators = []

    def start(self):
        ports = free_ports(4 * len(ORGANISATIONS))
        boot_nodes = []
        for position, organisation in enumerate(ORGANISATIONS):
            own = ports[4 * position : 4 * position + 4]
            validator = Validator(organisation, self.home, self.spec, own, boot_nodes)
            validator.program.start()
            self.validators.append(validator)
            if not boot_nodes:
                first = wait_until("the first validator answers", validator.address, 60, [validator.program])
                boot_nodes = [first]
        self.boot_node = boot_nodes[0]
        wait_until("the chain finalises blocks", lambda: (self.height() or 0) >= 5, 60, self.programs())

    def programs(self):
        return [validator.program for validator in self.validators]

    def height(self):
        return rpc.finalised_number(self.validators[0].rpc)

    def boot_nodes(self):
        return [address for address in (validator.address() for validator in self.validators) if address]

    def by_name(self, organisation):
        return next(each for each in self.validators if each.organisation == organisation)

"""`scripts/bench fleet`: many load nodes of one process, each with a ledger of its own, write to four validators."""

import json
import resource
import time

from demo_run.folder import Folder
from demo_run.loads import LOAD_NODE, LoadNode
from demo_run.processes import Failed, Program, wait_until

from .cells import Cell
from .clients import Clients, resident_kib
from .finality import say
from .samples import figure
from .stand import Member, Stand, must_run
from .usage import Shares

NODES, MINUTES = 1_000, 10
QUICK_NODES, QUICK_MINUTES = 100, 1
READINGS_PER_UNIT = 5
# Until everything is anchored after the last reading; all of the nodes hand in their last unit at once.
DRAIN_S = 60
# Files that a node's ledger keeps open at most, and its connections.
FILES_PER_NODE = 80
# Part of the seconds in which every node must have read, once all have started.
LEAST_READ = 0.99


class FleetNode(LoadNode):
    """One of the fleet: its configuration stands in the fleet's folder."""

    def configure(self, network, origin_ms, gateways):
        super().configure(network, origin_ms, gateways)
        text = self.config_file.read_text()
        for name in ("device.key", "ledger.key", "store"):
            text = text.replace(f'"{name}"', f'"{self.home / name}"')
        folder = network.home / "fleet"
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.toml").write_text(text)


class Fleet(Clients):
    """All nodes, as one program."""

    kind = FleetNode

    def start(self):
        gateways = [node.gateway_url for node in self.stand.alive()]
        for load in self.loads:
            turn = load.position % len(gateways)
            load.configure(self.stand, int(time.time() * 1000), gateways[turn:] + gateways[:turn])
        allow_files(FILES_PER_NODE * len(self.loads))
        home = self.stand.home
        command = [LOAD_NODE, "fleet", "--nodes", home / "fleet", "--drain-seconds", DRAIN_S]
        self.program = Program("fleet", command, home / "logs" / "fleet.log", {"RUST_LOG": "warn"})
        self.stand.others.append(self.program.start())

    def all_run(self):
        """Each answers at its own socket once it reads."""
        return all((load.home / "store.health.sock").exists() for load in self.loads)

    def stop(self):
        """Lets all hand in what they have; answers with what their ledgers hold."""
        self.program.process.terminate()
        wait_until("the fleet has ended", lambda: not self.program.is_running(), DRAIN_S + 60, pause_s=0.5)
        if self.program.process.returncode:
            raise Failed(f"the fleet ended with {self.program.process.returncode}\n{self.program.tail()}")
        last = next(line for line in reversed(self.program.log.read_text().splitlines()) if line.startswith("{"))
        return json.loads(last)


def allow_files(count):
    """Children may open so many files, as far as this program may allow it: root may beyond the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(count, hard)))
    except (PermissionError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def figures(options):
    nodes = options.nodes or (QUICK_NODES if options.quick else NODES)
    minutes = options.minutes or (QUICK_MINUTES if options.quick else MINUTES)
    folder = Folder(options.out / "fleet-run")
    stand = Stand(folder.path, Cell(load=0.0, light_clients=nodes).check(), kinds=(Member,), relays=0)
    try:
        stand.start()
        say(f"{nodes} devices are enrolled")
        fleet = Fleet(stand, nodes, READINGS_PER_UNIT)
        fleet.enrol()
        began = time.monotonic()
        fleet.start()
        wait_until("all nodes run", fleet.all_run, 30 + nodes, [fleet.program], 0.5)
        yield figure("start_s", time.monotonic() - began, "s", {"nodes": nodes}, "fleet")
        say(f"they write for {minutes:g} minutes")
        yield from written(stand, fleet, minutes * 60, {"nodes": nodes, "minutes": minutes})
    finally:
        stand.close()


def written(stand, fleet, seconds, params):
    shares = Shares([("fleet", [fleet.program]), ("validator", stand.programs())])
    deadline, rss = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        must_run([*stand.programs(), fleet.program])
        rss = max(rss, resident_kib(fleet.program.process.pid))
        time.sleep(1)
    percent = shares.percent()
    began = time.monotonic()
    ended = fleet.stop()
    totals = ended["totals"]
    lost = totals["read"] - totals["anchored"]
    yield figure("nodes_ended_well", ended["nodes"], "", params, "fleet")
    yield figure("readings", totals["read"], "", params, "fleet")
    yield figure("readings_lost", lost, "", params, "fleet")
    yield figure("units", totals["units"], "", params, "fleet")
    # Those that were read before all had started come on top.
    yield figure("readings_due", round(seconds * params["nodes"]), "", params, "fleet")
    yield figure("drain_s", time.monotonic() - began, "s", params, "fleet")
    yield figure("rss_mib", rss / 1024, "MiB", params, "fleet")
    yield figure("rss_mib_per_node", rss / 1024 / params["nodes"], "MiB", params, "fleet")
    yield figure("fleet_cpu_percent", percent["fleet"], "%", params, "fleet")
    yield figure("validator_cpu_percent", percent["validator"], "%", params, "fleet")
    if lost or ended["failed"] or totals["read"] < LEAST_READ * seconds * params["nodes"]:
        raise Failed(f"{lost} readings were lost; {totals['read']} were read; failed nodes: {ended['failed'][:3]}")

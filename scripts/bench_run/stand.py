"""A cell's network: organisations and keys, validators, full nodes beside them, and an end to everything."""

import dataclasses
import functools
import itertools
import json
import tomllib

from demo_run import sites
from demo_run.cli import LOADSTONE
from demo_run.network import NODE, Network, Validator, run
from demo_run.processes import SIGNALLED, Failed, Program, Stopped, wait_until

ID = "loadstone_bench"
# Full blocks take 20 aggregators, since each may use a twentieth of what ordinary transactions may take; more, so that
# none is ever at its limit.
LOAD_ACCOUNTS = tuple(f"Load{number:02}" for number in range(1, 33))
# From so many light clients on they find the chain at full nodes of their own, as devices would.
RELAYS_FROM = 100
RELAYS = 2


def sites_for(rtt_ms):
    """Where validators run: on loopback, or with the round trip emulated between any two programs."""
    return sites.Emulated(rtt_ms) if rtt_ms else sites.Loopback()


@functools.cache
def address(account):
    """Address of a development account, whose key everyone knows."""
    return json.loads(run([LOADSTONE, "--json", "key", "inspect", "--suri", f"//{account}"]))["address"]


class Member(Validator):
    """A validator whose keys stand in the network's description, so they are there before its node is."""

    def make_keys(self, spec):
        pass


class Pruned(Member):
    """A validator that keeps the state of its last blocks alone."""

    KEEPING = ()


class Archive(Member):
    """A validator that keeps all state, and all units in an archive."""

    def __init__(self, organisation, home, spec, place, boot_nodes):
        keeping = ("--dag-archive", home / "validators" / organisation / "archive")
        place = dataclasses.replace(place, options=(*place.options, *keeping))
        super().__init__(organisation, home, spec, place, boot_nodes)


class Hidden(Member):
    """A validator that serves no light clients: full nodes do."""

    ROLE = (*Member.ROLE, "--in-peers-light", 0)


class Relay(Pruned):
    """A full node that light clients find the chain at."""

    ROLE = ("--in-peers-light", 1000)


class Stand(Network):
    """The network of one cell. Two of its organisations are grid companies, the others aggregators."""

    def __init__(self, home, cell, kinds=None, relays=None):
        """`kinds` of the validators, the last one for all further ones, and full nodes: as the cell needs, unless told."""
        many = cell.light_clients >= RELAYS_FROM
        self.home, self.cell, self.kinds = home, cell, kinds or ((Hidden,) if many else (Member,))
        self.relay_count = relays if relays is not None else RELAYS * many
        self.sites = sites_for(cell.rtt_ms)
        self.validators, self.relays, self.others = [], [], []
        home.mkdir(parents=True, exist_ok=True)

    @property
    def grid_company(self):
        return "Validator01"

    @property
    def aggregators(self):
        return ["Validator03", "Validator04"]

    def start(self):
        names = [f"Validator{number:02}" for number in range(1, self.cell.validators + 1)]
        places = self.sites.places(len(names) + self.relay_count)
        options = ("--preset", self.cell.preset)
        places = [dataclasses.replace(place, options=(*place.options, *options)) for place in places]
        # Members of the committee need links to each other, and in a network in earnest nodes on loopback don't find
        # each other by themselves.
        known = self.found(names, places)
        kinds = itertools.chain(self.kinds, itertools.repeat(self.kinds[-1]))
        for name, place, kind in zip(names, places, kinds):
            self.validators.append(kind(name, self.home, self.spec, place, known))
        for number, place in enumerate(places[len(names) :], 1):
            self.relays.append(Relay(f"Relay{number:02}", self.home, self.spec, place, known))
        for program in self.programs():
            program.start()
        patience_s = 60 + 5 * len(names)
        wait_until("the chain finalises blocks", lambda: (self.height() or 0) >= 1, patience_s, self.programs())

    def found(self, names, places):
        """Makes the validators' keys, the description and the raw spec; answers with the validators' addresses."""
        known, parts = [], [f'name = "Benchmark"\nid = "{ID}"\npreset = "{self.cell.preset}"']
        for position, (name, place) in enumerate(zip(names, places)):
            keys = run([NODE, "validator-keys", "--base-path", self.home / "validators" / name, "--id", ID])
            peer = tomllib.loads(keys)["peer"]
            known.append(f"/ip4/{place.host}/tcp/{place.p2p}/ws/p2p/{peer}")
            parts.append(organisation(name, "grid_company" if position < 2 else "aggregator", position < 2))
            account = address(f"{name}//validator")
            gateway = f"ws://{place.host}:{place.gateway}"
            parts.append(f'[[organisation.validator]]\naccount = "{account}"\n{keys.strip()}\ngateway = "{gateway}"')
        parts += [organisation(name, "aggregator", False) for name in LOAD_ACCOUNTS]
        description = self.home / "network.toml"
        description.write_text("\n\n".join(parts) + "\n")
        path = self.home / "spec.json"
        path.write_text(run([NODE, "export-chain-spec", "--chain", description, "--raw"]))
        self.spec = {"path": path, "id": ID}
        return known

    def programs(self):
        return [node.program for node in self.validators + self.relays]

    def alive(self):
        """Validators that no cell's failure hits: the last ones fail, the first one takes the orders."""
        return self.validators[: self.cell.validators - self.cell.failed]

    @functools.cache
    def boot_nodes(self):
        """Where light clients find the chain."""
        nodes = self.relays or self.alive()
        return [wait_until(f"{node.organisation} answers", node.address, 30) for node in nodes]

    def fail(self):
        """`kill -9` of the cell's failures."""
        for node in self.validators[len(self.alive()) :]:
            node.program.kill()
        self.validators = self.alive()

    def close(self):
        """Kills everything: nothing that a cell leaves behind is of use."""
        kill_all([node.program for node in self.validators + self.relays] + self.others)
        if hasattr(self.sites, "close"):
            self.sites.close()


def kill_all(programs):
    """Ends programs at once. A signal meanwhile is answered afterwards, so that none stays."""
    stopping, SIGNALLED.stopping = SIGNALLED.stopping, True
    for program in programs:
        if program.is_running():
            program.kill()
    Program.started[:] = [program for program in Program.started if program.is_running()]
    SIGNALLED.stopping = stopping
    if SIGNALLED.hurried and not stopping:
        raise Stopped(2)


def organisation(name, role, council):
    member = "\ncouncil = true" if council else ""
    return f'[[organisation]]\nname = "{name}"\nrole = "{role}"\naccount = "{address(name)}"\nyuan = 1000000{member}'


def must_run(programs):
    """Fails with the log's end when one stopped by itself."""
    for program in programs:
        program.check()



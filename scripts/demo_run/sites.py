"""Where validators run: on loopback, in namespaces whose links can be cut, or across an emulated wide-area network."""

import os
import subprocess
from dataclasses import dataclass

from .processes import Failed, free_ports
from .wan import Relay


@dataclass
class Place:
    """Addresses of one validator, and what its command needs to run there."""

    host: str
    p2p: int
    rpc: int
    gateway: int
    metrics: int
    prefix: tuple = ()
    options: tuple = ()


class Loopback:
    """Everything on 127.0.0.1, on ports that nobody uses."""

    def places(self, count):
        ports = free_ports(4 * count)
        return [Place("127.0.0.1", *ports[4 * position : 4 * position + 4]) for position in range(count)]


class Namespaces:
    """A bridge with one namespace a validator; the loads and this program stand at the bridge itself."""

    NET = "10.213.0"

    def __init__(self):
        # Interface names have at most 15 characters.
        self.tag = f"ls{os.getpid() % 100_000}"
        self.names = []

    def places(self, count):
        must_be_root()
        ip("link", "add", self.tag, "type", "bridge")
        ip("addr", "add", f"{self.NET}.1/24", "dev", self.tag)
        ip("link", "set", self.tag, "up")
        return [self.place(position) for position in range(count)]

    def place(self, position):
        name, host = f"{self.tag}n{position}", f"{self.NET}.{position + 10}"
        make_namespace(name)
        self.names.append(name)
        ip("link", "add", name, "type", "veth", "peer", "name", f"{name}i")
        ip("link", "set", name, "master", self.tag, "up")
        ip("link", "set", f"{name}i", "netns", name)
        ip("-n", name, "link", "set", f"{name}i", "up")
        ip("-n", name, "addr", "add", f"{host}/24", "dev", f"{name}i")
        return place_in(name, host)

    def cut(self, position):
        """From here on nothing reaches the validator, and nothing leaves it."""
        ip("link", "set", self.names[position], "down")

    def heal(self, position):
        ip("link", "set", self.names[position], "up")

    def close(self):
        remove_namespaces(self.names)
        if self.names:
            subprocess.run(["ip", "link", "del", self.tag], check=False, stderr=subprocess.DEVNULL)


class Emulated:
    """One namespace a validator, with delay and loss between any two: see docs/wan-emulation.md.

    The loads and this program are a site as well, the observer: where this program runs.
    """

    OBSERVER = "observer"

    def __init__(self, rtt_ms, observer_rtt_ms=None, loss_bp=0, jitter_ms=0, seed=1):
        """Round trips in milliseconds; those of the observer are like all others unless given. Loss in basis points."""
        self.rtt_ms, self.loss_bp, self.jitter_ms, self.seed = rtt_ms, loss_bp, jitter_ms, seed
        self.observer_rtt_ms = rtt_ms if observer_rtt_ms is None else observer_rtt_ms
        self.tag = f"lw{os.getpid() % 100_000}"
        # Runs beside each other must not share a subnet, since the observer's device has no namespace of its own.
        self.net = f"10.214.{os.getpid() % 256}"
        self.names = []
        self.relay = None

    def places(self, count):
        must_be_root()
        hosts = [f"{self.net}.{position + 10}" for position in range(count)]
        sites = [f"{self.OBSERVER}:{self.tag}:{self.net}.1/24"]
        for position, host in enumerate(hosts):
            name = f"{self.tag}n{position}"
            make_namespace(name)
            self.names.append(name)
            sites.append(f"{self.site(position)}:wan0:{host}/24:{name}")
        self.relay = Relay(sites, self.seed)
        self.relay.say(f"delay {self.rtt_ms / 2:.3f}")
        self.relay.say(f"delay {self.OBSERVER} {self.observer_rtt_ms / 2:.3f}")
        self.relay.say(f"loss {self.loss_bp}")
        self.relay.say(f"jitter {self.jitter_ms}")
        return [place_in(name, host) for name, host in zip(self.names, hosts)]

    def site(self, position):
        """The validator's name in the relay's commands."""
        return f"v{position}"

    def cut(self, position):
        """From here on nothing reaches the validator, and nothing leaves it."""
        self.relay.say(f"cut {self.site(position)}")

    def heal(self, position):
        self.relay.say(f"heal {self.site(position)}")

    def slow(self, position, ms):
        """Everything to and from the validator takes this much longer, each way."""
        self.relay.say(f"slow {self.site(position)} {ms}")

    def close(self):
        if self.relay:
            self.relay.close()
        remove_namespaces(self.names)


def must_be_root():
    if os.geteuid() != 0:
        raise Failed("cutting links takes network namespaces of its own: run as root, or inside `unshare -rmn`")


def make_namespace(name):
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")


def place_in(name, host):
    """Whatever runs there has the namespace to itself, and so all ports; RPC is for others as well."""
    options = ("--unsafe-rpc-external", "--rpc-methods", "safe")
    return Place(host, 30333, 9944, 9900, 9615, ("ip", "netns", "exec", name), options)


def remove_namespaces(names):
    for name in names:
        subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}")

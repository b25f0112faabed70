"""Where validators run: all on loopback, or each in a network namespace of its own whose link can be cut."""

import os
import subprocess
from dataclasses import dataclass

from .processes import Failed, free_ports


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
        if os.geteuid() != 0:
            raise Failed("cutting links takes network namespaces of its own: run as root, or inside `unshare -rmn`")
        ip("link", "add", self.tag, "type", "bridge")
        ip("addr", "add", f"{self.NET}.1/24", "dev", self.tag)
        ip("link", "set", self.tag, "up")
        return [self.place(position) for position in range(count)]

    def place(self, position):
        name, host = f"{self.tag}n{position}", f"{self.NET}.{position + 10}"
        ip("netns", "add", name)
        self.names.append(name)
        ip("link", "add", name, "type", "veth", "peer", "name", f"{name}i")
        ip("link", "set", name, "master", self.tag, "up")
        ip("link", "set", f"{name}i", "netns", name)
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "link", "set", f"{name}i", "up")
        ip("-n", name, "addr", "add", f"{host}/24", "dev", f"{name}i")
        options = ("--unsafe-rpc-external", "--rpc-methods", "safe")
        return Place(host, 30333, 9944, 9900, 9615, ("ip", "netns", "exec", name), options)

    def cut(self, position):
        """From here on nothing reaches the validator, and nothing leaves it."""
        ip("link", "set", self.names[position], "down")

    def heal(self, position):
        ip("link", "set", self.names[position], "up")

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)
        if self.names:
            subprocess.run(["ip", "link", "del", self.tag], check=False, stderr=subprocess.DEVNULL)


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}")

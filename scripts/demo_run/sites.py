"""Where validators run: on loopback, each on ports that nobody uses."""

from dataclasses import dataclass

from .processes import free_ports


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

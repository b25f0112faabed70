"""Looks at one node's finality all the time: the longest that a block waited."""

import threading
import time

from demo_run import rpc

PAUSE_S = 0.05


def best_of(address):
    """Height of the node's best block, or None while it does not answer."""
    header = rpc.call(address, "chain_getHeader")
    return int(header["number"], 16) if header else None


class Watch:
    """`with Watch(address) as watch`: samples until the end."""

    def __init__(self, address):
        self.address = address
        self.samples = []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join(10)

    def run(self):
        while not self.ending.wait(PAUSE_S):
            best = best_of(self.address)
            final = rpc.finalised_number(self.address)
            if best is not None and final is not None:
                self.samples.append((time.monotonic(), best, final))

    def longest_wait_s(self):
        """The longest time in which a block waited and none became final."""
        longest, since, last = 0.0, None, None
        for at, best, final in self.samples:
            if best <= final:
                since = None
            elif final != last or since is None:
                since = at
            else:
                longest = max(longest, at - since)
            last = final
        return round(longest, 2)

    def finalised(self):
        """Blocks that became final meanwhile."""
        return self.samples[-1][2] - self.samples[0][2] if self.samples else 0

"""Looks at one node's finality all the time: the longest that a block waited."""

import threading
import time

from demo_run import rpc

PAUSE_S = 0.05


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
            best = rpc.call(self.address, "chain_getHeader")
            final = rpc.finalised_number(self.address)
            if best and final is not None:
                self.samples.append((time.monotonic(), int(best["number"], 16), final))

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

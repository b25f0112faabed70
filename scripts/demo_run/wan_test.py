"""The emulated network measured from inside: round trips, loss, a cut, throughput. Fails when they aren't as asked for.

Prints a table in Markdown, the one of docs/wan-emulation.md.
"""

import json
import subprocess
import sys

from .processes import Failed, die_with_parent, tell_verdict
from .sites import Emulated

RTTS_MS = (0, 10, 30, 100)
# The scheduler of a busy machine delays the measuring programs as well.
MEDIAN_LATE_MS = 1.0
STREAM_MIB = 200


def at(place, *words):
    """Runs the measuring program at a site until it ends."""
    command = [*place.prefix, sys.executable, "-m", "demo_run.wan_peer", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Failed(f"wan_peer {words}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def require(holds, what):
    if not holds:
        raise Failed(what)


class Measurement:
    """Two sites and the observer; the second site answers."""

    def __init__(self, sites):
        self.sites = sites
        self.asking, self.place = sites.places(2)
        command = [*self.place.prefix, sys.executable, "-m", "demo_run.wan_peer", "serve"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self.server.stdout.readline()

    def close(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def busy(self, *words):
        """What the asking site answers, and the share of one core that the relay used meanwhile, in percent."""
        before = self.sites.relay.cpu_s()
        found = at(self.asking, *words)
        return found, 100 * (self.sites.relay.cpu_s() - before) / found["seconds"]

    def round_trips(self, rtt_ms):
        self.sites.relay.say(f"delay {rtt_ms / 2:.3f}")
        udp = at(self.asking, "ping", self.place.host, 1_000, 200)
        tcp = at(self.asking, "request", self.place.host, 30)
        what = f"UDP median {udp['median_ms']:.2f}, p99 {udp['p99_ms']:.2f} ms; TCP median {tcp['median_ms']:.2f} ms"
        row(f"round trip {rtt_ms} ms", f"{what}, connected after {tcp['connect_ms']:.1f} ms")
        for each in (udp, tcp):
            late = each["median_ms"] - rtt_ms
            require(0 <= late < MEDIAN_LATE_MS, f"a round trip of {rtt_ms} ms takes {each['median_ms']:.2f} ms")
        require(udp["back"] == udp["sent"] and not udp["out_of_order"], f"without loss and jitter came back: {udp}")

    def jitter(self):
        self.sites.relay.say("jitter 10")
        found = at(self.asking, "ping", self.place.host, 1_000, 200)
        what = f"median {found['median_ms']:.2f}, p99 {found['p99_ms']:.2f}, most {found['max_ms']:.2f} ms; in order"
        row("round trip 100 ms, jitter 10 ms each way", what)
        require(105 < found["median_ms"] < 122 and not found["out_of_order"], f"jitter of 10 ms gives {found}")
        self.sites.relay.say("jitter 0")

    def loss(self):
        self.sites.relay.say("loss 200")
        found = at(self.asking, "ping", self.place.host, 10_000, 2_000)
        share = 100 * (1 - found["back"] / found["sent"])
        row("loss 2 % each way", f"{share:.2f} % of {found['sent']} echoes missing (3.96 % expected)")
        require(3.2 < share < 4.8, f"2 % of loss each way gives {share:.2f} % of missing echoes")
        self.sites.relay.say("loss 0")

    def cut(self):
        self.sites.cut(1)
        there = at(self.asking, "ping", self.place.host, 100, 100)["back"]
        self.sites.heal(1)
        again = at(self.asking, "ping", self.place.host, 100, 100)["back"]
        row("cut, then healed", f"{there} of 100 echoes, then {again} of 100")
        require((there, again) == (0, 100), f"{there} echoes through a cut, {again} of 100 after it")

    def throughput(self):
        for per_s, length in ((20_000, 200), (20_000, 1_400), (50_000, 200)):
            before = self.delivered()
            found, busy = self.busy("flood", self.place.host, per_s, 5, length)
            rate, arrived = found["sent"] / found["seconds"], 100 * found["arrived"] / found["sent"]
            what = f"{rate:.0f}/s sent, {arrived:.2f} % arrived, relay {busy:.0f} % of a core"
            row(f"{length} bytes, {per_s} packets/s asked for", what)
            # What the receiving program is too slow for is not the relay's loss.
            require(self.delivered() - before >= found["sent"], f"the relay lost some of {per_s} packets/s")
        found, busy = self.busy("stream", self.place.host, STREAM_MIB)
        row("one TCP stream", f"{STREAM_MIB / found['seconds']:.0f} MiB/s, relay {busy:.0f} % of a core")

    def delivered(self):
        """Packets that the relay has handed to the second site."""
        return self.sites.relay.say("stats")["sites"][self.sites.site(1)]["received"]

    def lateness(self):
        late = self.sites.relay.say("stats")["lateness"]
        mean = late["sum_us"] / late["packets"] / 1_000
        row("written later than due, all packets", f"mean {mean:.3f} ms, most {late['max_us'] / 1_000:.1f} ms")


def row(what, found):
    print(f"| {what} | {found} |", flush=True)


def main():
    sites = Emulated(0)
    measurement = None
    print("| Asked for | Found |\n|---|---|")
    try:
        measurement = Measurement(sites)
        for rtt_ms in RTTS_MS:
            measurement.round_trips(rtt_ms)
        measurement.jitter()
        measurement.loss()
        measurement.cut()
        sites.relay.say("delay 15")
        measurement.throughput()
        measurement.lateness()
    finally:
        if measurement:
            measurement.close()
        sites.close()


if __name__ == "__main__":
    tell_verdict(main)

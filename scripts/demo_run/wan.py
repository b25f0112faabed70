"""The running `wan-relay`: an emulated wide-area network between network namespaces."""

import json
import os
import subprocess

from .processes import TARGET, Failed

RELAY = TARGET / "wan-relay"


class Relay:
    """Carries packets between sites until it is closed; its devices go away with it."""

    def __init__(self, sites, seed=1):
        """Sites as the program takes them: NAME:DEVICE:ADDRESS/BITS[:NAMESPACE]."""
        if not os.path.exists("/dev/net/tun"):
            raise Failed("emulating a network takes /dev/net/tun: load the kernel's module `tun`")
        command = [RELAY, "--seed", str(seed), *(word for site in sites for word in ("--site", site))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # A session of its own: Ctrl-C in the terminal is for this program. The end of its input ends the relay, however
        # this program ends.
        self.process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
        self.answer("start")
        try:
            # Before everything else, or on a busy machine the wait for a processor adds to every delay.
            os.sched_setscheduler(self.process.pid, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            pass  # Inside `unshare -rmn`: delays are as exact as the machine is quiet.

    def say(self, line):
        """One command; answers with what the relay does."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended; why, it says below.
        return self.answer(line)

    def answer(self, line):
        text = self.process.stdout.readline()
        if not text:
            raise Failed(f"wan-relay has ended: {self.process.stderr.read().strip()}")
        answer = json.loads(text)
        if "error" in answer:
            raise Failed(f"wan-relay refused `{line}`: {answer['error']}")
        return answer

    def cpu_s(self):
        """Seconds of processor time that it has used."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            ticks = file.read().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

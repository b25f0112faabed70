"""Starting, watching and stopping the programs of the network; each writes to a log of its own."""

import os
import pathlib
import signal
import socket
import subprocess
import time


class Failed(Exception):
    """The demo cannot go on; the message says why and where to look."""


class Program:
    """One running program with its log; can be killed and started again with the same arguments."""

    def __init__(self, name, command, log, env=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.log = pathlib.Path(log)
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=self.env, start_new_session=True
            )
        return self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        if not self.is_running():
            raise Failed(f"{self.name} stopped by itself (exit {self.process.returncode}); its log is {self.log}\n{self.tail()}")

    def tail(self, lines=15):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join("    " + line for line in text.splitlines()[-lines:])

    def kill(self):
        """`kill -9`: nothing of the program runs after this, not even a flush."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, patience_s=20):
        """Asks the program to end, and insists when it does not."""
        if not self.is_running():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise Failed(f"{self.name} did not stop within {patience_s} s of SIGTERM; its log is {self.log}") from None


def free_ports(count):
    """Distinct loopback ports that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(what, condition, timeout_s, programs=(), pause_s=0.1):
    """Polls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout_s
    while True:
        for program in programs:
            program.check()
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"timed out after {timeout_s} s: {what}")
        time.sleep(pause_s)

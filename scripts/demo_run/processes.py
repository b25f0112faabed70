"""Starting, watching and stopping the programs of the network; each writes to a log of its own."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release"
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """The demo cannot go on; the message says why and where to look."""


def tell_verdict(test):
    """Runs a test and says how it ended, as the last line and as the exit code."""
    try:
        test()
    except Failed as error:
        print(f"error: {error}\n0 passed, 1 failed", file=sys.stderr)
        sys.exit(1)
    print("1 passed, 0 failed")


class Stopped(BaseException):
    """Someone asked this program to end. No `Exception`, so that nothing takes it for a failure to be tried again."""

    def __init__(self, number):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


def die_with_parent(parent=os.getpid()):
    """Runs in a child before its program: the kernel ends it when this program is gone, however that came about."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class Program:
    """One running program with its log; can be killed and started again with the same arguments."""

    # Everything that was started, for the second signal.
    started = []

    def __init__(self, name, command, log, env=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.log = pathlib.Path(log)
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            # A session of its own: Ctrl-C in the terminal is for this program, which stops the others in order.
            self.process = subprocess.Popen(
                self.command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=self.env,
                start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        self.started.append(self)
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


class Signals:
    """The first SIGINT, SIGTERM or SIGHUP ends the run in order; any further one kills what is left at once."""

    def __init__(self):
        self.stopping = self.hurried = False

    def __enter__(self):
        self.before = {number: signal.signal(number, self.arrive) for number in SIGNALS}
        return self

    def __exit__(self, *_):
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def arrive(self, number, _frame):
        if self.stopping:
            self.hurried = True
            for program in Program.started:
                if program.is_running():
                    program.process.send_signal(signal.SIGKILL)
            return
        self.stopping = True
        raise Stopped(number)


SIGNALLED = Signals()


def stop_all(programs, patience_s):
    """Asks all programs to end at once, and kills those that do not; answers with the killed ones.

    A signal that comes now must not leave this half done: it only shortens the wait.
    """
    SIGNALLED.stopping = True
    running = [program for program in programs if program.is_running()]
    for program in running:
        program.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    while any(program.is_running() for program in running) and time.monotonic() < deadline:
        time.sleep(0.05)
    late = [program for program in running if program.is_running()]
    for program in late:
        program.kill()
    return late


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

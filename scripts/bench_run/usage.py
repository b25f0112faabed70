"""What programs take of the machine."""

import os
import time


class Processors:
    """The processors' share of time that was not idle since this was made."""

    def __init__(self):
        self.before = self.now()

    @staticmethod
    def now():
        with open("/proc/stat") as file:
            times = [int(word) for word in file.readline().split()[1:]]
        # Fields 3 and 4: idle, and waiting for a disk.
        return sum(times[:8]), times[3] + times[4]

    def busy(self):
        (total0, idle0), (total1, idle1) = self.before, self.now()
        return 1 - (idle1 - idle0) / max(1, total1 - total0)


class Shares:
    """Processor time that programs of a role take, in per cent of one processor, since this was made."""

    def __init__(self, roles):
        """`roles` are (role, its programs)."""
        self.roles, self.began = roles, time.monotonic()
        self.before = {program: processor_s(program.process.pid) for _, programs in roles for program in programs}

    def percent(self):
        """{role: mean over its programs}."""
        seconds = time.monotonic() - self.began
        used = lambda program: processor_s(program.process.pid) - self.before[program]
        means = {role: sum(map(used, programs)) / len(programs) for role, programs in self.roles if programs}
        return {role: mean / seconds * 100 for role, mean in means.items()}


def processor_s(pid):
    """Processor time that a program has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def folder_bytes(path):
    """What a folder takes on the disk."""
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                # A database replaces its files all the time.
                continue
    return total


def written_bytes(pid):
    """What a program has made the disk write, whatever it has removed again."""
    with open(f"/proc/{pid}/io") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes:"))

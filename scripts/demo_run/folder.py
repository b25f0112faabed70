"""The folder of a run: made empty, and held by one run at a time."""

import fcntl
import os
import shutil

from .processes import Failed

MARKER = ".loadstone-demo"


class Folder:
    """Holds the lock of the folder until this program ends."""

    held = []

    def __init__(self, path):
        self.path = path
        try:
            self.lock = self.claim()
            self.clear()
        except OSError as error:
            raise Failed(f"can't use the folder {path}: {error.strerror}: name another with --out") from None
        self.held.append(self.lock)

    def claim(self):
        """Only a folder that a demo made, or an empty one, is ever taken."""
        self.path.mkdir(parents=True, exist_ok=True)
        marker = self.path / MARKER
        if any(self.path.iterdir()) and not marker.exists():
            raise Failed(f"{self.path} is not a demo's folder: name another with --out")
        lock = marker.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise Failed(
                f"another run uses {self.path} (process {owner}): stop it or wait, or name another folder with --out"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def clear(self):
        """The marker stays: a lock on a removed file would hold nobody off."""
        for entry in self.path.iterdir():
            if entry.name == MARKER:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

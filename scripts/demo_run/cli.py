"""The `loadstone` command, as a dispatcher, an aggregator or an auditor would call it."""

import json
import subprocess

from .processes import TARGET, Failed, die_with_parent

LOADSTONE = TARGET / "loadstone"


class Cli:
    """Commands of one account at one node."""

    def __init__(self, url, account=None, folder=None):
        self.base = [str(LOADSTONE), "--json", "--url", url]
        if account:
            self.base += ["--suri", f"//{account}"]
        self.folder = folder

    def command(self, *words):
        return self.base + [str(word) for word in words]

    def lines(self, *words, allowed=(0,)):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, cwd=self.folder, preexec_fn=die_with_parent)
        if done.returncode not in allowed:
            raise Failed(f"loadstone {' '.join(str(word) for word in words)} (exit {done.returncode}):\n{done.stderr}{done.stdout}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def one(self, *words, allowed=(0,)):
        """The last line of the answer."""
        return self.lines(*words, allowed=allowed)[-1]

    def start(self, *words):
        """The command in the background; finish it with `finish`."""
        return subprocess.Popen(
            self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
            preexec_fn=die_with_parent,
        )  # fmt: skip

    @staticmethod
    def finish(process, patience_s=60):
        try:
            out, err = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"{' '.join(process.args[1:])} did not finish within {patience_s} s") from None
        if process.returncode:
            raise Failed(f"{' '.join(process.args[1:])} (exit {process.returncode}):\n{err}{out}")
        return [json.loads(line) for line in out.splitlines() if line.strip()]

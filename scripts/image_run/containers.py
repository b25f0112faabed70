"""Two ways to start an image's program: crun, and namespaces made with util-linux where crun does not run.

Either way the root is read-only, settings are mounted read-only, the volume alone may be written, and there is no network.
"""

import json
import shutil
import subprocess

# crun refuses both versions of cgroups side by side, as some build machines mount them: it gets a view with the newer alone.
ONE_CGROUP = (
    '[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || '
    '{ umount -l -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; } && exec "$@"'
)
# Arguments: root, settings, volume, user, then the command.
READ_ONLY = (
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$1/etc/loadstone" && '
    'mount -o remount,bind,ro "$1/etc/loadstone" && mount --bind "$3" "$1/var/lib/loadstone" && mount -t proc proc "$1/proc" && '
    'root=$1 user=$4 && shift 4 && exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"'
)
KINDS = ("pid", "mount", "ipc", "uts", "network")


class Container:
    """An unpacked image: `rootfs`, `settings` and `volume` in one folder."""

    def __init__(self, folder, settings):
        self.folder = folder.resolve()
        self.settings = settings
        self.started = 0
        self.under_crun = bool(shutil.which("crun"))
        self.under_crun = self.under_crun and self.run(["--version"]).returncode == 0

    @property
    def user(self):
        return int(self.settings["User"].split(":")[0])

    def run(self, arguments):
        """Runs the entry point with these arguments until it ends."""
        return subprocess.run(self.command(arguments), capture_output=True, text=True, timeout=60)

    def start(self, arguments, log):
        """Starts it; its first process is a child of the one that is returned."""
        with log.open("w") as file:
            return subprocess.Popen(self.command(arguments), stdout=file, stderr=file)

    def command(self, arguments):
        words = self.settings["Entrypoint"] + arguments
        return [str(word) for word in (self.crun(words) if self.under_crun else self.namespaces(words))]

    def namespaces(self, words):
        flags = [f"--{'net' if kind == 'network' else kind}" for kind in KINDS]
        folders = [self.folder / name for name in ("rootfs", "settings", "volume")]
        return ["unshare", *flags, "--fork", "sh", "-c", READ_ONLY, "trial", *folders, self.settings["User"], *words]

    def crun(self, words):
        self.started += 1
        bundle = self.folder / f"bundle{self.started}"
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(self.runtime_config(words)))
        crun = ["crun", "--root", self.folder / "crun", "--cgroup-manager=disabled", "run", "--bundle", bundle]
        return ["unshare", "--mount", "sh", "-c", ONE_CGROUP, "trial", *crun, f"{self.folder.name}-{self.started}"]

    def runtime_config(self, words):
        capabilities = {name: [] for name in ("bounding", "effective", "permitted", "inheritable", "ambient")}
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": self.user, "gid": self.user}, "args": words, "env": self.settings["Env"],
                "cwd": self.settings["WorkingDir"], "noNewPrivileges": True, "capabilities": capabilities,
            },
            "root": {"path": str(self.folder / "rootfs"), "readonly": True},
            "hostname": "trial",
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                # Otherwise crun makes devices in the image's own folder.
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
                self.mount("settings", "/etc/loadstone", "ro"),
                self.mount("volume", "/var/lib/loadstone", "rw"),
            ],
            "linux": {"namespaces": [{"type": kind} for kind in KINDS]},
        }  # fmt: skip

    def mount(self, name, destination, how):
        return {"destination": destination, "type": "bind", "source": str(self.folder / name), "options": ["bind", how]}

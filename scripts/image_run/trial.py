"""Tries an image: it is the same when made again, and runs with a read-only root, without rights, as its own user.

Under crun where that runs; kernels with both versions of cgroups refuse it, and there the image is run in namespaces made
with util-linux, read-only and as its own user all the same.
"""

import json
import os
import shutil
import subprocess

from demo_run.processes import Failed

NAME = f"loadstone-trial-{os.getpid()}"


def same_again(first, second):
    if first.tar() != second.tar():
        raise Failed("the image is another when it is made again")
    print("made twice, the same bytes")


def runs(files, settings, folder):
    """Unpacks the image and runs it: read-only but for its volume, with no rights, as its own user."""
    if os.geteuid() != 0:
        raise Failed("running the image takes root")
    bundle = folder / "bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    unpack(files, bundle / "rootfs")
    (bundle / "volume").mkdir()
    os.chown(bundle / "volume", user_of(settings), user_of(settings))
    start = crun if crun_works(bundle, settings) else in_namespaces
    print(f"run with {'crun' if start is crun else 'util-linux: crun does not run here'}")
    said = start(bundle, settings, ["--version"])
    if said.returncode or "loadstone-load-node" not in said.stdout:
        raise Failed(f"the image does not run: {said.stderr.strip()}")
    print(f"it runs: {said.stdout.strip()}")
    made = start(bundle, settings, ["key", "generate", "--out", "/var/lib/loadstone/device.key"])
    if made.returncode:
        raise Failed(f"it can't write to its volume: {made.stderr.strip()}")
    refused = start(bundle, settings, ["key", "generate", "--out", "/etc/loadstone/device.key"])
    if not refused.returncode or "Read-only file system" not in refused.stderr:
        raise Failed(f"it writes beside its volume: {refused.stdout.strip()} {refused.stderr.strip()}")
    print("it writes to its volume, and nowhere else")
    absent = start(bundle, settings, ["run", "--config", "/etc/loadstone/node.toml"])
    if not absent.returncode or "node.toml" not in absent.stderr:
        raise Failed(f"without a configuration it says: {absent.stderr.strip()}")
    print(f"without a configuration it says: {absent.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(bundle)


def unpack(files, root):
    for path, mode, owner, content in sorted(files, key=lambda entry: entry[0]):
        place = root / path
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        place.chmod(mode)
        os.chown(place, owner, owner)


def user_of(settings):
    return int(settings["User"].split(":")[0])


def crun_works(bundle, settings):
    return bool(shutil.which("crun")) and crun(bundle, settings, ["--version"]).returncode == 0


def in_namespaces(bundle, settings, arguments):
    """Runs the entry point in a tree that is read-only but for the volume."""
    root, volume, user = bundle / "rootfs", bundle / "volume", settings["User"]
    script = (
        'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$1/var/lib/loadstone" && '
        'root=$1 user=$3 && shift 3 && exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"'
    )
    command = ["unshare", "--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "sh", "-c", script, "trial", root, volume, user]
    command += settings["Entrypoint"] + arguments
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)


def crun(bundle, settings, arguments):
    """Runs the image's entry point with other arguments; answers with what came of it."""
    user, volume = user_of(settings), bundle / "volume"
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": user, "gid": user}, "args": settings["Entrypoint"] + arguments, "env": settings["Env"],
            "cwd": settings["WorkingDir"], "noNewPrivileges": True,
            "capabilities": {name: [] for name in ("bounding", "effective", "permitted", "inheritable", "ambient")},
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "trial",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/var/lib/loadstone", "type": "bind", "source": str(volume.resolve()), "options": ["bind", "rw"]},
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")]},
    }  # fmt: skip
    (bundle / "config.json").write_text(json.dumps(config))
    command = ["crun", "--root", bundle.parent / "crun", "--cgroup-manager=disabled", "run", "--bundle", bundle, NAME]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)

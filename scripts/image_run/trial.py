"""Tries an image: it is the same when made again, and a node in it runs with a read-only root, without rights, as its own
user, answers health checks, and ends when it is told to."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from demo_run.loads import DATA
from demo_run.network import NODE, run
from demo_run.processes import Failed, wait_until

from .containers import Container
from .contents import PROGRAM, TOP

ETC, VAR = "/etc/loadstone", "/var/lib/loadstone"
KEY = f"{VAR}/device.key"
# Where nobody is: the node runs as on a device that is offline.
NOWHERE = "/ip4/127.0.0.1/tcp/9/ws/p2p/12D3KooWFzMb2MXBbjykaEHVEW1XrtxYxeJSJFY6FVTHCg4xAoNy"
CONFIG = f"""\
name = "trial"
device = 0
resource = 0
area = 1
chain_spec = "spec.json"
bootnodes = ["{NOWHERE}"]
key_file = "{KEY}"
store = "{VAR}/store"
gateways = ["ws://127.0.0.1:9"]
[meter]
driver = "replay"
file = "loads.csv"
column = "load_01_w"
[actuator]
driver = "ramp"
ramp_w_per_s = 1000
"""
# Worst of 100 that `systemd-analyze security` may give the unit.
EXPOSURE_MAX = 15


def same_again(first, second):
    if first.tar() != second.tar():
        raise Failed("the image is another when it is made again")
    print("made twice, the same bytes")


def runs(files, settings):
    """Unpacks the image and runs it."""
    if os.geteuid() != 0:
        raise Failed("running the image takes root")
    with tempfile.TemporaryDirectory(prefix="loadstone-image-") as name:
        folder = pathlib.Path(name)
        unpack(files, folder / "rootfs")
        lay_out(folder, settings)
        container = Container(folder, settings)
        print(f"run with {'crun' if container.under_crun else 'util-linux: crun is missing, or does not run here'}")
        before = tree(folder / "rootfs")
        starts_alone(container)
        runs_a_node(container)
        changed = sorted(str(path.relative_to(folder)) for path, _ in before.items() ^ tree(folder / "rootfs").items())
        if changed:
            raise Failed(f"the image's own files have changed: {', '.join(changed)}")


def lay_out(folder, settings):
    """What stands on the device: settings, and a volume of the image's user."""
    (folder / "settings").mkdir()
    (folder / "settings" / "node.toml").write_text(CONFIG)
    shutil.copy(DATA, folder / "settings" / "loads.csv")
    (folder / "settings" / "spec.json").write_text(run([NODE, "export-chain-spec", "--chain", "demo", "--raw"]))
    (folder / "volume").mkdir(mode=0o700)
    user = int(settings["User"].split(":")[0])
    os.chown(folder / "volume", user, user)


def starts_alone(container):
    """Commands that need no node."""
    for arguments in (["--version"], ["--help"], ["key", "generate", "--out", KEY]):
        done = container.run(arguments)
        if done.returncode:
            raise Failed(f"{' '.join(arguments)} fails in the image: {done.stderr.strip()}")
    for place in (f"{ETC}/device.key", "/usr/device.key", "/tmp/device.key"):
        done = container.run(["key", "generate", "--out", place])
        if not done.returncode or "Read-only file system" not in done.stderr:
            raise Failed(f"it writes to {place}: {done.stdout.strip()} {done.stderr.strip()}")
    print("it writes to its volume, and nowhere else")
    done = container.run(["health", "--config", f"{ETC}/node.toml"])
    if not done.returncode or "no node answers" not in done.stderr:
        raise Failed(f"health without a node says: {done.stdout.strip()} {done.stderr.strip()}")


def runs_a_node(container):
    """The image's own command, without contact: alive, not ready, and gone when it is told to end."""
    log = container.folder / "node.log"
    outer = container.start(container.settings["Cmd"], log)
    try:
        answer = wait_until("the node answers its health check", lambda: health(container, outer, log), 60, pause_s=0.5)
        if json.loads(answer).get("program") != f"/usr/bin/{PROGRAM}":
            raise Failed(f"health names another program: {answer}")
        if container.run(["health", "--ready", "--config", f"{ETC}/node.toml"]).returncode != 1:
            raise Failed("a node without contact calls itself ready")
        inner = child_of(outer.pid)
        rights_of(inner, container)
        os.kill(inner, getattr(signal, container.settings["StopSignal"]))
        if outer.wait(45) != 0:
            raise Failed(f"told to end, the node ended with {outer.returncode}: {log.read_text()[-500:]}")
    finally:
        if outer.poll() is None:
            os.kill(child_of(outer.pid) or outer.pid, signal.SIGKILL)
            outer.wait()
    print("a node in it is alive, not ready without contact, has no rights, and ends when it is told to")


def health(container, outer, log):
    if outer.poll() is not None:
        raise Failed(f"the node ended with {outer.returncode}: {log.read_text()[-500:]}")
    done = container.run(["health", "--config", f"{ETC}/node.toml"])
    return done.stdout if done.returncode == 0 else None


def child_of(pid):
    words = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(words[0]) if words else None


def rights_of(pid, container):
    """As the kernel has them."""
    user = container.user
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    wanted = {"Uid": [str(user)] * 4, "Gid": [str(user)] * 4, "NoNewPrivs": ["1"], "Groups": []}
    wanted |= {name: ["0" * 16] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    # util-linux can't take the bounding set away before chroot, which needs it.
    wanted |= {"CapBnd": ["0" * 16]} if container.under_crun else {}
    for name, value in wanted.items():
        if status[name] != value:
            raise Failed(f"the node's {name} is {' '.join(status[name])}")


def unit_is_sound():
    """The systemd unit reads without a complaint, and closes what a load node has no need of."""
    tool = shutil.which("systemd-analyze")
    if not tool:
        print("no systemd-analyze here: the unit is not looked at")
        return
    with tempfile.TemporaryDirectory(prefix="loadstone-unit-") as name:
        # The program stands elsewhere than on a device; nothing else differs.
        unit = pathlib.Path(name) / "loadstone-load-node.service"
        text = (TOP / "deploy" / unit.name).read_text()
        unit.write_text(text.replace(f"/opt/loadstone/current/{PROGRAM}", "/bin/true"))
        verified = subprocess.run([tool, "verify", "--man=no", unit], capture_output=True, text=True)
        if verified.returncode or verified.stderr.strip():
            raise Failed(f"the systemd unit: {verified.stderr.strip()}")
        command = [tool, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", unit]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"the systemd unit is too open: {done.stdout.strip().splitlines()[-1]}")
    print(f"the systemd unit is sound: {done.stdout.strip().splitlines()[-1].partition(': ')[2].split()[0]} of 10 exposed")


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


def tree(root):
    """Every path, with kind, owner, size and moment of change."""
    found = {path: path.lstat() for path in root.rglob("*")}
    return {path: (stat.st_mode, stat.st_uid, stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}

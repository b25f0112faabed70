"""The faults. Each takes a device of its own, and answers with what it saw."""

import pathlib
import random
import re
import shlex
import shutil
import subprocess
import time

from demo_run.loads import LOAD_NODE
from demo_run.network import run
from demo_run.processes import Failed, wait_until

UPGRADE = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "upgrade"
HOURS = 6
# So that six hours pass in a minute and a half.
SPEED = 240
DAY_S = 86_400
# A reading may be dated by so much wrong while a clock is: chain time is told in slots, and known from the last head.
OFF_MS = 6_000
DISK_MIB = 48


def offline(device, _options):
    """Six hours without anybody, from a clock that is six hours behind; then the chain and the gateways are there."""
    device.build(device.stand, clock={"behind_s": HOURS * 3_600, "speed": SPEED})
    for link in device.links():
        link.cut()
    device.program.start()
    least = HOURS * 3_600 * 99 // 100
    wait_until("six hours are read", lambda: len(device.acknowledged()) >= least, 240, [device.program], 1)
    for link in device.links():
        link.heal()
    device.wait_for("anchored", HOURS * 60, "six hours are anchored", 180)
    device.end()
    return f"{device.must_be_whole()} readings, {least} of them of six hours without contact, are anchored once each"


def gateway_switch(device, _options):
    """The gateways fail one after the other, and all at once for a while."""
    device.build(device.stand)
    device.program.start()
    device.wait_for("anchored", 0, "a unit is anchored")
    for link in device.gateways:
        link.cut()
        device.wait_for("anchored", len(device.events("anchored")) + 1, "units are anchored through another gateway")
        link.heal()
    for link in device.gateways:
        link.cut()
    time.sleep(15)
    for link in device.gateways:
        link.heal()
    device.wait_for("anchored", len(device.events("anchored")) + 3, "units are anchored again")
    downs = len(device.events("gateway_down"))
    device.end()
    return f"{device.must_be_whole()} readings are anchored once each, over {downs} lost connections"


def kills(device, options):
    """kill -9 at random moments, again and again."""
    chance = random.Random(options.seed)
    device.build(device.stand)
    for _ in range(options.kills):
        device.program.start()
        time.sleep(chance.uniform(0.1, 3.5))
        device.program.check()
        device.program.kill()
    device.program.start()
    device.wait_for("anchored", len(device.events("anchored")), "units are anchored after the kills")
    device.end()
    return f"{device.must_be_whole()} readings are anchored once each after {options.kills} kills"


def clock_jump(device, _options):
    """The system clock jumps by a day, forward and back, with contact and without."""
    device.build(device.stand, clock={})
    device.program.start()
    device.wait_for("anchored", 0, "a unit is anchored")
    for jump_s in (DAY_S, -DAY_S):
        device.set_clock(jump_s=jump_s)
        device.wait_for("reading", len(device.events("reading")) + 8, "readings under a wrong clock")
    for link in device.links():
        link.cut()
    device.set_clock(jump_s=DAY_S)
    device.wait_for("reading", len(device.events("reading")) + 8, "readings without contact under a wrong clock")
    for link in device.links():
        link.heal()
    device.set_clock(jump_s=0)
    device.wait_for("anchored", len(device.events("anchored")) + 3, "units are anchored again")
    device.end()
    off = max(abs(event["at_ms"] - event["t_ms"]) for event in device.events("reading"))
    sources = [event["source"] for event in device.events("clock")]
    if off > OFF_MS:
        raise Failed(f"a reading was dated {off} ms away from its moment")
    if "chain" not in sources:
        raise Failed(f"the wrong clock was not told of: {sources}")
    return f"{device.must_be_whole()} readings are anchored once each, dated at most {off} ms off; the clock was {', '.join(sources)}"


def disk_full(device, _options):
    """The ledger's disk is full; later there is room again."""
    disk = device.home / "disk"
    disk.mkdir()
    must(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", disk])
    try:
        device.build(device.stand, store="disk/store")
        device.program.start()
        device.wait_for("anchored", 0, "a unit is anchored")
        ballast = disk / "ballast"
        fill(ballast)
        wait_until("the node ends", lambda: not device.program.is_running(), 120, pause_s=0.5)
        words = device.program.tail(3)
        if "Remedy" not in words or not device.program.process.returncode:
            raise Failed(f"a full disk ended the node without a remedy:\n{words}")
        ballast.unlink()
        device.program.start()
        device.wait_for("anchored", len(device.events("anchored")) + 2, "units are anchored again")
        device.end()
        return f"{device.must_be_whole()} readings are anchored once each; a full disk ended the node with its remedy"
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def fill(ballast):
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\xff" * size)
            except OSError:
                continue


def damage(device, _options):
    """Bytes of the ledger are changed while the node is down; then the files are put back."""
    device.build(device.stand)
    device.program.start()
    device.wait_for("anchored", 2, "units are anchored")
    device.end()
    # Tables, and the log of what stands in none yet.
    files = [file for pattern in ("*.sst", "*.log") for file in device.store.glob(pattern)]
    kept = {file: file.read_bytes() for file in files if file.stat().st_size}
    if not kept:
        raise Failed("the ledger has no file to damage")
    for file, data in kept.items():
        middle = len(data) // 3
        file.write_bytes(data[:middle] + bytes(byte ^ 0x55 for byte in data[middle : middle + 64]) + data[middle + 64 :])
    words = device.refusal()
    if "Remedy" not in words:
        raise Failed(f"a damaged ledger is refused without a remedy:\n{words}")
    for file, data in kept.items():
        file.write_bytes(data)
    device.program.start()
    device.wait_for("anchored", len(device.events("anchored")) + 1, "units are anchored again")
    device.end()
    return f"{device.must_be_whole()} readings are anchored once each; the damage was refused with its remedy"


def wrong_passphrase(device, _options):
    """The ledger's passphrase is wrong, then gone, then right again; later another lock is put on."""
    device.build(device.stand)
    words, config = device.home / "words", device.config_file
    words.write_text("correct horse battery staple\n")
    config.write_text(re.sub(r"(?m)^lock = .*$", 'lock = { passphrase_file = "words" }', config.read_text()))
    device.program.start()
    device.wait_for("anchored", 2, "units are anchored")
    device.end()
    for secret in ("correct horse battery stable", ""):
        words.write_text(secret)
        said = device.refusal()
        if "Remedy" not in said or "can't be unlocked" not in said:
            raise Failed(f"a wrong passphrase is refused without a remedy:\n{said}")
    words.write_text("correct horse battery staple")
    new = device.home / "new.toml"
    new.write_text(re.sub(r"(?m)^lock = .*$", 'lock = { key_file = "ledger.key" }', config.read_text()))
    run([LOAD_NODE, "rekey", "--config", config, "--new", new])
    said = device.refusal()
    if "can't be unlocked" not in said:
        raise Failed(f"the lock of before still opens the ledger:\n{said}")
    new.rename(config)
    device.program.start()
    device.wait_for("anchored", len(device.events("anchored")) + 1, "units are anchored again")
    device.end()
    return f"{device.must_be_whole()} readings are anchored once each; wrong passphrases were refused with their remedy"


def upgrade(device, _options):
    """Another version takes the node's place, then one that does not run: the one before comes back."""
    device.build(device.stand)
    into, config = device.home / "opt", device.config_file
    (into / "versions" / "first").mkdir(parents=True)
    shutil.copy(LOAD_NODE, into / "versions" / "first")
    (into / "current").symlink_to("versions/first")
    node, pid = into / "current" / LOAD_NODE.name, device.home / "pid"
    # What a service manager does: starts it again whenever it ends.
    words = shlex.join([str(node), *device.program.command[1:]])
    device.program.command = ["sh", "-c", f"while :; do {words} & echo $! > {pid}; wait $!; sleep 0.2; done"]
    device.program.start()
    device.wait_for("anchored", 0, "a unit is anchored")
    again = copy_of(LOAD_NODE, device.home / "again", b"\0")
    broken = device.home / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    third = copy_of(LOAD_NODE, device.home / "third", b"\0\0")
    restart = f"kill $(cat {pid})"
    # Where nothing is started anew, the version that still runs answers well: that is no upgrade.
    for program, how, code in ((again, restart, 0), (broken, restart, 1), (third, "true", 1)):
        command = [UPGRADE, program, "--config", config, "--into", into, "--patience", 15, "--restart", how]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != code:
            raise Failed(f"the upgrade to {program.name} ended with {done.returncode}: {done.stdout} {done.stderr}")
    device.wait_for("anchored", len(device.events("anchored")) + 1, "units are anchored again")
    device.program.kill()
    # The loop is gone; the node itself is asked to end, and hands in what it has.
    must(["sh", "-c", f"kill $(cat {pid})"])
    wait_until("the node has ended", lambda: not pathlib.Path(f"/proc/{pid.read_text().strip()}").exists(), 90, pause_s=0.2)
    return f"{device.must_be_whole()} readings are anchored once each; versions that did not run were taken back"


def copy_of(program, path, more):
    """Another version: the same program, and bytes behind it that nothing reads."""
    path.write_bytes(program.read_bytes() + more)
    path.chmod(0o755)
    return path


def must(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{command[0]}: {done.stderr.strip()}")


CASES = {
    "offline": offline, "gateway-switch": gateway_switch, "kills": kills, "clock-jump": clock_jump,
    "disk-full": disk_full, "damage": damage, "wrong-passphrase": wrong_passphrase,
    "upgrade": upgrade,
}  # fmt: skip

"""What is in the image: the program, its libraries, a user, and the bill of materials."""

import json
import pathlib
import re
import subprocess
import tempfile

from demo_run.network import run
from demo_run.processes import Failed

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = "loadstone-load-node"
# Nobody else's on the device; the ledger's folder belongs to it.
USER = 10001
HOME = "var/lib/loadstone"
SBOM = "usr/share/doc/loadstone/sbom.cdx.json"
# The bill names packages by their coordinates (purl), which need no address.
SPEC_VERSION = "1.5"


def entries(program):
    """All files of the image, and the bill of materials."""
    stripped = strip(program)
    libraries = linked(program)
    bill = sbom(libraries)
    passwd = f"root:x:0:0::/:/sbin/nologin\nloadstone:x:{USER}:{USER}::/{HOME}:/sbin/nologin\n".encode()
    files = {
        f"usr/bin/{PROGRAM}": (0o755, stripped),
        "etc/passwd": (0o644, passwd),
        "etc/group": (0o644, f"root:x:0:\nloadstone:x:{USER}:\n".encode()),
        SBOM: (0o644, bill),
        **{path.lstrip("/"): (0o755, pathlib.Path(path).read_bytes()) for path in libraries},
    }
    # Where a runtime mounts on a root that it can't write to.
    mounted = {"etc/loadstone", "tmp", "proc", "dev", "sys"}
    folders = mounted | {*(str(parent) for path in files for parent in pathlib.PurePath(path).parents)} - {"."}
    folders |= {str(parent) for parent in pathlib.PurePath(HOME).parents} - {"."}
    found = [(path, mode, 0, content) for path, (mode, content) in files.items()]
    found += [(path, 0o1777 if path == "tmp" else 0o755, 0, None) for path in folders]
    found.append((HOME, 0o700, USER, None))
    return found, bill


def strip(program):
    """The program without its symbols."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / PROGRAM
        run(["strip", "--strip-all", "-o", path, program])
        return path.read_bytes()


def linked(program):
    """Paths of the libraries and of the loader, as the program asks for them."""
    text = run(["ldd", program])
    return sorted(re.findall(r"(?:=> )?(/\S+) \(0x", text))


def sbom(libraries):
    """CycloneDX: crates that the program is made of, and Debian packages whose libraries it links."""
    listed = run(["cargo", "tree", "--locked", "--offline", "-p", PROGRAM, "-e", "normal", "--prefix", "none", "-f", "{p}|{l}"], cwd=TOP)
    crates = sorted({parts for line in listed.splitlines() if (parts := crate(line))})
    found = [component(name, version, f"pkg:cargo/{name}@{version}", licence) for name, version, licence in crates]
    for name, version in sorted({package_of(path) for path in libraries}):
        found.append(component(name, version, f"pkg:deb/debian/{name}@{version}", ""))
    version = next(version for name, version, _ in crates if name == PROGRAM)
    about = component(PROGRAM, version, f"pkg:cargo/{PROGRAM}@{version}", "")
    bill = {
        "bomFormat": "CycloneDX", "specVersion": SPEC_VERSION, "version": 1,
        "metadata": {"component": {**about, "type": "application"}}, "components": found,
    }  # fmt: skip
    return json.dumps(bill, indent=1, sort_keys=True).encode()


def crate(line):
    """(name, version, licence) of a line of `cargo tree`."""
    about, _, licence = line.removesuffix(" (*)").partition("|")
    words = about.split()
    return (words[0], words[1].removeprefix("v"), licence.removesuffix(" (*)").strip()) if len(words) > 1 else None


def component(name, version, purl, licence):
    known = {"licenses": [{"expression": licence.replace("/", " OR ")}]} if licence else {}
    return {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl, **known}


def package_of(path):
    """Name and version of the Debian package that a file is of."""
    for candidate in (path, str(pathlib.Path(path).resolve()), "/usr" + path):
        done = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True)
        if done.returncode == 0:
            name = done.stdout.split(":")[0]
            return name, run(["dpkg-query", "-W", "-f", "${Version}", name]).strip()
    raise Failed(f"{path} is of no Debian package, so the bill of materials can't name it")

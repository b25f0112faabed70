"""House style as a test: every source file says what it is for, stays short, and hides nothing."""

import pathlib
import subprocess
import sys

LINES_MAX = 400
TOP = pathlib.Path(__file__).resolve().parents[2]
GENERATED = ("weights.rs",)
FORBIDDEN = ("todo!(", "unimplemented!(", "dbg!(", "TODO", "FIXME")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", *patterns], cwd=TOP, check=True, capture_output=True, text=True)
    return [TOP / line for line in out.stdout.splitlines() if (TOP / line).is_file()]


def faults_of(path):
    text = path.read_text()
    lines = text.splitlines()
    name = path.relative_to(TOP)
    if len(lines) > LINES_MAX and path.name not in GENERATED:
        yield f"{name}: {len(lines)} lines; split above {LINES_MAX}"
    if path.suffix == ".rs" and not (lines and lines[0].startswith("//!")):
        yield f"{name}: the first line must be a //! comment that says what the file is for"
    if path.suffix == ".py" and not (lines and lines[0].startswith(('"""', "#!"))):
        yield f"{name}: the first line must be a docstring that says what the file is for"
    for number, line in enumerate(lines, 1):
        for mark in FORBIDDEN:
            if mark in line and path != pathlib.Path(__file__).resolve():
                yield f"{name}:{number}: {mark}"


def main():
    files = tracked("*.rs", "*.py", "*.mjs")
    faults = [fault for path in files for fault in faults_of(path)]
    print("\n".join(faults) if faults else f"{len(files)} files are tidy")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

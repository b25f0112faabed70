# What every script agrees on: where things are built, which toolchain makes the wasm, how to speak.
# Sourced, not run.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Outside the clone, so that every clone reuses the compiled dependencies.
export CARGO_TARGET_DIR="${LOADSTONE_TARGET:-$HOME/.cache/loadstone/target}"
wasm_target=wasm32v1-none

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# rustup's own toolchain has the wasm target, or the linked Debian toolchain stands in for it.
if [ -d "$HOME/.cargo/bin" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
rust_has_wasm() { [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$wasm_target/lib" ]; }
if [ "${LOADSTONE_WASM:-auto}" = debian ] || ! rust_has_wasm; then
    if rustup toolchain list 2>/dev/null | grep -q '^debian'; then export WASM_BUILD_TOOLCHAIN=debian; fi
fi

# Compiles the programs; the runtime's wasm comes with the node.
build_programs() {
    say "Building node, load node and CLI in $CARGO_TARGET_DIR (about an hour on a cold two-core machine)"
    (cd "$top" && cargo build --release --locked --workspace --all-targets)
}

# Runs the command where it may make network namespaces: as root here, otherwise in namespaces of its own.
with_namespaces() {
    if [ "$(id -u)" = 0 ]; then exec "$@"; fi
    exec unshare -rmn sh -c 'mount -t tmpfs none /run && ip link set lo up && exec "$@"' sh "$@"
}

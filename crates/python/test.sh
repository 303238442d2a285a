#!/bin/sh
# Builds the wheel, installs it into a fresh virtual environment, runs the example and tests/checks.py against the command
# line's bytes. Skips loudly where Python, its venv or the package index is absent.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}

skip() {
    echo "SKIPPED: the Python wheel was not tested: $1" >&2
    exit 0
}
"$python" -c 'import sys; assert sys.version_info >= (3, 9)' 2>/dev/null || skip "no $python of at least 3.9"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv" >/dev/null 2>&1 || skip "$python has no venv"
pip="$scratch/venv/bin/python -m pip install --quiet --disable-pip-version-check"
# pip fetches maturin by itself; whether there is an index shows here.
$pip "numpy>=1.22" >"$scratch/pip.log" 2>&1 || { tail -3 "$scratch/pip.log" >&2; skip "no package index"; }
# Only what reads Arrow; the checks say what they leave out without it.
$pip pyarrow >/dev/null 2>&1 || echo "pyarrow cannot be installed" >&2

cargo build --quiet --release --package barp --manifest-path "$root/Cargo.toml"
MATURIN_PEP517_ARGS=--locked "$scratch/venv/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$scratch/wheels" "$here"
$pip "$scratch"/wheels/*.whl

target=$(cd "$root" && cargo metadata --no-deps --format-version 1 --offline | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
cd "$scratch"
"$scratch/venv/bin/python" "$here/examples/epsilon.py" "$scratch/example"
BARP="$target/release/barp" TMPDIR="$scratch" "$scratch/venv/bin/python" "$here/tests/checks.py"

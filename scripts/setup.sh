#!/bin/sh
# Makes the environment complete, and is quick when it already is: the virtual environment from
# requirements.txt, the npm tools from package.json, and the links that let them find each other.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "setup: $1" >&2; exit 1; }
PYTHON=${PYTHON:-python3}
command -v "$PYTHON" >/dev/null 2>&1 || fail "Python is not installed; install Python 3.11 with its venv module"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    fail "Python 3.11 is needed (Brownie's pins hold for no other), but '$PYTHON' is $("$PYTHON" -V 2>&1); set PYTHON=python3.11"
command -v node >/dev/null 2>&1 || fail "Node is not installed; install Node.js 20 or newer"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || fail "Node.js 20 or newer is needed, but this is $(node -v)"
command -v npm >/dev/null 2>&1 || fail "npm is not installed; it comes with Node.js"

if [ ! -x .venv/bin/python ]; then
    echo "[1/4] virtual environment"
    "$PYTHON" -m venv .venv || fail "'$PYTHON -m venv' failed; on Debian: apt install python3-venv"
fi
if ! cmp -s requirements.txt .venv/requirements.stamp; then
    echo "[2/4] Python packages"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
    .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements.txt
    # The package itself, from this folder, for the command `careledger`; what it needs is in the lock.
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    cp requirements.txt .venv/requirements.stamp
fi
if ! cmp -s package.json node_modules/.package.stamp; then
    echo "[3/4] compiler, chains and Solidity library"
    npm install --silent --no-package-lock --no-audit --no-fund --ignore-scripts
    cp package.json node_modules/.package.stamp
fi
PYTHONPATH=. .venv/bin/python -m careledger.chain.toolchain

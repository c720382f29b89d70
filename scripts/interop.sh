#!/bin/sh
# Installs other people's implementations at the versions that tests/interop pins, and runs our tests against them.
set -eu
cd "$(dirname "$0")/.."
fail() { echo "interop: $1" >&2; exit 1; }

npm install --prefix tests/interop --silent --no-package-lock --no-audit --no-fund --ignore-scripts ||
    fail "npm could not install the packages of tests/interop/package.json; look at its registry settings"
# Python packages that would not agree with the project's own pins live in an environment of their own.
[ -x tests/interop/.venv/bin/python ] || .venv/bin/uv venv --quiet --python .venv/bin/python tests/interop/.venv
.venv/bin/uv pip sync --quiet --python tests/interop/.venv/bin/python tests/interop/requirements-oid4vp.txt ||
    fail "the packages of tests/interop/requirements-oid4vp.txt could not be installed; look at uv's index settings"
sh scripts/chromium.sh
.venv/bin/pytest -q -n 2 --dist loadscope tests/interop "$@"

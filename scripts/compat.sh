#!/bin/sh
# The tests in a second environment, free of Brownie's pins: the newest of everything that
# pyproject.toml allows, as who installs CareLedger into a service of their own gets it.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv-compat/bin/python ] || [ pyproject.toml -nt .venv-compat/stamp ]; then
    .venv/bin/uv venv --quiet --clear .venv-compat
    .venv/bin/uv pip install --quiet --python .venv-compat/bin/python --upgrade \
        --editable '.[compile,postgres]' pytest pytest-xdist hypothesis filelock pyrevm
    touch .venv-compat/stamp
fi
.venv-compat/bin/python - <<'PYTHON'
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in ("web3", "eth-account", "eth-abi", "hypothesis", "pytest")))
PYTHON
.venv-compat/bin/python -m pytest -q -n 2 --dist loadscope "$@"

"""Link the compiler and the local chains that npm brought into the virtual environment.

Run by `scripts/setup.sh` after the installs; safe to run again, and quick when nothing changed.
Afterwards bare `brownie`, `pytest`, `solc`, `anvil` and `ganache` work from the environment.
"""

import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

from careledger.errors import ToolchainError

SOLC_VERSION = "0.8.37"
ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
SOLCX_FOLDER = ROOT / "build" / "toolchain" / "solcx"
CHECKOUT = (ROOT / "contracts").is_dir()
"""Whether this is a checkout of the repository, and not an installed package."""
SHIM = Path(__file__).with_name("solc.cjs")

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def native_solc() -> Path | None:
    """Return a native solc of exactly `SOLC_VERSION`, or None.

    Looked for in py-solc-x's own folder and on PATH. Nothing is downloaded.
    """
    candidates = [Path.home() / ".solcx" / f"solc-v{SOLC_VERSION}"]
    candidates += [Path(folder) / "solc" for folder in os.get_exec_path()]
    for candidate in candidates:
        if not candidate.is_file() or not os.access(candidate, os.X_OK):
            continue
        if candidate.read_bytes()[:2] == b"#!":  # a script: ours, or another around npm's solc
            continue

        answer = subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=False
        )
        if re.search(rf"Version: {re.escape(SOLC_VERSION)}\+commit", answer.stdout):
            return candidate

    return None


def foundry(tool: str) -> Path:
    """Return the binary of a foundry tool: what npm installed here, else what is on PATH.

    Raises:
        ToolchainError: there is none.

    """
    system = _SYSTEMS.get(platform.system())
    machine = _MACHINES.get(platform.machine().lower())

    binary = MODULES / "@foundry-rs" / f"{tool}-{system}-{machine}" / "bin" / tool
    if binary.is_file():
        return binary

    on_path = shutil.which(tool)
    if on_path is None:
        todo = "run `make setup`" if CHECKOUT else "install Foundry (https://getfoundry.sh)"
        raise ToolchainError(
            f"{tool} is not installed for {platform.system()} {platform.machine()}: {todo}"
        )
    return Path(on_path)


def npm_tool(package: str, script: str) -> Path:
    """Return a script of an npm package that is installed here.

    Raises:
        ToolchainError: npm has not installed it.

    """
    path = MODULES / package / script
    if not path.is_file():
        raise ToolchainError(f"npm package '{package}' is not installed: run `make setup`")
    return path


def _wrap_npm_solc(entry: Path) -> None:
    """Write an executable that takes solc's options; it knows the version without starting solc."""
    answer = subprocess.run(
        ["node", str(SHIM), "--version"], capture_output=True, text=True, check=False
    )
    if answer.returncode or f"Version: {SOLC_VERSION}+" not in answer.stdout:
        raise ToolchainError(
            f"npm's solc is not {SOLC_VERSION}: {answer.stderr or answer.stdout}. Run `make setup`"
        )

    entry.write_text(
        "#!/bin/sh\n"
        f"if [ \"$1\" = --version ]; then cat <<'END'\n{answer.stdout.strip()}\nEND\nexit 0; fi\n"
        f'exec node --stack-size=8000 "{SHIM}" "$@"\n'
    )
    entry.chmod(entry.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _link(name: str, target: Path) -> None:
    link = Path(sys.prefix) / "bin" / name
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _write_hook(hook: Path) -> None:
    """Let every Python of the environment find the compiler and the chains."""
    line = (
        f"import os, sys; os.environ.setdefault('SOLCX_BINARY_PATH', {str(SOLCX_FOLDER)!r}); "
        "os.environ['PATH'] = os.path.join(sys.prefix, 'bin') + os.pathsep "
        "+ os.environ.get('PATH', '')\n"
    )

    if not hook.is_file() or hook.read_text() != line:
        hook.write_text(line)


def _forget_deleted_sources(folder: Path) -> None:
    """Remove Brownie's artifacts if a source is gone: Brownie would stop at it."""
    for file in folder.glob("*.json"):
        path = json.loads(file.read_text()).get("sourcePath", "")
        if path and not (ROOT / path).is_file():
            shutil.rmtree(folder)  # others refer to it
            return


def main() -> None:
    """Make solc, anvil, forge and ganache findable, and tell py-solc-x and Brownie where."""
    package = MODULES / "solc" / "package.json"
    if not package.is_file():
        raise ToolchainError("npm package 'solc' is not installed: run `make setup`")

    stamp = SOLCX_FOLDER / "stamp"
    entry = SOLCX_FOLDER / f"solc-v{SOLC_VERSION}"
    state = f"{package.stat().st_mtime_ns} {SHIM} {native_solc()}"
    if not stamp.is_file() or stamp.read_text() != state:
        print("[4/4] linking compiler and chains", flush=True)
        shutil.rmtree(SOLCX_FOLDER, ignore_errors=True)
        SOLCX_FOLDER.mkdir(parents=True)
        native = native_solc()
        if native:
            entry.symlink_to(native)
        else:
            _wrap_npm_solc(entry)
        stamp.write_text(state)

    if sys.prefix == sys.base_prefix:  # no virtual environment: nothing of the system is touched
        return

    _link("solc", entry)
    _link("anvil", foundry("anvil"))
    _link("forge", foundry("forge"))
    _link("ganache", npm_tool("ganache", "dist/node/cli.js"))
    _write_hook(Path(sysconfig.get_path("purelib")) / "careledger-toolchain.pth")
    _forget_deleted_sources(ROOT / "build" / "contracts")

    old = Path.home() / ".brownie" / "network-config.yaml"
    if old.is_file() and "cmd: anvil" not in old.read_text():
        print(
            f"warning: {old} is of an older Brownie that does not know anvil; rename it",
            file=sys.stderr,
        )


if __name__ == "__main__":
    try:
        main()
    except ToolchainError as error:
        sys.exit(f"setup: {error}")

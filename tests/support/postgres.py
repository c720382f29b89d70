"""A real PostgreSQL that the tests start by themselves, on a free port of this machine's loopback.

Debian's package is `postgresql-15`. Without it the tests that want it are skipped, and say so;
with CARELEDGER_REQUIRE_POSTGRES=1 they fail instead, so that a run of CI cannot miss them.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from itertools import count
from pathlib import Path
from typing import IO, Self

import pytest

ACCOUNT = "postgres"
"""Of the system: PostgreSQL does not run as root."""
MISSING = "PostgreSQL is not installed (Debian: apt install postgresql-15)"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, version 15 if it is there; None without one."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    found = sorted(folders, key=lambda program: program.parts[-3] != "15")
    if found:
        return found[0].parent

    on_path = shutil.which("postgres")
    return None if on_path is None else Path(on_path).resolve().parent


def required() -> Path:
    """Return the folder of PostgreSQL's programs; without it, skip the test or fail where it must
    run.
    """
    folder = programs()
    if folder is None:
        if os.environ.get("CARELEDGER_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"{MISSING}, and CARELEDGER_REQUIRE_POSTGRES=1 wants these tests to run")
        pytest.skip(MISSING)

    return folder


class Postgres:
    """A server with an empty data folder, while it is entered."""

    def __init__(self, folder: Path) -> None:
        self._programs = folder
        self._data = Path(tempfile.mkdtemp(prefix="careledger-postgres-"))
        self._server: subprocess.Popen[str] | None = None
        self._names = count(1)
        self.port = 0

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            shutil.chown(self._data, ACCOUNT, ACCOUNT)

        self._run("initdb", "-D", str(self._data), "-U", ACCOUNT, "-A", "trust", "-E", "UTF8",
                  "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # without waiting for open connections
            self._server.wait(60)
        shutil.rmtree(self._data, ignore_errors=True)

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test_{next(self._names)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", ACCOUNT, name)
        return f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/{name}"

    def _start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "60",
            "fsync": "off",  # programs are killed here, and never the machine
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

        self._server = subprocess.Popen(
            [
                *self._as_account(),
                str(self._programs / "postgres"),
                "-D",
                str(self._data),
                *options,
            ],
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )
        assert self._server.stderr is not None
        _wait_until_ready(self._server.stderr)
        threading.Thread(target=self._server.stderr.read, daemon=True).start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_account(), str(self._programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr

    @staticmethod
    def _as_account() -> list[str]:
        """Return what starts a program that ends with this one, and not as root."""
        another = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
        return ["setpriv", *(another if os.getuid() == 0 else []), "--pdeathsig=INT", "--"]


def _wait_until_ready(log: IO[str]) -> None:
    said = []
    for line in log:
        said.append(line)
        if "ready to accept connections" in line:
            return

    raise AssertionError(f"PostgreSQL did not start:\n{''.join(said)}")

"""What the environment says, read once into one frozen object.

| variable | meaning | when not set |
|---|---|---|
| `CARELEDGER_RPC` | the node's HTTP address | `http://127.0.0.1:8545` |
| `CARELEDGER_DEPLOYMENTS` | folder of the deployment records | `deployments` |
| `CARELEDGER_KEYSTORE` | encrypted key file (scrypt, Web3 Secret Storage v3) | |
| `CARELEDGER_PASSWORD_FILE` | file whose first line opens the key file | it is asked for |
| `CARELEDGER_PRIVATE_KEY` | private key in hexadecimal, for development | |
| `CARELEDGER_STORE` | database: a SQLite file or a URL of SQLAlchemy | `careledger.db` |
| `CARELEDGER_WALLET` | a holder's encrypted wallet file | |
| `CARELEDGER_WALLET_PASSWORD_FILE` | file whose first line opens the wallet | it is asked for |
| `CARELEDGER_LOG` | lowest level of log lines: debug, info, warning, error | `warning` |

Keys are never taken from an argument: arguments are seen by every user of a machine.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_RPC = "http://127.0.0.1:8545"
DEFAULT_STORE = "careledger.db"
DEFAULT_LOG_LEVEL = "warning"


@dataclass(frozen=True)
class Settings:
    """The settings of one run."""

    rpc: str = DEFAULT_RPC
    deployments: Path = Path("deployments")
    keystore: Path | None = None
    password_file: Path | None = None
    private_key: str | None = field(default=None, repr=False)
    store: str = DEFAULT_STORE
    wallet: Path | None = None
    wallet_password_file: Path | None = None
    log_level: str = DEFAULT_LOG_LEVEL

    @property
    def store_exists(self) -> bool:
        """Whether the database is there; one that a URL names counts as there."""
        return "://" in self.store or Path(self.store).expanduser().exists()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; an empty variable counts as not set."""

        def path(name: str) -> Path | None:
            return Path(environment[name]).expanduser() if environment.get(name) else None

        return cls(
            rpc=environment.get("CARELEDGER_RPC") or DEFAULT_RPC,
            deployments=path("CARELEDGER_DEPLOYMENTS") or Path("deployments"),
            keystore=path("CARELEDGER_KEYSTORE"),
            password_file=path("CARELEDGER_PASSWORD_FILE"),
            private_key=environment.get("CARELEDGER_PRIVATE_KEY") or None,
            store=environment.get("CARELEDGER_STORE") or DEFAULT_STORE,
            wallet=path("CARELEDGER_WALLET"),
            wallet_password_file=path("CARELEDGER_WALLET_PASSWORD_FILE"),
            log_level=environment.get("CARELEDGER_LOG") or DEFAULT_LOG_LEVEL,
        )

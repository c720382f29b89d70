"""`careledger identity`: identifiers, credentials, consents."""

from careledger.cli.identity import (
    consents,
    credentials,
    keys,
    recovery,
    status,
    verification,
    wallet,
)
from careledger.cli.identity.identifiers import app

__all__ = ["app", "credentials", "keys", "verification"]

app.add_typer(recovery.app, name="recovery")
app.add_typer(wallet.app, name="wallet")
app.add_typer(status.app, name="status")
app.add_typer(consents.app, name="consent")

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from careledger.chain.rpc import Chain
from careledger.cli.identity import app
from careledger.cli.program import run
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.status.client import CredentialStatus
from tests.support.commands import check_documents
from tests.worlds.identity.credentials import Town
from tests.worlds.identity.relays import Bench


@pytest.fixture
def careledger(chain, deployments, monkeypatch, capsys):
    """Return a function that runs a command in a clean environment and returns status, stdout and
    stderr.
    """
    for name in [name for name in os.environ if name.startswith("CARELEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CARELEDGER_RPC", chain.url)
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(deployments))

    def call(*arguments, key=None):
        if key is not None:
            monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", key.account.key.hex())
        status = 0
        try:
            run(app, [str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        check_documents(arguments, captured)
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def registry(chain, suite, senders):
    """Return the deployed registry; the second development account pays, and controls itself."""
    return IdentityRegistry(chain, suite["IdentityRegistry"], senders[1])


@pytest.fixture
def alice(senders):
    return senders[1]


@pytest.fixture
def did(alice):
    return format_did(alice.address, 31337)


@pytest.fixture
def soon(chain):
    """Return a time an hour after the newest block's."""
    return datetime.fromtimestamp(chain.timestamp(), UTC) + timedelta(hours=1)


@pytest.fixture
def town(chain, suite, senders, registry):
    return Town(
        registry,
        ConsentRegistry(chain, suite["ConsentRegistry"]),
        CredentialStatus(chain, suite["CredentialStatus"], senders[1]),
        bank=senders[1],
        insurer=senders[2],
        relayer=senders[5],
        chain=chain,
    )


@pytest.fixture
def calls(chain, monkeypatch):
    """Return the list of requests to the node."""
    made = []
    request = Chain.request

    def counted(self, method, *params):
        made.append(method)
        return request(self, method, *params)

    monkeypatch.setattr(Chain, "request", counted)
    return made


@pytest.fixture
def bench(chain, suite, senders, tmp_path):
    return Bench(chain, suite, senders[5], str(tmp_path / "relay.db"))

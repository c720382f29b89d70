"""The bank and the insurer on the chain of a test."""

import pytest

from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.readers import ChainStatusReader
from careledger.identity.wallet import Wallet
from careledger.store import Store
from tests.worlds.identity.status_parties import Bank, Insurer


@pytest.fixture
def bank(chain, suite, senders, accounts, registry):
    return Bank(
        CredentialStatus(chain, suite["CredentialStatus"], senders[1]), registry, accounts[1]
    )


@pytest.fixture
def later(development, chain):
    """Return what lets so many seconds pass."""

    def pass_(seconds):
        development.warp(chain.timestamp() + seconds)

    return pass_


@pytest.fixture
def insurer(bank, chain, suite, senders, accounts, tmp_path):
    consents = ConsentRegistry(chain, suite["ConsentRegistry"], senders[3])
    with (
        Store.open(tmp_path / "company.db") as store,
        Wallet.create(tmp_path / "ana.wallet", "password", work=2**14) as wallet,
    ):
        yield Insurer(
            bank, consents, store, wallet, accounts[3].address, ChainStatusReader(bank.status)
        )

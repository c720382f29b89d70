"""A chain that mines when it is told to, and an account on it that no other test uses."""

import pytest
from eth_account import Account

from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.send import Sender


@pytest.fixture(scope="module")
def still():
    """An Anvil of its own that mines when it is told to."""
    with LocalNode("anvil", extra=["--no-mining"]) as chain:
        yield chain


@pytest.fixture
def fresh(still):
    """A funded account that no other test uses."""
    patron = Sender(still, development_accounts(1)[0])
    account = Account.create()
    pending = patron.send(account.address, value=10**18)
    still.request("evm_mine")
    patron.wait(pending)
    return account

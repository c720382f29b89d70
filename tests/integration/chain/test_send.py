"""Sending on a real node, the awkward cases too: stuck, replaced, overtaken, refused after all, an old chain."""

import pytest
from eth_account import Account

from careledger.chain import artifacts
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.reverts import RevertedWithText
from careledger.chain.send import Sender
from careledger.errors import NoFunds, SendError

ROLE = b"careledger.agent".ljust(32, b"\0")


def add_delegate(identity, to):
    entry = next(e for e in artifacts.load("IdentityRegistry").entries("function") if e["name"] == "addDelegate")
    from eth_abi.abi import encode

    selector = artifacts.load("IdentityRegistry").raw["methodIdentifiers"][artifacts.signature(entry)]
    return bytes.fromhex(selector) + encode(artifacts.types(entry), [identity, ROLE, to, 1000])


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


class TestSend:
    def test_many_are_under_way_at_once_with_nonces_in_a_row(self, still, fresh):
        sender = Sender(still, fresh)
        waiting = [sender.send(fresh.address, value=n) for n in range(20)]
        assert [p.nonce for p in waiting] == list(range(20))
        still.request("evm_mine")
        assert [sender.wait(p).succeeded for p in waiting] == [True] * 20

    def test_a_refusal_costs_nothing(self, chain, suite, senders):
        stranger = senders[5]
        before = chain.balance(stranger.address)
        with pytest.raises(RevertedWithText, match="bad_actor"):
            stranger.send(suite["IdentityRegistry"], add_delegate(senders[1].address, stranger.address))
        assert chain.balance(stranger.address) == before
        assert int(chain.request("eth_getTransactionCount", stranger.address, "pending"), 16) == 0

    def test_a_refusal_after_sending_still_comes_with_its_reason(self, chain, suite, senders):
        stranger = senders[5]
        data = add_delegate(senders[1].address, stranger.address)
        pending = stranger.send(suite["IdentityRegistry"], data, gas=200_000)  # not simulated
        with pytest.raises(RevertedWithText, match="bad_actor"):
            stranger.wait(pending)

    def test_an_empty_purse_is_said(self, chain, suite):
        with pytest.raises(NoFunds, match="too little ether"):
            Sender(chain, Account.create()).transact(suite["IdentityRegistry"], value=1, gas=50_000)

    def test_fees_above_the_limit_are_not_paid(self, still, fresh):
        with pytest.raises(SendError, match="above the limit"):
            Sender(still, fresh, max_fee=1).send(fresh.address)

    def test_after_a_failure_the_nonce_is_asked_for_again(self, still, fresh):
        sender = Sender(still, fresh)
        sender.send(fresh.address)
        with pytest.raises(NoFunds):
            sender.send(fresh.address, value=10**30, gas=21_000)
        assert sender.send(fresh.address).nonce == 1


class TestWait:
    def test_a_stuck_transaction_is_replaced_by_a_dearer_one_and_either_may_be_mined(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05, timeout=0.5)
        pending = sender.send(fresh.address, value=5)
        first = dict(pending.transaction)
        with pytest.raises(SendError, match="not mined within"):
            sender.wait(pending)
        assert len(pending.hashes) > 1
        assert pending.nonce == first["nonce"]
        assert pending.transaction["maxFeePerGas"] >= first["maxFeePerGas"] * 1.125
        still.request("evm_mine")
        assert sender.wait(pending).transaction_hash in pending.hashes

    def test_a_bump_stops_at_the_limit(self, still, fresh):
        limit = 3 * 10**9
        sender = Sender(still, fresh, stuck_after=0.01, timeout=0.5, max_fee=limit)
        pending = sender.send(fresh.address)
        with pytest.raises(SendError):
            sender.wait(pending)
        assert pending.transaction["maxFeePerGas"] == limit

    def test_a_nonce_used_up_by_somebody_else_is_said(self, still, fresh):
        ours, other = Sender(still, fresh, stuck_after=0.05), Sender(still, fresh)
        pending = ours.send(fresh.address, value=1)
        still.request("anvil_dropTransaction", "0x" + pending.hashes[0].hex())
        overtaking = other.send(fresh.address, value=2, nonce=pending.nonce)
        still.request("evm_mine")
        other.wait(overtaking)
        with pytest.raises(SendError, match="another transaction used up nonce"):
            ours.wait(pending)

    def test_the_same_transaction_twice_is_one(self, still, fresh):
        sender = Sender(still, fresh)
        first = sender.send(fresh.address, value=7)
        again = sender.send(fresh.address, value=7, nonce=first.nonce)
        assert again.hashes == first.hashes
        still.request("evm_mine")
        assert sender.wait(again) == sender.wait(first)


def test_a_chain_from_before_eip_1559_is_paid_by_gas_price():
    with LocalNode("anvil", extra=["--hardfork", "istanbul"]) as old:
        sender = Sender(old, development_accounts(1)[0])
        pending = sender.send("0x" + "11" * 20, value=1)
        assert "gasPrice" in pending.transaction
        assert sender.wait(pending).succeeded

"""Sending on a real node, the awkward cases too: stuck, replaced, overtaken, vanished, undone,
refused after all.
"""

import pytest
from eth_account import Account

from careledger.chain import artifacts
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.reverts import RevertedSilently, RevertedWithText
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import NodeError, NoFunds, SendError, Unreachable
from tests.support.proxy import Fault, Proxy, on
from tests.support.senders import drop, mined

ROLE = b"careledger.agent".ljust(32, b"\0")


def add_delegate(identity, to):
    entry = next(
        e
        for e in artifacts.load("IdentityRegistry").entries("function")
        if e["name"] == "addDelegate"
    )
    from eth_abi.abi import encode

    selector = artifacts.load("IdentityRegistry").raw["methodIdentifiers"][
        artifacts.signature(entry)
    ]
    return bytes.fromhex(selector) + encode(artifacts.types(entry), [identity, ROLE, to, 1000])


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
            stranger.send(
                suite["IdentityRegistry"], add_delegate(senders[1].address, stranger.address)
            )
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

    def test_a_refused_attempt_at_a_nonce_does_not_make_the_sender_forget_the_one_before(
        self, still, fresh
    ):
        sender = Sender(still, fresh, stuck_after=0.05)
        first = sender.send(fresh.address, value=1)
        with pytest.raises(NodeError):  # not dear enough to replace it
            sender.send(fresh.address, value=2, nonce=0)
        drop(still, first)
        assert mined(still, sender, sender.send(fresh.address, value=3))
        assert sender.wait(first).succeeded

    def test_a_reply_that_was_lost_is_no_failure(self, still, fresh):
        with Proxy(still.url, on("eth_sendRawTransaction", Fault.LOST, times=3)) as proxy:
            sender = Sender(connect(proxy.url), fresh, stuck_after=60)
            pending = sender.send(fresh.address, value=1)
            assert pending.unanswered
            assert mined(still, sender, pending)
            assert pending.hashes == pending.hashes[:1]

    def test_a_lost_reply_whose_transaction_waits_is_looked_for_not_replaced(self, still, fresh):
        with Proxy(still.url, on("eth_sendRawTransaction", Fault.LOST, times=3)) as proxy:
            sender = Sender(connect(proxy.url), fresh, stuck_after=60, timeout=3)
            pending = sender.send(fresh.address)
            with pytest.raises(SendError):
                sender.wait(pending)
            assert not pending.unanswered
            assert len(pending.hashes) == 1

    def test_a_node_that_never_heard_of_it_hears_of_it_again(self, still, fresh):
        with Proxy(still.url, on("eth_sendRawTransaction", Fault.REFUSE, times=3)) as proxy:
            sender = Sender(connect(proxy.url), fresh, stuck_after=0.1)
            pending = sender.send(fresh.address, value=1)
            assert pending.unanswered
            assert still.request("eth_getTransactionByHash", "0x" + pending.hashes[0].hex()) is None
            assert mined(still, sender, pending)
            assert len(pending.hashes) == 1

    @pytest.mark.parametrize(
        "method", ["eth_estimateGas", "eth_getBlockByNumber", "eth_getTransactionCount"]
    )
    def test_a_silent_node_before_signing_is_said_and_nothing_happens(self, still, fresh, method):
        with Proxy(still.url, on(method, Fault.REFUSE, times=1)) as proxy:
            sender = Sender(connect(proxy.url), fresh)
            with pytest.raises(Unreachable):
                sender.send(fresh.address)
            assert proxy.asked["eth_sendRawTransaction"] == 0
            assert sender.send(fresh.address).nonce == 0

    def test_a_node_without_a_call_for_tips_gets_one(self, still, fresh):
        refusal = {"error": {"code": -32601, "message": "the method does not exist"}}
        with Proxy(still.url, on("eth_maxPriorityFeePerGas", refusal)) as proxy:
            sender = Sender(connect(proxy.url), fresh)
            pending = sender.send(fresh.address)
            assert pending.transaction["maxPriorityFeePerGas"] == 10**9
            assert mined(still, sender, pending)


class TestHandOver:
    def test_what_was_prepared_and_never_handed_over_holds_up_nobody(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05)
        forgotten = sender.prepare(fresh.address, value=1)
        later = sender.send(fresh.address, value=2)
        assert later.nonce == forgotten.nonce + 1
        assert mined(still, sender, later)
        with pytest.raises(NodeError, match="nonce"):
            sender.hand_over(forgotten)
        with pytest.raises(SendError, match="another transaction used up nonce 0"):
            sender.wait(forgotten)

    def test_a_refusal_is_said(self, still, fresh):
        sender = Sender(still, fresh)
        pending = sender.prepare(fresh.address, value=10**30, gas=21_000)
        with pytest.raises(NoFunds):
            sender.hand_over(pending)


class TestWait:
    def test_a_stuck_transaction_is_replaced_by_a_dearer_one_and_either_may_be_mined(
        self, still, fresh
    ):
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

    def test_the_replaced_one_may_be_mined_after_all(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05, timeout=0.2)
        pending = sender.send(fresh.address, value=5)
        first = pending.raw
        with pytest.raises(SendError, match="not mined within"):
            sender.wait(pending)
        drop(still, pending)  # the replacement, which some miner never heard of
        still.request("eth_sendRawTransaction", "0x" + first.hex())
        still.request("evm_mine")
        assert len(pending.hashes) > 1
        assert sender.wait(pending).transaction_hash == pending.hashes[0]

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

    def test_one_look_at_a_node_that_lags_is_not_enough_to_give_it_up(self, still, fresh):
        hidden = {"result": None}
        with Proxy(still.url, on("eth_getTransactionReceipt", hidden, times=2)) as proxy:
            sender = Sender(connect(proxy.url), fresh, stuck_after=0)
            pending = sender.send(fresh.address)
            still.request("evm_mine")
            assert sender.wait(pending).succeeded

    def test_mined_between_two_questions_it_is_found(self, still, fresh):
        hidden = {"result": None}
        with Proxy(still.url, on("eth_getTransactionReceipt", hidden, times=1)) as proxy:
            sender = Sender(connect(proxy.url), fresh, stuck_after=0)
            pending = sender.send(fresh.address)
            still.request("evm_mine")
            assert sender.wait(pending).succeeded
            assert len(pending.hashes) == 1

    def test_a_node_that_falls_silent_is_asked_again(self, still, fresh):
        sender = Sender(still, fresh)
        pending = sender.send(fresh.address)
        still.request("evm_mine")
        with Proxy(still.url, on("eth_getTransactionReceipt", Fault.REFUSE, times=5)) as proxy:
            assert Sender(connect(proxy.url), fresh).wait(pending).succeeded
            assert proxy.faults[Fault.REFUSE] == 5

    def test_what_the_node_said_last_is_told_when_time_is_over(self, still, fresh):
        sender = Sender(still, fresh)
        pending = sender.send(fresh.address)
        words = r"it may still be: .*HTTP status 503"
        with (
            Proxy(still.url, on("eth_getTransactionReceipt", (503, b""))) as proxy,
            pytest.raises(SendError, match=words),
        ):
            Sender(connect(proxy.url), fresh, timeout=0.1).wait(pending)

    def test_without_the_state_of_the_block_before_the_reason_stays_unknown(
        self, chain, suite, senders
    ):
        stranger = senders[5]
        data = add_delegate(senders[1].address, stranger.address)
        pruned = {"error": {"code": -32000, "message": "missing trie node"}}
        with Proxy(chain.url, on("eth_call", pruned)) as proxy:
            far = Sender(connect(proxy.url), stranger.account)
            with pytest.raises(RevertedSilently):
                far.wait(far.send(suite["IdentityRegistry"], data, gas=200_000))

    def test_a_creation_that_failed_says_why(self, chain, senders):
        from eth_abi.abi import encode

        no = bytes.fromhex("08c379a0") + encode(["string"], ["no contract today"])
        code = b"".join(  # copies what follows it and reverts with it
            (
                b"\x60",
                bytes([len(no)]),
                b"\x60\x0c\x60\x00\x39",
                b"\x60",
                bytes([len(no)]),
                b"\x60\x00\xfd",
                no,
            )
        )
        with pytest.raises(RevertedWithText, match="no contract today"):
            senders[3].wait(senders[3].send(None, code, gas=200_000))

    def test_gas_that_was_used_up_is_no_reason_of_a_contracts(self, still, fresh):
        sender = Sender(still, fresh)
        pending = sender.send(None, bytes.fromhex("5b600056"), gas=60_000)  # runs for ever
        still.request("evm_mine")
        with pytest.raises(RevertedSilently):
            sender.wait(pending)


class TestReorganisation:
    def test_what_an_undone_block_held_happens_again_once(self):
        with LocalNode("anvil", extra=["--no-mining"]) as own:
            account, to = development_accounts(1)[0], Account.create().address
            sender = Sender(own, account, stuck_after=0.05)
            own.request("anvil_mine", 10)
            first = [sender.send(to, value=1) for _ in range(5)]
            assert mined(own, sender, *first)
            own.request("anvil_reorg", own.block_number() - 5, [])
            assert own.balance(to) == 0
            later = sender.send(to, value=1)
            assert later.nonce == 5
            assert mined(own, sender, later)
            assert own.balance(to) == 6
            again = [sender.wait(one) for one in first]
            assert {receipt.block_hash for receipt in again} <= {
                bytes.fromhex(own.block(receipt.block_number)["hash"][2:]) for receipt in again
            }

    def test_only_so_many_are_remembered(self, still, fresh, monkeypatch):
        monkeypatch.setattr("careledger.chain.sent.REMEMBERED", 5)
        sender = Sender(still, fresh)
        pending = [sender.send(fresh.address, value=n) for n in range(20)]
        still.request("evm_mine")
        for one in pending:
            sender.wait(one)
        assert list(sender._sent) == list(range(14, 20))


def test_a_chain_from_before_eip_1559_is_paid_by_gas_price():
    with LocalNode("anvil", extra=["--hardfork", "istanbul"]) as old:
        sender = Sender(old, development_accounts(1)[0])
        pending = sender.send("0x" + "11" * 20, value=1)
        assert "gasPrice" in pending.transaction
        assert sender.wait(pending).succeeded
        with pytest.raises(SendError, match=r"the gas price is .* above the limit of 0"):
            Sender(old, development_accounts(1)[0], max_fee=1).send("0x" + "11" * 20)

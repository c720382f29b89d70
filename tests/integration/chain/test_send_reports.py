"""What a sender reports, whom it lets send, and what it has stored
before it hands anything over.
"""

from collections import Counter

import pytest

from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.reverts import RevertedSilently
from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionStage
from careledger.errors import Conflict, StoreError
from tests.support.senders import drop, mined

REVERTS = bytes.fromhex("60006000fd")


class TestReports:
    def stages(self, reported):
        return [event.stage for event in reported]

    def test_what_happens_to_a_transaction_in_order(self, still, fresh):
        reported = []
        sender = Sender(still, fresh, stuck_after=0.05, observe=reported.append)
        pending = sender.send(fresh.address, value=1)
        drop(still, pending)
        assert mined(still, sender, pending)
        assert self.stages(reported)[:3] == ["signed", "broadcast", "broadcast"]
        assert reported[-1].stage is TransactionStage.MINED
        assert {event.nonce for event in reported} == {pending.nonce}
        assert reported[-1].block_number == pending.block_number
        assert reported[-1].transaction_hash in pending.hashes

    def test_a_dearer_one_a_filler_and_what_a_reorganisation_undid(self):
        reported = []
        with LocalNode("anvil", extra=["--no-mining"]) as own:
            sender = Sender(
                own, development_accounts(1)[0], stuck_after=0.05, observe=reported.append
            )
            own.request("anvil_mine", 10)
            first = sender.send(sender.address, value=1)
            assert mined(own, sender, first)
            own.request("anvil_reorg", own.block_number() - 5, [])
            never = sender.prepare(sender.address, value=1)
            later = sender.send(sender.address, value=1)
            assert mined(own, sender, later)
        counted = Counter(self.stages(reported))
        assert counted["undone"] == 1
        assert counted["filled"] == 1
        assert never.nonce in {event.nonce for event in reported if event.stage == "filled"}
        assert counted["mined"] == 2

    def test_a_refusal_and_a_revert(self, still, fresh):
        reported = []
        sender = Sender(still, fresh, observe=reported.append)
        with pytest.raises(RevertedSilently):
            sender.send(None, REVERTS)
        assert self.stages(reported) == ["refused"]
        refusing = sender.send(None, REVERTS, gas=100_000)
        with pytest.raises(RevertedSilently):
            mined(still, sender, refusing)
        assert self.stages(reported)[-2:] == ["mined", "reverted"]


class Number:
    """A lease whose number the test sets."""

    def __init__(self):
        self.number, self.asked = 1, 0

    def hold(self):
        self.asked += 1
        if self.number is None:
            raise Conflict("another program sends with this key")
        return self.number


class TestLease:
    def test_it_is_held_before_anything_is_signed(self, still, fresh):
        lease = Number()
        sender = Sender(still, fresh, lease=lease)
        lease.number = None
        with pytest.raises(Conflict, match="another program"):
            sender.send(fresh.address)
        assert list(sender._sent) == []

    def test_after_a_break_nonces_are_asked_anew(self, still, fresh):
        lease = Number()
        sender = Sender(still, fresh, lease=lease)
        sender.send(fresh.address)
        other = Sender(still, fresh).send(fresh.address)
        lease.number = 2
        assert sender.send(fresh.address).nonce == other.nonce + 1

    def test_whoever_has_none_is_warned_of_transactions_that_are_not_its_own(
        self, still, fresh, caplog
    ):
        sender = Sender(still, fresh)
        sender.send(fresh.address)
        assert caplog.records == []
        Sender(still, fresh).send(fresh.address)
        (record,) = caplog.records
        assert "1 transactions under way that this program did not send" in record.getMessage()

    def test_what_cannot_be_stored_is_not_handed_over_and_its_nonce_is_free(self, still, fresh):
        kept = []

        def keep(pending, role):
            kept.append((pending.nonce, role))
            if len(kept) == 1:
                raise StoreError("the disk is full")

        sender = Sender(still, fresh, keep=keep)
        with pytest.raises(StoreError):
            sender.send(fresh.address)
        assert list(sender._sent) == []
        pending = sender.send(fresh.address)
        assert kept == [(pending.nonce, "call"), (pending.nonce, "call")]
        sender.bump(pending)
        assert kept[2] == (pending.nonce, "bump")

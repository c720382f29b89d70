"""A transaction that vanished from the node's pool is handed over again, and so are those below."""

import pytest

from careledger.chain.rpc import connect
from careledger.chain.send import GAPS, Sender
from careledger.chain.transactions import Pending
from careledger.errors import NoFunds, SendError
from tests.support.proxy import Proxy, on
from tests.support.senders import drop, mined, move


class TestGaps:
    def test_a_vanished_transaction_is_handed_over_again_as_it_was(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05)
        pending = sender.send(fresh.address, value=1)
        drop(still, pending)
        assert mined(still, sender, pending)
        assert len(pending.hashes) == 1

    def test_those_that_vanished_below_are_handed_over_with_it(self, still, fresh, monkeypatch):
        monkeypatch.setattr(Sender, "_bump", lambda *_: False)  # on a slow machine all are stuck
        sender = Sender(still, fresh, stuck_after=0.05)
        pending = [sender.send(fresh.address, value=n) for n in range(6)]
        drop(still, *pending[1:4])
        assert mined(still, sender, pending[5])
        assert all(sender.wait(one).succeeded for one in pending)
        assert all(len(one.hashes) == 1 for one in pending)

    def test_an_emptied_pool_is_filled_again(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05)
        pending = [sender.send(fresh.address, value=n) for n in range(6)]
        still.request("anvil_dropAllTransactions")
        assert mined(still, sender, *reversed(pending))

    def test_a_node_that_does_not_count_its_pool_is_asked_for_each(self, still, fresh):
        def uncounted(method, parameters):
            if method != "eth_getTransactionCount" or parameters[1] != "pending":
                return None
            return {"result": still.request(method, parameters[0], "latest")}

        with Proxy(still.url, uncounted) as proxy:
            sender = Sender(connect(proxy.url), fresh, stuck_after=0.05, timeout=0.5)
            pending = [sender.send(fresh.address, value=n) for n in range(6)]
            drop(still, *pending[2:4])
            with pytest.raises(SendError, match="not mined within"):
                sender.wait(pending[5])
            still.request("evm_mine")
            assert all(sender.wait(one).succeeded for one in pending)

    def test_after_a_refusal_no_nonce_of_ours_is_signed_anew(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05)
        pending = [sender.send(fresh.address, value=n) for n in range(3)]
        drop(still, pending[1])
        with pytest.raises(NoFunds):
            sender.send(fresh.address, value=10**30, gas=21_000)
        pending.append(sender.send(fresh.address, value=3))
        assert pending[3].nonce == 3
        assert mined(still, sender, *reversed(pending))

    def test_the_price_rises_when_a_vanished_one_is_too_cheap_to_be_taken_again(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05)
        pending = sender.send(fresh.address, value=1)
        drop(still, pending)
        low = {"error": {"code": -32000, "message": "transaction underpriced"}}
        with Proxy(still.url, on("eth_sendRawTransaction", low, times=1)) as proxy:
            move(sender, connect(proxy.url))
            assert mined(still, sender, pending)
        assert len(pending.hashes) == 2

    def test_a_price_that_is_too_low_even_then_is_told_at_the_end(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05, timeout=0.3)
        pending = sender.send(fresh.address, value=1)
        drop(still, pending)
        low = {"error": {"code": -32000, "message": "transaction underpriced"}}
        with Proxy(still.url, on("eth_sendRawTransaction", low)) as proxy:
            move(sender, connect(proxy.url))
            with pytest.raises(SendError, match="transaction underpriced"):
                sender.wait(pending)

    def test_nonces_that_are_far_apart_are_no_accident(self, still, fresh):
        sender = Sender(still, fresh, stuck_after=0.05, timeout=0.3)
        pending = sender.send(fresh.address, value=1, nonce=GAPS + 1)
        with pytest.raises(SendError, match="went back to nonce 0"):
            sender.wait(pending)
        assert int(still.request("eth_getTransactionCount", fresh.address, "pending"), 16) == 0

    def test_somebody_elses_transaction_is_no_gap(self, still, fresh):
        ours, other = Sender(still, fresh, stuck_after=0.05), Sender(still, fresh)
        theirs = other.send(fresh.address, value=1)
        assert mined(still, ours, ours.send(fresh.address, value=2))
        assert other.wait(theirs).succeeded

    def test_one_that_a_killed_run_signed_cannot_be_made_dearer(self, still, fresh):
        patient = Sender(still, fresh)
        stored = patient.send(fresh.address)
        resumed = Pending({"nonce": stored.nonce}, list(stored.hashes), stored.raw)
        with pytest.raises(SendError, match="not mined within"):
            Sender(still, fresh, stuck_after=0.05, timeout=0.3).wait(resumed)
        assert resumed.hashes == stored.hashes

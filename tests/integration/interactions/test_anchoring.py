"""Batches are prepared once however often a run is killed; the log is rebuilt and checked."""

import pytest

from careledger.crypto.documents import MalformedDocument
from careledger.errors import Conflict, NodeError, ProofError
from careledger.interactions import anchoring
from careledger.interactions.batch import Batch
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import ReceiptState
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verification import verify
from tests.integration.interactions.conftest import OTHER, LyingChain


class TestPrepare:
    def test_a_killed_run_is_taken_up(self, desk):
        path = desk.folder / "batch.json"
        one = anchoring.prepare(desk.log, desk.brand.address, desk.records(5), desk.keyring, path)
        again = anchoring.prepare(desk.log, desk.brand.address, desk.records(5), Keyring(), path)
        assert again == one  # from the file: new keys would have given other leaves
        desk.log.anchor(
            one.log.brand, one.root, one.count, one.first
        )  # killed before the file was written again
        done = anchoring.anchor(desk.log, again, path)
        assert (done.anchor.id, desk.log.head(desk.brand.address).batches) == (0, 1)
        assert Batch.read(path).anchor.transaction_hash == done.anchor.transaction_hash

    def test_the_file_of_another_batch_is_not_overwritten(self, desk):
        path = desk.folder / "batch.json"
        anchoring.prepare(desk.log, desk.brand.address, desk.records(5), desk.keyring, path)
        with pytest.raises(Conflict, match="another batch"):
            anchoring.prepare(desk.log, desk.brand.address, desk.records(6), desk.keyring, path)
        with pytest.raises(Conflict, match="another batch"):
            anchoring.prepare(desk.log, desk.customer.address, desk.records(5), desk.keyring, path)

    def test_an_unanchored_batch_has_no_receipt(self, desk):
        batch = anchoring.prepare(
            desk.log, desk.brand.address, desk.records(5), desk.keyring, desk.folder / "batch.json"
        )
        with pytest.raises(Conflict, match="not anchored yet"):
            desk.receipt(batch)


class TestLogTree:
    def test_without_logs_it_is_read_from_the_contract(self, desk, held):
        for lies in ({"eth_getLogs": []}, {"eth_getLogs": NodeError("pruned")}):
            log = type(desk.log)(LyingChain(desk.chain.url, lies), desk.log.address)
            tree = anchoring.log_tree(log, desk.brand.address)
            assert tree.root() == desk.log.head(desk.brand.address).root
            assert verify(held, log.chain).parts == []

    def test_a_node_that_contradicts_itself_is_caught(self, desk, held, monkeypatch):
        monkeypatch.setattr(type(desk.log), "record_of", lambda *_: b"a lie")
        log = type(desk.log)(LyingChain(desk.chain.url, {"eth_getLogs": []}), desk.log.address)
        with pytest.raises(ProofError, match="contradicts itself"):
            anchoring.log_tree(log, desk.brand.address)

    def test_events_that_are_a_lie_are_not_believed(self, desk, held):
        logs = desk.chain.request(
            "eth_getLogs", {"address": desk.log.address, "fromBlock": "0x0", "toBlock": "latest"}
        )
        forged = [log | {"topics": [*log["topics"][:3], "0x" + OTHER.hex()]} for log in logs]
        log = type(desk.log)(LyingChain(desk.chain.url, {"eth_getLogs": forged}), desk.log.address)
        assert (
            anchoring.log_tree(log, desk.brand.address).root()
            == desk.log.head(desk.brand.address).root
        )


def test_finality_of_a_node_that_does_not_know_the_word(desk):
    chain = LyingChain(desk.chain.url, {"eth_getBlockByNumber": None})
    assert anchoring.finality(chain, 0) is ReceiptState.MINED


def test_a_record_that_is_no_record_is_not_anchored(desk):
    with pytest.raises(MalformedDocument):
        InteractionRecord.create({"id": "x"}, desk.name)

"""Evidence that proves a batch under a block hash alone."""

from dataclasses import replace

import pytest

from careledger.crypto import state_proof
from careledger.errors import NodeError, ProofError
from careledger.interactions import anchoring, evidence
from careledger.interactions.verdict import Verdict
from careledger.interactions.verification import verify
from tests.integration.interactions.conftest import LyingChain


class TestEvidence:
    def test_it_is_small_and_about_one_block(self, desk):
        batch = desk.anchor(36)
        receipt = desk.receipt(batch)
        parts = receipt.evidence
        size = len(parts.header) + sum(map(len, (*parts.account, *parts.root, *parts.numbers)))
        assert size < 4_000
        header = state_proof.open_header(parts.header, batch.anchor.block_hash)
        assert header.number == batch.anchor.block_number

    def test_even_odd_last_and_overtaken_batches(self, desk):
        log = anchoring.log_address(desk.log, desk.brand.address)
        anchors = [desk.anchor(count).anchor for count in (3, 1, 4, 2, 5)]
        newest = bytes.fromhex(desk.chain.block("latest")["hash"][2:])
        for anchor in anchors:
            there = desk.log.batch(desk.brand.address, anchor.id)
            for block_hash in (anchor.block_hash, newest):
                made = evidence.collect(desk.chain, log, anchor.id, block_hash)
                assert evidence.check(made, log, anchor.id, block_hash) == there

    def test_it_proves_nothing_but_its_batch(self, desk):
        log = anchoring.log_address(desk.log, desk.brand.address)
        anchors = [desk.anchor(count).anchor for count in (3, 1, 4)]
        made = evidence.collect(desk.chain, log, 2, anchors[2].block_hash)
        for batch_id in (0, 1, 3, 4):
            with pytest.raises(ProofError):
                evidence.check(made, log, batch_id, anchors[2].block_hash)
        old = evidence.collect(desk.chain, log, 0, anchors[2].block_hash)
        with pytest.raises(ProofError, match="numbers of batch 2"):
            evidence.check(replace(old, numbers=made.numbers), log, 0, anchors[2].block_hash)
        for other in (
            replace(log, brand=desk.customer.address),
            replace(log, contract=desk.customer.address),
        ):
            with pytest.raises(ProofError):
                evidence.check(made, other, 2, anchors[2].block_hash)
            with pytest.raises(ProofError):
                evidence.collect(desk.chain, other, 2, anchors[2].block_hash)

    def test_a_node_that_answers_nonsense_gives_no_evidence(self, desk):
        batch = desk.anchor(3)
        for answer in (
            {},
            {"accountProof": [], "storageProof": []},
            {"accountProof": 5, "storageProof": [5, 5, 5]},
        ):
            chain = LyingChain(desk.chain.url, {"eth_getProof": answer})
            with pytest.raises(ProofError):
                evidence.collect(chain, batch.log, 0, batch.anchor.block_hash)
            log = type(desk.log)(chain, desk.log.address)
            assert anchoring.receipt(log, batch, 0, desk.keyring).evidence is None

    def test_a_node_without_old_state_gives_a_receipt_without_evidence(self, desk):
        batch = desk.anchor(3)
        chain = LyingChain(desk.chain.url, {"eth_getProof": NodeError("missing trie node")})
        receipt = anchoring.receipt(type(desk.log)(chain, desk.log.address), batch, 0, desk.keyring)
        assert receipt.evidence is None
        assert verify(receipt, desk.chain).verdict is Verdict.MATCH

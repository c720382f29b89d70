"""The typed client on a real node; gas as charged."""

from hashlib import sha256

import pytest

from careledger.errors import NodeError, SettingsError
from careledger.interactions import anchoring, errors, formats, messages
from careledger.interactions.client import InteractionLog
from careledger.interactions.events import Acknowledged, BatchAnchored
from tests.integration.interactions.conftest import add_delegate
from tests.worlds.interactions import some_fields, tree_of

COUNT = 10_000


def root(number):
    return sha256(number.to_bytes(4, "big")).digest()


class TestReads:
    def test_the_constants(self, desk):
        log = formats.LogAddress(desk.chain.chain_id, desk.log.address, desk.brand.address)
        assert desk.log.domain() == log.domain
        assert desk.log.registry() == desk.registry
        assert desk.log.agent_role() == formats.AGENT_ROLE
        assert desk.log.version() == formats.VERSION.ljust(32, b"\0")
        assert len(desk.log.acknowledgement_typehash()) == 32
        assert desk.log.eip712_domain()[1:5] == (
            "CareLedger InteractionLog",
            "1",
            desk.chain.chain_id,
            desk.log.address,
        )

    def test_errors_come_with_their_arguments(self, desk):
        with pytest.raises(errors.UnknownBatch) as refused:
            desk.log.batch(desk.brand.address, 7)
        assert (refused.value.id, refused.value.batches) == (7, 0)
        with pytest.raises(errors.UnknownInteraction):
            desk.log.batch_of(desk.brand.address, 0)
        with pytest.raises(errors.NotAuthorised) as refused:
            desk.log.using(desk.customer).anchor_batch(desk.brand.address, root(0), 1, 0)
        assert desk.customer.address in str(refused.value)

    def test_a_transaction_needs_a_key(self, desk):
        with pytest.raises(SettingsError, match="needs a key"):
            InteractionLog(desk.chain, desk.log.address).anchor_batch(
                desk.brand.address, root(0), 1, 0
            )


class TestAnchor:
    def test_a_submission_of_unknown_outcome_is_simply_repeated(self, desk):
        first = desk.log.anchor(desk.brand.address, root(0), COUNT, 0)
        again = desk.log.anchor(desk.brand.address, root(0), COUNT, 0)
        assert first.gas_used is not None
        assert again.gas_used is None
        assert (again.id, again.transaction_hash, again.block_hash) == (
            first.id,
            first.transaction_hash,
            first.block_hash,
        )
        assert desk.log.head(desk.brand.address).batches == 1
        desk.log.anchor(desk.brand.address, root(1), 5, COUNT)
        assert desk.log.anchor(desk.brand.address, root(0), COUNT, 0).id == 0

    def test_another_batch_in_its_place_is_a_conflict(self, desk):
        desk.log.anchor(desk.brand.address, root(0), COUNT, 0)
        for other, first in ((root(1), 0), (root(0), 5)):
            with pytest.raises(errors.AlreadyAnchored) as refused:
                desk.log.anchor(desk.brand.address, other, COUNT, first)
            assert (refused.value.id, refused.value.first) == (0, 0)

    def test_a_gap_is_refused(self, desk):
        with pytest.raises(errors.WrongFirst):
            desk.log.anchor(desk.brand.address, root(0), 1, 1)

    def test_a_node_without_the_logs_is_said_to_be_one(self, desk, monkeypatch):
        desk.log.anchor(desk.brand.address, root(0), COUNT, 0)
        monkeypatch.setattr(desk.chain, "logs", lambda *_, **__: [])
        with pytest.raises(NodeError, match="archive"):
            desk.log.anchor(desk.brand.address, root(0), COUNT, 0)

    def test_events_are_typed(self, desk):
        receipt = desk.log.anchor_batch(desk.brand.address, root(0), 3, 0)
        (event,) = desk.log.events(receipt)
        assert isinstance(event, BatchAnchored)
        assert (event.root, event.by, event.anchored_at) == (
            root(0),
            desk.agent.address,
            desk.chain.timestamp(),
        )
        assert [
            found.id for found in desk.log.history(BatchAnchored, brand=desk.brand.address)
        ] == [0]


class TestAcknowledge:
    def test_directly_and_relayed(self, desk):
        log = anchoring.log_address(desk.log, desk.brand.address)
        members = [some_fields(index) for index in range(3)]
        tree = tree_of(log, members)
        desk.log.anchor(desk.brand.address, tree.root, 3, 0)
        customer = desk.customer
        receipt = desk.log.using(customer).acknowledge(
            customer.address, desk.brand.address, 0, members[1], tree.proof(1)
        )
        (event,) = desk.log.events(receipt)
        assert isinstance(event, Acknowledged)
        assert (event.leaf, event.customer) == (tree.leaf(1), customer.address)
        deadline = desk.chain.timestamp() + 100
        signed = anchoring.acknowledgement(
            log, customer.address, members[2], deadline, customer.account
        )
        assert (
            desk.log.acknowledgement_digest(
                customer.address, desk.brand.address, members[2], deadline
            )
            == messages.acknowledgement_message(log, customer.address, members[2], deadline).digest
        )
        desk.log.acknowledge_by_sig(
            customer.address, desk.brand.address, 0, members[2], tree.proof(2),
            deadline=deadline, signature=signed.signature,
        )  # fmt: skip
        for place in (1, 2):
            at = desk.log.acknowledged_at(customer.address, desk.brand.address, tree.leaf(place))
            assert at > 0
            assert desk.log.leaf_of(members[place]) == tree.leaf(place)
            assert desk.log.verify(desk.brand.address, 0, members[place], tree.proof(place))


@pytest.mark.gas
class TestGas:
    def test_anchoring(self, desk, gas):
        used = [
            desk.log.anchor_batch(desk.brand.address, root(number), COUNT, number * COUNT).gas_used
            for number in range(130)
        ]
        mean = round(sum(used[2:]) / 128)
        gas.row("InteractionLog.anchorBatch.mean128", mean, at_most=92_000)
        gas.row("InteractionLog.anchorBatch.first", used[0])
        gas.row("InteractionLog.anchorBatch.even", used[128])
        gas.row("InteractionLog.anchorBatch.odd", used[129])
        assert mean / COUNT < 10

    def test_it_does_not_depend_on_the_count(self, desk, senders):
        """Three brands' first batches, by the same agent; no byte of the counts is zero."""
        used = set()
        for brand, count in zip(senders[4:7], (0x01010101, 0x7FFFFFFF, 0xFFFFFFFF), strict=True):
            add_delegate(desk.chain, desk.registry, brand, desk.agent.address)
            used.add(desk.log.anchor_batch(brand.address, root(0), count, 0).gas_used)
        assert len(used) == 1

    def test_reading_and_acknowledging_within_a_transaction(self, desk, gas):
        log = anchoring.log_address(desk.log, desk.brand.address)
        members = [some_fields(index) for index in range(2**13)]
        tree = tree_of(log, members)
        desk.log.anchor(desk.brand.address, tree.root, 2**13, 0)
        fields, proof, customer = members[77], tree.proof(77), desk.customer
        assert len(proof) == 13
        verified = desk.log._write("verify", desk.brand.address, 0, fields.abi(), proof)
        gas.row("InteractionLog.verify.depth13", verified.gas_used)
        direct = desk.log.using(customer).acknowledge(
            customer.address, desk.brand.address, 0, fields, proof
        )
        gas.row("InteractionLog.acknowledge.direct", direct.gas_used)
        deadline = 2_000_000_000
        signed = anchoring.acknowledgement(
            log, customer.address, members[78], deadline, customer.account
        )
        relayed = desk.log.acknowledge_by_sig(
            customer.address, desk.brand.address, 0, members[78], tree.proof(78),
            deadline=deadline, signature=signed.signature,
        )  # fmt: skip
        gas.row("InteractionLog.acknowledge.relayed", relayed.gas_used)

"""InteractionLog: a customer acknowledges an interaction, in person or by signature."""

from hashlib import sha256

import pytest

from careledger.interactions import errors, formats, messages
from tests.support.evm import CHAIN_ID, START
from tests.worlds.interactions import high_s, leaf, sign, some_fields

ROOT = sha256(b"a root").digest()


@pytest.fixture
def anchored(world):
    """A world with a batch of three, of which the customer means number 1."""
    members = [some_fields(index) for index in range(3)]
    tree = world.anchor_members(members, sender=world.agent)
    world.fields, world.proof, world.leaf = members[1], tree.proof(1), tree.leaf(1)
    world.deadline = START + 1000
    world.digest = messages.acknowledgement_message(
        world.where(), world.customer.address, members[1], world.deadline
    ).digest
    return world


class TestAcknowledge:
    def give(self, world, sender=None, customer=None, fields=None, batch_id=0):
        customer = customer or world.customer
        arguments = (
            customer.address,
            world.brand.address,
            batch_id,
            (fields or world.fields).abi(),
            world.proof,
        )
        return world.log.transact("acknowledge", *arguments, sender=sender or world.customer)

    def test_nobody_acknowledges_for_a_customer(self, anchored):
        for other in (anchored.stranger, anchored.brand, anchored.agent):
            with pytest.raises(errors.NotCustomer) as refused:
                self.give(anchored, sender=other)
            assert refused.value.actual == other.address
            assert refused.value.expected == anchored.customer.address

    def test_what_is_not_anchored_cannot_be_acknowledged(self, anchored):
        for fields, batch_id in (
            (some_fields(0), 0),
            (some_fields(1, "other"), 0),
            (anchored.fields, 1),
        ):
            with pytest.raises(errors.NotIncluded) as refused:
                self.give(anchored, fields=fields, batch_id=batch_id)
            assert refused.value.leaf == leaf(anchored.where(), fields)

    def test_once_only(self, anchored):
        self.give(anchored)
        anchored.evm.sleep(5)
        with pytest.raises(errors.AlreadyAcknowledged) as refused:
            self.give(anchored)
        assert (refused.value.leaf, refused.value.acknowledged_at) == (anchored.leaf, START)

    def test_it_is_kept_and_told(self, anchored):
        assert (
            anchored.log.call(
                "acknowledgedAt", anchored.customer.address, anchored.brand.address, anchored.leaf
            )
            == 0
        )
        (event,) = self.give(anchored).events
        assert event.name == "Acknowledged"
        assert (event.brand, event.customer) == (anchored.brand.address, anchored.customer.address)
        assert (event.leaf, event.index) == (anchored.leaf, 1)
        known = anchored.log.call(
            "acknowledgedAt", anchored.customer.address, anchored.brand.address, anchored.leaf
        )
        assert known == START

    def test_two_customers_may_acknowledge_the_same_interaction(self, anchored):
        """It may be a conference call.

        Whoever is not in the record convinces nobody who holds the receipt.
        """
        self.give(anchored)
        self.give(anchored, sender=anchored.stranger, customer=anchored.stranger)

    def test_after_a_key_was_rotated_the_new_one_acknowledges(self, anchored):
        anchored.registry.transact(
            "changeOwner",
            anchored.customer.address,
            anchored.stranger.address,
            sender=anchored.customer,
        )
        with pytest.raises(errors.NotCustomer):
            self.give(anchored)
        self.give(anchored, sender=anchored.stranger)


class TestAcknowledgeBySignature:
    def relay(self, world, signature, **changes):
        known = {
            "customer": world.customer.address,
            "brand": world.brand.address,
            "batch": 0,
            "fields": world.fields,
            "proof": world.proof,
            "deadline": world.deadline,
        }
        given = known | changes
        arguments = [
            given["customer"],
            given["brand"],
            given["batch"],
            given["fields"].abi(),
            given["proof"],
        ]
        arguments += [given["deadline"], signature]
        return world.log.transact("acknowledgeBySig", *arguments, sender=world.stranger)

    def test_the_digest_is_the_documented_one(self, anchored):
        arguments = (
            anchored.customer.address,
            anchored.brand.address,
            anchored.fields.abi(),
            anchored.deadline,
        )
        assert anchored.log.call("acknowledgementDigest", *arguments) == anchored.digest

    def test_a_signature_past_its_deadline_is_refused(self, anchored):
        signature = sign(anchored.customer, anchored.digest)
        anchored.evm.warp(anchored.deadline + 1)
        with pytest.raises(errors.AcknowledgementExpired) as refused:
            self.relay(anchored, signature)
        assert (refused.value.actual, refused.value.deadline) == (
            anchored.deadline + 1,
            anchored.deadline,
        )

    def test_until_its_deadline_it_is_good(self, anchored):
        anchored.evm.warp(anchored.deadline)
        (event,) = self.relay(anchored, sign(anchored.customer, anchored.digest)).events
        assert (event.customer, event.leaf) == (anchored.customer.address, anchored.leaf)

    def test_anothers_signature_is_refused(self, anchored):
        with pytest.raises(errors.BadAcknowledgementSignature) as refused:
            self.relay(anchored, sign(anchored.stranger, anchored.digest))
        assert refused.value.digest == anchored.digest
        assert refused.value.controller == anchored.customer.address

    def test_what_was_not_signed_is_refused(self, anchored):
        signature = sign(anchored.customer, anchored.digest)
        for changes in (
            {"deadline": anchored.deadline + 1},
            {"customer": anchored.stranger.address},
            {"brand": anchored.stranger.address},
            {"fields": some_fields(0)},
        ):
            with pytest.raises(errors.BadAcknowledgementSignature):
                self.relay(anchored, signature, **changes)

    def test_a_signature_for_another_chain_or_contract_is_refused(self, anchored):
        for chain_id, contract in (
            (1, anchored.log.address),
            (CHAIN_ID, anchored.registry.address),
        ):
            other = formats.LogAddress(chain_id, contract, anchored.brand.address)
            digest = messages.acknowledgement_message(
                other, anchored.customer.address, anchored.fields, anchored.deadline
            ).digest
            with pytest.raises(errors.BadAcknowledgementSignature):
                self.relay(anchored, sign(anchored.customer, digest))

    def test_a_promises_signature_does_not_pass(self, anchored):
        digest = messages.promise_message(
            anchored.where(), anchored.fields, anchored.deadline
        ).digest
        with pytest.raises(errors.BadAcknowledgementSignature):
            self.relay(anchored, sign(anchored.customer, digest))

    def test_the_high_form_of_a_signature_is_refused(self, anchored):
        with pytest.raises(errors.BadAcknowledgementSignature):
            self.relay(anchored, high_s(sign(anchored.customer, anchored.digest)))

    def test_malformed_signatures_are_refused(self, anchored):
        good = sign(anchored.customer, anchored.digest)
        for bad in (
            b"",
            good[:64],
            good + b"\0",
            bytes(65),
            good[:64] + b"\0",
            good[:64] + b"\x1d",
        ):
            with pytest.raises(errors.BadAcknowledgementSignature):
                self.relay(anchored, bad)

    def test_what_is_not_anchored_is_refused_with_a_good_signature(self, anchored):
        with pytest.raises(errors.NotIncluded):
            self.relay(anchored, sign(anchored.customer, anchored.digest), batch=1)
        with pytest.raises(errors.NotIncluded):
            self.relay(anchored, sign(anchored.customer, anchored.digest), proof=[])

    def test_once_only_by_whichever_way(self, anchored):
        self.relay(anchored, sign(anchored.customer, anchored.digest))
        with pytest.raises(errors.AlreadyAcknowledged):
            self.relay(anchored, sign(anchored.customer, anchored.digest))
        with pytest.raises(errors.AlreadyAcknowledged):
            TestAcknowledge().give(anchored)

    def test_after_a_key_was_rotated_the_old_signature_is_worth_nothing(self, anchored):
        signature = sign(anchored.customer, anchored.digest)
        anchored.registry.transact(
            "changeOwner",
            anchored.customer.address,
            anchored.agent.address,
            sender=anchored.customer,
        )
        with pytest.raises(errors.BadAcknowledgementSignature):
            self.relay(anchored, signature)
        self.relay(anchored, sign(anchored.agent, anchored.digest))

    def test_a_wallet_that_is_a_contract_signs_by_erc_1271(self, anchored):
        wallet = anchored.evm.deploy("Wallet1271", anchored.customer.address)
        digest = messages.acknowledgement_message(
            anchored.where(), wallet.address, anchored.fields, anchored.deadline
        ).digest
        with pytest.raises(errors.BadAcknowledgementSignature):
            self.relay(anchored, sign(anchored.stranger, digest), customer=wallet.address)
        (event,) = self.relay(
            anchored, sign(anchored.customer, digest), customer=wallet.address
        ).events
        assert event.customer == wallet.address

    @pytest.mark.parametrize("mood", [1, 2, 3, 4, 5])  # NO, REVERT, SHORT, DIRTY, EMPTY
    def test_a_wallet_that_does_not_say_yes_has_not_signed(self, anchored, mood):
        wallet = anchored.evm.deploy("LyingWallet")
        wallet.transact("setMood", mood)
        with pytest.raises(errors.BadAcknowledgementSignature):
            self.relay(anchored, b"whatever", customer=wallet.address)

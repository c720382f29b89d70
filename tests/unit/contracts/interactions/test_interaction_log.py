from dataclasses import replace
from hashlib import sha256

import pytest

from careledger.chain.artifacts import load
from careledger.interactions import errors, formats, messages
from careledger.interactions.formats import LeafFields
from tests.properties.interactions.model import LogModel
from tests.support import logs
from tests.support.evm import CHAIN_ID, START, Evm
from tests.worlds.interactions import ROLE, World, high_s, leaf, sign, some_fields, tree_of

ROOT = sha256(b"a root").digest()


@pytest.fixture
def world(compiled):
    return World()


class TestConstructor:
    def test_it_remembers_the_registry_and_fixes_its_domain(self, world):
        assert world.log.call("REGISTRY") == world.registry.address
        assert (
            world.log.call("DOMAIN")
            == formats.LogAddress(CHAIN_ID, world.log.address, world.brand.address).domain
        )
        assert world.log.call("AGENT_ROLE") == ROLE
        assert world.log.call("VERSION") == b"careledger.interactions.v1".ljust(32, b"\0")

    def test_another_chain_and_another_contract_have_other_domains(self, world):
        other = World(Evm(chain_id=1))
        assert other.log.address == world.log.address
        assert other.log.call("DOMAIN") != world.log.call("DOMAIN")
        twin = world.evm.deploy("InteractionLog", world.registry.address)
        assert twin.call("DOMAIN") != world.log.call("DOMAIN")

    def test_the_signing_domain(self, world):
        fields, name, version, chain_id, contract, _, extensions = world.log.call("eip712Domain")
        assert (fields, name, version) == (b"\x0f", "CareLedger InteractionLog", "1")
        assert (chain_id, contract, extensions) == (CHAIN_ID, world.log.address, [])

    def test_the_type_hash_is_that_of_the_documented_type(self, world):
        from careledger.crypto.hashing import keccak256

        assert world.log.call("ACKNOWLEDGEMENT_TYPEHASH") == keccak256(
            messages.ACKNOWLEDGEMENT_TYPE.encode()
        )


class TestAnchorBatch:
    def test_a_stranger_cannot_anchor(self, world):
        with pytest.raises(errors.NotAuthorised) as refused:
            world.anchor(ROOT, 1, 0, sender=world.stranger)
        assert (refused.value.brand, refused.value.actor) == (
            world.brand.address,
            world.stranger.address,
        )

    def test_another_brands_agent_cannot_anchor(self, world):
        with pytest.raises(errors.NotAuthorised):
            world.anchor(ROOT, 1, 0, brand=world.stranger, sender=world.agent)

    def test_a_delegate_for_another_role_cannot_anchor(self, world):
        role = b"careledger.issuer".ljust(32, b"\0")
        world.registry.transact(
            "addDelegate",
            world.brand.address,
            role,
            world.stranger.address,
            100,
            sender=world.brand,
        )
        with pytest.raises(errors.NotAuthorised):
            world.anchor(ROOT, 1, 0, sender=world.stranger)

    def test_a_dismissed_agent_cannot_anchor(self, world):
        world.anchor(ROOT, 1, 0)
        world.registry.transact(
            "revokeDelegate", world.brand.address, ROLE, world.agent.address, sender=world.brand
        )
        world.evm.sleep(1)
        with pytest.raises(errors.NotAuthorised):
            world.anchor(ROOT, 1, 1)

    def test_an_agent_whose_time_is_over_cannot_anchor(self, world):
        world.evm.sleep(10**9)
        with pytest.raises(errors.NotAuthorised):
            world.anchor(ROOT, 1, 0)

    def test_a_brand_that_gave_its_identity_away_cannot_anchor_and_the_new_controller_can(
        self, world
    ):
        world.registry.transact(
            "changeOwner", world.brand.address, world.customer.address, sender=world.brand
        )
        with pytest.raises(errors.NotAuthorised):
            world.anchor(ROOT, 1, 0, sender=world.brand)
        world.anchor(ROOT, 1, 0, sender=world.customer)

    def test_a_root_of_zero_is_refused(self, world):
        with pytest.raises(errors.NoRoot):
            world.anchor(bytes(32), 1, 0)

    def test_a_batch_of_nothing_is_refused(self, world):
        with pytest.raises(errors.NoInteractions):
            world.anchor(ROOT, 0, 0)

    @pytest.mark.parametrize("first", [0, 4, 6, 2**64 - 1])
    def test_another_first_number_than_the_next_is_refused(self, world, first):
        world.anchor(ROOT, 5, 0)
        with pytest.raises(errors.WrongFirst) as refused:
            world.anchor(ROOT, 5, first)
        assert (refused.value.actual, refused.value.expected) == (5, first)

    def test_the_same_submission_is_let_in_once(self, world):
        world.anchor(ROOT, 3, 0)
        with pytest.raises(errors.WrongFirst):
            world.anchor(ROOT, 3, 0)
        assert world.log.call("head", world.brand.address)[1:] == (1, 3)

    def test_it_is_recorded_and_told(self, world):
        world.anchor(ROOT, 7, 0)
        world.evm.sleep(60)
        done = world.anchor(sha256(b"next").digest(), 2**32 - 1, 7, sender=world.brand)
        assert done.value == 1
        (event,) = done.events
        assert event.name == "BatchAnchored"
        assert (event.brand, event.id, event.first, event.count) == (
            world.brand.address,
            1,
            7,
            2**32 - 1,
        )
        assert (event.root, event.anchored_at, event.by) == (
            sha256(b"next").digest(),
            START + 60,
            world.brand.address,
        )
        assert world.log.call("batch", world.brand.address, 0) == (ROOT, 0, 7, START)
        assert world.log.call("batch", world.brand.address, 1) == (
            sha256(b"next").digest(),
            7,
            2**32 - 1,
            START + 60,
        )

    def test_brands_do_not_share_a_log(self, world):
        world.anchor(ROOT, 7, 0)
        world.anchor(ROOT, 3, 0, brand=world.stranger, sender=world.stranger)
        assert world.log.call("head", world.brand.address)[1:] == (1, 7)
        assert world.log.call("head", world.stranger.address)[1:] == (1, 3)
        assert (
            world.log.call("head", world.brand.address)[0]
            != world.log.call("head", world.stranger.address)[0]
        )


class TestBatch:
    @pytest.mark.parametrize("batch_id", [0, 1, 2**256 - 1])
    def test_a_batch_that_is_not_there_is_refused(self, world, batch_id):
        for view in ("batch", "recordOf"):
            with pytest.raises(errors.UnknownBatch) as refused:
                world.log.call(view, world.brand.address, batch_id)
            assert (refused.value.id, refused.value.batches) == (batch_id, 0)

    def test_every_batch_stays_as_it_was_anchored(self, world):
        model = LogModel(world.where())
        for number in range(9):
            world.evm.sleep(number)
            root = sha256(bytes([number])).digest()
            batch = formats.AnchoredBatch(root, model.interactions, number + 1, world.evm.now)
            world.anchor(root, batch.count, batch.first)
            model.batches.append(batch)
            for place, known in enumerate(model.batches):
                assert (
                    formats.AnchoredBatch(*world.log.call("batch", world.brand.address, place))
                    == known
                )
                assert (
                    world.log.call("recordOf", world.brand.address, place) == model.records()[place]
                )

    def test_a_record_has_112_bytes(self, world):
        world.anchor(ROOT, 5, 0)
        record = world.log.call("recordOf", world.brand.address, 0)
        assert len(record) == 112
        assert record[52:80] == bytes(8) + bytes(8) + (5).to_bytes(4, "big") + START.to_bytes(
            8, "big"
        )


class TestBatchOf:
    def test_a_number_that_was_not_given_is_refused(self, world):
        world.anchor(ROOT, 5, 0)
        for index in (5, 2**256 - 1):
            with pytest.raises(errors.UnknownInteraction) as refused:
                world.log.call("batchOf", world.brand.address, index)
            assert (refused.value.index, refused.value.interactions) == (index, 5)

    def test_every_number_is_found(self, world):
        counts, first, where = [1, 3, 2, 1, 5, 1, 4], 0, []
        for batch_id, count in enumerate(counts):
            world.anchor(ROOT, count, first)
            first += count
            where += [batch_id] * count
            assert [
                world.log.call("batchOf", world.brand.address, index) for index in range(first)
            ] == where


class TestHead:
    def test_the_head_of_nothing_is_the_hash_of_nothing(self, world):
        assert world.log.call("head", world.brand.address) == (sha256(b"").digest(), 0, 0)

    def test_it_is_that_of_rfc_6962_at_every_size(self, world):
        model = LogModel(world.where())
        for number in range(40):
            root = sha256(bytes([number])).digest()
            batch = formats.AnchoredBatch(root, model.interactions, 1 + number % 3, world.evm.now)
            world.anchor(root, batch.count, batch.first)
            model.batches.append(batch)
            assert world.log.call("head", world.brand.address) == model.head()
            world.evm.sleep(7)


class TestVerify:
    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 16, 33])
    def test_every_member_and_nothing_else(self, world, count):
        members = [some_fields(index) for index in range(count)]
        tree = world.anchor_members(members, sender=world.agent)
        for place, fields in enumerate(members):
            proof = tree.proof(place)
            assert (
                world.log.call("leafOf", fields.abi())
                == tree.leaf(place)
                == leaf(world.where(), fields)
            )
            assert world.verify(0, fields, proof)
            for wrong in (
                LeafFields(
                    fields.parties, fields.content, fields.kind, fields.started_at, fields.index
                ),
                LeafFields(
                    fields.content, fields.parties, fields.kind + 1, fields.started_at, fields.index
                ),
                LeafFields(
                    fields.content, fields.parties, fields.kind, fields.started_at + 1, fields.index
                ),
                LeafFields(
                    fields.content, fields.parties, fields.kind, fields.started_at, fields.index + 1
                ),
            ):
                assert not world.verify(0, wrong, proof)
            assert not world.verify(0, fields, [*proof, bytes(32)])
            assert not world.verify(1, fields, proof)
            assert not world.verify(2**256 - 1, fields, proof)
            if proof:
                assert not world.verify(0, fields, proof[:-1])
                assert not world.verify(0, fields, [])
                assert not world.verify(0, fields, [bytes(32), *proof[1:]])

    def test_an_empty_proof_is_only_good_for_a_batch_of_one(self, world):
        """OpenZeppelin's verification takes the root for a leaf; here it does not help that it is one."""
        fields = some_fields(0)
        root = leaf(world.where(), fields)
        world.anchor(root, 2, 0)
        assert not world.verify(0, fields, [])
        world.anchor(leaf(world.where(), some_fields(2)), 1, 2)
        assert world.verify(1, some_fields(2), [])

    @pytest.mark.parametrize("indices", [(10, 13, 9), (12, 2**63, 0), (11, 2**64 - 1, 13)])
    def test_a_number_outside_the_batch_is_refused_even_with_a_good_proof(self, world, indices):
        """A brand can put any number into a leaf; only those of the batch count."""
        world.anchor(ROOT, 10, 0)
        members = [replace(some_fields(index, started_at=0), started_at=1) for index in indices]
        tree = tree_of(world.where(), members)
        world.anchor(tree.root, 3, 10)
        answers = [
            world.verify(1, fields, tree.proof(place)) for place, fields in enumerate(members)
        ]
        assert answers == [True, False, False]

    @pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
    def test_a_proof_as_long_as_no_leaf_of_such_a_tree_has_is_refused(self, world, count):
        """A brand that anchors a deeper tree than it counts cannot prove what it hid in it."""
        members = [some_fields(index) for index in range(32)]
        tree = world.anchor_members(members[:1], sender=world.agent)
        deep = tree_of(world.where(), [some_fields(1 + index) for index in range(64)])
        world.anchor(deep.root, count, 1)
        assert not world.verify(1, some_fields(1), deep.proof(0))
        assert tree.root

    def test_the_leaf_of_another_contract_is_refused(self, world):
        elsewhere = formats.LogAddress(CHAIN_ID, world.registry.address, world.brand.address)
        tree = tree_of(elsewhere, [some_fields(0), some_fields(1)])
        world.anchor(tree.root, 2, 0)
        assert not world.verify(0, some_fields(0), tree.proof(0))

    def test_a_proof_of_more_than_32_hashes_is_refused_without_overflow(self, world):
        world.anchor(ROOT, 2**32 - 1, 0)
        for length in (33, 64, 255, 256, 300):
            assert not world.verify(0, some_fields(0), [bytes(32)] * length)


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
        """A conference call; and whoever is not in the record convinces nobody who holds the receipt."""
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


class TestStorage:
    def test_the_slots_are_where_the_formats_say(self, world):
        layout = load("InteractionLog").raw["storageLayout"]["storage"]
        assert [(item["label"], int(item["slot"])) for item in layout] == [
            ("_logs", 0),
            ("_acknowledged", 1),
        ]
        assert formats.SLOT_LOGS == 0
        world.anchor(ROOT, 5, 0)
        world.evm.sleep(1)
        world.anchor(sha256(b"b").digest(), 6, 5)
        world.anchor(sha256(b"c").digest(), 7, 11)
        brand = world.brand.address

        def slot(number):
            return int(world.evm._evm.storage(world.log.address, number))

        assert formats.read_tip(slot(formats.slot_tip(brand))) == (3, 18, 7, START + 1)
        assert slot(formats.slot_root(brand, 0)) == int.from_bytes(ROOT, "big")
        pair = slot(formats.slot_pair(brand, 1))
        assert formats.slot_pair(brand, 0) == formats.slot_pair(brand, 1)
        assert formats.read_pair(pair, odd=False) == (0, 5, START)
        assert formats.read_pair(pair, odd=True) == (5, 6, START + 1)
        assert slot(formats.slot_pair(brand, 2)) == 0


def test_the_reference_of_the_model_is_the_rfc(compiled):
    """The naive tree behind these tests gives the roots that Certificate Transparency publishes."""
    assert (
        logs.root([b"", b"\0"]).hex()
        == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    )

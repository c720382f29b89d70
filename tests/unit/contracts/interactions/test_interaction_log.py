"""InteractionLog: how batches are anchored, numbered, found and stored."""

from hashlib import sha256

import pytest

from careledger.chain.artifacts import load
from careledger.interactions import errors, formats, messages
from tests.properties.interactions.model import LogModel
from tests.support import logs
from tests.support.evm import CHAIN_ID, START, Evm
from tests.worlds.interactions import ROLE, World

ROOT = sha256(b"a root").digest()


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

"""ConsentRegistry: what people do in person, and what anyone can read."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careledger.chain.reverts import Reverted
from careledger.identity.consent import terms as ours
from careledger.identity.consent.errors import (
    AlreadyUsed,
    EpochAhead,
    ExpiryPassed,
    NotSubject,
)
from careledger.values.times import LATEST_SECONDS, from_seconds
from tests.support.evm import START
from tests.worlds.identity.consent_registry import EXPIRY, ConsentWorld, not_subject, refused
from tests.worlds.identity.consents import (
    CONSENT_ROLE,
    FOREVER,
    GRANTED,
    NONE,
    RENOUNCED,
    REVOKED,
    Consent,
    Terms,
)
from tests.worlds.identity.registry import AGENT, DAY, NOBODY


@pytest.fixture
def world(compiled):
    return ConsentWorld()


@cache
def _contract():
    return ConsentWorld().consents


class TestGrant:
    def test_a_stranger_is_refused(self, world):
        not_subject(world, world.grant, world.given, world.mallory, actor=world.mallory)
        assert world.record() == (NOBODY, 0, 0, NONE)

    def test_the_grantee_is_refused(self, world):
        not_subject(world, world.grant, world.given, world.bob, actor=world.bob)

    def test_a_delegate_of_another_role_is_refused(self, world):
        world.name(world.carol, role=AGENT)
        not_subject(world, world.grant, world.given, world.carol, actor=world.carol)

    def test_a_delegate_is_good_until_the_second_of_its_expiry(self, world):
        world.name(world.carol)
        world.evm.warp(START + DAY)
        not_subject(world, world.grant, world.given, world.carol, actor=world.carol)
        world.evm.warp(START + DAY - 1)
        world.grant(sender=world.carol)
        assert world.valid()

    def test_a_dismissed_delegate_is_refused_and_what_it_granted_stands(self, world):
        world.name(world.carol)
        world.grant(sender=world.carol)
        world.dismiss(world.carol)
        not_subject(world, world.grant, world.consent(2), world.carol, actor=world.carol)
        assert world.valid()

    def test_the_former_controller_is_refused_and_the_new_one_is_not(self, world):
        world.hand_over(world.carol)
        not_subject(
            world, world.grant, world.given, world.alice, actor=world.alice, controller=world.carol
        )
        world.grant(sender=world.carol)
        assert world.valid()

    def test_nobody_grants_for_what_is_deactivated(self, world):
        world.do("deactivate", world.alice.address, sender=world.alice)
        with pytest.raises(NotSubject):
            world.grant()

    def test_nobody_grants_for_the_subject_zero(self, world):
        for sender in (world.mallory, world.alice):
            with pytest.raises(NotSubject):
                world.send("grant", world.given.but(subject=NOBODY).abi, 0, sender=sender)

    @pytest.mark.parametrize("late", [0, 1, 10**6])
    def test_an_expiry_that_is_not_ahead_is_refused(self, world, late):
        world.evm.warp(EXPIRY + late)
        refused(ExpiryPassed, world.grant, id=world.given.id, time=EXPIRY + late, expiry=EXPIRY)

    def test_no_expiry_is_refused(self, world):
        refused(ExpiryPassed, world.grant, world.consent(expiry=0), expiry=0)

    def test_an_id_is_granted_once(self, world):
        world.grant()
        refused(AlreadyUsed, world.grant, id=world.given.id, actual=GRANTED)

    @pytest.mark.parametrize(("end", "status"), [("revoke", REVOKED), ("renounce", RENOUNCED)])
    def test_what_was_ended_does_not_come_back(self, world, end, status):
        world.grant()
        getattr(world, end)()
        refused(AlreadyUsed, world.grant, id=world.given.id, actual=status)
        assert not world.valid()

    def test_an_id_of_an_epoch_that_is_over_does_not_come_back(self, world):
        world.grant()
        world.revoke_all()
        refused(AlreadyUsed, world.grant, id=world.given.id, actual=GRANTED)
        assert not world.valid()

    def test_a_burned_id_cannot_be_granted(self, world):
        world.revoke()
        refused(AlreadyUsed, world.grant, id=world.given.id, actual=REVOKED)

    def test_the_event_and_the_record_say_what_is_on_chain_and_no_more(self, world):
        (event,) = world.grant().events
        told = {"id": world.given.id, "subject": world.alice.address, "expiry": EXPIRY, "epoch": 0}
        assert (event.name, event.arguments) == ("ConsentGranted", told)
        assert world.record() == (world.alice.address, EXPIRY, 0, GRANTED)
        assert world.valid()

    @pytest.mark.parametrize("ahead", [0, 1, DAY, 2**40 - 1 - START])
    def test_an_epoch_that_has_not_begun_is_refused(self, world, ahead):
        """Else it would outlive the end of all that begins that epoch."""
        values = {"subject": world.alice.address, "time": START, "epoch": START + ahead}
        refused(EpochAhead, lambda: world.grant(epoch=START + ahead), **values)

    def test_in_the_second_of_the_end_of_all_nothing_is_granted_in_the_new_epoch(self, world):
        """Who ends all twice in a second ends all that was granted before.

        Nothing is granted between the two.
        """
        world.send("revokeAll", world.alice.address, sender=world.alice)
        assert world.epoch() == START
        refused(EpochAhead, world.grant, time=START, epoch=START)
        world.evm.sleep(1)
        world.grant()
        assert world.valid()

    def test_in_an_epoch_that_is_not_the_subjects_it_is_never_valid(self, world):
        """It may come late, when the epoch that it was signed in is over.

        The id is used up, and nothing else happens.
        """
        world.revoke_all()
        world.revoke_all()
        world.evm.sleep(9)
        for number, epoch in enumerate((0, START, START - 1, START + 2)):
            stale = world.consent(number)
            (event,) = world.grant(stale, epoch=epoch).events
            assert event.epoch == epoch
            assert world.record(stale) == (world.alice.address, EXPIRY, epoch, GRANTED)
            assert not world.valid(stale)
        assert world.epoch() == START + 1

    def test_the_record_holds_the_epoch_of_the_grant(self, world):
        world.revoke_all()
        (event,) = world.grant().events
        assert event.epoch == START
        assert world.record() == (world.alice.address, EXPIRY, START, GRANTED)
        assert world.valid()

    def test_another_salt_expiry_scope_purpose_grantee_or_subject_is_another_consent(self, world):
        world.grant()
        other = {
            "salt": b"\2" * 32,
            "expiry": EXPIRY + 1,
            "scope": b"\3" * 32,
            "purpose": b"\4" * 32,
        }
        other |= {"grantee": world.carol.address, "subject": world.bob.address}
        for name, value in other.items():
            assert not world.valid(world.given.but(**{name: value}))
            assert world.record(world.given.but(**{name: value}))[3] == NONE

    def test_the_last_second_that_an_expiry_can_name(self, world):
        forever = world.consent(expiry=FOREVER)
        world.grant(forever)
        assert world.record(forever) == (world.alice.address, FOREVER, 0, GRANTED)
        world.evm.warp(FOREVER - 1)
        assert world.valid(forever)
        world.evm.warp(FOREVER)
        assert not world.valid(forever)

    @pytest.mark.parametrize("place", [0, 32])
    def test_calldata_with_rubbish_above_a_value_is_refused(self, world, place):
        """Otherwise one consent would have several ids."""
        for function, rest in (("grant", [0]), ("revoke", [])):
            data = bytearray(world.consents.encode(function, world.given.abi, *rest))
            data[4 + place] = 1
            with pytest.raises(Reverted):
                world.evm.raw_transact(world.consents.address, bytes(data), world.alice)


class TestUses:
    def test_anyone_puts_a_use_on_record_as_often_as_they_like(self, world):
        for _ in range(2):
            (event,) = world.send("commitUse", b"\7" * 32, sender=world.mallory).events
            assert (event.name, event.arguments) == ("UseCommitted", {"commitment": b"\7" * 32})

    def test_many_at_once_in_their_order(self, world):
        many = [bytes([number]) * 32 for number in (3, 1, 2)]
        assert [event.commitment for event in world.send("commitUses", many).events] == many
        assert world.send("commitUses", []).events == []


class TestViews:
    def test_of_what_nobody_granted(self, world):
        assert not world.valid()
        assert world.record() == (NOBODY, 0, 0, NONE)
        assert world.read("isValid", bytes(32)) is False

    def test_a_consent_stands_until_the_second_of_its_expiry(self, world):
        world.grant()
        world.evm.warp(EXPIRY - 1)
        assert world.valid()
        world.evm.warp(EXPIRY)
        assert not world.valid()
        assert world.record()[3] == GRANTED

    @settings(max_examples=50, deadline=None, database=None)
    @given(
        st.tuples(*[st.binary(min_size=20, max_size=20)] * 2),
        st.integers(0, LATEST_SECONDS),
        st.tuples(*[st.binary(min_size=32, max_size=32)] * 3),
    )
    def test_ids_and_terms_are_hashed_alike_in_python(self, compiled, who, expiry, hashes):
        one = Consent("0x" + who[0].hex(), expiry, Terms("0x" + who[1].hex(), *hashes))
        if not any(who[0]):
            return
        python = ours.Consent(one.subject, from_seconds(expiry), ours.ConsentTerms(*one.terms.abi))
        found = (
            _contract().call("idOf", python.abi()),
            _contract().call("termsHash", python.terms.abi()),
        )
        assert found == (python.id, python.terms.hash) == (one.id, one.terms.hash)

    def test_constants(self, world):
        assert world.read("REGISTRY") == world.registry.address
        assert world.read("CONSENT_ROLE") == CONSENT_ROLE
        fields, name, version, chain_id, contract, salt, extensions = world.read("eip712Domain")
        assert (fields, name, version) == (b"\x0f", "CareLedger ConsentRegistry", "1")
        assert (chain_id, contract, salt, extensions) == (
            31337,
            world.consents.address,
            bytes(32),
            [],
        )

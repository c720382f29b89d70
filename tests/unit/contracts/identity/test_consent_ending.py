"""ConsentRegistry: how consents end: by the subject's people, by the grantee's, all at once."""

import pytest

from careledger.identity.consent.errors import (
    AlreadyEnded,
    NotGranted,
    NotGrantee,
    NotSubject,
    WrongTerms,
)
from tests.support.evm import START
from tests.worlds.identity.consent_registry import EXPIRY, ConsentWorld, not_subject, refused
from tests.worlds.identity.consents import GRANTED, NONE, RENOUNCED, REVOKED
from tests.worlds.identity.registry import AGENT, DAY


@pytest.fixture
def world(compiled):
    return ConsentWorld()


class TestRevoke:
    def test_a_stranger_is_refused(self, world):
        world.grant()
        not_subject(world, world.revoke, world.given, world.mallory, actor=world.mallory)
        assert world.valid()

    def test_the_grantee_and_its_delegates_have_to_renounce(self, world):
        world.grant()
        world.name(world.carol, world.bob)
        for who in (world.bob, world.carol):
            not_subject(world, world.revoke, world.given, who, actor=who)

    def test_a_delegate_who_expired_or_was_dismissed_is_refused(self, world):
        world.grant()
        world.name(world.carol, seconds=60)
        world.evm.sleep(60)
        not_subject(world, world.revoke, world.given, world.carol, actor=world.carol)
        world.name(world.carol)
        world.dismiss(world.carol)
        not_subject(world, world.revoke, world.given, world.carol, actor=world.carol)

    @pytest.mark.parametrize(("end", "status"), [("revoke", REVOKED), ("renounce", RENOUNCED)])
    def test_what_has_ended_cannot_be_ended_again(self, world, end, status):
        world.grant()
        getattr(world, end)()
        refused(AlreadyEnded, world.revoke, id=world.given.id, actual=status)
        assert world.record()[3] == status

    def test_it_ends_at_once_and_says_so(self, world):
        world.grant()
        (event,) = world.revoke().events
        told = {"id": world.given.id, "subject": world.alice.address}
        assert (event.name, event.arguments) == ("ConsentRevoked", told)
        assert world.record() == (world.alice.address, EXPIRY, 0, REVOKED)
        assert not world.valid()

    def test_a_delegate_may(self, world):
        world.name(world.carol)
        world.grant()
        world.revoke(sender=world.carol)
        assert not world.valid()

    def test_who_got_the_identity_may_and_who_gave_it_may_not(self, world):
        world.grant()
        world.hand_over(world.carol)
        not_subject(
            world, world.revoke, world.given, world.alice, actor=world.alice, controller=world.carol
        )
        world.revoke(sender=world.carol)
        assert not world.valid()

    def test_what_was_never_granted_is_burned(self, world):
        (event,) = world.revoke().events
        assert event.name == "ConsentRevoked"
        assert world.record() == (world.alice.address, EXPIRY, 0, REVOKED)

    def test_a_stranger_burns_nothing(self, world):
        not_subject(world, world.revoke, world.given, world.mallory, actor=world.mallory)
        world.grant()
        assert world.valid()

    def test_burning_anothers_id_takes_that_subjects_name(self, world):
        """The id is over the subject: with mallory in alice's place it is another id."""
        world.send(
            "revoke", world.given.but(subject=world.mallory.address).abi, sender=world.mallory
        )
        world.grant()
        assert world.valid()

    def test_what_has_expired_or_is_of_an_old_epoch_can_be_revoked(self, world):
        second = world.consent(2)
        world.grant()
        world.grant(second)
        world.revoke_all()
        world.revoke(second)
        world.evm.warp(EXPIRY + 1)
        world.revoke()
        assert [world.record(one)[3] for one in (world.given, second)] == [REVOKED, REVOKED]
        assert world.record(second)[2] == 0  # the epoch of its grant

    def test_a_deactivated_subjects_consents_stand_until_they_expire(self, world):
        """Nobody is left to end them but its delegates and the grantee."""
        second = world.consent(2)
        world.name(world.carol)
        world.grant()
        world.grant(second)
        world.do("deactivate", world.alice.address, sender=world.alice)
        with pytest.raises(NotSubject):
            world.revoke()
        assert world.valid()
        world.revoke(sender=world.carol)
        world.renounce(second)
        assert not world.valid()

    def test_after_a_recovery_the_new_key_ends_what_the_lost_one_gave(self, world):
        world.grant()
        world.started()
        world.evm.sleep(7 * DAY)
        world.do("finishRecovery", world.alice.address)
        not_subject(
            world, world.revoke, world.given, world.alice, actor=world.alice, controller=world.bob
        )
        assert world.valid()
        world.revoke(sender=world.bob)
        assert not world.valid()


class TestRenounce:
    def test_a_stranger_and_the_subject_are_refused(self, world):
        world.grant()
        for who in (world.mallory, world.alice):
            actor, grantee = who.address, world.bob.address
            refused(
                NotGrantee,
                world.renounce,
                world.given,
                who,
                id=world.given.id,
                actor=actor,
                grantee=grantee,
            )
        assert world.valid()

    def test_a_delegate_of_another_role_or_of_the_past_is_refused(self, world):
        world.grant()
        world.name(world.carol, world.bob, role=AGENT)
        refused(NotGrantee, world.renounce, world.given, world.carol)
        world.name(world.carol, world.bob, seconds=60)
        world.evm.sleep(60)
        refused(NotGrantee, world.renounce, world.given, world.carol)
        world.name(world.carol, world.bob)
        world.dismiss(world.carol, world.bob)
        refused(NotGrantee, world.renounce, world.given, world.carol)

    def test_other_terms_are_refused(self, world):
        """Else anybody would end a consent as the grantee of terms of their own."""
        world.grant()
        for other in (
            {"grantee": world.mallory.address},
            {"salt": bytes(32)},
            {"scope": bytes(32)},
        ):
            forged = world.given.but(**other).terms
            values = {
                "id": world.given.id,
                "actual": forged.hash,
                "expected": world.given.terms.hash,
            }
            call = world.send, "renounce", world.given.abi, forged.abi
            refused(
                WrongTerms, lambda call=call: call[0](*call[1:], sender=world.mallory), **values
            )
        assert world.valid()

    def test_what_was_never_granted_cannot_be_given_back(self, world):
        refused(NotGranted, world.renounce, id=world.given.id, actual=NONE)
        world.grant()
        assert world.valid()

    @pytest.mark.parametrize(("end", "status"), [("revoke", REVOKED), ("renounce", RENOUNCED)])
    def test_what_has_ended_cannot_be_given_back(self, world, end, status):
        world.grant()
        getattr(world, end)()
        refused(NotGranted, world.renounce, id=world.given.id, actual=status)
        assert world.record()[3] == status

    def test_it_ends_at_once_and_says_so(self, world):
        world.grant()
        (event,) = world.renounce().events
        told = {"id": world.given.id, "subject": world.alice.address}
        assert (event.name, event.arguments) == ("ConsentRenounced", told)
        assert world.record() == (world.alice.address, EXPIRY, 0, RENOUNCED)
        assert not world.valid()

    def test_the_grantees_delegate_may(self, world):
        world.grant()
        world.name(world.carol, world.bob)
        world.renounce(sender=world.carol)
        assert not world.valid()

    def test_who_got_the_grantees_identity_may(self, world):
        world.grant()
        world.hand_over(world.carol, world.bob)
        refused(NotGrantee, world.renounce)
        world.renounce(sender=world.carol)
        assert not world.valid()

    def test_what_has_expired_or_is_of_an_old_epoch_can_be_given_back_and_keeps_its_epoch(
        self, world
    ):
        world.revoke_all()
        world.grant()
        world.revoke_all()
        world.evm.warp(EXPIRY)
        world.renounce()
        assert world.record() == (world.alice.address, EXPIRY, START, RENOUNCED)


class TestRevokeAll:
    def test_a_stranger_the_grantee_and_another_delegate_are_refused(self, world):
        world.name(world.carol, role=AGENT)
        for who in (world.mallory, world.bob, world.carol):
            not_subject(world, world.revoke_all, world.alice, who, actor=who)
        assert world.epoch() == 0

    def test_it_ends_all_that_stand_and_begins_an_epoch(self, world):
        several = [world.consent(number) for number in range(3)]
        for one in several:
            world.grant(one)
        (event,) = world.revoke_all().events
        assert (event.name, event.arguments) == (
            "AllRevoked",
            {"subject": world.alice.address, "epoch": START},
        )
        assert world.epoch() == START
        assert [world.valid(one) for one in several] == [False] * 3
        assert world.record(several[0]) == (world.alice.address, EXPIRY, 0, GRANTED)

    def test_what_is_granted_afterwards_stands(self, world):
        world.revoke_all()
        world.grant()
        assert world.valid()

    def test_it_touches_no_other_subject(self, world):
        theirs = world.consent(subject=world.carol)
        world.grant(theirs, world.carol)
        world.revoke_all()
        assert world.valid(theirs)
        assert world.epoch(world.carol) == 0

    def test_a_delegate_may_and_who_got_the_identity(self, world):
        world.name(world.carol)
        world.revoke_all(sender=world.carol)
        world.hand_over(world.bob)
        not_subject(world, world.revoke_all, actor=world.alice, controller=world.bob)
        world.revoke_all(sender=world.bob)
        assert world.epoch() == START + 1

"""ConsentRegistry: what `grantBySig`, `revokeBySig` and `revokeAllBySig` do each."""

from dataclasses import replace

import pytest

from careledger.identity.consent.errors import (
    AlreadyUsed,
    BadConsentSignature,
    EpochAhead,
    ExpiryPassed,
)
from tests.support.evm import START
from tests.worlds.identity.consent_registry import DEADLINE, EXPIRY
from tests.worlds.identity.consent_signatures import (
    ALL,
    BEYOND,
    GRANT,
    REVOKE,
    SigningWorld,
    refused,
)
from tests.worlds.identity.consents import GRANTED, REVOKED


@pytest.fixture
def world(compiled):
    return SigningWorld()


class TestGrantBySig:
    @pytest.mark.parametrize("name", ["salt", "scope", "purpose", "grantee", "expiry"])
    def test_it_is_for_one_consent(self, world, name):
        other = {"grantee": world.carol.address, "expiry": EXPIRY + 1}.get(name, b"\7" * 32)
        act = world.granting()
        refused(
            world,
            BadConsentSignature,
            GRANT,
            replace(act, consent=world.given.but(**{name: other})).abi,
        )

    def test_an_expiry_that_is_not_ahead_is_refused(self, world):
        act = world.granting(deadline=BEYOND)
        world.evm.warp(EXPIRY)
        refused(world, ExpiryPassed, GRANT, act.abi, id=world.given.id, time=EXPIRY, expiry=EXPIRY)

    def test_the_epoch_is_signed(self, world):
        act = world.granting(epoch=7)
        for other in (0, 6, 8):
            refused(world, BadConsentSignature, GRANT, replace(act, epoch=other).abi)

    def test_an_epoch_that_has_not_begun_is_refused(self, world):
        act = world.granting(epoch=START + 1)
        for now in (START, START + 1):
            world.evm.warp(now)
            refused(world, EpochAhead, GRANT, act.abi, time=now, epoch=START + 1)

    def test_under_way_while_all_is_ended_it_is_never_valid(self, world):
        """It can still be handed in, says so, and is dead; nor does a new epoch bring it back."""
        act = world.granting()
        world.revoke_all()
        (event,) = world.relay(GRANT, act.abi).events
        assert event.epoch == 0 != world.epoch()
        assert not world.valid()
        world.revoke_all()
        assert not world.valid()
        refused(world, AlreadyUsed, GRANT, world.granting().abi, actual=GRANTED)

    def test_a_revocation_overtakes_it(self, world):
        """The subject thinks better of it while the grant is under way."""
        act = world.granting()
        world.relay(REVOKE, world.revoking().alone("revoke"))
        refused(world, AlreadyUsed, GRANT, act.abi, id=world.given.id, actual=REVOKED)

    def test_it_does_not_come_back_after_it_was_ended(self, world):
        act = world.granting()
        world.relay(GRANT, act.abi)
        world.revoke()
        refused(world, AlreadyUsed, GRANT, act.abi, actual=REVOKED)
        fresh = world.granting(deadline=DEADLINE + 1)
        refused(world, AlreadyUsed, GRANT, fresh.abi, actual=REVOKED)

    def test_who_runs_ahead_of_the_relayer_does_what_the_subject_wants(self, world):
        act = world.granting()
        world.relay(GRANT, act.abi, sender=world.mallory)
        refused(world, AlreadyUsed, GRANT, act.abi, actual=GRANTED)
        assert world.record() == (world.alice.address, EXPIRY, 0, GRANTED)
        assert world.valid()


class TestRevokeBySig:
    def test_it_names_no_epoch_so_it_can_be_kept(self, world):
        kept = world.revoking(deadline=BEYOND)
        world.revoke_all()
        world.grant()
        world.relay(REVOKE, kept.alone("revoke"))
        assert world.record() == (world.alice.address, EXPIRY, START, REVOKED)

    def test_what_has_expired_can_be_revoked(self, world):
        world.grant()
        kept = world.revoking(deadline=BEYOND)
        world.evm.warp(EXPIRY)
        world.relay(REVOKE, kept.alone("revoke"))
        assert world.record()[3] == REVOKED

    def test_it_burns_what_was_never_granted(self, world):
        world.relay(REVOKE, world.revoking().alone("revoke"))
        assert world.record() == (world.alice.address, EXPIRY, 0, REVOKED)

    def test_it_is_for_one_consent(self, world):
        other = world.consent(2)
        world.grant(other)
        act = replace(world.revoking(), consent=other)
        refused(world, BadConsentSignature, REVOKE, act.alone("revoke"))
        assert world.valid(other)


class TestRevokeAllBySig:
    def test_it_is_for_the_present_epoch(self, world):
        world.grant()
        refused(world, BadConsentSignature, ALL, world.ending_all(epoch=1))
        both = world.ending_all(deadline=DEADLINE), world.ending_all(deadline=DEADLINE + 1)
        world.evm.sleep(5)
        world.relay(ALL, both[0])
        refused(world, BadConsentSignature, ALL, both[1])
        assert (world.epoch(), world.valid()) == (START + 5, False)

    def test_twice_in_a_second_it_ends_nothing_that_it_had_not_ended(self, world):
        world.evm.sleep(5)
        world.relay(ALL, world.ending_all())
        world.relay(ALL, world.ending_all())
        assert world.epoch() == START + 5

"""LoyaltyToken: limits of issuers, pausing, winding down, and what there is not."""

import pytest

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import DAY, FOREVER, ISSUER, MANAGER, refuses
from tests.worlds.loyalty.programme import REF, SILENT, limit, programme


class TestSetIssuerLimit:
    def test_only_a_manager_sets_it(self, points, eve):
        for who in (eve, points.issuer):
            with refuses("LoyaltyToken_NotAllowed", who.address, MANAGER):
                points.token.transact("setIssuerLimit", points.issuer.address, 1, 1, sender=who)

    @pytest.mark.parametrize(
        ("capacity", "period"), [(2**96, 1), (1, 0), (1, 2**24), (0, 0), (FOREVER, FOREVER)]
    )
    def test_what_cannot_be_kept_is_refused(self, points, capacity, period):
        with refuses("LoyaltyToken_BadLimit", capacity, period):
            points.token.transact(
                "setIssuerLimit", points.issuer.address, capacity, period, sender=points.manager
            )

    def test_the_bounds_themselves_are_kept(self, points, evm):
        who = actor("new issuer")
        for capacity, period in ((2**96 - 1, 2**24 - 1), (2**96 - 1, 1)):
            points.token.transact(
                "setIssuerLimit", who.address, capacity, period, sender=points.manager
            )
            evm.sleep(2**24)
            assert limit(points, who) == (capacity, period, capacity)

    def test_it_is_told(self, points):
        who = actor("new issuer")
        done = points.token.transact("setIssuerLimit", who.address, 10, 20, sender=points.brand)
        (event,) = done.events
        assert (event.name, event.arguments) == (
            "IssuerLimitSet",
            {"issuer": who.address, "capacity": 10, "period": 20},
        )
        assert limit(points, who) == (10, 20, 10)

    def test_a_known_issuer_keeps_what_it_has_up_to_the_new_capacity(self, points, evm, ana):
        points.open(1000, 100)
        points.give(ana, 900)
        points.open(5000, 100)
        assert limit(points) == (5000, 100, 100)
        evm.sleep(1)
        assert limit(points) == (5000, 100, 150)
        points.open(120, 100)
        assert limit(points) == (120, 100, 120)

    def test_what_was_refilled_at_the_old_rate_stays(self, points, evm, ana):
        points.open(1000, 100)
        points.give(ana, 1000)
        evm.sleep(10)
        points.open(1000, 1000)
        assert limit(points) == (1000, 1000, 100)

    def test_zero_stops_an_issuer(self, points, evm, ana):
        points.open(0, 1)
        evm.sleep(DAY)
        with refuses("LoyaltyToken_AboveLimit", points.issuer.address, 1, 0):
            points.give(ana, 1)
        assert limit(points) == (0, 1, 0)

    def test_the_limit_alone_allows_nothing(self, points, eve):
        points.token.transact("setIssuerLimit", eve.address, 100, 1, sender=points.manager)
        with refuses("LoyaltyToken_NotAllowed", eve.address, ISSUER):
            points.token.transact("issue", eve.address, 1, REF, sender=eve)


class TestSetPaused:
    def test_only_a_manager_pauses(self, points, eve):
        for who in (eve, points.issuer):
            with refuses("LoyaltyToken_NotAllowed", who.address, MANAGER):
                points.token.transact("setPaused", True, sender=who)

    def test_it_is_told_and_undone(self, points, ana):
        points.give(ana, 7)
        for paused in (True, True, False, False, True):
            (event,) = points.token.transact("setPaused", paused, sender=points.manager).events
            assert (event.name, event.paused) == ("PausedSet", paused)
            assert programme(points)["paused"] is paused
            assert programme(points)["outstanding"] == points.token.call("totalSupply") == 7
        points.token.transact("setPaused", False, sender=points.brand)
        points.give(ana, 1)

    def test_everything_but_issuing_goes_on(self, points, ana, ben):
        points.give(ana, 7)
        points.token.transact("setPaused", True, sender=points.manager)
        points.token.transact("transfer", ben.address, 2, sender=ana)
        points.approve(ben, ana, 1)
        points.token.transact("transferFrom", ben.address, ana.address, 1, sender=ana)
        points.token.transact("redeem", 1, REF, sender=ben)
        assert (points.balance(ana), points.balance(ben)) == (6, 0)

    def test_a_pause_and_an_announced_end_do_not_disturb_each_other(self, points):
        points.token.transact("setPaused", True, sender=points.manager)
        points.token.transact("announceWindDown", sender=points.brand)
        assert (programme(points)["paused"], programme(points)["closes_at"]) == (
            True,
            START + 30 * DAY,
        )
        points.token.transact("setPaused", False, sender=points.manager)
        assert (programme(points)["paused"], programme(points)["closes_at"]) == (
            False,
            START + 30 * DAY,
        )
        points.token.transact("setPaused", True, sender=points.manager)
        points.token.transact("callOffWindDown", sender=points.brand)
        assert (programme(points)["paused"], programme(points)["closes_at"]) == (True, 0)


class TestWindDown:
    def test_only_the_controller_announces_and_calls_off(self, points, eve):
        for function in ("announceWindDown", "callOffWindDown"):
            for who in (eve, points.manager, points.issuer):
                with refuses("LoyaltyToken_NotController", who.address, points.brand.address):
                    points.token.transact(function, sender=who)

    def test_the_controller_is_whom_the_registry_names(self, points, registry, ben):
        registry.transact("changeOwner", points.brand.address, ben.address, sender=points.brand)
        with refuses("LoyaltyToken_NotController", points.brand.address, ben.address):
            points.token.transact("announceWindDown", sender=points.brand)
        points.token.transact("announceWindDown", sender=ben)

    def test_it_is_announced_once(self, points, evm):
        points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(DAY)
        with refuses("LoyaltyToken_ClosingAlready", START + 30 * DAY):
            points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(30 * DAY)
        with refuses("LoyaltyToken_ClosingAlready", START + 30 * DAY):
            points.token.transact("announceWindDown", sender=points.brand)

    def test_what_is_not_announced_cannot_be_called_off(self, points):
        with refuses("LoyaltyToken_NotClosing"):
            points.token.transact("callOffWindDown", sender=points.brand)

    def test_the_end_cannot_be_called_off_once_it_has_come(self, points, evm):
        points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(30 * DAY)
        with refuses("LoyaltyToken_Closed", START + 30 * DAY):
            points.token.transact("callOffWindDown", sender=points.brand)

    def test_announcing_and_calling_off_are_told(self, points, evm, ana):
        points.give(ana, 9)
        (event,) = points.token.transact("announceWindDown", sender=points.brand).events
        assert (event.name, event.closes_at) == ("WindDownAnnounced", START + 30 * DAY)
        assert programme(points)["closes_at"] == START + 30 * DAY
        evm.warp(START + 30 * DAY - 1)
        (event,) = points.token.transact("callOffWindDown", sender=points.brand).events
        assert (event.name, event.closes_at) == ("WindDownCalledOff", START + 30 * DAY)
        assert programme(points)["closes_at"] == 0
        assert points.token.call("totalSupply") == 9

    def test_to_end_after_all_the_whole_notice_runs_again(self, points, evm):
        points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(29 * DAY)
        points.token.transact("callOffWindDown", sender=points.brand)
        points.token.transact("announceWindDown", sender=points.brand)
        assert programme(points)["closes_at"] == START + 59 * DAY

    def test_settings_can_be_made_to_the_end_and_after(self, points, evm):
        points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(31 * DAY)
        points.open(5, 5)
        points.token.transact("setPaused", True, sender=points.manager)
        assert programme(points)["paused"] is True


class TestWhatThereIsNot:
    def test_no_function_takes_freezes_or_lets_points_expire(self, points):
        """The writes of the token, all of them: a new one has to be looked at here."""
        writes = {
            entry["name"]
            for entry in points.token.artifact.entries("function")
            if entry["stateMutability"] not in ("view", "pure")
        }
        assert writes == {
            *("issue", "issueBatch", "redeem", "redeemWithAuthorization"),
            *("setIssuerLimit", "setPaused", "announceWindDown", "callOffWindDown"),
            *("transfer", "transferFrom", "approve", "permit"),
            *("transferWithAuthorization", "receiveWithAuthorization", "cancelAuthorization"),
            *("transferAndCall", "transferFromAndCall", "approveAndCall"),
        }

    def test_it_takes_no_ether_and_knows_no_other_call(self, points, evm, ana):
        evm.fund(ana)
        for data, value in ((b"", 1), (b"\xde\xad\xbe\xef", 0)):
            with refuses(SILENT):
                evm.raw_transact(points.address, data, ana, value)

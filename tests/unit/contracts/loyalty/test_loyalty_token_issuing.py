"""LoyaltyToken: what a programme is made with, and how its points are issued."""

import pytest

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import (
    DAY,
    FOREVER,
    ISSUER,
    NOBODY,
    POINT,
    Points,
    refuses,
)
from tests.worlds.loyalty.programme import REF, limit, programme


class TestConstructor:
    @pytest.mark.parametrize(
        ("cap", "notice"),
        [
            (0, 30 * DAY),
            (2**128, 30 * DAY),
            (1, 30 * DAY - 1),
            (1, 3650 * DAY + 1),
            (1, 0),
            (FOREVER, FOREVER),
        ],
    )
    def test_a_programme_out_of_bounds_is_refused(self, evm, registry, cap, notice):
        brand = actor("brand").address
        with refuses("LoyaltyToken_BadProgramme", registry.address, brand, cap, notice):
            evm.deploy("LoyaltyToken", registry.address, brand, "n", "s", cap, notice)

    def test_a_programme_needs_a_registry_that_is_a_contract(self, evm, ana):
        for registry in (NOBODY, ana.address):
            with refuses("LoyaltyToken_BadProgramme", registry, ana.address, 1, 30 * DAY):
                evm.deploy("LoyaltyToken", registry, ana.address, "n", "s", 1, 30 * DAY)

    def test_a_programme_needs_a_brand(self, evm, registry):
        with refuses("LoyaltyToken_BadProgramme", registry.address, NOBODY, 1, 30 * DAY):
            evm.deploy("LoyaltyToken", registry.address, NOBODY, "n", "s", 1, 30 * DAY)

    @pytest.mark.parametrize(("cap", "notice"), [(1, 30 * DAY), (2**128 - 1, 3650 * DAY)])
    def test_the_bounds_themselves_are_allowed(self, evm, registry, ana, cap, notice):
        token = evm.deploy(
            "LoyaltyToken", registry.address, ana.address, "Café ☕", "", cap, notice
        )
        assert token.call("programme") == (ana.address, 0, cap, notice, 0, False)
        assert (token.call("name"), token.call("symbol"), token.call("decimals")) == (
            "Café ☕",
            "",
            18,
        )

    def test_everything_that_was_said_can_be_read(self, points, registry):
        token = points.token
        assert token.call("REGISTRY") == registry.address
        assert token.call("BRAND") == points.brand.address
        assert token.call("CAP") == 10**9 * POINT
        assert token.call("NOTICE") == token.call("SHORTEST_NOTICE") == 30 * DAY
        assert (token.call("name"), token.call("symbol")) == ("Aurora Points", "AURORA")

    def test_a_long_name_does_not_touch_the_supply(self, evm, registry, ana):
        token = evm.deploy(
            "LoyaltyToken", registry.address, ana.address, "n" * 300, "s" * 300, 5, 30 * DAY
        )
        assert (token.call("name"), token.call("symbol")) == ("n" * 300, "s" * 300)
        assert token.call("totalSupply") == 0

    def test_who_deploys_gets_no_right(self, points, evm, ana):
        with refuses("LoyaltyToken_NotAllowed", evm.deployer.address, ISSUER):
            points.token.transact("issue", ana.address, 1, REF, sender=evm.deployer)
        with refuses("LoyaltyToken_NotController", evm.deployer.address, points.brand.address):
            points.token.transact("announceWindDown", sender=evm.deployer)


class TestIssue:
    def test_a_stranger_cannot_issue(self, points, ana, eve):
        with refuses("LoyaltyToken_NotAllowed", eve.address, ISSUER):
            points.token.transact("issue", ana.address, 1, REF, sender=eve)

    def test_a_delegate_of_another_role_cannot_issue(self, points, ana):
        with refuses("LoyaltyToken_NotAllowed", points.manager.address, ISSUER):
            points.token.transact("issue", ana.address, 1, REF, sender=points.manager)

    def test_an_issuer_of_another_brand_cannot_issue(self, points, others, ana):
        with refuses("LoyaltyToken_NotAllowed", others.issuer.address, ISSUER):
            points.token.transact("issue", ana.address, 1, REF, sender=others.issuer)

    def test_an_issuer_whom_the_registry_dismissed_cannot_issue(self, points, registry, ana):
        arguments = (points.brand.address, ISSUER, points.issuer.address)
        registry.transact("revokeDelegate", *arguments, sender=points.brand)
        with refuses("LoyaltyToken_NotAllowed", points.issuer.address, ISSUER):
            points.give(ana, 1)

    def test_an_issuer_whose_time_is_over_cannot_issue(self, points, evm, ana):
        evm.sleep(10 * 365 * DAY)
        with refuses("LoyaltyToken_NotAllowed", points.issuer.address, ISSUER):
            points.give(ana, 1)

    def test_an_issuer_without_a_limit_cannot_issue(self, evm, registry, ana):
        points = Points(evm, registry, "Aurora")
        evm.sleep(10**6)
        with refuses("LoyaltyToken_AboveLimit", points.issuer.address, 1, 0):
            points.give(ana, 1)

    def test_the_controller_needs_a_limit_too(self, points, ana):
        with refuses("LoyaltyToken_AboveLimit", points.brand.address, 1, 0):
            points.token.transact("issue", ana.address, 1, REF, sender=points.brand)
        points.token.transact("setIssuerLimit", points.brand.address, 5, 1, sender=points.brand)
        points.token.transact("issue", ana.address, 5, REF, sender=points.brand)
        assert points.balance(ana) == 5

    def test_nothing_cannot_be_issued(self, points, ana):
        with refuses("LoyaltyToken_ZeroAmount"):
            points.give(ana, 0)

    def test_neither_the_zero_address_nor_the_token_can_be_given_points(self, points):
        for to in (NOBODY, points.address):
            with refuses("SignedERC20_BadRecipient", to):
                points.give(to, 1)

    def test_the_cap_cannot_be_passed(self, evm, registry, ana):
        points = Points(evm, registry, "Aurora", cap=100).open()
        points.give(ana, 60)
        with refuses("LoyaltyToken_AboveCap", 41, 40):
            points.give(ana, 41)
        with refuses("LoyaltyToken_AboveCap", FOREVER, 40):
            points.give(ana, FOREVER)
        points.give(ana, 40)
        with refuses("LoyaltyToken_AboveCap", 1, 0):
            points.give(ana, 1)

    def test_redeeming_makes_room_under_the_cap(self, evm, registry, ana):
        points = Points(evm, registry, "Aurora", cap=100).open()
        points.give(ana, 100)
        points.token.transact("redeem", 30, REF, sender=ana)
        with refuses("LoyaltyToken_AboveCap", 31, 30):
            points.give(ana, 31)
        points.give(ana, 30)

    def test_the_greatest_issue_spoils_no_setting(self, evm, registry, ana):
        points = Points(evm, registry, "Aurora", cap=2**128 - 1)
        most = 2**96 - 1
        points.token.transact(
            "setIssuerLimit", points.issuer.address, most, 1, sender=points.manager
        )
        points.token.transact("announceWindDown", sender=points.brand)
        items = [(ana.address, most, REF)]
        points.token.transact("issueBatch", items, sender=points.issuer)
        points.token.transact("redeem", most, REF, sender=ana)
        assert programme(points) | {"brand": 0} == {
            "brand": 0,
            "outstanding": 0,
            "cap": 2**128 - 1,
            "notice": 30 * DAY,
            "closes_at": START + 30 * DAY,
            "paused": False,
        }

    def test_the_limit_cannot_be_passed_and_refills_evenly(self, points, evm, ana):
        points.open(1000, 100)  # 10 a second; the issuer keeps what it had, cut to the new capacity
        points.give(ana, 1000)
        with refuses("LoyaltyToken_AboveLimit", points.issuer.address, 1, 0):
            points.give(ana, 1)
        evm.sleep(3)
        with refuses("LoyaltyToken_AboveLimit", points.issuer.address, 31, 30):
            points.give(ana, 31)
        points.give(ana, 30)
        evm.sleep(99)
        assert limit(points) == (1000, 100, 990)
        evm.sleep(1)
        assert limit(points) == (1000, 100, 1000)
        evm.sleep(10**9)
        assert limit(points) == (1000, 100, 1000)

    def test_part_of_a_refill_that_is_below_one_unit_is_not_given(self, points, evm, ana):
        points.open(10, 100)  # 1 in 10 s
        points.give(ana, 10)
        evm.sleep(9)
        with refuses("LoyaltyToken_AboveLimit", points.issuer.address, 1, 0):
            points.give(ana, 1)
        evm.sleep(1)
        points.give(ana, 1)

    def test_issuers_have_allowances_of_their_own(self, points, registry, ana):
        second = actor("second issuer")
        registry.transact(
            "addDelegate", points.brand.address, ISSUER, second.address, DAY, sender=points.brand
        )
        points.token.transact("setIssuerLimit", second.address, 7, 7, sender=points.manager)
        points.give(ana, 10**6 * POINT)
        points.token.transact("issue", ana.address, 7, REF, sender=second)
        assert limit(points) == (10**6 * POINT, DAY, 0)
        assert limit(points, second) == (7, 7, 0)

    def test_a_pause_stops_issuing(self, points, ana):
        points.token.transact("setPaused", True, sender=points.manager)
        with refuses("LoyaltyToken_Paused"):
            points.give(ana, 1)

    def test_the_end_stops_issuing_and_the_second_before_does_not(self, points, evm, ana):
        points.token.transact("announceWindDown", sender=points.brand)
        evm.warp(START + 30 * DAY - 1)
        points.give(ana, 1)
        evm.warp(START + 30 * DAY)
        with refuses("LoyaltyToken_Closed", START + 30 * DAY):
            points.give(ana, 1)

    def test_points_come_into_being(self, points, ana):
        done = points.token.transact("issue", ana.address, 5 * POINT, REF, sender=points.issuer)
        transfer, issued = done.events
        assert (transfer.name, transfer.arguments) == (
            "Transfer",
            {"from_": NOBODY, "to": ana.address, "amount": 5 * POINT},
        )
        assert (issued.name, issued.ref, issued.issuer) == ("Issued", REF, points.issuer.address)
        assert (
            points.balance(ana)
            == programme(points)["outstanding"]
            == points.token.call("totalSupply")
            == 5 * POINT
        )
        assert limit(points) == (10**6 * POINT, DAY, 10**6 * POINT - 5 * POINT)

    def test_the_same_ref_may_be_used_again(self, points, ana):
        for _ in range(2):
            points.token.transact("issue", ana.address, 1, REF, sender=points.issuer)
        assert points.balance(ana) == 2


class TestIssueBatch:
    def test_a_stranger_cannot_issue_not_even_nothing(self, points, ana, eve):
        for items in ([], [(ana.address, 1, REF)]):
            with refuses("LoyaltyToken_NotAllowed", eve.address, ISSUER):
                points.token.transact("issueBatch", items, sender=eve)

    def test_one_bad_item_refuses_all(self, points, ana):
        good = (ana.address, 1, REF)
        for bad, error in [
            ((ana.address, 0, REF), ("LoyaltyToken_ZeroAmount",)),
            ((NOBODY, 1, REF), ("SignedERC20_BadRecipient", NOBODY)),
            ((points.address, 1, REF), ("SignedERC20_BadRecipient", points.address)),
        ]:
            with refuses(*error):
                points.token.transact("issueBatch", [good, bad, good], sender=points.issuer)
        assert points.balance(ana) == 0

    def test_the_sum_counts_against_limit_and_cap(self, evm, registry, ana, ben):
        points = Points(evm, registry, "Aurora", cap=100).open(50, 100)
        with refuses("LoyaltyToken_AboveLimit", points.issuer.address, 51, 50):
            points.token.transact(
                "issueBatch", [(ana.address, 26, REF), (ben.address, 25, REF)], sender=points.issuer
            )
        with refuses("LoyaltyToken_AboveCap", 101, 100):
            points.token.transact(
                "issueBatch", [(ana.address, 100, REF), (ben.address, 1, REF)], sender=points.issuer
            )

    def test_a_sum_beyond_all_numbers_is_refused(self, points, ana):
        items = [(ana.address, FOREVER, REF), (ana.address, 1, REF)]
        with refuses("Panic(uint256)", 0x11):
            points.token.transact("issueBatch", items, sender=points.issuer)

    def test_pause_and_end_stop_it(self, points, evm, ana):
        items = [(ana.address, 1, REF)]
        points.token.transact("setPaused", True, sender=points.manager)
        with refuses("LoyaltyToken_Paused"):
            points.token.transact("issueBatch", items, sender=points.issuer)
        points.token.transact("setPaused", False, sender=points.manager)
        points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(30 * DAY)
        with refuses("LoyaltyToken_Closed", START + 30 * DAY):
            points.token.transact("issueBatch", items, sender=points.issuer)

    def test_all_get_theirs_and_the_refs_follow_in_order(self, points, ana, ben):
        items = [
            (ana.address, 1, b"\1" * 32),
            (ben.address, 2, b"\2" * 32),
            (ana.address, 4, b"\1" * 32),
        ]
        done = points.token.transact("issueBatch", items, sender=points.issuer)
        assert [(e.from_, e.to, e.amount) for e in done.named("Transfer")] == [
            (NOBODY, to, amount) for to, amount, _ in items
        ]
        last = done.events[-1]
        assert (last.name, last.issuer, last.refs) == (
            "IssuedBatch",
            points.issuer.address,
            [ref for _, _, ref in items],
        )
        assert len(done.events) == 4
        assert (points.balance(ana), points.balance(ben), points.token.call("totalSupply")) == (
            5,
            2,
            7,
        )
        assert limit(points)[2] == 10**6 * POINT - 7

    def test_an_empty_batch_changes_nothing(self, points):
        before = (programme(points), limit(points))
        points.token.transact("issueBatch", [], sender=points.issuer)
        assert (programme(points), limit(points)) == before

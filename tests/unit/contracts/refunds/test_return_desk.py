"""ReturnDesk: scans, and what is due by them."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.refunds.messages import DeskMessages
from careledger.refunds.return_desk import order_ref
from tests.worlds.refunds import DAY, World, at, high_s

GRADE = 7_500


def seconds(time):
    return int(time.timestamp())


def record(world, ref):
    names = ("scanner", "delivered_at", "returned_at", "grade_bps")
    return dict(zip(names, world.desk.call("record", ref), strict=True))


class TestScanDelivery:
    @pytest.mark.parametrize("who", ["payer", "seller", "stranger", "arbiter", "refunder"])
    def test_only_the_carriers_scanners(self, world, who):
        ref = world.ref()
        with pytest.raises(errors.NotScanner) as refusal:
            world.desk.transact("scanDelivery", ref, sender=getattr(world, who))
        assert refusal.value.order_ref == ref
        assert refusal.value.actual == getattr(world, who).address
        assert refusal.value.carrier == world.carrier.address

    def test_another_carriers_scanner_is_refused(self, world):
        with pytest.raises(errors.NotScanner):
            world.desk.transact("scanDelivery", world.ref(world.other), sender=world.scanner)

    def test_a_dismissed_scanner_is_refused_at_once(self, world):
        role = b"careledger.scanner".ljust(32, b"\0")
        world.registry.transact(
            "revokeDelegate",
            world.carrier.address,
            role,
            world.scanner.address,
            sender=world.carrier,
        )
        with pytest.raises(errors.NotScanner):
            world.desk.transact("scanDelivery", world.ref(), sender=world.scanner)

    def test_a_scanner_whose_time_is_over_is_refused(self, world):
        world.appoint(world.carrier, "careledger.scanner", world.other, DAY)
        world.desk.transact("scanDelivery", world.ref(), sender=world.other)
        world.evm.sleep(DAY)
        with pytest.raises(errors.NotScanner):
            world.desk.transact("scanDelivery", world.ref(), sender=world.other)

    def test_another_role_does_not_scan(self, world):
        world.appoint(world.carrier, "careledger.agent", world.other)
        with pytest.raises(errors.NotScanner):
            world.desk.transact("scanDelivery", world.ref(), sender=world.other)

    def test_a_second_scan_is_told_who_and_when(self, world):
        ref, first = world.ref(), world.evm.now
        world.desk.transact("scanDelivery", ref, sender=world.scanner)
        world.evm.sleep(60)
        with pytest.raises(errors.AlreadyDelivered) as refusal:
            world.desk.transact("scanDelivery", ref, sender=world.carrier)
        assert refusal.value.scanner == world.scanner.address
        assert refusal.value.scanned_at == first

    def test_nothing_is_delivered_after_it_came_back(self, world):
        ref, first = world.ref(), world.evm.now
        world.desk.transact("scanReturn", ref, 0, sender=world.scanner)
        world.evm.sleep(60)
        with pytest.raises(errors.AlreadyReturned) as refusal:
            world.desk.transact("scanDelivery", ref, sender=world.scanner)
        assert refusal.value.scanned_at == first

    @pytest.mark.parametrize("who", ["carrier", "scanner"])
    def test_is_recorded_and_told(self, world, who):
        ref = world.ref()
        done = world.desk.transact("scanDelivery", ref, sender=getattr(world, who))
        who = getattr(world, who).address
        assert done.named("DeliveryScanned")[0].arguments == {"order_ref": ref, "scanner": who}
        assert record(world, ref) == {
            "scanner": who,
            "delivered_at": world.evm.now,
            "returned_at": 0,
            "grade_bps": 0,
        }


class TestScanDeliverySigned:
    def test_the_scanners_signature_is_needed(self, world):
        ref = world.ref()
        deadline, signature = world.scan_signed(
            world.stranger, "delivery_scan", ref, world.scanner.address
        )
        with pytest.raises(errors.BadScanSignature) as refusal:
            world.desk.transact(
                "scanDeliveryBySig", ref, world.scanner.address, deadline, signature
            )
        assert refusal.value.scanner == world.scanner.address

    def test_who_signs_for_itself_is_no_scanner_by_that(self, world):
        ref = world.ref()
        deadline, signature = world.scan_signed(
            world.stranger, "delivery_scan", ref, world.stranger.address
        )
        with pytest.raises(errors.NotScanner):
            world.desk.transact(
                "scanDeliveryBySig", ref, world.stranger.address, deadline, signature
            )

    def test_an_expired_signature_is_refused(self, world):
        ref = world.ref()
        deadline, signature = world.scan_signed(
            world.scanner, "delivery_scan", ref, world.scanner.address, deadline=world.evm.now - 1
        )
        with pytest.raises(errors.ScanSignatureExpired) as refusal:
            world.desk.transact(
                "scanDeliveryBySig", ref, world.scanner.address, deadline, signature
            )
        assert refusal.value.expected == deadline

    def test_a_high_s_is_refused(self, world):
        ref = world.ref()
        deadline, signature = world.scan_signed(
            world.scanner, "delivery_scan", ref, world.scanner.address
        )
        with pytest.raises(errors.BadScanSignature):
            world.desk.transact(
                "scanDeliveryBySig", ref, world.scanner.address, deadline, high_s(signature)
            )

    def test_another_order_chain_or_desk_is_refused(self, world):
        ref, deadline, who = world.ref(), world.evm.now, world.scanner
        for chain_id, desk, order in (
            (1, world.desk.address, ref),
            (31337, world.escrow.address, ref),
            (31337, world.desk.address, world.ref()),
        ):
            message = DeskMessages(chain_id, desk).delivery_scan(order, who.address, at(deadline))
            with pytest.raises(errors.BadScanSignature):
                world.desk.transact(
                    "scanDeliveryBySig", ref, who.address, deadline, message.sign(who)
                )

    def test_a_return_is_not_a_delivery(self, world):
        ref, who = world.ref(), world.scanner
        deadline, signature = world.scan_signed(who, "return_scan", ref, 0, who.address)
        with pytest.raises(errors.BadScanSignature):
            world.desk.transact("scanDeliveryBySig", ref, who.address, deadline, signature)

    def test_anyone_brings_it_once(self, world):
        ref, who = world.ref(), world.scanner
        signed = (ref, who.address, *world.scan_signed(who, "delivery_scan", ref, who.address))
        world.desk.transact("scanDeliveryBySig", *signed, sender=world.relayer)
        assert record(world, ref)["scanner"] == who.address
        with pytest.raises(errors.AlreadyDelivered):
            world.desk.transact("scanDeliveryBySig", *signed, sender=world.relayer)


class TestScanReturn:
    @pytest.mark.parametrize("who", ["payer", "seller", "stranger"])
    def test_only_the_carriers_scanners(self, world, who):
        with pytest.raises(errors.NotScanner):
            world.desk.transact("scanReturn", world.ref(), GRADE, sender=getattr(world, who))

    @pytest.mark.parametrize("grade", [10_001, 40_000, 2**16, 2**256 - 1])
    def test_a_grade_has_its_bound(self, world, grade):
        with pytest.raises(errors.BadGrade) as refusal:
            world.desk.transact("scanReturn", world.ref(), grade, sender=world.scanner)
        assert (refusal.value.actual, refusal.value.limit) == (grade, 10_000)

    def test_a_grade_never_changes(self, world):
        ref, first = world.ref(), world.evm.now
        world.desk.transact("scanReturn", ref, GRADE, sender=world.scanner)
        world.evm.sleep(60)
        with pytest.raises(errors.AlreadyReturned) as refusal:
            world.desk.transact("scanReturn", ref, 10_000, sender=world.carrier)
        assert refusal.value.scanner == world.scanner.address
        assert refusal.value.scanned_at == first
        assert record(world, ref)["grade_bps"] == GRADE

    def test_is_recorded_beside_the_delivery(self, world):
        ref = world.ref()
        world.desk.transact("scanDelivery", ref, sender=world.carrier)
        delivered = world.evm.now
        world.evm.sleep(60)
        done = world.desk.transact("scanReturn", ref, GRADE, sender=world.scanner)
        assert done.named("ReturnScanned")[0].arguments == {
            "order_ref": ref,
            "scanner": world.scanner.address,
            "grade_bps": GRADE,
        }
        assert record(world, ref) == {
            "scanner": world.scanner.address,
            "delivered_at": delivered,
            "returned_at": world.evm.now,
            "grade_bps": GRADE,
        }

    def test_a_disputed_deals_return_is_recorded_and_not_settled(self, world):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.WrongState):
            world.desk.transact("settleReturn", terms.abi(), GRADE, sender=world.scanner)
        assert record(world, terms.order_ref)["returned_at"] == 0
        world.desk.transact("scanReturn", terms.order_ref, GRADE, sender=world.scanner)
        assert world.state(terms) == DealState.DISPUTED


class TestScanReturnSigned:
    def test_the_grade_is_signed(self, world):
        ref, who = world.ref(), world.scanner
        deadline, signature = world.scan_signed(who, "return_scan", ref, GRADE, who.address)
        with pytest.raises(errors.BadScanSignature):
            world.desk.transact("scanReturnBySig", ref, GRADE + 1, who.address, deadline, signature)

    def test_an_expired_signature_is_refused(self, world):
        ref, who = world.ref(), world.scanner
        deadline, signature = world.scan_signed(
            who, "return_scan", ref, GRADE, who.address, deadline=world.evm.now
        )
        world.evm.sleep(1)
        with pytest.raises(errors.ScanSignatureExpired):
            world.desk.transact("scanReturnBySig", ref, GRADE, who.address, deadline, signature)

    def test_a_contract_may_be_a_scanner(self, world):
        wallet = world.evm.deploy("Wallet1271", world.other.address)
        world.appoint(world.carrier, "careledger.scanner", wallet)
        ref = world.ref()
        signed = world.scan_signed(world.other, "return_scan", ref, GRADE, wallet.address)
        world.desk.transact("scanReturnBySig", ref, GRADE, wallet.address, *signed)
        assert record(world, ref)["scanner"] == wallet.address

    def test_anyone_brings_it(self, world):
        ref, who = world.ref(), world.scanner
        signed = world.scan_signed(who, "return_scan", ref, GRADE, who.address)
        world.desk.transact(
            "scanReturnBySig", ref, GRADE, who.address, *signed, sender=world.relayer
        )
        assert record(world, ref)["grade_bps"] == GRADE


class TestSettleReturn:
    @pytest.mark.parametrize("who", ["payer", "seller", "stranger"])
    def test_only_the_carriers_scanners(self, world, who):
        terms = world.open()
        with pytest.raises(errors.NotScanner):
            world.desk.transact("settleReturn", terms.abi(), GRADE, sender=getattr(world, who))

    def test_a_deal_with_other_criteria_is_not_settled(self, world):
        terms = world.open(criteria=world.other.address)
        with pytest.raises(errors.NotPermitted):
            world.desk.transact("settleReturn", terms.abi(), GRADE, sender=world.scanner)
        assert record(world, terms.order_ref)["returned_at"] == 0

    def test_what_is_over_is_not_settled_again(self, world):
        terms = world.open()
        world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.WrongState):
            world.desk.transact("settleReturn", terms.abi(), GRADE, sender=world.scanner)

    def test_terms_that_were_not_opened_settle_nothing(self, world):
        terms = world.open()
        with pytest.raises(errors.WrongState):
            world.desk.transact("settleReturn", terms.renewed().abi(), GRADE, sender=world.scanner)

    @pytest.mark.parametrize(
        ("grade", "back", "state"),
        [(1, 10_000, DealState.SPLIT), (7_500, 75_000_000, DealState.SPLIT), (10_000, 10**8, 6)],
    )
    def test_one_transaction_records_and_pays(self, world, grade, back, state):
        terms = world.open()
        done = world.desk.transact("settleReturn", terms.abi(), grade, sender=world.scanner)
        assert done.value == grade
        assert len(done.named("ReturnScanned")) == 1
        assert world.balance(world.payer) == back
        assert world.state(terms) == state
        assert record(world, terms.order_ref)["grade_bps"] == grade

    def test_worthless_goods_are_recorded_and_nothing_is_paid(self, world):
        terms = world.open()
        assert world.desk.transact("settleReturn", terms.abi(), 0, sender=world.scanner).value == 0
        assert world.state(terms) == DealState.OPEN
        world.evm.warp(seconds(terms.release_at))
        world.do("release", terms)
        assert world.state(terms) == DealState.RELEASED

    def test_what_was_due_by_the_clock_is_not_lessened_by_a_late_scan(self, world):
        terms = world.open()
        world.evm.warp(seconds(terms.sla_at) + 1)
        assert (
            world.desk.transact("settleReturn", terms.abi(), 100, sender=world.scanner).value
            == 10_000
        )
        assert world.state(terms) == DealState.REFUNDED

    def test_a_second_deal_of_the_same_order_follows_by_anyones_call(self, world):
        first = world.open()
        second = world.open(order_ref=first.order_ref)
        world.desk.transact("settleReturn", first.abi(), 10_000, sender=world.scanner)
        world.do("refund", second)
        assert world.balance(world.payer) == 2 * 10**8


class TestSettleReturnSigned:
    def test_the_scanners_signature_is_needed(self, world):
        terms, who = world.open(), world.scanner
        signed = world.scan_signed(
            world.stranger, "return_scan", terms.order_ref, GRADE, who.address
        )
        with pytest.raises(errors.BadScanSignature):
            world.desk.transact("settleReturnBySig", terms.abi(), GRADE, who.address, *signed)

    def test_anyone_brings_it_once(self, world):
        terms, who = world.open(), world.scanner
        signed = world.scan_signed(who, "return_scan", terms.order_ref, GRADE, who.address)
        call = (terms.abi(), GRADE, who.address, *signed)
        assert world.desk.transact("settleReturnBySig", *call, sender=world.relayer).value == GRADE
        assert world.balance(world.payer) == 75_000_000
        with pytest.raises(errors.AlreadyReturned):
            world.desk.transact("settleReturnBySig", *call, sender=world.relayer)

    def test_a_grade_of_nothing_pays_nothing(self, world):
        terms, who = world.open(), world.scanner
        signed = world.scan_signed(who, "return_scan", terms.order_ref, 0, who.address)
        world.desk.transact("settleReturnBySig", terms.abi(), 0, who.address, *signed)
        assert world.state(terms) == DealState.OPEN


class TestDueBps:
    def due(self, world, terms):
        return world.desk.call("dueBps", world.id(terms), terms.abi())

    def test_nothing_at_first(self, world):
        assert self.due(world, world.terms()) == 0

    def test_all_one_second_after_a_promise_that_nobody_saw_kept(self, world):
        terms = world.terms()
        world.evm.warp(seconds(terms.sla_at))
        assert self.due(world, terms) == 0
        world.evm.sleep(1)
        assert self.due(world, terms) == 10_000

    @pytest.mark.parametrize(("later", "due"), [(-1, 0), (0, 0), (1, 10_000)])
    def test_a_delivery_counts_until_the_promised_second(self, world, later, due):
        terms = world.terms()
        world.evm.warp(seconds(terms.sla_at) + later)
        world.desk.transact("scanDelivery", terms.order_ref, sender=world.scanner)
        world.evm.warp(seconds(terms.sla_at) + 100)
        assert self.due(world, terms) == due

    def test_what_came_back_in_time_had_been_delivered(self, world):
        terms = world.terms()
        world.desk.transact("scanReturn", terms.order_ref, GRADE, sender=world.scanner)
        world.evm.warp(seconds(terms.sla_at) + 1)
        assert self.due(world, terms) == GRADE

    def test_what_came_back_late_and_was_never_delivered_is_due_whole(self, world):
        terms = world.terms()
        world.evm.warp(seconds(terms.sla_at) + 1)
        world.desk.transact("scanReturn", terms.order_ref, GRADE, sender=world.scanner)
        assert self.due(world, terms) == 10_000

    def test_without_a_promise_only_the_grade_counts(self, world):
        terms = world.terms(sla_at=None)
        world.evm.warp(seconds(terms.release_at))
        assert self.due(world, terms) == 0
        world.desk.transact("scanReturn", terms.order_ref, GRADE, sender=world.scanner)
        assert self.due(world, terms) == GRADE

    def test_the_escrow_hears_the_same(self, world):
        terms = world.open()
        world.desk.transact("scanReturn", terms.order_ref, GRADE, sender=world.scanner)
        assert world.escrow.call("dueBps", terms.abi()) == GRADE


def test_the_reference_names_the_carrier_and_hides_the_order(world):
    ref = order_ref(world.carrier.address, "A-1", b"k" * 32)
    assert world.desk.call("carrierOf", ref) == world.carrier.address
    assert ref != order_ref(world.carrier.address, "A-2", b"k" * 32)
    assert ref != order_ref(world.carrier.address, "A-1", b"l" * 32)
    assert ref[:20] == order_ref(world.carrier.address, "A-2", b"l" * 32)[:20]


def test_a_desk_knows_its_surroundings(world):
    assert world.desk.call("REGISTRY") == world.escrow.call("REGISTRY") == world.registry.address
    assert world.desk.call("ESCROW") == world.escrow.address
    assert world.desk.call("SCANNER_ROLE") == b"careledger.scanner".ljust(32, b"\0")
    assert world.desk.call("eip712Domain")[1:3] == ("CareLedger ReturnDesk", "1")
    assert World().desk.address == world.desk.address

"""Orders from files: our formats and the retail one, to the last cent; and drawn outcomes."""

import csv
import json

import pytest

from careledger.chain.toolchain import ROOT
from careledger.errors import InputError
from careledger.flows.refund.outcomes import with_outcome
from careledger.refunds.orders import FORMAT, Order, OrderOutcome, OrderStatus, read_orders

GOOD = {
    "order": "A-1",
    "customer": "Ana",
    "amount": "129.99",
    "currency": "USD",
    "outcome": "satisfied",
}


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def make(content, name="orders.json"):
        file = tmp_path / name
        if isinstance(content, list):
            content = {"format": FORMAT, "orders": content}
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return make


class TestOurFormat:
    def test_an_order_is_read(self, write):
        (order,) = read_orders(write([GOOD | {"outcome": "graded", "share": "62.5"}]))
        assert (order.number, order.customer, order.amount, order.currency) == (
            "A-1",
            "Ana",
            129_990_000,
            "USD",
        )
        assert (order.outcome, order.share_bps, order.evidence, order.decimals) == (
            OrderOutcome.GRADED,
            6_250,
            "",
            6,
        )

    def test_numbers_are_read_by_their_digits(self, write):
        text = json.dumps({"format": FORMAT, "orders": [GOOD]}).replace('"129.99"', "0.10")
        (order,) = read_orders(write(text))
        assert order.amount == 100_000

    def test_ether_has_eighteen_decimals(self, write):
        (order,) = read_orders(
            write([GOOD | {"amount": "0.000000000000000001", "currency": "ETH"}])
        )
        assert order.amount == 1

    @pytest.mark.parametrize("share", ["0", "100", "100%", "33.33"])
    def test_shares_are_percentages(self, write, share):
        (order,) = read_orders(write([GOOD | {"outcome": "disputed", "share": share}]))
        assert order.share_bps == round(float(share.rstrip("%")) * 100)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"colour": "red"}, "order A-1 $.colour: unknown"),
            ({"amount": None}, "$.amount: None is not one line of text or a number"),
            ({"amount": True}, "$.amount: True is not one line of text or a number"),
            ({"amount": ["1"]}, "$.amount: ['1'] is not one line of text or a number"),
            ({"amount": "1.0000001"}, "amount 1.0000001 has more than 6 decimals"),
            ({"amount": "abc"}, "amount 'abc' is not a decimal number"),
            ({"amount": "0.00"}, "$.amount: an amount has to be more than 0"),
            ({"amount": "-5"}, "amount '-5' is not a decimal number"),
            ({"currency": "EUR"}, "$.currency: 'EUR' is not USD or ETH"),
            ({"outcome": "vanished"}, "$.outcome: 'vanished' is not satisfied or "),
            ({"customer": ""}, "$.customer: '' is not one line"),
            ({"customer": "two\nlines"}, "$.customer: 'two\\nlines' is not one line"),
            ({"share": "5"}, "an order that is satisfied has no share"),
            ({"outcome": "graded"}, "an order that is graded needs a share"),
            ({"outcome": "graded", "share": "0"}, "has to be more than 0"),
            ({"outcome": "agreed", "share": "100.01"}, "is more than 100 %"),
            ({"outcome": "agreed", "share": "5.001"}, "more than 2 decimals"),
        ],
    )
    def test_a_bad_order_is_named_with_its_field(self, write, change, says):
        file = write([GOOD | change])
        with pytest.raises(InputError, match="order A-1 ") as refusal:
            read_orders(file)
        assert says in str(refusal.value)
        assert str(file) in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert isinstance(refusal.value, InputError)

    @pytest.mark.parametrize("name", sorted(GOOD))
    def test_a_missing_field_is_named(self, write, name):
        with pytest.raises(InputError, match=rf"\.{name}: missing"):
            read_orders(write([{k: v for k, v in GOOD.items() if k != name}]))

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "not JSON"),
            ("{", "not JSON"),
            ("[" * 100_000, "nested more than 64 levels deep"),
            ("[]", "not a JSON object"),
            ("{}", r"\$\.format: missing"),
            ('{"format": "x", "orders": []}', "'x' is not careledger.orders/1"),
            ({"format": FORMAT}, r"\$\.orders: missing"),
            ({"format": FORMAT, "orders": {}}, r"\$\.orders: not a JSON array"),
            ({"format": FORMAT, "orders": [], "extra": 1}, r"\$\.extra: unknown"),
            ({"format": FORMAT, "orders": []}, "has no orders"),
            ({"format": FORMAT, "orders": [5]}, r"\$\.orders\[0\]: not a JSON object"),
            (f'{{"format": "{FORMAT}", "orders": [], "orders": []}}', "'orders' is given twice"),
            (f'{{"format": "{FORMAT}", "orders": [{{"order": NaN}}]}}', "NaN is not a number"),
            (b"\xff\xfe\x00", "is not UTF-8 text"),
        ],
    )
    def test_a_bad_file_is_described(self, write, content, says):
        with pytest.raises(InputError, match=says):
            read_orders(write(content))

    def test_a_number_may_be_there_once(self, write):
        with pytest.raises(InputError, match="order A-1 is there twice"):
            read_orders(write([GOOD, GOOD]))

    def test_a_missing_file_is_said_to_be(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read: No such file"):
            read_orders(tmp_path / "nothing.json")


class TestCsv:
    HEADER = "order,customer,amount,currency,outcome,share,evidence\n"

    def test_the_same_orders_are_read(self, write):
        text = (
            self.HEADER
            + 'A-1,"Ana, the first",129.99,USD,disputed,50,"It was ""blue""."\n\n'
            + "A-2,Bo,1,ETH,missed,,\n"
        )
        first, second = read_orders(write(text, "orders.csv"))
        assert (first.customer, first.amount, first.share_bps) == (
            "Ana, the first",
            129_990_000,
            5_000,
        )
        assert first.evidence == 'It was "blue".'
        assert (second.amount, second.outcome) == (10**18, OrderOutcome.MISSED)

    def test_columns_come_in_any_order_and_a_mark_in_front_does_no_harm(self, write):
        text = "\ufeffoutcome,order,currency,customer,amount\nmissed,A-1,USD,Ana,5\n"
        (order,) = read_orders(write(text, "orders.CSV"))
        assert order.amount == 5_000_000

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "'order' is missing"),
            ("order,customer\n", "'amount' is missing"),
            (HEADER.replace("share", "shares"), "unknown field 'shares'"),
            (HEADER.replace("share", "order"), "has 'order' twice"),
            (HEADER, "has no orders"),
            (HEADER + "A-1,Ana,5,USD\n", "line 2 has 4 fields, but the header has 7"),
            (HEADER + "A-1,Ana,5,USD,missed,,,\n", "line 2 has 8 fields"),
            (HEADER + 'A-1,"Ana,5,USD,missed,,\n', "is not CSV"),
            (HEADER + "A-1,Ana,x,USD,missed,,\n", r"order A-1 \$\.amount: amount 'x'"),
            (HEADER + ",Ana,5,USD,missed,,\n", r"line 2 \$\.order: missing"),
        ],
    )
    def test_a_bad_file_is_described(self, write, text, says):
        with pytest.raises(InputError, match=says):
            read_orders(write(text, "orders.csv"))


def retail(**changes):
    return {
        "order_id": "#W1",
        "user_id": "ana_li_1",
        "items": [{"name": "Cup", "price": 10.1}, {"name": "Pot", "price": 20.25}],
        "fulfillments": [],
        "status": "cancelled",
        "payment_history": [
            {"transaction_type": "payment", "amount": 30.35, "payment_method_id": "x"},
            {"transaction_type": "refund", "amount": 30.35, "payment_method_id": "x"},
        ],
    } | changes


def paid(*amounts):
    return {
        "payment_history": [{"transaction_type": "payment", "amount": amount} for amount in amounts]
    }


class TestRetail:
    def test_an_order_is_read_to_the_cent(self, write):
        (order,) = read_orders(write({"#W1": retail()}))
        assert (order.number, order.customer, order.amount) == ("#W1", "ana_li_1", 30_350_000)
        assert (order.currency, order.status) == ("USD", OrderStatus.CANCELLED)

    def test_payments_in_parts_add_up(self, write):
        (order,) = read_orders(write({"#W1": retail(status="processed", **paid(30, 0.35))}))
        assert (order.amount, order.status) == (30_350_000, OrderStatus.PROCESSED)

    def test_it_tells_no_outcome(self, write):
        (order,) = read_orders(write({"#W1": retail()}))
        assert (order.outcome, order.share_bps, order.evidence) == (None, 0, "")

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"order_id": "#W2"}, "$.order_id: '#W2' is not #W1"),
            ({"status": "lost"}, "$.status: 'lost' is not pending or"),
            ({"status": 5}, "'5' is not pending or"),
            ({"items": 5}, "$.items: not a JSON array"),
            ({"items": [{}]}, "$.items[0].price: missing"),
            ({"items": [{"price": 10}]}, "do not add up to the prices"),
            ({"user_id": ""}, "$.user_id: '' is not one line"),
            ({"payment_history": []}, "nothing was paid"),
            (
                {"payment_history": [{"transaction_type": "gift", "amount": 1}]},
                "'gift' is not payment or refund",
            ),
            (
                {"payment_history": [{"transaction_type": "payment", "amount": None}]},
                "$.payment_history[0].amount: not a text",
            ),
            (paid("x"), "is not a decimal number"),
            ({"status": "delivered"}, "only the whole of a cancelled order"),
        ],
    )
    def test_a_bad_order_is_named(self, write, changes, says):
        with pytest.raises(InputError, match=r"order #W1 \$") as refusal:
            read_orders(write({"#W1": retail(**changes)}))
        assert says in str(refusal.value)

    def test_a_refund_of_a_part_is_not_taken_for_the_whole(self, write):
        history = retail()["payment_history"]
        history[1]["amount"] = 30.34
        with pytest.raises(InputError, match="only the whole"):
            read_orders(write({"#W1": retail(payment_history=history)}))


class TestDrawnOutcomes:
    @pytest.mark.parametrize(
        ("status", "outcomes"),
        [
            ("cancelled", {OrderOutcome.CANCELLED}),
            ("processed", {OrderOutcome.MISSED}),
            ("pending", {OrderOutcome.LAPSED, OrderOutcome.SATISFIED}),
            (
                "delivered",
                {
                    OrderOutcome.SATISFIED,
                    OrderOutcome.RETURNED,
                    OrderOutcome.GRADED,
                    OrderOutcome.DISPUTED,
                    OrderOutcome.SILENT,
                    OrderOutcome.AGREED,
                    OrderOutcome.APPEALED,
                },
            ),
        ],
    )
    def test_they_fit_the_status_and_are_the_same_each_time(self, status, outcomes):
        orders = [Order(f"#W{n}", "ana", 1, "USD", status=OrderStatus(status)) for n in range(400)]
        drawn = [with_outcome(order) for order in orders]
        assert drawn == [with_outcome(order) for order in orders]
        assert {order.outcome for order in drawn} == outcomes
        assert all((order.share_bps > 0) == order.outcome.shared for order in drawn)

    def test_another_seed_draws_others(self):
        orders = [Order(f"#W{n}", "ana", 1, "USD", status=OrderStatus.DELIVERED) for n in range(9)]
        drawn = [[with_outcome(order, seed).outcome for order in orders] for seed in ("", "x")]
        assert drawn[0] != drawn[1]

    def test_an_outcome_that_the_file_tells_stays(self):
        order = Order("A-1", "Ana", 1, "USD", OrderOutcome.SILENT)
        assert with_outcome(order) is order


@pytest.mark.parametrize("name", ["orders.json", "orders.csv"])
def test_our_examples_cover_every_outcome_in_both_currencies(name):
    orders = read_orders(ROOT / "examples" / name)
    assert len(orders) >= 24
    assert {order.outcome for order in orders} == set(OrderOutcome)
    assert {order.currency for order in orders} == {"USD", "ETH"}
    customers = [order.customer for order in orders]
    assert len(set(customers)) < len(customers)  # somebody orders twice


def test_the_examples_are_plain_files():
    with (ROOT / "examples" / "orders.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0]["order"] == "B-0301"

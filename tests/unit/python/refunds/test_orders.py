"""Orders from files: ours and the retail format, to the last cent, and what is said of files that cannot be used."""

import csv
import json

import pytest

from careledger.chain.toolchain import ROOT
from careledger.errors import InputError
from careledger.refunds.errors import OrderError
from careledger.refunds.orders import FORMAT, OrderOutcome, decimal_text, read_orders, smallest_unit

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


class TestSmallestUnit:
    @pytest.mark.parametrize(
        ("text", "decimals", "units"),
        [
            ("0", 6, 0),
            ("1", 6, 1_000_000),
            ("129.99", 6, 129_990_000),
            ("0.1", 18, 10**17),
            ("0.10000000", 2, 10),
            ("9007199254740993.01", 2, 900719925474099301),  # beyond what a float can tell
            ("0.000000000000000001", 18, 1),
            ("5", 0, 5),
            ("5.000", 0, 5),
        ],
    )
    def test_is_exact(self, text, decimals, units):
        assert smallest_unit(text, decimals) == units

    @pytest.mark.parametrize(
        "text",
        ["", ".5", "5.", "-1", "+1", "1e3", "1,000", "0x10", " 1", "1 ", "٣", "nan", "1.2.3"],
    )
    def test_other_text_is_refused(self, text):
        with pytest.raises(OrderError, match="no decimal number"):
            smallest_unit(text, 6)

    @pytest.mark.parametrize(("text", "decimals"), [("0.001", 2), ("1.0000001", 6), ("0.5", 0)])
    def test_nothing_is_rounded(self, text, decimals):
        with pytest.raises(OrderError, match="more than"):
            smallest_unit(text, decimals)

    def test_every_cent_survives_there_and_back(self):
        for units in (0, 1, 99, 100, 12_345_678, 10**19 + 7):
            for decimals in (0, 2, 6, 18):
                text = decimal_text(units, decimals, 0).replace(",", "")
                assert smallest_unit(text, decimals) == units


def test_amounts_are_shown_as_people_write_them():
    assert decimal_text(1_234_567_890_000, 6) == "1,234,567.89"
    assert decimal_text(5, 6) == "0.000005"
    assert decimal_text(-1_500_000, 6) == "-1.50"
    assert decimal_text(7, 0, 0) == "7"


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
            ({"colour": "red"}, "order A-1: there is no field 'colour'"),
            ({"amount": None}, "amount has to be one line of text or a number"),
            ({"amount": True}, "amount has to be one line of text or a number"),
            ({"amount": ["1"]}, "amount has to be one line of text or a number"),
            ({"amount": "1.0000001"}, "amount 1.0000001 has more than 6 decimals"),
            ({"amount": "abc"}, "amount 'abc' is no decimal number"),
            ({"amount": "0.00"}, "amount has to be more than 0"),
            ({"amount": "-5"}, "amount '-5' is no decimal number"),
            ({"currency": "EUR"}, "currency 'EUR' is none of USD, ETH"),
            ({"outcome": "vanished"}, "outcome 'vanished' is none of satisfied, "),
            ({"customer": ""}, "customer has to be one line"),
            ({"customer": "two\nlines"}, "customer has to be one line"),
            ({"share": "5"}, "an order that is satisfied has no share"),
            ({"outcome": "graded"}, "an order that is graded needs a share"),
            ({"outcome": "graded", "share": "0"}, "is not a percentage"),
            ({"outcome": "agreed", "share": "100.01"}, "is not a percentage"),
            ({"outcome": "agreed", "share": "5.001"}, "more than 2 decimals"),
        ],
    )
    def test_a_bad_order_is_named_with_its_field(self, write, change, says):
        file = write([GOOD | change])
        with pytest.raises(OrderError, match="order A-1: ") as refusal:
            read_orders(file)
        assert says in str(refusal.value)
        assert str(file) in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert isinstance(refusal.value, InputError)

    @pytest.mark.parametrize("name", sorted(GOOD))
    def test_a_missing_field_is_named(self, write, name):
        with pytest.raises(OrderError, match=f"'{name}' is missing"):
            read_orders(write([{k: v for k, v in GOOD.items() if k != name}]))

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "not JSON"),
            ("{", "not JSON"),
            ("[" * 100_000, "not JSON"),
            ("[]", "an object with"),
            ("{}", '"format" has to be'),
            ('{"format": "x", "orders": []}', '"format" has to be'),
            ({"format": FORMAT}, '"orders" has to be a list'),
            ({"format": FORMAT, "orders": {}}, '"orders" has to be a list'),
            ({"format": FORMAT, "orders": [], "extra": 1}, "no field 'extra'"),
            ({"format": FORMAT, "orders": []}, "holds no orders"),
            ({"format": FORMAT, "orders": [5]}, "order 1 is not an object"),
            (f'{{"format": "{FORMAT}", "orders": [], "orders": []}}', "'orders' is there twice"),
            (f'{{"format": "{FORMAT}", "orders": [{{"order": NaN}}]}}', "is missing"),
            (b"\xff\xfe\x00", "it is not UTF-8 text"),
        ],
    )
    def test_a_bad_file_is_described(self, write, content, says):
        with pytest.raises(OrderError, match=says):
            read_orders(write(content))

    def test_a_number_may_be_there_once(self, write):
        with pytest.raises(OrderError, match="order A-1 is there twice"):
            read_orders(write([GOOD, GOOD]))

    def test_a_missing_file_is_said_to_be(self, tmp_path):
        with pytest.raises(OrderError, match="cannot be read: No such file"):
            read_orders(tmp_path / "nothing.json")


class TestCsv:
    HEADER = "order,customer,amount,currency,outcome,share,evidence\n"

    def test_the_same_orders_are_read(self, write):
        text = (
            self.HEADER
            + 'A-1,"Ana, the first",129.99,USD,disputed,50,"It was ""blue""."\n\nA-2,Bo,1,ETH,missed,,\n'
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
            (HEADER.replace("share", "shares"), "no field 'shares'"),
            (HEADER.replace("share", "order"), "'order' is there twice"),
            (HEADER, "holds no orders"),
            (HEADER + "A-1,Ana,5,USD\n", "line 2 has 4 fields, but the header has 7"),
            (HEADER + "A-1,Ana,5,USD,missed,,,\n", "line 2 has 8 fields"),
            (HEADER + 'A-1,"Ana,5,USD,missed,,\n', "is not CSV"),
            (HEADER + "A-1,Ana,x,USD,missed,,\n", "order A-1: amount 'x'"),
            (HEADER + ",Ana,5,USD,missed,,\n", "line 2: 'order' is missing"),
        ],
    )
    def test_a_bad_file_is_described(self, write, text, says):
        with pytest.raises(OrderError, match=says):
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
        assert (order.currency, order.outcome) == ("USD", OrderOutcome.CANCELLED)

    def test_payments_in_parts_add_up(self, write):
        (order,) = read_orders(write({"#W1": retail(status="processed", **paid(30, 0.35))}))
        assert (order.amount, order.outcome) == (30_350_000, OrderOutcome.MISSED)

    @pytest.mark.parametrize(
        ("status", "outcomes"),
        [
            ("pending", {OrderOutcome.LAPSED, OrderOutcome.SATISFIED}),
            ("processed", {OrderOutcome.MISSED}),
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
    def test_what_came_after_is_made_up_and_the_same_each_time(self, write, status, outcomes):
        many = {
            f"#W{n}": retail(order_id=f"#W{n}", status=status, **paid(30.35)) for n in range(400)
        }
        first, again = read_orders(write(many)), read_orders(write(many))
        assert first == again
        assert {order.outcome for order in first} == outcomes
        assert all((order.share_bps > 0) == order.outcome.shared for order in first)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"order_id": "#W2"}, "its order_id is '#W2'"),
            ({"status": "lost"}, "status 'lost' is none of"),
            ({"status": 5}, "is none of"),
            ({"items": 5}, "another form"),
            ({"items": [{}]}, "'price' is missing"),
            ({"items": [{"price": 10}]}, "its items cost 10, but other was paid"),
            ({"user_id": ""}, "user_id has to be text"),
            ({"payment_history": []}, "nothing was paid"),
            (
                {"payment_history": [{"transaction_type": "gift", "amount": 1}]},
                "neither a payment nor a refund",
            ),
            (
                {"payment_history": [{"transaction_type": "payment", "amount": None}]},
                "neither a payment nor a refund",
            ),
            (paid("x"), "no decimal number"),
            ({"status": "delivered"}, "a refund that is not the whole of a cancelled order"),
        ],
    )
    def test_a_bad_order_is_named(self, write, changes, says):
        with pytest.raises(OrderError, match="order #W1: ") as refusal:
            read_orders(write({"#W1": retail(**changes)}))
        assert says in str(refusal.value)

    def test_a_refund_of_a_part_is_not_played_as_the_whole(self, write):
        history = retail()["payment_history"]
        history[1]["amount"] = 30.34
        with pytest.raises(OrderError, match="not the whole"):
            read_orders(write({"#W1": retail(payment_history=history)}))


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

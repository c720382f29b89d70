"""Orders played in escrow: every outcome, both currencies, every cent."""

import json
import subprocess
import sys

import pytest

from careledger.chain.toolchain import ROOT
from careledger.console import Out, ProgressBar
from careledger.flows.refund.actors import appoint_actors, deploy_stablecoin
from careledger.flows.refund.story import RefundStory
from careledger.flows.refund.tables import order_table
from careledger.refunds.deal import DealState
from careledger.refunds.ledger import NotBalanced
from careledger.refunds.orders import Order, OrderOutcome, read_orders
from careledger.values.addresses import ZERO_ADDRESS


@pytest.fixture
def story(stage):
    actors = appoint_actors(stage)
    dollar = deploy_stablecoin(stage)
    with ProgressBar() as bar:
        yield RefundStory(stage, actors, dollar, bar)


def one(outcome, amount=10_000_001, currency="USD", share=3_333, customer="Ana"):
    return Order(
        f"{outcome}-{currency}-{amount}",
        customer,
        amount,
        currency,
        outcome,
        share * outcome.shared,
        "hm",
    )


ENDS = {
    OrderOutcome.SATISFIED: DealState.RELEASED,
    OrderOutcome.RETURNED: DealState.REFUNDED,
    OrderOutcome.GRADED: DealState.SPLIT,
    OrderOutcome.MISSED: DealState.REFUNDED,
    OrderOutcome.DISPUTED: DealState.SPLIT,
    OrderOutcome.APPEALED: DealState.SPLIT,
    OrderOutcome.SILENT: DealState.SPLIT,
    OrderOutcome.AGREED: DealState.SPLIT,
    OrderOutcome.CANCELLED: DealState.REFUNDED,
    OrderOutcome.LAPSED: DealState.RELEASED,
}


@pytest.mark.parametrize("currency", ["USD", "ETH"])
def test_every_outcome_ends_as_it_should(story, currency):
    played = story.play([one(outcome, currency=currency) for outcome in OrderOutcome])
    assert {p.order.outcome: story.escrow.deal(p.id).state for p in played} == ENDS
    story.check()
    for p in played:
        back = {
            OrderOutcome.RETURNED: 10_000_001,
            OrderOutcome.MISSED: 10_000_001,
            OrderOutcome.CANCELLED: 10_000_001,
            OrderOutcome.GRADED: 3_333_001,  # a fraction of a unit is the customer's
            OrderOutcome.DISPUTED: 3_333_001,
            OrderOutcome.APPEALED: 3_333_001,
            OrderOutcome.AGREED: 3_333_000,  # as both signed
            OrderOutcome.SILENT: 5_000_001,
        }.get(p.order.outcome, 0)
        assert p.refunded == back, p.order.outcome


def test_a_return_is_scanned_and_refunded_in_one_transaction(story):
    (played,) = story.play([one(OrderOutcome.RETURNED)])
    last = played.steps.done[-1]
    assert last.what == "return scanned: 100 %"
    assert last.who == "a scanner of Rápido"
    (receipt,) = last.receipts
    assert len(receipt.logs) == 3  # the scan, the refund, and the token's transfer


def test_deadlines_are_met_by_strangers(story):
    played = story.play(
        [one(OrderOutcome.MISSED), one(OrderOutcome.LAPSED), one(OrderOutcome.SILENT)]
    )
    assert {p.steps.done[-1].who for p in played} == {"a stranger"}


def test_a_customer_of_stablecoin_orders_needs_no_ether(story):
    (played,) = story.play([one(OrderOutcome.APPEALED)])
    assert story.stage.chain.balance(played.customer.address) == 0


def test_a_share_of_everything_or_nothing_is_played_too(story):
    orders = [
        one(outcome, amount=1_000 + share, share=share)
        for outcome in (OrderOutcome.DISPUTED, OrderOutcome.APPEALED, OrderOutcome.AGREED)
        for share in (0, 10_000)
    ]
    played = story.play(orders)
    story.check()
    assert {story.escrow.deal(p.id).state for p in played} == {
        DealState.RELEASED,
        DealState.REFUNDED,
    }


def test_only_so_many_are_under_way_at_a_time(story, monkeypatch):
    monkeypatch.setattr("careledger.flows.refund.deals.UNDER_WAY", 1)
    story.play(
        [one(OrderOutcome.CANCELLED, amount=100 + n, customer=f"customer {n}") for n in range(5)]
    )
    story.check()


def test_a_missing_cent_is_noticed(story):
    story.play([one(OrderOutcome.SATISFIED)])
    token = story.dollar.address
    story.ledger.accounts[token].fees -= 1
    with pytest.raises(NotBalanced, match="still held"):
        story.check()
    story.ledger.accounts[token].paid += 1
    with pytest.raises(NotBalanced, match="marketplace"):
        story.check()


def test_a_cent_of_ether_too(story):
    story.play([one(OrderOutcome.SATISFIED, currency="ETH")])
    account = story.ledger.accounts[ZERO_ADDRESS]
    account.fees, account.paid = account.fees - 1, account.paid + 1
    with pytest.raises(NotBalanced, match="marketplace's ether"):
        story.check()


def test_many_orders_are_told_in_sums_unless_all_are_wanted(story, capsys):
    played = story.play([one(OrderOutcome.CANCELLED, amount=1_000 + n) for n in range(61)])
    order_table(Out(), played, everything=False)
    assert "Who paid" not in capsys.readouterr().out
    order_table(Out(), played, everything=True)
    assert "Who paid" in capsys.readouterr().out


def run_script(*arguments):
    return subprocess.run(
        [sys.executable, "scripts/refund_flow.py", *arguments],
        capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
    )  # fmt: skip


def test_the_csv_examples_as_a_program_of_its_own():
    result = run_script("--orders", "examples/orders.csv", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["balanced"]
    orders = read_orders(ROOT / "examples" / "orders.csv")
    assert [o["order"] for o in told["orders"]] == [o.number for o in orders]
    assert {o["order"]: int(o["amount"]) for o in told["orders"]} == {
        o.number: o.amount for o in orders
    }
    for account in told["accounts"].values():
        assert account["held"] == account["owed"] == "0"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "not JSON"),
        ('{"format": "careledger.orders/1", "orders": []}', "no orders"),
    ],
)
def test_bad_orders_are_one_sentence_and_nothing_is_started(tmp_path, content, says):
    file = tmp_path / "orders.json"
    if content is not None:
        file.write_text(content)
    result = run_script("--orders", str(file))
    assert result.returncode == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_retail_file_is_played_to_drawn_outcomes(tmp_path):
    orders = {
        f"#W{n}": {
            "order_id": f"#W{n}",
            "user_id": f"customer {n}",
            "status": "delivered",
            "items": [{"price": 10.5}],
            "payment_history": [{"transaction_type": "payment", "amount": 10.5}],
        }
        for n in range(4)
    }
    file = tmp_path / "retail.json"
    file.write_text(json.dumps(orders))

    outcomes = []
    for seed in ([], ["--seed", "another"]):
        result = run_script("--orders", str(file), "--json", *seed)
        assert result.returncode == 0, result.stderr
        outcomes.append([order["outcome"] for order in json.loads(result.stdout)["orders"]])
    assert outcomes[0] != outcomes[1]

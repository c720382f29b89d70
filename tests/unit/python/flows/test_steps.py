"""The steps of a flow: what is kept of them, their table and their JSON."""

import pytest

from careledger.chain.transactions import TransactionReceipt
from careledger.console import Out
from careledger.errors import Conflict
from careledger.flows.steps import NOT_REFUSED, Step, Steps


def receipt(number, gas=21_000):
    return TransactionReceipt(
        transaction_hash=bytes([number]) * 32, block_number=number, block_hash=b"\2" * 32,
        gas_used=gas, gas_price=1, contract_address=None, logs=(), succeeded=True,
    )  # fmt: skip


@pytest.fixture
def said():
    return []


@pytest.fixture
def steps(said):
    return Steps(said.append)


class TestAdd:
    def test_who_sends_pays(self, steps):
        assert steps.add("Ana", "pays", receipt(1)).paid_by == "Ana"

    def test_somebody_else_may_pay(self, steps):
        assert steps.add("Ana", "signs", receipt(1), paid_by="a relayer").paid_by == "a relayer"

    def test_without_a_transaction_nothing_is_sent(self, steps):
        step = steps.add("Ana", "signs")
        assert (step.paid_by, step.gas_used) == ("nothing sent", 0)

    def test_gas_is_of_all_transactions(self, steps):
        assert steps.add("Ana", "does two things", receipt(1, 5), receipt(2, 7)).gas_used == 12

    def test_progress_is_a_sentence(self, steps, said):
        steps.add("Ana", "pays")
        assert said == ["Ana pays"]


class TestTimed:
    def test_costs_are_filled_in_while_the_step_is_done(self, steps):
        with steps.timed("Ana", "pays twice") as costs:
            costs.add("the shop", receipt(1), None, receipt(2))
            assert steps.done == []
        (step,) = steps.done
        assert (step.paid_by, step.receipts) == ("the shop", (receipt(1), receipt(2)))
        assert step.seconds >= 0

    def test_a_step_that_fails_is_not_added(self, steps, said):
        with pytest.raises(Conflict), steps.timed("Ana", "pays"):
            raise Conflict("no")
        assert steps.done == said == []


class TestRefused:
    def test_the_reason_is_kept(self, steps, said):
        def attempt():
            raise Conflict("the batch is not anchored")

        assert steps.refused("Ana tries", attempt) == "the batch is not anchored"
        assert steps.refusals == {"Ana tries": "the batch is not anchored"}
        assert said == ["refused: Ana tries: the batch is not anchored"]

    def test_what_is_not_refused_stands_out(self, steps):
        assert steps.refused("Ana tries", lambda: None) == NOT_REFUSED
        assert steps.refusals == {"Ana tries": NOT_REFUSED}

    def test_an_error_of_the_program_is_not_a_refusal(self, steps):
        with pytest.raises(ZeroDivisionError):
            steps.refused("Ana divides", lambda: 1 // 0)


class TestShown:
    def test_a_table_has_every_step_with_gas_and_hash(self, steps, capsys):
        steps.add("Ana", "pays", receipt(0xAB, 1_234_567))
        steps.add("Ben", "signs")
        steps.table(Out(), "What happened")
        text = capsys.readouterr().out
        for part in ("What happened", "Ana", "1,234,567", "ab" * 16, "Ben", "nothing sent"):
            assert part in text
        assert "seconds" not in text

    def test_seconds_are_shown_on_request(self, steps, capsys):
        steps.done.append(Step("Ana", "waits", seconds=1.23456))
        steps.add("Ben", "signs")
        steps.table(Out(), "What happened", seconds=True)
        text = capsys.readouterr().out
        assert "seconds" in text
        assert "1.235" in text

    def test_refusals_are_shown(self, steps, capsys):
        steps.refused("Ana tries", lambda: None)
        steps.refusal_table(Out())
        text = capsys.readouterr().out
        assert "Ana tries" in text
        assert NOT_REFUSED in text

    def test_json_has_each_transaction(self, steps):
        steps.add("Ana", "pays", receipt(1), paid_by="Ben")
        with steps.timed("Ben", "signs"):
            pass
        first, second = steps.to_json()
        assert first == {
            "who": "Ana",
            "what": "pays",
            "paidBy": "Ben",
            "gasUsed": 21_000,
            "transactions": [{"transactionHash": b"\1" * 32, "blockNumber": 1, "gasUsed": 21_000}],
        }
        assert second["seconds"] >= 0

"""Sums over events: what came in against what went out."""

import pytest

from careledger.refunds import events
from careledger.refunds.ledger import Ledger, NotBalanced, require_equal
from tests.unit.python.refunds.test_terms import terms

ID = b"\x05" * 32
TOKEN = terms().token


def counted(*happened):
    ledger = Ledger()
    ledger.add(terms(), ID, [events.Opened(None, ID, "", "", TOKEN, 1_000, bytes(32)), *happened])
    return ledger.accounts[TOKEN]


def test_an_open_deal_is_held():
    account = counted()
    assert (account.came_in, account.went_out, account.held, account.balance) == (
        1_000,
        0,
        1_000,
        1_000,
    )


@pytest.mark.parametrize(
    "happened",
    [
        [events.Released(None, ID, 900, 100)],
        [events.Refunded(None, ID, 1_000)],
        [events.Split(None, ID, 400, 590, 10)],
        [events.PartRefunded(None, ID, 300, 700), events.Refunded(None, ID, 700)],
    ],
)
def test_every_end_goes_up_without_a_rest(happened):
    account = counted(*happened)
    assert (account.went_out, account.held, account.balance) == (1_000, 0, 0)


def test_a_bond_comes_in_and_goes_out():
    account = counted(events.Appealed(None, ID, 1, bytes(32), 100, 5))
    assert (account.came_in, account.held) == (1_100, 1_100)
    account = counted(
        events.Appealed(None, ID, 1, bytes(32), 100, 5),
        events.Refunded(None, ID, 1_000),
        events.BondPaid(None, ID, "", 100),
    )
    assert (account.went_out, account.held) == (1_100, 0)


def test_a_credit_is_owed_until_it_is_claimed():
    events_ = [events.Refunded(None, ID, 1_000), events.Credited(None, ID, TOKEN, "", 1_000)]
    assert counted(*events_).balance == counted(*events_).owed == 1_000
    assert counted(*events_, events.Claimed(None, TOKEN, "", "", 1_000)).balance == 0


def test_other_events_do_not_count():
    assert counted(events.Disputed(None, ID, 1, bytes(32), 5)).balance == 1_000


def test_a_missing_unit_is_noticed():
    require_equal("it", 5, 5)
    with pytest.raises(NotBalanced, match=r"it is 4, but it has to be 5: -1 units"):
        require_equal("it", 4, 5)

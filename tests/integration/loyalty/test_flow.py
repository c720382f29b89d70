"""The flow of two brands' points: its document is what is on the chain, on both local chains."""

import json

import pytest

from careledger.chain.node import LocalNode
from careledger.chain.rpc import connect
from careledger.cli.demo import flow_command
from careledger.cli.program import run_command
from careledger.flows import FLOWS
from careledger.loyalty.client import LoyaltyToken
from careledger.loyalty.points import POINT


@pytest.fixture(params=["anvil", "ganache"])
def url(request, tmp_path, monkeypatch):
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(tmp_path))
    with LocalNode(request.param) as chain:
        yield chain.url


def played(capsys, *arguments):
    run_command(flow_command(FLOWS["point-swap"]), list(arguments))
    return capsys.readouterr().out


def test_it_ends_as_the_story_says_on_both_chains(url, capsys):
    found = json.loads(played(capsys, "--rpc", url, "--json"))
    chain, actors = connect(url), found["actors"]
    assert chain.balance(actors["Lena"]) == chain.balance(actors["Omar"]) == 0
    miles, beans = (LoyaltyToken(chain, one["token"]) for one in found["reports"])
    assert miles.balance_of(actors["Lena"]) == 1_000 * POINT
    assert beans.balance_of(actors["Lena"]) == 100 * POINT
    for token, one in ((miles, found["reports"][0]), (beans, found["reports"][1])):
        assert one["reconciled"]
        left = int(one["issued"]) - int(one["redeemed"])
        assert int(one["outstanding"]) == left == token.total_supply()
    kinds = {use["use"] for one in found["reports"] for use in one["uses"]}
    assert kinds == {
        "issued", "redeemed", "transferred", "paid to take an offer", "given by an offer",
        "paid into a swap with a pool", "got from a swap with a pool", "put into a pool",
        "fees collected from the pools",
    }  # fmt: skip
    unsent = [step["what"] for step in found["steps"] if not step["transactions"]]
    assert [what.split()[0] for what in unsent] == ["signs", "asks"]
    (reason,) = found["refusals"].values()
    assert reason.startswith("The swap would give less")


def test_people_read_tables(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CARELEDGER_RPC", raising=False)
    text = played(capsys)
    for part in (
        "What happened",
        "Who has what now",
        "The report of Alba Air",
        "The report of Café Aurora",
    ):
        assert part in text
    assert "signs an offer" in text
    assert "What was refused" in text
    assert "nothing sent" in text
    assert "0.0000" in text

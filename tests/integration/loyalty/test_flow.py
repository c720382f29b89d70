"""The flow of two brands' points: what it tells is what is on the chain, with and without a node of its own."""

import importlib.util
import json

import pytest

from careledger import console
from careledger.chain.node import LocalNode
from careledger.chain.rpc import connect
from careledger.chain.toolchain import ROOT
from careledger.loyalty.amounts import POINT
from careledger.loyalty.client import LoyaltyToken


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location(
        "point_swap_flow", ROOT / "scripts" / "point_swap_flow.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["anvil", "ganache"])
def url(request, tmp_path, monkeypatch):
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(tmp_path))
    with LocalNode(request.param) as chain:
        yield chain.url


def played(script, capsys, *arguments):
    console.run_command(script.flow, list(arguments))
    return capsys.readouterr().out


def test_it_ends_as_the_story_says_on_both_chains(script, url, capsys):
    found = json.loads(played(script, capsys, "--rpc", url, "--json"))
    chain, actors = connect(url), found["actors"]
    assert chain.balance(actors["Lena"]) == chain.balance(actors["Omar"]) == 0
    miles, beans = (LoyaltyToken(chain, one["token"]) for one in found["reports"])
    assert miles.balance_of(actors["Lena"]) == 1_000 * POINT
    assert beans.balance_of(actors["Lena"]) == 100 * POINT
    for token, one in ((miles, found["reports"][0]), (beans, found["reports"][1])):
        assert one["reconciled"]
        assert one["outstanding"] == one["issued"] - one["redeemed"] == token.total_supply()
    kinds = {use["use"] for one in found["reports"] for use in one["uses"]}
    assert kinds == {
        "issued", "redeemed", "transferred", "paid to take an offer", "given by an offer",
        "paid into a swap with a pool", "got from a swap with a pool", "put into a pool",
        "fees collected from the pools",
    }  # fmt: skip
    unsent = [step["what"] for step in found["steps"] if step["transaction"] is None]
    assert len(unsent) == 3
    assert unsent[0].startswith("signs an offer")
    assert "refused" in unsent[2]


def test_people_read_tables(script, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CARELEDGER_RPC", raising=False)
    text = played(script, capsys)
    for part in (
        "What happened",
        "Who has what now",
        "The report of Alba Air",
        "The report of Café Aurora",
    ):
        assert part in text
    assert "Lena signs an offer" in text
    assert "nothing sent" in text
    assert "0.0000" in text

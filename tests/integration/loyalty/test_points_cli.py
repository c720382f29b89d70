"""The commands of points: what they do on a real chain, and their refusals in one sentence."""

import json
import re

import pytest
from eth_account import Account

from careledger.chain.send import Sender
from careledger.cli.loyalty import app
from careledger.loyalty.client import LoyaltyToken
from careledger.loyalty.points import POINT, parse_points
from careledger.loyalty.policy import SwapPolicy

NOBODY = "0x" + "00" * 19 + "01"
BAD_CHECKSUM = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def text(points):
    """Return an amount of points as documents have it."""
    return str(parse_points(str(points)))


def tree(typer_app, path=()):
    """Yield every command's path."""
    for command in typer_app.registered_commands:
        yield (*path, command.name or command.callback.__name__)
    for group in typer_app.registered_groups:
        yield from tree(group.typer_instance, (*path, group.name))


class TestHelp:
    @pytest.mark.parametrize("path", list(tree(app)), ids=" ".join)
    def test_every_command_has_an_example_of_its_own(self, play, path):
        status, out, _ = play(*path, "--help")
        assert status == 0
        assert f"Example: careledger loyalty {' '.join(path)}" in re.sub(r"\s+", " ", out)

    def test_every_command_speaks_json(self, play):
        for path in tree(app):
            assert "--json" in play(*path, "--help")[1], path


class TestCreate:
    def test_the_points_are_the_brands(self, document, world):
        made = document(
            "create", "Alba Gold", "GOLD", "--cap", "1000", "--brand", world.airline.address
        )
        token = LoyaltyToken(world.chain, made["token"])
        assert token.brand() == world.airline.address
        assert (token.token_name(), token.symbol(), token.cap()) == (
            "Alba Gold",
            "GOLD",
            1000 * POINT,
        )
        assert made["noticeSeconds"] == 90 * 86_400

    def test_the_first_development_key_signs_when_none_is_named(self, document, accounts):
        assert (
            document("create", "x", "X", "--cap", "1", "--notice", "30d")["brand"]
            == accounts[0].address
        )

    def test_people_read_a_table(self, play):
        status, out, _ = play("create", "x", "X", "--cap", "1234")
        assert status == 0
        assert "Points created" in out
        assert "1,234" in out

    @pytest.mark.parametrize(
        ("arguments", "status", "word"),
        [
            (["x", "X", "--cap", "0"], 2, "--cap"),
            (["x", "X", "--cap", "many"], 2, "--cap"),
            (["x", "X", "--cap", "1", "--notice", "soon"], 2, "--notice"),
            (["x", "X", "--cap", "1", "--notice", "0d"], 2, "--notice"),
            (["x", "X", "--cap", "1", "--notice", "1d"], 1, "notice 1 day"),
            ([" ", "X", "--cap", "1"], 2, "printable"),
            (["x\n", "X", "--cap", "1"], 2, "printable"),
            (["x", "X", "--cap", "1", "--brand", "me"], 2, "--brand"),
            (["x", "X", "--cap", "1", "--registry", NOBODY], 1, "registry"),
        ],
    )
    def test_what_cannot_be(self, refused, arguments, status, word):
        refused(status, "create", *arguments, say=[word])


class TestIssuing:
    def test_limit_then_issue_then_balance(self, document, world):
        token = document("create", "Gold", "GOLD", "--cap", "1000", by=world.airline)["token"]
        set_to = document(
            "limit", token, world.airline.address, "50", "--period", "12h", by=world.airline
        )
        assert (set_to["capacity"], set_to["periodSeconds"]) == (text(50), 43_200)
        assert set_to["decimals"] == 18
        ref = "0x" + "ab" * 32
        issued = document("issue", token, world.lena.address, "2.5", "--ref", ref, by=world.airline)
        assert (issued["amount"], issued["balance"], issued["ref"]) == (
            text("2.5"),
            text("2.5"),
            ref,
        )
        assert issued["gasUsed"] > 21_000
        shown = document("balance", token, world.lena.address)
        assert (shown["balance"], shown["symbol"]) == (text("2.5"), "GOLD")
        assert (
            document("limit", token, world.airline.address, "0", by=world.airline)["capacity"]
            == "0"
        )

    def test_a_reference_is_made_when_none_is_given(self, document, world):
        one, other = (
            document("issue", world.miles.address, world.lena.address, "1", by=world.airline)
            for _ in "ab"
        )
        assert one["ref"] != other["ref"]

    def test_what_was_given_for_a_reference_is_not_given_twice(self, document, refused, world):
        arguments = [
            "issue",
            world.miles.address,
            world.lena.address,
            "1",
            "--ref",
            "0x" + "cd" * 32,
        ]
        first = document(*arguments, by=world.airline)
        refused(1, *arguments, by=world.airline, say=[first["transactionHash"], "--again"])
        assert document(*arguments, "--again", by=world.airline)["balance"] == text(1_002)
        batched = ["issue", world.miles.address, world.lena.address, "1", "--ref", "0x" + "11" * 32]
        refused(1, *batched, by=world.airline, say=["--again"])

    def test_a_stranger_is_refused(self, refused, world):
        say = ["does not act for the brand", world.stranger.address, "careledger.issuer"]
        refused(
            1, "issue", world.miles.address, world.lena.address, "1", by=world.stranger, say=say
        )

    def test_people_read_points(self, play, world):
        status, out, _ = play("balance", world.miles.address, world.lena.address)
        assert status == 0
        assert "1,000" in out
        assert "MILES" in out

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["issue", "TOKEN", "0x12", "1"], "customer"),
            (["issue", "TOKEN", BAD_CHECKSUM, "1"], "checksum"),
            (["issue", "TOKEN", NOBODY, "1.x"], "amount"),
            (["issue", "TOKEN", NOBODY, "1", "--ref", "order 5"], "--ref"),
            (["issue", "tok", NOBODY, "1"], "token"),
            (["balance", "TOKEN", "lena"], "holder"),
            (["limit", "TOKEN", NOBODY, "x"], "POINTS"),
            (["limit", "TOKEN", NOBODY, "1", "--period", "1y"], "--period"),
            (["transfer", "TOKEN", NOBODY, "1,5"], "amount"),
            (["redeem", "TOKEN", "0"], "is 0"),
        ],
    )
    def test_bad_input_is_said(self, refused, world, arguments, word):
        refused(
            2, *[world.miles.address if one == "TOKEN" else one for one in arguments], say=[word]
        )

    def test_no_token_there(self, refused, world):
        for at in (NOBODY, world.market.address):
            refused(1, "balance", at, NOBODY, say=["there is no LoyaltyToken"])


class TestHolding:
    def test_transfer_and_redeem(self, document, world):
        moved = document("transfer", world.miles.address, world.tomas.address, "10", by=world.lena)
        assert moved["amount"] == text(10)
        spent = document("redeem", world.miles.address, "4", by=world.tomas)
        assert (spent["balance"], spent["holder"]) == (text(6), world.tomas.address)

    def test_more_than_one_has(self, refused, world):
        refused(1, "redeem", world.miles.address, "4", by=world.tomas, say=["does not have enough"])

    def test_a_key_without_ether(self, refused, world):
        poor = Sender(world.chain, Account.create())
        world.miles.using(world.lena).transfer(poor.address, POINT)
        refused(3, "redeem", world.miles.address, "1", by=poor, say=["too little ether"])


class TestPolicy:
    def test_a_brand_sets_it(self, document, world):
        arguments = ["--fee-bps", "20", "--max-fee-bps", "30", "--fee-to", NOBODY, "--no-pools"]
        set_to = document("policy", world.miles.address, *arguments, by=world.airline)
        assert (set_to["feeBps"], set_to["pools"], set_to["offers"]) == (20, False, True)
        assert world.market.policy_of(world.miles.address) == SwapPolicy(
            NOBODY, 20, 30, True, False
        )

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["--max-fee-bps", "1001"], "--max-fee-bps"),
            (["--fee-bps", "1"], "--fee-bps"),
            (["--fee-bps", "1", "--max-fee-bps", "1"], "--fee-to"),
            (["--fee-to", "me"], "--fee-to"),
        ],
    )
    def test_what_cannot_be(self, refused, world, arguments, word):
        refused(2, "policy", world.miles.address, *arguments, by=world.airline, say=[word])

    def test_a_cap_cannot_be_raised(self, refused, world):
        refused(
            1,
            "policy",
            world.miles.address,
            "--max-fee-bps",
            "300",
            by=world.airline,
            say=["only be lowered"],
        )


class TestSettings:
    def test_no_record_says_what_to_do(self, refused, world, tmp_path):
        say = ["careledger deploy"]
        refused(1, "report", world.miles.address, "--deployments", tmp_path, say=say)

    def test_a_record_without_the_contract(self, refused, world, tmp_path, deployments):
        record = json.loads((deployments / "31337.json").read_text())
        del record["versions"][0]["contracts"]["PointPools"]
        (tmp_path / "31337.json").write_text(json.dumps(record))
        say = ["no PointPools is recorded"]
        refused(1, "pool", "collect", world.miles.address, "--deployments", tmp_path, say=say)

    def test_a_dead_node(self, refused, world):
        refused(
            3,
            "balance",
            world.miles.address,
            NOBODY,
            "--rpc",
            "http://127.0.0.1:9",
            say=["no node answers"],
        )
        refused(2, "balance", world.miles.address, NOBODY, "--rpc", "localhost", say=["--rpc"])

    def test_a_named_key_is_used(self, refused, world, monkeypatch, tmp_path):
        monkeypatch.setenv("CARELEDGER_KEYSTORE", str(tmp_path / "none.json"))
        refused(2, "redeem", world.miles.address, "1", say=["key file"])

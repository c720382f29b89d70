"""The commands of points: what they do on a real chain, and the one sentence with which they refuse."""

import json
import re
from dataclasses import replace

import pytest
from eth_account import Account

from careledger.chain.send import Sender
from careledger.cli.loyalty import app
from careledger.cli.program import run as run_program
from careledger.loyalty.client import LoyaltyToken, PointPools
from careledger.loyalty.points import POINT, parse_points
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.signed_offers import SignedOffer
from careledger.values.times import from_seconds, time_text
from tests.support.commands import check_documents, without_notes

NOBODY = "0x" + "00" * 19 + "01"
BAD_CHECKSUM = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def text(points):
    """Return an amount of points as documents have it."""
    return str(parse_points(str(points)))


@pytest.fixture
def play(world, deployments, monkeypatch, capsys):
    """Return a function that runs a command as somebody, and returns its status, its output and its errors."""
    monkeypatch.setenv("CARELEDGER_RPC", world.chain.url)
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(deployments))
    monkeypatch.delenv("CARELEDGER_KEYSTORE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, by=None):
        monkeypatch.delenv("CARELEDGER_PRIVATE_KEY", raising=False)
        if by is not None:
            monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", "0x" + bytes(by.account.key).hex())
        status = 0
        try:
            run_program(app, [str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        check_documents(arguments, printed)
        return status, printed.out, printed.err

    return run


@pytest.fixture
def document(play):
    """Return a function that runs a command with --json and returns what it printed."""

    def run(*arguments, by=None):
        status, out, err = play(*arguments, "--json", by=by)
        assert status == 0, err
        return json.loads(out)

    return run


@pytest.fixture
def refused(play, world):
    """Return a function that checks that a command ends with a status and one sentence, and sends nothing."""

    def run(status, *arguments, by=None, say=()):
        block = world.chain.block_number()
        found, out, err = play(*arguments, by=by)
        assert found == status, err
        assert out == ""
        assert without_notes(err).startswith("error: ")
        assert without_notes(err).count("\n") == 1
        for word in say:
            assert word in err
        assert world.chain.block_number() == block
        return err

    return run


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


@pytest.fixture
def offered(document, world, tmp_path):
    """Let Lena sign an offer; return its file."""
    file = tmp_path / "offer.json"
    document(
        "offer", "sign", world.miles.address, "400", world.beans.address, "16", "--out", file, "--min-fill", "10",
        "--nonce", "9", by=world.lena,
    )  # fmt: skip
    return file


class TestOffers:
    def test_signing_sends_nothing(self, document, world, tmp_path):
        block, file = world.chain.block_number(), tmp_path / "o.json"
        made = document(
            "offer", "sign", world.miles.address, "400", world.beans.address, "16", "--out", file, "--for", "2h",
            "--taker", world.tomas.address, "--ref", "0x" + "01" * 32, by=world.lena,
        )  # fmt: skip
        assert world.chain.block_number() == block
        signed = SignedOffer.read(file)
        signed.verify(world.chain)
        assert made["id"] == "0x" + signed.id.hex()
        assert (made["taker"], made["ref"]) == (world.tomas.address, "0x" + "01" * 32)
        assert (made["giveBrand"], made["wantBrand"]) == (world.airline.address, world.cafe.address)
        assert made["expiresAt"] == time_text(from_seconds(world.chain.timestamp() + 7200))

    def test_show_fill_a_part_and_the_rest(self, document, play, offered, world):
        shown = document("offer", "show", offered)
        assert (shown["remaining"], shown["filled"]) == (text(400), "0")
        part = document("offer", "fill", offered, "--amount", "100", by=world.tomas)
        assert (part["received"], part["remaining"]) == (text(99), text(300))
        assert part["paid"] == text("4.02")
        status, out, _ = play("offer", "show", offered)
        assert status == 0
        assert "300 MILES" in out
        assert "anyone" in out
        rest = document("offer", "fill", offered, by=world.tomas)
        assert rest["remaining"] == "0"
        assert world.beans.balance_of(world.lena.address) == 16 * POINT

    def test_an_allowance_that_is_there_is_used(self, document, offered, world):
        world.beans.using(world.tomas).approve(world.market.address, 2**255)
        nonce = world.beans.nonces(world.tomas.address)
        arguments = ["--amount", "100", "--most-paid", "4.02", "--least-received", "99"]
        document("offer", "fill", offered, *arguments, by=world.tomas)
        assert world.beans.nonces(world.tomas.address) == nonce

    def test_the_takers_limits(self, refused, offered, world):
        refused(1, "offer", "fill", offered, "--most-paid", "16", by=world.tomas, say=["pay more"])
        refused(
            1, "offer", "fill", offered, "--least-received", "400", by=world.tomas, say=["get less"]
        )
        refused(
            1,
            "offer",
            "fill",
            offered,
            "--amount",
            "9",
            by=world.tomas,
            say=["less than the offer allows"],
        )
        refused(
            1,
            "offer",
            "fill",
            offered,
            "--amount",
            "401",
            by=world.tomas,
            say=["more than what is left"],
        )
        refused(2, "offer", "fill", offered, "--amount", "all", by=world.tomas, say=["--amount"])

    def test_cancel_by_file_and_by_nonce(self, document, refused, offered, world):
        refused(2, "offer", "cancel", offered, by=world.tomas, say=["only its maker"])
        assert document("offer", "cancel", offered, by=world.lena)["nonce"] == "9"
        refused(1, "offer", "fill", offered, by=world.tomas, say=["cancelled"])
        refused(1, "offer", "show", offered, say=["cancelled"])
        assert document("offer", "cancel", "--nonce", "300", by=world.lena)["nonce"] == "300"
        assert world.market.nonces_of(world.lena.address, 1) == (1 << 44, 1 << 44)

    def test_an_altered_offer(self, refused, offered, world):
        text = json.loads(offered.read_text())
        text["offer"]["wantAmount"] = "1"
        offered.write_text(json.dumps(text))
        refused(1, "offer", "fill", offered, by=world.tomas, say=["not signed by its maker"])
        refused(1, "offer", "show", offered, say=["not signed by its maker"])

    def test_an_offer_of_another_chain(self, refused, offered, world):
        text = json.loads(offered.read_text())
        text["chainId"] = 5
        offered.write_text(json.dumps(text))
        for command in ("show", "fill", "cancel"):
            refused(3, "offer", command, offered, by=world.lena, say=["chain 5 is expected"])

    def test_files_that_are_none(self, refused, tmp_path, world):
        refused(2, "offer", "show", tmp_path / "none.json", say=["cannot be read"])
        refused(2, "offer", "fill", tmp_path, say=["cannot be read"])
        file = tmp_path / "x.json"
        file.write_text('{"format": "careledger.offer.v1", "more": 1}')
        refused(2, "offer", "show", file, say=["chainId"])
        file.write_text("{")
        refused(2, "offer", "cancel", file, say=["not JSON"])

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            (["GIVE", "400", "GIVE", "16"], "two different ones"),
            (["GIVE", "400", "WANT", "none"], "amount"),
            (["x", "400", "WANT", "1"], "GIVE"),
            (["GIVE", "400", "x", "1"], "WANT"),
            (["GIVE", "400", "WANT", "16", "--for", "week"], "--for"),
            (["GIVE", "400", "WANT", "16", "--nonce", "-1x"], "--nonce"),
            (["GIVE", "400", "WANT", "16", "--nonce", str(2**256)], "--nonce"),
            (["GIVE", "400", "WANT", "16", "--min-fill", "401"], "minFill"),
            (["GIVE", "400", "WANT", "16", "--min-fill", "x"], "--min-fill"),
            (["GIVE", "400", "WANT", "16", "--taker", "x"], "--taker"),
            (["GIVE", "400", "WANT", "16", "--ref", "x"], "--ref"),
            (["GIVE", "1001", "WANT", "16"], "too few"),
        ],
    )
    def test_what_cannot_be_offered(self, refused, world, tmp_path, change, word):
        names = {"GIVE": world.miles.address, "WANT": world.beans.address}
        arguments = [names.get(one, one) for one in change]
        file = tmp_path / "never.json"
        refused(2, "offer", "sign", *arguments, "--out", file, by=world.lena, say=[word])
        assert not file.exists()

    def test_a_place_that_cannot_be_written(self, refused, world, tmp_path):
        arguments = [
            world.miles.address,
            "1",
            world.beans.address,
            "1",
            "--out",
            tmp_path / "no" / "o.json",
        ]
        refused(2, "offer", "sign", *arguments, by=world.lena, say=["cannot be written"])

    def test_neither_or_both_of_file_and_nonce(self, refused, offered):
        refused(2, "offer", "cancel", say=["either"])
        refused(2, "offer", "cancel", offered, "--nonce", "1", say=["either"])
        refused(2, "offer", "cancel", "--nonce", "x", say=["--nonce"])


class TestPools:
    def fund(self, document, world, miles="10000", beans="400", **options):
        extra = [part for name, value in options.items() for part in (f"--{name}", value)]
        return document(
            "pool", "fund", world.miles.address, miles, world.beans.address, beans, *extra, by=world.nadia
        )  # fmt: skip

    def test_fund_show_quote_swap_leave(self, document, play, world):
        miles, beans = world.miles.address, world.beans.address
        funded = self.fund(document, world)
        assert (funded["amountA"], funded["amountB"]) == (text(10_000), text(400))
        again = self.fund(document, world, "1000", "400")
        assert (again["amountA"], again["amountB"]) == (text(1_000), text(40))
        other_way = document("pool", "fund", beans, "4", miles, "1000", by=world.nadia)
        assert (other_way["amountA"], other_way["amountB"]) == (text(4), text(100))
        shown = document("pool", "show", miles, beans)
        assert {shown["reserve0"], shown["reserve1"]} == {text(11_100), text(444)}
        status, out, _ = play("pool", "show", miles, beans)
        assert status == 0
        assert "1 MILES = 0.04 BEANS" in out
        quoted = document("pool", "quote", miles, beans, "100")
        assert quoted["feeIn"] == text(1)
        assert quoted["belowPriceBps"] > 0
        swapped = document(
            "pool", "swap", miles, beans, "100", "--to", world.tomas.address, by=world.lena
        )
        assert swapped["received"] == quoted["received"]
        assert int(swapped["received"]) > int(swapped["minOut"])
        assert world.miles.allowance(world.lena.address, world.pools.address) == 0
        left = document("pool", "leave", beans, miles, "--shares", "100", by=world.nadia)
        assert left["shares"] == text(100)
        assert int(left["amountB"]) > int(left["amountA"])
        gone = document("pool", "leave", miles, beans, by=world.nadia)
        assert int(gone["amountA"]) > 10_000 * POINT
        assert document("pool", "collect", miles)["amount"] == text(1)

    def test_a_minimum_of_ones_own(self, document, refused, world):
        self.fund(document, world)
        arguments = ["pool", "swap", world.miles.address, world.beans.address, "100", "--min-out"]
        refused(1, *arguments, "4", by=world.lena, say=["less than was asked for", "min out 4"])
        assert document(*arguments, "3.8", by=world.lena)["minOut"] == text("3.8")

    def test_a_price_that_moves_in_between_is_refused(self, document, refused, world, monkeypatch):
        self.fund(document, world)
        for client in (world.miles, world.beans):
            client.using(world.nadia).approve(world.pools.address, 2**255)
        honest = PointPools.pair_of

        def stale(self, *tokens):
            pair = honest(self, *tokens)
            more = {"reserve0": pair.reserve0 * 102 // 100, "reserve1": pair.reserve1}
            if pair.token0 != world.miles.address:
                more = {"reserve0": pair.reserve0, "reserve1": pair.reserve1 * 102 // 100}
            return replace(pair, **more)

        monkeypatch.setattr(PointPools, "pair_of", stale)
        pair = [world.miles.address, "100", world.beans.address, "3.96"]
        refused(
            1,
            "pool",
            "fund",
            *pair,
            by=world.nadia,
            say=["less than the provider allowed"],
        )
        monkeypatch.setattr(
            PointPools,
            "pair_of",
            lambda self, *tokens: replace(honest(self, *tokens), reserve1=10**27),
        )
        tokens = [world.miles.address, world.beans.address]
        refused(
            1,
            "pool",
            "leave",
            *tokens,
            by=world.nadia,
            say=["less than the provider allowed"],
        )

    def test_sync_follows_the_policies(self, document, refused, world):
        self.fund(document, world)
        world.market.using(world.cafe).set_policy(world.beans.address, SwapPolicy(pools=False))
        assert document("pool", "sync", world.miles.address, world.beans.address)["open"] is False
        say = ["do not allow swaps in this pool"]
        refused(1, "pool", "quote", world.miles.address, world.beans.address, "1", say=say)

    def test_a_tiny_amount_is_worth_nothing(self, document, refused, world):
        self.fund(document, world)
        refused(
            1,
            "pool",
            "quote",
            world.miles.address,
            world.beans.address,
            "0.000000000000000001",
            say=["or nothing"],
        )

    def test_there_is_no_pool_yet(self, refused, world):
        pair = [world.miles.address, world.beans.address]
        for arguments in (
            ["show", *pair],
            ["quote", *pair, "1"],
            ["swap", *pair, "1"],
            ["leave", *pair],
        ):
            refused(
                1,
                "pool",
                *arguments,
                by=world.lena,
                say=["there is no pool of MILES and BEANS yet"],
            )

    def test_bad_input_is_said(self, document, refused, world):
        miles, beans = world.miles.address, world.beans.address
        refused(2, "pool", "show", miles, miles, say=["two different"])
        refused(2, "pool", "quote", miles, beans, "x", say=["amount"])
        refused(2, "pool", "fund", miles, "x", beans, "1", say=["amount"])
        refused(
            2,
            "pool",
            "fund",
            miles,
            "1",
            beans,
            "1",
            "--slippage-bps",
            "10001",
            say=["--slippage-bps"],
        )
        refused(2, "pool", "fund", miles, "99999999", beans, "1", by=world.nadia, say=["too few"])
        refused(2, "pool", "swap", miles, beans, "1", "--to", "me", say=["--to"])
        refused(2, "pool", "swap", miles, beans, "1", "--for", "x", say=["--for"])
        refused(2, "pool", "leave", miles, beans, "--shares", "x", say=["--shares"])
        self.fund(document, world)
        refused(2, "pool", "leave", miles, beans, by=world.lena, say=["has 0 shares"])
        refused(
            2, "pool", "leave", miles, beans, "--shares", "999999", by=world.nadia, say=["shares"]
        )
        refused(1, "pool", "collect", miles, say=["no fees to collect"])


class TestReport:
    def test_tables_and_document(self, document, play, world, offered):
        document("offer", "fill", offered, by=world.tomas)
        TestPools().fund(document, world)
        document("pool", "swap", world.miles.address, world.beans.address, "10", by=world.lena)
        document("transfer", world.miles.address, world.stranger.address, "1", by=world.lena)
        document("redeem", world.miles.address, "2", by=world.lena)
        document("pool", "collect", world.miles.address)
        found = document("report", world.miles.address)
        assert found["reconciled"] is True
        assert (
            int(found["issued"]) - int(found["redeemed"])
            == int(found["outstanding"])
            == world.miles.total_supply()
        )
        assert {total["use"] for total in found["totals"]} == {
            "issued", "redeemed", "transferred", "given by an offer", "paid into a swap with a pool",
            "put into a pool", "fees collected from the pools",
        }  # fmt: skip
        status, out, _ = play("report", world.miles.address, "--last", "7")
        assert status == 0
        assert "The last 7 of 8 uses" in out
        assert "for 16.08 BEANS" in out
        assert f"to {world.stranger.address}" in out
        assert "as the contract says" in " ".join(out.split())
        assert "The last" not in play("report", world.miles.address, "--last", "0")[1]

    def test_as_of_a_block(self, document, world):
        block = world.chain.block_number()
        document("redeem", world.miles.address, "2", by=world.lena)
        assert document("report", world.miles.address, "--block", block)["redeemed"] == "0"
        assert document("report", world.miles.address)["redeemed"] == text(2)

    def test_other_contracts_can_be_named(self, document, refused, world):
        at = ["--market", world.market.address, "--pools", world.pools.address]
        assert document("report", world.miles.address, *at)["token"] == world.miles.address
        refused(
            1,
            "report",
            world.miles.address,
            "--market",
            world.pools.address,
            say=["there is no PointMarket"],
        )
        refused(2, "report", world.miles.address, "--pools", "x", say=["--pools"])

    def test_a_symbol_that_pretends_is_not_shown(self, document, play, world):
        trap = document("create", "Trap", "[red]MILES", "--cap", "9", by=world.stranger)["token"]
        status, out, _ = play("balance", trap, world.lena.address)
        assert status == 0
        assert "MILES" not in out
        assert trap in out


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

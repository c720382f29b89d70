"""The commands of offers, pools and the report: what they do on a real chain, their refusals."""

import json
from dataclasses import replace

import pytest

from careledger.loyalty.client import PointPools
from careledger.loyalty.points import POINT, parse_points
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.signed_offers import SignedOffer
from careledger.values.times import from_seconds, time_text

NOBODY = "0x" + "00" * 19 + "01"
BAD_CHECKSUM = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def text(points):
    """Return an amount of points as documents have it."""
    return str(parse_points(str(points)))


class TestOffers:
    def test_signing_sends_nothing(self, document, world, tmp_path):
        block, file = world.chain.block_number(), tmp_path / "o.json"
        made = document(
            "offer",
            "sign",
            world.miles.address,
            "400",
            world.beans.address,
            "16",
            "--out",
            file,
            "--for",
            "2h",
            "--taker",
            world.tomas.address,
            "--ref",
            "0x" + "01" * 32,
            by=world.lena,
        )
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
            "pool",
            "fund",
            world.miles.address,
            miles,
            world.beans.address,
            beans,
            *extra,
            by=world.nadia,
        )

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
            "issued",
            "redeemed",
            "transferred",
            "given by an offer",
            "paid into a swap with a pool",
            "put into a pool",
            "fees collected from the pools",
        }
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

"""`careledger refunds` on a node: a deal from its terms to its end, and refusals of bad input."""

import json
from datetime import timedelta

import pytest

from careledger import Suite
from careledger.cli.program import run
from careledger.cli.refunds import app
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.builds import rebuild
from tests.support.commands import check_documents, without_notes


@pytest.fixture
def cli(shop, deployments, capsys, monkeypatch):
    """Run a command as somebody; returns the status, what was printed, and the errors."""

    def call(*arguments, who=None, as_json=True):
        for name in ("CARELEDGER_PRIVATE_KEY", "CARELEDGER_KEYSTORE"):
            monkeypatch.delenv(name, raising=False)
        if who is not None:
            monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", who.account.key.hex())
        monkeypatch.setenv("CARELEDGER_RPC", shop.chain.url)
        monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(deployments))
        status = 0
        try:
            run(app, [str(argument) for argument in arguments] + (["--json"] if as_json else []))
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        if as_json and "--help" not in arguments:
            check_documents(["--json"], printed)
        return (
            status,
            json.loads(printed.out) if as_json and printed.out else printed.out,
            printed.err,
        )

    return call


@pytest.fixture
def done(cli):
    """Run a command that has to succeed and return what it printed."""

    def call(*arguments, **options):
        status, printed, complaint = cli(*arguments, **options)
        assert status == 0, complaint
        return printed

    return call


@pytest.fixture
def terms(shop, done, tmp_path):
    """Write the terms of a deal to a file."""
    key = tmp_path / "orders.key"
    key.write_text("k" * 32)

    def make(name="deal.json", **options):
        values = {
            "--payer": shop.payer.address,
            "--seller": shop.seller.address,
            "--amount": "129.99",
            "--token": shop.token.address,
            "--deliver-in": "7d",
            "--carrier": shop.carrier.address,
            "--order": name,
            "--order-key": key,
            "--arbiter": shop.arbiter.address,
            "--fee": "1",
            "--fee-to": shop.fee_to.address,
        } | {f"--{k.replace('_', '-')}": v for k, v in options.items()}
        flat = [part for pair in values.items() if pair[1] is not None for part in pair]
        return tmp_path / name, done("terms", tmp_path / name, *flat)

    return make


class TestStory:
    def test_a_satisfied_customer(self, shop, done, terms):
        file, written = terms()
        assert written["terms"]["amount"] == "129990000"
        opened = done("open", file, who=shop.payer)
        assert (opened["state"], opened["held"], opened["id"]) == (
            "open",
            "129990000",
            written["id"],
        )
        assert done("open", "--help", as_json=False)
        shown = done("show", written["id"])
        assert shown["terms"] == written["terms"]
        assert "the payer may release" in shown["next"]
        released = done("release", written["id"], who=shop.payer)
        assert (released["state"], released["next"]) == ("released", "nothing: it is over")
        assert shop.token.balance_of(shop.seller.address) == 128_690_100

    def test_a_return(self, shop, done, terms):
        file, written = terms()
        done("open", file, who=shop.payer)
        done("scan-delivery", written["terms"]["orderRef"], who=shop.scanner)
        settled = done("scan-return", file, "--share", "70", who=shop.scanner)
        assert settled["state"] == "split"

    def test_a_missed_delivery(self, shop, done, terms):
        file, written = terms()
        done("open", file, who=shop.payer)
        shop.sleep(timedelta(days=8))
        assert "100 % is due back" in done("show", file)["next"]
        assert done("refund", written["id"], who=shop.stranger)["state"] == "refunded"

    def test_nobody_minds(self, shop, done, terms):
        file, _ = terms(
            carrier=None, order=None, order_key=None, arbiter=None, fee="0", fee_to=None
        )
        assert done("show", file)["next"] == "the payer may open it"
        done("open", file, who=shop.payer)
        shop.sleep(timedelta(days=31))
        assert done("show", file)["next"] == "anyone may call release"
        done("release", file, who=shop.stranger)

    def test_the_seller_gives_back(self, shop, done, terms):
        file, _ = terms()
        done("open", file, who=shop.payer)
        assert done("give-back", file, "29.99", who=shop.seller)["held"] == "100000000"

    def test_a_dispute_an_appeal_and_a_last_word(self, shop, done, terms, tmp_path):
        file, _ = terms()
        said = tmp_path / "statement.txt"
        said.write_text("Two left shoes.")
        done("open", file, who=shop.payer)
        disputed = done("dispute", file, "--evidence", said, who=shop.payer)
        assert (disputed["state"], len(disputed["evidenceKey"])) == ("disputed", 66)
        done("evidence", file, "--commitment", "0x" + "ab" * 32, who=shop.seller)
        ruled = done("rule", file, "--share", "20", who=shop.arbiter)
        assert "the loser may appeal" in ruled["next"]
        appealed = done("appeal", file, "--evidence", said, who=shop.payer)
        assert (appealed["state"], appealed["appellant"]) == ("appealed", "payer")
        done("rule", file, "--share", "60", who=shop.arbiter)
        assert done("execute", file, who=shop.stranger)["state"] == "split"

    def test_an_allowance_that_is_there_is_used(self, shop, done, terms):
        file, _ = terms()
        shop.token.using(shop.payer).approve(shop.escrow.address, 200_000_000)
        done("open", file, who=shop.payer)
        assert shop.token.allowance(shop.payer.address, shop.escrow.address) == 70_010_000
        done("dispute", file, "--commitment", "0x" + "ab" * 32, who=shop.payer)
        done("rule", file, "--share", "0", who=shop.arbiter)
        done("appeal", file, "--commitment", "0x" + "ab" * 32, who=shop.payer)
        assert shop.token.allowance(shop.payer.address, shop.escrow.address) == 57_011_000

    def test_ether_and_a_development_key(self, shop, done, terms):
        file, written = terms(token=ZERO_ADDRESS, amount="0.25", payer=shop.patron.address)
        opened = done("open", file)  # the first well-known account signs on its own chain
        assert (opened["held"], opened["decimals"]) == (str(10**18 // 4), 18)
        shown = done("show", written["id"], as_json=False)
        assert "0.25 ETH" in shown
        done("dispute", file, "--commitment", "0x" + "ab" * 32)
        done("rule", file, "--share", "0", who=shop.arbiter)
        assert done("appeal", file, "--commitment", "0x" + "ab" * 32)["state"] == "appealed"

    def test_a_credit_is_claimed(self, shop, done, terms):
        token = shop.deploy("BlockingToken", "Blocking", "BLK", 6)
        shop.call(shop.patron, token, "mint(address,uint256)", shop.payer.address, 10**9)
        file, _ = terms(token=token.address)
        done("open", file, who=shop.payer)
        shop.call(shop.patron, token, "setBlocked(address,bool)", shop.seller.address, True)
        done("release", file, who=shop.payer)
        owed = done("credit", shop.seller.address, "--token", token.address)
        assert owed["credit"] == "128690100"
        assert "128.6901 BLK" in done(
            "credit", shop.seller.address, "--token", token.address, as_json=False
        )
        claimed = done("claim", shop.other.address, "--token", token.address, who=shop.seller)
        assert (claimed["amount"], claimed["decimals"]) == ("128690100", 6)
        assert token.balance_of(shop.other.address) == 128_690_100


class TestVersions:
    """A deal that was opened in an older escrow comes to its end there."""

    @pytest.fixture
    def renewed(self, shop, deployments, tmp_path, monkeypatch):
        """Return what deploys another build of the escrow beside the older one."""
        folder = tmp_path / "records"
        folder.mkdir()
        (folder / "31337.json").write_text((deployments / "31337.json").read_text())

        def renew():
            rebuild(monkeypatch, "RefundEscrow")
            suite = Suite.open(shop.chain.url, deployments=folder, key=shop.patron.account)
            suite.deploy(new_version=True)
            return folder

        return renew

    def test_it_is_found_by_its_id_and_by_its_terms(self, shop, done, terms, renewed):
        file, written = terms()
        done("open", file, who=shop.payer)
        folder = renewed()
        at = ("--deployments", folder)
        for deal in (written["id"], file):
            shown = done("show", deal, *at)
            assert (shown["id"], shown["state"]) == (written["id"], "open")
        done("scan-delivery", written["terms"]["orderRef"], *at, who=shop.scanner)
        done("give-back", file, "29.99", *at, who=shop.seller)
        done("dispute", file, "--commitment", "0x" + "ab" * 32, *at, who=shop.payer)
        done("rule", file, "--share", "0", *at, who=shop.arbiter)
        done("appeal", file, "--commitment", "0x" + "ab" * 32, *at, who=shop.payer)
        assert done("show", file, *at)["state"] == "appealed"

    def test_a_new_one_is_opened_in_the_newest(self, shop, done, terms, renewed):
        folder = renewed()
        file, _ = terms(deployments=folder)
        opened = done("open", file, "--deployments", folder, who=shop.payer)
        assert opened["state"] == "open"
        older = done("show", file, "--deployments", folder, "--suite-version", "1")
        newer = Suite.open(shop.chain.url, deployments=folder)
        assert newer.refunds.escrow.deal(bytes.fromhex(opened["id"][2:])).state.name == "OPEN"
        assert older["id"] == opened["id"]

    def test_a_version_that_is_not_there_is_said(self, shop, cli, terms):
        file, _ = terms()
        status, _, complaint = cli("show", file, "--suite-version", "7")
        assert status == 1
        assert "no version 7 of the suite" in complaint


class TestBadInput:
    def refused(self, result, status, *words):
        code, printed, complaint = result
        assert code == status, complaint
        assert printed == ""
        assert without_notes(complaint).count("\n") == 1
        for word in words:
            assert word in complaint

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"--amount": "1.0000001"}, "more than 6 decimals"),
            ({"--amount": "much"}, "not a decimal number"),
            ({"--payer": "0x12"}, "--payer '0x12' is not an address"),
            ({"--seller": "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046"}, "wrong checksum"),
            ({"--release-in": "soon"}, "--release-in 'soon' is not a duration"),
            ({"--release-in": "0d"}, "is not a duration"),
            ({"--release-in": "1d"}, "sla_at has to come before release_at"),
            ({"--window": "1m"}, "from one hour to 365 days"),
            ({"--fee": "101"}, "--fee 101 is more than 100 %"),
            ({"--fee": "x"}, "--fee 'x' is not a decimal number"),
            ({"--carrier": None}, "go together"),
            ({"--order-key": "nowhere.key"}, "cannot be read"),
        ],
    )
    def test_terms(self, shop, cli, tmp_path, options, says):
        key = tmp_path / "orders.key"
        key.write_text("k" * 32)
        values = {
            "--payer": shop.payer.address,
            "--seller": shop.seller.address,
            "--amount": "5",
            "--token": shop.token.address,
            "--deliver-in": "7d",
            "--carrier": shop.carrier.address,
            "--order": "A-1",
            "--order-key": key,
            "--arbiter": shop.arbiter.address,
        } | options
        flat = [part for pair in values.items() if pair[1] is not None for part in pair]
        self.refused(cli("terms", tmp_path / "deal.json", *flat), 2, says)
        assert not (tmp_path / "deal.json").exists()

    def test_a_short_order_key_is_no_secret(self, shop, cli, tmp_path):
        key = tmp_path / "orders.key"
        key.write_text("1234")
        result = cli(
            "terms",
            tmp_path / "deal.json",
            "--payer",
            shop.payer.address,
            "--seller",
            shop.seller.address,
            "--amount",
            "5",
            "--carrier",
            shop.carrier.address,
            "--order",
            "A-1",
            "--order-key",
            key,
        )
        self.refused(result, 2, "at least 16 bytes")

    def test_a_file_that_is_there_is_left_alone(self, cli, terms, tmp_path, shop):
        file, _ = terms()
        before = file.read_text()
        result = cli(
            "terms",
            file,
            "--payer",
            shop.payer.address,
            "--seller",
            shop.seller.address,
            "--amount",
            "5",
        )
        self.refused(result, 2, "is there already")
        assert file.read_text() == before

    def test_a_deal_is_named_by_its_id_or_file(self, cli, tmp_path):
        self.refused(
            cli("show", "0x12"), 2, "the deal's id '0x12' is not 0x and 64 hexadecimal digits"
        )
        self.refused(cli("show", "0x" + "12" * 32), 1, "no deal 0x1212")
        self.refused(cli("show", tmp_path / "nothing.json"), 2, "cannot be read: No such file")
        (tmp_path / "bad.json").write_text("{")
        self.refused(cli("show", tmp_path / "bad.json"), 2, "not JSON")
        (tmp_path / "bad.json").write_text('{"colour": 1}')
        self.refused(cli("open", tmp_path / "bad.json"), 2, "$.payer: missing")

    def test_evidence_is_given_once(self, cli, terms, tmp_path):
        file, _ = terms()
        self.refused(cli("dispute", file), 2, "either --evidence")
        self.refused(cli("dispute", file, "--commitment", "0x12"), 2, "64 hexadecimal digits")
        self.refused(cli("dispute", file, "--evidence", tmp_path / "no.txt"), 2, "cannot be read")

    def test_a_refusal_is_the_contracts_sentence(self, shop, cli, done, terms):
        file, _ = terms()
        self.refused(cli("release", file, who=shop.payer), 1, "is not opened")
        done("open", file, who=shop.payer)
        self.refused(cli("release", file, who=shop.stranger), 1, "It is too early for this")
        self.refused(cli("rule", file, "--share", "101", who=shop.arbiter), 2, "more than 100 %")
        self.refused(cli("open", file, who=shop.payer), 1, "used before")

    def test_a_payer_without_money_opens_nothing(self, shop, cli, terms):
        file, _ = terms(payer=shop.other.address)
        self.refused(
            cli("open", file, who=shop.other), 1, "The amount that arrived is not the amount due"
        )

    def test_terms_whose_time_has_passed_are_not_opened(self, shop, cli, terms):
        file, _ = terms()
        shop.sleep(timedelta(days=31))
        self.refused(cli("open", file, who=shop.payer), 2, "release_at", "has passed")

    def test_a_dead_node_is_one_sentence(self, cli):
        self.refused(
            cli("show", "0x" + "12" * 32, "--rpc", "http://127.0.0.1:9"), 3, "no node answers"
        )

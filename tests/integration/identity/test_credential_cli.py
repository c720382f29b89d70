"""`careledger identity issue`, `check`, `wallet …`: a credential from the issuer to the holder."""

import json

import pytest

from careledger.identity.credentials.jose import decode
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.did.did import format_did
from careledger.identity.wallet.encryption import MIN_WORK
from careledger.identity.wallet.wallet import Wallet
from tests.support.commands import read_document, refused

TYPE, LIST, URI = "https://bank.example/kyc/1", "kyc-2026", "https://bank.example/status/kyc-2026"
CLAIMS = {
    "given_name": "Ana",
    "age_over_18": True,
    "address": {"street": "Gran Vía 1", "country": "ES"},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with a wallet's password, a store and Ana's claims."""
    (tmp_path / "password").write_text("correct horse\n")
    (tmp_path / "ana.json").write_text(json.dumps(CLAIMS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bank(careledger, folder, senders, monkeypatch):
    """Return a function that runs a command as the bank, in that folder."""
    monkeypatch.setenv("CARELEDGER_STORE", str(folder / "bank.db"))
    monkeypatch.setenv("CARELEDGER_WALLET", str(folder / "ana.wallet"))
    monkeypatch.setenv("CARELEDGER_WALLET_PASSWORD_FILE", str(folder / "password"))
    return lambda *arguments: careledger(*arguments, key=senders[1])


@pytest.fixture
def did(senders):
    return format_did(senders[1].address, 31337)


@pytest.fixture
def issue(bank, did, folder):
    def call(*more):
        Wallet.create(folder / "ana.wallet", "correct horse", work=MIN_WORK).close()
        bank("wallet", "key", "--out", "ana.jwk")
        given = ("--issuer", did, "--type", TYPE, "--holder", "ana.jwk", "--out", "ana.credential")
        return bank("issue", "ana.json", *given, *more)

    return call


class TestIssue:
    def test_files_that_cannot_be_used_and_nothing_is_written(self, bank, did, folder):
        given = ("--issuer", did, "--type", TYPE, "--out", "x")
        refused(bank("issue", "nowhere.json", *given), 2, "claims file nowhere.json cannot be read")
        (folder / "broken.json").write_text("{")
        refused(bank("issue", "broken.json", *given), 2, "claims file broken.json is not JSON")
        (folder / "list.json").write_text("[]")
        refused(bank("issue", "list.json", *given), 2, "does not hold a JSON object")
        (folder / "deep.json").write_text("[" * 100_000)
        refused(bank("issue", "deep.json", *given), 2, "claims file deep.json is not JSON")
        refused(
            bank("issue", "ana.json", *given, "--holder", "ana.json"),
            2,
            "not a key of P-256, secp256k1 or Ed25519",
        )
        refused(bank("issue", "ana.json", *given, "--for", "ever"), 2, "is not a duration")
        refused(bank("issue", "ana.json", *given, "--list", LIST), 2, "belong together")
        assert not (folder / "x").exists()

    def test_a_key_that_the_document_does_not_list(self, bank, did, folder, senders, careledger):
        key = SigningKey("ES256", b"\7" * 32)
        (folder / "key.jwk").write_text(json.dumps(key.private_jwk))
        given = ("issue", "ana.json", "--issuer", did, "--type", TYPE, "--out", "x")
        result = bank(*given, "--key", "key.jwk")
        refused(
            result,
            1,
            "does not list this key",
            "did/pub/JsonWebKey2020/veriKey",
            key.public.raw.hex(),
        )
        assert key.private_jwk["d"] not in result.err
        refused(careledger(*given, key=senders[2]), 1, "does not list this key")

    def test_every_claim_at_any_depth_can_be_shown_or_kept(self, issue, bank, did):
        done = read_document(issue("--list", LIST, "--uri", URI, "--json"))
        assert done["issuer"] == did
        assert done["key"] == f"{did}#controller"
        read_document(bank("wallet", "add", "ana.credential", "--json"))
        (held,) = read_document(bank("wallet", "list", "--json"))["credentials"]
        assert set(held["claims"]) == {
            "given_name",
            "age_over_18",
            "address",
            "address.street",
            "address.country",
        }
        assert (
            read_document(bank("check", "ana.credential", "--issuer", did, "--json"))["statusIndex"]
            == done["statusIndex"]
        )

    def test_claims_that_stay_open(self, issue, bank, folder):
        read_document(issue("--open", "address", "--json"))
        payload = json.loads(decode((folder / "ana.credential").read_text().split(".")[1]))
        assert payload["address"] == CLAIMS["address"]
        assert "given_name" not in payload

    def test_by_another_key_of_the_document(self, issue, bank, did, folder, senders, registry):
        key = SigningKey("EdDSA", b"\7" * 32)
        registry.set_attribute(senders[1].address, *key.attribute, 10**6)
        (folder / "key.jwk").write_text(json.dumps(key.private_jwk))
        assert read_document(issue("--key", "key.jwk", "--json"))["key"] == f"{did}#delegate-1"
        assert (
            read_document(bank("check", "ana.credential", "--json"))["key"] == f"{did}#delegate-1"
        )

    def test_a_w3c_credential(self, issue, bank, did, senders):
        holder = format_did(senders[3].address, 31337)
        read_document(issue("--vc-jwt", "--subject", holder, "--json"))
        found = read_document(bank("check", "ana.credential", "--type", TYPE, "--json"))
        assert set(found["claims"]) == set(CLAIMS)


class TestCheck:
    def test_an_issuer_that_is_not_believed(self, issue, bank, senders):
        issue()
        other = format_did(senders[4].address, 31337)
        refused(bank("check", "ana.credential", "--issuer", other), 1, "issue")

    def test_one_changed_byte(self, issue, bank, folder):
        issue()
        file = folder / "ana.credential"
        head, body, rest = file.read_text().split(".")
        changed = rest[:9] + ("A" if rest[9] != "A" else "B") + rest[10:]
        file.write_text(f"{head}.{body}.{changed}")
        assert bank("check", "ana.credential").status == 1

    def test_a_revoked_one(self, issue, bank, did):
        index = read_document(issue("--list", LIST, "--uri", URI, "--json"))["statusIndex"]
        read_document(bank("status", "revoke", did, index, "--list", LIST, "--json"))
        refused(bank("check", "ana.credential"), 1, "revoked")


class TestWallet:
    def test_none_named(self, careledger):
        refused(careledger("wallet", "list"), 2, "no wallet is named")

    def test_one_that_is_there_stays(self, bank, folder):
        bank("wallet", "create")
        before = (folder / "ana.wallet").read_bytes()
        refused(bank("wallet", "create"), 2, "left as it is")
        assert (folder / "ana.wallet").read_bytes() == before

    def test_a_wrong_password(self, bank, folder):
        bank("wallet", "create")
        (folder / "password").write_text("wrong\n")
        refused(bank("wallet", "words"), 2, "password")

    def test_words_bring_it_back(self, bank, folder, monkeypatch):
        bank("wallet", "create")
        words = read_document(bank("wallet", "words", "--json"))["words"]
        (folder / "ana.wallet").unlink()
        monkeypatch.setattr("careledger.cli.identity.wallet.getpass", lambda _: words)
        bank("wallet", "create", "--restore")
        assert read_document(bank("wallet", "words", "--json"))["words"] == words

    def test_a_password_typed_twice(self, bank, monkeypatch, folder):
        monkeypatch.delenv("CARELEDGER_WALLET_PASSWORD_FILE")
        answers = iter(["one", "two", "one", "one", "one"])
        for module in ("careledger.chain.keys", "careledger.cli.identity.wallet"):
            monkeypatch.setattr(f"{module}.getpass", lambda _: next(answers))
        refused(bank("wallet", "create"), 2, "the two passwords differ")
        assert bank("wallet", "create").status == 0
        assert len(bank("wallet", "words").out.split()) == 12

    def test_the_secret_of_a_key_stays_inside(self, bank, folder):
        bank("wallet", "create")
        read_document(bank("wallet", "key", "--out", "ana.jwk", "--json"))
        assert "d" not in json.loads((folder / "ana.jwk").read_text())
        refused(bank("wallet", "key", "--out", "x", "--alg", "HS256"), 2, "is not an algorithm")

    def test_somebody_elses_credential(self, issue, bank, folder):
        issue()
        (folder / "ana.wallet").unlink()
        bank("wallet", "create")
        refused(bank("wallet", "add", "ana.credential"), 1, "another holder's")
        refused(bank("wallet", "add", "ana.jwk"), 2, "SD-JWT")


class TestStatus:
    def test_a_stranger_and_a_bad_name(self, careledger, bank, did, senders):
        refused(careledger("status", "revoke", did, 3, "--list", LIST, key=senders[2]), 1, "issuer")
        refused(bank("status", "revoke", did, 3, "--list", "x" * 33), 2, "is not a valid name")
        refused(bank("status", "revoke", did, 3, "--list", "0x" + "zz" * 32), 2, "hexadecimal")

    def test_revoked_places_are_shown(self, bank, did, chain):
        before = chain.block_number()
        done = read_document(bank("status", "revoke", did, 4711, 3, 4, "--list", LIST, "--json"))
        assert done["indexes"] == [3, 4, 4711]
        assert done["transactions"] == 2
        shown = read_document(bank("status", "show", did, "--list", LIST, "--json"))
        assert shown["revoked"] == [3, 4, 4711]
        assert (
            read_document(bank("status", "show", did, "--list", LIST, "--block", before, "--json"))[
                "revoked"
            ]
            == []
        )

    @pytest.mark.parametrize("form", ["token", "bitstring", "bitstring-vc1", "plain"])
    def test_a_list_in_each_form(self, bank, did, folder, form):
        read_document(bank("status", "revoke", did, 3, "--list", LIST, "--json"))
        given = (
            "status",
            "export",
            did,
            "--list",
            LIST,
            "--uri",
            URI,
            "--out",
            "list",
            "--form",
            form,
            "--json",
        )
        assert read_document(bank(*given))["revoked"] == 1
        text = (folder / "list").read_text()
        assert (json.loads(text)["id"] == URI) if form == "plain" else (text.count(".") == 2)

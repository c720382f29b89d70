"""`careledger identity consent …`, `verify`, `read`, `erase`, `present`: from the request to the
end of the consent.
"""

import json
from datetime import datetime
from types import SimpleNamespace

import pytest

from careledger.identity.credentials.jose import decode, encode
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.did.did import format_did
from careledger.identity.wallet.encryption import MIN_WORK
from careledger.identity.wallet.wallet import Wallet
from tests.support.commands import read_document, refused

TYPE = "https://bank.example/kyc/1"
CLAIMS = {
    "given_name": "Maximiliana",
    "age_over_18": True,
    "address": {"street": "Calle del Olmo 14", "country": "ES"},
}


@pytest.fixture
def people(careledger, tmp_path, senders, monkeypatch):
    """Return functions that run commands as the bank, the insurer and Ana, each with files of its
    own.
    """
    (tmp_path / "password").write_text("correct horse\n")
    (tmp_path / "ana.json").write_text(json.dumps(CLAIMS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARELEDGER_WALLET", "ana.wallet")
    monkeypatch.setenv("CARELEDGER_WALLET_PASSWORD_FILE", "password")

    class People:
        bank_did, insurer_did = (format_did(sender.address, 31337) for sender in senders[1:3])

        @staticmethod
        def run(store, key, *arguments):
            monkeypatch.setenv("CARELEDGER_STORE", store)
            return careledger(*arguments, key=key)

        def bank(self, *arguments):
            return self.run("bank.db", senders[1], *arguments)

        def insurer(self, *arguments):
            return self.run("insurer.db", senders[2], *arguments)

        def ana(self, *arguments):
            return self.run("ana.db", senders[3], *arguments)

        def ask(self, *more, claims=("age_over_18", "address.country")):
            shown = [part for one in claims for part in ("--claim", one)]
            return self.insurer(
                "consent", "request", "--from", self.insurer_did, "--type", TYPE, *shown,
                "--purpose", "Offer you a policy", "--terms", "https://insurer.example/terms",
                "--out", "request.jwt", *more,
            )  # fmt: skip

        def verify(self, *more):
            return self.insurer(
                "verify",
                "answer.json",
                "--request",
                "request.jwt",
                "--issuer",
                self.bank_did,
                *more,
                "--json",
            )

    people = People()
    Wallet.create(tmp_path / "ana.wallet", "correct horse", work=MIN_WORK).close()
    read_document(people.ana("wallet", "key", "--out", "ana.jwk", "--json"))
    issuing = ("--issuer", people.bank_did, "--type", TYPE, "--holder", "ana.jwk", "--list", "kyc")
    people.index = read_document(
        people.bank(
            "issue",
            "ana.json",
            *issuing,
            "--uri",
            "https://bank.example/kyc",
            "--out",
            "ana.credential",
            "--json",
        )
    )["statusIndex"]
    people.credential = read_document(people.ana("wallet", "add", "ana.credential", "--json"))[
        "credential"
    ]
    return people


@pytest.fixture
def answered(people):
    """Return the people, with a request asked and answered."""
    read_document(people.ask("--json"))
    people.consent = read_document(
        people.ana("consent", "grant", "request.jwt", "--out", "answer.json", "--json")
    )["consent"]
    return people


class TestRequest:
    def test_what_cannot_be_asked(self, people, senders):
        refused(people.ask("--qr", "request.jpg"), 2, "neither .svg nor .png")
        refused(people.ask("--for", "1s"), 2, "consentFor")
        refused(people.ask("--within", "52w"), 2, "exp")
        refused(people.ask(claims=("a..b",)), 2, "does not name a claim")
        other = format_did(senders[7].address, 31337)
        asked = (
            "consent",
            "request",
            "--from",
            other,
            "--type",
            TYPE,
            "--claim",
            "a",
            "--purpose",
            "p",
            "--terms",
            "t",
        )
        refused(people.insurer(*asked, "--out", "x"), 1, "does not list this key")

    def test_a_link_and_a_picture(self, people, tmp_path):
        done = read_document(people.ask("--qr", "request.svg", "--json"))
        assert done["link"].startswith("careledger://consent?request=ey")
        assert done["claims"] == ["age_over_18", "address.country"]
        assert "<svg" in (tmp_path / "request.svg").read_text()
        read_document(people.ask("--qr", "request.png", "--json"))
        assert (tmp_path / "request.png").read_bytes().startswith(b"\x89PNG")

    def test_a_code_in_the_terminal(self, people):
        result = people.ask()
        assert result.status == 0
        assert "\u2588" in result.out or "\u2584" in result.out

    def test_the_customer_sees_who_asks_from_the_link_too(self, people, tmp_path):
        link = read_document(people.ask("--json"))["link"]
        (tmp_path / "link").write_text(link + "\n")
        shown = read_document(people.ana("consent", "show", "link", "--json"))
        assert shown["from"] == people.insurer_did
        assert shown["purpose"] == "Offer you a policy"
        assert shown["credentials"] == [people.credential]


class TestGrant:
    def test_a_forged_request(self, people, tmp_path):
        read_document(people.ask("--json"))
        head, body, signature = (tmp_path / "request.jwt").read_text().strip().split(".")
        changed = signature[:5] + ("A" if signature[5] != "A" else "B") + signature[6:]
        (tmp_path / "request.jwt").write_text(f"{head}.{body}.{changed}")
        refused(people.ana("consent", "grant", "request.jwt", "--out", "answer.json"), 1, "sign")
        assert not (tmp_path / "answer.json").exists()

    def test_a_claim_that_nobody_confirmed(self, people):
        read_document(people.ask("--json", claims=("blood_type",)))
        refused(
            people.ana("consent", "grant", "request.jwt", "--out", "answer.json"),
            1,
            "no credential",
        )

    def test_a_request_that_is_over(self, people, development, chain):
        read_document(people.ask("--json"))
        development.warp(chain.timestamp() + 3600)
        refused(
            people.ana("consent", "grant", "request.jwt", "--out", "answer.json"),
            1,
            "ask for a new one",
        )

    def test_it_is_listed_before_it_is_on_chain(self, answered):
        (given,) = read_document(answered.ana("consent", "list", "--json"))["consents"]
        assert given["consent"] == answered.consent
        assert given["to"] == answered.insurer_did
        assert given["claims"] == ["age_over_18", "address.country"]
        assert given["state"] == "not granted"

    def test_shorter_than_was_asked(self, people):
        read_document(people.ask("--json"))
        read_document(
            people.ana(
                "consent", "grant", "request.jwt", "--out", "answer.json", "--for", "2h", "--json"
            )
        )
        kept = read_document(people.verify())["verification"]
        assert read_document(people.insurer("read", kept, "--json"))["met"]


class TestVerify:
    def test_files_that_are_none(self, answered, tmp_path):
        (tmp_path / "empty").write_text("{}")
        given = ("--request", "request.jwt", "--issuer", answered.bank_did)
        refused(answered.insurer("verify", "empty", *given), 2, "answer")
        refused(answered.insurer("verify", "nowhere", *given), 2, "cannot be read")
        refused(
            answered.insurer("verify", "answer.json", "--request", "empty", *given[2:]),
            2,
            "request",
        )
        refused(answered.verify("--wish", "age_over_18=yes"), 2, "JSON")

    def test_an_issuer_that_is_not_believed(self, answered):
        result = answered.insurer(
            "verify",
            "answer.json",
            "--request",
            "request.jwt",
            "--issuer",
            answered.insurer_did,
            "--json",
        )
        refused(result, 1, "issue")
        (given,) = read_document(answered.ana("consent", "list", "--json"))["consents"]
        assert given["state"] == "not granted"  # nothing was paid for

    def test_what_was_shown_is_met_and_no_value_is_kept(self, answered, tmp_path):
        done = read_document(answered.verify("--wish", "age_over_18=true", "--show"))
        assert done["claims"] == ["age_over_18: met", "address.country: shown"]
        assert done["values"] == {"age_over_18": True, "address.country": "ES"}
        assert done["met"]
        assert done["transactionHash"].startswith("0x")
        kept = b"".join(file.read_bytes() for file in tmp_path.glob("insurer.db*"))
        assert b"Maximiliana" not in kept
        assert b"Olmo" not in kept

    @pytest.mark.parametrize("wish", ['address.country="FR"', "age_over_18=1"])
    def test_what_is_not_as_wished_is_no_success(self, answered, wish):
        result = answered.verify("--wish", wish)
        assert result.status == 1
        assert "not as wished" in result.err
        assert not json.loads(result.out)["met"]

    def test_a_request_that_was_changed_on_its_way_through_the_customer(self, answered, tmp_path):
        head, body, signature = (tmp_path / "request.jwt").read_text().strip().split(".")
        longer = json.loads(decode(body)) | {"consentFor": 10**8}
        (tmp_path / "request.jwt").write_text(
            f"{head}.{encode(json.dumps(longer).encode())}.{signature}"
        )
        refused(answered.verify(), 1, "sign")

    def test_the_companys_key_may_be_another_than_the_payers(self, people, tmp_path, senders):
        key = SigningKey("ES256", b"\7" * 32)
        (tmp_path / "key.jwk").write_text(json.dumps(key.private_jwk))
        refused(people.ask("--key", "key.jwk"), 1, "careledger identity publish")
        read_document(people.insurer("publish", people.insurer_did, "key.jwk", "--json"))
        read_document(people.ask("--key", "key.jwk", "--json"))
        read_document(
            people.ana("consent", "grant", "request.jwt", "--out", "answer.json", "--json")
        )
        given = (
            "verify",
            "answer.json",
            "--request",
            "request.jwt",
            "--issuer",
            people.bank_did,
            "--key",
            "key.jwk",
        )
        assert read_document(people.run("insurer.db", senders[5], *given, "--json"))["met"]
        read_document(people.insurer("withdraw", people.insurer_did, "key.jwk", "--json"))
        refused(people.ask("--key", "key.jwk"), 1, "careledger identity publish")

    def test_again_is_harmless(self, answered):
        first, second = read_document(answered.verify()), read_document(answered.verify("--show"))
        assert second["verification"] == first["verification"]
        assert second["alreadyTaken"]
        assert "values" not in second
        (given,) = read_document(answered.ana("consent", "list", "--json"))["consents"]
        assert len(given["usedAt"]) == 1

    def test_an_answer_to_another_request(self, answered):
        read_document(answered.ask("--json"))
        refused(answered.verify(), 1, "another")

    def test_a_changed_disclosure(self, answered, tmp_path):
        answer = json.loads((tmp_path / "answer.json").read_text())
        parts = answer["presentation"].split("~")
        answer["presentation"] = "~".join([parts[0], *parts[2:]])
        (tmp_path / "answer.json").write_text(json.dumps(answer))
        assert answered.verify().status == 1


class TestEnd:
    def test_the_customer_revokes_and_the_next_read_says_so(self, answered):
        kept = read_document(answered.verify())["verification"]
        assert read_document(answered.insurer("read", kept, "--json"))["met"]
        (done,) = read_document(answered.ana("consent", "revoke", answered.consent, "--json"))[
            "consents"
        ]
        assert done["state"] == "done"
        refused(answered.insurer("read", kept), 1, "revoked")
        refused(answered.ana("consent", "revoke", answered.consent), 1, "over already")
        (given,) = read_document(answered.ana("consent", "list", "--json"))["consents"]
        assert given["state"] == "revoked"

    def test_all_at_once_those_under_way_too(self, answered):
        kept = read_document(answered.verify())["verification"]
        read_document(answered.ask("--json"))
        read_document(
            answered.ana("consent", "grant", "request.jwt", "--out", "answer.json", "--json")
        )
        assert (
            len(read_document(answered.ana("consent", "revoke", "--all", "--json"))["consents"])
            == 2
        )
        refused(answered.insurer("read", kept), 1, "revoked")
        assert answered.verify().status == 1
        assert read_document(answered.ana("consent", "revoke", "--all", "--json"))["consents"] == []

    def test_the_words_of_a_lost_wallet_end_what_it_gave(self, answered, tmp_path, monkeypatch):
        kept = read_document(answered.verify())["verification"]
        words = read_document(answered.ana("wallet", "words", "--json"))["words"]
        (tmp_path / "ana.wallet").unlink()
        monkeypatch.setattr("careledger.cli.identity.wallet.getpass", lambda _: words)
        read_document(answered.ana("wallet", "create", "--restore", "--json"))
        (ended,) = read_document(answered.ana("consent", "revoke", "--all", "--json"))["consents"]
        assert ended["state"] == "done"
        refused(answered.insurer("read", kept), 1, "revoked all consents")
        assert read_document(answered.ana("consent", "revoke", "--all", "--json"))["consents"] == []

    def test_ids_that_are_none(self, answered):
        refused(answered.ana("consent", "revoke"), 2, "--all")
        refused(answered.ana("consent", "revoke", answered.consent, "--all"), 2, "--all")
        refused(answered.ana("consent", "revoke", "0x12"), 2, "64 hexadecimal digits")
        refused(answered.ana("consent", "revoke", "0x" + "12" * 32), 1, "no consent")

    def test_the_company_gives_it_back(self, answered):
        kept = read_document(answered.verify())["verification"]
        read_document(answered.insurer("consent", "renounce", "answer.json", "--json"))
        assert answered.insurer("read", kept).status == 1
        refused(answered.insurer("consent", "renounce", "answer.json"), 1, "renounced")

    def test_the_issuer_withdraws(self, answered):
        kept = read_document(answered.verify())["verification"]
        read_document(
            answered.bank(
                "status", "revoke", answered.bank_did, answered.index, "--list", "kyc", "--json"
            )
        )
        refused(answered.insurer("read", kept), 1, "has revoked the credential")

    def test_a_result_is_erased(self, answered):
        kept = read_document(answered.verify())["verification"]
        assert read_document(answered.insurer("erase", kept, "--json")) == {"erased": kept}
        refused(answered.insurer("read", kept), 1, "erased")
        refused(answered.insurer("erase", kept), 1, "erased")


class TestPresent:
    def test_without_a_consent_where_none_is_asked_for(self, people, monkeypatch, chain):
        clock = SimpleNamespace(now=lambda zone: datetime.fromtimestamp(chain.timestamp(), zone))
        monkeypatch.setattr(
            "careledger.cli.identity.credentials.datetime", clock
        )  # the chain's is ahead of ours
        given = (
            "--audience",
            "https://bank.example",
            "--nonce",
            "n" * 24,
            "--out",
            "shown",
            "--json",
        )
        read_document(people.ana("present", people.credential, "--claim", "age_over_18", *given))
        checking = (
            "check",
            "shown",
            "--audience",
            "https://bank.example",
            "--type",
            TYPE,
            "--json",
        )
        assert read_document(people.bank(*checking, "--nonce", "n" * 24))["claims"] == [
            "age_over_18"
        ]
        refused(people.bank(*checking, "--nonce", "m" * 24), 1, "another request")
        refused(people.bank("check", "shown", "--nonce", "n" * 24), 2, "all three")

    def test_what_is_not_there(self, people):
        given = ("--audience", "https://bank.example", "--nonce", "n" * 24, "--out", "shown")
        refused(people.ana("present", "nothing", *given), 1, "no credential")
        refused(
            people.ana("present", people.credential, "--claim", "blood_type", *given), 1, "no claim"
        )

"""`careledger identity consent revoke --out` and `submit`: a customer without ether or key ends
consents by a file.
"""

import json

import pytest

from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.endings import Endings
from careledger.identity.consent.messages import KeySigner
from tests.integration.identity import test_consent_cli
from tests.support.commands import read_document, refused
from tests.support.evm import actor

people, answered = test_consent_cli.people, test_consent_cli.answered


@pytest.fixture
def verified(answered):
    """Return the people, with an answer that the insurer has verified."""
    answered.kept = read_document(answered.verify())["verification"]
    return answered


@pytest.fixture
def poor(careledger, people, monkeypatch):
    """Return a function that runs Ana's commands where there is neither a key nor a place for a
    database.
    """

    def call(*arguments):
        monkeypatch.delenv("CARELEDGER_PRIVATE_KEY", raising=False)
        monkeypatch.setenv("CARELEDGER_STORE", "/nowhere/at/all.db")
        return careledger(*arguments)

    return call


def uses_of_ether(chain, sender):
    return int(chain.request("eth_getTransactionCount", sender.address, "latest"), 16)


class TestRevokeOut:
    def test_it_is_signed_without_any_key_of_the_settings_and_nothing_is_sent(
        self, verified, poor, tmp_path, chain
    ):
        before = chain.block_number()
        done = read_document(
            poor("consent", "revoke", verified.consent, "--out", "endings.json", "--json")
        )
        assert done["revocations"] == [verified.consent]
        assert done["ends"] == []
        assert done["file"] == "endings.json"
        assert done["expiresAt"].endswith("Z")
        assert chain.block_number() == before
        signed = Endings.read((tmp_path / "endings.json").read_bytes())
        assert ["0x" + act.consent.id.hex() for act in signed.revocations] == [verified.consent]
        assert read_document(verified.insurer("read", verified.kept, "--json"))["met"]

    def test_all_and_that_there_is_nothing(self, verified, poor, tmp_path):
        read_document(verified.ask("--json"))
        read_document(
            verified.ana("consent", "grant", "request.jwt", "--out", "answer.json", "--json")
        )
        assert (
            len(
                read_document(
                    poor("consent", "revoke", "--all", "--out", "endings.json", "--json")
                )["revocations"]
            )
            == 2
        )
        read_document(verified.insurer("consent", "submit", "endings.json", "--json"))
        done = read_document(poor("consent", "revoke", "--all", "--out", "endings.json", "--json"))
        assert (done["revocations"], done["expiresAt"]) == ([], None)
        assert Endings.read((tmp_path / "endings.json").read_bytes()).acts == ()
        assert "nothing to end" in poor("consent", "submit", "endings.json").out

    def test_for_people(self, verified, poor):
        result = poor(
            "consent", "revoke", verified.consent, verified.consent, "--out", "endings.json"
        )
        assert result.status == 0
        assert "careledger identity consent submit endings.json" in result.out

    def test_what_cannot_be(self, verified, poor, tmp_path):
        refused(poor("consent", "revoke", "--out", "endings.json"), 2, "--all")
        refused(
            poor("consent", "revoke", "0x" + "12" * 32, "--out", "endings.json"), 1, "no consent"
        )
        refused(
            poor("consent", "revoke", verified.consent, "--out", "ana.wallet/x"),
            2,
            "cannot be written",
        )
        assert not (tmp_path / "endings.json").exists()


class TestSubmit:
    @pytest.fixture
    def signed(self, verified, poor):
        read_document(
            poor("consent", "revoke", verified.consent, "--out", "endings.json", "--json")
        )
        return verified

    def test_the_company_hands_it_in_and_reads_no_more(self, signed):
        (done,) = read_document(signed.insurer("consent", "submit", "endings.json", "--json"))[
            "consents"
        ]
        assert (done["id"], done["state"], done["reason"]) == (signed.consent, "done", None)
        assert done["transactionHash"].startswith("0x")
        refused(signed.insurer("read", signed.kept), 1, "revoked")
        (given,) = read_document(signed.ana("consent", "list", "--json"))["consents"]
        assert given["state"] == "revoked"

    def test_anybody_may_again_and_nothing_is_paid_twice(self, signed, chain, senders):
        first = read_document(signed.bank("consent", "submit", "endings.json", "--json"))
        assert read_document(signed.bank("consent", "submit", "endings.json", "--json")) == first
        before = uses_of_ether(chain, senders[2])
        (done,) = read_document(signed.insurer("consent", "submit", "endings.json", "--json"))[
            "consents"
        ]
        assert (done["state"], done["transactionHash"]) == ("done", None)
        assert uses_of_ether(chain, senders[2]) == before

    def test_a_consent_that_is_still_under_way_is_burned(self, answered, poor):
        read_document(
            poor("consent", "revoke", answered.consent, "--out", "endings.json", "--json")
        )
        read_document(answered.bank("consent", "submit", "endings.json", "--json"))
        refused(answered.verify(), 1, "revoked")

    def test_what_a_restored_wallet_has_no_notes_of(self, verified, poor, tmp_path, monkeypatch):
        words = read_document(verified.ana("wallet", "words", "--json"))["words"]
        (tmp_path / "ana.wallet").unlink()
        monkeypatch.setattr("careledger.cli.identity.wallet.getpass", lambda _: words)
        read_document(verified.ana("wallet", "create", "--restore", "--json"))
        done = read_document(poor("consent", "revoke", "--all", "--out", "endings.json", "--json"))
        assert (done["revocations"], len(done["ends"])) == ([], 1)
        assert done["ends"][0].startswith("0x")
        (ended,) = read_document(verified.insurer("consent", "submit", "endings.json", "--json"))[
            "consents"
        ]
        assert ended["state"] == "done"
        refused(verified.insurer("read", verified.kept), 1, "revoked all consents")

    @pytest.mark.parametrize("change", [{"chainId": 1}, {"registry": "0x" + "77" * 20}])
    def test_another_chain_or_registry(self, signed, tmp_path, change, chain, senders):
        document = json.loads((tmp_path / "endings.json").read_text()) | change
        (tmp_path / "endings.json").write_text(json.dumps(document))
        before = uses_of_ether(chain, senders[2])
        refused(signed.insurer("consent", "submit", "endings.json"), 1, "this was signed for")
        assert uses_of_ether(chain, senders[2]) == before

    def test_files_that_are_none(self, people, tmp_path):
        (tmp_path / "empty").write_text("{}")
        refused(people.insurer("consent", "submit", "empty"), 2, "careledgerEndings: missing")
        refused(people.insurer("consent", "submit", "nowhere"), 2, "cannot be read")

    def test_one_that_was_changed_is_refused_for_nothing_and_keeps_nothing_out(
        self, signed, tmp_path, chain, suite, senders
    ):
        consents = ConsentRegistry(chain, suite["ConsentRegistry"])
        document = json.loads((tmp_path / "endings.json").read_text())
        stranger = actor("a stranger")
        end = consents.messages.signed_revoke_all(
            stranger.address, KeySigner(actor("another")), 0, consents.time()
        )
        document["ends"] = [{"subject": end.subject, "epoch": 0} | end.signed.to_json()]
        document["ends"][0]["deadline"] += 86400
        (tmp_path / "endings.json").write_text(json.dumps(document))
        before = uses_of_ether(chain, senders[2])
        result = signed.insurer("consent", "submit", "endings.json", "--json")
        assert result.status == 1
        done, junk = json.loads(result.out)["consents"]
        assert (done["state"], junk["state"], junk["transactionHash"]) == ("done", "refused", None)
        assert "1 of 2 were refused" in result.err
        assert uses_of_ether(chain, senders[2]) == before + 1

    def test_what_a_contract_is_to_judge_is_not_paid_for(
        self, signed, tmp_path, chain, suite, senders
    ):
        document = json.loads((tmp_path / "endings.json").read_text())
        document["revocations"][0]["signer"] = suite["IdentityRegistry"]
        (tmp_path / "endings.json").write_text(json.dumps(document))
        before = uses_of_ether(chain, senders[2])
        result = signed.insurer("consent", "submit", "endings.json", "--json")
        assert result.status == 1
        assert "its owner has to hand it in" in result.err
        assert uses_of_ether(chain, senders[2]) == before

    def test_the_owner_of_a_stable_subject_ends_all_that_it_gave(
        self, people, chain, suite, senders, tmp_path
    ):
        consents = ConsentRegistry(chain, suite["ConsentRegistry"])
        subject = actor("a customer of many companies")
        end = consents.messages.signed_revoke_all(
            subject.address, KeySigner(subject), 0, consents.time().replace(year=2100)
        )
        (tmp_path / "endings.json").write_bytes(
            Endings.of(chain.chain_id, consents.address, [end]).write()
        )
        (done,) = read_document(people.insurer("consent", "submit", "endings.json", "--json"))[
            "consents"
        ]
        assert done["state"] == "done"
        assert consents.epoch(subject.address) > 0

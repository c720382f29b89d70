"""Credentials that a verifier on a real chain refuses: by issuer, status, consent, and replayed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from careledger.chain.rpc import Chain
from careledger.errors import NodeError, SettingsError
from careledger.identity.consent.messages import KeySigner
from careledger.identity.credentials import errors
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.did import format_did
from careledger.identity.status.readers import ChainStatusReader
from tests.support.refusals import because
from tests.worlds.identity.credentials import DAY, LIST, Book


class TestIssuers:
    def test_one_that_is_not_trusted(self, town):
        other = format_did(town.insurer.address, town.chain.chain_id)
        with because(errors.IssuerReason.UNTRUSTED_ISSUER):
            town.verify(town.present(town.choose(town.issue())), issuers=[other])

    def test_anybody(self, town):
        assert town.verify(town.present(town.choose(town.issue())), issuers=None).issuer == town.did

    @pytest.mark.parametrize(
        ("did", "error"),
        [
            ("did:web:bank.example", errors.IssuerReason.UNKNOWN_DID_METHOD),
            ("https://bank.example", errors.IssuerReason.UNKNOWN_DID_METHOD),
            ("did:ethr:0x1234", errors.IssuerReason.MALFORMED_ISSUER),
            (
                "did:ethr:0x7a69:0xf39Fd6e51aaD88F6F4ce6aB8827279cffFb92266",
                errors.IssuerReason.MALFORMED_ISSUER,
            ),
            (
                "did:ethr:nowhere:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
                errors.IssuerReason.MALFORMED_ISSUER,
            ),
            (
                "did:ethr:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
                errors.IssuerReason.UNKNOWN_CHAIN,
            ),
            ("did:ethr:0x" + "0" * 600, errors.IssuerReason.MALFORMED_ISSUER),
        ],
    )
    def test_one_that_cannot_be_resolved(self, town, did, error, calls):
        issuer = town.bank_key
        object.__setattr__(issuer, "did", did)
        presentation = town.present(town.choose(town.issue(issuer)))
        calls.clear()
        with because(error):
            town.verify(presentation)
        assert calls == ["eth_getBlockByNumber"]

    def test_a_node_without_logs_is_no_answer(self, town, monkeypatch):
        town.registry.set_attribute(
            town.bank.address, "did/svc/Care", b"https://bank.example", 10**6
        )
        presentation = town.present(town.choose(town.issue()))
        monkeypatch.setattr(Chain, "logs", lambda *_, **__: [])
        with pytest.raises(NodeError):
            town.verify(presentation)


class TestStatus:
    def test_revoked(self, town):
        presentation = town.present(town.choose(town.issue()))
        town.verify(presentation)
        town.status.revoke(town.bank.address, LIST, 300)
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            town.verify(presentation)

    def test_the_neighbour_is_not(self, town):
        town.status.revoke(town.bank.address, LIST, 301)
        town.verify(town.present(town.choose(town.issue())))

    def test_none_is_refused_unless_the_policy_says_otherwise(self, town):
        presentation = town.present(town.choose(town.issue(status=None)))
        with because(errors.StatusReason.STATUS_MISSING):
            town.verify(presentation)
        town.verify(presentation, status_required=False)

    def test_one_that_is_elsewhere(self, town):
        for changes, error in (
            ({"chain_id": 1}, errors.IssuerReason.UNKNOWN_CHAIN),
            ({"contract": town.insurer.address}, errors.IssuerReason.UNKNOWN_CHAIN),
            (
                {"contract": None, "chain_id": None, "issuer": None, "list_id": None},
                errors.StatusReason.STATUS_UNREADABLE,
            ),
        ):
            presentation = town.present(
                town.choose(town.issue(status=replace(town.reference(), **changes)))
            )
            with because(error):
                town.verify(presentation)


class TestConsent:
    def test_none_came(self, town):
        selection = town.choose(town.issue())
        consent = town.consent(selection.scope)
        town.grant(consent)
        with because(errors.ConsentReason.CONSENT_MISSING):
            town.verify(town.present(selection, consent), town.expected)
        with because(errors.ConsentReason.CONSENT_MISSING):
            town.verify(town.present(selection), town.expected, consent)

    def test_not_granted(self, town):
        selection = town.choose(town.issue())
        consent = town.consent(selection.scope)
        with because(errors.ConsentReason.CONSENT_UNKNOWN):
            town.verify(town.present(selection, consent), town.expected, consent)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"grantee": "0x" + "22" * 20}, errors.ConsentReason.GRANTEE_MISMATCH),
            ({"scope": b"\1" * 32}, errors.ConsentReason.SCOPE_MISMATCH),
            ({"purpose": b"\1" * 32}, errors.ConsentReason.PURPOSE_MISMATCH),
        ],
    )
    def test_about_something_else(self, town, changes, error):
        selection = town.choose(town.issue())
        consent = town.consent(**({"scope": selection.scope} | changes))
        town.grant(consent)
        with because(error):
            town.verify(town.present(selection, consent), town.expected, consent)

    def test_to_less_than_is_shown(self, town):
        credential = town.issue()
        consent = town.consent(town.choose(credential).scope)
        town.grant(consent)
        more = town.choose(credential, "age_over_18", "address", "given_name")
        with because(errors.ConsentReason.SCOPE_MISMATCH):
            town.verify(town.present(more, consent), town.expected, consent)

    def test_another_one_than_the_holder_signed_for(self, town):
        selection = town.choose(town.issue())
        one, other = town.consent(selection.scope), town.consent(selection.scope)
        for consent in (one, other):
            town.grant(consent)
        with because(errors.ConsentReason.CONSENT_MISMATCH):
            town.verify(town.present(selection, one), town.expected, other)

    def test_revoked(self, town):
        presentation, consent = town.agreed()
        town.verify(presentation, town.expected, consent)
        signed = town.consents.messages.signed_revocation(
            consent, KeySigner(town.subject), town.now + DAY
        )
        town.consents.using(town.relayer).revoke_by_sig(signed)
        with because(errors.ConsentReason.CONSENT_REVOKED):
            town.verify(presentation, town.expected, consent)

    def test_renounced(self, town):
        presentation, consent = town.agreed()
        town.consents.using(town.insurer).renounce(consent)
        with because(errors.ConsentReason.CONSENT_RENOUNCED):
            town.verify(presentation, town.expected, consent)

    def test_all_revoked_at_once(self, town):
        presentation, consent = town.agreed()
        end = town.consents.messages.signed_revoke_all(
            consent.subject, KeySigner(town.subject), 0, town.now + DAY
        )
        town.consents.using(town.relayer).revoke_all_by_sig(end)
        with because(errors.ConsentReason.CONSENT_EPOCH_ENDED):
            town.verify(presentation, town.expected, consent)

    def test_over(self, town, development):
        selection = town.choose(town.issue())
        consent = town.consent(selection.scope, expires_at=town.now + timedelta(seconds=30))
        town.grant(consent)
        presentation = town.present(selection, consent)
        town.verify(presentation, town.expected, consent)
        development.warp(consent.expiry)
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            town.verify(presentation, town.expected, consent)

    def test_without_a_reader_nothing_is_believed(self, town):
        presentation, consent = town.agreed()
        verifier = Verifier(
            town.registry, VerifierPolicy([town.did]), statuses=ChainStatusReader(town.status)
        )
        with pytest.raises(SettingsError):
            verifier.verify(presentation, town.expected, consent)


class TestReplay:
    def test_a_presentation_is_good_once(self, town):
        presentation, consent = town.agreed()
        verifier = town.verifier(nonces=Book())
        verifier.verify(presentation, town.expected, consent)
        with pytest.raises(errors.Replayed):
            verifier.verify(presentation, town.expected, consent)

    def test_a_refusal_does_not_use_the_request_up(self, town):
        presentation, consent = town.agreed()
        book = Book()
        verifier = town.verifier(nonces=book)
        with because(errors.ContentReason.WRONG_TYPE):
            verifier.verify(presentation, replace(town.expected, type="another"), consent)
        assert not book.spent

"""The verifier: what a credential says, who issued it, its status, and the consent to read it."""

from dataclasses import replace

import pytest

from careledger.errors import InputError, NodeError, SettingsError
from careledger.identity.consent.terms import ConsentRecord, ConsentStatus
from careledger.identity.credentials import errors
from careledger.identity.credentials.chain_checks import check_consent, check_status
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import (
    DAY,
    DID,
    EXPECTED,
    NOW,
    STATUS,
    VC_EXPECTED,
    Consents,
    QuietRegistry,
    Statuses,
    bound,
    chosen,
    consented,
    issued,
    part,
    presented,
    raw_token,
    sd_token,
    vc_issued,
    vc_presented,
    verify,
)


def _without(name):
    payload = part(issued(), 1) | {"age_over_18": True}
    del payload[name]
    return bound(raw_token(part(issued(), 0), payload) + "~")


class TestContent:
    def test_another_type(self):
        with because(errors.ContentReason.WRONG_TYPE):
            verify(presented(chosen(issued(vct="https://bank.example/other"))))

    @pytest.mark.parametrize("name", ["iss", "vct"])
    def test_without_issuer_or_type(self, name):
        with because(errors.TokenReason.MALFORMED_CLAIM, match=name):
            verify(_without(name))

    def test_a_claim_that_was_not_disclosed(self):
        with because(errors.ContentReason.CLAIM_MISSING, match="age_over_18"):
            verify(presented(chosen(None, "given_name")))
        wanted = replace(EXPECTED, claims=[["address", "country"], ["nationalities", None]])
        with because(errors.ContentReason.CLAIM_MISSING, match=r"nationalities\[\]"):
            verify(presented(), wanted)

    def test_a_claim_whose_value_is_null_was_disclosed(self):
        verify(
            presented(chosen(issued(claims={"age_over_18": None}, disclosable=None), "age_over_18"))
        )

    def test_too_large(self):
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            verify("~" + "A" * 65_536)


class TestIssuers:
    def test_one_that_is_not_trusted(self):
        with because(errors.IssuerReason.UNTRUSTED_ISSUER):
            verify(presented(), issuers=["did:ethr:0x7a69:0x" + "11" * 20])
        with because(errors.IssuerReason.UNTRUSTED_ISSUER):
            verify(presented(), issuers=[])
        assert verify(presented(), issuers=None).issuer == DID

    def test_a_policy_that_trusts_somebody_elsewhere(self):
        with because(errors.IssuerReason.UNKNOWN_CHAIN):
            verify(presented(), issuers=["did:ethr:0x1:0x" + "11" * 20])

    @pytest.mark.parametrize(
        ("did", "error"),
        [
            ("did:web:bank.example", errors.IssuerReason.UNKNOWN_DID_METHOD),
            ("did:key:z6Mk", errors.IssuerReason.UNKNOWN_DID_METHOD),
            ("did:ethr:0x7a69:0x12", errors.IssuerReason.MALFORMED_ISSUER),
            (
                "did:ethr:0x7a69:0x" + "11" * 20 + "?versionId=1",
                errors.IssuerReason.MALFORMED_ISSUER,
            ),
            ("did:ethr:nowhere:0x" + "11" * 20, errors.IssuerReason.MALFORMED_ISSUER),
            ("did:ethr:0x1:0x" + "11" * 20, errors.IssuerReason.UNKNOWN_CHAIN),
            ("did:ethr:0x" + "11" * 20, errors.IssuerReason.UNKNOWN_CHAIN),
            ("did:ethr:" + "a:" * 2000 + "0x" + "11" * 20, errors.IssuerReason.MALFORMED_ISSUER),
        ],
    )
    def test_one_that_cannot_be_resolved(self, did, error):
        with because(error):
            verify(sd_token({"age_over_18": True, "iss": did}))


class TestStatus:
    def test_withdrawn(self):
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            verify(presented(), statuses=Statuses(True))
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            verify(vc_presented(), VC_EXPECTED, statuses=Statuses(True))

    @pytest.mark.parametrize(
        "failure",
        [
            errors.StatusStale("the list is of last year"),
            errors.StatusError(errors.StatusReason.STATUS_UNREADABLE, "no list"),
            NodeError("no node"),
        ],
    )
    def test_what_the_reader_cannot_know_is_not_believed(self, failure):
        with pytest.raises(type(failure)):
            verify(presented(), statuses=Statuses(failure))

    def test_none(self):
        text = presented(chosen(issued(status=None)))
        with because(errors.StatusReason.STATUS_MISSING):
            verify(text)
        assert verify(text, status_required=False).status is None

    def test_nobody_to_ask(self):
        one = Verifier(QuietRegistry(), VerifierPolicy([DID]), clock=lambda: NOW)
        with pytest.raises(SettingsError):
            one.verify(presented(), EXPECTED)

    def test_kept_by_somebody_else(self):
        """Whoever stole an old key could sign credentials that the issuer cannot revoke."""
        elsewhere = replace(STATUS, issuer="0x" + "22" * 20)
        with because(errors.IssuerReason.UNTRUSTED_ISSUER, match="could not revoke"):
            verify(presented(chosen(issued(status=elsewhere))))

    def test_again_later(self):
        check_status(Statuses(False), STATUS)
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            check_status(Statuses(True), STATUS)

    @pytest.mark.parametrize(
        "status",
        [
            None,
            [],
            {},
            {"status_list": {}},
            {"status_list": {"idx": -1, "uri": "x"}},
            {"status_list": {"idx": True, "uri": "x"}},
            {"status_list": {"idx": "1", "uri": "x"}},
            {"status_list": {"idx": 1}},
            {"status_list": {"idx": 7, "uri": "x"}, "careledger": 7},
            {"status_list": {"idx": 7, "uri": "x"}, "careledger": {}},
            STATUS.sd_jwt_claim | {"careledger": STATUS.chain_part | {"index": 8}},
            STATUS.sd_jwt_claim | {"careledger": STATUS.chain_part | {"chainId": "1"}},
            STATUS.sd_jwt_claim | {"careledger": STATUS.chain_part | {"list": "0x12"}},
            STATUS.sd_jwt_claim | {"careledger": STATUS.chain_part | {"list": 7}},
            STATUS.sd_jwt_claim | {"careledger": STATUS.chain_part | {"issuer": None}},
            STATUS.sd_jwt_claim | {"careledger": STATUS.chain_part | {"contract": "x"}},
        ],
        ids=str,
    )
    def test_what_is_no_status(self, status):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(sd_token({"age_over_18": True, "status": status}))

    @pytest.mark.parametrize(
        "changes",
        [
            {"statusListIndex": 7},
            {"statusListIndex": "-1"},
            {"statusListIndex": "1" * 30},
            {"statusPurpose": "suspension"},
        ],
    )
    def test_what_is_no_entry(self, changes):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            StatusReference.from_vc_entry(STATUS.vc_entry | changes)

    def test_there_and_back(self):
        assert StatusReference.from_sd_jwt_claim(STATUS.sd_jwt_claim) == STATUS
        assert StatusReference.from_vc_entry(STATUS.vc_entry) == STATUS
        plain = StatusReference("https://x", 3)
        assert StatusReference.from_vc_entry([plain.vc_entry]) == plain
        with pytest.raises(InputError):
            _ = plain.chain_part


class TestConsent:
    @pytest.fixture
    def agreed(self):
        selection = chosen()
        consent, expected = consented(selection)
        return selection, consent, expected

    def test_given(self, agreed):
        selection, consent, expected = agreed
        text = presented(selection, consent=consent.id)
        assert verify(text, expected, consent, consents=Consents(consent)).consent_id == consent.id

    def test_for_a_w3c_credential(self):
        from careledger.identity.credentials.vc_jwt import vc_scope

        credential = vc_issued()
        consent, expected = consented(chosen(), scope=vc_scope(credential))
        text = vc_presented(credential, consent=consent.id)
        found = verify(text, replace(expected, type="Kyc"), consent, consents=Consents(consent))
        assert found.consent_id == consent.id

    def test_missing(self, agreed):
        selection, consent, expected = agreed
        for text, given in (
            (presented(selection, consent=consent.id), None),
            (presented(selection), consent),
        ):
            with because(errors.ConsentReason.CONSENT_MISSING):
                verify(text, expected, given, consents=Consents(consent))

    @pytest.mark.parametrize("named", ["0x12", 7, "x", "0x" + "zz" * 32, [], {}], ids=str)
    def test_no_id(self, agreed, named):
        selection, consent, expected = agreed
        with because(errors.TokenReason.MALFORMED_CLAIM, match="consent"):
            verify(
                bound(selection.token.text, consent=named),
                expected,
                consent,
                consents=Consents(consent),
            )

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"grantee": "0x" + "33" * 20}, errors.ConsentReason.GRANTEE_MISMATCH),
            ({"scope": b"\1" * 32}, errors.ConsentReason.SCOPE_MISMATCH),
            ({"purpose": b"\1" * 32}, errors.ConsentReason.PURPOSE_MISMATCH),
        ],
    )
    def test_about_something_else(self, changes, error):
        selection = chosen()
        consent, expected = consented(selection, **changes)
        with because(error):
            verify(
                presented(selection, consent=consent.id),
                expected,
                consent,
                consents=Consents(consent),
            )

    def test_another_one(self, agreed):
        selection, consent, expected = agreed
        other, _ = consented(selection, salt=b"\x70" * 32)
        with because(errors.ConsentReason.CONSENT_MISMATCH):
            verify(
                presented(selection, consent=other.id),
                expected,
                consent,
                consents=Consents(consent, other),
            )

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"status": ConsentStatus.NONE}, errors.ConsentReason.CONSENT_UNKNOWN),
            ({"status": ConsentStatus.REVOKED}, errors.ConsentReason.CONSENT_REVOKED),
            ({"status": ConsentStatus.RENOUNCED}, errors.ConsentReason.CONSENT_RENOUNCED),
            ({"subject": "0x" + "44" * 20}, errors.ConsentReason.SUBJECT_MISMATCH),
            ({"expires_at": NOW + 2 * DAY}, errors.ConsentReason.EXPIRY_MISMATCH),
            ({"epoch": 1}, errors.ConsentReason.CONSENT_EPOCH_ENDED),
        ],
    )
    def test_as_the_chain_has_it(self, agreed, changes, error):
        selection, consent, expected = agreed
        reader = Consents(consent)
        reader.records[consent.id] = replace(reader.records[consent.id], **changes)
        with because(error, match="0x"):
            verify(presented(selection, consent=consent.id), expected, consent, consents=reader)

    def test_over(self):
        selection = chosen()
        consent, expected = consented(selection, expires_at=NOW)
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            verify(
                presented(selection, consent=consent.id),
                expected,
                consent,
                consents=Consents(consent),
            )

    def test_again_later_by_its_id_alone(self, agreed):
        consent = agreed[1]
        assert isinstance(check_consent(Consents(consent), consent.id, NOW), ConsentRecord)
        with because(errors.ConsentReason.CONSENT_EPOCH_ENDED):
            check_consent(Consents(consent, epoch=1), consent.id, NOW)
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            check_consent(Consents(consent), consent.id, NOW + DAY)

    def test_nobody_to_ask(self, agreed):
        selection, consent, expected = agreed
        with pytest.raises(SettingsError):
            verify(presented(selection, consent=consent.id), expected, consent)

    def test_none_is_wanted(self, agreed):
        selection, consent, _ = agreed
        assert verify(presented(selection, consent=consent.id)).consent_id is None

"""Credentials from issuer to verifier, with keys, status and consent on a real chain."""

from dataclasses import replace
from datetime import timedelta

import pytest

from careledger.identity.credentials import did_keys as resolving
from careledger.identity.credentials import errors
from careledger.identity.credentials.did_keys import DidKeys, KeyPolicy
from careledger.identity.credentials.held_credential import present_vc
from careledger.identity.credentials.issuer import Issuer, Validity, issue_vc_jwt
from careledger.identity.credentials.jose import Jws
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.vc_jwt import vc_scope
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.did import format_did
from careledger.identity.status.readers import ChainStatusReader
from tests.support.evm import actor
from tests.support.refusals import because
from tests.worlds.identity.credentials import AUDIENCE, DAY, NONCE, VCT

ALGORITHMS = ["ES256K", "ES256K-R", "ES256", "EdDSA"]


class TestTheWholeWay:
    def test_the_insurer_sees_two_claims_and_nothing_else(self, town):
        presentation, consent = town.agreed()
        found = town.verify(presentation, town.expected, consent)
        assert found.get("age_over_18") is True
        assert found.get(["address", "country"]) == "ES"
        assert found.get("given_name") is None
        assert "Gran" not in str(found.claims)
        assert (found.issuer, found.issuer_key) == (town.did, f"{town.did}#controller")
        assert (found.consent_id, found.scope, found.type) == (consent.id, consent.terms.scope, VCT)
        assert found.disclosed == (("address",), ("age_over_18",))
        assert found.key_valid_now
        assert found.holder == town.holder.public.thumbprint

    def test_its_text_shows_no_value(self, town):
        presentation, consent = town.agreed(
            town.issue(disclosable=["age_over_18", "given_name", ["address", "street"]])
        )
        assert "ES" not in repr(town.verify(presentation, town.expected, consent)).replace(
            "ES256", ""
        )

    def test_seven_calls_and_six_when_the_time_of_the_block_is_known(self, town, calls):
        town.registry.set_attribute(
            town.bank.address, "did/svc/Care", b"https://bank.example", 10**6
        )
        presentation, consent = town.agreed()
        verifier = town.verifier()
        calls.clear()
        verifier.verify(presentation, town.expected, consent)
        assert len(calls) == 7
        calls.clear()
        verifier.verify(presentation, town.expected, consent)
        assert len(calls) == 6

    def test_five_calls_where_the_issuer_never_changed_its_document(self, town, calls):
        presentation, consent = town.agreed()
        verifier = town.verifier()
        calls.clear()
        verifier.verify(presentation, town.expected, consent)
        assert len(calls) == 5

    def test_a_holder_checks_what_it_was_given(self, town):
        found = town.verifier().check(town.issue(), VCT)
        assert found.claims["given_name"] == "Ana"
        assert found.holder is None

    def test_a_presentation_is_no_credential(self, town):
        with pytest.raises(errors.MalformedToken):
            town.verifier().check(town.present(town.choose(town.issue())))

    def test_vc_jwt(self, town):
        customer = town.subject
        did = format_did(customer.address, town.chain.chain_id)
        credential = issue_vc_jwt(
            town.bank_key,
            ["Kyc"],
            did,
            {"age_over_18": True, "address": {"country": "ES"}},
            Validity(town.now, town.now + DAY),
            status=town.reference(),
        )
        assert town.verifier().check(credential, "Kyc").subject == did
        consent = town.consent(vc_scope(credential))
        town.grant(consent)
        holder = Issuer(did, SigningKey.of_account(customer))
        presentation = present_vc(
            [credential], holder, audience=AUDIENCE, nonce=NONCE, at=town.now, consent=consent.id
        )
        found = town.verify(presentation, replace(town.expected, type="Kyc"), consent)
        assert found.get(["address", "country"]) == "ES"
        assert (found.holder, found.consent_id) == (did, consent.id)


class TestKeys:
    @pytest.fixture
    def published(self, town):
        def publish(alg):
            key = SigningKey(alg, b"\6" * 32)
            name, value = key.attribute
            town.registry.set_attribute(town.bank.address, name, value, 10 * DAY)
            return key

        return publish

    @pytest.mark.parametrize("alg", ALGORITHMS)
    @pytest.mark.parametrize("named", [True, False], ids=["kid", "no kid"])
    def test_of_every_type_by_attribute(self, town, published, alg, named):
        key = published(alg)
        kid = f"{town.did}#delegate-1" if named else None
        presentation = town.present(town.choose(town.issue(Issuer(town.did, key, kid))))
        assert town.verify(presentation).issuer_key == f"{town.did}#delegate-1"

    @pytest.mark.parametrize("alg", ["ES256K", "ES256K-R"])
    def test_of_the_controller_and_of_a_delegate(self, town, alg):
        delegate = actor("the bank's clerk")
        town.registry.add_delegate(town.bank.address, "veriKey", delegate.address, DAY)
        for account, fragment in ((town.bank.account, "controller"), (delegate, "delegate-1")):
            issuer = Issuer(town.did, SigningKey.of_account(account, alg))
            found = town.verify(town.present(town.choose(town.issue(issuer))))
            assert found.issuer_key == f"{town.did}#{fragment}"

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_of_holders(self, town, alg):
        holder = SigningKey(alg, b"\11" * 32)
        selection = town.choose(town.issue(holder=holder.public))
        assert (
            town.verify(town.present(selection, holder=holder)).holder == holder.public.thumbprint
        )

    def test_a_stranger_signs_in_vain(self, town):
        issuer = Issuer(town.did, SigningKey("ES256K", b"\3" * 32))
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_no_key_of_the_type(self, town):
        issuer = Issuer(town.did, SigningKey("EdDSA", b"\3" * 32))
        with because(errors.SignatureReason.KEY_TYPE_MISMATCH):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_the_key_that_is_named_is_of_another_type(self, town, published):
        published("EdDSA")
        issuer = Issuer(
            town.did, SigningKey.of_account(town.bank.account), f"{town.did}#delegate-1"
        )
        with because(errors.SignatureReason.KEY_TYPE_MISMATCH, match="ES256K"):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_key_that_never_was(self, town):
        issuer = Issuer(town.did, SigningKey("ES256K", b"\3" * 32), f"{town.did}#delegate-9")
        with because(errors.IssuerReason.ISSUER_KEY_UNKNOWN):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_key_of_another_identity(self, town):
        other = format_did(town.insurer.address, town.chain.chain_id)
        signs = SigningKey.of_account(town.insurer.account)
        issuer = Issuer(town.did, signs)
        object.__setattr__(issuer, "kid", f"{other}#controller")
        with because(errors.IssuerReason.ISSUER_KEY_UNKNOWN):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_key_for_encryption_signs_nothing(self, town):
        key = SigningKey("ES256K", b"\6" * 32)
        town.registry.set_attribute(
            town.bank.address, "did/pub/Secp256k1/enc/hex", key.public.raw, DAY
        )
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            town.verify(town.present(town.choose(town.issue(Issuer(town.did, key)))))


class TestHoldersOfW3cCredentials:
    """A key for authentication has to sign a presentation; one only for assertions does not do."""

    @pytest.fixture
    def customer(self, senders):
        return senders[3]

    def shown(self, town, customer, key):
        did = format_did(customer.address, town.chain.chain_id)
        validity = Validity(town.now, town.now + DAY)
        credential = issue_vc_jwt(
            town.bank_key, ["Kyc"], did, {"a": 1}, validity, status=town.reference()
        )
        return present_vc(
            [credential], Issuer(did, key), audience=AUDIENCE, nonce=NONCE, at=town.now
        )

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_by_a_key_for_authentication(self, town, customer, alg):
        key = SigningKey(alg, b"\6" * 32)
        name, value = key.attribute
        town.registry.using(customer).set_attribute(
            customer.address, name.replace("veriKey", "sigAuth"), value, DAY
        )
        found = town.verify(
            self.shown(town, customer, key), replace(town.reading, type="Kyc", claims=["a"])
        )
        assert found.holder == found.subject

    def test_not_by_a_key_for_assertions(self, town, customer):
        phone = actor("the customer's phone")
        town.registry.using(customer).add_delegate(customer.address, "veriKey", phone.address, DAY)
        with because(errors.IssuerReason.KEY_ROTATED, match="for this purpose"):
            town.verify(
                self.shown(town, customer, SigningKey.of_account(phone)),
                replace(town.reading, type="Kyc", claims=["a"]),
            )


class TestRotation:
    """The key counts as of the time of signing; whoever wants more says so."""

    @pytest.fixture
    def rotated(self, town, development):
        """Return a credential by a controller that was replaced afterwards, and the new account."""
        credential = town.issue()
        successor = actor("the bank's new key")
        development.warp(town.chain.timestamp() + 1000)
        town.registry.change_owner(town.bank.address, successor.address)
        development.warp(town.chain.timestamp() + 1000)
        return credential, successor

    def test_what_was_signed_before_counts(self, town, rotated):
        found = town.verify(town.present(town.choose(rotated[0])))
        assert not found.key_valid_now

    def test_the_strict_policy_refuses_it(self, town, rotated):
        with because(errors.IssuerReason.KEY_ROTATED, match="valid now"):
            town.verify(town.present(town.choose(rotated[0])), keys=KeyPolicy.NOW)

    def test_what_the_old_key_signs_afterwards_does_not(self, town, rotated):
        with because(errors.IssuerReason.KEY_ROTATED, match="rotated out"):
            town.verify(town.present(town.choose(town.issue())))

    def test_what_the_new_key_signs_counts_and_not_before(self, town, rotated):
        issuer = Issuer(town.did, SigningKey.of_account(rotated[1]), f"{town.did}#controller")
        assert town.verify(
            town.present(town.choose(town.issue(issuer))), keys=KeyPolicy.NOW
        ).key_valid_now
        with because(errors.IssuerReason.KEY_ROTATED, match="came later"):
            town.verify(
                town.present(town.choose(town.issue(issuer, at=town.now - timedelta(seconds=1500))))
            )

    def test_the_only_key_of_its_type_signs_before_it_is_published(self, town, development):
        early, key = town.now, SigningKey("ES256", b"\6" * 32)
        development.warp(town.chain.timestamp() + 1000)
        town.registry.set_attribute(town.bank.address, *key.attribute, 10_000)
        assert town.verify(town.present(town.choose(town.issue(Issuer(town.did, key)))))
        with because(errors.IssuerReason.KEY_ROTATED, match="came later"):
            town.verify(town.present(town.choose(town.issue(Issuer(town.did, key), at=early))))

    def test_a_delegate_that_expired_counts_for_what_it_signed_in_time(self, town, development):
        clerk = actor("the bank's clerk")
        town.registry.add_delegate(town.bank.address, "veriKey", clerk.address, 100)
        issuer = Issuer(town.did, SigningKey.of_account(clerk))
        early = town.issue(issuer)
        development.warp(town.chain.timestamp() + 1000)
        assert town.verify(town.present(town.choose(early))).issuer_key.endswith("#delegate-1")
        with because(errors.IssuerReason.KEY_ROTATED, match="expired"):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_deactivated_identity(self, town, development):
        early = town.issue()
        development.warp(town.chain.timestamp() + 1000)
        town.registry.deactivate(town.bank.address)
        development.warp(town.chain.timestamp() + 1000)
        assert not town.verify(town.present(town.choose(early))).key_valid_now
        with because(errors.IssuerReason.IDENTITY_DEACTIVATED):
            town.verify(town.present(town.choose(early)), keys=KeyPolicy.NOW)
        with because(errors.IssuerReason.IDENTITY_DEACTIVATED):
            town.verify(town.present(town.choose(town.issue())))

    def test_a_long_history_is_searched_in_few_calls_and_remembered(self, town, development, calls):
        expected = []
        for turn in range(40):
            key = SigningKey("ES256", bytes([turn + 1]) * 32)
            name, value = key.attribute
            town.registry.set_attribute(town.bank.address, name, value, 10)
            expected.append((f"{town.did}#delegate-{turn + 1}", town.issue(Issuer(town.did, key))))
            development.warp(town.chain.timestamp() + 100)
        keys = DidKeys(town.registry)
        verifier = Verifier(
            town.registry,
            VerifierPolicy([town.did]),
            statuses=ChainStatusReader(town.status),
            keys=keys,
        )
        calls.clear()
        for kid, credential in expected[:1]:
            assert verifier.check(credential).issuer_key == kid
        assert len(calls) <= 11
        for kid, credential in expected:
            assert verifier.check(credential).issuer_key == kid
        calls.clear()
        verifier.check(expected[7][1])
        assert len(calls) == 4

    def test_its_memory_of_block_times_is_bounded(self, town, development, monkeypatch):
        monkeypatch.setattr(resolving, "_REMEMBERED_TIMES", 1)
        keys = DidKeys(town.registry)
        for _ in range(3):
            town.registry.set_attribute(
                town.bank.address, "did/pub/RSA/veriKey/pem", b"-----BEGIN", 10**6
            )
            development.warp(town.chain.timestamp() + 100)
            jws = Jws.parse(town.issue().split("~")[0], {"dc+sd-jwt"})
            assert keys.check(jws, town.did, town.now).valid_now
        assert len(keys._times) == 1
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            keys.check(replace(jws, signature=bytes(64)), town.did, town.now)

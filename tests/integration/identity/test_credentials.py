"""Credentials from issuer to verifier, with the issuer's keys, the status and the consent on a real chain."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from careledger.chain.rpc import Chain
from careledger.errors import NodeError, SettingsError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.messages import KeySigner
from careledger.identity.consent.terms import Consent, Terms, purpose_of
from careledger.identity.credentials import errors, resolving
from careledger.identity.credentials.asking import Expected, ExpectedConsent, Policy
from careledger.identity.credentials.formats import StatusReference
from careledger.identity.credentials.issuing import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.jose import parse
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.presenting import Holding, present_vc, vc_scope
from careledger.identity.credentials.resolving import DidKeys, KeyPolicy
from careledger.identity.credentials.verifying import Verifier
from careledger.identity.did import format_did
from careledger.identity.status.client import ChainStatus, CredentialStatus
from tests.support.evm import actor

VCT, LIST = "https://bank.example/kyc/1", b"\7" * 32
CLAIMS = {"given_name": "Ana", "age_over_18": True, "address": {"street": "Gran Vía 1", "country": "ES"}}
KEPT = ["given_name", "age_over_18", "address", ["address", "street"]]
NONCE, AUDIENCE = "n-0S6_WzA2Mj8dVkQ", "https://insurer.example"
DAY = timedelta(days=1)
ALGORITHMS = ["ES256K", "ES256K-R", "ES256", "EdDSA"]


class Book:
    """Nonces that were spent."""

    def __init__(self):
        self.spent = set()

    def spend(self, nonce):
        fresh = nonce not in self.spent
        self.spent.add(nonce)
        return fresh


@dataclass
class Town:
    """A bank that issues, an insurer that reads, a customer, and the contracts between them."""

    registry: object
    consents: ConsentRegistry
    status: CredentialStatus
    bank: object
    insurer: object
    relayer: object
    chain: Chain

    @property
    def did(self):
        return format_did(self.bank.address, self.chain.chain_id)

    @property
    def now(self):
        return datetime.fromtimestamp(self.chain.timestamp(), UTC)

    @property
    def bank_key(self):
        return Issuer(self.did, SigningKey.of_account(self.bank.account), f"{self.did}#controller")

    def reference(self, index=300):
        return StatusReference(
            "https://bank.example/status/1", index, self.chain.chain_id, self.status.address, self.bank.address, LIST
        )

    def issue(self, issuer=None, at=None, **changes):
        at = at or self.now
        given = {"holder": self.holder.public, "status": self.reference(), "disclosable": KEPT} | changes
        claims, vct = given.pop("claims", CLAIMS), given.pop("vct", VCT)
        return issue_sd_jwt(issuer or self.bank_key, vct, claims, Validity(at, at + 30 * DAY), **given)

    @property
    def holder(self):
        return SigningKey("ES256", b"\5" * 32)

    @property
    def subject(self):
        return actor("a customer's key for one consent")

    def choose(self, credential, *paths):
        return Holding.read(credential).choose(paths or ("age_over_18", ("address", "country")))

    def consent(self, scope, **changes):
        terms = {
            "grantee": self.insurer.address,
            "scope": scope,
            "purpose": purpose_of(NONCE, "Offer you a policy", "https://insurer.example/terms"),
        }
        expires_at = changes.pop("expires_at", self.now + DAY)
        return Consent(changes.pop("subject", self.subject.address), expires_at, Terms(**(terms | changes)))

    def grant(self, consent):
        epoch = self.consents.epoch(consent.subject)
        signer = KeySigner(self.subject)
        act = self.consents.domain.signed_grant(consent, signer, epoch, self.now + DAY)
        return self.consents.using(self.relayer).grant_by_sig(act)

    def present(self, selection, consent=None, **changes):
        given = {"audience": AUDIENCE, "nonce": NONCE, "at": self.now} | changes
        return selection.present(given.pop("holder", self.holder), consent=consent and consent.id, **given)

    @property
    def expected(self):
        purpose = purpose_of(NONCE, "Offer you a policy", "https://insurer.example/terms")
        return Expected(
            AUDIENCE,
            NONCE,
            VCT,
            claims=["age_over_18", ["address", "country"]],
            consent=ExpectedConsent(self.insurer.address, purpose),
        )

    @property
    def reading(self):
        """What an insurer expects who needs no consent."""
        return replace(self.expected, consent=None)

    def verifier(self, nonces=None, **policy):
        return Verifier(
            self.registry,
            Policy(**({"issuers": [self.did]} | policy)),
            consents=self.consents,
            statuses=ChainStatus(self.status),
            nonces=nonces,
        )

    def agreed(self, credential=None):
        """Return a presentation and the consent to it, granted."""
        selection = self.choose(credential or self.issue())
        consent = self.consent(selection.scope)
        self.grant(consent)
        return self.present(selection, consent), consent

    def verify(self, presentation, expected=None, consent=None, **policy):
        return self.verifier(**policy).verify(presentation, expected or self.reading, consent)


@pytest.fixture
def town(chain, suite, senders, registry):
    return Town(
        registry,
        ConsentRegistry(chain, suite["ConsentRegistry"]),
        CredentialStatus(chain, suite["CredentialStatus"], senders[1]),
        bank=senders[1],
        insurer=senders[2],
        relayer=senders[5],
        chain=chain,
    )


@pytest.fixture
def calls(chain, monkeypatch):
    """Return the list of requests to the node."""
    made = []
    request = Chain.request

    def counted(self, method, *params):
        made.append(method)
        return request(self, method, *params)

    monkeypatch.setattr(Chain, "request", counted)
    return made


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
        assert "ES" not in repr(town.verify(presentation, town.expected, consent)).replace("ES256", "")

    def test_few_calls_and_less_than_a_second(self, town, calls):
        town.registry.set_attribute(town.bank.address, "did/svc/Care", b"https://bank.example", 10**6)
        presentation, consent = town.agreed()
        verifier = town.verifier()
        calls.clear()
        begin = time.perf_counter()
        verifier.verify(presentation, town.expected, consent)
        assert time.perf_counter() - begin < 1
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
        presentation = present_vc([credential], holder, audience=AUDIENCE, nonce=NONCE, at=town.now, consent=consent.id)
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
        assert town.verify(town.present(selection, holder=holder)).holder == holder.public.thumbprint

    def test_a_stranger_signs_in_vain(self, town):
        issuer = Issuer(town.did, SigningKey("ES256K", b"\3" * 32))
        with pytest.raises(errors.SignatureInvalid):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_no_key_of_the_type(self, town):
        issuer = Issuer(town.did, SigningKey("EdDSA", b"\3" * 32))
        with pytest.raises(errors.KeyTypeMismatch):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_the_key_that_is_named_is_of_another_type(self, town, published):
        published("EdDSA")
        issuer = Issuer(town.did, SigningKey.of_account(town.bank.account), f"{town.did}#delegate-1")
        with pytest.raises(errors.KeyTypeMismatch, match="ES256K"):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_key_that_never_was(self, town):
        issuer = Issuer(town.did, SigningKey("ES256K", b"\3" * 32), f"{town.did}#delegate-9")
        with pytest.raises(errors.IssuerKeyUnknown):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_key_of_another_identity(self, town):
        other = format_did(town.insurer.address, town.chain.chain_id)
        signs = SigningKey.of_account(town.insurer.account)
        issuer = Issuer(town.did, signs)
        object.__setattr__(issuer, "kid", f"{other}#controller")
        with pytest.raises(errors.IssuerKeyUnknown):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_key_for_encryption_signs_nothing(self, town):
        key = SigningKey("ES256K", b"\6" * 32)
        town.registry.set_attribute(town.bank.address, "did/pub/Secp256k1/enc/hex", key.public.raw, DAY)
        with pytest.raises(errors.SignatureInvalid):
            town.verify(town.present(town.choose(town.issue(Issuer(town.did, key)))))


class TestHoldersOfW3cCredentials:
    """A presentation is signed by a key for authentication; one for assertions alone does not do."""

    @pytest.fixture
    def customer(self, senders):
        return senders[3]

    def shown(self, town, customer, key):
        did = format_did(customer.address, town.chain.chain_id)
        validity = Validity(town.now, town.now + DAY)
        credential = issue_vc_jwt(town.bank_key, ["Kyc"], did, {"a": 1}, validity, status=town.reference())
        return present_vc([credential], Issuer(did, key), audience=AUDIENCE, nonce=NONCE, at=town.now)

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_by_a_key_for_authentication(self, town, customer, alg):
        key = SigningKey(alg, b"\6" * 32)
        name, value = key.attribute
        town.registry.using(customer).set_attribute(customer.address, name.replace("veriKey", "sigAuth"), value, DAY)
        found = town.verify(self.shown(town, customer, key), replace(town.reading, type="Kyc", claims=["a"]))
        assert found.holder == found.subject

    def test_not_by_a_key_for_assertions(self, town, customer):
        phone = actor("the customer's phone")
        town.registry.using(customer).add_delegate(customer.address, "veriKey", phone.address, DAY)
        with pytest.raises(errors.KeyRotated, match="for this purpose"):
            town.verify(
                self.shown(town, customer, SigningKey.of_account(phone)),
                replace(town.reading, type="Kyc", claims=["a"]),
            )


class TestRotation:
    """The key counts as of the time of signing; whoever wants more says so."""

    @pytest.fixture
    def rotated(self, town, development):
        """Return a credential of the controller whose key was rotated afterwards, and the new controller's account."""
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
        with pytest.raises(errors.KeyRotated, match="valid now"):
            town.verify(town.present(town.choose(rotated[0])), keys=KeyPolicy.NOW)

    def test_what_the_old_key_signs_afterwards_does_not(self, town, rotated):
        with pytest.raises(errors.KeyRotated, match="rotated out"):
            town.verify(town.present(town.choose(town.issue())))

    def test_what_the_new_key_signs_counts_and_not_before(self, town, rotated):
        issuer = Issuer(town.did, SigningKey.of_account(rotated[1]), f"{town.did}#controller")
        assert town.verify(town.present(town.choose(town.issue(issuer))), keys=KeyPolicy.NOW).key_valid_now
        with pytest.raises(errors.KeyRotated, match="came later"):
            town.verify(town.present(town.choose(town.issue(issuer, at=town.now - timedelta(seconds=1500)))))

    def test_the_only_key_of_its_type_signs_before_it_is_published(self, town, development):
        early, key = town.now, SigningKey("ES256", b"\6" * 32)
        development.warp(town.chain.timestamp() + 1000)
        town.registry.set_attribute(town.bank.address, *key.attribute, 10_000)
        assert town.verify(town.present(town.choose(town.issue(Issuer(town.did, key)))))
        with pytest.raises(errors.KeyRotated, match="came later"):
            town.verify(town.present(town.choose(town.issue(Issuer(town.did, key), at=early))))

    def test_a_delegate_that_expired_counts_for_what_it_signed_in_time(self, town, development):
        clerk = actor("the bank's clerk")
        town.registry.add_delegate(town.bank.address, "veriKey", clerk.address, 100)
        issuer = Issuer(town.did, SigningKey.of_account(clerk))
        early = town.issue(issuer)
        development.warp(town.chain.timestamp() + 1000)
        assert town.verify(town.present(town.choose(early))).issuer_key.endswith("#delegate-1")
        with pytest.raises(errors.KeyRotated, match="expired"):
            town.verify(town.present(town.choose(town.issue(issuer))))

    def test_a_deactivated_identity(self, town, development):
        early = town.issue()
        development.warp(town.chain.timestamp() + 1000)
        town.registry.deactivate(town.bank.address)
        development.warp(town.chain.timestamp() + 1000)
        assert not town.verify(town.present(town.choose(early))).key_valid_now
        with pytest.raises(errors.IdentityDeactivated):
            town.verify(town.present(town.choose(early)), keys=KeyPolicy.NOW)
        with pytest.raises(errors.IdentityDeactivated):
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
        verifier = Verifier(town.registry, Policy([town.did]), statuses=ChainStatus(town.status), keys=keys)
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
        monkeypatch.setattr(resolving, "_REMEMBERED", 1)
        keys = DidKeys(town.registry)
        for _ in range(3):
            town.registry.set_attribute(town.bank.address, "did/pub/RSA/veriKey/pem", b"-----BEGIN", 10**6)
            development.warp(town.chain.timestamp() + 100)
            jws = parse(town.issue().split("~")[0], {"dc+sd-jwt"})
            assert keys.check(jws, town.did, town.now).valid_now
        assert len(keys._times) == 1
        with pytest.raises(errors.SignatureInvalid):
            keys.check(replace(jws, signature=bytes(64)), town.did, town.now)


class TestIssuers:
    def test_one_that_is_not_trusted(self, town):
        other = format_did(town.insurer.address, town.chain.chain_id)
        with pytest.raises(errors.UntrustedIssuer):
            town.verify(town.present(town.choose(town.issue())), issuers=[other])

    def test_anybody(self, town):
        assert town.verify(town.present(town.choose(town.issue())), issuers=None).issuer == town.did

    @pytest.mark.parametrize(
        ("did", "error"),
        [
            ("did:web:bank.example", errors.UnknownDidMethod),
            ("https://bank.example", errors.UnknownDidMethod),
            ("did:ethr:0x1234", errors.MalformedIssuer),
            ("did:ethr:0x7a69:0xf39Fd6e51aaD88F6F4ce6aB8827279cffFb92266", errors.MalformedIssuer),
            ("did:ethr:nowhere:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", errors.MalformedIssuer),
            ("did:ethr:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", errors.UnknownChain),
            ("did:ethr:0x" + "0" * 600, errors.MalformedIssuer),
        ],
    )
    def test_one_that_cannot_be_resolved(self, town, did, error, calls):
        issuer = town.bank_key
        object.__setattr__(issuer, "did", did)
        presentation = town.present(town.choose(town.issue(issuer)))
        calls.clear()
        with pytest.raises(error):
            town.verify(presentation)
        assert calls == ["eth_getBlockByNumber"]

    def test_a_node_without_logs_is_no_answer(self, town, monkeypatch):
        town.registry.set_attribute(town.bank.address, "did/svc/Care", b"https://bank.example", 10**6)
        presentation = town.present(town.choose(town.issue()))
        monkeypatch.setattr(Chain, "logs", lambda *_, **__: [])
        with pytest.raises(NodeError):
            town.verify(presentation)


class TestStatus:
    def test_revoked(self, town):
        presentation = town.present(town.choose(town.issue()))
        town.verify(presentation)
        town.status.revoke(town.bank.address, LIST, 300)
        with pytest.raises(errors.CredentialRevoked):
            town.verify(presentation)

    def test_the_neighbour_is_not(self, town):
        town.status.revoke(town.bank.address, LIST, 301)
        town.verify(town.present(town.choose(town.issue())))

    def test_none_is_refused_unless_the_policy_says_otherwise(self, town):
        presentation = town.present(town.choose(town.issue(status=None)))
        with pytest.raises(errors.StatusMissing):
            town.verify(presentation)
        town.verify(presentation, status_required=False)

    def test_one_that_is_elsewhere(self, town):
        for changes, error in (
            ({"chain_id": 1}, errors.UnknownChain),
            ({"contract": town.insurer.address}, errors.UnknownChain),
            ({"contract": None, "chain_id": None, "issuer": None, "list_id": None}, errors.StatusUnreadable),
        ):
            presentation = town.present(town.choose(town.issue(status=replace(town.reference(), **changes))))
            with pytest.raises(error):
                town.verify(presentation)


class TestConsent:
    def test_none_came(self, town):
        selection = town.choose(town.issue())
        consent = town.consent(selection.scope)
        town.grant(consent)
        with pytest.raises(errors.ConsentMissing):
            town.verify(town.present(selection, consent), town.expected)
        with pytest.raises(errors.ConsentMissing):
            town.verify(town.present(selection), town.expected, consent)

    def test_not_granted(self, town):
        selection = town.choose(town.issue())
        consent = town.consent(selection.scope)
        with pytest.raises(errors.ConsentUnknown):
            town.verify(town.present(selection, consent), town.expected, consent)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"grantee": "0x" + "22" * 20}, errors.GranteeMismatch),
            ({"scope": b"\1" * 32}, errors.ScopeMismatch),
            ({"purpose": b"\1" * 32}, errors.PurposeMismatch),
        ],
    )
    def test_about_something_else(self, town, changes, error):
        selection = town.choose(town.issue())
        consent = town.consent(**({"scope": selection.scope} | changes))
        town.grant(consent)
        with pytest.raises(error):
            town.verify(town.present(selection, consent), town.expected, consent)

    def test_to_less_than_is_shown(self, town):
        credential = town.issue()
        consent = town.consent(town.choose(credential).scope)
        town.grant(consent)
        more = town.choose(credential, "age_over_18", "address", "given_name")
        with pytest.raises(errors.ScopeMismatch):
            town.verify(town.present(more, consent), town.expected, consent)

    def test_another_one_than_the_holder_signed_for(self, town):
        selection = town.choose(town.issue())
        one, other = town.consent(selection.scope), town.consent(selection.scope)
        for consent in (one, other):
            town.grant(consent)
        with pytest.raises(errors.ConsentMismatch):
            town.verify(town.present(selection, one), town.expected, other)

    def test_revoked(self, town):
        presentation, consent = town.agreed()
        town.verify(presentation, town.expected, consent)
        signed = town.consents.domain.signed_revocation(consent, KeySigner(town.subject), town.now + DAY)
        town.consents.using(town.relayer).revoke_by_sig(signed)
        with pytest.raises(errors.ConsentRevoked):
            town.verify(presentation, town.expected, consent)

    def test_renounced(self, town):
        presentation, consent = town.agreed()
        town.consents.using(town.insurer).renounce(consent)
        with pytest.raises(errors.ConsentRenounced):
            town.verify(presentation, town.expected, consent)

    def test_all_revoked_at_once(self, town):
        presentation, consent = town.agreed()
        end = town.consents.domain.signed_end(consent.subject, KeySigner(town.subject), 0, town.now + DAY)
        town.consents.using(town.relayer).revoke_all_by_sig(end)
        with pytest.raises(errors.ConsentEpochEnded):
            town.verify(presentation, town.expected, consent)

    def test_over(self, town, development):
        selection = town.choose(town.issue())
        consent = town.consent(selection.scope, expires_at=town.now + timedelta(seconds=30))
        town.grant(consent)
        presentation = town.present(selection, consent)
        town.verify(presentation, town.expected, consent)
        development.warp(consent.expiry)
        with pytest.raises(errors.ConsentExpired):
            town.verify(presentation, town.expected, consent)

    def test_without_a_reader_nothing_is_believed(self, town):
        presentation, consent = town.agreed()
        verifier = Verifier(town.registry, Policy([town.did]), statuses=ChainStatus(town.status))
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
        with pytest.raises(errors.WrongType):
            verifier.verify(presentation, replace(town.expected, type="another"), consent)
        assert not book.spent

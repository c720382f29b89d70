"""The bytes and hashes on docs/protocol/identity-credentials.md are what the code makes."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from eth_utils.crypto import keccak

from careledger.chain.toolchain import ROOT
from careledger.identity.consent.terms import Consent, ConsentTerms, use_commitment
from careledger.identity.credentials import errors
from careledger.identity.credentials.held_credential import HeldCredential, present_vc
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.jose import LIMITS, decode, encode
from careledger.identity.credentials.keys import ATTRIBUTES, KEY_TYPES, SigningKey
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifierPolicy,
)
from careledger.identity.credentials.sd_jwt import NEVER_DISCLOSED, SdJwt
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import Consents, QuietRegistry, Statuses, part

PAGE = (ROOT / "docs" / "protocol" / "identity-credentials.md").read_text()
TEXT = re.sub(r"\s+", " ", PAGE)
JOINED = re.sub(r"\s+", "", PAGE)
ISSUED, PRESENTED, EXPIRES = (
    datetime.fromtimestamp(at, UTC) for at in (1_800_000_000, 1_800_000_100, 1_900_000_000)
)
BANK = SigningKey("ES256K", keccak(text="careledger example"))
HOLDER = SigningKey("ES256", keccak(text="careledger example holder"))
DID = f"did:ethr:0x7a69:{BANK.address}"
VCT, AUDIENCE, NONCE = "https://bank.example/kyc/1", "https://insurer.example", "n-0S6_WzA2Mj8dVkQ"
STATUS = StatusReference(
    "https://bank.example/status/1", 300, 31337, "0x" + "11" * 20, BANK.address, b"\4" * 32
)
CLAIMS = {
    "given_name": "Ana",
    "age_over_18": True,
    "address": {"street": "Gran Via 1", "country": "ES"},
}


def issuer(key=BANK):
    return Issuer(DID, key, f"{DID}#controller")


def example():
    numbers = iter(range(100))
    return issue_sd_jwt(
        issuer(),
        VCT,
        CLAIMS | {"nationalities": ["ES", "FR"]},
        Validity(ISSUED, EXPIRES),
        holder=HOLDER.public,
        disclosable=["given_name", "age_over_18", ["address", "street"], ["nationalities", None]],
        status=STATUS,
        salts=lambda size: bytes([next(numbers)]) * size,
    )


def consent(scope):
    terms = ConsentTerms("0x" + "22" * 20, scope, b"\2" * 32, b"\3" * 32)
    return Consent("0x" + "33" * 20, EXPIRES, terms)


def presentation():
    selection = HeldCredential.parse(example()).select(["age_over_18", ["address", "country"]])
    agreed = consent(selection.scope)
    shown = selection.present(
        HOLDER, audience=AUDIENCE, nonce=NONCE, at=PRESENTED, consent=agreed.id
    )
    return selection, agreed, shown


def in_page(value):
    """Say whether the page has a value; bytes in hexadecimal, long texts in several lines."""
    text = "0x" + value.hex() if isinstance(value, bytes) else value
    return re.sub(r"\s+", "", text) in JOINED


class TestTheExample:
    def test_the_keys(self):
        assert in_page(BANK.address)
        assert in_page(HOLDER.public.thumbprint)
        assert in_page(HOLDER.public.jwk["x"])
        assert in_page(HOLDER.public.jwk["y"])

    def test_the_credential_to_the_byte(self):
        jwt = example().split("~")[0]
        assert in_page(jwt)
        header, payload, signature = jwt.split(".")
        assert in_page(decode(header).decode())
        assert in_page(decode(payload).decode())
        assert len(decode(signature)) == 64

    def test_the_disclosures_and_their_digests(self):
        token = SdJwt.parse(example())
        assert len(token.disclosures) == 5
        for one in token.disclosures:
            assert in_page(decode(one.text).decode())
            assert in_page(one.digest())
            assert one.digest() == encode(sha256(one.text.encode()).digest())

    def test_the_presentation_to_the_byte(self):
        selection, agreed, shown = presentation()
        assert in_page(shown)
        proof = shown.rpartition("~")[2]
        assert in_page(decode(proof.split(".")[0]).decode())
        assert in_page(json.dumps(part(proof, 1), sort_keys=True, separators=(",", ":")))
        assert in_page(encode(sha256(shown.rpartition("~")[0].encode() + b"~").digest()))
        assert in_page(selection.scope)
        assert in_page(agreed.id)
        assert in_page(sha256(shown.encode()).digest())
        assert in_page(use_commitment(agreed.id, shown))

    def test_the_page_is_verified(self):
        found = re.search(
            r"^    eyJ[\s\S]*?\n\n", PAGE[PAGE.index("What the insurer gets") :], re.MULTILINE
        )
        text = re.sub(r"\s+", "", found[0])
        _, agreed, shown = presentation()
        assert text == shown
        verifier = Verifier(
            QuietRegistry(PRESENTED),
            VerifierPolicy([DID]),
            statuses=Statuses(),
            consents=Consents(agreed),
            clock=lambda: PRESENTED,
        )
        wanted = PresentationRequirements(
            AUDIENCE,
            NONCE,
            VCT,
            claims=["age_over_18", ["address", "country"]],
            consent=ConsentRequirement(agreed.terms.grantee, agreed.terms.purpose),
        )
        verified = verifier.verify(text, wanted, agreed)
        assert verified.get(["address", "country"]) == "ES"
        assert verified.disclosed == (("age_over_18",),)
        with because(errors.KeyBindingReason.WRONG_NONCE):
            verifier.verify(text, replace(wanted, nonce="another"), agreed)

    def test_the_w3c_credential_and_presentation(self):
        credential = issue_vc_jwt(
            issuer(), ["Kyc"], DID, CLAIMS, Validity(ISSUED, EXPIRES), status=STATUS
        )
        shown = present_vc(
            [credential], Issuer(DID, BANK), audience=AUDIENCE, nonce=NONCE, at=PRESENTED
        )
        assert in_page(decode(credential.split(".")[1]).decode())
        payload = part(shown, 1)
        payload["vp"]["verifiableCredential"] = ["<VC-JWT>"]
        assert in_page(json.dumps(payload, sort_keys=True, separators=(",", ":")))


class TestTheTables:
    def test_algorithms_and_attributes(self):
        for alg, kind in KEY_TYPES.items():
            assert re.search(rf"\| {alg} \|[^\n]*{ATTRIBUTES[kind]}", PAGE)

    def test_what_is_never_disclosed(self):
        assert all(f"`{name}`" in PAGE for name in NEVER_DISCLOSED)

    def test_limits(self):
        for limit in (LIMITS.token, LIMITS.header, LIMITS.disclosures):
            assert f"{limit:,}" in TEXT

    def test_every_refusal_is_named(self):
        named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+|[a-z]+)`", PAGE))
        reasons = {
            reason.value
            for kind in vars(errors).values()
            if isinstance(kind, type) and issubclass(kind, errors.CredentialError) and kind.reasons
            for reason in kind.reasons
        }
        assert not reasons - named - {"claim-not-held", "malformed-token", "consent-mismatch"}

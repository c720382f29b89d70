"""An issuer, a holder and a verifier without a node: every identity controls itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from careledger.crypto.hashing import sha256
from careledger.identity.consent.terms import Consent, ConsentRecord, ConsentStatus, ConsentTerms
from careledger.identity.credentials.held_credential import HeldCredential, present_vc
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.jose import decode, encode, sign
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifierPolicy,
)
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier

NOW = datetime.fromtimestamp(1_800_000_000, UTC)
DAY = timedelta(days=1)
ISSUER_KEY, HOLDER_KEY = SigningKey("ES256K", b"\1" * 32), SigningKey("ES256", b"\2" * 32)
SUBJECT_KEY = SigningKey("ES256K", b"\3" * 32)
DID = f"did:ethr:0x7a69:{ISSUER_KEY.address}"
SUBJECT = f"did:ethr:0x7a69:{SUBJECT_KEY.address}"
ISSUER = Issuer(DID, ISSUER_KEY, f"{DID}#controller")
VCT, AUDIENCE, NONCE = "https://bank.example/kyc/1", "https://insurer.example", "fJ8p2sX0aQmLw3Tz"
GRANTEE, PURPOSE = "0x" + "22" * 20, b"\x55" * 32
CLAIMS = {
    "given_name": "Ana",
    "age_over_18": True,
    "address": {"street": "Gran Via 1", "country": "ES"},
    "nationalities": ["ES", "FR", "PT"],
}
KEPT = ["given_name", "age_over_18", "address", ["address", "street"], ["nationalities", None]]
STATUS = StatusReference(
    "https://bank.example/status/1", 7, 31337, "0x" + "11" * 20, ISSUER_KEY.address, b"\4" * 32
)
EXPECTED = PresentationRequirements(AUDIENCE, NONCE, VCT, claims=["age_over_18"])


class QuietChain:
    """A node that knows the time."""

    chain_id, url = 31337, "http://127.0.0.1:1"

    def __init__(self, at=NOW):
        self.at = at

    def block(self, block="latest"):
        return {"number": "0x10", "timestamp": hex(int(self.at.timestamp()))}

    def timestamp(self, block="latest"):
        return int(self.at.timestamp())


class QuietRegistry:
    """A registry in which nobody ever changed anything: every identity controls itself."""

    def __init__(self, at=NOW):
        self.chain = QuietChain(at)

    def changed(self, identity, block="latest"):
        return 0


class Statuses:
    """Says that nothing was revoked, or does what it is told."""

    def __init__(self, answer=False):
        self.answer = answer

    def is_revoked(self, reference, block="latest"):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Consents:
    """The consents of a chain, by id."""

    def __init__(self, *granted, epoch=0):
        self.records = {
            one.id: ConsentRecord(one.subject, one.expires_at, 0, ConsentStatus.GRANTED)
            for one in granted
        }
        self.epochs = epoch

    def record(self, id, block="latest"):
        return self.records.get(
            id,
            ConsentRecord("0x" + "00" * 20, datetime.fromtimestamp(0, UTC), 0, ConsentStatus.NONE),
        )

    def epoch(self, subject, block="latest"):
        return self.epochs


def clock():
    return NOW


def verifier(at=NOW, statuses=None, consents=None, nonces=None, **policy):
    given = {"issuers": [DID]} | policy
    return Verifier(
        QuietRegistry(at),
        VerifierPolicy(**given),
        statuses=statuses or Statuses(),
        consents=consents,
        nonces=nonces,
        clock=clock,
    )


def issued(**changes):
    given = {
        "claims": CLAIMS,
        "holder": HOLDER_KEY.public,
        "disclosable": KEPT,
        "status": STATUS,
    } | changes
    validity = Validity(
        given.pop("at", NOW), given.pop("until", NOW + 30 * DAY), given.pop("since", None)
    )
    return issue_sd_jwt(
        given.pop("issuer", ISSUER), given.pop("vct", VCT), given.pop("claims"), validity, **given
    )


def chosen(credential=None, *paths):
    return HeldCredential.parse(credential or issued()).select(
        paths or ("age_over_18", ["address", "country"])
    )


def presented(selection=None, key=HOLDER_KEY, **changes):
    given = {"audience": AUDIENCE, "nonce": NONCE, "at": NOW} | changes
    return (selection or chosen()).present(key, **given)


def vc_issued(**changes):
    given = {"status": STATUS} | changes
    validity = Validity(given.pop("at", NOW), given.pop("until", NOW + 30 * DAY))
    types, subject = given.pop("types", ["Kyc"]), given.pop("subject", SUBJECT)
    return issue_vc_jwt(
        given.pop("issuer", ISSUER), types, subject, given.pop("claims", CLAIMS), validity, **given
    )


def vc_presented(*credentials, **changes):
    given = {
        "audience": AUDIENCE,
        "nonce": NONCE,
        "at": NOW,
        "holder": Issuer(SUBJECT, SUBJECT_KEY),
    } | changes
    return present_vc(list(credentials) or [vc_issued()], given.pop("holder"), **given)


VC_EXPECTED = replace(EXPECTED, type="Kyc")


def consented(selection, **changes):
    """Return a consent to a selection, and what a verifier expects then."""
    terms = {
        "grantee": GRANTEE,
        "scope": selection.scope,
        "purpose": PURPOSE,
        "salt": b"\7" * 32,
    } | changes
    consent = Consent(
        SUBJECT_KEY.address, terms.pop("expires_at", NOW + DAY), ConsentTerms(**terms)
    )
    return consent, replace(EXPECTED, consent=ConsentRequirement(GRANTEE, PURPOSE))


def signed(header, claims, key=ISSUER_KEY):
    """Sign any claims with any header, as no honest issuer would."""
    return sign(header, claims, key)


def raw_token(header, payload, key=ISSUER_KEY):
    """Sign any bytes."""
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)
    ]
    text = ".".join(encode(part) for part in parts)
    return f"{text}.{encode(key.sign(text.encode()))}"


def sd_token(payload, *disclosures, header=None, key=ISSUER_KEY):
    """Return an SD-JWT over any payload, and any disclosures, presented by the holder."""
    head = {"alg": key.alg, "typ": "dc+sd-jwt"} | (header or {})
    registered = {
        "iss": DID,
        "vct": VCT,
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + DAY).timestamp()),
        "cnf": {"jwk": HOLDER_KEY.public.jwk},
        "status": STATUS.sd_jwt_claim,
    }
    token = raw_token({k: v for k, v in head.items() if v is not None}, registered | payload, key)
    return bound("~".join([token, *disclosures, ""]))


def bound(text, key=HOLDER_KEY, **changes):
    """Add the holder's proof to an SD-JWT."""
    claims = {
        "iat": int(NOW.timestamp()),
        "aud": AUDIENCE,
        "nonce": NONCE,
        "sd_hash": encode(sha256(text.encode())),
    } | changes
    header = {"typ": changes.pop("typ", "kb+jwt")}
    claims.pop("typ", None)
    return text + sign(header, {k: v for k, v in claims.items() if v is not None}, key)


def disclosure(*parts):
    """Return a disclosure of any content, with its digest."""
    text = encode(json.dumps(list(parts)).encode())
    return text, encode(sha256(text.encode()))


def part(token, number):
    """Return a part of a compact JWS as JSON."""
    return json.loads(decode(token.split(".")[number]))


MINUTE = timedelta(minutes=1)


def verify(presentation, expected=EXPECTED, consent=None, **given):
    return verifier(**given).verify(presentation, expected, consent)

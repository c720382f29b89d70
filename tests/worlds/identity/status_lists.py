"""Status lists without a chain: a snapshot, an issuer, and the lists that are made of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from careledger.identity.credentials.errors import SignatureReason, TokenSignatureError
from careledger.identity.credentials.jose import decode, sign
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.status.bitstring_list import export_vc1, export_vc2
from careledger.identity.status.snapshot import MIN_SIZE, StatusListSnapshot
from careledger.identity.status.status_list import StatusIssuer
from careledger.identity.status.token_list import export_token_list

AT = datetime(2030, 1, 1, tzinfo=UTC)
DID, OTHER = "did:ethr:0x7a69:0x" + "11" * 20, "did:ethr:0x7a69:0x" + "22" * 20
URI = "https://issuer.example/status/1"
KEYS = {alg: SigningKey(alg, bytes([7]) * 32) for alg in ("ES256K", "ES256K-R", "ES256", "EdDSA")}
KEY = KEYS["ES256"]
ISSUER = StatusIssuer(DID, KEY, f"{DID}#delegate-1")


class Keys:
    """Stands for a DID document with one key."""

    def __init__(self, key=KEY):
        self.key = key
        self.asked = []

    def check(self, jws, did, at):
        self.asked.append((did, at))
        if not self.key.public.verify(jws.alg, jws.signing_input, jws.signature):
            raise TokenSignatureError(SignatureReason.SIGNATURE_INVALID, "not by this key")


class Clock:
    """A clock that stands still until a test moves it."""

    now = AT

    def __call__(self):
        return self.now


def snapshot(*revoked, size=MIN_SIZE):
    raw = bytearray(size // 8)
    for index in revoked:
        raw[index // 8] |= 1 << index % 8

    contract, issuer = "0x" + "aa" * 20, "0x" + "11" * 20
    return StatusListSnapshot(31337, contract, issuer, b"\1" * 32, bytes(raw), 7, b"\2" * 32, AT)


def token(*revoked, **changes):
    return export_token_list(replace(snapshot(*revoked), **changes), URI, ISSUER)


def credential(*revoked, export=export_vc2):
    return export(snapshot(*revoked), URI, ISSUER)


FORMS = {
    "token": token,
    "vc 2.0": credential,
    "vc 1.1": lambda *revoked: credential(*revoked, export=export_vc1),
}
"""What makes a list in each of the forms that are read."""


def altered(text, change, key=KEY):
    """Sign a list again after a change of its claims, as a careless issuer would."""
    header, claims = (json.loads(decode(part)) for part in text.split(".")[:2])
    change(claims)
    del header["alg"]
    return sign(header, claims, key)

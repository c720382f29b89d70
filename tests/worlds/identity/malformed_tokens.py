"""Tokens that nobody should make; all from one seed, so that a run can be played again."""

import json
import os
import random

from careledger.crypto.hashing import sha256
from careledger.identity.credentials.jose import decode, encode
from careledger.identity.credentials.keys import KEY_TYPES, SigningKey
from tests.worlds.identity import credential_stage as stage

SEED = int(os.environ.get("CARELEDGER_SEED", "20270115"))
TOKENS = int(os.environ.get("CARELEDGER_EXAMPLES", "10000"))
ALPHABET = 'ABCxyz019-_.~=+/ \n\0é{}[]",:'
NAMES = [
    "iss",
    "vct",
    "iat",
    "exp",
    "nbf",
    "cnf",
    "status",
    "_sd",
    "_sd_alg",
    "...",
    "sub",
    "vc",
    "vp",
    "aud",
    "nonce",
]
HEADERS = ["alg", "typ", "kid", "crit", "b64", "jwk", "x5c", "zip", "cty"]


class TokenMaker:
    """Makes tokens that nobody should make; all from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.sd_jwt = stage.presented()
        self.vp = stage.vc_presented()
        self.consent, self.expected = stage.consented(stage.chosen())

    def of(self, *choices):
        return self.random.choice(choices)

    def text(self, most=40):
        return "".join(self.random.choice(ALPHABET) for _ in range(self.random.randrange(most)))

    def value(self, depth=0):
        """Return any JSON value, now and then one that means something here."""
        kind = self.random.randrange(16 if depth < 4 else 10)
        if kind >= 13:
            return {self.name(): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        if kind >= 10:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        numbers = [
            0,
            -1,
            1,
            2**53 - 1,
            1.5,
            1_700_000_000,
            1_800_000_000,
            1_900_000_000,
            253_402_300_799,
        ]
        plain = [
            None,
            True,
            False,
            "",
            "none",
            "ES256K",
            stage.DID,
            "did:web:x",
            "sha-256",
            self.text(),
        ]
        return self.random.choice(numbers if kind < 3 else plain)

    def name(self):
        return self.of(*NAMES, self.text(8))

    def bend(self, value, depth=0):
        """Return the value with one part of it replaced, removed, added or named otherwise."""
        if isinstance(value, dict) and value and self.random.random() < 0.85 - depth / 10:
            bent = dict(value)
            name = self.random.choice(list(bent))
            act = self.random.randrange(8)
            if act == 0:
                del bent[name]
            elif act == 1:
                bent[self.name()] = self.value()
            elif act == 2:
                bent[self.name()] = bent.pop(name)
            else:
                bent[name] = self.bend(bent[name], depth + 1)
            return bent
        if isinstance(value, list) and value and self.random.random() < 0.7:
            bent = list(value)
            place = self.random.randrange(len(bent))
            bent[place] = self.bend(bent[place], depth + 1)
            return bent * self.of(1, 1, 2)
        return self.value()

    def spoil(self, raw):
        """Return bytes of JSON that are no longer quite JSON, or are it twice."""
        place = self.random.randrange(len(raw))
        number = self.of(b"NaN", b"1e999", b"9" * 400, b"-Infinity", b"01", b"1.5e3")
        return self.of(
            raw[:place],
            raw[:place] + bytes([self.random.randrange(256)]) + raw[place + 1 :],
            raw[:-1] + b"," + raw[1:],
            b"[" * self.of(10, 64, 65, 5000) + raw,
            raw.replace(b"1800000000", number),
            raw.replace(b'"', self.of(b"'", b'"\\ud800', b'"\\u0000'), 1),
            self.of(b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\0") + raw,
            raw[:place] + self.random.randbytes(self.random.randrange(1, 6)) + raw[place:],
        )

    # -- families

    def surgery(self):
        """A rightful presentation in which characters were changed; never one that could pass."""
        text = self.of(self.sd_jwt, self.vp)
        changed = text
        while changed == text:
            at = self.random.randrange(len(text))
            parts = text.split("~")
            self.random.shuffle(parts)
            changed = self.of(
                text[:at],
                text[at:],
                text[:at] + text[at + 1 :],
                text[:at] + self.random.choice(ALPHABET) + text[at + 1 :],
                text[:at] + self.text(6) + text[at:],
                text[:at] + text[at : at + 30] + text[at:],
                text[:at] + text[at:].swapcase(),
                "~".join(parts),
                text.replace("~", self.of("", "~~", "."), 1),
                text.replace(".", self.of("", "..", "~"), 1),
                text + self.of("~", ".", "A", "\n"),
                text * self.of(2, 60),
            )
        return changed

    def garbage(self):
        """Anything at all."""
        return self.of(
            self.text(400),
            "~" * self.random.randrange(3000),
            "." * self.random.randrange(3000),
            encode(self.random.randbytes(200)) + "." + encode(b"{}") + ".~",
            "".join(chr(self.random.randrange(1, 0xD000)) for _ in range(50)),
            "A" * self.of(65_536, 65_537, 10**6),
            encode(b'{"alg":"ES256K","typ":"dc+sd-jwt"}') + "." + encode(b"[" * 40_000) + ".AA~",
        )

    def header(self):
        """A rightly signed token with a header that should not be."""
        token = stage.issued().split("~")[0]
        header = stage.part(token, 0)
        header = (
            self.bend(header)
            if self.random.random() < 0.5
            else header | {self.of(*HEADERS): self.value()}
        )
        header = header if isinstance(header, dict) else {"alg": header}
        return stage.bound(self.signed(header, stage.part(token, 1)) + "~")

    def payload(self):
        """A rightly signed SD-JWT whose claims should not be."""
        token = stage.issued()
        payload = stage.part(token, 1) | {"age_over_18": True}
        for _ in range(self.random.randrange(1, 4)):
            payload = self.bend(payload)
        disclosures = token.split("~")[1:-1] if self.random.random() < 0.3 else []
        return stage.bound("~".join([self.signed(stage.part(token, 0), payload), *disclosures, ""]))

    def disclosures(self):
        """Rightly signed digests of disclosures that should not be."""
        made = [self.disclosure() for _ in range(self.random.randrange(1, 5))]
        digests = [encode(sha256(text.encode())) for text in made] * self.of(1, 1, 1, 2)
        places = self.of(
            {"_sd": digests},
            {"a": [{"...": digest} for digest in digests]},
            {"_sd": digests[:1], "a": {"_sd": digests[1:]}},
            {"_sd": digests, "a": [{"...": digests[0], "b": 1}]},
        )
        shown = self.random.sample(made, self.random.randrange(len(made) + 1)) * self.of(1, 1, 1, 2)
        return stage.sd_token({"age_over_18": True} | places, *shown)

    def disclosure(self):
        content = self.of(
            ["salt", self.name(), self.value()],
            ["salt", self.value()],
            [self.value(), self.name(), self.value()],
            ["salt", self.name(), {"_sd": [self.text()]}],
            ["salt", self.value(), self.value(), self.value()],
            self.value(),
        )
        raw = json.dumps(content).encode()
        return encode(self.spoil(raw) if self.random.random() < 0.2 else raw) + self.of(
            "", "", "", "=", "A"
        )

    def proof(self):
        """A proof by the rightful holder that says something else."""
        text = stage.chosen().token.text
        good = {
            "iat": 1_800_000_000,
            "aud": stage.AUDIENCE,
            "nonce": stage.NONCE,
            "consent": "0x" + "11" * 32,
        }
        good["sd_hash"] = encode(sha256(text.encode()))
        claims = self.bend(good)
        header = self.of(
            {"alg": "ES256", "typ": "kb+jwt"}, self.bend({"alg": "ES256", "typ": "kb+jwt"})
        )
        return text + self.signed(header, claims, stage.HOLDER_KEY)

    def json(self):
        """Rightly signed bytes that are no JSON, or that readers would read differently."""
        token = stage.issued().split("~")[0]
        parts = [decode(one) for one in token.split(".")[:2]]
        which = self.random.randrange(2)
        parts[which] = self.spoil(parts[which])
        return stage.bound(stage.raw_token(parts[0], parts[1]) + "~")

    def w3c(self):
        """A W3C presentation that should not be, with valid signatures inside and outside."""
        credential = stage.vc_issued()
        payload = self.bend(stage.part(credential, 1))
        inside = self.of(
            self.signed(stage.part(credential, 0), payload), credential, self.text(100)
        )
        outside = stage.vc_presented(inside)
        claims = self.of(stage.part(outside, 1), self.bend(stage.part(outside, 1)))
        return self.signed(stage.part(outside, 0), claims, stage.SUBJECT_KEY)

    def signature(self):
        """A rightful token with another signature, or one of another algorithm."""
        first, *rest = self.sd_jwt.split("~")
        head, payload, _ = first.split(".")
        alg = self.of("none", "HS256", "ES256", "ES256K", "ES256K-R", "EdDSA", "RS256")
        header = self.of(head, encode(json.dumps({"alg": alg, "typ": "dc+sd-jwt"}).encode()))
        size = self.of(0, 1, 63, 64, 64, 64, 65, 65, 72, 500)
        raw = self.of(self.random.randbytes(size), bytes(size), b"\xff" * size)
        if alg in KEY_TYPES and self.random.random() < 0.4:
            raw = SigningKey(alg, b"\x09" * 32).sign(f"{header}.{payload}".encode())
        return stage.bound("~".join([f"{header}.{payload}.{encode(raw)}", *rest[:-1], ""]))

    def wanted(self, family):
        """Return what the verifier asked for, and the consent that came."""
        if family == "w3c":
            return stage.VC_EXPECTED, None
        return (
            self.of((stage.EXPECTED, None), (self.expected, self.consent))
            if family == "proof"
            else (stage.EXPECTED, None)
        )

    def signed(self, header, payload, key=stage.ISSUER_KEY):
        return stage.raw_token(header, payload, key)

"""IDN-33: whatever comes as a wallet file or a status list is refused by class, and at once.

10,000 in each run: files and lists that were cut and changed, and, what reaches further, lists that
their issuer signed rightly over claims, JSON and bits that nobody should sign, and wallets with a
right checksum, or a right password, over headers and contents that nobody should write. Seeds as in
`test_malformed_credentials.py`.
"""

import json
import time
import zlib
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from careledger.crypto.canonical import dumps
from careledger.errors import CareLedgerError
from careledger.identity.credentials.errors import SignatureReason, TokenSignatureError
from careledger.identity.credentials.jose import decode, encode
from careledger.identity.status import bits, bitstring_list
from careledger.identity.status.bitstring_list import export_vc1, export_vc2
from careledger.identity.status.kinds import read_status_list
from careledger.identity.status.snapshot import MIN_SIZE, StatusListSnapshot
from careledger.identity.status.status_list import StatusIssuer
from careledger.identity.status.token_list import export_token_list
from careledger.identity.wallet import Wallet, content
from careledger.identity.wallet import encryption as sealing
from careledger.identity.wallet.encryption import MIN_WORK, EncryptedWallet, PasswordKey
from tests.worlds.identity import credential_stage as stage
from tests.worlds.identity.malformed_tokens import ALPHABET, SEED, TOKENS, TokenMaker

URI, PASSWORD = "https://bank.example/status/1", "correct horse"
LOCK = PasswordKey.derive(PASSWORD, MIN_WORK)
CONTENT = {
    "words": "abandon " * 11 + "about",
    "subjects": [],
    "holderKeys": {},
    "credentials": {},
    "consents": {},
}


class Keys:
    """Stands for the issuer's DID document."""

    def check(self, token, did, at):
        if did != stage.DID or not stage.ISSUER_KEY.public.verify(
            token.alg, token.signing_input, token.signature
        ):
            raise TokenSignatureError(SignatureReason.SIGNATURE_INVALID, "not by the issuer")


class FileMaker(TokenMaker):
    """Makes lists and wallets that nobody should make."""

    def __init__(self, seed):
        super().__init__(seed)
        raw = bits.from_words([1 << 5, *[0] * (MIN_SIZE // 256 - 1)])
        taken = StatusListSnapshot(
            chain_id=31337,
            contract="0x" + "11" * 20,
            issuer=stage.ISSUER_KEY.address,
            list_id=bytes(32),
            bits=raw,
            block=7,
            block_hash=bytes(32),
            taken_at=datetime.fromtimestamp(1_800_000_000, UTC),
        )
        issuer = StatusIssuer(stage.DID, stage.ISSUER_KEY, f"{stage.DID}#controller")
        self.lists = [
            export_token_list(taken, URI, issuer),
            *(export(taken, URI, issuer) for export in (export_vc2, export_vc1)),
        ]
        self.file = LOCK.encrypt(dumps(CONTENT))

    def cut(self, text):
        """Return a text in which characters were changed."""
        changed = text
        while changed == text:
            at = self.random.randrange(len(text))
            end = text[at + self.random.randrange(4) :]
            other = self.random.choice(ALPHABET) + text[at + 1 :]
            changed = self.of(
                text[:at],
                text[at:],
                text[:at] + self.text(6) + end,
                text[:at] + text[at:].swapcase(),
                text[:at] + other,
                text + self.text(3),
            )
        return changed

    # -- lists

    def altered(self):
        return self.cut(self.of(*self.lists))

    def claims(self):
        header, payload, _ = self.of(*self.lists).split(".")
        found = json.loads(decode(payload))
        for _ in range(self.random.randrange(1, 4)):
            found = self.bend(found)
        return self.signed(json.loads(decode(header)), found)

    def content(self):
        """Bits that are compressed in no way, in another, or into very little."""
        raw = self.of(
            b"",
            self.random.randbytes(40),
            bytes(MIN_SIZE // 8),
            bytes(2**23),
            b"\xff" * (MIN_SIZE // 8),
        )
        packed = self.of(
            bits.compress(raw, bits.ZLIB),
            bits.compress(raw, bits.GZIP),
            raw[:5000],
            zlib.compress(raw) * 2,
        )
        text = encode(
            packed[: self.of(len(packed), self.random.randrange(len(packed) + 1))]
        ) + self.of("", "", "=", "A")
        which = self.random.randrange(3)
        header, payload, _ = self.lists[which].split(".")
        found = json.loads(decode(payload))
        if which == 0:
            found["status_list"] = {"bits": self.of(1, 2, 4, 8, 3, 0, True, "1"), "lst": text}
        else:
            found.get("vc", found)["credentialSubject"]["encodedList"] = (
                self.of("u", "u", "u", "z", "") + text
            )
        return self.signed(json.loads(decode(header)), found)

    def json(self):
        parts = [decode(one) for one in self.of(*self.lists).split(".")[:2]]
        which = self.random.randrange(2)
        parts[which] = self.spoil(parts[which])
        return stage.raw_token(parts[0], parts[1])

    # -- wallets

    def damaged(self):
        return self.cut(self.file.decode()).encode(errors="surrogatepass")

    def bytes(self):
        at = self.random.randrange(len(self.file))
        return self.file[:at] + self.random.randbytes(self.random.randrange(1, 9)) + self.file[at:]

    def header(self):
        header, body = self.file.split(b"\n")[:2]
        asked = json.loads(header)
        if self.random.random() < 0.3:
            asked["kdf"]["n"] = 1 << self.random.randrange(63)
        else:
            asked = self.bend(asked)
        bent = dumps_or_json(asked) if self.random.random() < 0.8 else self.spoil(header)
        start = (
            bent.replace(b"\n", b" ")
            + b"\n"
            + self.of(body, body, self.random.randbytes(30).replace(b"\n", b""))
            + b"\n"
        )
        return start + sha256(start).hexdigest().encode() + b"\n"

    def inside(self):
        held = {"text": "a.b.c", "holderKey": "x", "addedAt": "2030-01-01T00:00:00Z"}
        full = CONTENT | {
            "subjects": ["0x" + "11" * 20],
            "holderKeys": {"x": stage.HOLDER_KEY.private_jwk},
            "credentials": {"y": held},
            "consents": {"0x" + "22" * 32: {"a": 1}},
        }
        raw = dumps_or_json(self.bend(full))
        return self.spoil(raw) if self.random.random() < 0.3 else raw


def dumps_or_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


def opened(raw):
    """Open a wallet that was unlocked, and look at all that is in it."""
    wallet = Wallet(Path("wallet"), LOCK, content.read_content(raw), None)
    for held in wallet.credentials:
        if held.holder_key:
            wallet.holder_key(held.holder_key)
    for subject in wallet.subjects:
        wallet.subject(subject)
    return wallet.consents, wallet.words


def judge(call, seen):
    """Hand something over; anything but a refusal of ours within a second is red."""
    began = time.thread_time()
    try:
        call()
    except CareLedgerError as refusal:
        seen[refusal.code] += 1
    except Exception as wrong:
        raise AssertionError(f"seed {SEED}: {wrong!r}") from wrong
    else:
        seen["taken"] += 1
    assert time.thread_time() - began < 1, f"seed {SEED}"


def play(tokens):
    """Hand over so many lists and wallets; return what became of them, by family."""
    maker, seen = FileMaker(SEED), {}
    seen["inside"] = Counter()
    for _ in range(tokens // 15):
        raw = maker.inside()
        judge(lambda raw=raw: opened(raw), seen["inside"])
    for family, share in {"altered": 3, "claims": 3, "content": 1, "json": 2}.items():
        seen[family] = Counter()
        for _ in range(tokens * share // 15):
            text = getattr(maker, family)()
            judge(lambda text=text: read_status_list(text, URI, stage.DID, Keys()), seen[family])
    for family, share in {"damaged": 2.5, "bytes": 2, "header": 0.5}.items():
        seen[family] = Counter()
        for _ in range(int(tokens * share / 15)):
            raw = getattr(maker, family)()
            seen[family]["the same"] += raw == maker.file
            judge(lambda raw=raw: EncryptedWallet.parse(raw).decrypt(PASSWORD), seen[family])
    return seen


def test_idn_33_whatever_is_handed_over_is_refused_by_class_and_at_once():
    """IDN-33."""
    seen = play(TOKENS)
    assert seen["altered"]["taken"] == 0
    assert all(
        seen[family]["taken"] == seen[family]["the same"]
        for family in ("damaged", "bytes", "header")
    ), seen
    assert seen["claims"]["taken"] > TOKENS // 100, (
        "some changes do no harm, so it is not all that is refused"
    )
    assert all(
        sum(family.values()) - family["taken"] > TOKENS // 250 for family in seen.values()
    ), "refused often"
    assert len(set().union(*seen.values())) > 10, "for many reasons"


MUTANTS = {
    "what a wallet asks of scrypt is not bounded": (sealing, "WORK", 2**62),
    "what a wallet holds is taken as it is": (content, "_require_form", lambda _: None),
    "a list may unfold without end": (
        bits,
        "decompress",
        lambda packed, form: zlib.decompressobj(form).decompress(packed),
    ),
    "times are taken as they come": (
        bitstring_list,
        "time_claim",
        lambda claims, name, what: claims.get(name),
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_idn_33_catches_its_mutants(mutant, monkeypatch):
    """IDN-33 is red where a check is missing."""
    monkeypatch.setattr(*MUTANTS[mutant])
    with pytest.raises(AssertionError, match="seed"):
        play(6000)

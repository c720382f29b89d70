"""The example of status lists on docs/protocol/identity-credentials.md is made and read here."""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256

from eth_utils.crypto import keccak

from careledger.chain.toolchain import ROOT
from careledger.identity.credentials.jose import Jws, decode, sign
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.status import bits
from careledger.identity.status.kinds import read_status_list
from careledger.identity.status.snapshot import MIN_SIZE, StatusListSnapshot
from careledger.identity.status.status_list import StatusIssuer
from careledger.identity.status.token_list import export_token_list

PAGE = (ROOT / "docs" / "protocol" / "identity-credentials.md").read_text()
SECTION = PAGE.split("## Status lists")[1].split("\n## ")[0]
BLOCKS = [
    "".join(line.strip() for line in block.splitlines())
    for block in re.findall(r"(?:^    .+\n)+", SECTION, re.MULTILINE)
]
KEY = SigningKey("ES256K", keccak(text="careledger example"))
DID, URI = f"did:ethr:0x7a69:{KEY.address}", "https://bank.example/status/1"
AT = datetime.fromtimestamp(1_800_000_000, UTC)
WORDS = [1 | 1 << 9, 1 << 300 - 256, *[0] * 510]


class Owner:
    def check(self, token, did, at):
        assert (did, at) == (DID, AT)
        assert KEY.public.verify(token.alg, token.signing_input, token.signature)


def test_the_bits_in_both_orders():
    raw = bits.from_words(WORDS)
    assert len(raw) * 8 == MIN_SIZE
    lines = (raw[:40].hex(), sha256(raw).hexdigest(), sha256(bits.mirror(raw)).hexdigest())
    assert BLOCKS[0] == "".join(lines)


def test_the_compressed_forms():
    packed, other = re.findall(r"^    (eNr\S+)\n    u(H4s\S+)$", SECTION, re.MULTILINE)[0]
    assert bits.decompress(decode(packed), bits.ZLIB) == bits.from_words(WORDS)
    assert bits.decompress(decode(other), bits.GZIP) == bits.mirror(bits.from_words(WORDS))


def test_the_token():
    payload, text = BLOCKS[2:4]
    assert Jws.parse(text, {"statuslist+jwt"}).claims == json.loads(payload)
    found = read_status_list(text, URI, DID, Owner())
    assert found.revoked == [0, 9, 300]
    taken = StatusListSnapshot(
        chain_id=31337,
        contract="0x" + "11" * 20,
        issuer=KEY.address,
        list_id=b"\4" * 32,
        bits=bits.from_words(WORDS),
        block=7,
        block_hash=b"\x33" * 32,
        taken_at=AT,
    )
    made = Jws.parse(
        export_token_list(taken, URI, StatusIssuer(DID, KEY, f"{DID}#controller")),
        {"statuslist+jwt"},
    )
    claims = dict(made.claims) | {
        "status_list": json.loads(payload)["status_list"]
    }  # another zlib packs otherwise
    assert sign(made.header, claims, KEY) == text

"""The wallet file on docs/protocol/identity-credentials.md, computed by hand and by what it
describes.
"""

import json
import re
from hashlib import scrypt, sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careledger.chain.toolchain import ROOT
from careledger.identity.credentials.jose import decode, encode
from careledger.identity.wallet.encryption import EncryptedWallet, PasswordKey
from careledger.identity.wallet.seed import SUBJECT_PATH, seed_of, subject_key

PAGE = (ROOT / "docs" / "protocol" / "identity-credentials.md").read_text()
SECTION = PAGE.split("## The wallet file")[1].split("\n## ")[0]
EXAMPLE = SECTION.split("\nExample:")[1]
KEY, HEADER, CONTENT, SUMS = (
    "".join(line[4:] for line in block.splitlines())
    for block in re.findall(r"(?:^    .+\n)+", EXAMPLE, re.MULTILINE)
)
PASSWORD, WORDS = "correct horse battery staple", "abandon " * 11 + "about"


def test_the_file_by_hand():
    stretched = scrypt(PASSWORD.encode(), salt=b"\1" * 32, n=16384, r=8, p=1, dklen=64)
    assert stretched[:32].hex() == KEY
    header = json.loads(HEADER)
    assert header["check"] == encode(sha256(stretched[32:]).digest()[:16])
    assert (decode(header["iv"]), decode(header["kdf"]["salt"])) == (b"\2" * 12, b"\1" * 32)
    padded = CONTENT.encode().ljust(1024)
    sealed = encode(AESGCM(stretched[:32]).encrypt(b"\2" * 12, padded, HEADER.encode()))
    body = f"{HEADER}\n{sealed}\n".encode()
    checksum = sha256(body).hexdigest()
    file = body + checksum.encode() + b"\n"
    assert checksum + sha256(file).hexdigest() == SUMS
    assert f"whole file of {len(file)} bytes" in EXAMPLE
    assert EncryptedWallet.parse(file).decrypt(PASSWORD)[0] == padded
    assert (
        PasswordKey.derive(PASSWORD, 16384, b"\1" * 32).encrypt(CONTENT.encode(), b"\2" * 12)
        == file
    )


def test_the_subject_is_that_of_the_words():
    content = json.loads(CONTENT)
    assert content["words"] == WORDS
    assert content["subjects"] == [subject_key(seed_of(WORDS), 0).address]
    assert SUBJECT_PATH.format(index="i") in SECTION

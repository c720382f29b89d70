"""Encrypt a wallet with a password, and decrypt it: the wallet file, byte by byte.

```
{"careledgerWallet":1,"check":…,"cipher":"A256GCM","iv":…,"kdf":{"n":131072,"name":"scrypt","p":1,"r":8,"salt":…}}
base64url of the encrypted content and its tag
SHA-256 of the two lines before, in hexadecimal
```

The first line as it stands is authenticated together with the content. The last line needs no
password: so a damaged file is not taken for a wrong password. The work that a hostile file can ask
for is limited before anything is computed.
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field
from hashlib import scrypt
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careledger.crypto.canonical import CanonicalError, dumps, loads
from careledger.crypto.hashing import sha256
from careledger.errors import InputError
from careledger.identity.credentials.errors import BadBase64
from careledger.identity.credentials.jose import decode, encode
from careledger.identity.wallet.errors import MalformedWallet, WalletDamaged, WrongPassword

FORMAT = "careledgerWallet"
WORK = 2**17
"""scrypt's N of new files: 128 MiB and about half a second for each guess at a password."""
MIN_WORK = 2**14
MAX_BYTES = 4 * 2**20
"""Of a file; about a thousand credentials."""

_R = 8
_P = 1
_BLOCK = 1024
"""The content is padded to a multiple, so that the file's length says little about it."""
_MAX_HEADER = 512
_HEADER_MEMBERS = {FORMAT, "cipher", "kdf", "iv", "check"}
_KDF_MEMBERS = {"name", "n", "r", "p", "salt"}


@dataclass(frozen=True)
class PasswordKey:
    """The key that is derived from a password; kept while a wallet is open, to save fast."""

    work: int
    salt: bytes
    key: bytes = field(repr=False)
    check: bytes
    """Tells a wrong password from a damaged file."""

    @classmethod
    def derive(cls, password: str, work: int = WORK, salt: bytes | None = None) -> Self:
        """Derive the key of a password by scrypt.

        Args:
            work: scrypt's N; the larger, the longer a guess takes.
            salt: 32 bytes; random ones where it is None.

        Raises:
            InputError: the password is empty, or the work is out of bounds.

        """
        if not password:
            raise InputError("an empty password protects nothing")
        if work.bit_count() != 1 or not MIN_WORK <= work <= WORK:
            raise InputError(
                f"scrypt's work is a power of two from {MIN_WORK} to {WORK}, not {work}"
            )

        salt = secrets.token_bytes(32) if salt is None else salt
        secret = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
        derived = scrypt(secret, salt=salt, n=work, r=_R, p=_P, dklen=64, maxmem=256 * _R * work)
        return cls(work, salt, derived[:32], sha256(derived[32:])[:16])

    def encrypt(self, content: bytes, iv: bytes | None = None) -> bytes:
        """Return the file of some content; every file has an initialisation vector of its own."""
        iv = secrets.token_bytes(12) if iv is None else iv
        header = self._header(iv)

        padded_length = -(-len(content) // _BLOCK) * _BLOCK
        padded = content.ljust(padded_length)
        encrypted = AESGCM(self.key).encrypt(iv, padded, header)

        body = header + b"\n" + encode(encrypted).encode() + b"\n"
        return body + sha256(body).hex().encode() + b"\n"

    def _header(self, iv: bytes) -> bytes:
        kdf = {"name": "scrypt", "n": self.work, "r": _R, "p": _P, "salt": encode(self.salt)}
        header = {
            FORMAT: 1,
            "cipher": "A256GCM",
            "kdf": kdf,
            "iv": encode(iv),
            "check": encode(self.check),
        }
        return dumps(header)


@dataclass(frozen=True)
class EncryptedWallet:
    """A wallet file whose checksum is right; only the password says whether somebody changed it."""

    header: bytes
    work: int
    salt: bytes
    iv: bytes
    check: bytes
    body: bytes = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a file, without the password.

        Raises:
            MalformedWallet: it is not a wallet, or asks for more work than this program does.
            WalletDamaged: it was cut, or changed.

        """
        if not raw.startswith(b'{"careledgerWallet":'):
            raise MalformedWallet("the file is not a wallet of CareLedger")

        body, _, rest = raw.rpartition(b"\n")[0].rpartition(b"\n")
        if not raw.endswith(b"\n") or sha256(body + b"\n").hex().encode() != rest:
            raise WalletDamaged(
                "the wallet file is damaged: its checksum is wrong; use a copy of the file"
            )

        header, _, content = body.partition(b"\n")
        try:
            encrypted = decode(content.decode("ascii"), "the content")
        except (BadBase64, UnicodeDecodeError) as error:
            raise WalletDamaged(
                "the wallet file is damaged: its content is not base64url"
            ) from error
        return cls._parse_header(header, encrypted)

    @classmethod
    def _parse_header(cls, header: bytes, encrypted: bytes) -> Self:
        members = _header_members(header)
        kdf = members["kdf"]
        return cls(
            header,
            _work(kdf),
            _bytes(kdf, "salt", 32),
            _bytes(members, "iv", 12),
            _bytes(members, "check", 16),
            encrypted,
        )

    def decrypt(self, password: str) -> tuple[bytes, PasswordKey]:
        """Return the content, and the key to encrypt it with again.

        Raises:
            WrongPassword: it is not the password of this wallet.
            WalletDamaged: the password is right, and somebody changed the content.

        """
        if not password:
            raise WrongPassword("the password is empty, and no wallet has an empty one")

        key = PasswordKey.derive(password, self.work, self.salt)
        if not hmac.compare_digest(key.check, self.check):
            raise WrongPassword("this is not the password of this wallet")

        try:
            return AESGCM(key.key).decrypt(self.iv, self.body, self.header), key
        except InvalidTag:
            raise WalletDamaged(
                "the wallet was changed by somebody who did not know its password: "
                "use a copy of the file"
            ) from None


def _header_members(header: bytes) -> dict[str, Any]:
    if len(header) > _MAX_HEADER:
        raise MalformedWallet(f"the wallet's first line is longer than {_MAX_HEADER} bytes")
    try:
        members = loads(header)
    except CanonicalError as error:
        raise MalformedWallet(f"the wallet's first line is not JSON: {error}") from error

    if members.get(FORMAT) != 1:
        raise MalformedWallet(
            "the wallet is of a version that this program does not know: use a later program"
        )
    kdf = members.get("kdf")
    known_kdf = isinstance(kdf, dict) and kdf.get("name") == "scrypt"
    if members.get("cipher") != "A256GCM" or not known_kdf:
        raise MalformedWallet("the wallet is encrypted in a way that this program does not know")

    if members.keys() != _HEADER_MEMBERS or members["kdf"].keys() != _KDF_MEMBERS:
        raise MalformedWallet(
            "the wallet's first line has a member that this program does not know"
        )
    return dict(members)


def _work(kdf: dict[str, Any]) -> int:
    work = kdf["n"]

    if (
        not isinstance(work, int)
        or work.bit_count() != 1
        or not MIN_WORK <= work <= WORK
        or (kdf["r"], kdf["p"]) != (_R, _P)
    ):
        raise MalformedWallet(
            "the wallet asks for work that this program does not do: "
            f"scrypt with N from {MIN_WORK} to {WORK}, r = {_R} and p = {_P} is accepted"
        )

    return work


def _bytes(members: dict[str, Any], name: str, length: int) -> bytes:
    text = members[name]
    try:
        raw = decode(text, name) if isinstance(text, str) else b""
    except BadBase64:
        raw = b""
    if len(raw) != length:
        raise MalformedWallet(f"the wallet's '{name}' is not {length} bytes in base64url")
    return raw

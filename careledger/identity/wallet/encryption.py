"""Lock some bytes with a password, and unlock them: the wallet file, byte by byte.

```
{"careledgerWallet":1,"check":…,"cipher":"A256GCM","iv":…,"kdf":{"n":131072,"name":"scrypt","p":1,"r":8,"salt":…}}
base64url of the encrypted content and its tag
SHA-256 of the two lines before, in hexadecimal
```

The first line as it stands is authenticated together with the content. The last line needs no
password: a file that was cut or has a wrong bit is told from a wrong password. What a hostile file
can ask for is bounded before anything is computed.
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
LEAST_WORK = 2**14
MAX_BYTES = 4 * 2**20
"""Of a file; about a thousand credentials."""
_R, _P = 8, 1
_BLOCK = 1024
"""The content is padded to a multiple, so that the file's length tells little of what is in it."""
_MAX_HEADER = 512


@dataclass(frozen=True)
class Lock:
    """The key that a password stretches to; kept while a wallet is open, so that saving takes no time."""

    work: int
    salt: bytes
    key: bytes = field(repr=False)
    check: bytes

    @classmethod
    def new(cls, password: str, work: int = WORK, salt: bytes | None = None) -> Self:
        """Stretch a password.

        Args:
            work: scrypt's N; the larger, the longer a guess takes.
            salt: 32 bytes; random ones where it is None.

        Raises:
            InputError: the password is empty, or the work out of bounds.

        """
        if not password:
            raise InputError("an empty password protects nothing")
        if work.bit_count() != 1 or not LEAST_WORK <= work <= WORK:
            raise InputError(
                f"scrypt's work is a power of two from {LEAST_WORK} to {WORK}, not {work}"
            )
        salt = secrets.token_bytes(32) if salt is None else salt
        secret = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
        stretched = scrypt(secret, salt=salt, n=work, r=_R, p=_P, dklen=64, maxmem=256 * _R * work)
        return cls(work, salt, stretched[:32], sha256(stretched[32:])[:16])

    def seal(self, content: bytes, iv: bytes | None = None) -> bytes:
        """Return the file of some content; every file has an initialisation vector of its own."""
        iv = secrets.token_bytes(12) if iv is None else iv
        kdf = {"name": "scrypt", "n": self.work, "r": _R, "p": _P, "salt": encode(self.salt)}
        header = dumps(
            {
                FORMAT: 1,
                "cipher": "A256GCM",
                "kdf": kdf,
                "iv": encode(iv),
                "check": encode(self.check),
            }
        )
        padded = content.ljust(-(-len(content) // _BLOCK) * _BLOCK)
        body = (
            header + b"\n" + encode(AESGCM(self.key).encrypt(iv, padded, header)).encode() + b"\n"
        )
        return body + sha256(body).hex().encode() + b"\n"


@dataclass(frozen=True)
class Sealed:
    """A file whose bytes are as they were written, or changed by somebody who meant it; not unlocked yet."""

    header: bytes
    work: int
    salt: bytes
    iv: bytes
    check: bytes
    body: bytes = field(repr=False)

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Read a file, without the password.

        Raises:
            MalformedWallet: it is none, or one that asks for more than this program gives.
            WalletDamaged: it was cut, or changed.

        """
        if not raw.startswith(b'{"careledgerWallet":'):
            raise MalformedWallet("the file is no wallet of CareLedger")
        body, _, rest = raw.rpartition(b"\n")[0].rpartition(b"\n")
        if not raw.endswith(b"\n") or sha256(body + b"\n").hex().encode() != rest:
            raise WalletDamaged(
                "the wallet file is damaged: its checksum is not that of its content; take a copy"
            )
        header, _, content = body.partition(b"\n")
        try:
            return cls._read(header, decode(content.decode("ascii"), "the content"))
        except (BadBase64, UnicodeDecodeError) as error:
            raise WalletDamaged(
                "the wallet file is damaged: its content is no base64url"
            ) from error

    @classmethod
    def _read(cls, header: bytes, body: bytes) -> Self:
        if len(header) > _MAX_HEADER:
            raise MalformedWallet(f"the wallet's first line is longer than {_MAX_HEADER} bytes")
        try:
            fields = loads(header)
        except CanonicalError as error:
            raise MalformedWallet(f"the wallet's first line is not JSON: {error}") from error
        if fields.get(FORMAT) != 1:
            raise MalformedWallet(
                "the wallet is of a version that this program does not know: use a later program"
            )
        kdf = fields.get("kdf")
        if (
            fields.get("cipher") != "A256GCM"
            or not isinstance(kdf, dict)
            or kdf.get("name") != "scrypt"
        ):
            raise MalformedWallet("the wallet is locked in a way that this program does not know")
        work = kdf.get("n")
        possible = isinstance(work, int) and work.bit_count() == 1 and LEAST_WORK <= work <= WORK
        if not isinstance(work, int) or not possible or (kdf.get("r"), kdf.get("p")) != (_R, _P):
            raise MalformedWallet(
                f"the wallet asks for work that this program does not do: scrypt with N from {LEAST_WORK} to {WORK}, "
                f"r = {_R} and p = {_P} is accepted"
            )
        salt, iv, check = (
            _bytes(kdf, "salt", 32),
            _bytes(fields, "iv", 12),
            _bytes(fields, "check", 16),
        )
        if set(fields) != {FORMAT, "cipher", "kdf", "iv", "check"} or set(kdf) != {
            "name",
            "n",
            "r",
            "p",
            "salt",
        }:
            raise MalformedWallet(
                "the wallet's first line has a member that this program does not know"
            )
        return cls(header, work, salt, iv, check, body)

    def unlock(self, password: str) -> tuple[bytes, Lock]:
        """Return the content, and the lock to seal it with again.

        Raises:
            WrongPassword: it is another one.
            WalletDamaged: the password is right, and somebody changed the content.

        """
        if not password:
            raise WrongPassword("the password is empty, and no wallet has an empty one")
        lock = Lock.new(password, self.work, self.salt)
        if not hmac.compare_digest(lock.check, self.check):
            raise WrongPassword("the password is not this wallet's")
        try:
            return AESGCM(lock.key).decrypt(self.iv, self.body, self.header), lock
        except InvalidTag:
            raise WalletDamaged(
                "the wallet was changed by somebody who did not know its password: take a copy"
            ) from None


def _bytes(fields: dict[str, Any], name: str, length: int) -> bytes:
    text = fields.get(name)
    try:
        raw = decode(text, name) if isinstance(text, str) else b""
    except BadBase64:
        raw = b""
    if len(raw) != length:
        raise MalformedWallet(f"the wallet's '{name}' is not {length} bytes in base64url")
    return raw

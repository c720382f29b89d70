"""The holder's wallet: what is in it, and how it changes.

Every change is on the disk before its result is handed out: a key that was shown to anybody is
never lost, and a subject's index never used twice, whenever the program is stopped. One program
writes at a time; reading needs no lock, for the file is replaced as a whole.
"""

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from eth_typing import ChecksumAddress
from filelock import FileLock, Timeout

from careledger.crypto.canonical import dumps, loads
from careledger.crypto.hashing import sha256
from careledger.errors import Conflict, InputError, NotFound
from careledger.files import read_file, write_new, write_private
from careledger.identity.credentials.jose import encode
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.wallet.content import new_content, read_content
from careledger.identity.wallet.encryption import MAX_BYTES, WORK, Lock, Sealed
from careledger.identity.wallet.errors import WalletBusy
from careledger.identity.wallet.seed import SubjectKey, new_words, seed_of, subject_key
from careledger.values.addresses import address
from careledger.values.times import time_text

GAP = 20
"""Subjects in a row that nobody has seen, after which a restored wallet looks no further (as BIP-44
does)."""
MOST_SEEN = 10_000
"""Subjects that are passed over at most: a node that claims to know every address is not followed
for ever."""


@dataclass(frozen=True)
class WalletCredential:
    """A credential in the wallet."""

    id: str
    """Of the text alone, so that the same credential has the same id in every wallet."""
    text: str = field(repr=False)
    """As the issuer gave it."""
    holder_key: str | None
    """Thumbprint of the key that it is bound to; None where it is bound to none of this wallet's.
    """
    added_at: str


class Wallet:
    """A wallet that is open.

    ```python
    with Wallet.open(file, password) as wallet:
        subject = wallet.new_subject()
    ```
    """

    def __init__(
        self, file: Path, lock: Lock, content: dict[str, Any], writer: FileLock | None
    ) -> None:
        """Take a wallet that is open already; use `create` or `open`."""
        self.file = file
        self._lock, self._content, self._writer = lock, content, writer
        self._changing = threading.RLock()
        self._seed = seed_of(content["words"])

    def __repr__(self) -> str:
        return f"Wallet({self.file})"

    @classmethod
    def create(
        cls, file: Path, password: str, words: str | None = None, *, work: int = WORK
    ) -> Self:
        """Write a new wallet, and open it for writing.

        Args:
            words: of a wallet that was lost; new ones where it is None. Consents can be revoked
                again with them (`recover_subjects`); credentials are issued anew.
            work: scrypt's N.

        Raises:
            InputError: there is a file already, it cannot be written, the password is empty, the
                words are none.

        """
        content = new_content(" ".join((words or new_words()).split()))
        seed_of(content["words"])
        lock, file = Lock.new(password, work), file.resolve()
        writer = _acquire(file)
        try:
            write_new(file, lock.seal(dumps(content)))
            return cls(file, lock, content, writer)
        except BaseException:
            writer.release()
            raise

    @classmethod
    def open(cls, file: Path, password: str, *, writing: bool = True) -> Self:
        """Open a wallet.

        Args:
            writing: keep others from writing until `close`; without it nothing can be changed.

        Raises:
            InputError: the file cannot be read.
            MalformedWallet: it is no wallet, or one that this program does not open.
            WalletDamaged: it was changed since it was written.
            WrongPassword: the password is another one.
            WalletBusy: another program is writing to it.

        """
        file = file.resolve()
        if not file.exists():
            raise InputError(f"there is no wallet {file}")
        writer = _acquire(file) if writing else None
        try:
            raw, lock = Sealed.read(read_file(file, "wallet", MAX_BYTES)).unlock(password)
            return cls(file, lock, read_content(raw), writer)
        except BaseException:
            if writer:
                writer.release()
            raise

    def close(self) -> None:
        """Let others write. What was changed is on the disk already."""
        if self._writer:
            self._writer.release()
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _save(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the content, on the disk first."""
        with self._changing:
            if self._writer is None:
                raise Conflict(f"the wallet {self.file} is open for reading only, or closed")
            content = deepcopy(self._content)
            change(content)
            sealed = self._lock.seal(dumps(content))
            if len(sealed) > MAX_BYTES:
                raise InputError(
                    f"the wallet would be longer than {MAX_BYTES:,} bytes: remove old credentials"
                )
            write_private(self.file, sealed)
            self._content = content

    @property
    def words(self) -> str:
        """The words that the holder writes down; whoever has them can act for every subject of the wallet."""
        return str(self._content["words"])

    def change_password(self, password: str, *, work: int = WORK) -> None:
        """Lock the wallet with another password. Copies of the file keep the old one.

        Raises:
            InputError: the password is empty, or the file cannot be written.

        """
        with self._changing:
            before, self._lock = self._lock, Lock.new(password, work)
            try:
                self._save(lambda _: None)
            except BaseException:
                self._lock = before
                raise

    # -- subjects

    def new_subject(self, seen: Callable[[ChecksumAddress], bool] = lambda _: False) -> SubjectKey:
        """Return a subject that was never handed out before.

        Args:
            seen: says whether the chain knows an address already: guards a wallet that was brought
                back from an old copy, which has forgotten the subjects since.

        Raises:
            Conflict: it says so of ever more addresses.
            InputError: the file cannot be written; nothing was handed out.

        """
        with self._changing:
            subjects = [str(known) for known in self._content["subjects"]]
            end = len(subjects) + MOST_SEEN
            while True:
                fresh = subject_key(self._seed, len(subjects))
                subjects.append(fresh.address)
                if not seen(fresh.address):
                    break
                _require_end(len(subjects), end)
            self._save(lambda content: content.update(subjects=subjects))
            return fresh

    def recover_subjects(
        self, seen: Callable[[ChecksumAddress], bool], gap: int = GAP
    ) -> list[SubjectKey]:
        """Find again the subjects of a wallet of which only the words were left; return those that were seen.

        Args:
            seen: says whether the chain knows an address.
            gap: how many in a row may be unseen before the search ends.

        Raises:
            Conflict: it says so of ever more addresses.

        """
        with self._changing:
            known = list(self._content["subjects"])
            found, unseen, index = [], 0, 0
            subjects: list[str] = []
            while unseen < gap or index < len(known):
                candidate = subject_key(self._seed, index)
                subjects.append(candidate.address)
                unseen += 1
                if seen(candidate.address):
                    found.append(candidate)
                    unseen = 0
                    _require_end(index, len(known) + MOST_SEEN)
                index += 1
            last = found[-1].index + 1 if found else 0
            self._save(lambda content: content.update(subjects=subjects[: max(last, len(known))]))
            return found

    def subject(self, of: str) -> SubjectKey:
        """Return the subject of an address.

        Raises:
            NotFound: it is none of this wallet's.

        """
        wanted = address(of, "subject")
        try:
            index = self._content["subjects"].index(wanted)
        except ValueError:
            raise NotFound(f"{wanted} is no subject of this wallet") from None
        return subject_key(self._seed, index)

    @property
    def subjects(self) -> tuple[ChecksumAddress, ...]:
        """Every subject that was handed out, by index."""
        return tuple(ChecksumAddress(one) for one in self._content["subjects"])

    # -- keys that credentials are bound to

    def new_holder_key(self, alg: str = "ES256") -> SigningKey:
        """Return a new key for a credential to be bound to; one for each, or issuers can join up their records."""
        key = SigningKey.generate(alg)
        self._save(
            lambda content: content["holderKeys"].update({key.public.thumbprint: key.private_jwk})
        )
        return key

    def holder_key(self, thumbprint: str) -> SigningKey:
        """Return a key by its thumbprint (RFC 7638).

        Raises:
            NotFound: it is none of this wallet's.

        """
        jwk = self._content["holderKeys"].get(thumbprint)
        if jwk is None:
            raise NotFound(
                f"the key {thumbprint} is not in this wallet: the credential is bound to another holder's"
            )
        return SigningKey.from_private_jwk(jwk)

    # -- credentials

    def add_credential(self, text: str, holder_key: str | None = None) -> WalletCredential:
        """Keep a credential, as its issuer gave it; the same one again changes nothing.

        Args:
            holder_key: thumbprint of the key that it is bound to.

        Raises:
            NotFound: that key is not in this wallet.
            InputError: the text is not ASCII, as every credential is.

        """
        if not text or not text.isascii():
            raise InputError("a credential is ASCII text: dots, base64url and tildes")
        if holder_key is not None:
            self.holder_key(holder_key)
        identifier = encode(sha256(text.encode())[:12])
        if identifier.startswith("-"):  # a command would take it for an option
            identifier = f"_{identifier[1:]}"
        if identifier not in self._content["credentials"]:
            kept = {"text": text, "holderKey": holder_key, "addedAt": time_text(datetime.now(UTC))}
            self._save(lambda content: content["credentials"].update({identifier: kept}))
        return self.credential(identifier)

    def credential(self, identifier: str) -> WalletCredential:
        """Return a credential.

        Raises:
            NotFound: there is none.

        """
        kept = self._content["credentials"].get(identifier)
        if kept is None:
            raise NotFound(f"there is no credential {identifier} in this wallet")
        return WalletCredential(identifier, kept["text"], kept["holderKey"], kept["addedAt"])

    @property
    def credentials(self) -> list[WalletCredential]:
        """All credentials, the oldest first."""
        held = [self.credential(identifier) for identifier in self._content["credentials"]]
        return sorted(held, key=lambda one: (one.added_at, one.id))

    def remove_credential(self, identifier: str) -> None:
        """Forget a credential, and the key that it alone was bound to.

        Raises:
            NotFound: there is none.

        """
        key = self.credential(identifier).holder_key

        def remove(content: dict[str, Any]) -> None:
            del content["credentials"][identifier]
            if key and all(other["holderKey"] != key for other in content["credentials"].values()):
                del content["holderKeys"][key]

        self._save(remove)

    # -- consents

    def keep_consent(self, consent_id: bytes, document: Mapping[str, Any]) -> None:
        """Keep what was consented to, before the consent leaves the wallet; the same id again replaces it.

        Args:
            consent_id: 32 bytes.
            document: JSON; without it a consent could not be revoked, for the chain knows a hash of
                it only.

        Raises:
            InputError: the id has another length, or the document is not JSON.

        """
        if len(consent_id) != 32:
            raise InputError("a consent's id has 32 bytes")
        kept = loads(dumps(dict(document)))
        self._save(lambda content: content["consents"].update({"0x" + consent_id.hex(): kept}))

    @property
    def consents(self) -> dict[bytes, dict[str, Any]]:
        """What was consented to, by id."""
        return {
            bytes.fromhex(name[2:]): deepcopy(kept)
            for name, kept in self._content["consents"].items()
        }

    def forget_consent(self, consent_id: bytes) -> None:
        """Forget a consent; it can then no longer be revoked by itself.

        Raises:
            NotFound: there is none.

        """
        name = "0x" + consent_id.hex()
        if name not in self._content["consents"]:
            raise NotFound(f"there is no consent {name} in this wallet")
        self._save(lambda content: content["consents"].pop(name))


def _require_end(index: int, end: int) -> None:
    if index >= end:
        raise Conflict(
            f"{MOST_SEEN:,} subjects of this wallet are said to be known already: ask another node"
        )


def _acquire(file: Path) -> FileLock:
    writer = FileLock(file.with_name(file.name + ".lock"), timeout=0, mode=0o600)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        writer.acquire()
    except Timeout:
        raise WalletBusy(
            f"another program is writing to the wallet {file}: close it first"
        ) from None
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error
    return writer

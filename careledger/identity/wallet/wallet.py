"""The holder's wallet: its content, and how it changes.

Every change is on the disk before its result is returned. So a key that somebody has seen is never
lost, and a subject's index is never used twice, even if the program is killed. One program writes
at a time; reading needs no lock, because the file is replaced as a whole.
"""

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from eth_typing import ChecksumAddress
from filelock import FileLock, Timeout

from careledger.crypto.canonical import dumps, loads
from careledger.crypto.documents import hexed
from careledger.errors import Conflict, InputError, NotFound
from careledger.files import read_file, write_new, write_private
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.wallet.content import new_content, read_content
from careledger.identity.wallet.encryption import (
    MAX_BYTES,
    WORK,
    EncryptedWallet,
    PasswordKey,
)
from careledger.identity.wallet.errors import WalletBusy
from careledger.identity.wallet.seed import SubjectKey, new_words, seed_of, subject_key
from careledger.identity.wallet.wallet_credential import WalletCredential, credential_id
from careledger.values.addresses import address
from careledger.values.hashes import require_bytes32
from careledger.values.times import time_text

GAP = 20
"""After so many unknown subjects in a row, the search for the subjects of a restored wallet ends
(as in BIP-44)."""
MAX_SEARCH = 10_000
"""Subjects that are searched at most, because a node could claim to know every address."""


class Wallet:
    """A wallet that is open.

    ```python
    with Wallet.open(file, password) as wallet:
        subject = wallet.new_subject()
    ```
    """

    def __init__(
        self, file: Path, key: PasswordKey, content: dict[str, Any], writer: FileLock | None
    ) -> None:
        """Take a wallet that is open already; use `create` or `open`."""
        self.file = file
        self._key = key
        self._content = content
        self._writer = writer
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
            words: of a wallet that was lost; new ones where it is None. With them the customer can
                revoke the consents (`recover_subjects`); credentials must be issued again.
            work: scrypt's N.

        Raises:
            InputError: the file exists already or cannot be written, the password is empty, or the
                words are not valid.

        """
        content = new_content(" ".join((words or new_words()).split()))
        seed_of(content["words"])

        key = PasswordKey.derive(password, work)
        file = file.resolve()
        writer = _acquire(file)
        try:
            write_new(file, key.encrypt(dumps(content)))
            return cls(file, key, content, writer)
        except BaseException:
            writer.release()
            raise

    @classmethod
    def open(cls, file: Path, password: str, *, writing: bool = True) -> Self:
        """Open a wallet.

        Args:
            writing: keep others from writing until `close`; if False, nothing can be changed.

        Raises:
            InputError: the file cannot be read.
            MalformedWallet: it is not a wallet that this program can open.
            WalletDamaged: it was changed since it was written.
            WrongPassword: it is not the password of this wallet.
            WalletBusy: another program is writing to it.

        """
        file = file.resolve()
        if not file.exists():
            raise InputError(f"there is no wallet {file}")

        writer = _acquire(file) if writing else None
        try:
            encrypted = EncryptedWallet.parse(read_file(file, "wallet", MAX_BYTES))
            raw, key = encrypted.decrypt(password)
            return cls(file, key, read_content(raw), writer)
        except BaseException:
            if writer:
                writer.release()
            raise

    def close(self) -> None:
        """Let others write. All changes are on the disk already."""
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

            encrypted = self._key.encrypt(dumps(content))
            if len(encrypted) > MAX_BYTES:
                raise InputError(
                    f"the wallet would be longer than {MAX_BYTES:,} bytes: remove old credentials"
                )
            write_private(self.file, encrypted)
            self._content = content

    @property
    def words(self) -> str:
        """The words that the holder writes down; who has them can act for all subjects."""
        return str(self._content["words"])

    def change_password(self, password: str, *, work: int = WORK) -> None:
        """Encrypt the wallet with another password. Copies of the file keep the old one.

        Raises:
            InputError: the password is empty, or the file cannot be written.

        """
        with self._changing:
            before = self._key
            self._key = PasswordKey.derive(password, work)
            try:
                self._save(lambda _: None)
            except BaseException:
                self._key = before
                raise

    # -- subjects

    def new_subject(self, seen: Callable[[ChecksumAddress], bool] = lambda _: False) -> SubjectKey:
        """Return a subject that was never used before.

        Args:
            seen: says whether the chain knows an address already. A wallet that was restored from
                an old copy does not know the subjects that came after it.

        Raises:
            Conflict: it knows all addresses that were tried.
            InputError: the file cannot be written; no subject was used.

        """
        with self._changing:
            subjects = [str(known) for known in self._content["subjects"]]
            end = len(subjects) + MAX_SEARCH
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
        """Find the subjects of a wallet again from its words; return those that the chain knows.

        Args:
            seen: says whether the chain knows an address.
            gap: after so many unknown subjects in a row, the search ends.

        Raises:
            Conflict: it knows all addresses that were tried.

        """
        with self._changing:
            known = len(self._content["subjects"])
            subjects: list[str] = []
            found: list[SubjectKey] = []
            unseen = 0
            while unseen < gap or len(subjects) < known:
                candidate = subject_key(self._seed, len(subjects))
                if seen(candidate.address):
                    found.append(candidate)
                    unseen = 0
                    _require_end(candidate.index, known + MAX_SEARCH)
                else:
                    unseen += 1
                subjects.append(candidate.address)

            used = found[-1].index + 1 if found else 0
            self._save(lambda content: content.update(subjects=subjects[: max(used, known)]))
            return found

    def subject(self, of: str) -> SubjectKey:
        """Return the subject of an address.

        Raises:
            NotFound: it is not a subject of this wallet.

        """
        wanted = address(of, "subject")

        try:
            index = self._content["subjects"].index(wanted)
        except ValueError:
            raise NotFound(f"{wanted} is not a subject of this wallet") from None
        return subject_key(self._seed, index)

    @property
    def subjects(self) -> tuple[ChecksumAddress, ...]:
        """Every subject that was used, by index."""
        return tuple(ChecksumAddress(one) for one in self._content["subjects"])

    # -- keys that credentials are bound to

    def new_holder_key(self, alg: str = "ES256") -> SigningKey:
        """Return a new key for one credential to be bound to.

        With the same key in two credentials, their issuers could connect their records.
        """
        key = SigningKey.generate(alg)
        kept = {key.public.thumbprint: key.private_jwk}
        self._save(lambda content: content["holderKeys"].update(kept))
        return key

    def holder_key(self, thumbprint: str) -> SigningKey:
        """Return a key by its thumbprint (RFC 7638).

        Raises:
            NotFound: it is not in this wallet.

        """
        jwk = self._content["holderKeys"].get(thumbprint)

        if jwk is None:
            raise NotFound(f"the key {thumbprint} is not in this wallet: it is another holder's")

        return SigningKey.from_private_jwk(jwk)

    # -- credentials

    def add_credential(self, text: str, holder_key: str | None = None) -> WalletCredential:
        """Keep a credential, as its issuer gave it; to add it again changes nothing.

        Args:
            holder_key: thumbprint of the key that it is bound to.

        Raises:
            NotFound: that key is not in this wallet.
            InputError: the text is not ASCII; every credential is.

        """
        if not text or not text.isascii():
            raise InputError("a credential is ASCII text: dots, base64url and tildes")
        if holder_key is not None:
            self.holder_key(holder_key)

        identifier = credential_id(text)
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
        """Forget a credential, and its key where no other credential is bound to that.

        Raises:
            NotFound: there is none.

        """
        key = self.credential(identifier).holder_key

        def remove(content: dict[str, Any]) -> None:
            del content["credentials"][identifier]
            others = content["credentials"].values()
            if key and all(other["holderKey"] != key for other in others):
                del content["holderKeys"][key]

        self._save(remove)

    # -- consents

    def keep_consent(self, consent_id: bytes, document: Mapping[str, Any]) -> None:
        """Keep a consent before it leaves the wallet; the same id again replaces it.

        Args:
            consent_id: 32 bytes.
            document: JSON. Without it the consent could not be revoked, because the chain knows
                only a hash of it.

        Raises:
            InputError: the id has another length, or the document is not JSON.

        """
        name = hexed(require_bytes32(consent_id, "consent id"))
        kept = loads(dumps(dict(document)))
        self._save(lambda content: content["consents"].update({name: kept}))

    @property
    def consents(self) -> dict[bytes, dict[str, Any]]:
        """The consents that the wallet keeps, by id."""
        return {
            bytes.fromhex(name[2:]): deepcopy(kept)
            for name, kept in self._content["consents"].items()
        }

    def forget_consent(self, consent_id: bytes) -> None:
        """Forget a consent; it can then be revoked only together with all others of its subject.

        Raises:
            NotFound: there is none.

        """
        name = hexed(consent_id)
        if name not in self._content["consents"]:
            raise NotFound(f"there is no consent {name} in this wallet")
        self._save(lambda content: content["consents"].pop(name))


def _require_end(index: int, end: int) -> None:
    if index >= end:
        raise Conflict(
            f"the node says that it knows {MAX_SEARCH:,} subjects of this wallet already: "
            "ask another node"
        )


def _acquire(file: Path) -> FileLock:
    writer = FileLock(file.with_name(file.name + ".lock"), timeout=0, mode=0o600)

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        writer.acquire()
    except Timeout:
        what = f"another program is writing to the wallet {file}: close it first"
        raise WalletBusy(what) from None
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error

    return writer

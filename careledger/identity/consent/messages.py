"""What is signed to give and to end consents: EIP-712 typed data for wallets, and who signs it.

A wallet shows the document, with grantee, scope and purpose hashes in full; the contract and
whoever relays see the terms' hash alone. A `Signer` is all that the rest needs to know of a key: an
ordinary one, a one-time one of the holder's wallet, a contract wallet (ERC-1271), a passkey.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from careledger.crypto.typed_data import SigningDomain, TypedData
from careledger.errors import InputError
from careledger.identity.consent.terms import (
    CONSENT_TYPE,
    Commitment,
    Consent,
    byte_text,
    members,
    second_count,
)
from careledger.values.addresses import address
from careledger.values.times import from_seconds, to_seconds

NAME, VERSION = "CareLedger ConsentRegistry", "1"
GRANT_TYPE = f"GrantConsent(Consent consent,uint40 epoch,uint256 deadline){CONSENT_TYPE}"
REVOKE_TYPE = f"RevokeConsent(Consent consent,uint256 deadline){CONSENT_TYPE}"
REVOKE_ALL_TYPE = "RevokeAll(address subject,uint40 epoch,uint256 deadline)"
MAX_SIGNATURE = 4096
"""Bytes; a passkey's have about 600."""


class Signer(Protocol):
    """Somebody who signs for an address: the subject itself, whoever controls it, or its delegate."""

    @property
    def address(self) -> ChecksumAddress:
        """Whom the contract takes for the signer; a passkey or contract wallet has one too."""

    def sign(self, message: TypedData) -> bytes:
        """Return the signature in the form that the contract takes."""


@dataclass(frozen=True)
class KeySigner:
    """An account whose key is at hand, one-time or not; 65 bytes r || s || v, s low."""

    account: LocalAccount

    @property
    def address(self) -> ChecksumAddress:
        """The account's address."""
        found: ChecksumAddress = self.account.address
        return found

    def sign(self, message: TypedData) -> bytes:
        """Sign by ECDSA."""
        return message.sign(self.account)


@dataclass(frozen=True)
class ExternalSigner:
    """A contract wallet, a passkey or a wallet in another program: an address, and somebody to ask."""

    address: ChecksumAddress
    ask: Callable[[TypedData], bytes]
    """Given what is to be signed (`digest` for a passkey, `document` for a wallet), returns the
    signature."""

    def sign(self, message: TypedData) -> bytes:
        """Ask for the signature.

        Raises:
            InputError: the answer is no signature, or too long for one.

        """
        answer = self.ask(message)
        if not isinstance(answer, bytes) or not 0 < len(answer) <= MAX_SIGNATURE:
            raise InputError(f"{self.address} gave no signature of 1 to {MAX_SIGNATURE} bytes")
        return answer


@dataclass(frozen=True)
class ConsentSignature:
    """A signature with what a relayer has to know of it."""

    signer: ChecksumAddress
    deadline_at: datetime
    """The last second in which the contract takes it."""
    signature: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "signer", address(self.signer, "signer"))
        object.__setattr__(self, "deadline_at", from_seconds(to_seconds(self.deadline_at)))

    @property
    def deadline(self) -> int:
        """Seconds since 1970 UTC."""
        return to_seconds(self.deadline_at)

    @property
    def compact(self) -> tuple[bytes, bytes]:
        """An account's signature in 64 bytes (ERC-2098): r, and s with the parity of v in its highest bit.

        Raises:
            InputError: it is not an account's.

        """
        raw = self.signature
        if len(raw) != 65 or raw[64] not in (27, 28) or raw[32] >> 7:
            raise InputError(
                f"the signature of {self.signer} is not an account's own, of 65 bytes with a low s"
            )
        return raw[:32], bytes([raw[32] | (raw[64] - 27) << 7]) + raw[33:64]

    def abi(self) -> tuple[str, int, bytes]:
        """Return the contract's arguments signer, deadline and signature."""
        return self.signer, self.deadline, self.signature

    @property
    def document(self) -> dict[str, Any]:
        """The signature as JSON."""
        return {
            "signer": self.signer,
            "deadline": self.deadline,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_document(cls, document: Any, what: str = "grant") -> Self:
        """Read `document` back.

        Raises:
            InputError: a member is missing, unknown or malformed.

        """
        given = members(document, what, ("signer", "deadline", "signature"))
        raw = byte_text(given["signature"], f"{what}: signature", MAX_SIGNATURE)
        until = from_seconds(second_count(given["deadline"], f"{what}: deadline"))
        return cls(address(given["signer"], f"{what}: signer"), until, raw)


@dataclass(frozen=True)
class SignedGrant:
    """A grant that somebody signed and anybody may submit; the terms are a hash."""

    consent: Commitment
    signed: ConsentSignature
    epoch: int
    """The subject's, for which it was signed."""

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Act` of the contract."""
        return self.consent.abi(), self.epoch, *self.signed.abi()


@dataclass(frozen=True)
class SignedRevocation:
    """The end of one consent, which somebody signed and anybody may submit; the terms are a hash."""

    consent: Commitment
    signed: ConsentSignature

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Act` of the contract, whose epoch counts for grants only."""
        return self.consent.abi(), 0, *self.signed.abi()


@dataclass(frozen=True)
class SignedRevokeAll:
    """The end of all consents of a subject, which somebody signed and anybody may submit."""

    subject: ChecksumAddress
    epoch: int
    """The one that it ends: when the subject last ended all, in seconds since 1970 UTC, 0 where it
    never did."""
    signed: ConsentSignature


ConsentEnding = SignedRevocation | SignedRevokeAll
"""What ends one consent of a subject, or all of them."""
ConsentAct = SignedGrant | ConsentEnding
"""What a customer signs about consents, and a relay submits."""


@dataclass(frozen=True)
class ConsentMessages:
    """The registry that signatures are for; its methods make what is signed, and have it signed.

    Deadlines are the last second in which the contract takes a signature; `epoch` is the subject's
    present one (`ConsentRegistry.epoch`).
    """

    chain_id: int
    registry: ChecksumAddress

    def grant(self, consent: Consent, epoch: int, deadline: datetime) -> TypedData:
        """Return `GrantConsent`: let the grantee read; void after the subject's epoch has changed."""
        return self._message(GRANT_TYPE, deadline, consent=consent.document, epoch=epoch)

    def revoke(self, consent: Consent, deadline: datetime) -> TypedData:
        """Return `RevokeConsent`: end the consent, or keep it from ever being granted."""
        return self._message(REVOKE_TYPE, deadline, consent=consent.document)

    def revoke_all(self, subject: str, epoch: int, deadline: datetime) -> TypedData:
        """Return `RevokeAll`: end whatever the subject has granted in this epoch or signed for it."""
        who = address(subject, "subject")
        return self._message(REVOKE_ALL_TYPE, deadline, subject=who, epoch=epoch)

    def _message(self, encoded_type: str, deadline: datetime, **members: Any) -> TypedData:
        domain = SigningDomain(NAME, VERSION, self.chain_id, self.registry)
        message = members | {"deadline": to_seconds(deadline, "deadline")}
        return TypedData(domain, encoded_type, message)

    def signed_grant(
        self, consent: Consent, signer: Signer, epoch: int, deadline: datetime
    ) -> SignedGrant:
        """Have a grant signed, for somebody to submit."""
        return SignedGrant(
            consent.commitment,
            _signed(self.grant(consent, epoch, deadline), signer, deadline),
            epoch,
        )

    def signed_revocation(
        self, consent: Consent, signer: Signer, deadline: datetime
    ) -> SignedRevocation:
        """Have a revocation signed, for somebody to submit."""
        signed = _signed(self.revoke(consent, deadline), signer, deadline)
        return SignedRevocation(consent.commitment, signed)

    def signed_revoke_all(
        self, subject: str, signer: Signer, epoch: int, deadline: datetime
    ) -> SignedRevokeAll:
        """Have the end of all consents of a subject signed, for somebody to submit."""
        who = address(subject, "subject")
        return SignedRevokeAll(
            who, epoch, _signed(self.revoke_all(who, epoch, deadline), signer, deadline)
        )


def _signed(message: TypedData, signer: Signer, deadline: datetime) -> ConsentSignature:
    return ConsentSignature(signer.address, deadline, signer.sign(message))


def depends_on_foreign_contract(
    act: ConsentAct, code: Callable[[str], bytes], verifiers: Collection[str]
) -> bool:
    """Say whether a contract of somebody else's decides if a signature is good, and may decide otherwise each time.

    Who pays for such an act may pay in vain; who signed it can hand it in.

    Args:
        code: that of an address, from `Chain.code`.
        verifiers: the ERC-7913 verifiers that are relied on, such as the suite's `PasskeyVerifier`.

    """
    raw = act.signed.signature
    if len(raw) == 65:
        return bool(code(act.signed.signer))
    return raw[:20] not in {bytes.fromhex(one.removeprefix("0x")) for one in verifiers}

"""What is signed to give and to end consents: EIP-712 typed data for wallets, and who signs it.

A wallet shows the document with the full hashes of grantee, scope and purpose. The contract and
whoever relays see the hash of the terms alone. The rest of the program knows a key only as a
`Signer`: an ordinary key, a one-time key of the holder's wallet, a contract wallet (ERC-1271), a
passkey.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.typed_data import SigningDomain, TypedData
from careledger.errors import InputError
from careledger.identity.consent.terms import CONSENT_TYPE, Commitment, Consent
from careledger.values.addresses import address
from careledger.values.times import from_seconds, to_seconds

NAME = "CareLedger ConsentRegistry"
VERSION = "1"
GRANT_TYPE = f"GrantConsent(Consent consent,uint40 epoch,uint256 deadline){CONSENT_TYPE}"
REVOKE_TYPE = f"RevokeConsent(Consent consent,uint256 deadline){CONSENT_TYPE}"
REVOKE_ALL_TYPE = "RevokeAll(address subject,uint40 epoch,uint256 deadline)"
MAX_SIGNATURE = 4096
"""Bytes; a passkey's signature has about 600."""


class Signer(Protocol):
    """Somebody who signs for an address: the subject itself, its controller, or its delegate."""

    @property
    def address(self) -> ChecksumAddress:
        """The signer's address, as the contract sees it; passkeys and contract wallets have one."""

    def sign(self, message: TypedData) -> bytes:
        """Return the signature in the form that the contract accepts."""


@dataclass(frozen=True)
class KeySigner:
    """An account whose key is in this program; 65 bytes r || s || v, s low."""

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
    """A contract wallet, a passkey or a wallet in another program."""

    address: ChecksumAddress
    ask: Callable[[TypedData], bytes]
    """Given what is to be signed (`digest` for a passkey, `to_json` for a wallet), returns the
    signature."""

    def sign(self, message: TypedData) -> bytes:
        """Ask for the signature.

        Raises:
            InputError: the answer is not a signature, or is too long for one.

        """
        answer = self.ask(message)

        if not isinstance(answer, bytes) or not 0 < len(answer) <= MAX_SIGNATURE:
            raise InputError(
                f"{self.address} did not return a signature of 1 to {MAX_SIGNATURE} bytes"
            )

        return answer


@dataclass(frozen=True)
class ConsentSignature:
    """A signature with what a relayer has to know about it."""

    signer: ChecksumAddress
    deadline_at: datetime
    """The last second in which the contract accepts it."""
    signature: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "signer", address(self.signer, "signer"))
        deadline = to_seconds(self.deadline_at, "deadline")
        object.__setattr__(self, "deadline_at", from_seconds(deadline))

    @property
    def deadline(self) -> int:
        """Seconds since 1970 UTC."""
        return to_seconds(self.deadline_at)

    @property
    def compact(self) -> tuple[bytes, bytes]:
        """An account's signature in 64 bytes (ERC-2098): r, and s with v's parity in its top bit.

        Raises:
            InputError: it is not an account's.

        """
        raw = self.signature
        if len(raw) != 65 or raw[64] not in (27, 28) or raw[32] >> 7:
            raise InputError(
                f"the signature of {self.signer} is not an account's own, of 65 bytes with a low s"
            )

        parity = raw[64] - 27
        return raw[:32], bytes([raw[32] | parity << 7]) + raw[33:64]

    def abi(self) -> tuple[str, int, bytes]:
        """Return the contract's arguments signer, deadline and signature."""
        return self.signer, self.deadline, self.signature

    def to_json(self) -> dict[str, Any]:
        """Return the signature as JSON."""
        return {
            "signer": self.signer,
            "deadline": self.deadline,
            "signature": hexed(self.signature),
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            MalformedDocument: a member is missing, unknown or not valid.

        """
        node = JsonNode.of(document, "signature")
        return cls.from_members(node.object(("signer", "deadline", "signature")))

    @classmethod
    def from_members(cls, members: dict[str, JsonNode]) -> Self:
        """Read a signature from the members of a larger object.

        Raises:
            MalformedDocument: one of the three is not valid.

        """
        signature = members["signature"].hex()
        if len(signature) > MAX_SIGNATURE:
            raise members["signature"].fault(f"more than {MAX_SIGNATURE} bytes")
        return cls(members["signer"].address(), members["deadline"].seconds(), signature)


@dataclass(frozen=True)
class SignedGrant:
    """A grant, signed, for anybody to submit; the terms are a hash."""

    consent: Commitment
    signed: ConsentSignature
    epoch: int
    """The subject's epoch for which it was signed."""

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Act` of the contract."""
        return self.consent.abi(), self.epoch, *self.signed.abi()


@dataclass(frozen=True)
class SignedRevocation:
    """The end of one consent, signed, for anybody to submit; the terms are a hash."""

    consent: Commitment
    signed: ConsentSignature

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Act` of the contract, whose epoch counts for grants only."""
        return self.consent.abi(), 0, *self.signed.abi()


@dataclass(frozen=True)
class SignedRevokeAll:
    """The end of all consents of a subject, signed, for anybody to submit."""

    subject: ChecksumAddress
    epoch: int
    """The epoch that it ends: when the subject last ended all, in seconds since 1970 UTC; 0 where
    it never did."""
    signed: ConsentSignature


ConsentEnding = SignedRevocation | SignedRevokeAll
"""What ends one consent of a subject, or all of them."""
ConsentAct = SignedGrant | ConsentEnding
"""What a customer signs about consents, and a relay submits."""


@dataclass(frozen=True)
class ConsentMessages:
    """The messages for one registry: what is signed, and the same with its signature.

    Deadlines are the last second in which the contract accepts a signature; `epoch` is the
    subject's present one (`ConsentRegistry.epoch`).
    """

    chain_id: int
    registry: ChecksumAddress

    def grant(self, consent: Consent, epoch: int, deadline: datetime) -> TypedData:
        """Return `GrantConsent`: let the grantee read; void once the subject's epoch changes."""
        return self._message(GRANT_TYPE, deadline, consent=consent.to_json(), epoch=epoch)

    def revoke(self, consent: Consent, deadline: datetime) -> TypedData:
        """Return `RevokeConsent`: end the consent, or keep it from ever being granted."""
        return self._message(REVOKE_TYPE, deadline, consent=consent.to_json())

    def revoke_all(self, subject: str, epoch: int, deadline: datetime) -> TypedData:
        """Return `RevokeAll`: end all that the subject has granted or signed in this epoch."""
        who = address(subject, "subject")
        return self._message(REVOKE_ALL_TYPE, deadline, subject=who, epoch=epoch)

    def signed_grant(
        self, consent: Consent, signer: Signer, epoch: int, deadline: datetime
    ) -> SignedGrant:
        """Have a grant signed, for somebody to submit."""
        signed = _sign(self.grant(consent, epoch, deadline), signer, deadline)
        return SignedGrant(consent.commitment, signed, epoch)

    def signed_revocation(
        self, consent: Consent, signer: Signer, deadline: datetime
    ) -> SignedRevocation:
        """Have a revocation signed, for somebody to submit."""
        signed = _sign(self.revoke(consent, deadline), signer, deadline)
        return SignedRevocation(consent.commitment, signed)

    def signed_revoke_all(
        self, subject: str, signer: Signer, epoch: int, deadline: datetime
    ) -> SignedRevokeAll:
        """Have the end of all consents of a subject signed, for somebody to submit."""
        who = address(subject, "subject")
        signed = _sign(self.revoke_all(who, epoch, deadline), signer, deadline)
        return SignedRevokeAll(who, epoch, signed)

    def _message(self, encoded_type: str, deadline: datetime, **members: Any) -> TypedData:
        domain = SigningDomain(NAME, VERSION, self.chain_id, self.registry)
        message = members | {"deadline": to_seconds(deadline, "deadline")}
        return TypedData(domain, encoded_type, message)


def _sign(message: TypedData, signer: Signer, deadline: datetime) -> ConsentSignature:
    return ConsentSignature(signer.address, deadline, signer.sign(message))


def depends_on_foreign_contract(
    act: ConsentAct, code: Callable[[str], bytes], verifiers: Collection[str]
) -> bool:
    """Say whether a contract of somebody else decides if a signature is valid.

    Such a contract may decide differently each time. Who pays for such an act may pay for nothing;
    who signed it can hand it in.

    Args:
        code: returns the code at an address (`Chain.code`).
        verifiers: the ERC-7913 verifiers that are relied on, such as the suite's `PasskeyVerifier`.

    """
    raw = act.signed.signature
    if len(raw) == 65:
        return bool(code(act.signed.signer))

    # the first 20 bytes of an ERC-7913 signer are its verifier
    relied_on = {bytes.fromhex(one.removeprefix("0x")) for one in verifiers}
    return raw[:20] not in relied_on

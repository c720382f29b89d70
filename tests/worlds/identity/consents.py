"""Consents as the contract takes them, and what their people sign: from the protocol, not from our
own client.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from careledger.crypto.typed_data import HALF_ORDER, digest, domain_separator, struct_hash

CONSENT_ROLE = b"careledger.consent".ljust(32, b"\0")
STATUS_ROLE = b"careledger.status".ljust(32, b"\0")
NONE, GRANTED, REVOKED, RENOUNCED = range(4)
"""The states of a record."""
FOREVER = 2**48 - 1
"""The last second that an expiry can name."""

_TERMS = "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
_CONSENT = f"Consent(address subject,uint48 expiry,Terms terms){_TERMS}"
_KINDS = {
    "GrantConsent": f"GrantConsent(Consent consent,uint40 epoch,uint256 deadline){_CONSENT}",
    "RevokeConsent": f"RevokeConsent(Consent consent,uint256 deadline){_CONSENT}",
    "RevokeAll": "RevokeAll(address subject,uint40 epoch,uint256 deadline)",
}


@dataclass(frozen=True)
class Terms:
    """What is agreed on, and with whom; stays off the chain."""

    grantee: str
    scope: bytes = b"\x5c" * 32
    purpose: bytes = b"\x9e" * 32
    salt: bytes = bytes(32)

    @property
    def abi(self) -> tuple[Any, ...]:
        return self.grantee, self.scope, self.purpose, self.salt

    @cached_property
    def hash(self) -> bytes:
        return struct_hash(_TERMS, self.abi)


@dataclass(frozen=True)
class Consent:
    """One consent; on the chain stands the hash of its terms."""

    subject: str
    expiry: int
    terms: Terms

    @property
    def abi(self) -> tuple[Any, ...]:
        return self.subject, self.expiry, self.terms.hash

    @cached_property
    def id(self) -> bytes:
        return struct_hash(_CONSENT, self.abi)

    def but(self, **other: Any) -> "Consent":
        """Return the same with something else: of the consent, or of its terms."""
        own = {name: value for name, value in other.items() if name in ("subject", "expiry")}
        rest = {name: value for name, value in other.items() if name not in own}
        return replace(self, **own, terms=replace(self.terms, **rest))


@dataclass(frozen=True)
class Act:
    """An item of a batch: what somebody signed about a consent."""

    consent: Consent
    epoch: int
    """What a grant names; a revocation does not, and it is not looked at there."""
    signer: str
    deadline: int
    signature: bytes = field(repr=False)

    @property
    def abi(self) -> tuple[Any, ...]:
        return self.consent.abi, self.epoch, self.signer, self.deadline, self.signature

    def alone(self, kind: str) -> tuple[Any, ...]:
        """Return the arguments of `grantBySig` or `revokeBySig`."""
        return self.abi if kind == "grant" else (self.consent.abi, *self.abi[2:])


@dataclass(frozen=True)
class Signing:
    """The signing domain of one consent registry on one chain."""

    chain_id: int
    contract: str

    def grant(self, consent: Consent, epoch: int, deadline: int) -> bytes:
        return self._digest("GrantConsent", consent.id, epoch, deadline)

    def revoke(self, consent: Consent, deadline: int) -> bytes:
        return self._digest("RevokeConsent", consent.id, deadline)

    def revoke_all(self, subject: str, epoch: int, deadline: int) -> bytes:
        return self._digest("RevokeAll", subject, epoch, deadline)

    def _digest(self, kind: str, *values: Any) -> bytes:
        return digest(self.separator, struct_hash(_KINDS[kind], values))

    @cached_property
    def separator(self) -> bytes:
        return domain_separator("CareLedger ConsentRegistry", "1", self.chain_id, self.contract)


def sign(account: LocalAccount, message: bytes) -> bytes:
    """Return r || s || v over 32 bytes, s in its lower half."""
    return bytes(Account.unsafe_sign_hash(message, account.key).signature)


def malleated(signature: bytes) -> bytes:
    """Return the other signature of the same key over the same digest: s above half the order."""
    s = 2 * HALF_ORDER + 1 - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])

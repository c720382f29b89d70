"""Ana's phone, Ana's friends, and what the bank knows of Ana."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eth_account import Account
from eth_typing import ChecksumAddress

from careledger.identity.consent.messages import ExternalSigner
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.guardians import Guardians
from careledger.identity.did.model import GuardianApproval
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.passkeys.ceremony import RelyingParty
from careledger.identity.passkeys.software_authenticator import SoftwareAuthenticator
from careledger.values.times import to_seconds

VCT = "https://bank.example/kyc/1"
"""The type of the bank's credential."""
CLAIMS = {
    "given_name": "Ana",
    "family_name": "Ruiz Calatrava",
    "birthdate": "1990-05-17",
    "document_number": "XYZ-774411-Q",
    "address": {"street": "Calle del Olmo 14", "city": "Valencia", "country": "ES"},
    "age_over_18": True,
    "resident_eu": True,
}
"""What the bank learned when it saw Ana's passport."""
SHOWN = ("age_over_18", "resident_eu")
"""What the insurer asks for, and gets; it gets nothing else."""
WISHES: dict[Any, Callable[[Any], bool]] = {name: lambda value: value is True for name in SHOWN}
PURPOSE = Purpose("Offer you a household policy", "https://insurer.example/terms/2026-11")
CONSENT_FOR = timedelta(days=30)

STATUS_LIST = b"kyc-2026".ljust(32, b"\0")
STATUS_URI = "https://bank.example/status/kyc-2026"

_SITE = RelyingParty("wallet.example", ("https://wallet.example",), "Ana's wallet")
_LEAST_FOUND = 6
"""Shorter values would be found in a file by chance."""


class Phone:
    """A phone with one passkey, whose address is an identity.

    The passkey is a `SoftwareAuthenticator`: it answers as a browser does, without asking for a
    finger.
    """

    def __init__(self, verifier: ChecksumAddress) -> None:
        """Make the passkey.

        Args:
            verifier: the suite's `PasskeyVerifier`.

        """
        self._verifier = verifier
        self._authenticator = SoftwareAuthenticator(_SITE)
        self.address = self._authenticator.key.address(verifier)

    def sign(self, digest: bytes) -> bytes:
        """Return the passkey's signature, as the contracts take it."""
        return self._authenticator.sign(digest, self._verifier)

    def signer(self) -> ExternalSigner:
        """Return the phone as the signer of consents."""
        return ExternalSigner(self.address, lambda message: self.sign(message.digest))


@dataclass(frozen=True)
class RecoveryRules:
    """How many guardians have to agree, and how long the owner can object."""

    threshold: int = 2
    delay: timedelta = timedelta(days=1)
    """The shortest that the registry allows."""


class Friends:
    """Three friends of Ana, who are the guardians of her identity."""

    def __init__(self, rules: RecoveryRules) -> None:
        """Let each friend have a key."""
        self.rules = rules
        self._accounts = [Account.create() for _ in range(3)]
        addresses = [account.address for account in self._accounts]
        self.guardians = Guardians.choose(addresses, rules.threshold)

    def approve(
        self, registry: IdentityRegistry, identity: str, new_owner: str, deadline: datetime
    ) -> list[GuardianApproval]:
        """Return as many approvals of a new owner as are needed."""
        cards = self.guardians.cards(registry.messages, identity)
        message = registry.messages.approve_recovery(
            identity,
            identity,
            new_owner,
            in_round=registry.guardianship(identity).round,
            deadline=deadline,
        )

        signing = self._accounts[: self.rules.threshold]
        return [
            GuardianApproval(
                friend.address,
                to_seconds(deadline),
                card.salt,
                tuple(card.proof),
                message.sign(friend),
            )
            for friend, card in zip(signing, cards, strict=False)
        ]


def values_found(claims: Mapping[str, Any], content: bytes) -> list[str]:
    """Return the texts among values of claims that occur in the content of files."""
    return sorted(value for value in _texts(claims) if value.encode() in content)


def _texts(claims: Mapping[str, Any]) -> Iterator[str]:
    for value in claims.values():
        if isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, str) and len(value) >= _LEAST_FOUND:
            yield value

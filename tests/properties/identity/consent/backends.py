"""Where consents are played: the in-process EVM for depth, an Anvil for truth."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.artifacts import Artifact
from careledger.chain.node import development_accounts
from careledger.chain.reverts import Reverted
from careledger.identity.passkeys.ceremony import RelyingParty
from careledger.identity.passkeys.software_authenticator import SoftwareAuthenticator
from tests.support.evm import Evm
from tests.worlds.identity.consents import Consent, Signing

Emitted = list[tuple[str, dict[str, Any]]]


def named(refusal: Reverted) -> str:
    """Return what a contract calls its refusal, without the contract's own name before it."""
    return (
        type(refusal).__name__
        if not refusal.data
        else _errors().get(refusal.data[:4], type(refusal).__name__)
    )


@cache
def _errors() -> dict[bytes, str]:
    found = {}
    for contract in ("ConsentRegistry", "CredentialStatus"):
        for entry in artifacts.load(contract).entries("error"):
            found[keccak(text=artifacts.signature(entry))[:4]] = entry["name"].removeprefix(
                f"{contract}_"
            )
    return found


def phone() -> SoftwareAuthenticator:
    return SoftwareAuthenticator(RelyingParty("care.example", ("https://care.example",)), secret=7)


class Stage(ABC):
    """A consent registry, people who can pay, and time; each back end adds its own part."""

    people: list[LocalAccount]
    wallet: str
    """A contract wallet; the last but one of the people holds its key."""
    phone: SoftwareAuthenticator
    """Somebody's passkey, and the contract that verifies it."""
    verifier: str
    signing: Signing
    now: int
    """When the next transaction will happen; seconds since 1970 UTC."""
    exact: bool
    """Whether time can be met to the second, and a state be tried and left again (`fork`, which
    only such have)."""

    @property
    def passkey(self) -> str:
        """The address that stands for the passkey."""
        return self.phone.key.address(self.verifier)

    def by_passkey(self, digest: bytes) -> bytes:
        return self.phone.sign(digest, self.verifier)

    def elsewhere(self, what: str) -> Signing:
        """Return the domain of another chain, or of another contract."""
        return replace(
            self.signing, **{"chain": {"chain_id": 1}, "contract": {"contract": self.wallet}}[what]
        )

    @abstractmethod
    def reset(self) -> None:
        """Begin anew: nothing was granted."""

    @abstractmethod
    def next_block(self) -> None:
        """Have the next transaction in another block than the last."""

    @abstractmethod
    def wait(self, seconds: int) -> None:
        """Let time pass."""

    @abstractmethod
    def identity(self, who: str, function: str, *arguments: Any) -> None:
        """Have somebody change an identity."""

    @abstractmethod
    def write(self, who: str, act: str, *sent: Any) -> Emitted:
        """Have somebody send an act to the consent registry; returns the events."""

    @abstractmethod
    def is_valid(self, consent: Consent) -> bool:
        """Say what the contract's `isValid` says."""

    @abstractmethod
    def row(self, consent: Consent) -> tuple[str, int, int, int]:
        """Return what the contract keeps: subject, expiry, epoch, status."""

    @abstractmethod
    def epoch(self, subject: str) -> int:
        """Return a subject's epoch."""

    @abstractmethod
    def id_of(self, consent: Consent) -> bytes:
        """Return the id as the contract computes it."""


FUNCTIONS = {
    "grant": ("grant", lambda consent, epoch: (consent.abi, epoch)),
    "grant_by_sig": ("grantBySig", lambda act: act.alone("grant")),
    "grant_batch": ("grantBatch", lambda acts: ([act.abi for act in acts],)),
    "revoke": ("revoke", lambda consent: (consent.abi,)),
    "revoke_by_sig": ("revokeBySig", lambda act: act.alone("revoke")),
    "revoke_batch": ("revokeBatch", lambda acts: ([act.abi for act in acts],)),
    "revoke_all": ("revokeAll", lambda subject: (subject,)),
    "revoke_all_by_sig": ("revokeAllBySig", lambda *sent: sent),
    "renounce": ("renounce", lambda consent, terms: (consent.abi, terms.abi)),
    "commit_use": ("commitUse", lambda one: (one,)),
    "commit_uses": ("commitUses", lambda several: (several,)),
}
"""Function of the contract, and its arguments from ours."""


class Deep(Stage):
    """The in-process EVM."""

    exact = True

    def __init__(self, artifact: Artifact | None = None) -> None:
        self.people = development_accounts(10)
        self.evm = Evm()
        for person in self.people:
            self.evm.fund(person)
        self.registry = self.evm.deploy("IdentityRegistry")
        self.consents = self.evm.deploy("ConsentRegistry", self.registry.address, artifact=artifact)
        self.wallet = self.evm.deploy("Wallet1271", self.people[-2].address).address
        self.phone, self.verifier = phone(), self.evm.deploy("PasskeyVerifier").address
        self.signing = Signing(self.evm.chain_id, self.consents.address)
        self.evm.sleep(1)
        self._start = self.evm.snapshot()

    def reset(self) -> None:
        self.evm.revert(self._start)
        self._start = self.evm.snapshot()

    @contextmanager
    def fork(self) -> Iterator[None]:
        before = self.evm.snapshot()
        try:
            yield
        finally:
            self.evm.revert(before)

    @property
    def now(self) -> int:  # type: ignore[override]
        return self.evm.now

    def next_block(self) -> None:
        """Do nothing: every transaction here is by itself."""

    def wait(self, seconds: int) -> None:
        self.evm.sleep(seconds)

    def identity(self, who: str, function: str, *arguments: Any) -> None:
        self.registry.transact(function, *arguments, sender=who)

    def write(self, who: str, act: str, *sent: Any) -> Emitted:
        function, arguments = FUNCTIONS[act]
        done = self.consents.transact(function, *arguments(*sent), sender=who)
        return [(event.name, event.arguments) for event in done.events]

    def is_valid(self, consent: Consent) -> bool:
        return bool(self.consents.call("isValid", consent.id))

    def row(self, consent: Consent) -> tuple[str, int, int, int]:
        return tuple(self.consents.call("consent", consent.id))

    def epoch(self, subject: str) -> int:
        return int(self.consents.call("epoch", subject))

    def id_of(self, consent: Consent) -> bytes:
        return bytes(self.consents.call("idOf", consent.abi))

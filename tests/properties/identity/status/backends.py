"""Where the lists are played: the in-process EVM, and an Anvil through the client."""

from typing import Any

from careledger.chain.artifacts import Artifact
from tests.properties.identity.consent.backends import Deep, Emitted
from tests.properties.identity.consent.node import Real, arguments


class DeepStatus(Deep):
    """The registry of consents in process, with status lists beside it."""

    def __init__(self, artifact: Artifact | None = None) -> None:
        super().__init__()
        self.status = self.evm.deploy("CredentialStatus", self.registry.address, artifact=artifact)
        self._start = self.evm.snapshot()

    def write(self, who: str, act: str, *sent: Any) -> Emitted:
        done = self.status.transact(
            {"revoke": "revoke", "revoke_word": "revokeWord"}[act], *sent, sender=who
        )
        return [(event.name, event.arguments) for event in done.events]

    def word(self, issuer: str, list_: bytes, word: int) -> int:
        return int(self.status.call("word", issuer, list_, word))

    def words(self, issuer: str, list_: bytes, first: int, count: int) -> list[int]:
        return list(self.status.call("words", issuer, list_, first, count))

    def is_revoked(self, issuer: str, list_: bytes, index: int) -> bool:
        return bool(self.status.call("isRevoked", issuer, list_, index))


class RealStatus(Real):
    """The registry of consents on an Anvil, with status lists beside it."""

    def write(self, who: str, act: str, *sent: Any) -> Emitted:
        client = self.status.using(self._senders[who])
        receipt = getattr(client, act)(*sent)
        return [(type(event).__name__, arguments(event)) for event in client.events(receipt)]

    def word(self, issuer: str, list_: bytes, word: int) -> int:
        return self.status.word(issuer, list_, word)

    def words(self, issuer: str, list_: bytes, first: int, count: int) -> list[int]:
        return self.status.words(issuer, list_, first, count)

    def is_revoked(self, issuer: str, list_: bytes, index: int) -> bool:
        return self.status.is_revoked(issuer, list_, index)

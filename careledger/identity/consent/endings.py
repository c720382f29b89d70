"""The file with signed endings of consents: a customer without ether signs, anybody hands it in.

Nothing in a file is believed: the relay asks the chain about each ending. One that its signer did
not sign is refused there without a transaction. Format: docs/protocol/identity-consent.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto import canonical
from careledger.crypto.documents import JsonNode
from careledger.errors import InputError
from careledger.identity.consent.errors import EndingsElsewhere, MalformedEndings
from careledger.identity.consent.messages import (
    ConsentEnding,
    ConsentSignature,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.identity.consent.terms import Commitment
from careledger.values.addresses import ZERO_ADDRESS

FORMAT = 1
MAX_FILE_BYTES = 2_097_152
MAX_ENDINGS = 1_000
"""Endings in a file."""
TO_HAND_IN = timedelta(days=30)
"""How long a file can be handed in after it was signed. Waiting does no harm, because an ended
consent stays ended."""


@dataclass(frozen=True)
class Endings:
    """What a customer hands over to end consents. Nothing in it was checked by being read."""

    chain_id: int
    registry: ChecksumAddress
    revocations: tuple[SignedRevocation, ...] = ()
    """Each ends one consent."""
    ends: tuple[SignedRevokeAll, ...] = ()
    """Each ends all consents of a subject."""

    @classmethod
    def of(cls, chain_id: int, registry: ChecksumAddress, endings: Iterable[ConsentEnding]) -> Self:
        """Gather what was signed for a registry."""
        every = tuple(endings)
        revocations = tuple(one for one in every if isinstance(one, SignedRevocation))
        ends = tuple(one for one in every if isinstance(one, SignedRevokeAll))
        return cls(chain_id, registry, revocations, ends)

    @property
    def acts(self) -> tuple[ConsentEnding, ...]:
        """All of it, for the relay."""
        return (*self.revocations, *self.ends)

    @property
    def deadline_at(self) -> datetime | None:
        """The last second in which all of it can be handed in; None where there is nothing."""
        return min((act.signed.deadline_at for act in self.acts), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the file as JSON."""
        return {
            "careledgerEndings": FORMAT,
            "chainId": self.chain_id,
            "registry": self.registry,
            "revocations": [
                {"consent": one.consent.to_json()} | one.signed.to_json()
                for one in self.revocations
            ],
            "ends": [
                {"subject": one.subject, "epoch": one.epoch} | one.signed.to_json()
                for one in self.ends
            ],
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            InputError: a member is missing, unknown or not valid, or something is ended twice.

        """
        node = JsonNode.of(document, "endings")
        members = node.object(("careledgerEndings", "chainId", "registry", "revocations", "ends"))
        members["careledgerEndings"].version(FORMAT)

        revocations = members["revocations"].items(MAX_ENDINGS)
        ends = members["ends"].items(MAX_ENDINGS)
        count = len(revocations) + len(ends)
        if count > MAX_ENDINGS:
            raise node.fault(f"{count:,} endings, but a file has at most {MAX_ENDINGS:,}")

        found = cls(
            members["chainId"].integer(least=1),
            members["registry"].address(),
            tuple(_revocation(one) for one in revocations),
            tuple(_revoke_all(one) for one in ends),
        )
        found._require_each_once(node)
        return found

    def write(self) -> bytes:
        """Return the content of the file: canonical JSON (RFC 8785).

        Raises:
            InputError: a file of this size could not be read again.

        """
        content = canonical.dumps(self.to_json())

        if len(self.acts) > MAX_ENDINGS or len(content) > MAX_FILE_BYTES:
            raise InputError(
                f"{len(self.acts):,} endings have {len(content):,} bytes, but a file has at most "
                f"{MAX_ENDINGS:,} endings in {MAX_FILE_BYTES:,} bytes: name fewer consents at once"
            )

        return content

    @classmethod
    def read(cls, content: bytes | str) -> Self:
        """Read the content of a file.

        Raises:
            MalformedEndings: it is not such a file, or is larger than is read.

        """
        raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        if len(raw) > MAX_FILE_BYTES:
            raise MalformedEndings(
                f"the endings have {len(raw):,} bytes, but at most {MAX_FILE_BYTES:,} are read"
            )

        try:
            return cls.from_json(JsonNode.read(raw, "endings"))
        except InputError as error:
            raise MalformedEndings(f"the file of endings cannot be read: {error}") from error

    def expect(self, chain_id: int, registry: ChecksumAddress) -> None:
        """Make sure that it was signed for a registry.

        Raises:
            EndingsElsewhere: it was signed for another registry, and no other accepts it.

        """
        if (self.chain_id, self.registry) != (chain_id, registry):
            raise EndingsElsewhere(
                f"this was signed for {self.registry} on chain {self.chain_id}, and cannot be "
                f"handed in at {registry} on chain {chain_id}"
            )

    def _require_each_once(self, node: JsonNode) -> None:
        consents: set[bytes] = set()
        for one in self.revocations:
            if one.consent.id in consents:
                raise node.fault(f"consent 0x{one.consent.id.hex()} is ended twice")
            consents.add(one.consent.id)

        subjects: set[str] = set()
        for end in self.ends:
            if end.subject in subjects:
                raise node.fault(f"all consents of subject {end.subject} are ended twice")
            subjects.add(end.subject)


def _revocation(node: JsonNode) -> SignedRevocation:
    members = node.object(("consent", "signer", "deadline", "signature"))
    consent = Commitment.from_json(members["consent"])
    return SignedRevocation(consent, ConsentSignature.from_members(members))


def _revoke_all(node: JsonNode) -> SignedRevokeAll:
    members = node.object(("subject", "epoch", "signer", "deadline", "signature"))
    subject = members["subject"].address()
    if subject == ZERO_ADDRESS:
        raise members["subject"].fault("nobody controls the zero address")

    epoch = members["epoch"].integer(bits=40)
    return SignedRevokeAll(subject, epoch, ConsentSignature.from_members(members))

"""The ends of consents, signed and in a file: a customer without ether signs, and anybody hands the file in.

Nothing in a file is believed: the relay asks the chain about each act, and what was not signed by
whom it says is refused there without a transaction. Format: docs/protocol/identity-consent.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto import canonical
from careledger.errors import InputError
from careledger.identity.consent.errors import EndingsElsewhere, MalformedEndings
from careledger.identity.consent.messages import (
    ConsentEnding,
    ConsentSignature,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.identity.consent.terms import Commitment, hash_text, members, second_count
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import from_seconds

FORMAT = 1
LARGEST = 2_097_152
"""Bytes of a file that are read at all."""
MOST = 1_000
"""Acts in a file."""
TO_HAND_IN = timedelta(days=30)
"""How long what is in a file can be handed in after it was signed: waiting does no harm, for ended
stays ended."""


@dataclass(frozen=True)
class Endings:
    """What a customer hands over to end consents. Nothing in it was checked by being read."""

    chain_id: int
    registry: ChecksumAddress
    revocations: tuple[SignedRevocation, ...] = ()
    """Each of one consent."""
    ends: tuple[SignedRevokeAll, ...] = ()
    """Each of all consents of a subject."""

    @classmethod
    def of(cls, chain_id: int, registry: ChecksumAddress, acts: Iterable[ConsentEnding]) -> Self:
        """Gather what was signed for a registry."""
        every = tuple(acts)
        revocations = tuple(act for act in every if isinstance(act, SignedRevocation))
        return cls(
            chain_id,
            registry,
            revocations,
            tuple(act for act in every if isinstance(act, SignedRevokeAll)),
        )

    @property
    def acts(self) -> tuple[ConsentEnding, ...]:
        """All of it, for the relay."""
        return (*self.revocations, *self.ends)

    @property
    def deadline_at(self) -> datetime | None:
        """The last second in which all of it can be handed in; None where there is nothing."""
        return min((act.signed.deadline_at for act in self.acts), default=None)

    @property
    def document(self) -> dict[str, Any]:
        """The file as JSON."""
        return {
            "careledgerEndings": FORMAT,
            "chainId": self.chain_id,
            "registry": self.registry,
            "revocations": [_revocation_document(act) for act in self.revocations],
            "ends": [
                {"subject": one.subject, "epoch": one.epoch} | one.signed.document
                for one in self.ends
            ],
        }

    def write(self) -> bytes:
        """Return the file: canonical JSON (RFC 8785).

        Raises:
            InputError: it holds more than would be read.

        """
        content = canonical.dumps(self.document)
        if len(self.acts) > MOST or len(content) > LARGEST:
            raise InputError(
                f"{len(self.acts):,} ends are {len(content):,} bytes, and a file holds {MOST:,} in {LARGEST:,}: "
                "name the consents, fewer at a time"
            )
        return content

    @classmethod
    def read(cls, content: bytes | str) -> Self:
        """Read a file.

        Raises:
            MalformedEndings: it is none, or larger than is read.

        """
        raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        if len(raw) > LARGEST:
            raise MalformedEndings(
                f"the endings have {len(raw):,} bytes, and at most {LARGEST:,} are read"
            )
        try:
            return cls._from_document(canonical.loads(raw))
        except MalformedEndings:
            raise
        except InputError as error:
            raise MalformedEndings(f"the endings cannot be read: {error}") from error

    @classmethod
    def _from_document(cls, document: Any) -> Self:
        names = ("careledgerEndings", "chainId", "registry", "revocations", "ends")
        given = members(document, "the file", names)
        if type(given["careledgerEndings"]) is not int or given["careledgerEndings"] != FORMAT:
            raise MalformedEndings(
                f"the file's 'careledgerEndings' is not {FORMAT}, the format that is read here"
            )
        chain_id, lists = given["chainId"], (given["revocations"], given["ends"])
        if type(chain_id) is not int or chain_id < 1:
            raise MalformedEndings("the file's 'chainId' is no number of a chain")
        if not all(isinstance(one, list) for one in lists):
            raise MalformedEndings("the file's 'revocations' and 'ends' are not both lists")
        if (count := sum(len(one) for one in lists)) > MOST:
            raise MalformedEndings(f"the file holds {count:,} ends, and at most {MOST:,} are read")
        revocations = tuple(_revocation(one) for one in lists[0])
        ends = tuple(_end(one) for one in lists[1])
        _once([act.consent.id.hex() for act in revocations], "consent 0x")
        _once([end.subject for end in ends], "subject ")
        return cls(chain_id, address(given["registry"], "registry"), revocations, ends)

    def expect(self, chain_id: int, registry: ChecksumAddress) -> None:
        """Make sure that it was signed for a registry.

        Raises:
            EndingsElsewhere: it was signed for another, which alone takes it.

        """
        if (self.chain_id, self.registry) != (chain_id, registry):
            raise EndingsElsewhere(
                f"this was signed for {self.registry} on chain {self.chain_id}, and cannot be handed in at {registry} "
                f"on chain {chain_id}"
            )


def _revocation_document(act: SignedRevocation) -> dict[str, Any]:
    seen = act.consent
    consent = {
        "subject": seen.subject,
        "expiry": seen.expiry,
        "terms": "0x" + seen.terms_hash.hex(),
    }
    return {"consent": consent} | act.signed.document


def _revocation(document: Any) -> SignedRevocation:
    given = dict(members(document, "a revocation", ("consent", "signer", "deadline", "signature")))
    seen = members(given.pop("consent"), "a revocation: consent", ("subject", "expiry", "terms"))
    subject = address(seen["subject"], "a revocation: subject")
    until = from_seconds(second_count(seen["expiry"], "a revocation: expiry"))
    terms = hash_text(seen["terms"], "a revocation: terms")
    return SignedRevocation(
        Commitment(subject, until, terms), ConsentSignature.from_document(given, "a revocation")
    )


def _end(document: Any) -> SignedRevokeAll:
    given = dict(
        members(document, "an end", ("subject", "epoch", "signer", "deadline", "signature"))
    )
    subject = address(given.pop("subject"), "an end: subject")
    if subject == ZERO_ADDRESS:
        raise MalformedEndings("an end: subject is missing: nobody controls the zero address")
    epoch = second_count(given.pop("epoch"), "an end: epoch")
    return SignedRevokeAll(subject, epoch, ConsentSignature.from_document(given, "an end"))


def _once(keys: list[str], what: str) -> None:
    known: set[str] = set()
    for key in keys:
        if key in known:
            raise MalformedEndings(f"the file ends {what}{key} twice")
        known.add(key)

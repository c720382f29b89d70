"""The customer's diary: each consent, to whom and why, when it was used, and how to end it.

It is made of what the wallet keeps of each consent (`ConsentReceipt`), and of what the chain says
about it. Nobody else can make it, because nobody else knows which consents are one person's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.rpc import Block
from careledger.errors import Conflict, NotFound
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.endings import Endings
from careledger.identity.consent.messages import ConsentEnding, SignedRevocation, Signer
from careledger.identity.consent.state import ConsentState, consent_state
from careledger.identity.exchange.consent_receipt import ConsentReceipt
from careledger.values.times import from_seconds


@dataclass(frozen=True)
class ConsentUse:
    """That the company put on record that it read."""

    commitment: bytes
    at: datetime
    """The block's time; it was read by then."""
    block: int
    transaction: bytes


@dataclass(frozen=True)
class DiaryEntry:
    """A consent, its state, and when it was used."""

    receipt: ConsentReceipt
    state: ConsentState
    uses: tuple[ConsentUse, ...]


class Diary:
    """The consents of one person in one registry."""

    def __init__(self, registry: ConsentRegistry, documents: Iterable[Mapping[str, Any]]) -> None:
        """Open it.

        Args:
            registry: read only.
            documents: what the wallet keeps; consents in other registries are left out.

        Raises:
            InputError: one is not valid.

        """
        self.registry = registry
        here = (registry.chain.chain_id, registry.address)

        every = (ConsentReceipt.from_json(dict(document)) for document in documents)
        mine = [one for one in every if (one.chain_id, one.registry) == here]
        self.receipts = sorted(mine, key=lambda one: (one.given_at, one.consent.id))

    def entries(self, block: Block = "latest") -> list[DiaryEntry]:
        """Return all consents, oldest first, in their state as of a block."""
        head = self.registry.chain.block(block)
        number = int(head["number"], 16)
        now = from_seconds(int(head["timestamp"], 16))

        commitments = [one for receipt in self.receipts for one in receipt.commitments]
        uses = self._uses(commitments, number)
        subjects = dict.fromkeys(receipt.consent.subject for receipt in self.receipts)
        epochs = {subject: self.registry.epoch(subject, number) for subject in subjects}

        entries = []
        for receipt in self.receipts:
            consent = receipt.consent
            record = self.registry.consent(consent.id, number)
            state = consent_state(consent, record, epochs[consent.subject], now)
            found = tuple(uses[one] for one in receipt.commitments if one in uses)
            entries.append(DiaryEntry(receipt, state, found))
        return entries

    def _uses(self, commitments: Sequence[bytes], block: int) -> dict[bytes, ConsentUse]:
        times: dict[bytes, datetime] = {}
        found = {}
        for commitment, event in self.registry.uses(commitments, to_block=block).items():
            log = event.log
            if log.block_hash not in times:
                head = self.registry.chain.block(log.block_hash)
                times[log.block_hash] = from_seconds(int(head["timestamp"], 16))

            found[commitment] = ConsentUse(
                commitment, times[log.block_hash], log.block_number, log.transaction_hash
            )
        return found

    def find(self, consent_id: bytes) -> ConsentReceipt:
        """Return what the wallet keeps of a consent.

        Raises:
            NotFound: the wallet keeps none with this id in this registry.

        """
        for receipt in self.receipts:
            if receipt.consent.id == consent_id:
                return receipt
        raise NotFound(f"the wallet has no consent 0x{consent_id.hex()} in {self.registry.address}")

    def revoke(self, consent_id: bytes, signer: Signer, deadline: datetime) -> SignedRevocation:
        """Have the end of one consent signed, for a relay to submit.

        A consent that is not on chain yet can then never be granted.

        Raises:
            Conflict: it is over already.
            NotFound: it is not one of this wallet.

        """
        consent = self.find(consent_id).consent
        record = self.registry.consent(consent_id)
        epoch = self.registry.epoch(consent.subject)

        state = consent_state(consent, record, epoch, self.registry.time())
        if state.over:
            raise Conflict(f"consent 0x{consent_id.hex()} is over already: {state.value}")
        return self.registry.messages.signed_revocation(consent, signer, deadline)

    def revoke_all(
        self, signer_of: Callable[[ChecksumAddress], Signer], deadline: datetime
    ) -> Endings:
        """Have the end of everything signed that is not over, for a relay to submit.

        A one-time subject signs the end of its consent. A subject that gave several consents, or
        may give more, signs one end of all of them; that also ends what the wallet has forgotten.

        Args:
            signer_of: returns the signer for a subject.

        """
        messages = self.registry.messages
        alive = [entry.receipt for entry in self.entries() if not entry.state.over]

        endings: list[ConsentEnding] = []
        for receipt in alive:
            if receipt.one_time:
                signer = signer_of(receipt.consent.subject)
                endings.append(messages.signed_revocation(receipt.consent, signer, deadline))

        stable = dict.fromkeys(one.consent.subject for one in alive if not one.one_time)
        for subject in stable:
            epoch = self.registry.epoch(subject)
            signer = signer_of(subject)
            endings.append(messages.signed_revoke_all(subject, signer, epoch, deadline))

        return Endings.of(self.registry.chain.chain_id, self.registry.address, endings)

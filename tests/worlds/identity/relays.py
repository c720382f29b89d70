"""A registry of consents with many customers, and relays that are started anew, for tests on a
chain.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from careledger.chain.send import Sender
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.events import ConsentGranted
from careledger.identity.consent.messages import KeySigner
from careledger.identity.consent.relay import Relay
from careledger.identity.consent.terms import Consent, ConsentTerms
from careledger.store import Store
from tests.support.evm import actor

DAY = timedelta(days=1)
TERMS = ConsentTerms("0x" + "22" * 20, b"\1" * 32, b"\2" * 32, b"\3" * 32)


class Bench:
    """A registry, many customers with a key each, and relays that are started anew from what is on
    disk.
    """

    def __init__(self, chain, suite, sender, where):
        self.chain, self.suite, self.sender = chain, suite, sender
        self.where = where
        self.consents = ConsentRegistry(chain, suite["ConsentRegistry"], sender)
        self.soon = self.consents.time() + DAY

    def relay(self, sender=None, chain=None, **options):
        """Return a new relay, as after a restart of the program."""
        chain = chain or self.chain
        paying = Sender(chain, (sender or self.sender).account, timeout=20, stuck_after=5)
        registry = ConsentRegistry(chain, self.consents.address, paying)
        return Relay(Store.open(self.where), registry, **{"ttl": 1} | options)

    def signer(self, n):
        return KeySigner(actor(f"customer {n}"))

    def consent(self, n, subject=None):
        salt = n.to_bytes(32, "big")
        return Consent(
            subject or self.signer(n).address, self.soon + 30 * DAY, replace(TERMS, salt=salt)
        )

    def grant(self, n, signer=None, epoch=0, deadline=None, subject=None):
        by = signer or self.signer(n)
        consent = self.consent(n, subject or by.address)
        return self.consents.messages.signed_grant(consent, by, epoch, deadline or self.soon)

    def revocation(self, n, deadline=None):
        return self.consents.messages.signed_revocation(
            self.consent(n), self.signer(n), deadline or self.soon
        )

    def end(self, n):
        who = self.signer(n)
        return self.consents.messages.signed_revoke_all(
            who.address, who, self.consents.epoch(who.address), self.soon
        )

    @property
    def sent(self):
        """How many transactions the payer has in blocks."""
        return int(self.chain.request("eth_getTransactionCount", self.sender.address, "latest"), 16)

    def granted(self):
        """Return how often each id was granted."""
        return Counter(event.id for event in self.consents.history(ConsentGranted))

    def statuses(self, count):
        return [self.consents.consent(self.consent(n).id).status for n in range(count)]


def states(outcomes):
    return [outcome.state for outcome in outcomes]

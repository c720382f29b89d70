"""Consents and status lists on an Anvil, through the clients that everybody uses."""

from datetime import UTC, datetime
from typing import Any

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount

from careledger.chain import artifacts
from careledger.chain.events import Event
from careledger.chain.node import DevelopmentChain
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.identity.consent import messages, terms
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.status.client import CredentialStatus
from tests.properties.identity.consent.backends import Emitted, Stage, phone
from tests.worlds.identity.consents import Act, Consent, Signing, Terms


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Real(Stage):
    """An Anvil: a block a transaction, a second after the one before."""

    exact = False

    def __init__(self, chain: Chain, accounts: list[LocalAccount], suite: dict[str, str]) -> None:
        self.people, self.chain, self.suite = accounts, chain, suite
        self.development = DevelopmentChain(chain)
        self._senders = {a.address: Sender(chain, a, stuck_after=60) for a in accounts}
        code = artifacts.load("Wallet1271").bytecode + encode(["address"], [accounts[-2].address])
        self.wallet = str(self._senders[accounts[-1].address].transact(None, code).contract_address)
        self.identities = IdentityRegistry(chain, suite["IdentityRegistry"])
        self.consents = ConsentRegistry(chain, suite["ConsentRegistry"])
        self.status = CredentialStatus(chain, suite["CredentialStatus"])
        self.phone, self.verifier = phone(), suite["PasskeyVerifier"]
        self.signing = Signing(chain.chain_id, self.consents.address)
        self._start = self.development.snapshot()

    def reset(self) -> None:
        self.development.revert(self._start)
        self._start = self.development.snapshot()
        self._senders = {a.address: Sender(self.chain, a, stuck_after=60) for a in self.people}
        self.next_block()

    def next_block(self) -> None:
        self.now = self.chain.timestamp() + 1
        self.chain.request("evm_setNextBlockTimestamp", hex(self.now))

    def wait(self, seconds: int) -> None:
        self.development.warp(self.now + seconds)
        self.next_block()

    def identity(self, who: str, function: str, *arguments: Any) -> None:
        client = self.identities.using(self._senders[who])
        method = {
            "addDelegate": client.add_delegate,
            "revokeDelegate": client.revoke_delegate,
            "changeOwner": client.change_owner,
            "deactivate": client.deactivate,
        }[function]
        method(*arguments)
        self.next_block()

    def write(self, who: str, act: str, *sent: Any) -> Emitted:
        client = self.consents.using(self._senders[who])
        if act == "renounce":
            consent, shown = sent
            if shown != consent.terms:  # the client cannot even say it
                receipt = client._write("renounce", consent.abi, shown.abi)
            else:
                receipt = client.renounce(ours(consent))
        elif act == "revoke_all_by_sig":
            subject, signer, deadline, signature = sent
            signed = messages.ConsentSignature(signer, at(deadline), signature)
            receipt = client.revoke_all_by_sig(messages.SignedRevokeAll(subject, 0, signed))
        else:
            receipt = getattr(client, act)(*[ours(one) for one in sent])
        return [(type(event).__name__, arguments(event)) for event in client.events(receipt)]

    def is_valid(self, consent: Consent) -> bool:
        return self.consents.is_valid(consent.id)

    def row(self, consent: Consent) -> tuple[str, int, int, int]:
        kept = self.consents.record(consent.id)
        return kept.subject, int(kept.expires_at.timestamp()), kept.epoch, int(kept.status)

    def epoch(self, subject: str) -> int:
        return self.consents.epoch(subject)

    def id_of(self, consent: Consent) -> bytes:
        python = ours(consent)
        assert python.id == consent.id
        return self.consents.id_of(python)


def ours(one: Any) -> Any:
    """Return what the client wants for what the machine has."""
    match one:
        case list():
            return [ours(item) for item in one]
        case Terms():
            return terms.ConsentTerms(*one.abi)
        case Consent():
            return terms.Consent(one.subject, at(one.expiry), ours(one.terms))
        case Act():
            signed = messages.ConsentSignature(one.signer, at(one.deadline), one.signature)
            return messages.SignedGrant(ours(one.consent).commitment, signed, one.epoch)
    return one


def arguments(event: Event) -> dict[str, Any]:
    return {name: value for name, value in vars(event).items() if name != "log"}

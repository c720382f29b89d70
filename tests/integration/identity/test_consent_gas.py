"""What consents and revocations cost, on Anvil, to the last unit.

A subject is a key of its own per consent, as wallets make them, so every slot of a grant is new;
who relays has done so before. Deadlines and expiries are constants: their bytes are paid for.

Ending a consent by signature was to take 39,500: `revokeCompactBySig` does,
for an account's own key.
`revokeBySig`, which takes every kind of signature, and a status bit in a used word (aim: 30,500)
take more: what cannot be done without (the transaction, its data, the slot, the event, the
signature, and the registry's answer to who may act) takes 38,961 and 33,820 before the first
instruction of ours. docs/decisions.md has the sum.
"""

from dataclasses import dataclass

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from careledger.chain.contract import ContractClient
from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionReceipt
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import (
    digest,
    domain_separator,
    sign_digest,
    struct_hash,
)
from careledger.identity.consent.messages import ConsentSignature
from careledger.values.times import from_seconds
from tests.support.evm import START
from tests.support.gas import Gas

pytestmark = pytest.mark.gas

EXPIRY, DEADLINE, DAY = START + 180 * 86_400, START + 10**8, 86_400
TERMS = "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
CONSENT = f"Consent(address subject,uint48 expiry,Terms terms){TERMS}"
GRANT = f"GrantConsent(Consent consent,uint40 epoch,uint256 deadline){CONSENT}"
REVOKE = f"RevokeConsent(Consent consent,uint256 deadline){CONSENT}"
REVOKE_ALL = "RevokeAll(address subject,uint40 epoch,uint256 deadline)"
LIST = keccak256(b"a list")


def role(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


class Contract(ContractClient):
    """Whatever the ABI has, by its name there."""

    def send(self, sender: Sender, function: str, *arguments: object) -> TransactionReceipt:
        return sender.transact(self.address, self.encode(function, *arguments))


class Consents(Contract):
    name = "ConsentRegistry"


class Status(Contract):
    name = "CredentialStatus"


class Identities(Contract):
    name = "IdentityRegistry"


@dataclass
class Office:
    """Who relays, and the contracts."""

    gas: Gas
    consents: Consents
    status: Status
    identities: Identities
    relayer: Sender

    def weigh(self, row: str, receipt: TransactionReceipt, at_most: int | None = None) -> None:
        self.gas.row(row, receipt.gas_used, at_most)

    def sign(self, who: LocalAccount, struct: bytes) -> bytes:
        separator = domain_separator(
            "CareLedger ConsentRegistry", "1", self.consents.chain.chain_id, self.consents.address
        )
        return sign_digest(who, digest(separator, struct))

    def grant(self, who: LocalAccount, consent: tuple[str, int, bytes], epoch: int = 0) -> bytes:
        return self.sign(
            who, struct_hash(GRANT, [struct_hash(CONSENT, list(consent)), epoch, DEADLINE])
        )

    def revocation(self, who: LocalAccount, consent: tuple[str, int, bytes]) -> bytes:
        return self.sign(who, struct_hash(REVOKE, [struct_hash(CONSENT, list(consent)), DEADLINE]))

    def name_delegate(self, identity: Sender, name: str, delegate: str) -> None:
        self.identities.send(
            identity, "addDelegate", identity.address, role(name), delegate, 300 * DAY
        )


@pytest.fixture
def office(gas: Gas, chain, suite, senders: list[Sender]) -> Office:
    return Office(
        gas,
        Consents(chain, suite["ConsentRegistry"]),
        Status(chain, suite["CredentialStatus"]),
        Identities(chain, suite["IdentityRegistry"]),
        senders[9],
    )


def subject(number: int) -> LocalAccount:
    """Return a key that serves once."""
    return Account.from_key(keccak256(b"subject %d" % number))


def terms(grantee: str, number: int) -> tuple[str, bytes, bytes, bytes]:
    return (
        grantee,
        *(keccak256(b"%s %d" % (what, number)) for what in (b"scope", b"purpose", b"salt")),
    )


def consent(of: str, number: int, grantee: str = "0x" + "22" * 20) -> tuple[str, int, bytes]:
    return of, EXPIRY, struct_hash(TERMS, list(terms(grantee, number)))


def test_one_by_one(office: Office, senders: list[Sender]) -> None:
    registry, relayer, company = office.consents, office.relayer, senders[2]
    one = subject(1)
    first = consent(one.address, 1)
    receipt = registry.send(
        relayer, "grantBySig", first, 0, one.address, DEADLINE, office.grant(one, first)
    )
    office.weigh("ConsentRegistry.grantBySig", receipt, 60_000)
    receipt = registry.send(
        relayer, "revokeBySig", first, one.address, DEADLINE, office.revocation(one, first)
    )
    office.weigh("ConsentRegistry.revokeBySig", receipt, 42_200)
    own = consent(one.address, 4)
    registry.send(relayer, "grantBySig", own, 0, one.address, DEADLINE, office.grant(one, own))
    signed = ConsentSignature(one.address, from_seconds(DEADLINE), office.revocation(one, own))
    identifier = struct_hash(CONSENT, list(own))
    receipt = registry.send(relayer, "revokeCompactBySig", identifier, DEADLINE, *signed.compact)
    office.weigh("ConsentRegistry.revokeBySig.compact", receipt, 39_500)
    second = consent(one.address, 2)
    receipt = registry.send(
        relayer, "revokeBySig", second, one.address, DEADLINE, office.revocation(one, second)
    )
    office.weigh("ConsentRegistry.revokeBySig.unused", receipt)
    clerk = subject(2)
    office.name_delegate(company, "careledger.consent", clerk.address)
    third = consent(company.address, 3)
    receipt = registry.send(
        relayer, "grantBySig", third, 0, clerk.address, DEADLINE, office.grant(clerk, third)
    )
    office.weigh("ConsentRegistry.grantBySig.delegate", receipt)
    everything = office.sign(one, struct_hash(REVOKE_ALL, [one.address, 0, DEADLINE]))
    receipt = registry.send(
        relayer, "revokeAllBySig", one.address, one.address, DEADLINE, everything
    )
    office.weigh("ConsentRegistry.revokeAllBySig.first", receipt)


def test_directly(office: Office, senders: list[Sender]) -> None:
    registry, me, company = office.consents, senders[1], senders[2]
    office.name_delegate(me, "careledger.consent", senders[3].address)
    mine = [consent(me.address, number, company.address) for number in range(5)]
    office.weigh("ConsentRegistry.grant", registry.send(me, "grant", mine[0], 0), 54_500)
    office.weigh("ConsentRegistry.grant.delegate", registry.send(senders[3], "grant", mine[1], 0))
    office.weigh("ConsentRegistry.revoke", registry.send(me, "revoke", mine[0]))
    office.weigh("ConsentRegistry.revoke.unused", registry.send(me, "revoke", mine[2]))
    receipt = registry.send(company, "renounce", mine[1], terms(company.address, 1))
    office.weigh("ConsentRegistry.renounce", receipt)
    office.weigh("ConsentRegistry.revokeAll.first", registry.send(me, "revokeAll", me.address))
    office.weigh("ConsentRegistry.revokeAll.steady", registry.send(me, "revokeAll", me.address))


@pytest.mark.parametrize("count", [1, 10, 50])
def test_batches(office: Office, count: int) -> None:
    registry, relayer = office.consents, office.relayer
    people = [subject(number) for number in range(count)]
    consents = [consent(one.address, number) for number, one in enumerate(people)]
    for function, sign, limit in (
        ("grantBatch", office.grant, 38_000),
        ("revokeBatch", office.revocation, None),
    ):
        acts = [
            (one, 0, who.address, DEADLINE, sign(who, one))
            for who, one in zip(people, consents, strict=True)
        ]
        receipt = registry.send(relayer, function, acts)
        assert len(receipt.logs) == count
        row = f"ConsentRegistry.{function}{count}.perItem"
        office.gas.row(row, round(receipt.gas_used / count), limit if count == 50 else None)


def test_uses(office: Office, senders: list[Sender]) -> None:
    registry, company = office.consents, senders[2]
    commitments = [keccak256(b"use %d" % number) for number in range(50)]
    office.weigh("ConsentRegistry.commitUse", registry.send(company, "commitUse", commitments[0]))
    receipt = registry.send(company, "commitUses", commitments)
    office.gas.row("ConsentRegistry.commitUses50.perItem", round(receipt.gas_used / 50))


def test_status(office: Office, senders: list[Sender]) -> None:
    status, issuer, clerk = office.status, senders[4], senders[5]
    office.name_delegate(issuer, "careledger.status", clerk.address)
    office.weigh(
        "CredentialStatus.revoke.first", status.send(clerk, "revoke", issuer.address, LIST, 70_000)
    )
    receipt = status.send(clerk, "revoke", issuer.address, LIST, 70_001)
    office.weigh("CredentialStatus.revoke.steady", receipt, 36_000)
    receipt = status.send(issuer, "revoke", issuer.address, LIST, 70_002)
    office.weigh("CredentialStatus.revoke.steady.controller", receipt)
    office.weigh(
        "CredentialStatus.revoke.again", status.send(clerk, "revoke", issuer.address, LIST, 70_002)
    )
    bits = sum(1 << (5 * place + 2) for place in range(50))
    receipt = status.send(clerk, "revokeWord", issuer.address, LIST, 70_000 >> 8, bits)
    office.gas.row("CredentialStatus.revokeWord50.perItem", round(receipt.gas_used / 50), 3_600)

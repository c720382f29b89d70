"""What a passkey's signature costs, by the precompile and in Solidity, to the last unit.

The same transactions on two chains: Anvil as it comes (Osaka, with the precompile at 0x100) and
Anvil before Osaka. `PasskeyVerifier.verify` is a transaction to the verifier itself; the rows of
`ConsentRegistry` are grants by a relayer who has relayed before, for a subject that never consented
before, as those of accounts are.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from eth_account.signers.local import LocalAccount

from careledger.chain import p256
from careledger.chain.deploy import deploy
from careledger.chain.node import LocalNode
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionReceipt
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.terms import Consent, ConsentTerms
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.model import AGENT, Operation
from tests.support.evm import START
from tests.support.gas import Gas
from tests.worlds.identity.passkeys import phone

pytestmark = pytest.mark.gas

DEADLINE = datetime.fromtimestamp(START + 10**8, UTC)
EXPIRY = datetime.fromtimestamp(START + 180 * 86_400, UTC)


@pytest.fixture(scope="module")
def before_osaka(
    compiled: None, accounts: list[LocalAccount], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Chain, dict[str, str]]]:
    """Serve a chain without the precompile, the suite deployed."""
    with LocalNode("anvil", extra=["--timestamp", str(START), "--hardfork", "shanghai"]) as chain:
        yield (
            chain,
            dict(deploy(chain, Sender(chain, accounts[0]), tmp_path_factory.mktemp("shanghai"))),
        )


class Office:
    """Who relays, on one chain."""

    def __init__(self, chain: Chain, suite: dict[str, str], account: LocalAccount) -> None:
        self.chain, self.suite, self.relayer = chain, suite, Sender(chain, account)
        self.consents = ConsentRegistry(chain, suite["ConsentRegistry"], self.relayer)
        self.registry = IdentityRegistry(chain, suite["IdentityRegistry"], self.relayer)

    def verify(self) -> TransactionReceipt:
        return self.relayer.transact(self.suite["PasskeyVerifier"], p256.example())

    def grant(self, number: int) -> TransactionReceipt:
        """Grant for a passkey that is its own subject."""
        signer = phone(f"subject {number}").signer(self.suite["PasskeyVerifier"])
        terms = ConsentTerms(self.relayer.address, b"\1" * 32, b"\2" * 32, bytes([number]) * 32)
        consent = Consent(signer.address, EXPIRY, terms)
        return self.consents.grant_by_sig(
            self.consents.messages.signed_grant(consent, signer, 0, DEADLINE)
        )

    def name_delegate(self) -> TransactionReceipt:
        """Have a passkey name a delegate for its identity."""
        signer = phone("controller").signer(self.suite["PasskeyVerifier"])
        steps = [Operation.add_delegate(AGENT, self.relayer.address, EXPIRY)]
        typed = self.registry.messages.batch(signer.address, steps, nonce=0, deadline=DEADLINE)
        return self.registry.execute_by_sig(
            signer.address, steps, deadline=DEADLINE, signature=signer.sign(typed)
        )


def weigh(gas: Gas, office: Office, how: str, dearer: int) -> None:
    """Weigh on one chain; `dearer`: what Solidity may take beyond the precompile."""
    gas.row(f"PasskeyVerifier.verify.{how}", office.verify().gas_used, at_most=46_000 + dearer)
    office.grant(1)  # the relayer's first
    gas.row(
        f"ConsentRegistry.grantBySig.passkey.{how}",
        office.grant(2).gas_used,
        at_most=100_000 + dearer,
    )
    gas.row(
        f"IdentityRegistry.executeBySig.passkey.{how}",
        office.name_delegate().gas_used,
        at_most=140_000 + dearer,
    )


def test_by_the_precompile(
    gas: Gas, chain: Chain, suite: dict[str, str], accounts: list[LocalAccount]
) -> None:
    assert p256.is_native(chain)
    weigh(gas, Office(chain, suite, accounts[1]), "precompile", 0)


def test_in_solidity(
    gas: Gas, before_osaka: tuple[Chain, dict[str, str]], accounts: list[LocalAccount]
) -> None:
    chain, suite = before_osaka
    assert not p256.is_native(chain)
    weigh(gas, Office(chain, suite, accounts[1]), "solidity", 210_000)

"""Who acts in the refund flow, each an account of its own, and the stablecoin to pay with."""

from dataclasses import dataclass
from datetime import timedelta

from eth_abi.abi import encode

from careledger.chain import artifacts
from careledger.chain.send import Sender
from careledger.flows.stage import Stage
from careledger.identity.did.client import IdentityRegistry
from careledger.refunds.erc20 import Erc20Token

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class RefundActors:
    """Brand, carrier and arbiter are identities; the others act for them, or for nobody."""

    brand: Sender
    clerk: Sender
    """The brand's delegate for `careledger.refunder`."""
    carrier: Sender
    scanner: Sender
    """The carrier's delegate for `careledger.scanner`."""
    arbiter: Sender
    marketplace: Sender
    """Gets the fees, and does nothing."""
    relayer: Sender
    """Sends what customers sign, and pays for it."""
    keeper: Sender
    """A stranger: has no right that anybody else does not have."""


def appoint_actors(stage: Stage) -> RefundActors:
    """Create everybody, and let brand and carrier name their delegates."""
    actors = RefundActors(
        brand=stage.actor("Lumbre, the brand"),
        clerk=stage.actor("a clerk of Lumbre"),
        carrier=stage.actor("Rápido, the carrier"),
        scanner=stage.actor("a scanner of Rápido", ether=20),
        arbiter=stage.actor("the arbiter"),
        marketplace=stage.actor("the marketplace", ether=0),
        relayer=stage.actor("a relayer", ether=30),
        keeper=stage.actor("a stranger", ether=20),
    )

    registry = IdentityRegistry(stage.chain, stage.addresses["IdentityRegistry"])
    for identity, role, delegate in (
        (actors.brand, "careledger.refunder", actors.clerk),
        (actors.carrier, "careledger.scanner", actors.scanner),
    ):
        registry.using(identity).add_delegate(identity.address, role, delegate.address, YEAR)
    return actors


def deploy_stablecoin(stage: Stage) -> Erc20Token:
    """Deploy a stablecoin of six decimals that is worth nothing; the stage's patron may mint it."""
    arguments = encode(["string", "string", "uint8"], ["Test Dollar", "TUSD", 6])
    code = artifacts.load("TestToken").bytecode + arguments

    receipt = stage.patron.transact(None, code)
    return Erc20Token(stage.chain, str(receipt.contract_address), stage.patron)

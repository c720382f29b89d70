"""ERC-1056 operations: the reference registry (npm ethr-did-registry) and ours.

Both get the same calls.
"""

from bench import Bench, Contract, Row, keyed
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from packages import ours, published

from careledger.chain.send import Sender

OPERATIONS = ("changeOwner", "addDelegate", "revokeDelegate", "setAttribute", "revokeAttribute")
YEAR = 365 * 24 * 3600
ROLE = b"veriKey".ljust(32, b"\0")
NAME = b"did/pub/Secp256k1/veriKey/hex".ljust(32, b"\0")
KEY = bytes.fromhex("02b97c30de767f084ce3080168ee293053ba33b235d7116a3263d29f1450936b71")
"""A compressed public key: the value of the attribute."""


class Registry:
    """Measures one registry."""

    def __init__(self, contract: Contract, relayer: Sender) -> None:
        self.contract, self.relayer = contract, relayer
        self.gas: dict[str, int] = {}

    def direct(self, row: str, actor: Sender, function: str, *arguments: object) -> None:
        """Send an operation by its controller."""
        operation = row.partition(".")[0]
        self.gas[row] = self.contract.gas(actor, operation, function, *arguments)

    def signed(
        self, row: str, identity: str, signer: LocalAccount, packed: bytes, *arguments: object
    ) -> None:
        """Let somebody else send what the controller signed."""
        operation = row.partition(".")[0]
        nonce = self.contract.read("nonce", signer.address)
        digest = keccak(
            bytes.fromhex("1900" + self.contract.address[2:])
            + nonce.to_bytes(32, "big")
            + bytes.fromhex(identity[2:])
            + operation.removesuffix("Signed").encode()
            + packed
        )
        s = signer.unsafe_sign_hash(digest)
        parts = (s.v, s.r.to_bytes(32, "big"), s.s.to_bytes(32, "big"))
        self.gas[row] = self.contract.gas(self.relayer, operation, identity, *parts, *arguments)


def measure(contract: Contract, actors: list[Sender]) -> dict[str, int]:
    """Return gas by operation; `first` is an identity's first change, `steady` a later one."""
    registry = Registry(contract, actors[0])
    delegate, other = keyed("delegate").address, keyed("other delegate").address
    old, new, third, delegating, publishing, withdrawing = actors[1:7]

    registry.direct("changeOwner.first", old, old.address, new.address)
    registry.direct("changeOwner.steady", new, old.address, third.address)
    registry.direct("addDelegate.first", delegating, delegating.address, ROLE, delegate, YEAR)
    registry.direct("addDelegate.steady", delegating, delegating.address, ROLE, other, YEAR)
    registry.direct("revokeDelegate.steady", delegating, delegating.address, ROLE, delegate)
    registry.direct("setAttribute.first", publishing, publishing.address, NAME, KEY, YEAR)
    registry.direct("setAttribute.steady", publishing, publishing.address, NAME, KEY, YEAR)
    registry.direct("revokeAttribute.first", withdrawing, withdrawing.address, NAME, KEY)
    registry.direct("revokeAttribute.steady", withdrawing, withdrawing.address, NAME, KEY)

    year = YEAR.to_bytes(32, "big")
    a, b, c = keyed("a"), keyed("b"), keyed("c")
    registry.signed(
        "changeOwnerSigned.first", b.address, b, bytes.fromhex(a.address[2:]), a.address
    )
    registry.signed("setAttributeSigned.first", a.address, a, NAME + KEY + year, NAME, KEY, YEAR)
    registry.signed("setAttributeSigned.steady", a.address, a, NAME + KEY + year, NAME, KEY, YEAR)
    registry.signed(
        "changeOwnerSigned.steady", b.address, a, bytes.fromhex(c.address[2:]), c.address
    )
    d, e = keyed("d"), keyed("e")
    to, to_other = bytes.fromhex(delegate[2:]), bytes.fromhex(other[2:])
    registry.signed("addDelegateSigned.first", d.address, d, ROLE + to + year, ROLE, delegate, YEAR)
    registry.signed(
        "addDelegateSigned.steady", d.address, d, ROLE + to_other + year, ROLE, other, YEAR
    )
    registry.signed("revokeDelegateSigned.steady", d.address, d, ROLE + to, ROLE, delegate)
    registry.signed("revokeAttributeSigned.first", e.address, e, NAME + KEY, NAME, KEY)
    registry.signed("revokeAttributeSigned.steady", e.address, e, NAME + KEY, NAME, KEY)
    return registry.gas


def rows(bench: Bench) -> list[Row]:
    """Measure both registries."""
    reference = published(
        "ethr-did-registry",
        "artifacts/contracts/EthereumDIDRegistry.sol/EthereumDIDRegistry.json",
        "1,000 runs",
    )
    theirs = measure(bench.deploy(reference), bench.actors)
    own = measure(bench.deploy(ours("IdentityRegistry")), bench.actors)
    return [
        Row(row, "reference", theirs[row], f"IdentityRegistry.{row}", own[row])
        for row in sorted(theirs, key=_order)
    ]


def _order(row: str) -> tuple[int, bool, str]:
    operation, _, state = row.partition(".")
    return OPERATIONS.index(operation.removesuffix("Signed")), operation.endswith("Signed"), state

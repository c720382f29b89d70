"""Tokens: OpenZeppelin's, Solady's and Solmate's with permit and a minter, and ours.

All get the same calls.
"""

from bench import DEADLINE, ETHER, Bench, Contract, Row, keyed
from eth_account.signers.local import LocalAccount
from packages import Build, compiled
from suite import Suite

from careledger.chain.send import Sender
from careledger.chain.toolchain import MODULES

BATCH = 100
REF = bytes.fromhex("11" * 32)
PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def solady_token() -> Build:
    """Return Solady's token; the markets of the other modules trade it."""
    return compiled("solady", "contracts/SoladyToken.sol", at=MODULES)


def _permit(
    token: Contract, relayer: Sender, holder: LocalAccount, spender: str, value: int
) -> int:
    nonce = token.read("nonces", holder.address)
    domain = {
        "name": token.read("name"),
        "version": "1",
        "chainId": token.chain.chain_id,
        "verifyingContract": token.address,
    }
    message = {
        "owner": holder.address,
        "spender": spender,
        "value": value,
        "nonce": nonce,
        "deadline": DEADLINE,
    }
    s = holder.sign_typed_data(domain, PERMIT, message)
    parts = (s.v, s.r.to_bytes(32, "big"), s.s.to_bytes(32, "big"))
    permit = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
    return token.gas(relayer, permit, holder.address, spender, value, DEADLINE, *parts)


def measure(token: Contract, actors: list[Sender], mint: str, *ref: bytes) -> dict[str, float]:
    """Return gas by operation; every holder keeps something, every allowance is finite.

    Args:
        actors: the issuer, a holder and a spender.
        mint: the function by which the issuer creates tokens; `ref` is its third argument where it
            has one.
    """
    issuer, holder, spender = actors
    stranger, signer = keyed("stranger").address, keyed("signer")
    token.gas(issuer, mint, holder.address, 1000 * ETHER, *ref)
    found: dict[str, float] = {
        "issue.existing": token.gas(issuer, mint, holder.address, 10 * ETHER, *ref)
    }
    found["transfer.new"] = token.gas(holder, "transfer", stranger, 10 * ETHER)
    found["transfer.existing"] = token.gas(holder, "transfer", stranger, 10 * ETHER)
    found["approve.first"] = token.gas(holder, "approve", spender.address, 100 * ETHER)
    found["transferFrom.existing"] = token.gas(
        spender, "transferFrom", holder.address, stranger, 10 * ETHER
    )
    found["permit.first"] = _permit(token, issuer, signer, spender.address, 10 * ETHER)
    found["permit.repeat"] = _permit(token, issuer, signer, spender.address, 20 * ETHER)
    return found


def peers() -> dict[Build, str]:
    """Return the libraries' tokens, and what each puts before its mint."""
    return {
        compiled(
            "@openzeppelin/contracts", "contracts/OpenZeppelinToken.sol", at=MODULES
        ): "AccessControl",
        solady_token(): "a role",
        compiled("solmate", "contracts/SolmateToken.sol"): "an owner",
    }


def _batch(token: Contract, issuer: Sender) -> float:
    """Return the gas of an item when a hundred holders of points get some more at once."""
    items = [(keyed(f"holder {number}").address, 10 * ETHER, REF) for number in range(BATCH)]
    token.gas(issuer, "issueBatch", items)
    return token.gas(issuer, "issueBatch", items) / BATCH


def rows(bench: Bench) -> list[Row]:
    """Measure the four tokens."""
    actors = bench.actors[3:6]
    suite = Suite(bench)
    points = suite.points("Points", "PTS", issuer=actors[0])
    own = measure(points, actors, "issue", REF)
    own["issueBatch100.perItem"] = _batch(points, actors[0])
    found = [
        Row(
            "issue.existing",
            *_managed(bench, actors),
            "LoyaltyToken.issue.existing",
            own["issue.existing"],
        )
    ]
    for build, guard in peers().items():
        token = bench.deploy(build)
        _let_mint(token, bench.actors[0], actors[0].address)
        theirs = measure(token, actors, "mint")
        theirs["issueBatch100.perItem"] = theirs["issue.existing"]
        for row, gas in theirs.items():
            function = f"mint, {guard}" if row.startswith("issue") else row.partition(".")[0]
            found.append(
                Row(row, f"{build.label} {function}", gas, f"LoyaltyToken.{row}", own[row])
            )
    order = list(own)
    return sorted(found, key=lambda row: order.index(row.operation))


def _managed(bench: Bench, actors: list[Sender]) -> tuple[str, float]:
    """Measure a mint that asks another contract for the role, as ours does."""
    owner, (issuer, holder, _) = bench.actors[0], actors
    source = "@openzeppelin/contracts/access/manager/AccessManager.sol"
    manager = bench.deploy(compiled("@openzeppelin/contracts", source, at=MODULES), owner.address)
    build = compiled(
        "@openzeppelin/contracts", "contracts/OpenZeppelinManagedToken.sol", at=MODULES
    )
    token = bench.deploy(build, manager.address)
    minter, mint = 1, token.encode("mint", holder.address, 0)[:4]
    manager.gas(owner, "setTargetFunctionRole", token.address, [mint], minter)
    manager.gas(owner, "grantRole", minter, issuer.address, 0)
    token.gas(issuer, "mint", holder.address, 1000 * ETHER)
    return "OpenZeppelin mint, AccessManager", token.gas(issuer, "mint", holder.address, 10 * ETHER)


def _let_mint(token: Contract, owner: Sender, minter: str) -> None:
    """Make somebody the minter, in the library's own way."""
    if token.has("MINTER_ROLE"):
        token.gas(owner, "grantRole", token.read("MINTER_ROLE"), minter)
    elif token.has("grantRoles"):
        token.gas(owner, "grantRoles", minter, 1)
    else:
        token.gas(owner, "transferOwnership", minter)

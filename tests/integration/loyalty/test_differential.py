"""LoyaltyToken beside OpenZeppelin's ERC20 with permit: the same calls, the same effects.

The reference needs Cancun, so it is compiled for it here and nowhere else, and both live in an EVM
of that age. Where the two differ on purpose, the last test says so.
"""

import random

import pytest
from eth_account.messages import encode_typed_data

from careledger.chain import artifacts
from careledger.chain.compile import SETTINGS, collect, solc
from careledger.chain.reverts import Reverted
from tests.support.evm import START, Evm, actor

POINT = 10**18
FOREVER = 2**256 - 1
NOBODY = "0x" + "00" * 20
STEPS = 600
PERMIT = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
SOURCE = """
// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {ERC20Permit, ERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
contract Reference is ERC20Permit {
    constructor() ERC20("Points", "PTS") ERC20Permit("Points") {}
    function issue(address to, uint256 amount, bytes32) external { _mint(to, amount); }
    function redeem(uint256 amount, bytes32) external { _burn(msg.sender, amount); }
}
"""
ACTORS = [actor(name) for name in ("ana", "ben", "cho", "dee")]


@pytest.fixture(scope="module")
def reference():
    unit = collect("@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol")
    sources = {
        name: {"content": text} for name, text in (unit.sources | {"Reference.sol": SOURCE}).items()
    }
    output = solc(
        {
            "language": "Solidity",
            "sources": sources,
            "settings": SETTINGS | {"evmVersion": "cancun"},
        }
    )
    made = output["contracts"]["Reference.sol"]["Reference"]
    raw = {"methodIdentifiers": made["evm"]["methodIdentifiers"]}
    code = bytes.fromhex(made["evm"]["bytecode"]["object"])
    return artifacts.Artifact("Reference", "Reference.sol", made["abi"], code, b"", {}, {}, raw)


@pytest.fixture
def tokens(reference, compiled):
    evm = Evm(spec="CANCUN")
    registry, brand = evm.deploy("IdentityRegistry"), ACTORS[0]
    ours = evm.deploy(
        "LoyaltyToken", registry.address, brand.address, "Points", "PTS", 10**30, 30 * 24 * 3600
    )
    ours.transact("setIssuerLimit", brand.address, 2**96 - 1, 1, sender=brand)
    return evm, (ours, evm.deploy("Reference", artifact=reference))


def signed(token, owner, spender, value, nonce):
    domain = {
        "name": "Points",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": token.address,
    }
    names = (
        "owner address",
        "spender address",
        "value uint256",
        "nonce uint256",
        "deadline uint256",
    )
    members = [dict(zip(("name", "type"), name.split(), strict=True)) for name in names]
    values = (owner.address, spender.address, value, nonce, START)
    message = dict(zip([member["name"] for member in members], values, strict=True))
    signature = owner.sign_message(
        encode_typed_data(domain, {"Permit": members}, message)
    ).signature
    return (
        owner.address,
        spender.address,
        value,
        START,
        signature[64],
        signature[:32],
        signature[32:64],
    )


def outcome(token, sender, function, arguments):
    """Return what a call answered and emitted (no token's events), or that it was refused."""
    try:
        done = token.transact(function, *arguments, sender=sender)
    except Reverted:
        return None
    kept = [event for event in done.events if event.name in ("Transfer", "Approval")]
    return done.value, [(event.name, *event.arguments.values()) for event in kept]


def state(token):
    holders = [who.address for who in ACTORS]
    return (
        token.call("totalSupply"),
        [token.call("balanceOf", who) for who in holders],
        [token.call("allowance", owner, spender) for owner in holders for spender in holders],
        [token.call("nonces", who) for who in holders],
    )


def step(dice, brand):
    """Draw a call: its sender, function and arguments."""
    one, other, third = (dice.choice(ACTORS) for _ in range(3))
    amount = dice.choice((0, 1, dice.randrange(1, 50 * POINT), 40 * POINT))
    kind = dice.choice(("transfer", "transferFrom", "approve", "permit", "issue", "redeem"))
    if kind == "transfer":
        return one, "transfer", (dice.choice((other.address, other.address, NOBODY)), amount)
    if kind == "transferFrom":
        return one, "transferFrom", (other.address, third.address, amount)
    if kind == "approve":
        return one, "approve", (other.address, dice.choice((amount, FOREVER)))
    if kind == "issue":
        return brand, "issue", (other.address, amount or 1, bytes(32))
    if kind == "redeem":
        return one, "redeem", (amount or 1, bytes(32))
    return one, PERMIT, (other, third, amount)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_calls_have_the_same_effects(tokens, seed):
    _, pair = tokens
    dice, done = random.Random(seed), {}
    for _ in range(STEPS):
        sender, function, arguments = step(dice, ACTORS[0])
        if function == PERMIT:
            owner, spender, value = arguments
            nonce = pair[0].call("nonces", owner.address) + dice.choice((0, 0, 0, 1))
            results = [
                outcome(t, sender, PERMIT, signed(t, owner, spender, value, nonce)) for t in pair
            ]
        else:
            results = [outcome(token, sender, function, arguments) for token in pair]
        assert results[0] == results[1], f"seed {seed}: {function} {arguments}"
        done.setdefault(function, []).append(results[0] is not None)
        assert state(pair[0]) == state(pair[1]), f"seed {seed}: {function} {arguments}"
    for function, successes in done.items():
        assert sum(successes) >= max(50, len(successes) // 5), (
            f"{function} succeeded {sum(successes)} times"
        )
    refused = {function for function, successes in done.items() if not all(successes)}
    assert refused == {"transfer", "transferFrom", PERMIT, "redeem"}


def test_name_domain_and_decimals_are_built_alike(tokens):
    _, (ours, theirs) = tokens
    for view in ("name", "symbol", "decimals"):
        assert ours.call(view) == theirs.call(view)
    mine, other = ours.call("eip712Domain"), theirs.call("eip712Domain")
    assert mine[:4] == other[:4]
    assert mine[5:] == other[5:]


def test_these_are_the_differences_and_they_are_meant(tokens):
    _, (ours, theirs) = tokens
    ana = ACTORS[0]
    for token in (ours, theirs):
        token.transact("issue", ana.address, POINT, bytes(32), sender=ana)
    # A transfer to the token itself is a mistake that nobody could mend.
    assert outcome(ours, ana, "transfer", (ours.address, 1)) is None
    assert outcome(theirs, ana, "transfer", (theirs.address, 1)) is not None
    # Nothing cannot be issued or redeemed: the events would say that something was.
    assert outcome(ours, ana, "issue", (ana.address, 0, bytes(32))) is None
    assert outcome(theirs, ana, "issue", (ana.address, 0, bytes(32))) is not None
    # An allowance for nobody harms nobody.
    assert outcome(ours, ana, "approve", (NOBODY, 1)) is not None
    assert outcome(theirs, ana, "approve", (NOBODY, 1)) is None

"""The numbered properties of points, offers and pools, and the mutants that each catches.

The seed is random and printed; CARELEDGER_SEED repeats a run, CARELEDGER_TRANSACTIONS lengthens it.
"""

import os
import secrets

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.loyalty.backends import AnvilEvm
from tests.properties.loyalty.machine import Broken, PointsMachine
from tests.properties.loyalty.swap_machine import SwapMachine
from tests.properties.loyalty.token_machine import TokenMachine
from tests.support.mutants import mutate
from tests.worlds.loyalty.swaps import World

FOLDER = "contracts/loyalty/"


def run(
    machine: type[PointsMachine],
    examples: int,
    number: int,
    phases: tuple[Phase, ...] = tuple(Phase),
    length: int = 30,
) -> None:
    options = settings(
        max_examples=examples,
        stateful_step_count=length,
        deadline=None,
        database=None,
        phases=[phase for phase in phases if phase in (Phase.generate, Phase.shrink)],
        report_multiple_bugs=False,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )
    run_state_machine_as_test(seed(number)(machine), settings=options)


def vacuous(machine: type[PointsMachine], least: int) -> list[str]:
    """Return the actions that succeeded too seldom, or in less than 20 % of their calls."""
    return [
        f"{action}: {machine.successes[action]} of {calls}"
        for action, calls in sorted(machine.calls.items())
        if machine.successes[action] < max(least, calls / 5)
    ]


@pytest.mark.parametrize("kind", [TokenMachine, SwapMachine], ids=["token", "swaps"])
@pytest.mark.parametrize(
    ("transactions", "least"),
    [
        pytest.param(1200, 30, id="short"),
        pytest.param(4000, 100, id="deep", marks=pytest.mark.deep),
    ],
)
def test_the_properties_hold(kind, transactions, least):
    number = int(os.environ.get("CARELEDGER_SEED", secrets.randbits(32)))
    transactions = int(os.environ.get("CARELEDGER_TRANSACTIONS", transactions))
    print(f"CARELEDGER_SEED={number}")
    machine = kind.variant(kind.__name__)
    # In portions, until there is enough of everything: how often an action comes up is chance, too.
    for portion in range(4 + transactions // 500):
        run(machine, 50, number + portion)
        if sum(machine.calls.values()) >= transactions and not vacuous(machine, least):
            break
    print(
        {
            action: f"{machine.successes[action]} of {calls}"
            for action, calls in sorted(machine.calls.items())
        }
    )
    assert sum(machine.calls.values()) >= transactions
    assert not vacuous(machine, least)


@pytest.mark.parametrize("kind", [TokenMachine, SwapMachine], ids=["token", "swaps"])
def test_the_properties_hold_on_anvil_through_the_clients(chain, kind):
    number = int(os.environ.get("CARELEDGER_SEED", secrets.randbits(32)))
    print(f"CARELEDGER_SEED={number}")
    machine = kind.variant(f"{kind.__name__}OnAnvil", make_world=lambda: World(evm=AnvilEvm(chain)))
    for portion in range(10):
        run(machine, 8, number + portion, (Phase.generate,), length=25)
        if portion and sum(machine.successes.values()) >= 120 and len(machine.successes) >= 12:
            break
    print(dict(machine.successes))
    assert sum(machine.successes.values()) >= 120
    assert len(machine.successes) >= 12, "hardly every action came up and succeeded"


TOKEN, MARKET, POOLS = (
    f"{FOLDER}{name}.sol" for name in ("LoyaltyToken", "PointMarket", "PointPools")
)
SIGNED, WORD = f"{FOLDER}SignedERC20.sol", f"{FOLDER}PairWord.sol"
BOOKS = f"{FOLDER}PoolBooks.sol"
UNLOCKED = "uint256 word = _unlocked(id);\n"

MUTANTS = {
    "LOY-01": (TokenMachine, TOKEN, "_PAUSED_OFFSET = 168;", "_PAUSED_OFFSET = 7;", ""),
    "LOY-02": (
        *(TokenMachine, TOKEN, "return super.transferFrom(from, to, amount);"),
        *("_transfer(from, to, amount);\n        return true;", SIGNED),
    ),
    "LOY-03": (TokenMachine, TOKEN, "if (amount > room) revert", "if (amount > CAP) revert", ""),
    "LOY-04": (TokenMachine, TOKEN, "(available - amount);", "available;", ""),
    "LOY-05": (
        *(TokenMachine, TOKEN, "_burn(from, amount);\n        emit Redeemed"),
        *("_transfer(from, BRAND, amount);\n        emit Redeemed", ""),
    ),
    "LOY-06": (
        *(TokenMachine, TOKEN, "_authorizations[authorizer][nonce] = true;"),
        *("_authorizations[authorizer][nonce] = false;", SIGNED),
    ),
    "LOY-07": (TokenMachine, TOKEN, "block.timestamp + NOTICE", "block.timestamp + NOTICE / 2", ""),
    "LOY-08": (TokenMachine, TOKEN, "_incrementNonce(owner);", "", SIGNED),
    "LOY-09": (
        SwapMachine,
        MARKET,
        "if (amount > remaining) revert",
        "if (amount > giveAmount) revert",
        "",
    ),
    "LOY-10": (
        SwapMachine,
        MARKET,
        "FixedPointMathLib.fullMulDivUp(",
        "FixedPointMathLib.fullMulDiv(",
        "",
    ),
    "LOY-11": (
        *(SwapMachine, MARKET, "filled == 0 || _cancelled[offer.maker][word] & bit != 0"),
        *("filled == 0", ""),
    ),
    "LOY-12": (SwapMachine, MARKET, "bool dead = filled == 0 || ", "bool dead = ", ""),
    "LOY-13": (
        SwapMachine,
        MARKET,
        "paid = net + _fee(offer.want, net);",
        "paid = net + _fee(offer.want, net) + 1;",
        "",
    ),
    "LOY-14": (
        *(SwapMachine, MARKET, "safeTransferFrom(give, maker, msg.sender, received)"),
        *("safeTransferFrom(give, maker, address(this), received)", ""),
    ),
    "LOY-15": (SwapMachine, POOLS, "net * (BPS - LP_FEE_BPS)", "net * (BPS + LP_FEE_BPS)", WORD),
    "LOY-16": (
        *(SwapMachine, POOLS, "safeTransfer(tokenOut, msg.sender, received)"),
        *("safeTransfer(tokenOut, msg.sender, received + received / 10)", ""),
    ),
    "LOY-17": (SwapMachine, POOLS, "_fees[token] += amount;", "_fees[token] += 2 * amount;", BOOKS),
    "LOY-18": (
        *(SwapMachine, POOLS, UNLOCKED + "        (uint256 amount0"),
        UNLOCKED
        + "        if (word & PairWord.OPEN_FLAG == 0) _refuse(id, word);"
        + "\n        (uint256 amount0",
        "",
    ),
    "LOY-19": (
        SwapMachine,
        POOLS,
        "return (root - LOCKED_SHARES, amount0",
        "return (root, amount0",
        BOOKS,
    ),
    "LOY-20": (
        SwapMachine,
        POOLS,
        "if (received == 0 || received < minOut)",
        "if (received == 0)",
        BOOKS,
    ),
    "LOY-21": (
        SwapMachine,
        POOLS,
        "FixedPointMathLib.divUp(shares * reserve0, total)",
        "shares * reserve0 / total",
        BOOKS,
    ),
    "LOY-22": (
        SwapMachine,
        MARKET,
        "if (policy.maxFeeBps > highest)",
        "if (policy.maxFeeBps > HIGHEST_FEE_BPS)",
        "",
    ),
}


@pytest.mark.parametrize("number", MUTANTS)
def test_each_property_catches_its_mutant(number):
    kind, path, old, new, inside = MUTANTS[number]
    mutant = mutate(path, old, new, inside)
    machine = kind.variant(
        f"Mutant{number[4:]}", make_world=lambda: World({mutant.name: mutant}), only=number
    )
    with pytest.raises(Broken, match=f"^{number}: "):
        run(machine, 300, 1, (Phase.generate,))

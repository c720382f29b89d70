"""Two brands, their points, the market, the pools and four customers, in the in-process EVM."""

from typing import Any

from careledger.chain.artifacts import Artifact
from tests.support.evm import Evm, actor
from tests.worlds.loyalty.contracts import Market, Points

PEOPLE = [actor(f"customer {n}") for n in range(4)]
ADDRESSES = [who.address for who in PEOPLE]
CAP = 1700
SMALL_START = 200
START_BALANCE = 1_000_000
START_FEE = 100


class World:
    """What the machines act on: `send` and `read`, with the names and words of the contracts."""

    def __init__(self, mutants: dict[str, Artifact] | None = None, evm: Any = None) -> None:
        mutants = mutants or {}
        self.evm = evm = evm or Evm()
        self.registry = registry = evm.deploy("IdentityRegistry")
        token = mutants.get("LoyaltyToken")
        self.points = {
            "small": Points(evm, registry, "Small", cap=CAP, artifact=token),
            "a": Points(evm, registry, "Aurora", artifact=token).open(),
            "b": Points(evm, registry, "Borealis", artifact=token).open(),
        }
        self.market = Market(evm, registry, mutants.get("PointMarket"))
        pools = evm.deploy("PointPools", self.market.address, artifact=mutants.get("PointPools"))
        self.contracts = {name: points.token for name, points in self.points.items()}
        self.contracts |= {"market": self.market.contract, "pools": pools}
        self.address = {name: contract.address for name, contract in self.contracts.items()}
        self.points["small"].open(SMALL_START * len(PEOPLE), 1)
        for who in PEOPLE:
            self.points["small"].give(who, SMALL_START)
        for points in (self.points["a"], self.points["b"]):
            self.market.policy(points, START_FEE)
            for who in PEOPLE:
                points.give(who, START_BALANCE)
                points.approve(who, self.market)
                points.approve(who, pools)

    def begin(self) -> None:
        self._snapshot = self.evm.snapshot()

    def end(self) -> None:
        self.evm.revert(self._snapshot)

    def now(self) -> int:
        """Return the time at which the next transaction runs."""
        return int(self.evm.now)

    def sent_at(self) -> int:
        """Return the time of the transaction that was sent last."""
        return int(self.evm.now)

    def sleep(self, seconds: int) -> None:
        self.evm.sleep(seconds)

    def send(self, contract: str, function: str, *arguments: Any, by: Any) -> None:
        self.contracts[contract].transact(function, *arguments, sender=by)

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        return self.contracts[contract].call(function, *arguments)

    def simulate(self, contract: str, function: str, *arguments: Any, by: Any) -> Any:
        """Return what a transaction would return, without its effects; raises its refusal."""
        return self.contracts[contract].call(function, *arguments, sender=by)

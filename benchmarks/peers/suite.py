"""Our side: the suite on the benchmark's chain, with brands and their delegates."""

from bench import ETHER, Bench, Contract
from packages import ours

from careledger.chain.send import Sender

YEAR = 365 * 24 * 3600


class Suite:
    """Our contracts, each deployed when it is first asked for; delegates do the work."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.registry = bench.deploy(ours("IdentityRegistry"))

    def delegate(self, brand: Sender, role: str, to: Sender) -> None:
        """Give somebody a role at a brand."""
        name = role.encode().ljust(32, b"\0")
        self.registry.gas(brand, "addDelegate", brand.address, name, to.address, 10 * YEAR)

    def contract(self, name: str, *arguments: str) -> Contract:
        """Deploy a contract that asks the registry who may act."""
        return self.bench.deploy(ours(name), self.registry.address, *arguments)

    def points(
        self, name: str, symbol: str, issuer: Sender, brand: Sender | None = None
    ) -> Contract:
        """Deploy a brand's points; the issuer may issue a million a day."""
        brand = brand or self.bench.actors[1]
        cap, limit, day = 10**9 * ETHER, 10**6 * ETHER, 24 * 3600
        token = self.bench.deploy(
            ours("LoyaltyToken"), self.registry.address, brand.address, name, symbol, cap, 90 * day
        )
        self.delegate(brand, "careledger.issuer", issuer)
        token.gas(brand, "setIssuerLimit", issuer.address, limit, day)
        return token

"""Swaps of two tokens: AirSwap, Seaport and Uniswap V2, and our offers and pools.

All swap the same tokens.
"""

from bench import DEADLINE, ETHER, Bench, Contract, Row, keyed
from loyalty import REF
from packages import compiled, ours, published
from suite import Suite

ZERO = "0x" + "00" * 20
NOTHING = bytes(32)
GIVE, WANT = 30 * ETHER, 20 * ETHER
FEE = 7
"""Basis points: what AirSwap's deployments ask for this call."""
POOLED = 10_000 * ETHER
FOREVER = 2**256 - 1
"""An allowance that tokens do not count down."""


def struct(text: str) -> list[dict[str, str]]:
    """Return the members of an EIP-712 struct, given as `type name, type name`."""
    return [
        {"type": kind, "name": name} for kind, name in (part.split() for part in text.split(", "))
    ]


def _domain(name: str, version: str, contract: Contract) -> dict[str, object]:
    chain = {"chainId": contract.chain.chain_id, "verifyingContract": contract.address}
    return {"name": name, "version": version, **chain}


class Trade:
    """A maker who gives one token and a taker who gives another; both own some of both."""

    def __init__(self, bench: Bench, suite: Suite) -> None:
        self.bench = bench
        issuer, brand, other_brand, self.maker, self.taker = bench.actors[3], *bench.actors[6:10]
        self.brands = (brand, other_brand)
        self.given = suite.points("Aurora", "AUR", issuer, brand)
        self.wanted = suite.points("Borealis", "BOR", issuer, other_brand)
        self.treasury = keyed("treasury").address
        for token in (self.given, self.wanted):
            for holder in (self.maker.address, self.taker.address, self.treasury):
                token.gas(issuer, "issue", holder, 100_000 * ETHER, REF)

    def allow(self, spender: str) -> None:
        """Let a contract take both tokens from both."""
        for token in (self.given, self.wanted):
            for holder in (self.maker, self.taker):
                token.gas(holder, "approve", spender, FOREVER)


AIRSWAP_ORDER = struct(
    "uint256 nonce, uint256 expiry, address signerWallet, address signerToken, "
    "uint256 signerAmount, "
    "uint256 protocolFee, address senderWallet, address senderToken, uint256 senderAmount"
)


def airswap(trade: Trade, fee: int) -> dict[str, float]:
    """Swap by `swapLight`; the nonces share a word.

    Args:
        fee: in basis points of what the maker gives; it goes to a wallet that has some already.
    """
    bench, maker, taker = trade.bench, trade.maker, trade.taker
    build = published(
        "@airswap/swap-erc20", "build/contracts/SwapERC20.sol/SwapERC20.json", "999,999 runs, paris"
    )
    swap = bench.deploy(build, 0, fee, trade.treasury, 0, 0)
    trade.allow(swap.address)
    domain = {
        "name": "SWAP_ERC20",
        "version": "4.3",
        "chainId": bench.chain.chain_id,
        "verifyingContract": swap.address,
    }
    names = [entry["name"] for entry in AIRSWAP_ORDER]
    found: dict[str, float] = {}
    for nonce, row in enumerate(("newWord", "usedWord")):
        gives, takes = (maker.address, trade.given.address, GIVE), (trade.wanted.address, WANT)
        message = dict(
            zip(names, (nonce, DEADLINE, *gives, fee, taker.address, *takes), strict=True)
        )
        s = maker.account.sign_typed_data(domain, {"OrderERC20": AIRSWAP_ORDER}, message)
        parts = (s.v, s.r.to_bytes(32, "big"), s.s.to_bytes(32, "big"))
        found[row] = swap.gas(taker, "swapLight", nonce, DEADLINE, *gives, *takes, *parts)
    return found


SEAPORT_TYPES = {
    "OrderComponents": struct(
        "address offerer, address zone, OfferItem[] offer, "
        "ConsiderationItem[] consideration, uint8 orderType, "
        "uint256 startTime, uint256 endTime, bytes32 zoneHash, uint256 salt, "
        "bytes32 conduitKey, uint256 counter"
    ),
    "OfferItem": struct(
        "uint8 itemType, address token, uint256 identifierOrCriteria, "
        "uint256 startAmount, uint256 endAmount"
    ),
    "ConsiderationItem": struct(
        "uint8 itemType, address token, uint256 identifierOrCriteria, "
        "uint256 startAmount, uint256 endAmount, "
        "address recipient"
    ),
}
ERC20_ITEM = 1
SEAPORT_COMPILER = "0.8.24"


def seaport(trade: Trade) -> dict[str, float]:
    """Fill a signed order as a whole by `fulfillOrder`, straight by allowance."""
    bench, maker = trade.bench, trade.maker
    settings = {
        "compiler": SEAPORT_COMPILER,
        "runs": 2**32 - 1,
        "ir": True,
    }  # as its authors deploy it
    conduits = compiled(
        "seaport-core", "seaport-core/src/conduit/ConduitController.sol", **settings
    )
    controller = bench.deploy(conduits)
    market = bench.deploy(
        compiled("seaport-core", "seaport-core/src/Seaport.sol", **settings), controller.address
    )
    trade.allow(market.address)
    domain = _domain("Seaport", "1.6", market)
    offer = (ERC20_ITEM, trade.given.address, 0, GIVE, GIVE)
    consideration = (ERC20_ITEM, trade.wanted.address, 0, WANT, WANT, maker.address)
    used = []
    for salt in (1, 2):
        head = (
            maker.address,
            ZERO,
            [offer],
            [consideration],
            0,
            0,
            DEADLINE,
            NOTHING,
            salt,
            NOTHING,
        )
        names = [entry["name"] for entry in SEAPORT_TYPES["OrderComponents"]]
        message = dict(zip(names, (*head, 0), strict=True))
        message["offer"] = [_named("OfferItem", offer)]
        message["consideration"] = [_named("ConsiderationItem", consideration)]
        signature = maker.account.sign_typed_data(domain, SEAPORT_TYPES, message).signature
        used.append(
            market.gas(trade.taker, "fulfillOrder", ((*head, 1), bytes(signature)), NOTHING)
        )
    return {"first": used[0], "later": used[1]}


def _named(kind: str, values: tuple[object, ...]) -> dict[str, object]:
    return dict(zip([entry["name"] for entry in SEAPORT_TYPES[kind]], values, strict=True))


def uniswap(trade: Trade) -> dict[str, float]:
    """Swap through the router.

    A pair's first trade in a block also brings its price oracle up to date; the later ones do not.
    """
    bench, maker, taker = trade.bench, trade.maker, trade.taker
    periphery, deployer = "@uniswap/v2-periphery", bench.actors[0].address
    factory = published("@uniswap/v2-core", "build/UniswapV2Factory.json", "999,999 runs, istanbul")
    weth = bench.deploy(published(periphery, "build/WETH9.json", "not stated"))
    router = published(periphery, "build/UniswapV2Router02.json", "not stated")
    contract = bench.deploy(router, bench.deploy(factory, deployer).address, weth.address)
    trade.allow(contract.address)
    pair = [trade.given.address, trade.wanted.address]
    added = 0.0
    for _ in range(2):
        bench.pass_time(12)
        added = contract.gas(
            maker, "addLiquidity", *pair, POOLED, POOLED, 1, 1, maker.address, DEADLINE
        )
    bench.pass_time(12)
    swap = (taker, "swapExactTokensForTokens", (GIVE, 1, pair, taker.address, DEADLINE))
    first, later = bench.in_one_block(contract, [swap, swap])
    return {"firstInBlock": first, "existing": later, "addLiquidity": added}


OFFER = struct(
    "address maker, address taker, address give, address want, uint256 giveAmount, "
    "uint256 wantAmount, "
    "uint256 minFill, uint256 expiry, uint256 nonce, bytes32 ref"
)


def policies(trade: Trade, suite: Suite, fee: int) -> Contract:
    """Deploy a market and let both brands' points in.

    Args:
        fee: in basis points, that the brand of the given points asks; it goes to a wallet that has
            some already.
    """
    market = suite.contract("PointMarket")
    for token, brand, asked in zip(
        (trade.given, trade.wanted), trade.brands, (fee, 0), strict=True
    ):
        market.gas(brand, "setPolicy", token.address, (trade.treasury, asked, 100, True, True))
    return market


def offers(trade: Trade, market: Contract, fee: int) -> dict[str, float]:
    """Fill a signed offer whole, on both brands' policies; the nonces share a word."""
    trade.allow(market.address)
    _, name, version, *_ = market.read("eip712Domain")
    domain = _domain(name, version, market)
    maker, names = trade.maker, [entry["name"] for entry in OFFER]
    found: dict[str, float] = {}
    for nonce, row in enumerate(("newWord", "usedWord")):
        pair = (trade.given.address, trade.wanted.address)
        offer = (
            maker.address,
            trade.taker.address,
            *pair,
            GIVE,
            WANT,
            GIVE,
            DEADLINE,
            nonce,
            NOTHING,
        )
        message = dict(zip(names, offer, strict=True))
        signature = maker.account.sign_typed_data(domain, {"Offer": OFFER}, message).signature
        least = GIVE - GIVE * fee // 10_000
        found[row] = market.gas(trade.taker, "fill", offer, bytes(signature), GIVE, WANT, least)
    return found


def pools(trade: Trade, market: Contract) -> dict[str, float]:
    """Fund a pool twice and swap in it."""
    bench, maker, taker = trade.bench, trade.maker, trade.taker
    contract = bench.deploy(ours("PointPools"), market.address)
    trade.allow(contract.address)
    pair = (trade.given.address, trade.wanted.address)
    funding = (*pair, POOLED, POOLED, 1, 1, maker.address, DEADLINE)
    contract.gas(maker, "addLiquidity", funding)
    added = contract.gas(maker, "addLiquidity", funding)
    return {
        "addLiquidity": added,
        "existing": contract.gas(taker, "swap", *pair, GIVE, 1, DEADLINE),
    }


def rows(bench: Bench) -> list[Row]:
    """Measure offers and pools over the points of two brands."""
    suite = Suite(bench)
    trade = Trade(bench, suite)
    light, dear = airswap(trade, 0), airswap(trade, FEE)
    orders, router = seaport(trade), uniswap(trade)
    market = policies(trade, suite, 0)
    free, pool = offers(trade, market, 0), pools(trade, market)
    charged = offers(trade, policies(trade, suite, FEE), FEE)
    fill = "PointMarket.fill"
    found = [
        Row(
            "fill.usedWord",
            "AirSwap swapLight",
            light["usedWord"],
            f"{fill}.usedWord",
            free["usedWord"],
        ),
        Row(
            "fill.newWord",
            "AirSwap swapLight",
            light["newWord"],
            f"{fill}.newWord",
            free["newWord"],
        ),
        Row(
            "fill.usedWord, 7 bps",
            "AirSwap swapLight",
            dear["usedWord"],
            f"{fill}.fee",
            charged["usedWord"],
        ),
        Row(
            "fill.usedWord",
            "Seaport fulfillOrder",
            orders["later"],
            f"{fill}.usedWord",
            free["usedWord"],
        ),
    ]
    swap, peer = "PointPools.swap.existing", "Uniswap V2 router"
    return [
        *found,
        Row("swap.existing", peer, router["existing"], swap, pool["existing"]),
        Row(
            "swap.existing",
            f"{peer}, first in block",
            router["firstInBlock"],
            swap,
            pool["existing"],
        ),
        Row(
            "addLiquidity",
            peer,
            router["addLiquidity"],
            "PointPools.addLiquidity",
            pool["addLiquidity"],
        ),
    ]

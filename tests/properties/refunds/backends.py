"""Where the acts are played: the in-process EVM for depth, Anvil and our clients for truth."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from eth_account.signers.local import LocalAccount

from careledger.chain import artifacts
from careledger.chain.artifacts import Artifact
from careledger.chain.node import DevelopmentChain
from careledger.chain.reverts import Reverted
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.crypto.hashing import keccak256
from careledger.refunds.client import RefundEscrow
from careledger.refunds.messages import EscrowMessages
from careledger.refunds.return_desk import ReturnDesk
from careledger.values.addresses import ZERO_ADDRESS
from tests.properties.refunds.books import CONTRACTS, COURT_FEE, PEOPLE, STATES
from tests.support.evm import ETHER, START, Deployed, Evm, actor

ASSETS = ("ether", "dollar")
RICHES = 10**12
"""What everybody has of the token in the beginning, and may spend through the escrow."""
ROLES = (
    ("shop", "careledger.refunder", "refunder"),
    ("judge", "careledger.arbiter", "juror"),
    ("carrier", "careledger.scanner", "scanner"),
)
MOODS = ("WORD", "REVERT", "BURN", "HEAVY", "SHORT", "LONG", "EMPTY", "BOMB", "REVERT_BOMB")


@dataclass(frozen=True)
class Seen:
    """A deal as the contract has it."""

    held: int
    deadline: int
    ruling: int
    second: int
    state: str
    appellant: int

    @property
    def bond(self) -> int:
        return -(-self.held // 10) if self.appellant else 0


@dataclass(frozen=True)
class World:
    """What can be seen from outside."""

    purse: dict[tuple[str, str], int]
    credit: dict[tuple[str, str], int]
    deals: dict[bytes, Seen]


@dataclass(frozen=True)
class Outcome:
    """What came of a transaction."""

    refusal: str | None
    events: list[tuple[str, dict[str, Any]]]
    """Of the escrow alone."""

    def named(self, *names: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.events if name in names]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def plain(argument: Any) -> Any:
    """Return an argument as the contract takes it."""
    if hasattr(argument, "abi"):
        return argument.abi()
    return int(argument.timestamp()) if isinstance(argument, datetime) else argument


class Stage(ABC):
    """What both have in common."""

    exact = True
    """Whether nobody pays for gas, so that all ether can be accounted for."""
    transactions = 0
    """How many were sent, those that set things up or were undone again not counted."""
    grain = 1
    """How near to a deadline an act may come, in seconds."""
    accounts: dict[str, LocalAccount]
    address: dict[str, str]
    messages: EscrowMessages

    def set_up(self) -> None:
        """Appoint the delegates, hand out money and allowances."""
        for identity, role, delegate in ROLES:
            kind = role.encode().ljust(32, b"\0")
            self.must(
                identity,
                "registry",
                "addDelegate",
                self.address[identity],
                kind,
                self.address[delegate],
                10**10,
            )
        for name in (*PEOPLE, "pub"):
            self.must("stranger", "dollar", "mint", self.address[name], RICHES)
        for name in PEOPLE:
            self.must(name, "dollar", "approve", self.address["escrow"], 2**256 - 1)
        self.transactions = 0

    def asset(self, name: str) -> str:
        return ZERO_ADDRESS if name == "ether" else self.address["dollar"]

    def must(self, sender: str, contract: str, function: str, *arguments: Any) -> None:
        outcome = self.act(sender, contract, function, *arguments)
        assert outcome.refusal is None, f"{contract}.{function}: {outcome.refusal}"

    @abstractmethod
    def act(
        self, sender: str, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> Outcome:
        """Send a transaction, and return what came of it."""


class Deep(Stage):
    """The in-process EVM, thousands of transactions a second; state is read from storage slots."""

    gas: int | None = None
    """The limit of the next transactions; plenty when it is None."""

    def __init__(self, escrow: Artifact | None = None) -> None:
        self.evm = Evm(code_size=2**17 if escrow else None)
        self.accounts = {name: actor(f"refund property {name}") for name in PEOPLE}
        for account in self.accounts.values():
            self.evm.fund(account, 10**6 * ETHER)
        deploy = self.evm.deploy
        registry = deploy("IdentityRegistry")
        books = deploy("RefundEscrow", registry.address, artifact=escrow)
        self.contracts: dict[str, Deployed] = {
            "registry": registry,
            "escrow": books,
            "desk": deploy("ReturnDesk", registry.address, books.address),
            "dollar": deploy("BlockingToken", "Dollar", "USD", 6),
            "oracle": deploy("HostileCriteria"),
            "court": deploy("TestArbitrator", COURT_FEE),
            "pub": deploy("HostileReceiver"),
            "home": deploy("HostileReceiver"),
        }
        self.address = {name: account.address for name, account in self.accounts.items()}
        self.address |= {name: contract.address for name, contract in self.contracts.items()}
        self.messages = EscrowMessages(self.evm.chain_id, books.address)
        self.set_up()
        layout = {
            slot["label"]: int(slot["slot"])
            for slot in artifacts.load("RefundEscrow").raw["storageLayout"]["storage"]
        }
        names = ("escrow", *PEOPLE, *CONTRACTS)
        self._purses = {name: _balance_slot(self.address[name]) for name in names}
        self._credits = {
            (asset, name): _slot(
                _word(self.address[name]), _slot(_word(self.asset(asset)), layout["_credits"])
            )
            for asset in ASSETS
            for name in names
        }
        self._deals = layout["_slots"]
        self._begin = self.evm.snapshot()

    def reset(self) -> None:
        """Go back to where nothing has been done."""
        self.evm.revert(self._begin)
        self._begin = self.evm.snapshot()

    @property
    def now(self) -> int:
        return self.evm.now

    def wait(self, to: int) -> None:
        self.evm.warp(to)

    def act(
        self, sender: str, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> Outcome:
        target = self.contracts[contract]
        self.transactions += 1
        try:
            done = target.transact(
                camel(function),
                *[plain(a) for a in arguments],
                sender=self.accounts[sender],
                value=value,
                gas=self.gas,
            )
        except Reverted as refused:
            return Outcome(type(refused).__name__, [])
        books = self.address["escrow"]
        return Outcome(None, [(e.name, e.arguments) for e in done.events if e.address == books])

    def fork(
        self, sender: str, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> tuple[Outcome, World]:
        """Act, look, and undo it."""
        before = self.evm.snapshot()
        outcome = self.act(sender, contract, function, *arguments, value=value)
        world = self.observe(self._watched)
        self.evm.revert(before)
        self.transactions -= 1
        return outcome, world

    def observe(self, ids: list[bytes]) -> World:
        self._watched = ids
        raw, books, dollar = self.evm._evm, self.address["escrow"], self.address["dollar"]
        purse = {
            ("dollar", name): int(raw.storage(dollar, slot)) for name, slot in self._purses.items()
        }
        purse |= {("ether", name): self.evm.balance(self.address[name]) for name in self._purses}
        credit = {key: int(raw.storage(books, slot)) for key, slot in self._credits.items()}
        deals = {id: _seen(int(raw.storage(books, _slot(id, self._deals)))) for id in ids}
        return World(purse, credit, deals)

    def view(self, id: bytes) -> Seen:
        """Ask the contract, instead of reading its storage."""
        return _from_words(self.contracts["escrow"].call("deal", id))


class Real(Stage):
    """An Anvil with the deployed suite; the typed clients call the escrow and the desk."""

    exact = False
    grain = 900

    def __init__(self, chain: Chain, accounts: list[LocalAccount], suite: dict[str, str]) -> None:
        self.chain, self.development = chain, DevelopmentChain(chain)
        self.accounts = dict(zip(PEOPLE, accounts, strict=True))
        self.address = {name: account.address for name, account in self.accounts.items()}
        self.address |= {"registry": suite["IdentityRegistry"], "escrow": suite["RefundEscrow"]}
        self.address |= {"desk": suite["ReturnDesk"]}
        self._artifacts = {"registry": artifacts.load("IdentityRegistry")}
        self._senders: dict[str, Sender] = {}
        self._meet()
        for name, contract, arguments in (
            ("dollar", "BlockingToken", ("Dollar", "USD", 6)),
            ("oracle", "HostileCriteria", ()),
            ("court", "TestArbitrator", (COURT_FEE,)),
            ("pub", "HostileReceiver", ()),
            ("home", "HostileReceiver", ()),
        ):
            artifact = self._artifacts[name] = artifacts.load(contract)
            data = artifact.bytecode + _encode(artifact.entries("constructor"), arguments)
            receipt = self._senders["stranger"].transact(None, data)
            self.address[name] = str(receipt.contract_address)
        self.messages = EscrowMessages(chain.chain_id, self.address["escrow"])
        self.set_up()
        self._begin = self.development.snapshot()

    def _meet(self) -> None:
        self._senders = {
            name: Sender(self.chain, account) for name, account in self.accounts.items()
        }
        self.books = RefundEscrow(self.chain, self.address["escrow"])
        self.desk = ReturnDesk(self.chain, self.address["desk"])

    def reset(self) -> None:
        """Go back to where nothing has been done."""
        self.development.revert(self._begin)
        self._begin = self.development.snapshot()
        self._meet()

    @property
    def now(self) -> int:
        return self.chain.timestamp()

    def wait(self, to: int) -> None:
        self.development.warp(to)

    def act(
        self, sender: str, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> Outcome:
        by = self._senders[sender]
        self.transactions += 1
        try:
            if contract in ("escrow", "desk"):
                client = (self.books if contract == "escrow" else self.desk).using(by)
                receipt = getattr(client, function)(
                    *arguments, **({"value": value} if value else {})
                )
            else:
                receipt = by.transact(
                    self.address[contract], self._call(contract, function, arguments), value
                )
        except Reverted as refused:
            return Outcome(type(refused).__name__, [])
        events = [(type(event).__name__, asdict(event)) for event in self.books.events(receipt)]
        return Outcome(None, events)

    def _call(self, contract: str, function: str, arguments: tuple[Any, ...]) -> bytes:
        artifact = self._artifacts[contract]
        (entry,) = [e for e in artifact.entries("function") if e["name"] == camel(function)]
        selector = bytes.fromhex(artifact.raw["methodIdentifiers"][artifacts.signature(entry)])
        return selector + _encode([entry], [plain(a) for a in arguments])

    def observe(self, ids: list[bytes]) -> World:
        token = artifacts.load("BlockingToken").raw["methodIdentifiers"]["balanceOf(address)"]
        names = ("escrow", *PEOPLE, *CONTRACTS)
        purse = {}
        for name in names:
            data = bytes.fromhex(token) + _word(self.address[name])
            purse["dollar", name] = int.from_bytes(
                self.chain.call(self.address["dollar"], data), "big"
            )
        for name in ("escrow", *CONTRACTS):  # the others pay for gas
            purse["ether", name] = self.chain.balance(self.address[name])
        owed = ("alice", "bob", "shop", "platform", "pub", "home")
        credit = {
            (asset, name): self.books.credit(self.asset(asset), self.address[name])
            for asset, name in [
                ("ether", "pub"),
                ("ether", "home"),
                *[("dollar", name) for name in owed],
            ]
        }
        return World(purse, credit, {id: self.view(id) for id in ids})

    def view(self, id: bytes) -> Seen:
        deal = self.books.deal(id)
        deadline = int(deal.deadline_at.timestamp()) if deal.deadline_at else 0
        state = STATES[deal.state]
        return Seen(
            deal.held, deadline, deal.ruling_bps, deal.appeal_bps, state, int(deal.appellant)
        )


def _encode(entries: list[dict[str, Any]], arguments: Any) -> bytes:
    from eth_abi.abi import encode

    return encode(artifacts.types(entries[0]), arguments) if entries else b""


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _slot(key: bytes, base: int) -> int:
    return int.from_bytes(keccak256(key + base.to_bytes(32, "big")), "big")


def _balance_slot(owner: str) -> int:
    """Return where Solady's ERC-20 keeps a balance."""
    return int.from_bytes(
        keccak256(bytes.fromhex(owner[2:]) + bytes(8) + bytes.fromhex("87a211a2")), "big"
    )


def _seen(word: int) -> Seen:
    def part(shift: int, bits: int) -> int:
        return word >> shift & (1 << bits) - 1

    return Seen(
        part(120, 128), part(80, 40), part(16, 16), part(32, 16), STATES[part(0, 8)], part(8, 8)
    )


def _from_words(words: Any) -> Seen:
    held, deadline, _window, ruling, second, state, appellant = words
    return Seen(held, deadline, ruling, second, STATES[state], appellant)


__all__ = [
    "ASSETS",
    "MOODS",
    "RICHES",
    "START",
    "Deep",
    "Outcome",
    "Real",
    "Seen",
    "Stage",
    "World",
    "at",
]

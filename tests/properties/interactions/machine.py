"""InteractionLog against a model of plain lists."""

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from careledger.chain.reverts import Reverted
from careledger.crypto.rfc6962 import LogTree, verify_consistency
from careledger.errors import ProofError
from careledger.interactions import messages
from careledger.interactions.formats import AGENT_ROLE, AnchoredBatch, LeafFields, LogAddress
from tests.properties.interactions.backends import InProcess
from tests.properties.interactions.model import LogModel
from tests.worlds.interactions import high_s, leaf, sign, some_fields, tree_of

BRANDS = ("brand", "other brand")
OTHER = sha256(b"other").digest()
LIFE = ("time", "named", "named", "named for a moment", "dismissed", "brand's key", "ana's key")
TWISTS = (
    "content",
    "parties",
    "kind",
    "time",
    "number",
    "shorter",
    "longer",
    "empty",
    "elsewhere",
    "other brand",
    "node",
)
mostly = st.sampled_from([True] * 3 + [False])
pick = st.integers(0, 10**6)


class Broken(AssertionError):
    """A property does not hold; the message begins with its number."""


class LogMachine(RuleBasedStateMachine):
    """Two brands, an agent who comes and goes, rotated keys, customers, and a stranger."""

    make_back: ClassVar[Any] = InProcess
    back: ClassVar[Any] = None
    only: ClassVar[str] = ""
    """Look at this property alone: a mutant must be caught by the property that it is named for."""
    calls: ClassVar[Counter[str]]
    successes: ClassVar[Counter[str]]

    @classmethod
    def variant(cls, name: str, **attributes: Any) -> type["LogMachine"]:
        """Return the machine with a back end and counts of its own."""
        return type(
            name, (cls,), {"back": None, "calls": Counter(), "successes": Counter()} | attributes
        )

    def __init__(self) -> None:
        super().__init__()
        if type(self).back is None:
            type(self).back = type(self).make_back()
        self.back.begin()
        self.address = {name: account.address for name, account in self.back.accounts.items()}
        self.models = {
            name: LogModel(LogAddress(self.back.chain_id, self.back.contract, self.address[name]))
            for name in BRANDS
        }
        self.members: dict[str, list[Any]] = {name: [] for name in BRANDS}
        self.controller = {name: name for name in self.address}
        self.agent_until = 0
        self.acknowledged: dict[tuple[str, str, int], int] = {}
        self.heads = {name: self.back.head(self.address[name]) for name in BRANDS}
        self.touched: set[str] = set(BRANDS)
        self.salt = 0
        self.name_agent(10**6)

    def teardown(self) -> None:
        self.back.end()

    def holds(self, number: str, condition: bool, *what: Any) -> None:
        """Insist on a property."""
        if not condition and self.only in ("", number):
            raise Broken(f"{number}: {what}")

    def attempt(self, action: str, wanted: bool, number: str, send: Any, *arguments: Any) -> int:
        """Send, and compare with the model; returns the block's time, or 0 when it was refused."""
        self.calls[action] += 1
        try:
            at: int = send(*arguments)
        except Reverted as refused:
            if wanted and not self.only:
                raise Broken(f"model: {action}{arguments} was refused: {refused!r}") from refused
            return 0
        self.holds(number, wanted, action, arguments)
        self.successes[action] += 1
        return at

    # ---- who may act

    @rule(what=st.sampled_from(LIFE), to=st.sampled_from(["brand", "ana", "bob", "other brand"]))
    def life_goes_on(self, what: str, to: str) -> None:
        """Time passes, the agent comes and goes, keys are rotated."""
        if what == "time":
            self.back.sleep(5000)
        elif what.startswith("named"):
            self.name_agent(10**6 if what == "named" else 10)
        elif what == "dismissed":
            arguments = (self.address["brand"], AGENT_ROLE, self.address["agent"])
            self.back.registry(
                self.controller["brand"], "revokeDelegate(address,bytes32,address)", *arguments
            )
            self.agent_until = self.back.now()
        else:
            identity = what.removesuffix("'s key")
            arguments = (self.address[identity], self.address[to])
            self.back.registry(
                self.controller[identity], "changeOwner(address,address)", *arguments
            )
            self.controller[identity] = to

    def name_agent(self, validity: int) -> None:
        arguments = (self.address["brand"], AGENT_ROLE, self.address["agent"], validity)
        signature = "addDelegate(address,bytes32,address,uint256)"
        self.back.registry(self.controller["brand"], signature, *arguments)
        self.agent_until = self.back.now() + validity

    def may_anchor(self, by: str, brand: str) -> bool:
        if by == self.controller[brand]:
            return True
        return (by, brand) == ("agent", "brand") and self.agent_until > self.back.now()

    def near_the_end(self) -> bool:
        """Whether the clock of a real node could pass the end of the agent's time under way."""
        return 0 <= self.agent_until - self.back.now() <= 3

    # ---- anchoring

    @rule(
        brand=st.sampled_from(BRANDS),
        by=st.sampled_from(["controller"] * 4 + ["agent"] * 4 + ["stranger", "ana"]),
        count=st.sampled_from([1, 1, 2, 3, 4, 5, 7, 8, 9]),
        shift=st.sampled_from([0] * 6 + [-1, 1]),
    )
    def anchor(self, brand: str, by: str, count: int, shift: int) -> None:
        if self.near_the_end():
            self.back.sleep(5)
        by = self.controller[brand] if by == "controller" else by
        model = self.models[brand]
        self.salt += 1
        first = model.interactions + shift
        if first < 0:
            return
        members = [some_fields(first + place, str(self.salt)) for place in range(count)]
        tree = tree_of(model.log, members)
        allowed = self.may_anchor(by, brand)
        number = "ANC-03" if allowed else "ANC-05"
        arguments = (by, self.address[brand], tree.root, count, first)
        at = self.attempt("anchor", allowed and not shift, number, self.back.anchor, *arguments)
        if at:
            self.added(
                brand, AnchoredBatch(tree.root, model.interactions, count, at), members, tree
            )

    @rule(brand=st.sampled_from(BRANDS))
    def submit_again(self, brand: str) -> None:
        """The same batch once more, as after an answer that was lost."""
        model = self.models[brand]
        if not model.batches:
            return
        last = model.batches[-1]
        arguments = (self.controller[brand], self.address[brand], last.root, last.count, last.first)
        self.calls["refused resubmission"] += 1
        try:
            self.back.anchor(*arguments)
        except Reverted:
            self.successes["refused resubmission"] += 1
        else:
            self.holds("ANC-03", False, "anchored twice", last)
            self.added(
                brand,
                replace(last, first=model.interactions, anchored_at=self.back.now()),
                [],
                None,
            )

    def added(self, brand: str, batch: AnchoredBatch, members: Any, tree: Any) -> None:
        self.models[brand].batches.append(batch)
        self.members[brand].append((members, tree))
        self.touched.add(brand)

    def some_member(self, brand: str, choice: int) -> tuple[int, int]:
        """Return a batch and a place in it."""
        known = [
            (batch_id, place)
            for batch_id, (members, _) in enumerate(self.members[brand])
            for place in range(len(members))
        ]
        return known[choice % len(known)]

    def has_members(self, brand: str) -> bool:
        return any(members for members, _ in self.members[brand])

    # ---- verification

    @precondition(lambda self: self.has_members("brand") or self.has_members("other brand"))
    @rule(choice=pick, member=st.booleans(), how=st.sampled_from(TWISTS))
    def verify(self, choice: int, member: bool, how: str) -> None:
        brand = next(name for name in BRANDS[choice % 2 :] + BRANDS if self.has_members(name))
        batch_id, place = self.some_member(brand, choice)
        members, tree = self.members[brand][batch_id]
        fields, proof, where = members[place], tree.proof(place), self.address[brand]
        truth = member or (how in ("shorter", "empty") and not proof)
        if not truth and how == "elsewhere":
            batch_id += 1
        elif not truth and how == "other brand":
            where = self.address[next(name for name in BRANDS if name != brand)]
        elif not truth:
            fields, proof = self.twisted(how, fields, proof, tree.leaf(place))
        self.calls[f"verify {'member' if truth else 'other'}"] += 1
        answer = self.back.verify(where, batch_id, fields, proof)
        self.holds("ANC-04", answer == truth, how, batch_id, place)
        self.successes[f"verify {'member' if truth else 'other'}"] += answer == truth

    @staticmethod
    def twisted(
        how: str, fields: LeafFields, proof: list[bytes], own: bytes
    ) -> tuple[LeafFields, list[bytes]]:
        """Return fields and proof of something that is not in the batch."""
        above = proof[0] if proof else OTHER
        ways: dict[str, tuple[LeafFields, list[bytes]]] = {
            "content": (replace(fields, content=OTHER), proof),
            "parties": (replace(fields, parties=OTHER), proof),
            "kind": (replace(fields, kind=fields.kind + 1), proof),
            "time": (replace(fields, started_at=fields.started_at + 1), proof),
            "number": (replace(fields, index=fields.index + 1), proof),
            "shorter": (fields, proof[:-1]),
            "longer": (fields, [*proof, OTHER]),
            "empty": (fields, []),
            # what hashes to the interior node above the leaf, if it were taken for fields
            "node": (replace(fields, content=own, parties=above), proof[1:]),
        }
        return ways[how]

    @rule(
        brand=st.sampled_from(BRANDS),
        count=st.integers(2, 9),
        lie=st.sampled_from(["root", "number", "deep"]),
    )
    def a_brand_lies(self, brand: str, count: int, lie: str) -> None:
        """A leaf as root, a number beyond the batch, a deeper tree than counted: none helps."""
        model = self.models[brand]
        self.salt += 1
        first = model.interactions
        fields = some_fields(first, str(self.salt))
        if lie == "root":
            root, proof = leaf(model.log, fields), []
        else:
            index = {"number": first + count, "deep": first}[lie]
            size = {"number": count, "deep": 32}[lie]
            members = [some_fields(index + place, str(self.salt)) for place in range(size)]
            tree = tree_of(model.log, members)
            root, fields, proof = tree.root, members[0], tree.proof(0)
        self.calls["lie"] += 1
        try:
            at = self.back.anchor(self.controller[brand], self.address[brand], root, count, first)
        except Reverted as refused:  # of another property's mutant
            if not self.only:
                raise Broken(f"model: a controller's batch was refused: {refused!r}") from refused
            return
        self.added(brand, AnchoredBatch(root, first, count, at), [], None)
        answer = self.back.verify(self.address[brand], len(model.batches) - 1, fields, proof)
        self.holds("ANC-04", not answer, lie)
        self.successes["lie"] += not answer

    # ---- countersigning

    @precondition(lambda self: self.has_members("brand"))
    @rule(customer=st.sampled_from(["ana", "bob"]), good=mostly, choice=pick, in_batch=mostly)
    def acknowledge(self, customer: str, good: bool, choice: int, in_batch: bool) -> None:
        by = self.controller[customer] if good else "stranger"
        self.countersign(customer, by == self.controller[customer], choice, in_batch, by, None)

    @precondition(lambda self: self.has_members("brand"))
    @rule(
        customer=st.sampled_from(["ana", "bob"]),
        how=st.sampled_from(["good"] * 6 + ["expired", "malleable", "stranger", "other deadline"]),
        choice=pick,
        in_batch=mostly,
    )
    def relay(self, customer: str, how: str, choice: int, in_batch: bool) -> None:
        self.countersign(customer, how == "good", choice, in_batch, "", how)

    def countersign(
        self, customer: str, rightful: bool, choice: int, in_batch: bool, by: str, how: str | None
    ) -> None:
        batch_id, place = self.some_member("brand", choice)
        members, tree = self.members["brand"][batch_id]
        fields, proof, log = members[place], tree.proof(place), self.models["brand"].log
        known = (customer, "brand", fields.index)
        wanted = rightful and in_batch and known not in self.acknowledged
        shown = batch_id if in_batch else batch_id + 1
        arguments: tuple[Any, ...] = (self.address[customer], log.brand, shown, fields, proof)
        if how is None:
            at = self.attempt(
                "acknowledge", wanted, "ANC-07", self.back.acknowledge, by, *arguments
            )
        else:
            deadline = self.back.now() + (-1 if how == "expired" else 1000)
            digest = messages.acknowledgement_message(
                log, self.address[customer], fields, deadline
            ).digest
            signer = "stranger" if how == "stranger" else self.controller[customer]
            signature = sign(self.back.accounts[signer], digest)
            signature = high_s(signature) if how == "malleable" else signature
            deadline += how == "other deadline"
            at = self.attempt(
                "relay", wanted, "ANC-07", self.back.relay, *arguments, deadline, signature
            )
        if at:
            self.acknowledged[known] = at
        told = self.back.acknowledged_at(self.address[customer], log.brand, leaf(log, fields))
        self.holds("ANC-07", told == self.acknowledged.get(known, 0), known, told)

    # ---- what always holds

    @invariant()
    def the_log_is_the_models(self) -> None:
        for brand in BRANDS:
            model, where, before = self.models[brand], self.address[brand], self.heads[brand]
            head = self.back.head(where)
            if brand not in self.touched:
                self.holds("ANC-08", head == before, brand, "changed with another's batch")
                continue
            size = len(model.batches)
            self.holds("ANC-01", head.root == model.head()[0], brand, size)
            self.holds("ANC-03", (head.batches, head.interactions) == model.head()[1:], brand)
            self.append_only(brand, before, head)
            for batch_id in {0, size // 2, size - 2, size - 1} & set(range(size)):
                batch = self.safely(self.back.batch, where, batch_id)
                self.holds("ANC-02", batch == model.batches[batch_id], brand, batch_id, batch)
                known = model.batches[batch_id]
                index = known.first + (known.count - 1) * (size % 2)  # its first or its last
                found = self.safely(self.back.batch_of, where, index)
                self.holds("ANC-09", found == batch_id, brand, index, found)
            self.heads[brand] = head
        self.touched = set()

    def append_only(self, brand: str, before: Any, head: Any) -> None:
        """The old head is that of the beginning of the new log."""
        tree = LogTree(self.models[brand].records())
        try:
            proof = tree.consistency_proof(before.batches)
            verify_consistency(before.batches, before.root, head.batches, head.root, proof)
        except ProofError as error:
            self.holds("ANC-02", False, brand, before, head, error)

    @staticmethod
    def safely(read: Any, *arguments: Any) -> Any:
        try:
            return read(*arguments)
        except Reverted:
            return None


def run_counts(machine: type[LogMachine]) -> dict[str, str]:
    """What was tried and how much of it went as it should, for people."""
    return {
        action: f"{machine.successes[action]} of {calls}"
        for action, calls in sorted(machine.calls.items())
    }

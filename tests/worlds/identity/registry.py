"""A registry in the in-process EVM, a handful of people, and short ways to say what they sign."""

from datetime import UTC, datetime

from careledger.crypto.typed_data import HALF_ORDER, sign_digest, split_signature
from careledger.identity.did.guardians import Guardians
from careledger.identity.did.messages import IdentityMessages, erc1056_digest
from careledger.identity.did.model import GuardianApproval, name32
from tests.support.evm import START, Evm, actor

DAY = 86_400
ORDER = HALF_ORDER * 2 + 1
NOBODY = "0x" + "00" * 20
AGENT = name32("careledger.agent")
SERVICE = name32("did/svc/Care")
ENDPOINT = b"https://care.example"
PEOPLE = ("alice", "bob", "carol", "mallory", "relayer", "gina", "gus", "greta")


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def raw(account):
    return bytes.fromhex(getattr(account, "address", account)[2:])


def word(number):
    return number.to_bytes(32, "big")


def malleated(signature):
    """Return the other signature of the same key over the same digest: s above half the order."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + word(s) + bytes([55 - signature[64]])


class World:
    """`alice` is the identity of most tests; she controls herself. The g's are her guardians."""

    def __init__(self, evm=None, artifact=None):
        self.evm = evm or Evm()
        for name in PEOPLE:
            setattr(self, name, actor(f"identity {name}"))
            self.evm.fund(getattr(self, name))
        self.registry = self.evm.deploy("IdentityRegistry", artifact=artifact)
        self.domain = IdentityMessages(self.evm.chain_id, self.registry.address)
        self.deadline = at(START + DAY)
        self.guardians = Guardians(
            tuple(
                (getattr(self, name).address, bytes([n]) * 32)
                for n, name in enumerate(("gina", "gus", "greta"), 1)
            )
        )

    # ---- short ways

    def do(self, function, *arguments, sender=None):
        return self.registry.transact(function, *arguments, sender=sender or self.relayer)

    def ask(self, function, *arguments):
        return self.registry.call(function, *arguments)

    def owner(self, identity=None):
        return self.ask("identityOwner", (identity or self.alice).address)

    def nonce(self, who):
        return self.ask("nonce", who.address)

    # ---- ERC-1056

    def signed(self, signer, identity, operation, *packed, nonce=None, registry=None):
        """Return v, r, s over the digest of ERC-1056."""
        counted = self.nonce(signer) if nonce is None else nonce
        digest = erc1056_digest(
            registry or self.registry.address, counted, identity.address, operation, *packed
        )
        return split_signature(sign_digest(signer, digest))

    # ---- recovery

    def guard(self, threshold=2, delay=7 * DAY):
        root = self.guardians.tree.root
        return self.do(
            "setGuardians", self.alice.address, root, threshold, delay, sender=self.alice
        )

    def approval(
        self,
        guardian,
        new_owner,
        *,
        round_=None,
        controller=None,
        domain=None,
        deadline=None,
        salt=None,
    ):
        place = [member for member, _ in self.guardians.members].index(guardian.address)
        named = self.ask("guardianship", self.alice.address)
        until = deadline or self.deadline
        typed = (domain or self.domain).approve_recovery(
            self.alice.address,
            controller or self.owner(),
            getattr(new_owner, "address", new_owner),
            in_round=named[4] if round_ is None else round_,
            deadline=until,
        )
        proof, secret = self.guardians.tree.proof(place), salt or self.guardians.members[place][1]
        return GuardianApproval(
            guardian.address, int(until.timestamp()), secret, tuple(proof), typed.sign(guardian)
        )

    def start(self, approvals, new_owner=None, *, sort=True):
        given = sorted(approvals, key=lambda one: int(one.guardian, 16)) if sort else approvals
        who = new_owner or self.bob
        return self.do(
            "startRecovery",
            self.alice.address,
            getattr(who, "address", who),
            [one.abi() for one in given],
        )

    def started(self, delay=7 * DAY):
        """Name guardians and have two of them start a recovery for bob."""
        self.guard(delay=delay)
        return self.start([self.approval(self.gina, self.bob), self.approval(self.gus, self.bob)])

"""Our resolver against `ethr-did-resolver`: the same documents and metadata on random histories."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from careledger.chain import artifacts
from careledger.chain.node import development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.did.encoding import json_number
from careledger.identity.did.model import Operation, name32
from careledger.identity.did.resolver import resolve
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.times import from_seconds
from tests.interop.identity.conftest import HERE, Node

pytestmark = pytest.mark.interop

SEED = 20260101
IDENTITIES, STEPS, VERSIONS = 22, 14, 4
LONG = 20 * 365 * 86_400

# The chain's clock stands years back: what was to be valid for seconds is expired for both
# resolvers alike, which
# go by this machine's clock where no version is asked for. At a version both go by the block's
# time, to the second.
PAST = pytest.mark.parametrize(
    "hardhat_like", [["--timestamp", "1700000000", "--order", "fifo"]], indirect=True, ids=[""]
)

NAMES = [
    "did/pub/Secp256k1/veriKey/hex", "did/pub/Secp256k1/veriKey/base64",
    "did/pub/Secp256k1/sigAuth/base58",
    "did/pub/Secp256k1/veriKey/pem", "did/pub/Ed25519/veriKey/base58", "did/pub/Ed25519/sigAuth",
    "did/pub/X25519/enc/base64", "did/pub/RSA/veriKey/pem", "did/pub/RSA/enc", "did/pub/Other",
    "did/pub/A/b/multi",
    "did/pub/", "did/pub/Secp256k1/veriKey/hex/x", "did/svc/HubService", "did/svc/Messaging",
    "did/svc/Hub_2",
    "did/svc/",
    "did/svc/Two/parts", "encryptionKey", "did/x/y",
]  # fmt: skip
TYPES = [b"veriKey", b"sigAuth", b"enc", b"careledger.agent", b"\x80\x81", b"\xffveriKey"]
VALUES = [
    b"", b"\0\0\x01", b"\x80\x81\x82", bytes(range(33)), b"https://hub.example",
    b'{"uri":"https://a.example","n":1.50}',
    b"[1,2,{}]", b"NaN", b"12345678901234567890123", b'"text"', b"null", b'{"broken":',
    "señal ñ".encode(), b" 7 ",
    b"-0", b"1e400", b"\xef\xbb\xbf{}",
    b"-----BEGIN PUBLIC KEY-----\nMII=\n-----END PUBLIC KEY-----",
]  # fmt: skip


@dataclass
class Stage:
    """A registry on an Anvil on which anyone can be impersonated."""

    chain: Chain
    registry: IdentityRegistry
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, chain: Chain) -> "Stage":
        chain.request("anvil_autoImpersonateAccount", True)
        sender = Sender(chain, development_accounts(1)[0])
        receipt = sender.wait(sender.send(None, artifacts.load("IdentityRegistry").bytecode))
        chain.request("evm_setAutomine", False)
        assert receipt.contract_address is not None
        return cls(chain, IdentityRegistry(chain, receipt.contract_address))

    def send(self, sender: str, function: str, *arguments: Any) -> None:
        """Queue a transaction for the next block."""
        self.counts[function] = self.counts.get(function, 0) + 1
        self.chain.request("anvil_setBalance", sender, hex(10**20))
        data = "0x" + self.registry.encode(function, *arguments).hex()
        sent = {"from": sender, "to": self.registry.address, "data": data, "gas": hex(1_000_000)}
        self.chain.request("eth_sendTransaction", sent)

    def mine(self, seconds: int) -> None:
        self.chain.request("evm_setNextBlockTimestamp", hex(self.chain.timestamp() + seconds))
        self.chain.request("evm_mine")
        failed = [
            r for r in self.chain.request("eth_getBlockReceipts", "latest") if r["status"] != "0x1"
        ]
        assert failed == []


def random_operation(dice: random.Random, now: int) -> Operation:
    valid_to = from_seconds(now + dice.choice([1, 2, 3, LONG, LONG, LONG + 1]))
    delegate = dice.choice([f"0x{n:040x}" for n in (0xABCDEF, 0xDE1E9A7E << 96)])
    kind = dice.choice(TYPES)
    name, value = dice.choice(NAMES), dice.choice(VALUES)
    match dice.choice([0, 0, 1, 2, 2, 2, 3]):
        case 0:
            return Operation.add_delegate(name32(kind.ljust(32, b"\0")), delegate, valid_to)
        case 1:
            return Operation.revoke_delegate(name32(kind.ljust(32, b"\0")), delegate)
        case 2:
            return Operation.set_attribute(name, value, valid_to)
        case _:
            return Operation.revoke_attribute(name, value)


class Subject:
    """An identity that lives through a random history."""

    def __init__(self, stage: Stage, dice: random.Random) -> None:
        self.stage, self.dice = stage, dice
        self.account: LocalAccount = Account.from_key(dice.randbytes(32))
        self.address = self.controller = self.account.address
        self.alive = True

    def did(self, chain_id: int) -> str:
        key = "0x" + self.account._key_obj.public_key.to_compressed_bytes().hex()
        subject = self.dice.choice([self.address, self.address.lower(), key])
        return self.dice.choice([f"did:ethr:dev:{subject}", format_did(subject, chain_id)])

    def step(self, now: int) -> None:
        if not self.alive:
            return
        dice, send = self.dice, self.stage.send
        roll = dice.random()
        if roll < 0.1:
            send(
                self.controller,
                "changeOwner",
                self.address,
                new := dice.choice([self.address, f"0x{77:040x}"]),
            )
            self.controller = new
        elif roll < 0.12:
            self.alive = False
            if dice.random() < 0.5:
                send(self.controller, "changeOwner", self.address, ZERO_ADDRESS)
                # ERC-1056 gives control back to the first key, which resolvers do not care for.
                send(
                    self.address,
                    "setAttribute",
                    self.address,
                    name32("did/svc/HubService"),
                    b"late",
                    LONG,
                )
            else:
                send(self.controller, "deactivate", self.address)
        elif roll < 0.35:
            steps = [random_operation(dice, now) for _ in range(dice.randint(1, 4))]
            send(self.controller, "execute", self.address, [step.abi() for step in steps])
        else:
            self._direct(random_operation(dice, now), now)

    def _direct(self, operation: Operation, now: int) -> None:
        name, account, value = operation.name, operation.account, operation.value
        validity = max(0, operation.valid_to - now)
        function, arguments = {
            "AddDelegate": ("addDelegate", (name, account, validity)),
            "RevokeDelegate": ("revokeDelegate", (name, account)),
            "SetAttribute": ("setAttribute", (name, value, validity)),
            "RevokeAttribute": ("revokeAttribute", (name, value)),
        }[operation.action.text]
        self.stage.send(self.controller, function, self.address, *arguments)


def theirs(run_node: Node, stage: Stage, dids: list[str]) -> list[dict[str, Any]]:
    asked = {
        "rpc": stage.chain.url, "registry": stage.registry.address, "chainId": stage.chain.chain_id,
        "dids": dids,
    }  # fmt: skip
    done = run_node(str(HERE / "resolve.mjs"), text=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    # Numbers beyond 2^53 are written by JavaScript with zeros where Python keeps digits: read them
    # alike.
    results: list[dict[str, Any]] = json.loads(
        done.stdout, parse_int=json_number, parse_float=json_number
    )
    return results


def ours(stage: Stage, did: str) -> dict[str, Any]:
    found = resolve(
        stage.registry, did, now=None if "?" in did else datetime.now(UTC), names={"dev": 1337}
    )
    plain: dict[str, Any] = json.loads(
        json.dumps(found.result), parse_int=json_number, parse_float=json_number
    )
    return plain


@PAST
def test_documents_and_metadata_are_equal_on_random_histories(
    hardhat_like: Chain, run_node: Node
) -> None:
    print("seed", SEED)
    dice, stage = random.Random(SEED), Stage.open(hardhat_like)
    subjects = [Subject(stage, dice) for _ in range(IDENTITIES)]
    for _ in range(STEPS):
        pause = dice.choice([1, 1, 2, 3])
        now = stage.chain.timestamp() + pause
        for subject in subjects:
            for _ in range(dice.choice([0, 1, 1, 2])):
                subject.step(now)
        stage.mine(pause)
    top = stage.chain.block_number()
    dids = []
    for subject in subjects:
        did = subject.did(1337)
        dids += [did, f"{did}?versionId=latest"]
        dids += [f"{did}?versionId={dice.randint(0, top)}" for _ in range(VERSIONS)]
    compared = list(zip(dids, theirs(run_node, stage, dids), strict=True))
    for did, expected in compared:
        assert ours(stage, did) == expected, did
    # What was compared is worth comparing.
    documents = [expected["didDocument"] for _, expected in compared]
    assert sum("service" in document for document in documents) > 20
    assert sum("keyAgreement" in document for document in documents) > 20
    assert sum(len(document["verificationMethod"]) > 2 for document in documents) > 20
    assert sum("deactivated" in expected["didDocumentMetadata"] for _, expected in compared) > 5
    assert sum("nextVersionId" in expected["didDocumentMetadata"] for _, expected in compared) > 20
    assert (
        min(
            stage.counts[name] for name in ("changeOwner", "execute", "addDelegate", "setAttribute")
        )
        > 20
    )


@PAST
def test_306_changes_take_at_most_five_calls(
    hardhat_like: Chain, run_node: Node, monkeypatch: Any
) -> None:
    stage = Stage.open(hardhat_like)
    subject = Account.from_key(b"\x07" * 32).address
    for number in range(306):
        stage.send(subject, "setAttribute", subject, name32("did/svc/Hub"), b"%d" % number, LONG)
        stage.mine(1)
    did = format_did(subject, 1337)
    (latest, earlier) = theirs(run_node, stage, [did, f"{did}?versionId=150"])
    calls: list[str] = []
    request = stage.chain.request
    monkeypatch.setattr(
        stage.chain, "request", lambda method, *rest: calls.append(method) or request(method, *rest)
    )
    assert ours(stage, did) == latest
    assert len(calls) <= 5
    assert len(latest["didDocument"]["service"]) == 306
    calls.clear()
    assert ours(stage, f"{did}?versionId=150") == earlier
    assert len(calls) <= 5

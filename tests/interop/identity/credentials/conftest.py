"""A chain with an issuer and a holder on it, and other people's verifiers that look at it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_abi import encode
from eth_account.signers.local import LocalAccount

from careledger.chain import artifacts
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.did.model import name32
from careledger.identity.status.client import CredentialStatus
from tests.interop.identity.conftest import INTEROP

HERE = Path(__file__).parent
PYTHON = INTEROP / ".venv" / "bin" / "python"
LOCK = INTEROP / "requirements-oid4vp.txt"
LONG = 10 * 365 * 86_400

Answer = dict[str, Any]
"""{"ok": what the package returned}, or {"refused": why it threw}."""
Steps = Callable[..., list[Answer]]


@dataclass
class Party:
    """An identity with a key of every kind in its DID document."""

    account: LocalAccount
    did: str
    p256: ec.EllipticCurvePrivateKey
    ed25519: ed25519.Ed25519PrivateKey
    attributes: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, account: LocalAccount, chain_id: int, purpose: str) -> "Party":
        seed = account.key
        party = cls(
            account,
            format_did(account.address, chain_id),
            ec.derive_private_key(int.from_bytes(seed, "big") >> 8, ec.SECP256R1()),
            ed25519.Ed25519PrivateKey.from_private_bytes(bytes(seed)),
        )
        point = party.p256.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        party.attributes = {
            f"did/pub/JsonWebKey2020/{purpose}": point,
            f"did/pub/Ed25519/{purpose}/hex": party.ed25519.public_key().public_bytes_raw(),
        }
        return party

    @property
    def fragments(self) -> dict[str, str]:
        """Where each algorithm's key stands in the document."""
        return {
            "ES256K": "#controller",
            "ES256K-R": "#controller",
            "ES256": "#delegate-1",
            "EdDSA": "#delegate-2",
        }

    def secret(self, alg: str) -> str:
        """The private key in hexadecimal, as the programs of this folder take it."""
        if alg == "ES256":
            return f"{self.p256.private_numbers().private_value:064x}"
        return bytes(self.account.key).hex()

    def key(self, alg: str) -> dict[str, str]:
        return {"alg": alg, "secret": self.secret(alg)}

    def kid(self, alg: str) -> str:
        return self.did + self.fragments[alg]


@dataclass
class World:
    """The chain, the registry, and who lives there."""

    chain: Chain
    registry: IdentityRegistry
    statuses: CredentialStatus
    issuer: Party = field(init=False)
    holder: Party = field(init=False)

    def newcomer(self, number: int, purpose: str) -> Party:
        """Return the identity of a development account, its keys published for a purpose."""
        account = development_accounts(number + 1)[number]
        party = Party.of(account, self.chain.chain_id, purpose)
        for name, value in party.attributes.items():
            self.change(party, "setAttribute", name32(name), value, LONG)
        return party

    def change(self, party: Party, function: str, *arguments: Any) -> None:
        """Have a party call a function of the registry about itself."""
        data = self.registry.encode(function, party.account.address, *arguments)
        Sender(self.chain, party.account).transact(self.registry.address, data)

    def verifier(self, *, status_required: bool = False, **readers: Any) -> Verifier:
        """Return our verifier, which believes the issuer alone."""
        policy = VerifierPolicy(issuers=[self.issuer.did], status_required=status_required)
        return Verifier(self.registry, policy, **readers)

    def now(self) -> int:
        """Return this machine's time, or the newest block's, where
        the keys are younger than that.
        """
        return max(self.chain.timestamp(), int(time.time()))

    def npm(self, program: str, *steps: dict[str, Any]) -> list[Answer]:
        """Run a program of this folder on some steps and return its answers."""
        return answers(["node", str(HERE / program)], self.asked(list(steps)))

    def asked(self, steps: list[dict[str, Any]]) -> str:
        chain = {
            "rpc": self.chain.url,
            "registry": self.registry.address,
            "chainId": self.chain.chain_id,
        }
        return json.dumps({"chain": chain, "steps": steps})


def deployed(sender: Sender, name: str, arguments: bytes = b"") -> str:
    receipt = sender.wait(sender.send(None, artifacts.load(name).bytecode + arguments))
    assert receipt.contract_address is not None
    return receipt.contract_address


@contextmanager
def inhabited(*options: str) -> Iterator[World]:
    """Serve a chain with the registry and the status lists on it, and an issuer and a holder."""
    with LocalNode("anvil", extra=options) as chain:
        sender = Sender(chain, development_accounts(1)[0])
        registry = IdentityRegistry(chain, deployed(sender, "IdentityRegistry"))
        arguments = encode(["address"], [registry.address])
        statuses = CredentialStatus(chain, deployed(sender, "CredentialStatus", arguments))
        world = World(chain, registry, statuses)
        world.issuer, world.holder = world.newcomer(1, "veriKey"), world.newcomer(2, "sigAuth")
        yield world


@pytest.fixture(scope="session")
def world(compiled: None) -> Iterator[World]:
    """Serve a chain whose clock is this machine's, as the packages look at the machine's clock."""
    with inhabited() as world:
        yield world


@pytest.fixture
def past(compiled: None, packages: Path) -> Iterator[World]:
    """Serve a chain whose clock stands years back, so that time can pass on it."""
    with inhabited("--timestamp", "1700000000") as world:
        yield world


@pytest.fixture
def npm(packages: Path, world: World) -> Steps:
    """Return a function that runs a program of this folder on some
    steps and returns its answers.
    """
    return world.npm


@pytest.fixture(scope="session")
def python() -> str:
    """Return the Python with the packages of `requirements-oid4vp.txt`, each at the version that
    stands there.
    """
    if not PYTHON.is_file():
        pytest.fail(
            "the environment tests/interop/.venv is not installed: run `make interop`",
            pytrace=False,
        )
    command = [Path(sys.executable).with_name("uv"), "pip", "freeze", "--quiet", "--python", PYTHON]
    installed = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert set(installed) == {line for line in LOCK.read_text().splitlines() if "==" in line}, (
        "run `make interop`"
    )
    return str(PYTHON)


@pytest.fixture
def pypi(python: str, world: World) -> Steps:
    """Return a function that has those Python packages do some steps."""

    def run(*steps: dict[str, Any]) -> list[Answer]:
        return answers([python, str(HERE / "oid4vp.py")], world.asked(list(steps)))

    return run


def answers(command: list[str], text: str) -> list[Answer]:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=INTEROP, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[Answer] = json.loads(done.stdout)
    return found

"""The suites that the reference registry and the reference resolver ship, unmodified, against our
registry.
"""

import hashlib
import json
from pathlib import Path

import pytest

from careledger.chain import artifacts
from careledger.chain.rpc import Chain
from tests.interop.identity.conftest import HERE, INTEROP, Node

pytestmark = pytest.mark.interop

REGISTRY_SUITE = "ethr-did-registry/dist/test/registry.test.js"
RESOLVER_SUITE = "ethr-did-resolver/src"
PUBLISHED = {
    REGISTRY_SUITE: "b4d52469546d854dcdbfcb613dc3b3693537a5ad74f662d1e05f49b95468e91e",
    RESOLVER_SUITE: "22d8027ae7a4417be06eaa4af8f43517345a0f2265c097a2dec4bca9b79f2ed7",
}
"""SHA-256 over the suites' files as npm delivers them: nobody has bent them to fit."""


def digest(path: Path) -> str:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.relative_to(path.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()


def created(chain: Chain) -> list[bytes]:
    """Return the code of every contract that was created on the chain."""
    codes = []
    for number in range(1, chain.block_number() + 1):
        for transaction in chain.request("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if transaction["to"] is None:
                receipt = chain.request("eth_getTransactionReceipt", transaction["hash"])
                codes.append(chain.code(receipt["contractAddress"]))
    return codes


def reference_code(packages: Path) -> bytes:
    folder = packages / "ethr-did-registry/artifacts/contracts/EthereumDIDRegistry.sol"
    return bytes.fromhex(
        json.loads((folder / "EthereumDIDRegistry.json").read_text())["deployedBytecode"][2:]
    )


@pytest.mark.parametrize("suite", PUBLISHED)
def test_the_suites_are_as_published(packages: Path, suite: str) -> None:
    assert digest(packages / suite) == PUBLISHED[suite]


def test_the_54_tests_of_the_reference_registry_pass(
    packages: Path, run_node: Node, hardhat_like: Chain
) -> None:
    done = run_node(
        "node_modules/mocha/bin/mocha.js",
        *("--reporter", "json", "--require", str(HERE / "hardhat" / "v2.cjs")),
        f"node_modules/{REGISTRY_SUITE}",
    )
    stats = json.loads(done.stdout)["stats"]
    assert (stats["tests"], stats["passes"], stats["failures"], stats["pending"]) == (
        54,
        54,
        0,
        0,
    ), done.stdout
    (code,) = created(hardhat_like)
    assert artifacts.load("IdentityRegistry").matches(code)


def test_the_99_tests_of_the_reference_resolver_pass(
    packages: Path, run_node: Node, hardhat_like: Chain
) -> None:
    done = run_node(
        "node_modules/vitest/vitest.mjs",
        *(
            "run",
            "--reporter=json",
            "--config",
            str((HERE / "vitest.config.mjs").relative_to(INTEROP)),
        ),
    )
    report = json.loads(done.stdout)
    failed = [
        test["fullName"]
        for file in report["testResults"]
        for test in file["assertionResults"]
        if test["status"] != "passed"
    ]
    assert failed == []
    assert (report["numTotalTests"], report["numPassedTests"], report["numFailedTests"]) == (
        99,
        99,
        0,
    )
    codes = created(hardhat_like)
    ours = [code for code in codes if artifacts.load("IdentityRegistry").matches(code)]
    # The registry under test is deployed 11 times; once a registry of 2017, to show the difference.
    assert (len(ours), len(codes)) == (11, 12)
    assert reference_code(packages) not in codes

"""Issue, present and verify a credential: ours beside did-jwt-vc and @sd-jwt/sd-jwt-vc of npm.

Both work on one Anvil in one run.

Each step a thousand times, one after the other; p50 and p95. Every verifier reads the issuer's key
from the chain each time. Ours checks the status bit and the customer's consent on the chain too,
which the others do not know. Nothing is asserted; figures depend on the machine. `--json` prints
one document.
"""

import json as jsonlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # without an installation, too

import typer
from eth_account import Account

from careledger.chain.compile import compile_all
from careledger.chain.deploy import deploy
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.cli.options import Json
from careledger.cli.program import run_command
from careledger.console import Out
from careledger.errors import ToolchainError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.terms import Consent, ConsentTerms, purpose_of
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifierPolicy,
)
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.readers import ChainStatusReader

PEER = Path(__file__).with_suffix(".mjs")
CLAIMS: dict[str, Any] = {
    "given_name": "Ana",
    "family_name": "Ruiz",
    "birthdate": "1990-05-17",
    "country": "ES",
}
CLAIMS |= {"age_over_18": True, "resident_eu": True}
SHOWN, AUDIENCE, VCT = (
    ("age_over_18", "resident_eu"),
    "https://insurer.example",
    "https://bank.example/kyc/1",
)
Times = dict[str, list[float]]
"""Milliseconds by step."""


def timed(count: int, work: Callable[[int], Any]) -> tuple[list[float], list[Any]]:
    """Do something many times; return how long each took, in milliseconds, and what came of it."""
    times, made = [], []
    for number in range(count):
        start = time.perf_counter()
        made.append(work(number))
        times.append((time.perf_counter() - start) * 1000)
    return times, made


def ours(chain: Chain, addresses: Any, bank: Sender, insurer: str, count: int) -> Times:
    """Issue SD-JWT VCs, present two claims of six with a consent, verify against the chain."""
    did, now = format_did(bank.address, chain.chain_id), datetime.now(UTC)
    issuer = Issuer(did, SigningKey.of_account(bank.account), f"{did}#controller")
    holder, validity = (
        SigningKey.generate("ES256K"),
        Validity(now - timedelta(minutes=1), now + timedelta(days=1)),
    )
    contract = CredentialStatus(chain, addresses["CredentialStatus"])
    consents = ConsentRegistry(chain, addresses["ConsentRegistry"], bank)
    uri, list_id = "https://bank.example/status/1", bytes(32)

    def issue(number: int) -> str:
        status = StatusReference(
            uri, number, chain.chain_id, contract.address, bank.address, list_id
        )
        return issue_sd_jwt(issuer, VCT, CLAIMS, validity, holder=holder.public, status=status)

    issuing, credentials = timed(count, issue)
    purpose = purpose_of("one nonce for all", "Offer you a policy", "https://insurer.example/terms")
    # One consent for each presentation, given before the clock runs: verifying is what is timed.
    selections = [HeldCredential.parse(one).select(SHOWN) for one in credentials]
    given = [
        Consent(
            bank.address,
            now + timedelta(days=1),
            ConsentTerms(insurer, one.scope, purpose, n.to_bytes(32, "big")),
        )
        for n, one in enumerate(selections)
    ]
    pending = [bank.send(consents.address, consents.encode("grant", one.abi(), 0)) for one in given]
    for one in pending:
        bank.wait(one)

    def present(number: int) -> str:
        selection = HeldCredential.parse(credentials[number]).select(SHOWN)
        return selection.present(
            holder,
            audience=AUDIENCE,
            nonce=f"nonce-{number}",
            at=datetime.now(UTC),
            consent=given[number].id,
        )

    presenting, presentations = timed(count, present)
    registry = IdentityRegistry(chain, addresses["IdentityRegistry"])

    def verify(number: int) -> None:
        verifier = Verifier(
            registry,
            VerifierPolicy(issuers=[did]),
            consents=consents,
            statuses=ChainStatusReader(contract),
        )
        wanted = ConsentRequirement(insurer, purpose)
        expected = PresentationRequirements(
            AUDIENCE, f"nonce-{number}", VCT, claims=SHOWN, consent=wanted
        )
        verifier.verify(presentations[number], expected, given[number])

    verifying, _ = timed(count, verify)
    return {"issue": issuing, "present": presenting, "verify": verifying}


def theirs(chain: Chain, registry: str, bank: Sender, count: int) -> dict[str, Times]:
    """Have the npm packages do it."""
    holder = SigningKey.generate("ES256K")
    asked = {
        "rpc": chain.url,
        "registry": registry,
        "chainId": chain.chain_id,
        "issuer": {
            "did": format_did(bank.address, chain.chain_id),
            "secret": bytes(bank.account.key).hex(),
        },
        "holder": {
            "did": format_did(holder.address, chain.chain_id),
            "secret": holder.secret.hex(),
            "jwk": holder.public.jwk,
        },
        "claims": CLAIMS,
        "count": count,
    }
    done = subprocess.run(
        ["node", str(PEER)], input=jsonlib.dumps(asked), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolchainError(
            f"the npm packages failed (`make bench` installs them): {done.stderr.strip()[-300:]}"
        )
    found: dict[str, Times] = jsonlib.loads(done.stdout)
    return found


def summary(times: list[float]) -> dict[str, float]:
    """Return p50 and p95 in milliseconds."""
    cuts = quantiles(times, n=100)
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2)}


def measure(
    count: Annotated[int, typer.Option(min=100, help="How often each step is done.")] = 1000,
    json: Json = False,
) -> None:
    """Time issuing, presenting and verifying, ours and other people's."""
    out = Out(json)
    compile_all()
    with LocalNode("anvil") as chain:
        patron, bank = (Sender(chain, account) for account in development_accounts(2))
        with tempfile.TemporaryDirectory() as folder:
            addresses = deploy(chain, patron, Path(folder))
        registry = IdentityRegistry(chain, addresses["IdentityRegistry"], bank)
        registry.set_attribute(
            bank.address, "did/svc/Kyc", b"https://bank.example", timedelta(days=365)
        )
        insurer = Account.create().address
        found = {"CareLedger": ours(chain, addresses, bank, insurer, count)}
        found |= theirs(chain, addresses["IdentityRegistry"], bank, count)
    figures = {
        who: {step: summary(times) for step, times in steps.items()} for who, steps in found.items()
    }
    out.table(
        f"Milliseconds, p50 / p95 of {count:,}, one after the other",
        ["", "issue #", "present #", "verify #", "the verifier also asks the chain for"],
        [
            [
                who,
                *(
                    f"{steps[s]['p50']:.1f} / {steps[s]['p95']:.1f}"
                    for s in ("issue", "present", "verify")
                ),
                asks,
            ]
            for (who, steps), asks in zip(
                figures.items(), ("status, consent", "-", "-"), strict=True
            )
        ],
        caption="all read the issuer's DID document from the chain at every verification; ES256K",
    )
    out.document({"count": count, "milliseconds": figures})


if __name__ == "__main__":
    run_command(measure)

"""A browser's own passkey: Chromium makes and uses one, and the chain takes its signature.

Debian's Chromium, with the virtual authenticator of its developer tools (CTAP 2, inside the device,
user verified), on a page of the loopback interface. Its answers go through our checks off chain and
then into contracts.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from webauthn.helpers import base64url_to_bytes

from careledger.chain import artifacts
from careledger.chain.node import LocalNode
from careledger.chain.send import Sender
from careledger.crypto.typed_data import TypedData
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import BadConsentSignature
from careledger.identity.consent.messages import ExternalSigner
from careledger.identity.consent.terms import Consent, ConsentTerms
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.model import AGENT, Operation
from careledger.identity.passkeys.ceremony import (
    RelyingParty,
    check_assertion,
    check_created,
    creation_options,
    request_options,
)
from careledger.identity.passkeys.client import PasskeyVerifier
from careledger.identity.passkeys.errors import PasskeyReason
from careledger.identity.passkeys.passkey import ORDER, Passkey
from tests.support.refusals import because

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
CHALLENGE, DIGEST = keccak(b"created once"), keccak(b"what is signed")


class Browser:
    """Chromium behind `passkey.mjs`."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "passkey.mjs"), program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started = self._line()
        self.origins, self.version = started["origins"], started["browser"]
        self.site = RelyingParty("localhost", (self.origins[0],), "Wallet")

    def _line(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            _, words = self._process.communicate(timeout=30)
            pytest.fail(f"Chromium could not be driven: {words[-2000:]}", pytrace=False)
        document: dict[str, Any] = json.loads(line)
        return document

    def ask(self, what: str, **rest: Any) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": what, **rest}) + "\n")
        self._process.stdin.flush()
        return self._line()

    def create(self) -> Passkey:
        answer = self.ask("create", options=creation_options(self.site, "Alice", CHALLENGE))[
            "answer"
        ]
        return check_created(answer, CHALLENGE, self.site)

    def get(self, passkey: Passkey, digest: bytes, page: int = 0) -> dict[str, Any]:
        return self.ask("get", page=page, options=request_options(self.site, digest, [passkey]))

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


@pytest.fixture(scope="module")
def browser(packages: Path) -> Iterator[Browser]:
    program = os.environ.get("CARELEDGER_CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.fail(
            "Chromium is not installed: run `make interop`, or `apt install chromium`",
            pytrace=False,
        )
    browser = Browser(program)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def passkey(browser: Browser) -> Passkey:
    return browser.create()


class World:
    """The contracts on one chain, and a relayer; the signer is in the browser."""

    def __init__(
        self, chain: Any, account: LocalAccount, browser: Browser, passkey: Passkey
    ) -> None:
        self.chain, self.browser, self.passkey, self.relayer = (
            chain,
            browser,
            passkey,
            Sender(chain, account),
        )
        registry = self._deploy("IdentityRegistry")
        self.registry = IdentityRegistry(chain, registry, self.relayer)
        consents = self._deploy("ConsentRegistry", bytes(12) + bytes.fromhex(registry[2:]))
        self.consents = ConsentRegistry(chain, consents, self.relayer)
        self.verifier = PasskeyVerifier(chain, self._deploy("PasskeyVerifier"))
        self.alice = ExternalSigner(passkey.key.address(self.verifier.address), self.sign)
        self.soon = datetime.fromtimestamp(chain.timestamp(), UTC) + timedelta(days=1)

    def _deploy(self, name: str, arguments: bytes = b"") -> str:
        return str(
            self.relayer.transact(None, artifacts.load(name).bytecode + arguments).contract_address
        )

    def sign(self, message: TypedData) -> bytes:
        """Have the browser sign, check its answer, and put it into the contracts' form."""
        answer = self.browser.get(self.passkey, message.digest)["answer"]
        assertion = check_assertion(
            json.dumps(answer), message.digest, self.passkey, self.browser.site
        )
        return assertion.signature(self.passkey.key, self.verifier.address)

    def consent(self, number: int) -> Consent:
        terms = ConsentTerms(
            self.relayer.address, keccak(b"scope"), keccak(b"purpose"), bytes([number]) * 32
        )
        return Consent(self.alice.address, self.soon, terms)


@pytest.fixture(scope="module", params=["anvil", "ganache"], ids=["precompile", "solidity"])
def world(
    request: pytest.FixtureRequest,
    compiled: None,
    accounts: list[LocalAccount],
    browser: Browser,
    passkey: Passkey,
) -> Iterator[World]:
    with LocalNode(request.param) as chain:
        yield World(chain, accounts[0], browser, passkey)


class TestOnChain:
    def test_the_passkey_grants_a_consent(self, world: World) -> None:
        consent = world.consent(1)
        world.consents.grant_by_sig(
            world.consents.messages.signed_grant(consent, world.alice, 0, world.soon)
        )
        assert world.consents.is_valid(consent.id)
        world.consents.revoke_by_sig(
            world.consents.messages.signed_revocation(consent, world.alice, world.soon)
        )
        assert not world.consents.is_valid(consent.id)

    def test_what_it_signed_is_good_for_nothing_else(self, world: World) -> None:
        signed = world.consents.messages.signed_grant(world.consent(2), world.alice, 0, world.soon)
        other = world.consents.messages.signed_grant(world.consent(3), world.alice, 0, world.soon)
        swapped = type(signed)(other.consent, signed.signed, 0)
        with pytest.raises(BadConsentSignature):
            world.consents.grant_by_sig(swapped)

    def test_the_passkey_controls_its_identity(self, world: World) -> None:
        me, steps = (
            world.alice.address,
            [Operation.add_delegate(AGENT, world.relayer.address, world.soon)],
        )
        typed = world.registry.messages.batch(
            me, steps, nonce=world.registry.nonce(me), deadline=world.soon
        )
        world.registry.execute_by_sig(me, steps, deadline=world.soon, signature=world.sign(typed))  # type: ignore[arg-type]
        assert world.registry.may_act(me, AGENT, world.relayer.address)

    def test_the_verifier_by_itself(self, world: World) -> None:
        answer = world.browser.get(world.passkey, DIGEST)["answer"]
        assertion = check_assertion(answer, DIGEST, world.passkey, world.browser.site)
        assert world.verifier.verify(world.passkey.key.raw, DIGEST, assertion.encoded)
        assert not world.verifier.verify(world.passkey.key.raw, keccak(b"else"), assertion.encoded)


class TestOffChain:
    def test_it_says_of_itself_what_it_is(self, browser: Browser, passkey: Passkey) -> None:
        assert passkey.rp_id == "localhost"
        assert int(browser.version.split(".")[0]) >= 120

    def test_twenty_signatures_some_with_a_high_s(self, browser: Browser, passkey: Passkey) -> None:
        """Each is over its own digest; the counter rises with each, and an answer that comes twice
        is noticed.
        """
        count, high = passkey.count, 0
        for number in range(20):
            digest = keccak(bytes([number]))
            answer = browser.get(passkey, digest)["answer"]
            known = Passkey.from_json(passkey.to_json() | {"count": count})
            count = check_assertion(answer, digest, known, browser.site).count
            with because(PasskeyReason.WRONG_CHALLENGE):
                check_assertion(answer, DIGEST, known, browser.site)
            with because(PasskeyReason.COUNTER_WENT_BACK):
                check_assertion(
                    answer,
                    digest,
                    Passkey.from_json(passkey.to_json() | {"count": count}),
                    browser.site,
                )
            high += (
                decode_dss_signature(base64url_to_bytes(answer["response"]["signature"]))[1]
                > ORDER // 2
            )
        assert 0 < high < 20

    def test_a_page_of_another_origin_is_refused(self, browser: Browser, passkey: Passkey) -> None:
        """The same relying party, so the browser signs; another port, which only we look at."""
        answer = browser.get(passkey, DIGEST, page=1)["answer"]
        with because(PasskeyReason.WRONG_ORIGIN):
            check_assertion(answer, DIGEST, passkey, browser.site)

    def test_another_relying_partys_page_gets_nothing_from_the_browser(
        self, browser: Browser, passkey: Passkey
    ) -> None:
        options = request_options(browser.site, DIGEST, [passkey]) | {"rpId": "wallet.example"}
        assert "refused" in browser.ask("get", options=options)

    def test_without_finger_face_or_pin_the_browser_does_not_sign(
        self, browser: Browser, passkey: Passkey
    ) -> None:
        browser.ask("verified", **{"is": False})
        try:
            assert "NotAllowed" in browser.get(passkey, DIGEST)["refused"]
        finally:
            browser.ask("verified", **{"is": True})
        assert "answer" in browser.get(passkey, DIGEST)

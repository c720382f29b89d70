"""The bytes of requests and answers on docs/protocol/identity-consent.md are what the code makes
and reads.
"""

import json
import re
from datetime import timedelta

from eth_account import Account
from eth_utils.crypto import keccak

from careledger.chain.toolchain import ROOT
from careledger.crypto import canonical
from careledger.identity.consent import relay
from careledger.identity.consent.messages import MAX_SIGNATURE, ConsentMessages, KeySigner
from careledger.identity.consent.terms import (
    Consent,
    ConsentTerms,
    presentation_hash,
    scope_of,
    use_commitment,
)
from careledger.identity.credentials import jose
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.did.did import format_did
from careledger.identity.exchange import answer, link, purpose, request
from careledger.identity.exchange.answer import Answer
from careledger.identity.exchange.consent_receipt import ConsentReceipt
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import Request, parse_request
from tests.worlds.identity.registry import at

PAGE = (ROOT / "docs" / "protocol" / "identity-consent.md").read_text()
TEXT = re.sub(r"\s+", " ", PAGE)
COMPANY, CUSTOMER = (
    Account.from_key(keccak(text=f"careledger example{who}")) for who in (" company", "")
)
DID, REGISTRY = format_did(COMPANY.address, 31337), "0x" + "11" * 20
ISSUER_JWT, DISCLOSURES = (
    "eyJhbGciOiJFUzI1NksifQ.e30.AA",
    ["WyJhIiwib3ZlcjE4Iix0cnVlXQ", "WyJiIiwiY291bnRyeSIsIkVTIl0"],
)
PRESENTATION = "~".join([ISSUER_JWT, *DISCLOSURES, "eyJ0eXAiOiJrYitqd3QifQ.e30.AA"])
REQUEST = Request.make(
    DID,
    "https://bank.example/kyc/1",
    ["over18", ["address", "country"]],
    Purpose("A quote for your car insurance", "https://insurer.example/terms/3"),
    consent_for=timedelta(seconds=51_000_000),
    chain_id=31337,
    registry=REGISTRY,
    now=at(1_849_000_000),
    nonce="6Kx0yQh3bT1nS9vLw4Zr8Q",
)
SIGNED = REQUEST.sign(Issuer(DID, SigningKey.of_account(COMPANY), f"{DID}#controller"))
SCOPE, PURPOSE = scope_of(ISSUER_JWT, DISCLOSURES), REQUEST.purpose.hash(REQUEST.nonce)
CONSENT = Consent(
    CUSTOMER.address, at(1_900_000_000), ConsentTerms(COMPANY.address, SCOPE, PURPOSE, b"\3" * 32)
)
GRANT = ConsentMessages(31337, REGISTRY).signed_grant(
    CONSENT, KeySigner(CUSTOMER), 0, at(1_850_000_000)
)
ANSWER = Answer(PRESENTATION, CONSENT, GRANT)


def in_page(value):
    return (value.hex() if isinstance(value, bytes) else value) in TEXT


def test_the_scope():
    assert in_page(ISSUER_JWT)
    assert all(in_page(one) for one in DISCLOSURES)
    assert in_page(SCOPE)


def test_the_purpose():
    assert in_page(
        canonical.dumps(
            {"nonce": REQUEST.nonce, "terms": REQUEST.purpose.terms, "text": REQUEST.purpose.text}
        ).decode()
    )
    assert in_page(PURPOSE)


def test_the_use():
    assert in_page(PRESENTATION)
    assert in_page(presentation_hash(PRESENTATION))
    assert in_page(use_commitment(CONSENT.id, PRESENTATION))


def test_the_request():
    header, payload, signature = SIGNED.split(".")
    assert in_page(jose.decode(header).decode())
    assert in_page(jose.decode(payload).decode())
    assert in_page(signature)
    assert in_page(DID)
    assert f"{len(link.deep_link(SIGNED))} characters" in TEXT
    assert parse_request(SIGNED)[0] == REQUEST


def test_the_answer():
    assert in_page(ANSWER.write().decode())
    assert in_page(CONSENT.id)
    assert Answer.read(ANSWER.write()) == ANSWER


def test_the_consent_is_what_the_request_asks_for():
    assert (
        REQUEST.consent(CUSTOMER.address, SCOPE, at(1_849_000_000)).expires_at == CONSENT.expires_at
    )


def test_the_wallets_entry_has_the_members_that_are_listed():
    entry = ConsentReceipt.of(REQUEST, ANSWER, at(1_849_000_000), one_time=True).to_json()
    listed = re.search(r"`\{([^`]*\"careledgerConsent\"[^`]*)\}`", TEXT)[1]
    assert re.findall(r'"(\w+)"', listed) == list(entry)


def test_every_member_of_a_request_is_in_the_table():
    table = PAGE[PAGE.index("### Request") : PAGE.index("### Answer")]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {
        *REQUEST.to_json(),
        "responseUri",
    }


def test_the_limits():
    limits = {
        f"{request.MAX_CHARACTERS:,} characters",
        f"{link.QR_CAPACITY:,} bytes",
        f"{answer.MAX_FILE_BYTES:,} bytes",
        f"{jose.LIMITS.token:,} characters",
        f"1 to {request.MAX_CLAIMS} paths",
        f"at most {request.MAX_PATH_PARTS} parts",
        f"{MAX_SIGNATURE:,} bytes",
    }
    assert {one for one in limits if one not in TEXT} == set()
    assert (purpose.MAX_TEXT, purpose.MAX_TERMS, request.MAX_LIFETIME.days) == (
        500,
        2000,
        7,
    )


def test_the_states_of_an_act():
    assert [state.value for state in relay.ActState] == re.findall(
        r"^\| (\w+) \| .* \|$", PAGE.split("### Relay")[1], re.MULTILINE
    )[1:5]


def test_json_examples_are_json():
    for block in re.findall(r"^    (\{\".*\})$", PAGE, re.MULTILINE):
        assert json.loads(block)

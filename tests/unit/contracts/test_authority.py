"""Who may call what: the table in contracts/README.md is whole.

A stranger is refused in every cell of it.
"""

import importlib
import re

import pytest

from careledger.chain import artifacts
from careledger.chain.reverts import Reverted
from careledger.chain.toolchain import ROOT
from tests.support.evm import START, Evm, actor

for room in (
    "identity.did",
    "identity.consent",
    "identity.status",
    "interactions",
    "loyalty",
    "refunds",
):
    importlib.import_module(f"careledger.{room}.errors")
    importlib.import_module(f"careledger.{room}.client")

TABLE = (ROOT / "contracts" / "README.md").read_text()
NOBODY = "0x" + "00" * 20
STRANGER, BRAND, SELLER, ARBITER = (
    actor(name) for name in ("stranger", "brand", "seller", "arbiter")
)
REF = bytes.fromhex(BRAND.address[2:]) + b"order-000001"
DAY = 86_400


def rows():
    """Contract -> the functions that its table names."""
    result = {}
    for part in re.split(r"^### ", TABLE, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        named = [
            cell
            for line in body.splitlines()
            if line.startswith("| ")
            for cell in line.split("|")[1].split(",")
        ]
        result[name] = [cell.strip() for cell in named if cell.strip() not in ("function", "---")]
    return result


@pytest.mark.parametrize("contract", sorted(rows()))
def test_the_table_names_every_function_that_writes_once(contract):
    writes = {
        e["name"]
        for e in artifacts.load(contract).entries("function")
        if e["stateMutability"] not in ("view", "pure")
    }
    named = rows()[contract]
    assert sorted(named) == sorted(writes)


class World:
    """The suite in the in-process EVM, with one brand, one deal and one disputed deal."""

    def __init__(self):
        self.evm = Evm()
        registry = self.evm.deploy("IdentityRegistry")
        token = self.evm.deploy(
            "LoyaltyToken",
            registry.address,
            BRAND.address,
            "Points",
            "PTS",
            10**24,
            30 * DAY,
            sender=BRAND,
        )
        escrow = self.evm.deploy("RefundEscrow", registry.address)
        market = self.evm.deploy("PointMarket", registry.address)
        consents = self.evm.deploy("ConsentRegistry", registry.address)
        self.contracts = {
            "IdentityRegistry": registry,
            "ConsentRegistry": consents,
            "CredentialStatus": self.evm.deploy("CredentialStatus", registry.address),
            "InteractionLog": self.evm.deploy("InteractionLog", registry.address),
            "LoyaltyToken": token,
            "PointMarket": market,
            "PointPools": self.evm.deploy("PointPools", market.address),
            "RefundEscrow": escrow,
            "ReturnDesk": self.evm.deploy("ReturnDesk", registry.address, escrow.address),
        }
        for who in (STRANGER, BRAND, SELLER, ARBITER):
            self.evm.fund(who)
        self.open_deal, self.disputed, self.unopened = (
            self.terms(salt) for salt in (b"\1", b"\2", b"\3")
        )
        for deal in (self.open_deal, self.disputed):
            escrow.transact("open", deal, sender=BRAND, value=1000)
        escrow.transact("dispute", self.disputed, b"\5" * 32, sender=BRAND)
        self.terms_of_consent = (SELLER.address, X, X, X)
        self.consent = (
            BRAND.address,
            START + DAY,
            consents.call("termsHash", self.terms_of_consent),
        )
        consents.transact("grant", self.consent, 0, sender=BRAND)
        self.granted = consents.call("idOf", self.consent)

    def at(self, contract):
        return self.contracts[contract].address

    def terms(self, salt):
        return (
            BRAND.address,
            BRAND.address,
            SELLER.address,
            NOBODY,
            1000,
            START + DAY,
            0,
            DAY,
            SELLER.address,
            ARBITER.address,
            0,
            NOBODY,
            5000,
            REF,
            salt.ljust(32, b"\0"),
        )


@pytest.fixture(scope="module")
def world(compiled):
    return World()


def role(name):
    return name.encode().ljust(32, b"\0")


SAID = (b"\7" * 32, b"\7" * 32, 1, 1, 0)
ME, X = STRANGER.address, b"\7" * 32
CELLS = [
    ("IdentityRegistry", "changeOwner", lambda w: (BRAND.address, ME), "Error"),
    (
        "IdentityRegistry",
        "addDelegate",
        lambda w: (BRAND.address, role("careledger.agent"), ME, DAY),
        "Error",
    ),
    (
        "IdentityRegistry",
        "revokeDelegate",
        lambda w: (BRAND.address, role("careledger.agent"), ME),
        "Error",
    ),
    ("IdentityRegistry", "setAttribute", lambda w: (BRAND.address, X, b"x", DAY), "Error"),
    ("IdentityRegistry", "revokeAttribute", lambda w: (BRAND.address, X, b"x"), "Error"),
    ("IdentityRegistry", "deactivate", lambda w: (BRAND.address,), None),
    ("IdentityRegistry", "execute", lambda w: (BRAND.address, [(0, X, ME, b"", 0)]), None),
    ("IdentityRegistry", "setGuardians", lambda w: (BRAND.address, X, 1, 7 * DAY), None),
    ("IdentityRegistry", "stopRecovery", lambda w: (BRAND.address,), None),
    ("IdentityRegistry", "finishRecovery", lambda w: (BRAND.address,), None),
    (
        "ConsentRegistry",
        "grant",
        lambda w: ((BRAND.address, START + DAY, X), 0),
        "ConsentRegistry_NotSubject",
    ),
    ("ConsentRegistry", "revoke", lambda w: (w.consent,), "ConsentRegistry_NotSubject"),
    ("ConsentRegistry", "revokeAll", lambda w: (BRAND.address,), "ConsentRegistry_NotSubject"),
    (
        "ConsentRegistry",
        "renounce",
        lambda w: (w.consent, w.terms_of_consent),
        "ConsentRegistry_NotGrantee",
    ),
    ("CredentialStatus", "revoke", lambda w: (BRAND.address, X, 1), "CredentialStatus_NotIssuer"),
    (
        "CredentialStatus",
        "revokeWord",
        lambda w: (BRAND.address, X, 0, 1),
        "CredentialStatus_NotIssuer",
    ),
    (
        "InteractionLog",
        "anchorBatch",
        lambda w: (BRAND.address, X, 1, 0),
        "InteractionLog_NotAuthorised",
    ),
    (
        "InteractionLog",
        "acknowledge",
        lambda w: (SELLER.address, ME, 0, SAID, []),
        "InteractionLog_NotCustomer",
    ),
    ("LoyaltyToken", "issue", lambda w: (ME, 1, X), "LoyaltyToken_NotAllowed"),
    ("LoyaltyToken", "issueBatch", lambda w: ([(ME, 1, X)],), "LoyaltyToken_NotAllowed"),
    ("LoyaltyToken", "setIssuerLimit", lambda w: (ME, 1, 1), "LoyaltyToken_NotAllowed"),
    ("LoyaltyToken", "setPaused", lambda w: (True,), "LoyaltyToken_NotAllowed"),
    ("LoyaltyToken", "announceWindDown", lambda w: (), "LoyaltyToken_NotController"),
    ("LoyaltyToken", "callOffWindDown", lambda w: (), "LoyaltyToken_NotController"),
    ("LoyaltyToken", "transferFrom", lambda w: (BRAND.address, ME, 1), "InsufficientAllowance"),
    (
        "PointMarket",
        "setPolicy",
        lambda w: (w.at("LoyaltyToken"), (ME, 0, 0, True, True)),
        "PointMarket_NotAllowed",
    ),
    ("PointPools", "claim", lambda w: (w.at("LoyaltyToken"), ME), None),
    ("PointPools", "transferFrom", lambda w: (BRAND.address, ME, 1, 1), None),
    ("RefundEscrow", "open", lambda w: (w.unopened,), "RefundEscrow_NotPermitted"),
    (
        "RefundEscrow",
        "openReceived",
        lambda w: (w.unopened, NOBODY, ME, ME, 1000),
        "RefundEscrow_OnlySelf",
    ),
    ("RefundEscrow", "onTransferReceived", lambda w: (ME, ME, 1000, b""), None),
    ("RefundEscrow", "release", lambda w: (w.open_deal,), "RefundEscrow_TooEarly"),
    ("RefundEscrow", "refund", lambda w: (w.open_deal,), "RefundEscrow_CriteriaNotDue"),
    ("RefundEscrow", "refundDue", lambda w: (w.open_deal, 10_000), "RefundEscrow_NotPermitted"),
    ("RefundEscrow", "refundPart", lambda w: (w.open_deal, 1), "RefundEscrow_NotPermitted"),
    ("RefundEscrow", "dispute", lambda w: (w.open_deal, X), "RefundEscrow_NotPermitted"),
    ("RefundEscrow", "submitEvidence", lambda w: (w.disputed, X), "RefundEscrow_NotPermitted"),
    ("RefundEscrow", "award", lambda w: (w.disputed, 10_000), "RefundEscrow_NotPermitted"),
    ("RefundEscrow", "rule", lambda w: (1, 1), None),
    ("RefundEscrow", "appeal", lambda w: (w.disputed, X), None),
    ("RefundEscrow", "execute", lambda w: (w.disputed,), None),
    ("RefundEscrow", "claim", lambda w: (NOBODY, ME), "RefundEscrow_NothingOwed"),
    ("RefundEscrow", "claimFor", lambda w: (BRAND.address, NOBODY), "RefundEscrow_NothingOwed"),
    ("ReturnDesk", "scanDelivery", lambda w: (REF,), "ReturnDesk_NotScanner"),
    ("ReturnDesk", "scanReturn", lambda w: (REF, 1), "ReturnDesk_NotScanner"),
    ("ReturnDesk", "settleReturn", lambda w: (w.open_deal, 1), "ReturnDesk_NotScanner"),
]


@pytest.mark.parametrize(
    ("contract", "function", "arguments", "refusal"), CELLS, ids=[f"{c[0]}.{c[1]}" for c in CELLS]
)
def test_a_stranger_is_refused(world, contract, function, arguments, refusal):
    with pytest.raises(Reverted) as refused:
        world.contracts[contract].call(function, *arguments(world), sender=STRANGER)
    if refusal:
        assert refused.value.error == refusal


RELAYED = [
    (
        "grantBySig",
        lambda w, s: ((BRAND.address, START + DAY, X), 0, ME, START + DAY, s),
        "NotSubject",
    ),
    (
        "grantBySig",
        lambda w, s: ((BRAND.address, START + DAY, X), 0, BRAND.address, START + DAY, s),
        "BadSignature",
    ),
    ("revokeBySig", lambda w, s: (w.consent, ME, START + DAY, s), "NotSubject"),
    ("revokeBySig", lambda w, s: (w.consent, BRAND.address, START + DAY, s), "BadSignature"),
    (
        "revokeCompactBySig",
        lambda w, s: (w.granted, START + DAY, s[:32], compacted(s)),
        "BadSignature",
    ),
    ("revokeAllBySig", lambda w, s: (BRAND.address, ME, START + DAY, s), "NotSubject"),
    ("revokeAllBySig", lambda w, s: (BRAND.address, BRAND.address, START + DAY, s), "BadSignature"),
]


def compacted(signature):
    """Return s with the parity of v in its highest bit."""
    return bytes([signature[32] | (signature[64] - 27) << 7]) + signature[33:64]


def strangers(digest):
    """Return a stranger's signature."""
    signed = STRANGER.unsafe_sign_hash(digest)
    return signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v])


@pytest.mark.parametrize(("function", "arguments", "refusal"), RELAYED)
def test_a_strangers_signature_moves_no_consent(world, function, arguments, refusal):
    """In its own name the stranger may not; in the subject's, the signature is not the subject's.

    This holds whatever digest the contract asks for.
    """
    registry = world.contracts["ConsentRegistry"]
    with pytest.raises(Reverted) as refused:
        registry.call(function, *arguments(world, strangers(X)), sender=STRANGER)
    if refusal == "BadSignature":
        wanted = refused.value.digest
        with pytest.raises(Reverted) as refused:
            registry.call(function, *arguments(world, strangers(wanted)), sender=STRANGER)
    assert refused.value.error == f"ConsentRegistry_{refusal}"


BATCHES = ["grantBatch", "revokeBatch"]


@pytest.mark.parametrize("function", BATCHES)
@pytest.mark.parametrize("signer", [STRANGER, BRAND], ids=["own name", "subject's name"])
def test_a_strangers_items_are_skipped(world, function, signer):
    consent = (BRAND.address, START + DAY, X) if function == "grantBatch" else world.consent
    act = (consent, 0, signer.address, START + DAY, strangers(X))
    assert world.contracts["ConsentRegistry"].call(function, [act], sender=STRANGER) == 0


OWN = {
    "IdentityRegistry": {"cancelSignatures", "startRecovery"},
    "ConsentRegistry": {"commitUse", "commitUses"},
    "PointMarket": {"cancel", "cancelWord"},
    "LoyaltyToken": {
        "approve",
        "approveAndCall",
        "transfer",
        "transferAndCall",
        "transferFromAndCall",
        "redeem",
        "permit",
    },
    "PointPools": {
        "swap",
        "addLiquidity",
        "removeLiquidity",
        "transfer",
        "approve",
        "setOperator",
        "collectFees",
        "sync",
    },
    "RefundEscrow": {"split"},
}
"""What touches the caller's own only, or is anyone's; tested with what it does in the unit tests of
its contract."""


def test_no_cell_is_forgotten():
    relayed = re.compile(r"Signed$|BySig$|Authorization$|^open|^fill|^split$")
    tested = {(contract, function) for contract, function, *_ in CELLS}
    tested |= {
        ("ConsentRegistry", function) for function in (*BATCHES, *(one for one, *_ in RELAYED))
    }
    for contract, functions in rows().items():
        for function in functions:
            if not relayed.search(function) and function not in OWN.get(contract, ()):
                assert (contract, function) in tested, f"{contract}.{function}"

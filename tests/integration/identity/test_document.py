"""What the DID document makes of each kind of attribute and delegate, in the forms of the did:ethr
method.
"""

import pytest

from careledger.identity.did.did import format_did
from careledger.identity.did.model import name32
from careledger.identity.did.resolver import resolve

HOUR = 3600
NOT_TEXT = b"\x80\x81"


@pytest.fixture
def alice(senders):
    return senders[1].address


@pytest.fixture
def document(registry, alice):
    """Return a function that publishes attributes and returns the document that results."""

    def publish(*attributes):
        for name, value in attributes:
            registry.set_attribute(alice, name, value, HOUR)
        return resolve(registry, format_did(alice, 31337)).document

    return publish


def uses(document, number):
    reference = f"{document['id']}#delegate-{number}"
    return {
        use
        for use in ("authentication", "assertionMethod", "keyAgreement")
        if reference in document.get(use, ())
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "kind", "material"),
    [
        (
            "Secp256k1/veriKey/hex",
            b"\2\3",
            "EcdsaSecp256k1VerificationKey2019",
            {"publicKeyHex": "0203"},
        ),
        (
            "Secp256k1/sigAuth",
            b"\2\3",
            "EcdsaSecp256k1VerificationKey2019",
            {"publicKeyHex": "0203"},
        ),
        (
            "Ed25519/veriKey/base64",
            b"\2\3",
            "Ed25519VerificationKey2018",
            {"publicKeyBase64": "AgM="},
        ),
        (
            "Ed25519/sigAuth/base58",
            b"\0\0\xff\xff",
            "Ed25519VerificationKey2018",
            {"publicKeyBase58": "11LUv"},
        ),
        ("X25519/enc/base58", b"", "X25519KeyAgreementKey2019", {"publicKeyBase58": ""}),
        (
            "RSA/veriKey/pem",
            b"-----BEGIN",
            "RSAVerificationKey2018",
            {"publicKeyPem": "-----BEGIN"},
        ),
        ("Other/veriKey/multibase", b"\2", "Other", {"value": "02"}),
        ("Other", b"\2", "Other", {"publicKeyHex": "02"}),
        ("Secp256k1/other", b"\2", "Secp256k1", {"publicKeyHex": "02"}),
    ],
)
def test_a_key(document, name, value, kind, material):
    found = document((f"did/pub/{name}", value))
    method = found["verificationMethod"][1]
    common = {"id": f"{found['id']}#delegate-1", "type": kind, "controller": found["id"]}
    assert method == common | material
    purpose = [*name.split("/"), ""][1]
    wanted = {"sigAuth": {"authentication", "assertionMethod"}, "enc": {"keyAgreement"}}
    assert uses(found, 1) == wanted.get(purpose, {"assertionMethod"})


def test_a_key_that_is_no_text_where_text_is_asked_for_is_left_out_but_counts(document):
    found = document(("did/pub/RSA/veriKey/pem", NOT_TEXT), ("did/pub/Ed25519/veriKey", b"\1"))
    assert [method["id"].rpartition("-")[2] for method in found["verificationMethod"][1:]] == ["2"]


def test_a_service_that_is_no_text_is_left_out_but_counts(document):
    found = document(("did/svc/Hub", NOT_TEXT), ("did/svc/Hub", b"https://hub.example"))
    assert [service["id"].rpartition("#")[2] for service in found["service"]] == ["service-2"]


@pytest.mark.parametrize(
    "name", ["encryptionKey", "did/pub/", "did/svc/", "did/x/y", "did/pub/A/b/c/d", b"\xff" * 32]
)
def test_other_names_are_left_out(document, name):
    found = document((name, b"\1"))
    assert len(found["verificationMethod"]) == 1
    assert "service" not in found


def test_what_is_revoked_goes_and_numbers_go_on(registry, document, alice):
    document(("did/pub/Ed25519/sigAuth", b"\1"), ("did/svc/Hub", b"https://hub.example"))
    registry.revoke_attribute(alice, "did/pub/Ed25519/sigAuth", b"\1")
    registry.revoke_attribute(alice, "did/svc/Hub", b"https://hub.example")
    registry.revoke_attribute(alice, "something/else", b"")
    found = document(("did/pub/Ed25519/veriKey", b"\2"), ("did/svc/Hub", b"https://new.example"))
    assert uses(found, 3) == {"assertionMethod"}
    assert [service["id"].rpartition("#")[2] for service in found["service"]] == ["service-3"]


def test_delegates_of_other_types_have_no_place_but_count(registry, document, alice, senders):
    registry.add_delegate(alice, "careledger.agent", senders[2].address, HOUR)
    registry.add_delegate(alice, "sigAuth", senders[3].address, HOUR)
    found = document()
    assert uses(found, 2) == {"authentication", "assertionMethod"}
    assert (
        found["verificationMethod"][1]["blockchainAccountId"]
        == f"eip155:31337:{senders[3].address}"
    )


def test_of_a_did_by_public_key_the_key_goes_with_the_controller(registry, alice, senders):
    key = "0x" + senders[1].account._key_obj.public_key.to_compressed_bytes().hex()
    did = format_did(key, 31337)
    assert len(resolve(registry, did).document["verificationMethod"]) == 2
    registry.change_owner(alice, senders[2].address)
    assert len(resolve(registry, did).document["verificationMethod"]) == 1
    registry.using(senders[2]).change_owner(alice, alice)
    assert len(resolve(registry, did).document["verificationMethod"]) == 2


def test_after_a_deactivation_nothing_counts(registry, alice):
    """By ERC-1056's own way: the first key controls it again on the chain, but no resolver looks
    on.
    """
    block = registry.change_owner(alice, "0x" + "00" * 20).block_number
    registry.set_attribute(alice, "did/svc/Hub", b"late", HOUR)
    found = resolve(registry, format_did(alice, 31337))
    assert found.metadata["deactivated"] is True
    assert found.metadata["versionId"] == str(block)
    assert name32("did/svc/Hub") == found.changes[-1].name

"""Lists that are made from the chain, in the forms of both standards."""

import base64
import json
import zlib

import pytest

from careledger.cli.identity.status import Form
from careledger.errors import InputError
from careledger.identity.credentials.jose import decode
from careledger.identity.status.bitstring_list import bitstring_credential, export_plain, export_vc1
from careledger.identity.status.kinds import KINDS, kind_named
from careledger.identity.status.snapshot import MAX_SIZE, MIN_SIZE, check_within, take_snapshot
from tests.worlds.identity.status_lists import (
    AT,
    DID,
    ISSUER,
    URI,
    credential,
    snapshot,
    token,
)


class TestExport:
    def test_the_token_list_says_all_that_the_standard_wants(self):
        header, claims, _ = token(5).split(".")
        assert json.loads(decode(header)) == {
            "alg": "ES256",
            "typ": "statuslist+jwt",
            "kid": f"{DID}#delegate-1",
        }
        found = json.loads(decode(claims))
        content = found.pop("status_list")
        issued = int(AT.timestamp())
        assert found.pop("careledger") == snapshot().source
        assert found == {"iss": DID, "sub": URI, "iat": issued, "exp": issued + 86400, "ttl": 3600}
        assert content["bits"] == 1
        assert zlib.decompress(base64.urlsafe_b64decode(content["lst"] + "==")) == b"\x20" + bytes(
            MIN_SIZE // 8 - 1
        )

    def test_the_credential_says_all_that_the_standard_wants(self):
        found = bitstring_credential(snapshot(5), URI, ISSUER)
        subject = found.pop("credentialSubject")
        assert found == {
            "@context": ["https://www.w3.org/ns/credentials/v2"], "id": URI, "issuer": DID,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "validFrom": "2030-01-01T00:00:00Z", "validUntil": "2030-01-02T00:00:00Z",
        }  # fmt: skip
        packed = subject.pop("encodedList")
        assert subject == {
            "id": f"{URI}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
        }
        raw = zlib.decompress(base64.urlsafe_b64decode(packed[1:] + "=="), zlib.MAX_WBITS | 16)
        assert packed[0] == "u"
        assert raw == b"\x04" + bytes(MIN_SIZE // 8 - 1)

    def test_the_envelopes(self):
        header, claims, _ = credential().split(".")
        assert json.loads(decode(header))["typ"] == "vc+jwt"
        plain, issued = bitstring_credential(snapshot(), URI, ISSUER), int(AT.timestamp())
        assert json.loads(decode(claims)) == plain | {"iat": issued, "exp": issued + 86400}
        header, claims, _ = credential(export=export_vc1).split(".")
        assert json.loads(decode(header))["typ"] == "JWT"
        found = json.loads(decode(claims))
        assert (found["iss"], found["jti"], found["nbf"]) == (DID, URI, issued)
        assert found["vc"]["@context"][0] == "https://www.w3.org/2018/credentials/v1"

    def test_the_command_offers_every_kind(self):
        assert {str(form) for form in Form} == {kind.name for kind in KINDS}

    def test_a_kind_is_found_by_its_name(self):
        kinds = {
            name: kind_named(name) for name in ("token", "bitstring", "bitstring-vc1", "plain")
        }
        made = {name: kind.export(snapshot(5), URI, ISSUER) for name, kind in kinds.items()}
        assert made["plain"] == export_plain(snapshot(5), URI, ISSUER)
        assert json.loads(made["plain"]) == bitstring_credential(snapshot(5), URI, ISSUER)
        types = {
            name: json.loads(decode(made[name].split(".")[0]))["typ"]
            for name in kinds
            if name != "plain"
        }
        assert types == {"token": "statuslist+jwt", "bitstring": "vc+jwt", "bitstring-vc1": "JWT"}
        with pytest.raises(InputError, match="use one of token, bitstring"):
            kind_named("crl")


class TestWithin:
    def test_every_index_of_the_list_and_none_beyond(self):
        check_within([0, MIN_SIZE - 1])
        check_within([])
        check_within([MAX_SIZE - 1], MAX_SIZE)
        for index in (-1, MIN_SIZE, 999_999_999_999):
            with pytest.raises(InputError, match="131,072 indexes"):
                check_within([0, index])

    @pytest.mark.parametrize("size", [0, MIN_SIZE - 256, MIN_SIZE + 1, MAX_SIZE + 256])
    def test_a_size_that_no_list_has(self, size):
        with pytest.raises(InputError, match="a multiple of 256"):
            check_within([], size)


def test_a_size_that_is_none_is_refused():
    for size in (0, 100, MIN_SIZE - 256, MIN_SIZE + 1, 2**25):
        with pytest.raises(InputError, match="indexes"):
            take_snapshot(None, "0x" + "11" * 20, bytes(32), size=size)

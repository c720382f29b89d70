"""`careledger identity status revoke` and `issued`: what an issuer knows of its lists."""

import json

import pytest

from careledger.identity.credentials.jose import decode
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.did.did import format_did
from careledger.identity.did.model import name32
from careledger.identity.wallet import Wallet
from tests.integration.identity.status_commands.conftest import CLAIMS, LIST, TYPE
from tests.support.commands import read_document, refused


def other_than(place):
    """Return a place that this one is not."""
    return place ^ 1


class TestRevoke:
    def test_places_beyond_the_list_and_nothing_is_sent(self, bank, did, chain):
        before = chain.block_number()
        revoke = ("status", "revoke", did, "--list", LIST)
        refused(bank(*revoke, 999_999_999_999), 2, "131,072 indexes", "999,999,999,999")
        refused(bank(*revoke, 5, 131_072), 2, "131,072 is not among them")
        refused(bank(*revoke, 131_072, "--force"), 2, "131,072 is not among them")
        refused(bank(*revoke, 5, "--size", 100), 2, "a multiple of 256")
        assert chain.block_number() == before
        assert read_document(bank(*revoke, 131_072, "--size", 262_144, "--json"))["indexes"] == [
            131_072
        ]

    def test_what_has_to_be_said(self, bank, did, folder):
        refused(bank("status", "revoke", did, "--list", LIST), 2, "either the places")
        refused(bank("status", "revoke", did, 3), 2, "--list is needed")
        (folder / "x").write_text("x")
        refused(bank("status", "revoke", did, 3, "--credential", "x"), 2, "either the places")
        refused(bank("status", "revoke", did, "--credential", "nowhere"), 2, "cannot be read")
        refused(
            bank("status", "revoke", did, "--credential", "x"),
            2,
            "not a credential in a known format",
        )

    def test_a_place_that_was_never_given_out(self, bank, did, issue, chain):
        place, before = issue(), chain.block_number()
        revoke = ("status", "revoke", did, "--list", LIST, "--json")
        refused(
            bank(*revoke, place, other_than(place)),
            1,
            "nothing was sent",
            f"never {other_than(place)};",
            "--force",
        )
        many = [other for other in range(10) if other != place]
        refused(bank(*revoke, *many), 1, f"and {len(many) - 3} more")
        assert chain.block_number() == before
        assert read_document(bank(*revoke, place))["indexes"] == [place]
        assert read_document(bank(*revoke, other_than(place), "--force"))["indexes"] == [
            other_than(place)
        ]

    def test_a_list_that_the_database_does_not_know_is_noted(self, bank, did, issue):
        issue()
        done = bank("status", "revoke", did, 3, "--list", "kyc-2062", "--json")
        assert read_document(done)["indexes"] == [3]
        assert "knows other lists of this issuer, and not this one" in done.err

    def test_no_database_is_made(self, bank, did, folder):
        done = bank("status", "revoke", did, 3, "--list", LIST, "--json")
        assert read_document(done)["indexes"] == [3]
        assert done.err == ""
        assert not list((folder / "store").iterdir())


class TestRevokeOneCredential:
    def test_its_list_and_place_are_read_from_it(self, bank, did, issue):
        place = issue()
        done = read_document(
            bank("status", "revoke", did, "--credential", "ana.credential", "--json")
        )
        assert done["indexes"] == [place]
        assert done["list"] == "0x" + name32(LIST).hex()
        refused(bank("check", "ana.credential"), 1, "revoked")

    def test_what_was_issued_in_each_form_is_the_databases_own(self, bank, did, issue, folder):
        with Wallet.create(folder / "ana.wallet", "only Ana knows", work=2**14) as wallet:
            (folder / "ana.jwk").write_text(json.dumps(wallet.new_holder_key().public.jwk))
        for more in (("--holder", "ana.jwk"), ("--vc-jwt",), ("--vc-jwt", "--holder", "ana.jwk")):
            place = issue(*more)
            done = read_document(
                bank("status", "revoke", did, "--credential", "ana.credential", "--json")
            )
            assert done["indexes"] == [place]

    def test_a_w3c_credential_too(self, bank, did, write):
        file = write(vc_jwt=True, index=42)
        done = read_document(
            bank("status", "revoke", did, "--credential", file, "--list", LIST, "--json")
        )
        assert done["indexes"] == [42]

    def test_somebody_elses(self, bank, did, write, senders):
        refused(
            bank("status", "revoke", did, "--credential", write(account=2)),
            1,
            "is by",
            "only its issuer",
        )

    def test_one_that_the_issuer_never_signed(self, bank, did, write):
        file = write(key=SigningKey("ES256K", b"\7" * 32))
        refused(bank("status", "revoke", did, "--credential", file), 1, "the signature is not by")

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"contract": "0x" + "11" * 20}, "is kept by"),
            ({"chain_id": 1}, "on chain 1"),
            ({"issuer": "0x" + "11" * 20}, "not by its issuer"),
            ({"contract": None}, "no list on a chain"),
            ({"list_id": bytes(32)}, "not in the one that --list names"),
        ],
    )
    def test_one_that_is_kept_elsewhere(self, bank, did, write, chain, changes, says):
        if "contract" in changes and changes["contract"] is None:
            changes = dict.fromkeys(("contract", "chain_id", "issuer", "list_id"))
        file, before = write(**changes), chain.block_number()
        refused(bank("status", "revoke", did, "--credential", file, "--list", LIST), 1, says)
        assert chain.block_number() == before

    def test_one_that_a_thief_of_the_key_put_in_anothers_place(
        self, bank, did, write, issue, chain
    ):
        file, before = write(index=issue()), chain.block_number()
        revoke = ("status", "revoke", did, "--credential", file, "--json")
        refused(bank(*revoke), 1, "nothing was sent", "another credential", "stolen key")
        assert chain.block_number() == before
        assert read_document(bank(*revoke, "--force"))["transactions"] == 1

    def test_a_place_beyond_the_list_or_never_given_out(self, bank, did, write, issue):
        refused(
            bank("status", "revoke", did, "--credential", write(index=131_072)),
            2,
            "is not among them",
        )
        place = other_than(issue())
        refused(
            bank("status", "revoke", did, "--credential", write(index=place)), 1, f"never {place};"
        )


class TestIssued:
    def test_without_a_database(self, bank, did, folder):
        refused(bank("status", "issued", did, "--list", LIST), 2, "there is no database")
        assert not list((folder / "store").iterdir())

    def test_what_was_issued_and_what_of_it_is_revoked(self, bank, did, issue, folder):
        with Wallet.create(folder / "ana.wallet", "only Ana knows", work=2**14) as wallet:
            key = wallet.new_holder_key().public
        (folder / "ana.jwk").write_text(json.dumps(key.jwk))
        bound, loose = issue("--holder", "ana.jwk"), issue("--for", "30d", to="other")
        read_document(bank("status", "revoke", did, bound, "--list", LIST, "--json"))
        found = read_document(bank("status", "issued", did, "--list", LIST, "--json"))
        rows = {one["index"]: one for one in found["issued"]}
        assert rows.keys() == {bound, loose}
        payload = json.loads(decode((folder / "ana.credential").read_text().split(".")[1]))
        assert rows[bound]["type"] == payload["vct"] == TYPE
        assert rows[bound]["holderKey"] == key.thumbprint
        assert rows[bound]["issuedAt"] < rows[loose]["expiresAt"] < rows[bound]["expiresAt"]
        assert rows[loose]["holderKey"] is None
        assert {index: one["revoked"] for index, one in rows.items()} == {bound: True, loose: False}
        shown = bank("status", "issued", did, "--list", LIST)
        assert "2 given out, 1 of them revoked" in shown.out

    def test_another_list_is_empty(self, bank, did, issue):
        issue()
        assert (
            read_document(bank("status", "issued", did, "--list", "other", "--json"))["issued"]
            == []
        )

    def test_no_value_and_no_name_of_a_person_reaches_the_database(
        self, bank, did, issue, folder, senders
    ):
        person = format_did(senders[3].address, 31337)
        issue("--vc-jwt", "--subject", person)
        issue("--subject", person)
        kept = b"".join(path.read_bytes() for path in (folder / "store").iterdir())
        assert TYPE.encode() in kept
        for trace in (
            *map(str, CLAIMS.values()),
            *CLAIMS,
            person,
            senders[3].address,
            senders[3].address[2:].lower(),
        ):
            assert trace.encode() not in kept, trace
        assert bytes.fromhex(senders[3].address[2:]) not in kept

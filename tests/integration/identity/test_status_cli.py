"""`careledger identity status …` and `check --status-list`: what an issuer knows of its lists, and what others read."""

import json
from datetime import timedelta

import pytest

from careledger.cli.identity.status import app as commands
from careledger.identity.credentials.did_keys import present
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.jose import decode
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.did.did import format_did
from careledger.identity.did.model import name32
from careledger.identity.wallet import Wallet
from tests.support.commands import read_document, refused

TYPE, LIST, URI = "https://bank.example/kyc/1", "kyc-2026", "https://bank.example/status/kyc-2026"
CLAIMS = {"given_name": "Xiomara-Distinctive", "birthdate": "1971-03-29", "income": 73_519_846}
LISTED = ("--list", LIST, "--uri", URI)
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with Ana's claims."""
    (tmp_path / "ana.json").write_text(json.dumps(CLAIMS))
    (tmp_path / "store").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bank(careledger, folder, senders, monkeypatch):
    """Return a function that runs a command as the bank, in that folder."""
    monkeypatch.setenv("CARELEDGER_STORE", str(folder / "store" / "bank.db"))
    return lambda *arguments: careledger(*arguments, key=senders[1])


@pytest.fixture
def did(senders):
    return format_did(senders[1].address, 31337)


@pytest.fixture
def issue(bank, did, folder):
    """Return a function that issues to a file and returns the place."""

    def call(*more, to="ana.credential"):
        given = ("--issuer", did, "--type", TYPE, "--out", to, "--json")
        return read_document(bank("issue", "ana.json", *given, *LISTED, *more))["statusIndex"]

    return call


@pytest.fixture
def write(chain, suite, senders, folder):
    """Return a function that writes a credential whose status stands wherever the test wants."""

    def call(account=1, key=None, vc_jwt=False, **changes):
        owner = senders[account].address
        place = {
            "uri": URI,
            "index": 7,
            "chain_id": chain.chain_id,
            "contract": suite["CredentialStatus"],
        }
        where = StatusReference(**(place | {"issuer": owner, "list_id": name32(LIST)} | changes))
        by = Issuer(
            format_did(owner, chain.chain_id),
            key or SigningKey.of_account(senders[account].account),
        )
        validity = Validity(present(chain) - DAY, present(chain) + DAY)
        if vc_jwt:
            text = issue_vc_jwt(by, [TYPE], None, CLAIMS, validity, status=where)
        else:
            text = issue_sd_jwt(by, TYPE, CLAIMS, validity, holder=None, status=where)
        (folder / "written").write_text(text)
        return "written"

    return call


@pytest.fixture
def later(development, chain):
    """Return what lets so many seconds pass."""
    return lambda seconds: development.warp(chain.timestamp() + seconds)


@pytest.fixture
def export(bank, did):
    """Return a function that exports the list to a file."""

    def call(*more, uri=URI, form="token", list_=LIST):
        given = ("--list", list_, "--uri", uri, "--out", "list", "--form", form, "--json")
        return read_document(bank("status", "export", did, *given, *more))

    return call


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


@pytest.mark.parametrize("form", ["token", "bitstring", "bitstring-vc1"])
class TestCheckByAList:
    def test_the_list_decides_and_not_the_chain(self, bank, did, issue, export, form):
        place = issue()
        export(form=form)
        read_document(bank("status", "revoke", did, place, "--list", LIST, "--json"))
        found = read_document(bank("check", "ana.credential", "--status-list", "list", "--json"))
        assert found["statusIndex"] == place
        assert found["statusIssuedAt"] <= found["expiresAt"]
        export(form=form)
        refused(bank("check", "ana.credential", "--status-list", "list"), 1, "revoked")

    def test_a_stale_one(self, bank, issue, export, later, form):
        issue()
        export("--for", "1h", form=form)
        later(3601)
        refused(
            bank("check", "ana.credential", "--status-list", "list"),
            1,
            "was valid until",
            "fetch a new one",
        )

    def test_an_older_one_than_we_allow_whatever_it_says(self, bank, issue, export, later, form):
        issue()
        export("--for", "8w", form=form)
        later(86_401)
        refused(
            bank("check", "ana.credential", "--status-list", "list"),
            1,
            "older than",
            "fetch a new one",
        )

    def test_a_foreign_one(self, bank, issue, export, careledger, senders, form):
        issue()
        export(form=form, uri=f"{URI}-2")
        refused(
            bank("check", "ana.credential", "--status-list", "list"),
            1,
            "calls itself",
            "was asked for",
        )
        other = format_did(senders[2].address, 31337)
        given = (*LISTED, "--out", "list", "--form", form, "--json")
        read_document(careledger("status", "export", other, *given, key=senders[2]))
        refused(
            bank("check", "ana.credential", "--status-list", "list"),
            1,
            "the status list is by",
            other,
        )


class TestCheckByOtherLists:
    def test_the_wrong_list_at_the_right_place(self, bank, issue, export):
        issue()
        export(list_="kyc-2025")
        refused(
            bank("check", "ana.credential", "--status-list", "list"),
            1,
            "made from another list",
            "its list is",
        )

    def test_one_that_nobody_signed(self, bank, issue, export):
        issue()
        export(form="plain")
        refused(bank("check", "ana.credential", "--status-list", "list"), 2, "has no signature")

    def test_a_credential_without_a_status(self, bank, did, export, folder):
        read_document(
            bank("issue", "ana.json", "--issuer", did, "--type", TYPE, "--out", "open", "--json")
        )
        export()
        refused(
            bank("check", "open", "--status-list", "list"),
            1,
            "has no status",
        )
        assert "statusIssuedAt" not in read_document(bank("check", "open", "--json"))

    def test_a_file_that_is_not_there(self, bank, issue):
        issue()
        refused(
            bank("check", "ana.credential", "--status-list", "nowhere"),
            2,
            "status list file nowhere",
        )


class TestRead:
    @pytest.mark.parametrize("form", ["token", "bitstring", "bitstring-vc1"])
    def test_what_a_list_holds(self, bank, did, export, senders, form):
        read_document(bank("status", "revoke", did, 3, 4711, "--list", LIST, "--json"))
        made = export(form=form)
        for name in (did, senders[1].address):
            found = read_document(
                bank("status", "read", "list", "--uri", URI, "--issuer", name, "--json")
            )
            assert found["revoked"] == [3, 4711]
            assert (found["issuer"], found["uri"], found["size"]) == (did, URI, 131_072)
            assert found["issuedAt"] < found["expiresAt"]
        assert (found["source"] or {"block": made["blockNumber"]})["block"] == made["blockNumber"]
        shown = bank("status", "read", "list", "--uri", URI, "--issuer", did).out
        assert "2 of 131,072 places, as of" in shown
        assert "4711" in shown

    def test_a_foreign_a_changed_and_a_stale_one(self, bank, did, export, senders, folder, later):
        export("--for", "1h")
        read = ("status", "read", "list", "--uri", URI, "--issuer")
        refused(bank(*read, format_did(senders[2].address, 31337)), 1, "the status list is by")
        refused(bank(*read, format_did(senders[1].address, 1)), 1, "on chain 1")
        refused(bank("status", "read", "list", "--uri", "x", "--issuer", did), 1, "calls itself")
        text = (folder / "list").read_text()
        head, body, signature = text.split(".")
        changed = signature[:9] + ("A" if signature[9] != "A" else "B") + signature[10:]
        (folder / "list").write_text(f"{head}.{body}.{changed}")
        refused(bank(*read, did), 1, "the signature is not by")
        (folder / "list").write_text(text)
        later(3601)
        refused(bank(*read, did), 1, "was valid until")

    def test_one_that_nobody_signed(self, bank, did, export):
        export(form="plain")
        refused(
            bank("status", "read", "list", "--uri", URI, "--issuer", did), 2, "has no signature"
        )


def test_every_command_has_help_with_an_example(careledger):
    for command in commands.registered_commands:
        name = command.callback.__name__
        assert (
            f"Example: careledger identity status {name}"
            in careledger("status", name, "--help").out
        )

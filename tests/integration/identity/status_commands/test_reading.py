"""`careledger identity check --status-list` and `status read`: what others read of a list."""

import pytest

from careledger.cli.identity.status import app as commands
from careledger.identity.did.did import format_did
from tests.integration.identity.status_commands.conftest import LIST, LISTED, TYPE, URI
from tests.support.commands import read_document, refused


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

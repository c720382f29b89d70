"""`careledger identity recovery …`: guardians name a new key for a lost one."""

import pytest

from tests.support.commands import read_document, refused

NOT_AN_ADDRESS = "0x12"


class TestRecovery:
    """A lost phone, from the guardians' cards to the new key."""

    @pytest.fixture
    def named(self, careledger, alice, did, senders, tmp_path):
        options = [word for sender in senders[2:5] for word in ("--guardian", sender.address)]
        folder = tmp_path / "cards"
        command = (
            "recovery",
            "name",
            did,
            *options,
            "--threshold",
            2,
            "--cards",
            folder,
            "--delay",
            "2d",
            "--json",
        )
        assert read_document(careledger(*command, key=alice))["guardians"] == 3
        return folder

    def approvals(self, careledger, folder, senders, tmp_path, new_owner):
        files = []
        for sender in senders[2:4]:
            files.append(tmp_path / f"{sender.address}.approval.json")
            card = folder / f"{sender.address}.json"
            read_document(
                careledger(
                    "recovery", "approve", card, new_owner, "--out", files[-1], "--json", key=sender
                )
            )
        return files

    def test_from_the_cards_to_the_new_key(
        self, careledger, registry, development, named, did, alice, senders, tmp_path
    ):
        files = self.approvals(careledger, named, senders, tmp_path, senders[7].address)
        started = read_document(careledger("recovery", "start", *files, "--json", key=senders[8]))
        status = read_document(careledger("recovery", "status", did, "--json"))
        assert (status["guarded"], status["threshold"], status["live"]) == (True, 2, True)
        assert status["readyAt"] == started["readyAt"]
        refused(careledger("recovery", "finish", did, key=senders[8]), 1, "can still object")
        development.warp(int(registry.recovery(alice.address).ready_at.timestamp()))
        result = careledger("recovery", "finish", did, "--json", key=senders[8])
        assert read_document(result)["controller"] == senders[7].address
        assert "look through them" in result.err
        assert read_document(careledger("recovery", "status", did, "--json"))["newOwner"] is None

    def test_the_owner_stops_it(self, careledger, named, did, alice, senders, tmp_path):
        files = self.approvals(careledger, named, senders, tmp_path, senders[7].address)
        read_document(careledger("recovery", "start", *files, "--json", key=senders[8]))
        refused(
            careledger("recovery", "stop", did, key=senders[2]),
            1,
            "identity's controller",
        )
        read_document(careledger("recovery", "stop", did, "--json", key=alice))
        refused(careledger("recovery", "start", *files, key=senders[8]), 1, "signature")

    def test_dismissed_guardians_cannot_approve(
        self, careledger, named, did, alice, senders, tmp_path
    ):
        read_document(careledger("recovery", "dismiss", did, "--json", key=alice))
        card = named / f"{senders[2].address}.json"
        command = ("recovery", "approve", card, senders[7].address, "--out", tmp_path / "a.json")
        refused(careledger(*command, key=senders[2]), 1, "has no guardians")
        assert not (tmp_path / "a.json").exists()

    def test_an_old_card_is_said(self, careledger, named, did, alice, senders, tmp_path):
        command = (
            "recovery",
            "name",
            did,
            "--guardian",
            senders[2].address,
            "--threshold",
            1,
            "--json",
        )
        read_document(careledger(*command, "--cards", tmp_path / "new", key=alice))
        card = named / f"{senders[2].address}.json"
        command = ("recovery", "approve", card, senders[7].address, "--out", tmp_path / "a.json")
        refused(careledger(*command, key=senders[2]), 1, "ask for a new card")

    def test_another_guardians_card_is_said(self, careledger, named, senders, tmp_path):
        card = named / f"{senders[2].address}.json"
        command = ("recovery", "approve", card, senders[7].address, "--out", tmp_path / "a.json")
        refused(careledger(*command, key=senders[3]), 2, "the card is for the key of")

    def test_approvals_for_different_keys_are_said(self, careledger, named, senders, tmp_path):
        files = self.approvals(careledger, named, senders, tmp_path, senders[7].address)
        other = tmp_path / "other.json"
        card = named / f"{senders[4].address}.json"
        read_document(
            careledger(
                "recovery",
                "approve",
                card,
                senders[6].address,
                "--out",
                other,
                "--json",
                key=senders[4],
            )
        )
        refused(
            careledger("recovery", "start", files[0], other, key=senders[8]),
            2,
            "different new keys",
        )

    def test_cards_go_into_a_new_folder_and_before_the_transaction(
        self, careledger, registry, did, alice, senders, tmp_path
    ):
        folder = tmp_path / "there"
        folder.mkdir()
        command = (
            "recovery",
            "name",
            did,
            "--guardian",
            senders[2].address,
            "--threshold",
            1,
            "--cards",
            folder,
        )
        refused(careledger(*command, key=alice), 2, "new folder")
        assert registry.guardianship(alice.address).active is False

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--threshold", 2], "cannot agree"),
            (["--threshold", 1, "--delay", "7"], "is not a duration"),
            (["--threshold", 1, "--guardian", NOT_AN_ADDRESS], "guardian"),
        ],
    )  # fmt: skip
    def test_bad_arguments_are_said(self, careledger, did, alice, senders, tmp_path, options, says):
        command = (
            "recovery",
            "name",
            did,
            "--guardian",
            senders[2].address,
            "--cards",
            tmp_path / "cards",
            *options,
        )
        refused(careledger(*command, key=alice), 2, says)
        assert not (tmp_path / "cards").exists()

    def test_a_delay_out_of_bounds_is_refused(self, careledger, did, alice, senders, tmp_path):
        options = (
            "--guardian",
            senders[2].address,
            "--threshold",
            1,
            "--cards",
            tmp_path / "cards",
            "--delay",
            "1h",
        )
        refused(
            careledger("recovery", "name", did, *options, key=alice), 1, "from one day to one year"
        )

    @pytest.mark.parametrize("command", ["approve", "start"])
    def test_a_file_that_is_not_there_is_said(self, careledger, senders, tmp_path, command):
        rest = (senders[7].address, "--out", tmp_path / "a") if command == "approve" else ()
        refused(
            careledger("recovery", command, tmp_path / "none", *rest, key=senders[2]),
            2,
            "cannot be read",
        )

    def test_for_people_they_are_tables(self, careledger, named, did, senders, tmp_path):
        assert "threshold" in careledger("recovery", "status", did).out
        card = named / f"{senders[2].address}.json"
        command = ("recovery", "approve", card, senders[7].address, "--out", tmp_path / "a.json")
        assert "Approved" in careledger(*command, key=senders[2]).out

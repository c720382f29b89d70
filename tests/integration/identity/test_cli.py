"""`careledger identity …`: what it prints, for people and for machines, and what it refuses."""

import json
import re
from types import SimpleNamespace

import pytest
from eth_account import Account

from careledger.chain.node import DevelopmentChain, free_port
from careledger.cli.identity import app
from careledger.identity.did.did import format_did
from tests.support.commands import read_document, refused

DAY = 86_400
NOT_AN_ADDRESS = "0x12"
MISTYPED = "0xf39Fd6e51aaD88F6F4ce6aB8827279cffFb92266"


class TestCreate:
    @pytest.fixture
    def password(self, tmp_path, monkeypatch):
        file = tmp_path / "password"
        file.write_text("correct horse\n")
        monkeypatch.setenv("CARELEDGER_PASSWORD_FILE", str(file))
        return "correct horse"

    def test_a_key_in_an_encrypted_file_and_its_identifier(self, careledger, tmp_path, monkeypatch):
        (tmp_path / "password").write_text("correct horse\n")
        file = tmp_path / "key.json"
        monkeypatch.setenv("CARELEDGER_PASSWORD_FILE", str(tmp_path / "password"))
        found = read_document(careledger("create", "--keystore", file, "--json"))
        account = Account.from_key(Account.decrypt(json.loads(file.read_text()), "correct horse"))
        assert found["address"] == account.address
        assert found["did"] == format_did(account.address, 31337)
        assert file.stat().st_mode & 0o777 == 0o600
        assert account.key.hex() not in json.dumps(found) + file.read_text()
        document = read_document(careledger("resolve", found["didByPublicKey"], "--json"))[
            "didDocument"
        ]
        assert (
            document["verificationMethod"][0]["blockchainAccountId"]
            == f"eip155:31337:{account.address}"
        )

    def test_the_key_signs_afterwards(self, careledger, tmp_path, monkeypatch, password, senders):
        file = tmp_path / "key.json"
        found = read_document(careledger("create", "--keystore", file, "--json"))
        senders[0].transact(found["address"], value=10**18)
        monkeypatch.setenv("CARELEDGER_KEYSTORE", str(file))
        done = read_document(careledger("rotate", found["did"], senders[3].address, "--json"))
        assert done["controller"] == senders[3].address

    def test_a_file_that_is_there_stays(self, careledger, tmp_path, password):
        file = tmp_path / "key.json"
        file.write_text("mine")
        refused(careledger("create", "--keystore", file), 2, "left as it is")
        assert file.read_text() == "mine"

    def test_without_a_node_the_chain_can_be_named(
        self, careledger, tmp_path, password, monkeypatch
    ):
        monkeypatch.setenv("CARELEDGER_RPC", f"http://127.0.0.1:{free_port()}")
        refused(careledger("create", "--keystore", tmp_path / "a.json"), 3, "no node answers")
        assert not (tmp_path / "a.json").exists()
        found = read_document(
            careledger("create", "--keystore", tmp_path / "a.json", "--chain-id", 5, "--json")
        )
        assert found["did"].startswith("did:ethr:0x5:")

    def test_the_password_is_asked_for_twice(self, careledger, tmp_path, monkeypatch):
        answers = iter(["one", "one"])
        monkeypatch.setattr("careledger.chain.keys.getpass", lambda _: next(answers))
        assert careledger("create", "--keystore", tmp_path / "a.json").status == 0

    @pytest.mark.parametrize(
        ("answers", "says"), [(["one", "two"], "differ"), (["", ""], "protects nothing")]
    )
    def test_a_bad_password_writes_nothing(self, careledger, tmp_path, monkeypatch, answers, says):
        given = iter(answers)
        monkeypatch.setattr("careledger.chain.keys.getpass", lambda _: next(given))
        refused(careledger("create", "--keystore", tmp_path / "a.json"), 2, says)
        assert not (tmp_path / "a.json").exists()

    def test_a_password_file_that_cannot_be_read_is_said(self, careledger, tmp_path, monkeypatch):
        monkeypatch.setenv("CARELEDGER_PASSWORD_FILE", str(tmp_path / "none"))
        refused(careledger("create", "--keystore", tmp_path / "a.json"), 2, "password file")


class TestDelegate:
    def test_for_a_time(self, careledger, registry, alice, did, senders, chain):
        found = read_document(
            careledger(
                "delegate",
                did,
                senders[2].address,
                "--role",
                "careledger.agent",
                "--for",
                "30d",
                "--json",
                key=alice,
            )
        )
        until = registry.delegates(alice.address, "careledger.agent", senders[2].address)
        assert int(until.timestamp()) - chain.timestamp() == 30 * DAY
        assert found["expiresAt"] == until.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert found["role"] == "careledger.agent"
        assert found["gasUsed"] > 21_000

    def test_until_a_time(self, careledger, registry, alice, senders):
        found = read_document(
            careledger(
                "delegate", alice.address, senders[2].address, "--role", "veriKey", "--until",
                "2030-01-31T12:00:00Z",
                "--json", key=alice,
            )
        )  # fmt: skip
        assert found["expiresAt"] == "2030-01-31T12:00:00Z"
        assert registry.valid_delegate(alice.address, "veriKey", senders[2].address)

    def test_for_people_it_is_a_table(self, careledger, alice, did, senders):
        result = careledger(
            "delegate", did, senders[2].address, "--role", "veriKey", "--for", "90s", key=alice
        )
        assert "Delegate named" in result.out
        assert "veriKey" in result.out

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--role", "a"], "either --for or --until"),
            (["--role", "a", "--for", "1d", "--until", "2030"], "either"),
            (["--role", "a", "--for", "30"], "is not a duration"),
            (["--role", "a", "--for", "0d"], "is not a duration"),
            (["--role", "a", "--for", "-1d"], "is not a duration"),
            (["--role", "a", "--until", "soon"], "is not a time"),
            (["--role", "x" * 33, "--for", "1d"], "not a valid name"),
            (["--role", "", "--for", "1d"], "not a valid name"),
        ],
    )  # fmt: skip
    def test_bad_arguments_are_said(self, careledger, alice, did, senders, arguments, says):
        refused(careledger("delegate", did, senders[2].address, *arguments, key=alice), 2, says)

    def test_an_expiry_in_the_past_is_refused(self, careledger, alice, did, senders):
        result = careledger(
            "delegate", did, senders[2].address, "--role", "a", "--until", "2020-01-01", key=alice
        )
        refused(result, 1, "has already passed")

    @pytest.mark.parametrize("bad", [NOT_AN_ADDRESS, MISTYPED])
    def test_a_bad_address_is_said(self, careledger, alice, did, bad):
        refused(
            careledger("delegate", did, bad, "--role", "a", "--for", "1d", key=alice),
            2,
            "delegate",
            bad,
        )

    def test_a_strangers_key_is_said(self, careledger, did, senders):
        result = careledger(
            "delegate", did, senders[2].address, "--role", "a", "--for", "1d", key=senders[3]
        )
        refused(result, 1, "is not the identity's controller")

    def test_without_a_key_the_first_well_known_one_signs_and_that_is_said(
        self, careledger, senders
    ):
        first = format_did(senders[0].address, 31337)
        result = careledger("delegate", first, senders[2].address, "--role", "a", "--for", "1d")
        assert result.status == 0
        assert senders[0].address in result.err
        assert "no key is set" in result.err

    def test_on_a_chain_that_is_not_for_development_no_key_is_said(
        self, careledger, did, senders, monkeypatch
    ):
        monkeypatch.setattr(DevelopmentChain, "of", classmethod(lambda *_: None))
        result = careledger("delegate", did, senders[2].address, "--role", "a", "--for", "1d")
        refused(result, 2, "CARELEDGER_KEYSTORE")

    def test_a_did_of_another_chain_is_said(self, careledger, alice, senders):
        text = f"did:ethr:sepolia:{alice.address}"
        refused(
            careledger(
                "delegate", text, senders[2].address, "--role", "a", "--for", "1d", key=alice
            ),
            3,
            "chain",
        )

    def test_a_key_without_funds_is_said(self, careledger, senders):
        poor = SimpleNamespace(account=Account.create())
        text = format_did(poor.account.address, 31337)
        result = careledger(
            "delegate", text, senders[2].address, "--role", "a", "--for", "1d", key=poor
        )
        assert result.status == 3
        assert "ether" in result.err
        assert poor.account.key.hex() not in result.err


class TestRevoke:
    def test_at_once(self, careledger, registry, alice, did, senders):
        registry.add_delegate(alice.address, "careledger.agent", senders[2].address, DAY)
        read_document(
            careledger(
                "revoke", did, senders[2].address, "--role", "careledger.agent", "--json", key=alice
            )
        )
        assert not registry.may_act(alice.address, "careledger.agent", senders[2].address)

    def test_bad_arguments_are_said(self, careledger, alice, did):
        refused(careledger("revoke", did, NOT_AN_ADDRESS, "--role", "a", key=alice), 2, "delegate")
        result = careledger("revoke", "nobody", alice.address, "--role", "a", key=alice)
        refused(result, 2, "identity")


class TestRotate:
    def test_to_another_key(self, careledger, registry, alice, did, senders):
        result = careledger("rotate", did, senders[2].address, "--json", key=alice)
        assert read_document(result)["controller"] == senders[2].address
        assert registry.identity_owner(alice.address) == senders[2].address
        assert result.err == ""

    def test_guardians_of_the_old_key_are_mentioned(
        self, careledger, registry, alice, did, senders
    ):
        registry._write("setGuardians", alice.address, b"\1" * 32, 1, DAY)
        assert "name them anew" in careledger("rotate", did, senders[2].address, key=alice).err

    def test_the_zero_address_is_refused(self, careledger, registry, alice, did):
        refused(careledger("rotate", did, "0x" + "00" * 20, key=alice), 2, "zero address")
        assert registry.changed(alice.address) == 0

    def test_the_old_key_is_refused_afterwards(self, careledger, alice, did, senders):
        careledger("rotate", did, senders[2].address, key=alice)
        refused(
            careledger("rotate", did, alice.address, key=alice),
            1,
            "identity's controller",
        )

    def test_a_bad_key_is_said(self, careledger, alice, did):
        refused(careledger("rotate", did, MISTYPED, key=alice), 2, "checksum")


class TestResolve:
    def test_for_machines_it_is_the_resolution_result(self, careledger, registry, alice, did):
        block = registry.set_attribute(
            alice.address, "did/svc/Care", b"https://care.example", DAY
        ).block_number
        found = read_document(careledger("resolve", did, "--json"))
        assert set(found) == {"didDocument", "didDocumentMetadata", "didResolutionMetadata"}
        assert found["didDocument"]["service"][0]["serviceEndpoint"] == "https://care.example"
        before = read_document(careledger("resolve", did, "--block", block - 1, "--json"))
        assert "service" not in before["didDocument"]
        assert before["didDocumentMetadata"]["nextVersionId"] == str(block)
        assert (
            read_document(careledger("resolve", f"{did}?versionId={block - 1}", "--json")) == before
        )

    def test_for_people_it_is_a_table(self, careledger, registry, alice, did, senders):
        registry.add_delegate(alice.address, "sigAuth", senders[2].address, DAY)
        registry.set_attribute(alice.address, "did/svc/Care", b"https://care.example", DAY)
        block = registry.change_owner(alice.address, senders[3].address).block_number
        text = re.sub(r"\s+", " ", careledger("resolve", did, "--block", block - 1).out)
        for word in (
            "#controller",
            "#delegate-1",
            "#service-1",
            "version",
            f"next version {block}",
        ):
            assert word in text

    def test_a_deactivated_one_is_called_so(self, careledger, registry, alice, did):
        registry.deactivate(alice.address)
        assert "DEACTIVATED" in careledger("resolve", did).out

    def test_one_that_never_changed_is_called_so(self, careledger, did):
        assert "never changed" in careledger("resolve", did).out

    @pytest.mark.parametrize(
        ("text", "status", "says"),
        [
            ("did:web:example.com", 2, "is not a did:ethr"),
            (f"did:ethr:0x7a69:{MISTYPED}", 2, "checksum"),
            ("did:ethr:0x7a69:0x02" + "ff" * 32, 2, "public key"),
            (f"did:ethr:nowhere:0x{1:040x}", 2, "unknown"),
            (f"did:ethr:0x{1:040x}", 3, "anchored on chain 1"),
            (f"did:ethr:0x7a69:0x{1:040x}?versionId=999999", 1, "there is no block 999999 yet"),
            (f"did:ethr:0x7a69:0x{1:040x}?versionId=x", 2, "versionId"),
        ],
    )  # fmt: skip
    def test_bad_identifiers_are_said(self, careledger, text, status, says):
        refused(careledger("resolve", text), status, says)

    def test_a_dead_node_is_said(self, careledger, did):
        refused(
            careledger("resolve", did, "--rpc", f"http://127.0.0.1:{free_port()}"),
            3,
            "no node answers",
        )

    def test_a_chain_without_the_suite_is_said(self, careledger, did, tmp_path):
        refused(careledger("resolve", did, "--deployments", tmp_path), 1, "careledger deploy")

    def test_another_registry_can_be_named(self, careledger, did, suite, tmp_path):
        at = suite["IdentityRegistry"]
        assert read_document(
            careledger("resolve", did, "--registry", at, "--deployments", tmp_path, "--json")
        )
        refused(careledger("resolve", did, "--registry", NOT_AN_ADDRESS), 2, "address")

    def test_where_no_registry_is_it_is_said(self, careledger, did):
        refused(careledger("resolve", did, "--registry", "0x" + "11" * 20), 1, "no contract there")


class TestDelegates:
    def test_every_type_and_as_of_a_block(self, careledger, registry, alice, did, senders):
        block = registry.add_delegate(
            alice.address, "careledger.agent", senders[2].address, DAY
        ).block_number
        registry.add_delegate(alice.address, b"\xff".ljust(32, b"\0"), senders[3].address, DAY)
        now = read_document(careledger("delegates", did, "--json"))["delegates"]
        assert [(one["delegate"], one["role"][:6]) for one in now] == [
            (senders[2].address, "carele"), (senders[3].address, "0xff00"),
        ]  # fmt: skip
        then = read_document(careledger("delegates", did, "--block", block, "--json"))["delegates"]
        assert [one["role"] for one in then] == ["careledger.agent"]
        assert "2 changes so far" in careledger("delegates", did).out

    def test_of_an_untouched_identity_there_are_none(self, careledger, did):
        assert "nothing was ever recorded" in careledger("delegates", did).out


class TestDeactivate:
    def test_with_every_delegate(self, careledger, registry, alice, did, senders):
        registry.add_delegate(alice.address, "careledger.agent", senders[2].address, DAY)
        registry.add_delegate(alice.address, "veriKey", senders[3].address, DAY)
        assert (
            read_document(careledger("deactivate", did, "--yes", "--json", key=alice))[
                "delegatesDismissed"
            ]
            == 2
        )
        assert not registry.may_act(alice.address, "careledger.agent", senders[2].address)
        assert registry.identity_owner(alice.address) == registry.deactivated()

    def test_not_by_accident(self, careledger, registry, alice, did):
        refused(careledger("deactivate", did, key=alice), 2, "--yes")
        assert registry.changed(alice.address) == 0


def test_every_command_has_help_with_an_example(careledger):
    for command in app.registered_commands:
        assert "Example: careledger identity" in careledger(
            command.callback.__name__, "--help"
        ).out.replace("\n", " ")

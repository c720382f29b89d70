import json
import stat
from datetime import UTC, datetime

import pytest

from careledger.errors import InputError
from careledger.identity.did.guardians import GuardianCard, Guardians, RecoveryApproval, approve
from careledger.identity.did.messages import IdentityMessages
from tests.support.evm import actor

PEOPLE = [actor(f"guardian {n}") for n in range(3)]
DOMAIN = IdentityMessages(31337, actor("registry").address)
SUBJECT, NEW = actor("subject").address, actor("new").address
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def cards():
    return Guardians.choose([person.address for person in PEOPLE], 2).cards(DOMAIN, SUBJECT)


def consent(card, account=PEOPLE[0]):
    return approve(card, account, controller=SUBJECT, new_owner=NEW, in_round=1, deadline=UNTIL)


class TestChoose:
    def test_salts_are_fresh_and_so_is_the_root(self):
        first, second = (
            Guardians.choose([person.address for person in PEOPLE], 2) for _ in range(2)
        )
        assert first.tree.root != second.tree.root
        assert len({salt for _, salt in first.members + second.members}) == 6

    @pytest.mark.parametrize("threshold", [0, 4])
    def test_a_threshold_that_cannot_be_met_is_refused(self, threshold):
        with pytest.raises(InputError, match="cannot agree"):
            Guardians.choose([person.address for person in PEOPLE], threshold)

    def test_the_same_guardian_twice_is_refused(self):
        with pytest.raises(InputError, match="named twice"):
            Guardians.choose([PEOPLE[0].address, PEOPLE[0].address.lower()], 1)

    def test_an_address_is_checked(self):
        with pytest.raises(InputError, match="guardian"):
            Guardians.choose(["0x12"], 1)


class TestCards:
    def test_a_card_names_no_other_guardian(self, cards, tmp_path):
        cards[0].write(tmp_path / "card.json")
        text = (tmp_path / "card.json").read_text().lower()
        assert PEOPLE[0].address.lower() in text
        assert not any(person.address[2:].lower() in text for person in PEOPLE[1:])

    def test_there_and_back_readable_by_its_owner_only(self, cards, tmp_path):
        for place, card in enumerate(cards):
            file = tmp_path / f"{place}.json"
            card.write(file)
            assert GuardianCard.read(file) == card
            assert stat.S_IMODE(file.stat().st_mode) == 0o600

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("careledgerGuardianCard", 2, "careledgerGuardianCard: not 1"),
            ("guardian", "0x12", "guardian: address '0x12' is not an address"),
            ("salt", "0x00", "salt: 1 bytes, not 32"),
            ("salt", 7, "salt: not bytes as 0x"),
            ("salt", "0x" + "00" * 32, "was altered"),
            ("root", "0x" + "00" * 32, "was altered"),
            ("proof", [], "was altered"),
            ("proof", None, "proof: not a JSON array"),
            ("chainId", "x", "chainId: not an integer"),
            ("friend", "0x12", "friend: unknown"),
        ],
    )
    def test_a_bent_card_is_refused(self, cards, tmp_path, field, value, says):
        cards[0].write(tmp_path / "card.json")
        document = json.loads((tmp_path / "card.json").read_text()) | {field: value}
        (tmp_path / "bent.json").write_text(json.dumps(document))
        with pytest.raises(InputError, match=says):
            GuardianCard.read(tmp_path / "bent.json")

    def test_a_missing_field_is_refused(self, cards, tmp_path):
        (tmp_path / "bent.json").write_text('{"careledgerGuardianCard": 1}')
        with pytest.raises(InputError, match="chainId: missing"):
            GuardianCard.read(tmp_path / "bent.json")

    @pytest.mark.parametrize(("text", "says"), [("{", "not JSON"), ("[]", "not a JSON object")])
    def test_another_file_is_refused(self, tmp_path, text, says):
        (tmp_path / "card.json").write_text(text)
        with pytest.raises(InputError, match=says):
            GuardianCard.read(tmp_path / "card.json")

    def test_a_missing_file_is_said(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            GuardianCard.read(tmp_path / "none.json")


class TestApprove:
    def test_there_and_back(self, cards, tmp_path):
        signed = consent(cards[0])
        signed.write(tmp_path / "approval.json")
        assert RecoveryApproval.read(tmp_path / "approval.json") == signed
        assert signed.approval.deadline == int(UNTIL.timestamp())

    def test_another_key_is_refused(self, cards):
        with pytest.raises(InputError, match="the card is for the key of"):
            consent(cards[0], PEOPLE[1])

    @pytest.mark.parametrize(
        ("field", "value"),
        [("signature", 7), ("signature", "0xzz"), ("deadline", "soon"), ("identity", "0x12")],
    )
    def test_a_bent_approval_is_refused(self, cards, tmp_path, field, value):
        consent(cards[0]).write(tmp_path / "approval.json")
        document = json.loads((tmp_path / "approval.json").read_text()) | {field: value}
        (tmp_path / "bent.json").write_text(json.dumps(document))
        with pytest.raises(InputError):
            RecoveryApproval.read(tmp_path / "bent.json")

import pytest

from careledger.chain.abi import clean, snake
from careledger.chain.contract import ContractClient
from careledger.chain.events import BlockRef, Event, declared_events, decode_arguments
from careledger.chain.rpc import Log


class TestSnake:
    @pytest.mark.parametrize(
        ("solidity", "python"),
        [
            ("releaseAt", "release_at"),
            ("REGISTRY", "registry"),
            ("DOMAIN_SEPARATOR", "domain_separator"),
            ("eip712Domain", "eip712_domain"),
            ("_from", "from_"),
        ],
    )
    def test_solidity_names_become_python_names(self, solidity, python):
        assert snake(solidity) == python


class TestClean:
    A, B = "0x" + "ab" * 20, "0x" + "cd" * 20

    def test_addresses_get_their_checksum_however_deep(self):
        kind = "(address,(uint256,address[]))[]"
        ((first, (number, inner)),) = clean(kind, (((self.A), (5, (self.B, self.A))),))
        assert first.lower() == self.A
        assert first != self.A
        assert number == 5
        assert isinstance(inner, list)
        assert inner[0] != self.B
        assert inner[0].lower() == self.B

    def test_other_values_stay(self):
        assert clean("bytes32", b"\1" * 32) == b"\1" * 32
        assert clean("uint8[2]", (1, 2)) == [1, 2]


class TestEvents:
    def test_an_indexed_text_stays_a_hash(self):
        entry = {
            "name": "Said",
            "inputs": [
                {"name": "what", "type": "string", "indexed": True},
                {"name": "toWhom", "type": "address", "indexed": False},
            ],
        }
        log = Log(
            "0x" + "11" * 20, (b"\0" * 32, b"\7" * 32), bytes(12) + b"\1" * 20, 1, b"", b"", 0
        )
        arguments = decode_arguments(entry, log)
        assert arguments == {"what": b"\7" * 32, "to_whom": "0x" + "01" * 20}

    def test_a_class_may_have_another_name_than_its_event(self):
        class MovedEvent(Event, contract="Nowhere", name="Moved"):
            pass

        assert declared_events()["Nowhere", "Moved"] is MovedEvent


def test_a_block_is_read_from_the_nodes_json():
    raw = {
        "number": "0x10",
        "hash": "0x" + "ab" * 32,
        "parentHash": "0x" + "cd" * 32,
        "timestamp": "0x6553f100",
    }
    assert BlockRef.from_rpc(raw) == BlockRef(16, b"\xab" * 32, b"\xcd" * 32, 1_700_000_000)


def test_a_client_at_no_address_is_refused():
    class Registry(ContractClient):
        name = "IdentityRegistry"

    with pytest.raises(Exception, match="IdentityRegistry address"):
        Registry(None, "0x12")

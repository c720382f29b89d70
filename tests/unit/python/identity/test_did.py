import pytest
from eth_account import Account

from careledger.errors import InputError
from careledger.identity.did.did import NETWORKS, Did, DidUrl, format_did, public_key_address
from careledger.identity.did.errors import MalformedDid

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
KEY = "0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
KEYS_ADDRESS = Account.from_key((1).to_bytes(32, "big")).address


class TestParse:
    @pytest.mark.parametrize(
        ("text", "network", "chain_id"),
        [
            (f"did:ethr:{ADDRESS}", None, 1),
            (f"did:ethr:sepolia:{ADDRESS}", "sepolia", 11155111),
            (f"did:ethr:polygon:test:{ADDRESS}", "polygon:test", 80001),
            (f"did:ethr:0x7a69:{ADDRESS}", "0x7a69", 31337),
            (f"did:ethr:0x7A69:{ADDRESS.lower()}", "0x7A69", 31337),
        ],
    )
    def test_networks_by_name_and_by_chain_id(self, text, network, chain_id):
        did = Did.parse(text)
        assert (did.text, did.network, did.address, did.public_key) == (
            text,
            network,
            ADDRESS,
            None,
        )
        assert did.chain_id() == chain_id

    def test_a_public_key_names_the_address_it_controls(self):
        did = Did.parse(f"did:ethr:0x1:{KEY}")
        assert (did.address, did.public_key) == (KEYS_ADDRESS, KEY)
        assert public_key_address(KEY) == KEYS_ADDRESS

    def test_names_of_ones_own_networks(self):
        did = Did.parse(f"did:ethr:dev:{ADDRESS}")
        assert did.chain_id({"dev": 31337}) == 31337
        with pytest.raises(MalformedDid, match="'dev' is unknown"):
            did.chain_id()

    @pytest.mark.parametrize(
        "text",
        [
            "", "did:ethr:", "did:web:example.com", f"did:ethr:{ADDRESS[:-1]}",
            f"did:ethr:{ADDRESS}0",
            f"did:ethr:{ADDRESS[2:]}", f"did:ethr::{ADDRESS}", f"did:ethr:a b:{ADDRESS}",
            f" did:ethr:{ADDRESS}",
            f"did:ethr:{ADDRESS}\n", f"DID:ethr:{ADDRESS}", f"did:ethr:dev:{KEY[:-2]}zz",
        ],
    )  # fmt: skip
    def test_what_is_no_did_is_refused(self, text):
        with pytest.raises(MalformedDid, match="is not a did:ethr"):
            Did.parse(text)

    def test_a_mistyped_address_is_refused(self):
        with pytest.raises(InputError, match="checksum"):
            Did.parse(f"did:ethr:{ADDRESS.replace('aad8', 'aaD8')}")

    @pytest.mark.parametrize("key", ["0x05" + "79" * 32, "0x02" + "ff" * 32, "0x04" + "11" * 32])
    def test_a_key_that_is_no_point_is_refused(self, key):
        with pytest.raises(MalformedDid, match="not a compressed public key"):
            Did.parse(f"did:ethr:{key}")

    def test_a_url_is_no_did(self):
        with pytest.raises(MalformedDid, match="a DID URL"):
            Did.parse(f"did:ethr:{ADDRESS}#controller")


class TestParseUrl:
    @pytest.mark.parametrize(
        ("rest", "version", "fragment"),
        [
            ("", None, None), ("?versionId=17", 17, None), ("?versionId=latest", None, None),
            ("?a=b", None, None),
            ("?a=b&versionId=0#delegate-1", 0, "delegate-1"),
            (";service=x/path?versionId=3#", 3, ""),
        ],
    )  # fmt: skip
    def test_version_and_fragment(self, rest, version, fragment):
        url = DidUrl.parse(f"did:ethr:{ADDRESS}{rest}")
        assert url.did.text == f"did:ethr:{ADDRESS}"
        assert (url.version_id, url.fragment) == (version, fragment)

    @pytest.mark.parametrize("version", ["-1", "1x", "", "0x10", "1&versionId=2", "9" * 30])
    def test_a_version_that_is_no_block_is_refused(self, version):
        with pytest.raises(MalformedDid, match="versionId"):
            DidUrl.parse(f"did:ethr:{ADDRESS}?versionId={version}")


class TestFormat:
    def test_of_the_main_network_is_bare(self):
        assert format_did(ADDRESS, 1) == f"did:ethr:{ADDRESS}"

    def test_of_any_other_chain_has_its_id_or_name(self):
        assert format_did(ADDRESS, 31337) == f"did:ethr:0x7a69:{ADDRESS}"
        assert format_did(KEY, 11155111, "sepolia") == f"did:ethr:sepolia:{KEY}"

    def test_reads_back(self):
        for name, chain_id in NETWORKS.items():
            assert Did.parse(format_did(ADDRESS, chain_id, name)).chain_id() == chain_id

    def test_of_nonsense_is_refused(self):
        with pytest.raises(MalformedDid):
            format_did("0x12", 1)

"""LoyaltyToken as an ERC-20: its EIP-712 domain, type hashes and interfaces."""

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from careledger.crypto.typed_data import digest, domain_separator, struct_hash
from tests.support.evm import Evm, actor
from tests.worlds.loyalty.contracts import (
    CANCEL,
    FOREVER,
    PERMIT,
    POINT,
    RECEIVE,
    TRANSFER,
    Points,
    refuses,
    sign,
)
from tests.worlds.loyalty.signed_erc20 import BYTES


class TestDomain:
    def test_the_separator_is_that_of_the_domain_that_is_told(self, points, evm):
        fields, name, version, chain, contract, salt, extensions = points.token.call("eip712Domain")
        assert (fields, salt, extensions) == (b"\x0f", bytes(32), [])
        assert (name, version, chain, contract) == (
            "Aurora Points",
            "1",
            evm.chain_id,
            points.address,
        )
        assert points.token.call("DOMAIN_SEPARATOR") == domain_separator(
            name, version, chain, contract
        )

    def test_on_a_fork_of_the_chain_the_same_signature_is_refused(self, ben):
        twins = []
        for chain_id in (1, 2):
            evm = Evm(chain_id)
            twins.append(Points(evm, evm.deploy("IdentityRegistry"), "Aurora"))
        first, second = twins
        assert first.address == second.address
        holder = actor("Ana").address
        arguments = (holder, ben.address, 5, FOREVER)
        signed = first.sign(actor("Ana"), PERMIT, holder, ben.address, 5, 0, FOREVER)
        name = f"permit(address,address,uint256,uint256,{BYTES})"
        first.token.transact(name, *arguments, signed)
        with refuses("SignedERC20_BadSignature", holder):
            second.token.transact(name, *arguments, signed)

    def test_the_type_hashes_are_those_of_the_standards(self):
        assert (
            keccak(text=TRANSFER).hex()
            == "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"
        )
        assert (
            keccak(text=RECEIVE).hex()
            == "d099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8"
        )
        assert (
            keccak(text=CANCEL).hex()
            == "158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429"
        )
        assert (
            keccak(text=PERMIT).hex()
            == "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9"
        )

    @pytest.mark.parametrize(
        ("interface", "has"),
        [
            ("01ffc9a7", 1),
            ("36372b07", 1),
            ("b0202a11", 1),
            ("84b0196e", 1),
            ("ffffffff", 0),
            ("80ac58cd", 0),
        ],
    )
    def test_it_says_which_interfaces_it_has(self, points, interface, has):
        assert points.token.call("supportsInterface", bytes.fromhex(interface)) is bool(has)


def test_the_digest_is_made_as_eip_712_says(points, ana):
    """By hand, once: the helper that the other tests sign with is not the only witness."""
    domain = keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [
                keccak(
                    text="EIP712Domain(string name,string version,"
                    "uint256 chainId,address verifyingContract)"
                ),
                keccak(text="Aurora Points"),
                keccak(text="1"),
                31337,
                points.address,
            ],
        )
    )
    values = (ana.address, points.brand.address, 5 * POINT, 0, FOREVER)
    kinds = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    message = keccak(b"\x19\x01" + domain + keccak(encode(kinds, [keccak(text=PERMIT), *values])))
    assert message == digest(domain, struct_hash(PERMIT, values)) == points.digest(PERMIT, *values)
    name = f"permit(address,address,uint256,uint256,{BYTES})"
    points.token.transact(name, *values[:3], FOREVER, sign(ana, message))

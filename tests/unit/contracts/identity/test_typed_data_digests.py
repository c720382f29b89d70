"""IdentityRegistry: the digest that is signed as typed data."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.crypto import typed_data
from careledger.errors import InputError
from careledger.identity.did.messages import TYPES
from careledger.identity.did.model import name32
from tests.support.evm import Evm
from tests.worlds.identity.registry import AGENT, World
from tests.worlds.identity.registry_typed_data import each, send, typed


class TestWhatIsSigned:
    @each
    def test_the_digest_is_that_of_our_own_encoder_and_of_eth_account(self, world, function):
        data = typed(world, function)
        assert data.digest == typed_data.digest(
            typed_data.domain_separator(
                "CareLedger IdentityRegistry", "1", 31337, world.registry.address
            ),
            _struct(data),
        )
        signable = encode_typed_data(full_message=data.to_json())
        assert (
            Account.recover_message(signable, signature=data.sign(world.alice))
            == world.alice.address
        )

    def test_names_are_signed_as_text(self, world):
        message = typed(world, "addDelegateBySig").to_json()["message"]
        assert message["delegateType"] == "careledger.agent"

    @pytest.mark.parametrize(
        "name",
        [b"a", b"x" * 32, b"with\0inside", "señal".encode(), b"\0lead", bytes(32), b"y" * 31],
    )
    def test_names_of_every_shape_are_signed_alike_on_both_sides(self, world, name):
        padded = name.ljust(32, b"\0")
        data = world.domain.revoke_attribute(
            world.alice.address, padded, b"", nonce=0, deadline=world.deadline
        )
        done = send(world, "revokeAttributeBySig", data.sign(world.alice), (padded, b""))
        assert done.events[0].arguments["name"] == padded

    def test_a_name_that_is_no_text_cannot_be_signed(self, world):
        with pytest.raises(InputError, match="is not text"):
            world.domain.revoke_attribute(
                world.alice.address, b"\xff".ljust(32, b"\0"), b"", nonce=0, deadline=world.deadline
            )

    def test_on_a_chain_of_another_id_the_domain_is_another(self):
        elsewhere = World(Evm(chain_id=5))
        assert elsewhere.domain.chain_id == 5
        send(
            elsewhere,
            "changeOwnerBySig",
            typed(elsewhere, "changeOwnerBySig").sign(elsewhere.alice),
        )
        assert elsewhere.owner() == elsewhere.bob.address


def _struct(data):
    """Hash the struct by the suite's own encoder, operations as structs of their own."""
    members = ",".join(TYPES[data.kind])
    if data.kind != "Batch":
        kinds = [member.split()[0] for member in TYPES[data.kind]]
        values = [
            bytes.fromhex(value[2:]) if kind == "bytes" else value
            for kind, value in zip(kinds, data.message.values(), strict=True)
        ]
        return typed_data.struct_hash(f"{data.kind}({members})", values)
    operation = f"Operation({','.join(TYPES['Operation'])})"
    hashes = [
        typed_data.struct_hash(
            operation, [*list(step.values())[:3], bytes.fromhex(step["value"][2:]), step["validTo"]]
        )
        for step in data.message["operations"]
    ]
    words = [
        typed_data.keccak256(f"Batch({members}){operation}".encode()),
        bytes(12) + bytes.fromhex(data.message["identity"][2:]),
        typed_data.keccak256(b"".join(hashes)),
        *(data.message[name].to_bytes(32, "big") for name in ("nonce", "deadline")),
    ]
    return typed_data.keccak256(b"".join(words))


def test_names_are_32_bytes():
    assert name32("careledger.agent") == AGENT

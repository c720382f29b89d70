import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import (
    HALF_ORDER,
    SigningDomain,
    TypedData,
    digest,
    domain_separator,
    recover,
    struct_hash,
    struct_message,
)
from careledger.errors import InputError, SignatureError

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PERSON = "Person(string name,address wallet)"
CONTRACT = "0x" + "cc" * 20


def mail():
    """The example of EIP-712."""
    cow = struct_hash(PERSON, ["Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"])
    bob = struct_hash(PERSON, ["Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"])
    message = struct_hash(
        "Mail(Person from,Person to,string contents)" + PERSON, [cow, bob, "Hello, Bob!"]
    )
    return digest(domain_separator("Ether Mail", "1", 1, CONTRACT), message)


class TestDigest:
    def test_the_example_of_eip_712(self):
        assert domain_separator("Ether Mail", "1", 1, CONTRACT).hex() == (
            "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
        )
        assert mail().hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"

    def test_every_kind_of_member(self):
        kind = "Thing(address a,bool b,bytes4 c,bytes32 d,uint8 e,uint256 f,string g,bytes h)"
        made = struct_hash(
            kind, [bytes(20), True, b"abcd", "0x" + "11" * 32, 255, 2**256 - 1, "é", b"x"]
        )
        words = [
            bytes(32),
            (1).to_bytes(32, "big"),
            b"abcd" + bytes(28),
            b"\x11" * 32,
            (255).to_bytes(32, "big"),
        ]
        words += [b"\xff" * 32, keccak256("é".encode()), keccak256(b"x")]
        assert made == keccak256(keccak256(kind.encode()) + b"".join(words))

    def test_an_empty_struct(self):
        assert struct_hash("Nothing()", []) == keccak256(keccak256(b"Nothing()"))

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("uint8", 256),
            ("uint8", -1),
            ("uint8", True),
            ("uint256", 2**256),
            ("uint256", "1"),
            ("bool", 1),
            ("address", "0x12"),
            ("address", "0xzz"),
            ("address", 5),
            ("address", None),
            ("bytes4", b"abc"),
            ("bytes32", b""),
            ("string", b"x"),
            ("bytes", "x"),
            ("Person", b"x"),
            ("int8", 1),
        ],
    )
    def test_a_value_that_does_not_fit_is_refused(self, kind, value):
        with pytest.raises(InputError):
            struct_hash(f"Thing({kind} a)", [value])

    def test_as_many_values_as_members(self):
        with pytest.raises(InputError, match="2 members, not 1"):
            struct_hash("Thing(uint8 a,uint8 b)", [1])

    def test_a_type_that_cannot_be_read_is_refused(self):
        with pytest.raises(InputError, match="not a type and a name"):
            struct_hash("Thing(uint8)", [1])


class TestRecover:
    KEY = PrivateKey(keccak256(b"cow"))

    def signature(self, message):
        raw = self.KEY.sign_recoverable(message, hasher=None)
        return raw[:64] + bytes([27 + raw[64]])

    def test_the_example_of_eip_712(self):
        signature = (
            "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
            "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c"
        )
        assert (
            recover(mail(), bytes.fromhex(signature)).hex()
            == "cd2a3d9f938e13cd947ec05abc7fe734df8dd826"
        )

    @pytest.mark.parametrize("length", [0, 64, 66])
    def test_the_length_is_65(self, length):
        with pytest.raises(SignatureError, match="65 bytes"):
            recover(bytes(32), bytes(length))

    @pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
    def test_v_is_27_or_28(self, v):
        with pytest.raises(SignatureError, match="27 or 28"):
            recover(mail(), self.signature(mail())[:64] + bytes([v]))

    def test_the_other_form_of_a_signature_is_refused(self):
        good = self.signature(mail())
        s = ORDER - int.from_bytes(good[32:64], "big")
        assert s > HALF_ORDER
        with pytest.raises(SignatureError, match="malleable"):
            recover(mail(), good[:32] + s.to_bytes(32, "big") + bytes([55 - good[64]]))

    @pytest.mark.parametrize("r", [0, ORDER, 2**256 - 1])
    def test_numbers_that_no_key_gives_are_refused(self, r):
        with pytest.raises(SignatureError, match="fits no key"):
            recover(mail(), r.to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\x1b")

    def test_s_of_zero_is_refused(self):
        with pytest.raises(SignatureError, match="fits no key"):
            recover(mail(), self.signature(mail())[:32] + bytes(32) + b"\x1b")


GROUP = (
    "Group(string name,Person[] members,bytes note,Place at)"
    "Person(string name,address wallet)Place(bytes32 id)"
)
PEOPLE = [
    {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
    {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
]
MESSAGE = {"name": "Both", "members": PEOPLE, "note": "0x0102", "at": {"id": "0x" + "11" * 32}}
DOMAIN = SigningDomain("Ether Mail", "1", 1, CONTRACT)


class TestTypedData:
    @pytest.mark.parametrize("members", [PEOPLE, PEOPLE[:1], []])
    def test_structs_and_lists_of_structs_are_hashed_as_eth_account_does(self, members):
        made = TypedData(DOMAIN, GROUP, MESSAGE | {"members": members})
        theirs = encode_typed_data(full_message=made.to_json())
        assert made.digest == keccak256(b"\x19\x01" + theirs.header + theirs.body)

    def test_the_example_of_eip_712_from_its_message(self):
        kind = "Mail(Person from,Person to,string contents)" + PERSON
        cow, bob = PEOPLE
        made = TypedData(DOMAIN, kind, {"from": cow, "to": bob, "contents": "Hello, Bob!"})
        assert made.kind == "Mail"
        assert made.digest == mail()

    def test_whoever_signs_can_be_recovered(self):
        account = Account.from_key(b"\1" * 32)
        made = TypedData(DOMAIN, PERSON, PEOPLE[0])
        assert recover(made.digest, made.sign(account)).hex() == account.address[2:].lower()

    @pytest.mark.parametrize("message", [{"name": "Cow"}, PEOPLE[0] | {"age": 7}])
    def test_a_message_has_exactly_the_members_of_its_struct(self, message):
        with pytest.raises(InputError, match="Person has the members name, wallet"):
            _ = TypedData(DOMAIN, PERSON, message).digest

    def test_values_in_order_make_the_same_message(self):
        kind = "Mail(Person from,Person to,string contents)" + PERSON
        cow, bob = (struct_message(PERSON, list(person.values())) for person in PEOPLE)
        assert TypedData.of(DOMAIN, kind, [cow, bob, "Hello, Bob!"]).digest == mail()

    @pytest.mark.parametrize("amount", [0, 2**53 - 1, 2**53, 2**256 - 1])
    def test_numbers_that_readers_of_json_round_are_text(self, amount):
        kind = "Payment(uint256 amount,bytes32 ref)"
        made = TypedData.of(DOMAIN, kind, [amount, b"\x01" * 32])
        assert made.digest == digest(DOMAIN.separator, struct_hash(kind, [amount, b"\x01" * 32]))
        assert made.message["amount"] == (amount if amount < 2**53 else str(amount))
        theirs = encode_typed_data(full_message=made.to_json())
        assert made.digest == keccak256(b"\x19\x01" + theirs.header + theirs.body)

    @pytest.mark.parametrize("text", ["", "-1", "1.5", "0x10", "٣"])
    def test_other_text_is_not_a_number(self, text):
        made = TypedData(DOMAIN, "Payment(uint256 amount)", {"amount": text})
        with pytest.raises(InputError, match="amount"):
            _ = made.digest

"""A passkey's public key, and its address: it stands where an account's would."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.crypto.documents import JsonNode, MalformedDocument
from careledger.crypto.hashing import keccak256
from careledger.identity.passkeys.errors import BadPasskey
from careledger.values.addresses import address

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
"""Size of P-256's field."""

B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
"""P-256: y² = x³ - 3x + B."""

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of P-256."""


@dataclass(frozen=True)
class PasskeyKey:
    """The public key: a point of P-256, 32 bytes for each coordinate."""

    x: bytes
    y: bytes

    def __post_init__(self) -> None:
        """Refuse a point that is not on the curve, for nobody can have its private key.

        Raises:
            BadPasskey: it is not on the curve.

        """
        if len(self.x) != 32 or len(self.y) != 32:
            raise BadPasskey("a passkey's coordinates are 32 bytes each")

        x = int.from_bytes(self.x, "big")
        y = int.from_bytes(self.y, "big")
        if x >= P or y >= P or (y * y - x * x * x + 3 * x - B) % P:
            raise BadPasskey("the passkey's coordinates are not a point of the curve P-256")

    @classmethod
    def of(cls, key: ec.EllipticCurvePublicKey) -> Self:
        """Take the coordinates of a key of the library `cryptography`.

        Raises:
            BadPasskey: it is of another curve.

        """
        if not isinstance(key.curve, ec.SECP256R1):
            raise BadPasskey(f"a passkey signs with the curve P-256, not {key.curve.name}")

        point = key.public_numbers()
        return cls(point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big"))

    @property
    def raw(self) -> bytes:
        """The coordinates one after the other, 64 bytes: ERC-7913's key."""
        return self.x + self.y

    def signer(self, verifier: str) -> bytes:
        """Return ERC-7913's signer, 84 bytes: the verifier's address and the key."""
        return bytes.fromhex(address(verifier, "passkey verifier")[2:]) + self.raw

    def address(self, verifier: str) -> ChecksumAddress:
        """Return the address that stands for this passkey where signatures name this verifier."""
        return to_checksum_address(keccak256(self.signer(verifier))[12:])

    @property
    def cose(self) -> dict[int, Any]:
        """The key as WebAuthn writes it (RFC 9053): EC2, ES256, P-256, x, y."""
        return {1: 2, 3: -7, -1: 1, -2: self.x, -3: self.y}


@dataclass(frozen=True)
class Passkey:
    """What a relying party keeps of a passkey; nothing of it is secret."""

    key: PasskeyKey
    credential_id: bytes
    """By which the browser finds it again; 1 to 1,023 bytes."""
    rp_id: str
    """The relying party that it is bound to, such as `wallet.example`."""
    count: int = 0
    """The last value of its signature counter; many passkeys leave it at 0."""
    backed_up: bool = False
    """Whether it is synchronised between devices, as of its creation."""

    def to_json(self) -> dict[str, Any]:
        """Return the passkey as JSON, to keep it."""
        return {
            "x": "0x" + self.key.x.hex(),
            "y": "0x" + self.key.y.hex(),
            "credentialId": "0x" + self.credential_id.hex(),
            "rpId": self.rp_id,
            "count": self.count,
            "backedUp": self.backed_up,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read `to_json` back.

        Raises:
            BadPasskey: a member is missing, unknown, or not what it has to be.

        """
        try:
            return cls._from_node(JsonNode.of(document, "the passkey"))
        except MalformedDocument as error:
            raise BadPasskey(f"{error}: register the passkey again") from error

    @classmethod
    def _from_node(cls, node: JsonNode) -> Self:
        members = node.object(["x", "y", "credentialId", "rpId", "count", "backedUp"])

        credential_id = members["credentialId"].hex()
        if not 0 < len(credential_id) < 1024:
            raise members["credentialId"].fault("not 1 to 1,023 bytes")
        rp_id = members["rpId"].text()
        if not rp_id:
            raise members["rpId"].fault("empty")
        backed_up = members["backedUp"]
        if not isinstance(backed_up.value, bool):
            raise backed_up.fault("not true or false")

        key = PasskeyKey(members["x"].hex(32), members["y"].hex(32))
        return cls(key, credential_id, rp_id, members["count"].integer(), backed_up.value)

"""What refunds need of any ERC-20 token: decimals, balances, allowances, signed permits."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress

from careledger.chain.contract import Payer, sender_of
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import digest, sign_digest, split_signature, struct_hash
from careledger.errors import NotFound, SettingsError
from careledger.values.addresses import address
from careledger.values.times import to_seconds

if TYPE_CHECKING:  # signing needs it, reading does not
    from eth_account.signers.local import LocalAccount

PERMIT_TYPE = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"


class Erc20Token:
    """An ERC-20 token at an address."""

    def __init__(self, chain: Chain, at: str, sender: Payer = None) -> None:
        """Bind to a token; reading needs no sender."""
        self.chain = chain
        self.address: ChecksumAddress = address(at, "token")
        self._payer = sender

    @property
    def sender(self) -> Sender | None:
        """Who pays for the transactions; asking may load the key."""
        return sender_of(self._payer)

    def using(self, sender: Payer) -> "Erc20Token":
        """Return the same token, with transactions paid for by somebody else."""
        return Erc20Token(self.chain, self.address, sender)

    def read(self, signature: str, kind: str, *arguments: Any) -> Any:
        """Call a function by its signature and return its one value.

        Raises:
            NotFound: what is at the address has no such function.

        """
        answer = self.chain.call(self.address, _calldata(signature, arguments))

        try:
            return decode([kind], answer)[0]
        except (DecodingError, OverflowError) as error:
            raise NotFound(
                f"there is no ERC-20 token at {self.address}: {signature} returns nothing"
            ) from error

    def queue(self, signature: str, *arguments: Any, gas: int | None = None) -> Pending:
        """Hand over a call of a function by its signature, without waiting for it.

        Args:
            gas: limit; None to simulate first.

        """
        return self._paying(signature).send(self.address, _calldata(signature, arguments), gas=gas)

    def _paying(self, signature: str) -> Sender:
        sender = self.sender
        if sender is None:
            raise SettingsError(f"{signature} is a transaction and needs a key to sign with")
        return sender

    def decimals(self) -> int:
        """Return how many decimals the smallest unit has."""
        return int(self.read("decimals()", "uint8"))

    def symbol(self) -> str:
        """Return the token's ticker."""
        return str(self.read("symbol()", "string"))

    def balance_of(self, owner: str) -> int:
        """Return what an account has, in the smallest unit."""
        return int(self.read("balanceOf(address)", "uint256", owner))

    def allowance(self, owner: str, spender: str) -> int:
        """Return what a spender may take of an owner's."""
        return int(self.read("allowance(address,address)", "uint256", owner, spender))

    def nonces(self, owner: str) -> int:
        """Return the nonce of an owner's next permit (EIP-2612)."""
        return int(self.read("nonces(address)", "uint256", owner))

    def domain_separator(self) -> bytes:
        """Return the 32-byte separator of the token's permits."""
        return bytes(self.read("DOMAIN_SEPARATOR()", "bytes32"))

    def approve(self, spender: str, amount: int) -> TransactionReceipt:
        """Let a spender take an amount of the sender's tokens."""
        signature = "approve(address,uint256)"
        return self._paying(signature).wait(self.queue(signature, spender, amount))


class Erc20Permit(NamedTuple):
    """A signed permit as the contracts take it."""

    deadline: int
    """The last second at which it holds, since 1970 UTC."""
    v: int
    r: bytes
    s: bytes


def sign_permit(
    account: "LocalAccount",
    separator: bytes,
    spender: str,
    *,
    value: int,
    nonce: int,
    deadline: datetime,
) -> Erc20Permit:
    """Sign that a spender may take tokens of an account (EIP-2612).

    Args:
        separator: the token's, as `Erc20Token.domain_separator` returns it.
        value: the most that may be taken, in the smallest unit.
        nonce: the account's next one, as `Erc20Token.nonces` returns it.

    """
    until = to_seconds(deadline)

    struct = struct_hash(PERMIT_TYPE, [account.address, spender, value, nonce, until])
    signature = sign_digest(account, digest(separator, struct))

    return Erc20Permit(until, *split_signature(signature))


def _calldata(signature: str, arguments: tuple[Any, ...]) -> bytes:
    inside = signature[signature.index("(") + 1 : -1]
    kinds = [kind for kind in inside.split(",") if kind]
    return keccak256(signature.encode())[:4] + encode(kinds, arguments)

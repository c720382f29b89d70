// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IReceivesTransfers
/// @notice What a contract has that wants to be told of tokens it is sent (ERC-1363,
/// `IERC1363Receiver`).
interface IReceivesTransfers {
    /// @notice Called by the token after it moved `value` from `from` here, on the order of
    /// `operator`.
    /// @return This function's selector, to accept; anything else refuses the transfer.
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4);
}

/// @title IReceivesApprovals
/// @notice What a contract has that wants to be told of allowances it is given (ERC-1363,
/// `IERC1363Spender`).
interface IReceivesApprovals {
    /// @notice Called by the token after `owner` allowed this contract to spend `value`.
    /// @return This function's selector, to accept; anything else refuses the allowance.
    function onApprovalReceived(address owner, uint256 value, bytes calldata data)
        external
        returns (bytes4);
}

/// @title ISignedERC20
/// @notice An ERC-20 token whose holder can do everything by a signature that somebody else sends
/// and pays for.
///
/// The standards, each as its own text says, and nothing that they leave open is left open here:
/// - ERC-20, with three decisions. Transfers to the zero address or to the token itself revert:
/// they are mistakes that nobody could mend. An allowance of 2^256 - 1 is not counted down. No
/// spender has an allowance that was not given.
/// - EIP-2612 (`permit`, `nonces`, `DOMAIN_SEPARATOR`), and `permit` with a signature of any length
/// for contract wallets.
/// - EIP-5267 (`eip712Domain`): name as the token's, version "1", the chain, this contract.
/// - ERC-1363: transfer or approve, and call the receiver, in one transaction.
/// - ERC-3009: transfer by authorisation with a random nonce, so that authorisations do not wait
/// for one another.
/// - ERC-165 for ERC-20, ERC-1363, EIP-5267 and ERC-165 itself.
///
/// Signatures: `v, r, s` are an account's. `signature` is an account's 65 bytes (r, s, v), a
/// passkey's (ERC-7913) or whatever the holder's contract wallet takes (ERC-1271). Of an account,
/// an s in the upper half of the curve's order is refused everywhere.
///
/// Beyond the errors below the token reverts with those of its base, Solady's ERC20:
/// `InsufficientBalance()`, `InsufficientAllowance()`, `PermitExpired()`, `InvalidPermit()`.
interface ISignedERC20 {
    /// @notice An authorisation of `authorizer` was used up (ERC-3009).
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    /// @notice An authorisation of `authorizer` was cancelled before it was used (ERC-3009).
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

    /// @notice Tokens cannot go to the zero address nor to the token contract itself.
    error SignedERC20_BadRecipient(address to);
    /// @notice The signature is not `signer`'s over this message: other content, chain, token,
    /// nonce or key, or its s is high.
    error SignedERC20_BadSignature(address signer);
    /// @notice The authorisation holds only after `validAfter`.
    error SignedERC20_NotYetValid(bytes32 nonce, uint256 actual, uint256 validAfter);
    /// @notice The authorisation held only before `validBefore`.
    error SignedERC20_Expired(bytes32 nonce, uint256 actual, uint256 validBefore);
    /// @notice The authorisation was used or cancelled already.
    error SignedERC20_AuthorizationSpent(address authorizer, bytes32 nonce);
    /// @notice Only the payee may use a `receiveWithAuthorization`.
    error SignedERC20_NotPayee(address actual, address expected);
    /// @notice The receiver is no contract, or did not accept what ERC-1363 told it.
    error SignedERC20_NotAccepted(address receiver);

    /// @notice Let `spender` spend `value` of the tokens of `owner`, who may be a contract wallet.
    /// @dev The message is EIP-2612's, with the same nonce: `Permit(address owner,address
    /// spender,uint256 value, uint256 nonce,uint256 deadline)`. Anyone may send it.
    /// @param deadline The last second at which it holds.
    /// Warning: whoever sees a permit may send it first; a caller must look at the allowance
    /// instead of insisting that its own permit was the one that set it.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Move tokens on the signed order of `from`; anyone may send it.
    /// @dev `TransferWithAuthorization(address from,address to,uint256 value,uint256
    /// validAfter,uint256 validBefore, bytes32 nonce)`. Holds strictly after `validAfter` and
    /// strictly before `validBefore`, seconds since 1970 UTC.
    /// @param nonce Any 32 bytes that `from` has not used in an authorisation of this token before;
    /// best random. Warning: anyone may send it, at any moment of its validity, without the call
    /// around it. A contract that acts on the receipt takes `receiveWithAuthorization`.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same for an account or a contract wallet.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Pull tokens on the signed order of `from`; only `to` may send it.
    /// @dev `ReceiveWithAuthorization(...)`, with the members of `TransferWithAuthorization`.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same for an account or a contract wallet.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Cancel an authorisation that was not used yet, on the signed order of `authorizer`.
    /// @dev `CancelAuthorization(address authorizer,bytes32 nonce)`. Anyone may send it.
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice The same for an account or a contract wallet.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature)
        external;

    /// @notice Transfer, and tell the receiver (ERC-1363). Reverts unless the receiver is a
    /// contract that accepts.
    function transferAndCall(address to, uint256 value) external returns (bool);

    /// @notice The same with data for the receiver.
    function transferAndCall(address to, uint256 value, bytes calldata data)
        external
        returns (bool);

    /// @notice Transfer on an allowance, and tell the receiver (ERC-1363).
    function transferFromAndCall(address from, address to, uint256 value) external returns (bool);

    /// @notice The same with data for the receiver.
    function transferFromAndCall(address from, address to, uint256 value, bytes calldata data)
        external
        returns (bool);

    /// @notice Approve, and tell the spender (ERC-1363). Reverts unless the spender is a contract
    /// that accepts.
    function approveAndCall(address spender, uint256 value) external returns (bool);

    /// @notice The same with data for the spender.
    function approveAndCall(address spender, uint256 value, bytes calldata data)
        external
        returns (bool);

    /// @notice Whether an authorisation was used or cancelled (ERC-3009).
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

    /// @notice The domain of this token's signatures (EIP-5267).
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );

    /// @notice Whether this contract has an interface (ERC-165).
    function supportsInterface(bytes4 interfaceId) external view returns (bool);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ITransferableToken
/// @notice The one function of ERC-20 that the escrow calls by itself; the rest goes through
/// Solady.
interface ITransferableToken {
    /// @notice Move the caller's tokens.
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @title IPermitToken
/// @notice EIP-2612: an allowance by signature.
interface IPermitToken {
    /// @notice Set `spender`'s allowance over `owner`'s tokens, as the owner signed.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}

/// @title IAuthorizationToken
/// @notice ERC-3009: a transfer by signature, which only its receiver can carry out.
interface IAuthorizationToken {
    /// @notice Move `value` from `from` to the caller `to`, as `from` signed; a nonce works once.
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
}

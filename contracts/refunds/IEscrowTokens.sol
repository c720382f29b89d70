// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ITransferableToken
/// @notice The one function of ERC-20 that the escrow calls itself. The others are called through
/// Solady.
interface ITransferableToken {
    /// @notice Move the caller's tokens.
    /// @custom:es Mueve los tokens de quien llama.
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @title IPermitToken
/// @notice EIP-2612: an allowance by signature.
interface IPermitToken {
    /// @notice Set an allowance over the owner's tokens, with the owner's signature.
    /// @custom:es Fija una autorización de gasto sobre los tokens del titular, con su firma.
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
    /// @notice Move tokens to the caller, with the holder's signature.
    /// @custom:es Mueve tokens a quien llama, con la firma del titular.
    /// @dev `to` is the caller. A nonce works once.
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

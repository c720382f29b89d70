// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IReceivesTransfers
/// @notice For a contract that wants to be told of tokens that it receives (ERC-1363,
/// `IERC1363Receiver`).
interface IReceivesTransfers {
    /// @notice Tell a contract that it received tokens.
    /// @custom:es Avisa a un contrato de que recibió tokens.
    /// @dev The token calls it after it moved `value` from `from` here, on the order of
    /// `operator`.
    /// @return This function's selector, to accept; anything else refuses the transfer.
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4);
}

/// @title IReceivesApprovals
/// @notice For a contract that wants to be told of allowances that it receives (ERC-1363,
/// `IERC1363Spender`).
interface IReceivesApprovals {
    /// @notice Tell a contract that it may spend tokens.
    /// @custom:es Avisa a un contrato de que puede gastar tokens.
    /// @dev The token calls it after `owner` allowed this contract to spend `value`.
    /// @return This function's selector, to accept; anything else refuses the allowance.
    function onApprovalReceived(address owner, uint256 value, bytes calldata data)
        external
        returns (bytes4);
}

/// @title ISignedERC20
/// @notice An ERC-20 token whose holder can do everything by a signature that somebody else sends
/// and pays for.
///
/// The token follows these standards, and decides what they leave open:
/// - ERC-20, with three decisions. Transfers to the zero address or to the token itself revert:
/// nobody could repair such a mistake. An allowance of 2^256 - 1 does not decrease. No spender has
/// an allowance that the holder did not give.
/// - EIP-2612 (`permit`, `nonces`, `DOMAIN_SEPARATOR`), and `permit` with a signature of any
/// length for contract wallets.
/// - EIP-5267 (`eip712Domain`): name as the token's, version "1", the chain, this contract.
/// - ERC-1363: transfer or approve, and call the receiver, in one transaction.
/// - ERC-3009: transfer by an authorization with a random nonce, so that authorizations do not
/// wait for one another.
/// - ERC-165 for ERC-20, ERC-1363, EIP-5267 and ERC-165 itself.
///
/// Signatures: `v, r, s` are an account's. `signature` is an account's 65 bytes (r, s, v), a
/// passkey's (ERC-7913) or what the holder's contract wallet accepts (ERC-1271). An account's
/// signature with an s in the upper half of the curve's order is refused everywhere.
///
/// Besides the errors below, the token reverts with those of its base, Solady's ERC20:
/// `InsufficientBalance()`, `InsufficientAllowance()`, `PermitExpired()`, `InvalidPermit()`.
interface ISignedERC20 {
    // -------------------------------------------------------------------------------------- events

    /// @notice A signed authorization was used.
    /// @custom:es Se usó una autorización firmada.
    /// @dev ERC-3009.
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    /// @notice A signed authorization was cancelled before it was used.
    /// @custom:es Se canceló una autorización firmada antes de usarla.
    /// @dev ERC-3009.
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

    // -------------------------------------------------------------------------------------- errors

    /// @notice Tokens cannot go to the zero address or to the token contract itself.
    /// @custom:es Los tokens no pueden ir a la dirección cero ni al propio contrato del token.
    error SignedERC20_BadRecipient(address to);

    /// @notice The signature is not valid for this signer.
    /// @custom:es La firma no es válida para este firmante.
    /// @dev It is over another content, chain, token or nonce, of another key, or its s is high.
    error SignedERC20_BadSignature(address signer);

    /// @notice The authorization is not valid yet.
    /// @custom:es La autorización aún no es válida.
    error SignedERC20_NotYetValid(bytes32 nonce, uint256 actual, uint256 validAfter);

    /// @notice The authorization has expired.
    /// @custom:es La autorización ha vencido.
    error SignedERC20_Expired(bytes32 nonce, uint256 actual, uint256 validBefore);

    /// @notice The authorization was already used or cancelled.
    /// @custom:es La autorización ya se usó o se canceló.
    error SignedERC20_AuthorizationSpent(address authorizer, bytes32 nonce);

    /// @notice Only the payee may use this authorization.
    /// @custom:es Solo el destinatario puede usar esta autorización.
    error SignedERC20_NotPayee(address actual, address expected);

    /// @notice The receiver is not a contract, or did not accept the call.
    /// @custom:es El destinatario no es un contrato, o no aceptó la llamada.
    /// @dev ERC-1363.
    error SignedERC20_NotAccepted(address receiver);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Let somebody spend tokens of an owner, with the owner's signature.
    /// @custom:es Permite a alguien gastar tokens de un titular, con la firma del titular.
    /// @dev For anyone. The owner, who may be a contract wallet, signs the message of EIP-2612,
    /// with the same nonce: `Permit(address owner,address spender,uint256 value,uint256
    /// nonce,uint256 deadline)`.
    ///
    /// Warning: whoever sees a permit may send it first. A caller must check the allowance, and
    /// not insist that its own permit set it.
    /// @param deadline The last second in which it is valid.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Transfer tokens, with the holder's signature.
    /// @custom:es Transfiere tokens, con la firma del titular.
    /// @dev For anyone. The holder signs `TransferWithAuthorization(address from,address
    /// to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)`. Valid strictly
    /// after `validAfter` and strictly before `validBefore`, in seconds since 1970 UTC.
    ///
    /// Warning: anyone may send it, at any moment of its validity, without the call around it. A
    /// contract that acts when it receives tokens uses `receiveWithAuthorization`.
    /// @param nonce Any 32 bytes that `from` has not used in an authorization of this token
    /// before; best random.
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

    /// @notice Transfer tokens, with the holder's signature.
    /// @custom:es Transfiere tokens, con la firma del titular.
    /// @dev As the function with `v`, `r`, `s`, for an account, a passkey or a contract wallet.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Transfer tokens to the caller, with the holder's signature.
    /// @custom:es Transfiere tokens a quien llama, con la firma del titular.
    /// @dev For `to` alone. The holder signs `ReceiveWithAuthorization(...)`, with the members of
    /// `TransferWithAuthorization`.
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

    /// @notice Transfer tokens to the caller, with the holder's signature.
    /// @custom:es Transfiere tokens a quien llama, con la firma del titular.
    /// @dev As the function with `v`, `r`, `s`, for an account, a passkey or a contract wallet.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Cancel an authorization that was not used yet, with its signer's signature.
    /// @custom:es Cancela una autorización que aún no se usó, con la firma de su firmante.
    /// @dev For anyone. `CancelAuthorization(address authorizer,bytes32 nonce)`.
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Cancel an authorization that was not used yet, with its signer's signature.
    /// @custom:es Cancela una autorización que aún no se usó, con la firma de su firmante.
    /// @dev As the function with `v`, `r`, `s`, for an account, a passkey or a contract wallet.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature)
        external;

    /// @notice Transfer tokens to a contract and tell it.
    /// @custom:es Transfiere tokens a un contrato y le avisa.
    /// @dev ERC-1363. Reverts unless the receiver is a contract that accepts.
    function transferAndCall(address to, uint256 value) external returns (bool);

    /// @notice Transfer tokens to a contract and tell it, with data.
    /// @custom:es Transfiere tokens a un contrato y le avisa, con datos.
    /// @dev ERC-1363. Reverts unless the receiver is a contract that accepts.
    function transferAndCall(address to, uint256 value, bytes calldata data)
        external
        returns (bool);

    /// @notice Transfer tokens from an allowance to a contract and tell it.
    /// @custom:es Transfiere a un contrato tokens de una autorización de gasto y le avisa.
    /// @dev ERC-1363. Reverts unless the receiver is a contract that accepts.
    function transferFromAndCall(address from, address to, uint256 value) external returns (bool);

    /// @notice Transfer tokens from an allowance to a contract and tell it, with data.
    /// @custom:es Transfiere a un contrato tokens de una autorización de gasto y le avisa, con
    /// datos.
    /// @dev ERC-1363. Reverts unless the receiver is a contract that accepts.
    function transferFromAndCall(address from, address to, uint256 value, bytes calldata data)
        external
        returns (bool);

    /// @notice Let a contract spend tokens and tell it.
    /// @custom:es Permite a un contrato gastar tokens y le avisa.
    /// @dev ERC-1363. Reverts unless the spender is a contract that accepts.
    function approveAndCall(address spender, uint256 value) external returns (bool);

    /// @notice Let a contract spend tokens and tell it, with data.
    /// @custom:es Permite a un contrato gastar tokens y le avisa, con datos.
    /// @dev ERC-1363. Reverts unless the spender is a contract that accepts.
    function approveAndCall(address spender, uint256 value, bytes calldata data)
        external
        returns (bool);

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether an authorization was used or cancelled.
    /// @custom:es Si una autorización se usó o se canceló.
    /// @dev ERC-3009.
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

    /// @notice The domain of this token's signatures.
    /// @custom:es El dominio de las firmas de este token.
    /// @dev EIP-5267.
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

    /// @notice Whether this contract supports an interface.
    /// @custom:es Si este contrato admite una interfaz.
    /// @dev ERC-165.
    function supportsInterface(bytes4 interfaceId) external view returns (bool);
}

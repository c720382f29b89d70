// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {ERC1056} from "./ERC1056.sol";

/// @title ControllerAuthority
/// @notice Who acts for an identity beside ERC-1056: its controller, directly or by typed data. See
/// `IIdentityRegistry`.
abstract contract ControllerAuthority is ERC1056, EIP712 {
    // ------------------------------------------------------------------------------------------------------- constants

    /// @dev Half the order of secp256k1: of the two values of s that make a signature, the lower one counts.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    // ------------------------------------------------------------------------------------------------------- internals

    function _controlled(address identity) internal view returns (Record record) {
        address controller;
        (record, controller) = _load(identity);
        if (msg.sender != controller) revert IdentityRegistry_NotController(identity, msg.sender, controller);
    }

    function _requireInTime(address identity, uint256 deadline) internal view {
        if (block.timestamp > deadline) {
            revert IdentityRegistry_SignatureExpired(identity, deadline, block.timestamp);
        }
    }

    /// @dev Uses up a nonce of the controller; a refusal later on gives it back.
    function _count(address identity, uint256 deadline) internal returns (uint256) {
        _requireInTime(identity, deadline);
        (, address controller) = _load(identity);
        return _useNonce(controller);
    }

    function _signedBy(address identity, bytes32 data, bytes calldata signature) internal view returns (Record record) {
        address controller;
        (record, controller) = _load(identity);
        if (!_signed(controller, _hashTypedData(data), signature)) {
            revert IdentityRegistry_BadSignature(identity, controller);
        }
    }

    /// @dev An account's own signature counts even where the account carries code (EIP-7702).
    function _signed(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 65 && uint256(bytes32(signature[32:64])) <= HALF_ORDER) {
            if (signer != address(0) && ECDSA.tryRecoverCalldata(digest, signature) == signer) return true;
        }
        if (signer.code.length == 0) return false;
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("CareLedger IdentityRegistry", "1");
    }
}

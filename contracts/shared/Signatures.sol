// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ECDSA} from "solady/utils/ECDSA.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title Signatures
/// @notice Whether somebody signed a digest: an account by ECDSA, a passkey (or another key that a
/// contract verifies) by ERC-7913, a contract wallet by ERC-1271.
///
/// A key of ERC-7913 has an address: the low 20 bytes of keccak256 of its verifier's address (20
/// bytes) and the key (64 bytes: x, y). Its signature begins with those 84 bytes and continues in
/// the verifier's own form. See `identity/IPasskeyVerifier.sol`.
/// @dev ECDSA is tried before ERC-1271: it does not read the signer's account, and it also works
/// for accounts with code (EIP-7702). An account's signature is valid with the lower of the two
/// values of s only, so it has one form. A contract wallet decides itself which bytes it accepts.
///
/// Warning: a wallet may answer differently in two calls. Prevent replay by a nonce or an id,
/// never by the signature.
library Signatures {
    /// @dev Half the order of secp256k1, rounded down.
    uint256 private constant _GREATEST_LOW_S =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev An account's signature: r, s and v.
    uint256 private constant _S_OFFSET = 32;
    uint256 private constant _ACCOUNT_SIGNATURE_LENGTH = 65;

    /// @dev What an ERC-7913 signature begins with: the verifier's address, x and y.
    uint256 private constant _VERIFIER_LENGTH = 20;
    uint256 private constant _KEY_LENGTH = 84;

    /// @notice Whether `s` is in its lower half.
    function isLow(bytes32 s) internal pure returns (bool) {
        return uint256(s) <= _GREATEST_LOW_S;
    }

    /// @notice Whether the account `signer` signed, by the three numbers of its signature.
    function isBy(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        internal
        pure
        returns (bool)
    {
        return isLow(s) && signer != address(0) && ecrecover(digest, v, r, s) == signer;
    }

    /// @notice Whether the account `signer` signed, by the bytes of its signature: r, s and v.
    function isByAccount(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signature.length != _ACCOUNT_SIGNATURE_LENGTH) return false;
        if (!isLow(LibBytes.loadCalldata(signature, _S_OFFSET))) return false;
        address recovered = ECDSA.tryRecoverCalldata(digest, signature);
        return recovered == signer && recovered != address(0);
    }

    /// @notice Whether `signer` signed: an account (65 bytes: r, s, v), a key of ERC-7913
    /// (verifier, x, y, then what the verifier accepts) or a contract wallet (what the wallet
    /// accepts).
    function isBy(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signature.length > _KEY_LENGTH) {
            if (_addressOf(signature) == signer) return _isVerified(digest, signature);
        } else if (isByAccount(signer, digest, signature)) {
            return true;
        }
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @dev The address of the key that the signature begins with.
    function _addressOf(bytes calldata signature) private pure returns (address) {
        bytes32 hash = EfficientHashLib.hashCalldata(signature, 0, _KEY_LENGTH);
        return address(uint160(uint256(hash)));
    }

    /// @dev The answer must be exactly one word: the identity precompile returns its whole input,
    /// which begins with the right selector.
    function _isVerified(bytes32 digest, bytes calldata signature) private view returns (bool) {
        (bool success, bytes memory answer) = address(bytes20(signature))
            .staticcall(
                abi.encodeCall(
                    IERC7913SignatureVerifier.verify,
                    (signature[_VERIFIER_LENGTH:_KEY_LENGTH], digest, signature[_KEY_LENGTH:])
                )
            );
        return success && answer.length == 32
            && bytes32(answer) == IERC7913SignatureVerifier.verify.selector;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ECDSA} from "solady/utils/ECDSA.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title Signatures
/// @notice Whether somebody signed a digest: an account by ECDSA, a passkey (or other key that a
/// contract verifies) by ERC-7913, a contract wallet by ERC-1271.
///
/// A key of ERC-7913 has an address: the low 20 bytes of keccak256 of its verifier's address (20
/// bytes) and the key (64 bytes: x, y). Its signature begins with those 84 bytes and goes on as the
/// verifier wants it. See `identity/IPasskeyVerifier.sol`.
/// @dev ECDSA goes first: it costs no look at the signer's account, and fits accounts that carry
/// code too (EIP-7702). Of the two values of s that make an account's signature only the lower one
/// counts, so it has one form. What a wallet takes is the wallet's to say: bytes of its own making
/// may look like anything.
///
/// Warning: a wallet may change its mind between two calls. Use a nonce or an id, never the
/// signature, against replay.
library Signatures {
    /// @dev Half the order of secp256k1, rounded down.
    uint256 private constant _GREATEST_LOW_S =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev What an ERC-7913 signature begins with: the verifier's address, x and y.
    uint256 private constant _SIGNER = 84;

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

    /// @notice Whether the account (65 bytes: r, s, v), key of ERC-7913 (verifier, x, y, what the
    /// verifier takes) or contract wallet (whatever it takes) `signer` signed.
    function isBy(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signature.length == 65 && isLow(bytes32(signature[32:]))) {
            address recovered = ECDSA.tryRecoverCalldata(digest, signature);
            if (recovered == signer && recovered != address(0)) return true;
        }
        if (signature.length > _SIGNER && _addressOf(signature[:_SIGNER]) == signer) {
            return _isVerified(digest, signature);
        }
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    function _addressOf(bytes calldata key) private pure returns (address) {
        return address(uint160(uint256(keccak256(key))));
    }

    /// @dev The answer is one word and no more: the identity precompile would answer any question
    /// with "yes" and more.
    function _isVerified(bytes32 digest, bytes calldata signature) private view returns (bool) {
        (bool success, bytes memory answer) = address(bytes20(signature))
            .staticcall(
                abi.encodeCall(
                    IERC7913SignatureVerifier.verify,
                    (signature[20:_SIGNER], digest, signature[_SIGNER:])
                )
            );
        return success && answer.length == 32
            && bytes32(answer) == IERC7913SignatureVerifier.verify.selector;
    }
}

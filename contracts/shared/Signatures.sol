// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title Signatures
/// @notice Whether somebody signed a digest: an account by ECDSA, a contract wallet by ERC-1271.
/// @dev ECDSA goes first: it costs no look at the signer's account, and fits accounts that carry code too (EIP-7702).
/// Of the two values of s that make an account's signature only the lower one counts, so it has one form. What a
/// wallet takes is the wallet's to say: bytes of its own making may look like anything.
///
/// Warning: a wallet may change its mind between two calls. Use a nonce or an id, never the signature, against replay.
library Signatures {
    /// @dev Half the order of secp256k1, rounded down.
    uint256 private constant _GREATEST_LOW_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Whether `s` is in its lower half.
    function isLow(bytes32 s) internal pure returns (bool) {
        return uint256(s) <= _GREATEST_LOW_S;
    }

    /// @notice Whether the account `signer` signed, by the three numbers of its signature.
    function isBy(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s) internal pure returns (bool) {
        return isLow(s) && signer != address(0) && ecrecover(digest, v, r, s) == signer;
    }

    /// @notice Whether the account (65 bytes: r, s, v) or contract wallet (whatever it takes) `signer` signed.
    function isBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 65 && isLow(bytes32(signature[32:]))) {
            address recovered = ECDSA.tryRecoverCalldata(digest, signature);
            if (recovered == signer && recovered != address(0)) return true;
        }
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}

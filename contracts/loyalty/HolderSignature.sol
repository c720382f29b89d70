// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title HolderSignature
/// @notice Whether a holder of points signed a digest: an account by ECDSA, a contract wallet by ERC-1271.
/// @dev ECDSA goes first: it costs no look at the holder's account, and fits accounts that carry code too (EIP-7702).
/// A high s is refused, so that a signature has one form only.
library HolderSignature {
    /// @dev Half the order of secp256k1, rounded down: the greatest s that is low.
    uint256 private constant _GREATEST_LOW_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Whether `s` is in its lower half.
    function isLow(bytes32 s) internal pure returns (bool) {
        return uint256(s) <= _GREATEST_LOW_S;
    }

    /// @notice Whether an account signed, by its three numbers.
    function isBy(address holder, bytes32 digest, uint8 v, bytes32 r, bytes32 s) internal pure returns (bool) {
        return isLow(s) && holder != address(0) && ecrecover(digest, v, r, s) == holder;
    }

    /// @notice Whether an account (65 bytes: r, s, v) or a contract wallet (whatever it takes) signed.
    function isBy(address holder, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 65 && isLow(bytes32(signature[32:]))) {
            address signer = ECDSA.tryRecoverCalldata(digest, signature);
            if (signer == holder && signer != address(0)) return true;
        }
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(holder, digest, signature);
    }
}

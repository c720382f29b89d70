// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title PartySignature
/// @notice Whether a party to a deal, or a scanner, signed a digest.
/// @dev An account's 65 bytes (r, s, v) are tried first, also where the account carries code (EIP-7702); anything else
/// is for the signer's contract to judge (ERC-1271). A signature with an s in the upper half of the curve's order is
/// refused, although nothing here relies on signatures having one form only.
library PartySignature {
    uint256 private constant _GREATEST_LOW_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Whether `signature` is `signer`'s over `digest`.
    function isBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signer == address(0)) return false;
        if (signature.length == 65) {
            bytes32 s = bytes32(signature[32:64]);
            if (uint256(s) > _GREATEST_LOW_S) return false;
            if (ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), s) == signer) return true;
        }
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}

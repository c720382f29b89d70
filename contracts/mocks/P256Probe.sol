// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {P256} from "../shared/P256.sol";

/// @title P256Probe
/// @notice The library `P256`, to be asked directly.
contract P256Probe {
    function verify(bytes32 hash, uint256 r, uint256 s, uint256 x, uint256 y)
        external
        view
        returns (bool)
    {
        return P256.verify(hash, r, s, x, y);
    }

    function isOnCurve(uint256 x, uint256 y) external pure returns (bool) {
        return P256.isOnCurve(x, y);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IPointPools} from "./IPointPools.sol";

/// @title PairWord
/// @notice A pair of `PointPools` in one word (both reserves, both brands' fees, open, locked),
/// and its price.
/// @dev The constants have no underscore, because `PointPools` reads them.
library PairWord {
    // ----------------------------------------------------------------------------------- constants

    /// @dev Where the parts of a word begin: the reserve of token 0 (104 bits), then these.
    uint256 internal constant RESERVE1_OFFSET = 104; // 104 bits
    uint256 internal constant FEE0_OFFSET = 208; // 16 bits
    uint256 internal constant FEE1_OFFSET = 224; // 16 bits
    uint256 internal constant OPEN_FLAG = 1 << 240;
    uint256 internal constant LOCK_FLAG = 1 << 241;

    uint256 internal constant RESERVE_MAX = type(uint104).max;
    uint256 internal constant LP_FEE_BPS = 30;
    uint256 internal constant BPS = 10_000;

    // ----------------------------------------------------------------------------------- internals

    /// @dev What a swap gives, and the pair's word after it. `fees` holds the fee on what is paid
    /// in (low half) and the fee on what comes out (high half).
    function price(bytes32 id, uint256 word, bool forward, uint256 amountIn)
        internal
        pure
        returns (uint256 fees, uint256 received, uint256 next)
    {
        unchecked {
            // A reserve and an amount have 104 bits, a factor 14: no product has more than 223.
            uint256 shift = forward ? 0 : RESERVE1_OFFSET;
            uint256 reserveIn = uint104(word >> shift);
            uint256 reserveOut = uint104(word >> (RESERVE1_OFFSET - shift));
            if (amountIn > RESERVE_MAX - reserveIn) {
                revert IPointPools.PointPools_TooMuch(id, amountIn);
            }

            bool charged = uint32(word >> FEE0_OFFSET) != 0;
            uint256 net = amountIn;
            if (charged) {
                fees = amountIn * uint16(word >> (forward ? FEE0_OFFSET : FEE1_OFFSET)) / BPS;
                net -= fees;
            }

            uint256 priced = net * (BPS - LP_FEE_BPS);
            received = FixedPointMathLib.rawDiv(priced * reserveOut, reserveIn * BPS + priced);
            next = (word >> FEE0_OFFSET << FEE0_OFFSET) | ((reserveIn + net) << shift)
                | ((reserveOut - received) << (RESERVE1_OFFSET - shift));

            if (charged) {
                uint256 feeOut =
                    received * uint16(word >> (forward ? FEE1_OFFSET : FEE0_OFFSET)) / BPS;
                received -= feeOut;
                fees |= feeOut << 128;
            }
        }
    }

    function reserve0(uint256 word) internal pure returns (uint256) {
        return uint104(word);
    }

    function reserve1(uint256 word) internal pure returns (uint256) {
        return uint104(word >> RESERVE1_OFFSET);
    }

    function requireInRange(bytes32 id, uint256 new0, uint256 new1) internal pure {
        if (new0 > RESERVE_MAX) revert IPointPools.PointPools_TooMuch(id, new0);
        if (new1 > RESERVE_MAX) revert IPointPools.PointPools_TooMuch(id, new1);
    }

    function withReserves(bytes32 id, uint256 word, uint256 new0, uint256 new1)
        internal
        pure
        returns (uint256)
    {
        requireInRange(id, new0, new1);
        return (word >> FEE0_OFFSET << FEE0_OFFSET) | (new1 << RESERVE1_OFFSET) | new0;
    }
}

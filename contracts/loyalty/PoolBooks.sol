// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC6909} from "solady/tokens/ERC6909.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IPointMarket} from "./IPointMarket.sol";
import {IPointPools} from "./IPointPools.sol";
import {PairWord} from "./PairWord.sol";

/// @title PoolBooks
/// @notice The books of the pools: pairs, shares, fees and credits. See `IPointPools`.
abstract contract PoolBooks is IPointPools, ERC6909 {
    // --------------------------------------------------------------------------------------- types

    /// @dev A pair in one word, read and written whole.
    struct Slot {
        uint256 word;
    }

    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc IPointPools
    uint256 public constant LP_FEE_BPS = PairWord.LP_FEE_BPS;
    /// @inheritdoc IPointPools
    uint256 public constant LOCKED_SHARES = 1000;

    /// @inheritdoc IPointPools
    IPointMarket public immutable POLICIES;

    // ------------------------------------------------------------------------------------- storage

    mapping(bytes32 id => Slot) internal _pairs;
    mapping(bytes32 id => uint256) internal _shares;
    mapping(address token => uint256) internal _fees;
    mapping(address token => mapping(address provider => uint256)) internal _credits;

    // --------------------------------------------------------------------------------- constructor

    constructor(IPointMarket policies) {
        POLICIES = policies;
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc ERC6909
    function name(uint256) public pure override returns (string memory) {
        return "CareLedger pool share";
    }

    /// @inheritdoc ERC6909
    function symbol(uint256) public pure override returns (string memory) {
        return "SHARE";
    }

    /// @inheritdoc ERC6909
    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }

    // ------------------------------------------------------------------------ internals: the price

    /// @dev Book a swap and lock the pair. Return the word that unlocks it, and what the swapper
    /// gets.
    function _trade(
        bytes32 id,
        Slot storage slot,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut
    ) internal returns (uint256 word, uint256 received) {
        word = slot.word;
        if (word & (PairWord.OPEN_FLAG | PairWord.LOCK_FLAG) != PairWord.OPEN_FLAG) {
            _refuse(id, word);
        }

        uint256 fees;
        (fees, received, word) = PairWord.price(id, word, tokenIn < tokenOut, amountIn);
        if (received == 0 || received < minOut) {
            revert PointPools_TooLittleOut(id, received, minOut);
        }

        slot.word = word | PairWord.LOCK_FLAG;
        if (fees != 0) {
            _charge(tokenIn, id, uint128(fees));
            _charge(tokenOut, id, fees >> 128);
        }
    }

    function _charge(address token, bytes32 id, uint256 amount) private {
        if (amount == 0) return;
        _fees[token] += amount;
        emit FeeCharged(token, id, amount);
    }

    // --------------------------------------------------------------------------- internals: shares

    /// @dev How many shares these amounts make, and how much of them is taken. Book the shares.
    function _worth(bytes32 id, uint256 word, uint256 amount0, uint256 amount1)
        internal
        returns (uint256 shares, uint256 taken0, uint256 taken1)
    {
        PairWord.requireInRange(id, amount0, amount1);

        uint256 total = _shares[id];
        if (total == 0) {
            uint256 root = FixedPointMathLib.sqrt(amount0 * amount1);
            if (root <= LOCKED_SHARES) revert PointPools_NoShares(id);
            _shares[id] = root;
            return (root - LOCKED_SHARES, amount0, amount1);
        }

        uint256 reserve0 = PairWord.reserve0(word);
        uint256 reserve1 = PairWord.reserve1(word);
        shares = FixedPointMathLib.min(amount0 * total / reserve0, amount1 * total / reserve1);
        if (shares == 0) revert PointPools_NoShares(id);
        taken0 = FixedPointMathLib.divUp(shares * reserve0, total);
        taken1 = FixedPointMathLib.divUp(shares * reserve1, total);
        _shares[id] = total + shares;
    }

    /// @dev What shares are worth, and the pair's word after they are gone. Book the shares.
    function _redeem(bytes32 id, uint256 word, uint256 shares)
        internal
        returns (uint256 amount0, uint256 amount1, uint256 rest)
    {
        uint256 total = _shares[id];
        if (shares == 0 || shares > total) revert PointPools_NoShares(id);

        uint256 reserve0 = PairWord.reserve0(word);
        uint256 reserve1 = PairWord.reserve1(word);
        amount0 = shares * reserve0 / total;
        amount1 = shares * reserve1 / total;
        _shares[id] = total - shares;
        rest = PairWord.withReserves(id, word, reserve0 - amount0, reserve1 - amount1);
    }

    // ------------------------------------------------------------------ internals: the pair's word

    /// @dev A token with itself has an id too. That pair is never funded: `_sorted` refuses it.
    function _id(address tokenA, address tokenB) internal pure returns (bytes32) {
        if (tokenA > tokenB) (tokenA, tokenB) = (tokenB, tokenA);
        return EfficientHashLib.hash(uint160(tokenA), uint160(tokenB));
    }

    /// @dev Say why a pair does not swap.
    function _refuse(bytes32 id, uint256 word) internal pure {
        _requireUnlocked(id, word);
        revert PointPools_NotOpen(id);
    }

    function _requireUnlocked(bytes32 id, uint256 word) private pure {
        if (word & PairWord.LOCK_FLAG != 0) revert PointPools_Locked(id);
    }

    function _unlocked(bytes32 id) internal view returns (uint256 word) {
        word = _pairs[id].word;
        _requireUnlocked(id, word);
    }

    /// @dev The pair's word with both brands' policies as they are now.
    function _withPolicies(bytes32 id, address token0, address token1)
        internal
        returns (uint256 word)
    {
        uint256 old = _unlocked(id);
        IPointMarket.Policy memory policy0 = POLICIES.policyOf(token0);
        IPointMarket.Policy memory policy1 = POLICIES.policyOf(token1);
        word = uint208(old) | uint256(policy0.feeBps) << PairWord.FEE0_OFFSET
            | uint256(policy1.feeBps) << PairWord.FEE1_OFFSET;
        if (policy0.pools && policy1.pools) word |= PairWord.OPEN_FLAG;
        if (word != old) {
            emit Synced(id, policy0.feeBps, policy1.feeBps, word & PairWord.OPEN_FLAG != 0);
        }
    }
}

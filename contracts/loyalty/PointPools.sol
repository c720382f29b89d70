// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {ERC6909} from "solady/tokens/ERC6909.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IPointMarket} from "./IPointMarket.sol";
import {IPointPools} from "./IPointPools.sol";
import {ISignedERC20} from "./ISignedERC20.sol";
import {PairWord} from "./PairWord.sol";
import {PoolBooks} from "./PoolBooks.sol";

/// @title PointPools
/// @notice See `IPointPools`.
/// @dev A pair is one word: both reserves, both brands' fees, open, locked. A swap writes it with
/// the reserves as they will be and the lock set, moves the tokens, and writes it again without
/// the lock.
contract PointPools is PoolBooks {
    // ----------------------------------------------------------------------------------- constants

    /// @dev The gas that a token gets for a payout. A token that burns more does not use up the
    /// rest of the transaction.
    uint256 private constant _PUSH_GAS = 300_000;

    // --------------------------------------------------------------------------------- constructor

    constructor(IPointMarket policies) PoolBooks(policies) {}

    // ---------------------------------------------------------------------------- writes: swapping

    /// @inheritdoc IPointPools
    function swap(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        uint256 deadline
    ) external returns (uint256 received) {
        // Checks and effects: the pair is booked and locked.
        _checkTime(deadline);
        bytes32 id = _id(tokenIn, tokenOut);
        uint256 word;
        Slot storage slot = _pairs[id];
        (word, received) = _trade(id, slot, tokenIn, tokenOut, amountIn, minOut);

        // Interactions, and then the lock is taken off.
        _pull(tokenIn, amountIn);
        SafeTransferLib.safeTransfer(tokenOut, msg.sender, received);
        slot.word = word;
        emit Swapped(tokenIn, tokenOut, msg.sender, address(this), amountIn, received, id);
    }

    /// @inheritdoc IPointPools
    function swapWithAuthorization(SwapOrder calldata order, bytes calldata signature)
        external
        returns (uint256 received)
    {
        // Checks and effects: the pair is booked and locked.
        _check(order.to, order.deadline);
        bytes32 id = _id(order.tokenIn, order.tokenOut);
        uint256 word;
        Slot storage slot = _pairs[id];
        (word, received) =
            _trade(id, slot, order.tokenIn, order.tokenOut, order.amountIn, order.minOut);

        // Interactions, and then the lock is taken off.
        _pullSigned(order, signature);
        SafeTransferLib.safeTransfer(order.tokenOut, order.to, received);
        slot.word = word;
        emit Swapped(
            order.tokenIn, order.tokenOut, order.from, address(this), order.amountIn, received, id
        );
    }

    // --------------------------------------------------------------------------- writes: liquidity

    /// @inheritdoc IPointPools
    function addLiquidity(Funding calldata given) external returns (uint256 shares) {
        // Checks
        _check(given.to, given.deadline);
        Funding memory funding = _sorted(given);
        bytes32 id = _id(funding.tokenA, funding.tokenB);
        uint256 word = _withPolicies(id, funding.tokenA, funding.tokenB);
        if (word & PairWord.OPEN_FLAG == 0) revert PointPools_NotOpen(id);

        uint256 amount0;
        uint256 amount1;
        (shares, amount0, amount1) = _worth(id, word, funding.amountA, funding.amountB);
        _checkMinimum(funding.tokenA, amount0, funding.minA);
        _checkMinimum(funding.tokenB, amount1, funding.minB);
        word = PairWord.withReserves(
            id, word, PairWord.reserve0(word) + amount0, PairWord.reserve1(word) + amount1
        );

        // Effects
        Slot storage slot = _pairs[id];
        slot.word = word | PairWord.LOCK_FLAG;
        _mint(funding.to, uint256(id), shares);

        // Interactions, and then the lock is taken off.
        _pull(funding.tokenA, amount0);
        _pull(funding.tokenB, amount1);
        slot.word = word;
        emit LiquidityAdded(id, msg.sender, funding.to, amount0, amount1, shares);
    }

    /// @inheritdoc IPointPools
    function removeLiquidity(Removal calldata removal)
        external
        returns (uint256 amountA, uint256 amountB)
    {
        // Checks
        _check(removal.to, removal.deadline);
        bytes32 id = _id(removal.tokenA, removal.tokenB);
        bool sorted = removal.tokenA < removal.tokenB;
        uint256 word = _unlocked(id);
        (uint256 amount0, uint256 amount1, uint256 rest) = _redeem(id, word, removal.shares);
        (amountA, amountB) = sorted ? (amount0, amount1) : (amount1, amount0);
        _checkMinimum(removal.tokenA, amountA, removal.minA);
        _checkMinimum(removal.tokenB, amountB, removal.minB);

        // Effects
        Slot storage slot = _pairs[id];
        slot.word = rest | PairWord.LOCK_FLAG;
        _burn(msg.sender, uint256(id), removal.shares);

        // Interactions, and then the lock is taken off.
        _payOut(removal.tokenA, removal.to, amountA);
        _payOut(removal.tokenB, removal.to, amountB);
        slot.word = rest;
        emit LiquidityRemoved(id, msg.sender, removal.to, amount0, amount1, removal.shares);
    }

    /// @inheritdoc IPointPools
    function claim(address token, address to) external returns (uint256 amount) {
        // Checks
        _checkRecipient(to);
        amount = _credits[token][msg.sender];
        if (amount == 0) revert PointPools_NothingToClaim(token, msg.sender);

        // Effects
        _credits[token][msg.sender] = 0;

        // Interactions
        SafeTransferLib.safeTransfer(token, to, amount);
        emit Claimed(token, msg.sender, to, amount);
    }

    /// @inheritdoc ERC6909
    function transfer(address to, uint256 id, uint256 amount)
        public
        payable
        override
        returns (bool)
    {
        _checkRecipient(to);
        return super.transfer(to, id, amount);
    }

    /// @inheritdoc ERC6909
    function transferFrom(address from, address to, uint256 id, uint256 amount)
        public
        payable
        override
        returns (bool)
    {
        _checkRecipient(to);
        return super.transferFrom(from, to, id, amount);
    }

    // ------------------------------------------------------------------------------ writes: brands

    /// @inheritdoc IPointPools
    function sync(address tokenA, address tokenB) external {
        bytes32 id = _id(tokenA, tokenB);
        _pairs[id].word = tokenA < tokenB
            ? _withPolicies(id, tokenA, tokenB)
            : _withPolicies(id, tokenB, tokenA);
    }

    /// @inheritdoc IPointPools
    function collectFees(address token) external returns (uint256 amount) {
        // Checks
        amount = _fees[token];
        address to = POLICIES.policyOf(token).feeTo;
        if (amount == 0 || to == address(0)) {
            revert PointPools_NothingToCollect(token, amount, to);
        }

        // Effects
        _fees[token] = 0;

        // Interactions
        SafeTransferLib.safeTransfer(token, to, amount);
        emit FeesCollected(token, to, amount);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IPointPools
    function quote(address tokenIn, address tokenOut, uint256 amountIn)
        external
        view
        returns (Quote memory result)
    {
        bytes32 id = _id(tokenIn, tokenOut);
        uint256 word = _pairs[id].word;
        if (word & (PairWord.OPEN_FLAG | PairWord.LOCK_FLAG) != PairWord.OPEN_FLAG) {
            _refuse(id, word);
        }

        uint256 fees;
        (fees, result.received,) = PairWord.price(id, word, tokenIn < tokenOut, amountIn);
        result.feeIn = uint128(fees);
        result.feeOut = fees >> 128;
        if (result.received == 0) revert PointPools_TooLittleOut(id, 0, 1);
    }

    /// @inheritdoc IPointPools
    function pairOf(address tokenA, address tokenB) external view returns (Pair memory) {
        bytes32 id = _id(tokenA, tokenB);
        uint256 word = _pairs[id].word;
        return Pair({
            id: id,
            token0: tokenA < tokenB ? tokenA : tokenB,
            token1: tokenA < tokenB ? tokenB : tokenA,
            reserve0: PairWord.reserve0(word),
            reserve1: PairWord.reserve1(word),
            shares: _shares[id],
            feeBps0: uint16(word >> PairWord.FEE0_OFFSET),
            feeBps1: uint16(word >> PairWord.FEE1_OFFSET),
            open: word & PairWord.OPEN_FLAG != 0
        });
    }

    /// @inheritdoc IPointPools
    function feesOf(address token) external view returns (uint256) {
        return _fees[token];
    }

    /// @inheritdoc IPointPools
    function creditOf(address token, address provider) external view returns (uint256) {
        return _credits[token][provider];
    }

    /// @inheritdoc IPointPools
    function orderNonce(SwapOrder calldata order) public pure returns (bytes32) {
        return keccak256(abi.encode(order.tokenOut, order.minOut, order.to, order.salt));
    }

    // --------------------------------------------------------------------------- internals: tokens

    function _pull(address token, uint256 amount) private {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        SafeTransferLib.safeTransferFrom(token, msg.sender, address(this), amount);
        _checkArrived(token, before, amount);
    }

    function _pullSigned(SwapOrder calldata order, bytes calldata signature) private {
        uint256 before = SafeTransferLib.balanceOf(order.tokenIn, address(this));
        ISignedERC20(order.tokenIn)
            .receiveWithAuthorization(
                order.from,
                address(this),
                order.amountIn,
                0,
                order.deadline + 1,
                orderNonce(order),
                signature
            );
        _checkArrived(order.tokenIn, before, order.amountIn);
    }

    function _checkArrived(address token, uint256 before, uint256 amount) private view {
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        unchecked {
            // A token whose balance falls meanwhile lies about balances: nothing can be measured.
            uint256 arrived = balance - before;
            if (balance < before || arrived < amount) {
                revert PointPools_Short(token, arrived, amount);
            }
        }
    }

    /// @dev A token that cannot be paid out must not block the other one.
    function _payOut(address token, address to, uint256 amount) private {
        if (amount == 0 || _tryTransfer(token, to, amount)) return;
        _credits[token][msg.sender] += amount;
        emit Credited(token, msg.sender, amount);
    }

    function _tryTransfer(address token, address to, uint256 amount) private returns (bool) {
        (bool success,, bytes memory answer) =
            LibCall.tryCall(token, 0, _PUSH_GAS, 32, abi.encodeCall(ERC20.transfer, (to, amount)));
        if (answer.length == 0) return success && token.code.length != 0;
        return success && answer.length == 32 && uint256(bytes32(answer)) == 1;
    }

    // --------------------------------------------------------------------------- internals: checks

    function _sorted(Funding calldata given) private pure returns (Funding memory funding) {
        if (given.tokenA == given.tokenB) revert PointPools_SameToken(given.tokenA);
        funding = given;
        if (given.tokenA < given.tokenB) return funding;

        (funding.tokenA, funding.tokenB) = (given.tokenB, given.tokenA);
        (funding.amountA, funding.amountB) = (given.amountB, given.amountA);
        (funding.minA, funding.minB) = (given.minB, given.minA);
    }

    function _check(address to, uint256 deadline) private view {
        _checkTime(deadline);
        _checkRecipient(to);
    }

    function _checkTime(uint256 deadline) private view {
        if (block.timestamp > deadline) revert PointPools_Expired(block.timestamp, deadline);
    }

    function _checkRecipient(address to) private view {
        if (to == address(0) || to == address(this)) revert PointPools_BadRecipient(to);
    }

    function _checkMinimum(address token, uint256 amount, uint256 minimum) private pure {
        if (amount < minimum) revert PointPools_BelowMinimum(token, amount, minimum);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {ERC6909} from "solady/tokens/ERC6909.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IPointMarket} from "./IPointMarket.sol";
import {IPointPools} from "./IPointPools.sol";
import {ISignedERC20} from "./ISignedERC20.sol";
import {PairWord} from "./PairWord.sol";

/// @title PointPools
/// @notice See IPointPools.
/// @dev A pair is one word: both reserves, both brands' fees, open, locked. A swap writes it with
/// the reserves as they will be and the lock set, moves the tokens, and writes it again without the
/// lock.
contract PointPools is IPointPools, ERC6909 {
    // --------------------------------------------------------------------------------------- types

    /// @dev A pair in one word, read and written whole.
    struct Slot {
        uint256 word;
    }

    // ----------------------------------------------------------------------------------- constants

    /// @dev What a token gets to pay out with; one that burns more does not take the rest of the
    /// transaction with it.
    uint256 private constant _PUSH_GAS = 300_000;
    /// @inheritdoc IPointPools
    uint256 public constant LP_FEE_BPS = PairWord.LP_FEE_BPS;
    /// @inheritdoc IPointPools
    uint256 public constant LOCKED_SHARES = 1000;

    /// @inheritdoc IPointPools
    IPointMarket public immutable POLICIES;

    // ------------------------------------------------------------------------------------- storage

    mapping(bytes32 id => Slot) private _pairs;
    mapping(bytes32 id => uint256) private _shares;
    mapping(address token => uint256) private _fees;
    mapping(address token => mapping(address provider => uint256)) private _credits;

    // --------------------------------------------------------------------------------- constructor

    constructor(IPointMarket policies) {
        POLICIES = policies;
    }

    // ------------------------------------------------------------------------------------ swapping

    /// @inheritdoc IPointPools
    function swap(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        uint256 deadline
    ) external returns (uint256 received) {
        _checkTime(deadline);
        bytes32 id = _id(tokenIn, tokenOut);
        uint256 word;
        Slot storage slot = _pairs[id];
        (word, received) = _trade(id, slot, tokenIn, tokenOut, amountIn, minOut);
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
        _check(order.to, order.deadline);
        bytes32 id = _id(order.tokenIn, order.tokenOut);
        uint256 word;
        Slot storage slot = _pairs[id];
        (word, received) =
            _trade(id, slot, order.tokenIn, order.tokenOut, order.amountIn, order.minOut);
        _pullSigned(order, signature);
        SafeTransferLib.safeTransfer(order.tokenOut, order.to, received);
        slot.word = word;
        emit Swapped(
            order.tokenIn, order.tokenOut, order.from, address(this), order.amountIn, received, id
        );
    }

    // ----------------------------------------------------------------------------------- liquidity

    /// @inheritdoc IPointPools
    function addLiquidity(Funding calldata given) external returns (uint256 shares) {
        _check(given.to, given.deadline);
        Funding memory funding = _sorted(given);
        bytes32 id = _id(funding.tokenA, funding.tokenB);
        uint256 word = _withPolicies(id, funding.tokenA, funding.tokenB);
        if (word & PairWord.OPEN == 0) revert PointPools_NotOpen(id);

        (uint256 amount0, uint256 amount1) = (funding.amountA, funding.amountB);
        (shares, amount0, amount1) = _worth(id, word, amount0, amount1);
        _checkMinimum(funding.tokenA, amount0, funding.minA);
        _checkMinimum(funding.tokenB, amount1, funding.minB);
        word = PairWord.withReserves(
            id, word, PairWord.reserve0(word) + amount0, PairWord.reserve1(word) + amount1
        );

        _pairs[id].word = word | PairWord.LOCK;
        _mint(funding.to, uint256(id), shares);
        _pull(funding.tokenA, amount0);
        _pull(funding.tokenB, amount1);
        _pairs[id].word = word;
        emit LiquidityAdded(id, msg.sender, funding.to, amount0, amount1, shares);
    }

    /// @inheritdoc IPointPools
    function removeLiquidity(Removal calldata removal)
        external
        returns (uint256 amountA, uint256 amountB)
    {
        _check(removal.to, removal.deadline);
        bytes32 id = _id(removal.tokenA, removal.tokenB);
        bool sorted = removal.tokenA < removal.tokenB;
        uint256 word = _unlocked(id);
        (uint256 amount0, uint256 amount1, uint256 rest) = _redeem(id, word, removal.shares);
        (amountA, amountB) = sorted ? (amount0, amount1) : (amount1, amount0);
        _checkMinimum(removal.tokenA, amountA, removal.minA);
        _checkMinimum(removal.tokenB, amountB, removal.minB);

        _pairs[id].word = rest | PairWord.LOCK;
        _burn(msg.sender, uint256(id), removal.shares);
        _payOut(removal.tokenA, removal.to, amountA);
        _payOut(removal.tokenB, removal.to, amountB);
        _pairs[id].word = rest;
        emit LiquidityRemoved(id, msg.sender, removal.to, amount0, amount1, removal.shares);
    }

    /// @inheritdoc IPointPools
    function claim(address token, address to) external returns (uint256 amount) {
        _checkRecipient(to);
        amount = _credits[token][msg.sender];
        if (amount == 0) revert PointPools_NothingToClaim(token, msg.sender);
        _credits[token][msg.sender] = 0;
        SafeTransferLib.safeTransfer(token, to, amount);
        emit Claimed(token, msg.sender, to, amount);
    }

    function transfer(address to, uint256 id, uint256 amount)
        public
        payable
        override
        returns (bool)
    {
        _checkRecipient(to);
        return super.transfer(to, id, amount);
    }

    function transferFrom(address from, address to, uint256 id, uint256 amount)
        public
        payable
        override
        returns (bool)
    {
        _checkRecipient(to);
        return super.transferFrom(from, to, id, amount);
    }

    // -------------------------------------------------------------------------------------- brands

    /// @inheritdoc IPointPools
    function sync(address tokenA, address tokenB) external {
        bytes32 id = _id(tokenA, tokenB);
        _pairs[id].word = tokenA < tokenB
            ? _withPolicies(id, tokenA, tokenB)
            : _withPolicies(id, tokenB, tokenA);
    }

    /// @inheritdoc IPointPools
    function collectFees(address token) external returns (uint256 amount) {
        amount = _fees[token];
        address to = POLICIES.policyOf(token).feeTo;
        if (amount == 0 || to == address(0)) {
            revert PointPools_NothingToCollect(token, amount, to);
        }
        _fees[token] = 0;
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
        if (word & (PairWord.OPEN | PairWord.LOCK) != PairWord.OPEN) _refuse(id, word);
        uint256 fees;
        (fees, result.received,) = PairWord.price(id, word, tokenIn < tokenOut, amountIn);
        (result.feeIn, result.feeOut) = (uint128(fees), fees >> 128);
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
            feeBps0: uint16(word >> PairWord.FEE0),
            feeBps1: uint16(word >> PairWord.FEE1),
            open: word & PairWord.OPEN != 0
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

    function name(uint256) public pure override returns (string memory) {
        return "CareLedger pool share";
    }

    function symbol(uint256) public pure override returns (string memory) {
        return "SHARE";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }

    // ------------------------------------------------------------------------ internals: the price

    /// @dev Book a swap and lock the pair. Returns the word that unlocks it, and what the swapper
    /// gets.
    function _trade(
        bytes32 id,
        Slot storage slot,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut
    ) private returns (uint256 word, uint256 received) {
        word = slot.word;
        if (word & (PairWord.OPEN | PairWord.LOCK) != PairWord.OPEN) _refuse(id, word);
        uint256 fees;
        (fees, received, word) = PairWord.price(id, word, tokenIn < tokenOut, amountIn);
        if (received == 0 || received < minOut) {
            revert PointPools_TooLittleOut(id, received, minOut);
        }
        slot.word = word | PairWord.LOCK;
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

    /// @dev How many shares at most these amounts make, and what of them it takes; books the
    /// shares.
    function _worth(bytes32 id, uint256 word, uint256 amount0, uint256 amount1)
        private
        returns (uint256 shares, uint256 taken0, uint256 taken1)
    {
        if (amount0 > PairWord.RESERVE_MAX) revert PointPools_TooMuch(id, amount0);
        if (amount1 > PairWord.RESERVE_MAX) revert PointPools_TooMuch(id, amount1);
        uint256 total = _shares[id];
        if (total == 0) {
            uint256 root = FixedPointMathLib.sqrt(amount0 * amount1);
            if (root <= LOCKED_SHARES) revert PointPools_NoShares(id);
            _shares[id] = root;
            return (root - LOCKED_SHARES, amount0, amount1);
        }
        (uint256 reserve0, uint256 reserve1) = (PairWord.reserve0(word), PairWord.reserve1(word));
        shares = FixedPointMathLib.min(amount0 * total / reserve0, amount1 * total / reserve1);
        if (shares == 0) revert PointPools_NoShares(id);
        taken0 = FixedPointMathLib.divUp(shares * reserve0, total);
        taken1 = FixedPointMathLib.divUp(shares * reserve1, total);
        _shares[id] = total + shares;
    }

    /// @dev What shares are a part of, and the pair's word after they are gone; books the shares.
    function _redeem(bytes32 id, uint256 word, uint256 shares)
        private
        returns (uint256 amount0, uint256 amount1, uint256 rest)
    {
        uint256 total = _shares[id];
        if (shares == 0 || shares > total) revert PointPools_NoShares(id);
        (uint256 reserve0, uint256 reserve1) = (PairWord.reserve0(word), PairWord.reserve1(word));
        (amount0, amount1) = (shares * reserve0 / total, shares * reserve1 / total);
        _shares[id] = total - shares;
        rest = PairWord.withReserves(id, word, reserve0 - amount0, reserve1 - amount1);
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
            // a token whose balances overflow or fall meanwhile is a liar, and nothing can be
            // measured of it
            uint256 arrived = balance - before;
            if (balance < before || arrived < amount) {
                revert PointPools_Short(token, arrived, amount);
            }
        }
    }

    /// @dev A token that refuses must not hold back the other one.
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

    // ------------------------------------------------------------------ internals: the pair's word

    /// @dev The id of a token with itself is an id too, of a pair that is never funded: `_sorted`
    /// sees to it.
    function _id(address tokenA, address tokenB) private pure returns (bytes32) {
        if (tokenA > tokenB) (tokenA, tokenB) = (tokenB, tokenA);
        return EfficientHashLib.hash(uint160(tokenA), uint160(tokenB));
    }

    function _refuse(bytes32 id, uint256 word) private pure {
        if (word & PairWord.LOCK != 0) revert PointPools_Locked(id);
        revert PointPools_NotOpen(id);
    }

    function _unlocked(bytes32 id) private view returns (uint256 word) {
        word = _pairs[id].word;
        if (word & PairWord.LOCK != 0) revert PointPools_Locked(id);
    }

    /// @dev The pair's word with both brands' policies as they are now.
    function _withPolicies(bytes32 id, address token0, address token1)
        private
        returns (uint256 word)
    {
        uint256 old = _unlocked(id);
        IPointMarket.Policy memory policy0 = POLICIES.policyOf(token0);
        IPointMarket.Policy memory policy1 = POLICIES.policyOf(token1);
        word = uint208(old) | uint256(policy0.feeBps) << PairWord.FEE0 | uint256(policy1.feeBps)
            << PairWord.FEE1;
        if (policy0.pools && policy1.pools) word |= PairWord.OPEN;
        if (word != old) {
            emit Synced(id, policy0.feeBps, policy1.feeBps, word & PairWord.OPEN != 0);
        }
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

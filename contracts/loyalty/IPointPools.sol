// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPointMarket} from "./IPointMarket.sol";
import {IPointSwaps} from "./IPointSwaps.sol";

/// @title IPointPools
/// @notice Points of one brand for points of another at any time, against a pool whose price
/// follows from what it holds.
///
/// **Price.** Each pair of tokens has one pool. Of what is paid in, first the fee of its brand is
/// set aside, then 0.30 % (`LP_FEE_BPS`) stays for those who funded the pool; what is left moves
/// the product of the two reserves along a constant. Of what comes out, the fee of its brand is set
/// aside. Every division is rounded in the pool's favour, except that brands' fees are rounded
/// down. The product of the reserves never falls by a swap.
///
/// **Shares.** Who funds a pool gets shares (ERC-6909, id = the pair's id as a number), which are a
/// part of both reserves and of what they earn. The first 1,000 shares of a pair belong to nobody,
/// ever. Reserves are booked: tokens that are merely sent here change no price, and are lost.
///
/// **Brands.** A pool swaps only while the policies of both brands in `POLICIES` let pools be. The
/// policies are copied into the pair's own slot, which is what makes a swap cheap: `addLiquidity`
/// copies them, and so does `sync`, which anyone may call and a brand's own tools call right after
/// `setPolicy`. A brand's fees pile up here and go to the account in its policy, whoever calls
/// `collectFees`. Taking liquidity out needs no policy: no brand can lock it in.
///
/// **Hostile tokens.** Only tokens with a policy come in, and anyone can have one for a token of
/// their own. What a token does badly falls on the pools that hold it: what arrives is measured, a
/// pair that is in the middle of a swap is locked, and a token that refuses to be paid out does not
/// hold back the other one (see `claim`).
///
/// Reserves are below 2^104 (with 18 decimals 20 million million points). Times are seconds since
/// 1970 UTC.
interface IPointPools is IPointSwaps {
    /// @notice The state of a pair. Token 0 is the one with the lower address.
    struct Pair {
        bytes32 id;
        address token0;
        address token1;
        uint256 reserve0;
        uint256 reserve1;
        /// @notice All shares, the 1,000 that belong to nobody included; 0 for a pair that was
        /// never funded.
        uint256 shares;
        /// @notice The brands' fees as of the last copy, in basis points.
        uint256 feeBps0;
        uint256 feeBps1;
        /// @notice Whether both brands let the pool swap, as of the last copy.
        bool open;
    }

    /// @notice What a swap would come to.
    struct Quote {
        /// @notice What the swapper gets.
        uint256 received;
        /// @notice What of the amount paid in goes to the brand of the token paid in.
        uint256 feeIn;
        /// @notice What goes to the brand of the token that comes out, beside `received`.
        uint256 feeOut;
    }

    /// @notice Tokens to fund a pool with; A and B in either order.
    struct Funding {
        address tokenA;
        address tokenB;
        /// @notice The most to pay in; of one of them less is taken, as the pool's price demands.
        uint256 amountA;
        uint256 amountB;
        /// @notice The least to pay in, against a price that moves before the transaction is mined.
        uint256 minA;
        uint256 minB;
        /// @notice Who gets the shares.
        address to;
        /// @notice The last second at which to do it.
        uint256 deadline;
    }

    /// @notice Shares to give up; A and B in either order.
    struct Removal {
        address tokenA;
        address tokenB;
        uint256 shares;
        /// @notice The least to get back, against a price that moves before the transaction is
        /// mined.
        uint256 minA;
        uint256 minB;
        /// @notice Who gets the tokens.
        address to;
        /// @notice The last second at which to do it.
        uint256 deadline;
    }

    /// @notice A swap that a holder signs and somebody else sends.
    struct SwapOrder {
        address from;
        address tokenIn;
        address tokenOut;
        uint256 amountIn;
        uint256 minOut;
        /// @notice Who gets what comes out.
        address to;
        /// @notice The last second at which to do it.
        uint256 deadline;
        /// @notice Anything, to tell one's orders apart.
        bytes32 salt;
    }

    /// @notice `provider` paid into a pool, and `to` got the shares.
    event LiquidityAdded(
        bytes32 indexed id,
        address indexed provider,
        address indexed to,
        uint256 amount0,
        uint256 amount1,
        uint256 shares
    );
    /// @notice `provider` gave up shares, and `to` got a part of the reserves.
    event LiquidityRemoved(
        bytes32 indexed id,
        address indexed provider,
        address indexed to,
        uint256 amount0,
        uint256 amount1,
        uint256 shares
    );
    /// @notice A token could not be paid out to a provider, who can claim it instead.
    event Credited(address indexed token, address indexed provider, uint256 amount);
    /// @notice A provider claimed what could not be paid out before.
    event Claimed(address indexed token, address indexed provider, address to, uint256 amount);
    /// @notice The brands' policies were copied into the pair.
    event Synced(bytes32 indexed id, uint256 feeBps0, uint256 feeBps1, bool open);
    /// @notice The fees of a token went to its brand.
    event FeesCollected(address indexed token, address indexed to, uint256 amount);

    /// @notice A pair is of two different tokens.
    error PointPools_SameToken(address token);
    /// @notice The brands do not let this pool swap, or nobody has told it that they do
    /// (`addLiquidity`, `sync`).
    error PointPools_NotOpen(bytes32 id);
    /// @notice The pair is in the middle of a transaction: a token called back.
    error PointPools_Locked(bytes32 id);
    /// @notice The time for it has passed.
    error PointPools_Expired(uint256 actual, uint256 deadline);
    /// @notice Tokens and shares cannot go to the zero address nor to this contract.
    error PointPools_BadRecipient(address to);
    /// @notice The swap gives less than asked for, or nothing, as it does while nobody has funded
    /// the pool.
    error PointPools_TooLittleOut(bytes32 id, uint256 received, uint256 minOut);
    /// @notice A reserve would pass 2^104 - 1. `reserve` is what it would be or, in a swap, what
    /// would be paid in.
    error PointPools_TooMuch(bytes32 id, uint256 reserve);
    /// @notice The pool's price asks for, or gives back, less of a token than the provider allowed.
    error PointPools_BelowMinimum(address token, uint256 amount, uint256 minimum);
    /// @notice The amounts make no share.
    error PointPools_NoShares(bytes32 id);
    /// @notice Less arrived than was sent: the token takes a part of transfers.
    error PointPools_Short(address token, uint256 actual, uint256 expected);
    /// @notice There are no fees, or the brand's policy names nobody to get them.
    error PointPools_NothingToCollect(address token, uint256 amount, address to);
    /// @notice There is nothing to claim.
    error PointPools_NothingToClaim(address token, address provider);

    /// @notice Pay `amountIn` of one token and get the other. The caller needs to have let this
    /// contract spend it.
    /// @dev Emits `Swapped` (maker: this contract; id: the pair's), and `FeeCharged` for each brand
    /// that earns. Reverts with `Expired`, `NotOpen`, `Locked`, `TooMuch`, `TooLittleOut`, `Short`,
    /// or as the tokens refuse to move.
    /// @param minOut The least that the caller must get, fees deducted; nothing is refused anyway.
    /// @param deadline The last second at which to do it.
    /// @return received What the caller got.
    function swap(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        uint256 deadline
    ) external returns (uint256 received);

    /// @notice The same on the signed order of a holder who has neither ether nor given an
    /// allowance; anyone may send it.
    /// @dev What is signed is an ERC-3009 `ReceiveWithAuthorization` of `tokenIn`: from =
    /// order.from, to = this contract, value = order.amountIn, validAfter = 0, validBefore =
    /// order.deadline + 1, and nonce = `orderNonce(order)`, which binds the rest. To cancel an
    /// order, cancel that authorisation at the token.
    function swapWithAuthorization(SwapOrder calldata order, bytes calldata signature)
        external
        returns (uint256 received);

    /// @notice Pay into a pool and get shares. The first one sets the price, and leaves 1,000
    /// shares to nobody.
    /// @dev Copies both policies first. Emits `Synced` when that changed something, and
    /// `LiquidityAdded`.
    /// @return shares What `to` got.
    function addLiquidity(Funding calldata funding) external returns (uint256 shares);

    /// @notice Give up own shares and get the part of both reserves that they are. Needs nobody's
    /// consent.
    /// @dev A token whose transfer fails is credited to the caller, for `claim`.
    function removeLiquidity(Removal calldata removal)
        external
        returns (uint256 amountA, uint256 amountB);

    /// @notice Get what could not be paid out to the caller before, at an address of the caller's
    /// choice.
    function claim(address token, address to) external returns (uint256 amount);

    /// @notice Copy both brands' policies into the pair; anyone may.
    function sync(address tokenA, address tokenB) external;

    /// @notice Send the fees of a token to the account in its brand's policy; anyone may.
    function collectFees(address token) external returns (uint256 amount);

    /// @notice What stays for those who fund pools, in basis points of what is paid in.
    function LP_FEE_BPS() external view returns (uint256);

    /// @notice How many of a pair's shares belong to nobody.
    function LOCKED_SHARES() external view returns (uint256);

    /// @notice Where brands set their policies.
    function POLICIES() external view returns (IPointMarket);

    /// @notice What `swap` would come to now. Reverts as it does.
    function quote(address tokenIn, address tokenOut, uint256 amountIn)
        external
        view
        returns (Quote memory);

    /// @notice The state of a pair. One that was never funded has no reserves and no shares,
    /// whatever was copied.
    function pairOf(address tokenA, address tokenB) external view returns (Pair memory);

    /// @notice A brand's fees that wait to be collected.
    function feesOf(address token) external view returns (uint256);

    /// @notice What waits to be claimed by a provider.
    function creditOf(address token, address provider) external view returns (uint256);

    /// @notice keccak256(tokenOut, minOut, to, salt), each as a word: the nonce of the
    /// authorisation that is the order.
    function orderNonce(SwapOrder calldata order) external pure returns (bytes32);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {IPointSwaps} from "./IPointSwaps.sol";

/// @title IPointMarket
/// @notice Customers swap points of one brand for points of another, by offers that cost nothing to
/// make: the maker signs, and whoever takes the offer sends the transaction. And the one place
/// where a brand says on what terms its points may be swapped, here and in the pools.
///
/// **Offers.** An offer gives up to `giveAmount` of `give` for `wantAmount` of `want`, at that
/// rate, until `expiry`. It is filled whole or in parts; parts add up, and never to more than
/// `giveAmount`. What the taker pays for a part is rounded up, so the maker never gets less than
/// the rate. The maker gets what the offer says: fees are the taker's matter. The market holds
/// nothing: tokens go from side to side, on allowances, in the transaction of the fill.
///
/// **Nonces.** Each maker has 2^256 nonces, in words of 256: nonce = word * 256 + bit. The first
/// fill of an offer takes its nonce; from then on only that same offer goes on being filled. So of
/// several offers with one nonce the first one that is taken counts. Cancelling is by nonce, one or
/// any set within a word, and is for good.
///
/// **Brands.** A token is swapped only while its brand says so. The brand is the token's own
/// `BRAND()`, read once, at the first `setPolicy`, and kept; the token must also point to this
/// market's identity registry. So nobody sets the policy of a token whose brand they do not act
/// for, and a token cannot change its brand afterwards. Warning: anybody can deploy a token of a
/// deceptive name under an identity of their own. Look at `brandOf`, not at the name.
///
/// **Fees.** A brand may take a part of its own points that are swapped, up to a cap that it sets
/// at its first policy, at most `HIGHEST_FEE_BPS`, and can only lower. Fees are rounded down, and
/// go straight to the brand's account.
///
/// Warning: what reaches the maker, who is not there to look, is measured, and less than the offer
/// says reverts. What reaches the taker is what the token says it moved: a token that takes a part
/// of transfers may be registered by its own brand. A token that lies about balances cannot be
/// measured at all.
interface IPointMarket is IPointSwaps {
    /// @notice What a maker signs: EIP-712, with the domain of `eip712Domain()`, members in this
    /// order.
    struct Offer {
        /// @notice Whose offer: an account, a passkey (ERC-7913) or a contract wallet (ERC-1271).
        address maker;
        /// @notice Who may take it; the zero address for anyone. The maker may not.
        address taker;
        /// @notice The points that the maker gives.
        address give;
        /// @notice The points that the maker wants.
        address want;
        /// @notice The most that the maker gives, in the smallest unit of `give`.
        uint256 giveAmount;
        /// @notice What the maker wants for all of it, in the smallest unit of `want`.
        uint256 wantAmount;
        /// @notice The least of `give` that may be taken at a time, unless it is the rest.
        /// `giveAmount` for all or nothing.
        uint256 minFill;
        /// @notice The last second at which the offer holds, since 1970 UTC.
        uint256 expiry;
        /// @notice Word and bit: see above.
        uint256 nonce;
        /// @notice A commitment of the maker's own, such as to the ticket that the swap belongs to;
        /// or zero.
        bytes32 ref;
    }

    /// @notice What an offer has come to.
    struct OfferState {
        /// @notice The offer's id: its EIP-712 digest.
        bytes32 id;
        /// @notice What of `give` was taken in parts. Of an offer that was taken in one go it is 0,
        /// as of one that lost its nonce to another offer: nothing is written for it, and the
        /// events say which.
        uint256 filled;
        /// @notice What of `give` can still be taken, as far as nonce and expiry go.
        uint256 remaining;
        /// @notice Whether the maker cancelled the nonce.
        bool cancelled;
    }

    /// @notice An EIP-2612 permit for this market, given with a fill; a `deadline` of 0 means none.
    struct Permit {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice On what terms a brand lets its points be swapped.
    struct Policy {
        /// @notice Where the brand's fees go; not the zero address nor the token, unless `feeBps`
        /// is 0.
        address feeTo;
        /// @notice The fee now, in basis points of the brand's own points that are swapped.
        uint16 feeBps;
        /// @notice The highest that the fee can become; only ever lowered.
        uint16 maxFeeBps;
        /// @notice Whether signed offers may be filled.
        bool offers;
        /// @notice Whether pools may swap the points and take them in.
        bool pools;
    }

    /// @notice `maker` cancelled the nonces of `word` whose bits are set in `mask`.
    event Cancelled(address indexed maker, uint256 word, uint256 mask);
    /// @notice `brand` set the policy of its points.
    event PolicySet(address indexed token, address indexed brand, Policy policy);

    /// @notice A token is swapped for another one, and something for something.
    error PointMarket_BadOffer(bytes32 id);
    /// @notice The offer held until `expiry`.
    error PointMarket_Expired(bytes32 id, uint256 actual, uint256 expiry);
    /// @notice The offer is for another taker, or the maker's own.
    error PointMarket_NotTaker(bytes32 id, address actual, address expected);
    /// @notice The offer's nonce was cancelled, or taken by another fill.
    error PointMarket_NonceSpent(bytes32 id, address maker, uint256 nonce);
    /// @notice The signature is not the maker's over this offer or cancellation.
    error PointMarket_BadSignature(bytes32 id, address maker);
    /// @notice More than what is left.
    error PointMarket_Overfill(bytes32 id, uint256 amount, uint256 remaining);
    /// @notice Less than may be taken at a time.
    error PointMarket_BelowMinimum(bytes32 id, uint256 amount, uint256 minFill);
    /// @notice The taker would pay more, fee included, than it allowed.
    error PointMarket_PaysTooMuch(bytes32 id, uint256 paid, uint256 mostPaid);
    /// @notice The taker would get less, fee deducted, than it asked for.
    error PointMarket_ReceivesTooLittle(bytes32 id, uint256 received, uint256 leastReceived);
    /// @notice After the permits were tried, `owner` still lets the market spend too little.
    error PointMarket_NoAllowance(address token, address owner, uint256 actual, uint256 expected);
    /// @notice Less arrived at `to` than was sent: the token takes a part of transfers.
    error PointMarket_Short(address token, address to, uint256 actual, uint256 expected);
    /// @notice The brand does not let these points be swapped by offers.
    error PointMarket_NotOffered(address token);
    /// @notice The contract is no token of a brand under this market's registry.
    error PointMarket_NotPoints(address token);
    /// @notice The caller does not act for the brand.
    error PointMarket_NotAllowed(address token, address actor, address brand);
    /// @notice The policy is not possible: a fee above its cap, or nobody to take the fee.
    error PointMarket_BadPolicy(address token, uint256 feeBps, uint256 maxFeeBps, address feeTo);
    /// @notice The cap of the fee can only be lowered, from `HIGHEST_FEE_BPS` on.
    error PointMarket_FeeCapRaised(address token, uint256 actual, uint256 highest);
    /// @notice The signed cancellation held until `deadline`.
    error PointMarket_CancellationExpired(uint256 actual, uint256 deadline);

    /// @notice Take `amount` of what an offer gives. Whoever calls is the taker, and needs to have
    /// let this market spend what it pays; the maker likewise.
    /// @dev Emits `Swapped`, and `FeeCharged` for each brand that earns. Whichever of these does
    /// not hold reverts, in this order: the offer is possible (`BadOffer`), in time (`Expired`),
    /// for the caller (`NotTaker`), not spent (`NonceSpent`), has so much left (`Overfill`,
    /// `BelowMinimum`), is signed (`BadSignature`), both brands let it be (`NotOffered`), within
    /// the caller's limits, and the tokens move (the tokens' errors as `TransferFromFailed()`).
    /// @param signature 65 bytes (r, s, v) of the maker's account, or what its contract wallet
    /// takes.
    /// @param amount Of `give`, fee included.
    /// @param mostPaid The most of `want` that the taker pays, fee included: a brand may change its
    /// fee at any time.
    /// @param leastReceived The least of `give` that the taker gets, fee deducted.
    /// @return paid What the taker paid, fee included.
    /// @return received What the taker got, fee deducted.
    function fill(
        Offer calldata offer,
        bytes calldata signature,
        uint256 amount,
        uint256 mostPaid,
        uint256 leastReceived
    ) external returns (uint256 paid, uint256 received);

    /// @notice The same, with permits of the maker for `give` and of the taker for `want`, so that
    /// nobody has to approve before.
    /// @dev A permit that does not work, because somebody sent it already, is passed over; what
    /// counts is the allowance.
    function fillWithPermits(
        Offer calldata offer,
        bytes calldata signature,
        uint256 amount,
        uint256 mostPaid,
        uint256 leastReceived,
        Permit calldata makerPermit,
        Permit calldata takerPermit
    ) external returns (uint256 paid, uint256 received);

    /// @notice Cancel all own offers with this nonce.
    function cancel(uint256 nonce) external;

    /// @notice Cancel all own offers with the nonces `word * 256 + i` for the bits i that are set
    /// in `mask`.
    function cancelWord(uint256 word, uint256 mask) external;

    /// @notice The same on the signed order of `maker`; anyone may send it, and twice does no more
    /// than once.
    /// @dev `Cancel(address maker,uint256 word,uint256 mask,uint256 deadline)`.
    function cancelWordBySig(
        address maker,
        uint256 word,
        uint256 mask,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Set on what terms a token may be swapped. By the brand's controller or delegate
    /// `careledger.manager`.
    /// @dev The first time, the token's brand is read and kept. Pools go by the new policy as soon
    /// as anyone calls their `sync`.
    function setPolicy(address token, Policy calldata policy) external;

    /// @notice No brand's fee can be above this, in basis points.
    function HIGHEST_FEE_BPS() external view returns (uint256);

    /// @notice The registry that says who acts for a brand.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice A token's policy; all zero when it has none.
    function policyOf(address token) external view returns (Policy memory);

    /// @notice The brand that a token belongs to; the zero address when it has no policy.
    function brandOf(address token) external view returns (address);

    /// @notice What an offer has come to. Says nothing of signature, allowances, balances and
    /// policies.
    function stateOf(Offer calldata offer) external view returns (OfferState memory);

    /// @notice The nonces of a word that were taken or cancelled, and those that were cancelled, as
    /// bits.
    function noncesOf(address maker, uint256 word)
        external
        view
        returns (uint256 spent, uint256 cancelled);
}

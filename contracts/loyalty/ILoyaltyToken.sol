// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ISignedERC20} from "./ISignedERC20.sol";

/// @title ILoyaltyToken
/// @notice The points of one brand, owned by its customers.
///
/// What a customer who holds them may rely on, whatever the brand does:
/// - Nobody but the holder moves, freezes, takes back or lets expire what the holder has. There is
/// no function for it.
/// - There are never more than `CAP` points, and an issuer is never faster than the limit that the
/// brand published.
/// - Redeeming at the programme ends only after a notice of at least `NOTICE` seconds, made public
/// by an event. The points stay the holders' after it, and go on moving.
/// - A pause stops issuing, and nothing else.
///
/// Who may act for the brand is answered by the identity registry, at every call: the controller of
/// the identity `BRAND`, or its valid delegate for a role. So dismissing an issuer there stops it
/// here at once.
///
/// | function | who |
/// |---|---|
/// | `issue`, `issueBatch` | delegate `careledger.issuer` or the controller, within its limit |
/// | `setIssuerLimit`, `setPaused` | delegate `careledger.manager`, or the controller |
/// | `announceWindDown`, `callOffWindDown` | the controller alone |
/// | `redeem`, everything of ERC-20, ERC-1363 | the holder |
/// | `redeemWithAuthorization`, `permit`, ERC-3009 | anyone who has the holder's signature |
///
/// Amounts have 18 decimals: 1 point is 10^18. Times are seconds since 1970 UTC. `ref` is a
/// commitment (a salted hash) to the order, ticket or feedback that a point was given or spent for;
/// it never carries a name or a number in clear.
interface ILoyaltyToken is ISignedERC20 {
    /// @notice The state of the programme.
    struct Programme {
        /// @notice The identity whose points these are.
        address brand;
        /// @notice Points that were issued and not redeemed: what the brand owes.
        uint256 outstanding;
        /// @notice The most that may ever be outstanding.
        uint256 cap;
        /// @notice Seconds between the announcement of the end and the end.
        uint256 notice;
        /// @notice When issuing and redeeming end; 0 while no end is announced.
        uint256 closesAt;
        /// @notice Whether issuing is paused.
        bool paused;
    }

    /// @notice How fast an issuer may issue. The allowance refills evenly, `capacity` in `period`,
    /// up to `capacity`; so within any t seconds an issuer issues at most `capacity` * (1 + t /
    /// `period`).
    struct IssuerLimit {
        /// @notice The most at once; 0 when the issuer may issue nothing.
        uint256 capacity;
        /// @notice Seconds in which an empty allowance becomes full.
        uint256 period;
        /// @notice What the issuer may issue now.
        uint256 available;
    }

    /// @notice One item of a batch.
    struct Issue {
        address to;
        uint256 amount;
        bytes32 ref;
    }

    /// @notice The programme began: the token was deployed.
    event ProgrammeOpened(address indexed brand, uint256 cap, uint256 notice);
    /// @notice `issuer` gave new points for `ref`. The `Transfer` from the zero address just before
    /// it says to whom and how many; saying it twice would cost every issue 631 gas.
    event Issued(bytes32 indexed ref, address issuer);
    /// @notice `issuer` gave new points to many: the last `refs.length` `Transfer`s from the zero
    /// address before it, in their order, say to whom and how many.
    event IssuedBatch(address indexed issuer, bytes32[] refs);
    /// @notice `from` gave up points, and got for them what `ref` stands for.
    event Redeemed(address indexed from, bytes32 indexed ref, uint256 amount);
    /// @notice The brand set how fast an issuer may issue.
    event IssuerLimitSet(address indexed issuer, uint256 capacity, uint256 period);
    /// @notice The brand paused or resumed issuing.
    event PausedSet(bool paused);
    /// @notice The brand announced the end of the programme.
    event WindDownAnnounced(uint256 closesAt);
    /// @notice The brand called off the announced end.
    event WindDownCalledOff(uint256 closesAt);

    /// @notice The caller does not act for the brand in this role.
    error LoyaltyToken_NotAllowed(address actor, bytes32 role);
    /// @notice The caller is not the brand's controller.
    error LoyaltyToken_NotController(address actual, address expected);
    /// @notice Issuing is paused.
    error LoyaltyToken_Paused();
    /// @notice The programme has ended.
    error LoyaltyToken_Closed(uint256 closesAt);
    /// @notice No end is announced.
    error LoyaltyToken_NotClosing();
    /// @notice The end is announced already.
    error LoyaltyToken_ClosingAlready(uint256 closesAt);
    /// @notice More than the cap leaves room for.
    error LoyaltyToken_AboveCap(uint256 amount, uint256 room);
    /// @notice More than the issuer may issue now.
    error LoyaltyToken_AboveLimit(address issuer, uint256 amount, uint256 available);
    /// @notice The limit cannot be kept: `capacity` is above 2^96 - 1, or `period` is 0 or above
    /// 2^24 - 1 (194 days).
    error LoyaltyToken_BadLimit(uint256 capacity, uint256 period);
    /// @notice A programme cannot be like this: no registry, no brand, a cap of 0 or above 2^128 -
    /// 1, or a notice below `SHORTEST_NOTICE` or above ten years.
    error LoyaltyToken_BadProgramme(address registry, address brand, uint256 cap, uint256 notice);
    /// @notice Nothing cannot be issued or redeemed.
    error LoyaltyToken_ZeroAmount();

    /// @notice Give `to` new points.
    /// @dev Emits `Transfer` from the zero address, and `Issued`. Costs the caller's allowance.
    /// Reverts when the caller is no issuer of the brand (`NotAllowed`), has not enough allowance
    /// (`AboveLimit`), the cap would be passed (`AboveCap`), issuing is paused or over (`Paused`,
    /// `Closed`), the amount is 0 (`ZeroAmount`), or `to` is the zero address or this contract
    /// (`SignedERC20_BadRecipient`). Warning: the same `ref` may be issued for twice; whoever must
    /// not do so looks for it in the events first.
    function issue(address to, uint256 amount, bytes32 ref) external;

    /// @notice Give new points to many, all or none of them. As `issue`, for the sum.
    /// @dev Emits a `Transfer` from the zero address for each, and one `IssuedBatch`. No item may
    /// be 0.
    function issueBatch(Issue[] calldata items) external;

    /// @notice Give up own points for what `ref` stands for. The brand's till watches for
    /// `Redeemed`.
    /// @dev Emits `Transfer` to the zero address, and `Redeemed`. A pause does not stop it. Reverts
    /// with `InsufficientBalance`, `ZeroAmount`, and with `Closed` when the programme has ended:
    /// nobody would honour it.
    function redeem(uint256 amount, bytes32 ref) external;

    /// @notice The same on the signed order of `from`; anyone may send it.
    /// @dev `RedeemWithAuthorization(address from,uint256 value,bytes32 ref,uint256
    /// validAfter,uint256 validBefore, bytes32 nonce)`. Times and nonce as in ERC-3009, and of the
    /// same nonces, so `cancelAuthorization` cancels it.
    function redeemWithAuthorization(
        address from,
        uint256 amount,
        bytes32 ref,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Set how fast an issuer may issue; 0 and any period stops it.
    /// @dev An issuer that had no limit begins with a full allowance; otherwise it keeps what it
    /// has, up to the new capacity. The limit alone allows nothing: the registry must name the
    /// issuer too.
    function setIssuerLimit(address issuer, uint256 capacity, uint256 period) external;

    /// @notice Pause or resume issuing.
    function setPaused(bool paused) external;

    /// @notice Announce that the programme ends `NOTICE` seconds from now. Until then everything
    /// goes on.
    function announceWindDown() external;

    /// @notice Call off the announced end before it comes. To end after all, the whole notice runs
    /// again.
    function callOffWindDown() external;

    /// @notice The shortest notice that a programme may have, in seconds.
    function SHORTEST_NOTICE() external view returns (uint256);

    /// @notice The registry that says who acts for the brand.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The identity whose points these are.
    function BRAND() external view returns (address);

    /// @notice The most that may ever be outstanding.
    function CAP() external view returns (uint256);

    /// @notice Seconds between the announcement of the end and the end.
    function NOTICE() external view returns (uint256);

    /// @notice The state of the programme, the outstanding liability in it.
    function programme() external view returns (Programme memory);

    /// @notice How fast an issuer may issue, and how much now.
    function issuerLimit(address issuer) external view returns (IssuerLimit memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ILoyaltyToken} from "./ILoyaltyToken.sol";
import {SignedERC20} from "./SignedERC20.sol";

/// @title LoyaltyToken
/// @notice See `ILoyaltyToken`.
/// @dev The base keeps the supply in the slot 0x05345cdf77eb68f44c, and adds to and subtracts from
/// the whole word. The layout below puts `_supply` over that slot (the base's mapping of
/// authorizations comes first, so the layout begins one slot earlier). The supply is in the low
/// 128 bits, and beside it is what `issue` must read anyway. No sum ever carries into the upper
/// half, because the supply never passes the cap and the cap fits into 128 bits. `layout` is
/// written after the bases: where it is before them, Brownie does not find the contract.
contract LoyaltyToken is SignedERC20, ILoyaltyToken layout at 0x05345cdf77eb68f44b {
    // --------------------------------------------------------------------------------------- types

    /// @dev An issuer's allowance in one word, read and written whole.
    struct Bucket {
        uint256 word;
    }

    // ----------------------------------------------------------------------------------- constants

    bytes32 private constant _ISSUER_ROLE = "careledger.issuer";
    bytes32 private constant _MANAGER_ROLE = "careledger.manager";
    bytes32 private constant _REDEEM_TYPEHASH = keccak256(
        "RedeemWithAuthorization(address from,uint256 value,bytes32 ref,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );

    /// @inheritdoc ILoyaltyToken
    uint256 public constant SHORTEST_NOTICE = 30 days;
    uint256 private constant _LONGEST_NOTICE = 3650 days;

    /// @dev Where the parts of `_supply` begin: outstanding points (128 bits), then these.
    uint256 private constant _CLOSES_AT_OFFSET = 128; // 40 bits
    uint256 private constant _PAUSED_OFFSET = 168; // 1 bit

    /// @dev Where the parts of a bucket begin: what was available when it was last written (96
    /// bits), then these.
    uint256 private constant _UPDATED_AT_OFFSET = 96; // 40 bits
    uint256 private constant _PERIOD_OFFSET = 136; // 24 bits
    uint256 private constant _CAPACITY_OFFSET = 160; // 96 bits

    /// @inheritdoc ILoyaltyToken
    IIdentityRegistry public immutable REGISTRY;
    /// @inheritdoc ILoyaltyToken
    address public immutable BRAND;
    /// @inheritdoc ILoyaltyToken
    uint256 public immutable CAP;
    /// @inheritdoc ILoyaltyToken
    uint256 public immutable NOTICE;
    bytes32 private immutable _NAME_HASH;

    // ------------------------------------------------------------------------------------- storage

    uint256 private _supply; // must stay the first: see above
    mapping(address issuer => Bucket) private _buckets;
    string private _name;
    string private _symbol;

    // --------------------------------------------------------------------------------- constructor

    /// @param registry The registry that says who acts for the brand.
    /// @param brand The identity whose points these are. Whoever deploys the token gets no right
    /// over it.
    /// @param name_ The name of the points, such as "Cafe Aurora Points". It is in the domain of
    /// the signatures too.
    /// @param symbol_ The symbol of the points, such as "AURORA".
    /// @param cap The highest number of points that there may ever be. It never changes.
    /// @param notice Seconds between the announcement of the end and the end. They never change.
    constructor(
        IIdentityRegistry registry,
        address brand,
        string memory name_,
        string memory symbol_,
        uint256 cap,
        uint256 notice
    ) {
        bool bad = cap == 0 || cap > type(uint128).max || notice < SHORTEST_NOTICE
            || notice > _LONGEST_NOTICE;
        if (bad || address(registry).code.length == 0 || brand == address(0)) {
            revert LoyaltyToken_BadProgramme(address(registry), brand, cap, notice);
        }

        REGISTRY = registry;
        BRAND = brand;
        CAP = cap;
        NOTICE = notice;
        _name = name_;
        _symbol = symbol_;
        _NAME_HASH = keccak256(bytes(name_));
        emit ProgrammeOpened(brand, cap, notice);
    }

    // ----------------------------------------------------------------------------- writes: issuing

    /// @inheritdoc ILoyaltyToken
    function issue(address to, uint256 amount, bytes32 ref) external {
        _beforeIssuing(amount);
        _give(to, amount);
        emit Issued(ref, msg.sender);
    }

    /// @inheritdoc ILoyaltyToken
    function issueBatch(Issue[] calldata items) external {
        bytes32[] memory refs = new bytes32[](items.length);
        uint256 sum;
        for (uint256 i = 0; i < refs.length; ++i) {
            sum += items[i].amount;
            refs[i] = items[i].ref;
        }

        _beforeIssuing(sum);
        for (uint256 i = 0; i < refs.length; ++i) {
            _give(items[i].to, items[i].amount);
        }
        emit IssuedBatch(msg.sender, refs);
    }

    // --------------------------------------------------------------------------- writes: redeeming

    /// @inheritdoc ILoyaltyToken
    function redeem(uint256 amount, bytes32 ref) external {
        _redeem(msg.sender, amount, ref);
    }

    /// @inheritdoc ILoyaltyToken
    function redeemWithAuthorization(
        address from,
        uint256 amount,
        bytes32 ref,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 content = keccak256(
            abi.encode(_REDEEM_TYPEHASH, from, amount, ref, validAfter, validBefore, nonce)
        );
        _useAuthorization(from, validAfter, validBefore, nonce);
        _checkSigner(from, content, signature);
        _redeem(from, amount, ref);
    }

    // ---------------------------------------------------------------- writes: the brand's settings

    /// @inheritdoc ILoyaltyToken
    function setIssuerLimit(address issuer, uint256 capacity, uint256 period) external {
        _checkRole(_MANAGER_ROLE);
        if (capacity > type(uint96).max || period == 0 || period > type(uint24).max) {
            revert LoyaltyToken_BadLimit(capacity, period);
        }

        uint256 bucket = _buckets[issuer].word;
        uint256 available = bucket >> _CAPACITY_OFFSET == 0 ? capacity : _refilled(bucket);
        if (available > capacity) available = capacity;
        _buckets[issuer].word = (capacity << _CAPACITY_OFFSET) | (period << _PERIOD_OFFSET)
            | (block.timestamp << _UPDATED_AT_OFFSET) | available;
        emit IssuerLimitSet(issuer, capacity, period);
    }

    /// @inheritdoc ILoyaltyToken
    function setPaused(bool paused) external {
        _checkRole(_MANAGER_ROLE);
        uint256 flag = uint256(1) << _PAUSED_OFFSET;
        _supply = paused ? _supply | flag : _supply & ~flag;
        emit PausedSet(paused);
    }

    /// @inheritdoc ILoyaltyToken
    function announceWindDown() external {
        _checkController();
        uint256 closesAt = _closesAt(_supply);
        if (closesAt != 0) revert LoyaltyToken_ClosingAlready(closesAt);
        closesAt = block.timestamp + NOTICE;
        _supply |= closesAt << _CLOSES_AT_OFFSET;
        emit WindDownAnnounced(closesAt);
    }

    /// @inheritdoc ILoyaltyToken
    function callOffWindDown() external {
        _checkController();
        uint256 closesAt = _closesAt(_supply);
        if (closesAt == 0) revert LoyaltyToken_NotClosing();
        _checkOpen(closesAt);
        _supply ^= closesAt << _CLOSES_AT_OFFSET;
        emit WindDownCalledOff(closesAt);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc ILoyaltyToken
    function programme() external view returns (Programme memory) {
        uint256 supply = _supply;
        return Programme({
            brand: BRAND,
            outstanding: uint128(supply),
            cap: CAP,
            notice: NOTICE,
            closesAt: _closesAt(supply),
            paused: supply >> _PAUSED_OFFSET != 0
        });
    }

    /// @inheritdoc ILoyaltyToken
    function issuerLimit(address issuer) external view returns (IssuerLimit memory) {
        uint256 bucket = _buckets[issuer].word;
        return IssuerLimit(
            bucket >> _CAPACITY_OFFSET,
            uint24(bucket >> _PERIOD_OFFSET),
            _refilled(bucket)
        );
    }

    /// @inheritdoc ERC20
    function totalSupply() public view override returns (uint256) {
        return uint128(_supply);
    }

    /// @inheritdoc ERC20
    function name() public view override returns (string memory) {
        return _name;
    }

    /// @inheritdoc ERC20
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    // ----------------------------------------------------------------------------------- internals

    /// @dev All checks before new points: state, authority, cap, limit.
    function _beforeIssuing(uint256 amount) private {
        // Checks
        uint256 supply = _supply;
        if (supply >> _CLOSES_AT_OFFSET != 0) _checkIssuing(supply); // paused, or end announced
        _checkRole(_ISSUER_ROLE);
        Bucket storage slot = _buckets[msg.sender];
        uint256 bucket = slot.word;
        unchecked {
            uint256 room = CAP - uint128(supply); // never negative: this very check keeps it so
            if (amount > room) revert LoyaltyToken_AboveCap(amount, room);
            uint256 available = _refilled(bucket);
            if (amount > available) revert LoyaltyToken_AboveLimit(msg.sender, amount, available);

            // Effects
            slot.word = (bucket >> _PERIOD_OFFSET << _PERIOD_OFFSET)
                | (block.timestamp << _UPDATED_AT_OFFSET) | (available - amount);
        }
    }

    function _give(address to, uint256 amount) private {
        if (amount == 0) revert LoyaltyToken_ZeroAmount();
        _checkRecipient(to);
        _mint(to, amount);
    }

    function _redeem(address from, uint256 amount, bytes32 ref) private {
        if (amount == 0) revert LoyaltyToken_ZeroAmount();
        _checkOpen(_closesAt(_supply));
        _burn(from, amount);
        emit Redeemed(from, ref, amount);
    }

    /// @dev What a bucket holds now. No step can overflow: the product has at most 96 + 40 bits.
    /// The period of an issuer without a limit is 0, and a division by 0 gives 0 here.
    function _refilled(uint256 bucket) private view returns (uint256 available) {
        uint256 capacity = bucket >> _CAPACITY_OFFSET;
        unchecked {
            uint256 elapsed = block.timestamp - uint40(bucket >> _UPDATED_AT_OFFSET);
            available = uint96(bucket)
                + FixedPointMathLib.rawDiv(elapsed * capacity, uint24(bucket >> _PERIOD_OFFSET));
        }
        if (available > capacity) return capacity;
    }

    function _checkIssuing(uint256 supply) private view {
        if (supply >> _PAUSED_OFFSET != 0) revert LoyaltyToken_Paused();
        _checkOpen(_closesAt(supply));
    }

    function _checkOpen(uint256 closesAt) private view {
        if (closesAt != 0 && block.timestamp >= closesAt) revert LoyaltyToken_Closed(closesAt);
    }

    function _closesAt(uint256 supply) private pure returns (uint256) {
        return uint40(supply >> _CLOSES_AT_OFFSET);
    }

    function _checkRole(bytes32 role) private view {
        if (!REGISTRY.mayAct(BRAND, role, msg.sender)) {
            revert LoyaltyToken_NotAllowed(msg.sender, role);
        }
    }

    function _checkController() private view {
        address controller = REGISTRY.identityOwner(BRAND);
        if (msg.sender != controller) revert LoyaltyToken_NotController(msg.sender, controller);
    }

    /// @dev The name never changes, so its hash is stored and not computed at every permit.
    function _constantNameHash() internal view override returns (bytes32) {
        return _NAME_HASH;
    }
}

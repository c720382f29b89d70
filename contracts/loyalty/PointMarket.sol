// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {Signatures} from "../shared/Signatures.sol";
import {ILoyaltyToken} from "./ILoyaltyToken.sol";
import {IPointMarket} from "./IPointMarket.sol";

/// @title PointMarket
/// @notice See `IPointMarket`.
/// @dev The market holds nothing between transactions, and a nonce is spent before a token is
/// called. So a token that calls back finds every offer as it will be afterwards.
contract PointMarket is IPointMarket, EIP712 {
    // ----------------------------------------------------------------------------------- constants

    bytes32 private constant _MANAGER_ROLE = "careledger.manager";
    bytes32 private constant _OFFER_TYPEHASH = keccak256(
        "Offer(address maker,address taker,address give,address want,uint256 giveAmount,"
        "uint256 wantAmount,uint256 minFill,uint256 expiry,uint256 nonce,bytes32 ref)"
    );
    bytes32 private constant _CANCEL_TYPEHASH =
        keccak256("Cancel(address maker,uint256 word,uint256 mask,uint256 deadline)");
    uint256 private constant _ALL_BPS = 10_000;

    /// @dev Where an offer lies in the calldata: after the selector, in ten words.
    uint256 private constant _OFFER_OFFSET = 4;
    uint256 private constant _OFFER_END = 324;

    /// @dev Where the parts of a policy's word begin: the address that gets the fees (160 bits),
    /// then these.
    uint256 private constant _FEE_OFFSET = 160; // 16 bits
    uint256 private constant _MAX_FEE_OFFSET = 176; // 16 bits
    uint256 private constant _OFFERS_FLAG = 1 << 192;
    uint256 private constant _POOLS_FLAG = 1 << 193;

    /// @inheritdoc IPointMarket
    uint256 public constant HIGHEST_FEE_BPS = 1000;

    /// @inheritdoc IPointMarket
    IIdentityRegistry public immutable REGISTRY;

    // ------------------------------------------------------------------------------------- storage

    mapping(address maker => mapping(uint256 word => uint256)) private _spent;
    mapping(address maker => mapping(uint256 word => uint256)) private _cancelled;
    mapping(bytes32 id => uint256) private _filled;
    mapping(address token => uint256) private _policies;
    mapping(address token => address) private _brands;

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
    }

    // ----------------------------------------------------------------------------- writes: filling

    /// @inheritdoc IPointMarket
    function fill(
        Offer memory offer,
        bytes calldata signature,
        uint256 amount,
        uint256 mostPaid,
        uint256 leastReceived
    ) external returns (uint256 paid, uint256 received) {
        // Checks and effects
        bytes32 id = _id();
        _take(offer, id, amount);
        _checkSigner(id, offer.maker, signature);
        uint256 net;
        (net, paid, received) = _price(offer, amount);
        _checkLimits(id, paid, mostPaid, received, leastReceived);

        // Interactions
        _settle(offer, id, amount, net, paid, received);
    }

    /// @inheritdoc IPointMarket
    function fillWithPermits(
        Offer memory offer,
        bytes calldata signature,
        uint256 amount,
        uint256 mostPaid,
        uint256 leastReceived,
        Permit calldata makerPermit,
        Permit calldata takerPermit
    ) external returns (uint256 paid, uint256 received) {
        // Checks and effects
        bytes32 id = _id();
        _take(offer, id, amount);
        _checkSigner(id, offer.maker, signature);
        uint256 net;
        (net, paid, received) = _price(offer, amount);
        _checkLimits(id, paid, mostPaid, received, leastReceived);

        // Interactions
        _tryPermit(offer.give, offer.maker, makerPermit, amount);
        _tryPermit(offer.want, msg.sender, takerPermit, paid);
        _settle(offer, id, amount, net, paid, received);
    }

    // -------------------------------------------------------------------------- writes: cancelling

    /// @inheritdoc IPointMarket
    function cancel(uint256 nonce) external {
        _cancel(msg.sender, nonce >> 8, 1 << (nonce & 0xff));
    }

    /// @inheritdoc IPointMarket
    function cancelWord(uint256 word, uint256 mask) external {
        _cancel(msg.sender, word, mask);
    }

    /// @inheritdoc IPointMarket
    function cancelWordBySig(
        address maker,
        uint256 word,
        uint256 mask,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) {
            revert PointMarket_CancellationExpired(block.timestamp, deadline);
        }

        bytes32 id =
            _hashTypedData(keccak256(abi.encode(_CANCEL_TYPEHASH, maker, word, mask, deadline)));
        _checkSigner(id, maker, signature);
        _cancel(maker, word, mask);
    }

    // ---------------------------------------------------------------------------- writes: policies

    /// @inheritdoc IPointMarket
    function setPolicy(address token, Policy calldata policy) external {
        address brand = _brands[token];
        uint256 highest = uint16(_policies[token] >> _MAX_FEE_OFFSET);
        if (brand == address(0)) {
            brand = _readBrand(token);
            highest = HIGHEST_FEE_BPS;
        }

        if (!REGISTRY.mayAct(brand, _MANAGER_ROLE, msg.sender)) {
            revert PointMarket_NotAllowed(token, msg.sender, brand);
        }
        if (policy.maxFeeBps > highest) {
            revert PointMarket_FeeCapRaised(token, policy.maxFeeBps, highest);
        }
        bool nobody = policy.feeTo == address(0) || policy.feeTo == token;
        if (policy.feeBps > policy.maxFeeBps || (policy.feeBps != 0 && nobody)) {
            revert PointMarket_BadPolicy(token, policy.feeBps, policy.maxFeeBps, policy.feeTo);
        }

        _brands[token] = brand;
        _policies[token] = uint256(uint160(policy.feeTo)) | uint256(policy.feeBps) << _FEE_OFFSET
            | uint256(policy.maxFeeBps) << _MAX_FEE_OFFSET | (policy.offers ? _OFFERS_FLAG : 0)
            | (policy.pools ? _POOLS_FLAG : 0);
        emit PolicySet(token, brand, policy);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IPointMarket
    function policyOf(address token) external view returns (Policy memory) {
        uint256 policy = _policies[token];
        return Policy({
            feeTo: address(uint160(policy)),
            feeBps: uint16(policy >> _FEE_OFFSET),
            maxFeeBps: uint16(policy >> _MAX_FEE_OFFSET),
            offers: policy & _OFFERS_FLAG != 0,
            pools: policy & _POOLS_FLAG != 0
        });
    }

    /// @inheritdoc IPointMarket
    function brandOf(address token) external view returns (address) {
        return _brands[token];
    }

    /// @inheritdoc IPointMarket
    function stateOf(Offer calldata offer) external view returns (OfferState memory state) {
        uint256 word = offer.nonce >> 8;
        uint256 bit = 1 << (offer.nonce & 0xff);

        state.id = _id();
        state.cancelled = _cancelled[offer.maker][word] & bit != 0;
        state.filled = _filled[state.id];

        bool open = state.filled != 0 || _spent[offer.maker][word] & bit == 0;
        if (open && !state.cancelled && block.timestamp <= offer.expiry) {
            state.remaining = offer.giveAmount - state.filled;
        }
    }

    /// @inheritdoc IPointMarket
    function noncesOf(address maker, uint256 word)
        external
        view
        returns (uint256 spent, uint256 cancelled)
    {
        return (_spent[maker][word], _cancelled[maker][word]);
    }

    // ----------------------------------------------------------------------------------- internals

    /// @dev The digest of the offer in the present call. Every function that takes an offer takes
    /// it first, and the calldata holds its members as EIP-712 encodes them. Where an address is
    /// read, its unused bits are checked.
    function _id() private view returns (bytes32) {
        return _hashTypedData(
            keccak256(abi.encodePacked(_OFFER_TYPEHASH, msg.data[_OFFER_OFFSET:_OFFER_END]))
        );
    }

    /// @dev Check what the offer itself says, and book `amount` as taken.
    function _take(Offer memory offer, bytes32 id, uint256 amount) private {
        uint256 giveAmount = offer.giveAmount;
        if (offer.give == offer.want || giveAmount == 0 || offer.wantAmount == 0) {
            revert PointMarket_BadOffer(id);
        }
        if (block.timestamp > offer.expiry) {
            revert PointMarket_Expired(id, block.timestamp, offer.expiry);
        }
        address taker = offer.taker;
        if ((taker != address(0) && taker != msg.sender) || msg.sender == offer.maker) {
            revert PointMarket_NotTaker(id, msg.sender, taker);
        }

        mapping(uint256 => uint256) storage words = _spent[offer.maker];
        uint256 word = offer.nonce >> 8;
        uint256 bit = 1 << (offer.nonce & 0xff);
        uint256 spent = words[word];
        uint256 filled;
        if (spent & bit == 0) {
            words[word] = spent | bit;
        } else {
            filled = _filled[id];
            bool dead = filled == 0 || _cancelled[offer.maker][word] & bit != 0;
            if (dead) revert PointMarket_NonceSpent(id, offer.maker, offer.nonce);
        }

        uint256 remaining = giveAmount - filled;
        if (amount > remaining) revert PointMarket_Overfill(id, amount, remaining);
        if (amount == 0 || (amount < offer.minFill && amount != remaining)) {
            revert PointMarket_BelowMinimum(id, amount, offer.minFill);
        }
        if (amount != giveAmount) _filled[id] = filled + amount;
    }

    /// @dev What the maker gets, what the taker pays, and what the taker gets.
    function _price(Offer memory offer, uint256 amount)
        private
        view
        returns (uint256 net, uint256 paid, uint256 received)
    {
        net = amount == offer.giveAmount
            ? offer.wantAmount
            : FixedPointMathLib.fullMulDivUp(amount, offer.wantAmount, offer.giveAmount);
        paid = net + _fee(offer.want, net);
        received = amount - _fee(offer.give, amount);
    }

    function _checkLimits(
        bytes32 id,
        uint256 paid,
        uint256 mostPaid,
        uint256 received,
        uint256 leastReceived
    ) private pure {
        if (paid > mostPaid) revert PointMarket_PaysTooMuch(id, paid, mostPaid);
        if (received < leastReceived) {
            revert PointMarket_ReceivesTooLittle(id, received, leastReceived);
        }
    }

    function _fee(address token, uint256 amount) private view returns (uint256) {
        uint256 policy = _policies[token];
        if (policy & _OFFERS_FLAG == 0) revert PointMarket_NotOffered(token);
        uint256 feeBps = uint16(policy >> _FEE_OFFSET);
        return feeBps == 0 ? 0 : FixedPointMathLib.fullMulDiv(amount, feeBps, _ALL_BPS);
    }

    function _settle(
        Offer memory offer,
        bytes32 id,
        uint256 amount,
        uint256 net,
        uint256 paid,
        uint256 received
    ) private {
        address give = offer.give;
        address want = offer.want;
        address maker = offer.maker;

        _payMaker(want, maker, net);
        if (paid != net) _payFee(want, msg.sender, id, paid - net);
        SafeTransferLib.safeTransferFrom(give, maker, msg.sender, received);
        if (received != amount) _payFee(give, maker, id, amount - received);

        emit Swapped(want, give, msg.sender, maker, paid, received, id);
    }

    /// @dev Pay the maker, who does not take part in the transaction, and check that it arrives.
    function _payMaker(address want, address maker, uint256 net) private {
        uint256 before = SafeTransferLib.balanceOf(want, maker);
        SafeTransferLib.safeTransferFrom(want, msg.sender, maker, net);
        uint256 arrived =
            FixedPointMathLib.zeroFloorSub(SafeTransferLib.balanceOf(want, maker), before);
        if (arrived < net) revert PointMarket_Short(want, maker, arrived, net);
    }

    function _payFee(address token, address from, bytes32 id, uint256 amount) private {
        SafeTransferLib.safeTransferFrom(token, from, address(uint160(_policies[token])), amount);
        emit FeeCharged(token, id, amount);
    }

    function _tryPermit(address token, address owner, Permit calldata permit, uint256 needed)
        private
    {
        if (permit.deadline != 0) {
            // Somebody may have sent the permit before. The allowance counts, so a permit that
            // fails does no harm.
            uint256 value = permit.value;
            uint256 deadline = permit.deadline;
            bytes memory data = abi.encodeCall(
                ERC20.permit, (owner, address(this), value, deadline, permit.v, permit.r, permit.s)
            );
            LibCall.tryCall(token, 0, gasleft(), 0, data);
        }

        uint256 allowed = ERC20(token).allowance(owner, address(this));
        if (allowed < needed) revert PointMarket_NoAllowance(token, owner, allowed, needed);
    }

    function _cancel(address maker, uint256 word, uint256 mask) private {
        _spent[maker][word] |= mask;
        _cancelled[maker][word] |= mask;
        emit Cancelled(maker, word, mask);
    }

    function _checkSigner(bytes32 id, address maker, bytes calldata signature) private view {
        if (!Signatures.isBy(maker, id, signature)) revert PointMarket_BadSignature(id, maker);
    }

    /// @dev Ask a contract that is not trusted for its brand and registry.
    function _readBrand(address token) private view returns (address brand) {
        (bool answered, bytes memory answer) =
            token.staticcall(abi.encodeCall(ILoyaltyToken.REGISTRY, ()));
        if (!answered || answer.length != 32 || abi.decode(answer, (address)) != address(REGISTRY))
        {
            revert PointMarket_NotPoints(token);
        }

        (answered, answer) = token.staticcall(abi.encodeCall(ILoyaltyToken.BRAND, ()));
        if (answered && answer.length == 32) brand = abi.decode(answer, (address));
        if (brand == address(0)) revert PointMarket_NotPoints(token);
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory, string memory)
    {
        return ("CareLedger PointMarket", "1");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";
import {LibCall} from "solady/utils/LibCall.sol";

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ICriteria} from "./ICriteria.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {Payouts} from "./Payouts.sol";

/// @title Deals
/// @notice The books of the escrow: from terms to id, one packed slot per deal, and how a deal
/// ends.
abstract contract Deals is Payouts {
    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc IRefundEscrow
    IIdentityRegistry public immutable REGISTRY;

    bytes32 internal constant _SELLER_ROLE = "careledger.refunder";
    uint256 internal constant _CRITERIA_GAS = 100_000;
    uint256 internal constant _MAX_DURATION = 3650 days;
    uint256 internal constant _MIN_WINDOW = 1 hours;
    uint256 internal constant _MAX_WINDOW = 365 days;
    uint256 internal constant _ALL_BPS = 10_000;

    /// @dev As for payments: at least this much, so that criteria get their 63/64.
    uint256 internal constant _CRITERIA_GAS_NEEDED = 113_000;

    // ------------------------------------------------------------------------------------- storage

    /// @dev From the right: state 8 bits, appellant 8, ruling 16, appeal's ruling 16, window 32,
    /// deadline 40, held 128.
    mapping(bytes32 id => uint256) private _slots;

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IRefundEscrow
    function deal(bytes32 id) external view returns (Deal memory) {
        return _load(id);
    }

    /// @inheritdoc IRefundEscrow
    function idOf(Terms calldata) external view returns (bytes32) {
        return _id();
    }

    /// @inheritdoc IRefundEscrow
    function dueBps(Terms calldata terms) external view returns (uint256) {
        return _dueBps(_id(), terms);
    }

    // ----------------------------------------------------------------------------------- internals

    /// @dev The id of the terms that the present call carries. They come first in every function
    /// that takes them, with a fixed length, so they are hashed where they lie, which costs 2,000
    /// gas less than field by field. Bits beyond a field's type would make another id, and no deal:
    /// opening reads every field, and reading refuses such bits.
    function _id() internal view returns (bytes32) {
        return
            EfficientHashLib.hash(
                _domainSeparator(), EfficientHashLib.hashCalldata(msg.data, 4, 484)
            );
    }

    /// @dev The id of the terms that the call carries and what is held for them; reverts unless the
    /// deal is open.
    function _openDeal() internal view returns (bytes32 id, uint256 held) {
        id = _id();
        uint256 slot = _slots[id];
        if (uint8(slot) != uint8(State.Open)) {
            revert RefundEscrow_WrongState(id, State(uint8(slot)), State.Open);
        }
        held = slot >> 120;
    }

    function _load(bytes32 id) internal view returns (Deal memory d) {
        uint256 slot = _slots[id];
        d.state = State(uint8(slot));
        d.appellant = Party(uint8(slot >> 8));
        d.rulingBps = uint16(slot >> 16);
        d.appealBps = uint16(slot >> 32);
        d.window = uint32(slot >> 48);
        d.deadline = uint40(slot >> 80);
        d.held = uint128(slot >> 120);
    }

    function _store(bytes32 id, Deal memory d) internal {
        _slots[id] = uint256(d.state) | (uint256(d.appellant) << 8) | (uint256(d.rulingBps) << 16)
            | (uint256(d.appealBps) << 32) | (uint256(d.window) << 48)
            | (uint256(d.deadline) << 80) | (uint256(d.held) << 120);
    }

    function _storeOpen(bytes32 id, uint256 held) internal {
        _slots[id] = uint256(State.Open) | (held << 120);
    }

    /// @dev Write a new deal down. The deposit has to follow in the same transaction.
    function _book(bytes32 id, Terms calldata t, address payer)
        internal
        returns (address token, uint256 amount)
    {
        uint256 slot = _slots[id];
        if (slot != 0) revert RefundEscrow_AlreadyOpened(id, State(uint8(slot)));
        _checkTimes(id, t);
        _checkShares(id, t);
        address seller = t.seller;
        _checkPayee(id, "seller", seller);
        amount = t.amount;
        if (amount == 0 || amount > type(uint128).max) {
            revert RefundEscrow_BadTerms(id, "amount", amount, type(uint128).max);
        }
        _storeOpen(id, amount);
        token = t.token;
        emit Opened(id, payer, seller, token, amount, t.orderRef);
    }

    function _checkTimes(bytes32 id, Terms calldata t) private view {
        uint256 releaseAt = t.releaseAt;
        unchecked {
            // One comparison for both bounds: a time that is not in the future wraps around.
            if (releaseAt - block.timestamp - 1 >= _MAX_DURATION) {
                revert RefundEscrow_BadTerms(
                    id, "releaseAt", releaseAt, block.timestamp + _MAX_DURATION
                );
            }
        }
        uint256 slaAt = t.slaAt;
        if (slaAt != 0 && (slaAt <= block.timestamp || slaAt >= releaseAt)) {
            revert RefundEscrow_BadTerms(id, "slaAt", slaAt, releaseAt);
        }
        if (t.arbiter != address(0)) {
            uint256 window = t.disputeWindow;
            if (window < _MIN_WINDOW) {
                revert RefundEscrow_BadTerms(id, "disputeWindow", window, _MIN_WINDOW);
            }
            if (window > _MAX_WINDOW) {
                revert RefundEscrow_BadTerms(id, "disputeWindow", window, _MAX_WINDOW);
            }
        }
    }

    function _checkShares(bytes32 id, Terms calldata t) private view {
        // Read although there is no fee: a field with bits that do not belong to it cannot be
        // passed on to criteria.
        address feeTo = t.feeTo;
        if (t.feeBps != 0) {
            if (t.feeBps > _ALL_BPS) {
                revert RefundEscrow_BadTerms(id, "feeBps", t.feeBps, _ALL_BPS);
            }
            _checkPayee(id, "feeTo", feeTo);
        }
        if (t.defaultBps > _ALL_BPS) {
            revert RefundEscrow_BadTerms(id, "defaultBps", t.defaultBps, _ALL_BPS);
        }
        address refundTo = t.refundTo;
        if (refundTo != address(0)) _checkPayee(id, "refundTo", refundTo);
        if (t.criteria == address(this)) {
            revert RefundEscrow_BadTerms(id, "criteria", uint160(address(this)), 0);
        }
    }

    function _checkPayee(bytes32 id, bytes32 field, address payee) private view {
        if (payee == address(0) || payee == address(this)) {
            revert RefundEscrow_BadTerms(id, field, uint160(payee), uint160(address(this)));
        }
    }

    function _requireSeller(bytes32 id, address seller, address actor) internal view {
        if (!REGISTRY.mayAct(seller, _SELLER_ROLE, actor)) {
            revert RefundEscrow_NotPermitted(id, actor, seller);
        }
    }

    function _refundee(Terms calldata t) internal pure returns (address to) {
        to = t.refundTo;
        if (to == address(0)) to = t.payer;
    }

    /// @dev End a deal with a share for the payer. A fraction of a unit is the payer's.
    function _closeAt(bytes32 id, Terms calldata t, uint256 held, uint256 bps) internal {
        unchecked {
            uint256 back = (held * bps + _ALL_BPS - 1) / _ALL_BPS;
            _close(id, t, back, held - back);
        }
    }

    /// @dev End a deal: first in the books, then in money. The fee is rounded down.
    function _close(bytes32 id, Terms calldata t, uint256 back, uint256 forth) internal {
        if (back == 0) return _release(id, t, forth);
        if (forth == 0) return _refund(id, t, back);
        _slots[id] = uint256(State.Split);
        address token = t.token;
        unchecked {
            uint256 fee = forth * t.feeBps / _ALL_BPS;
            emit Split(id, back, forth - fee, fee);
            _pay(id, token, _refundee(t), back);
            _pay(id, token, t.seller, forth - fee);
            if (fee != 0) _pay(id, token, t.feeTo, fee);
        }
    }

    function _release(bytes32 id, Terms calldata t, uint256 held) internal {
        _slots[id] = uint256(State.Released);
        address token = t.token;
        unchecked {
            uint256 fee = held * t.feeBps / _ALL_BPS;
            emit Released(id, held - fee, fee);
            _pay(id, token, t.seller, held - fee);
            if (fee != 0) _pay(id, token, t.feeTo, fee);
        }
    }

    function _refund(bytes32 id, Terms calldata t, uint256 held) internal {
        _slots[id] = uint256(State.Refunded);
        emit Refunded(id, held);
        _pay(id, t.token, _refundee(t), held);
    }

    /// @dev What the criteria say is due. They get a fixed amount of gas, may answer one word of at
    /// most 10,000, and whatever else they do means that nothing is due: broken criteria neither
    /// steal nor block.
    function _dueBps(bytes32 id, Terms calldata t) internal view returns (uint256) {
        address criteria = t.criteria;
        if (criteria == address(0)) return 0;
        (bool answered, uint256 bps) = _ask(criteria, abi.encodeCall(ICriteria.dueBps, (id, t)));
        return answered && bps <= _ALL_BPS ? bps : 0;
    }

    /// @dev Ask a contract that is not trusted for one word.
    function _ask(address target, bytes memory question)
        internal
        view
        returns (bool answered, uint256 word)
    {
        _requireGas(_CRITERIA_GAS_NEEDED);
        (bool success, bool more, bytes memory answer) =
            LibCall.tryStaticCall(target, _CRITERIA_GAS, 32, question);
        answered = success && !more && answer.length == 32;
        if (answered) word = uint256(LibBytes.load(answer, 0));
    }
}

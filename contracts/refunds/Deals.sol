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
/// @notice The books of the escrow: the id of terms, one packed slot per deal, and the end of a
/// deal.
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

    /// @dev As for payments: this much must be left, so that criteria get `_CRITERIA_GAS`.
    uint256 internal constant _CRITERIA_GAS_NEEDED = 113_000;

    /// @dev Where the terms lie in the calldata: after the selector, in fifteen words.
    uint256 internal constant _TERMS_OFFSET = 4;
    uint256 internal constant _TERMS_END = 484;

    /// @dev Where the parts of a deal's slot begin: the state (8 bits), then these.
    uint256 private constant _APPELLANT_OFFSET = 8; // 8 bits
    uint256 private constant _RULING_OFFSET = 16; // 16 bits
    uint256 private constant _APPEAL_OFFSET = 32; // 16 bits
    uint256 private constant _WINDOW_OFFSET = 48; // 32 bits
    uint256 private constant _DEADLINE_OFFSET = 80; // 40 bits
    uint256 private constant _HELD_OFFSET = 120; // 128 bits

    // ------------------------------------------------------------------------------------- storage

    mapping(bytes32 id => uint256) private _slots;

    // --------------------------------------------------------------------------------- constructor

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

    // ---------------------------------------------------------------------------- internals: books

    /// @dev The id of the terms in the present call. Every function that takes terms takes them
    /// first, and they have a fixed length. So they are hashed where they lie, which costs 2,000
    /// gas less than field by field. A field with bits beyond its type would make another id, but
    /// never a deal: opening reads every field, and reading refuses such bits.
    function _id() internal view returns (bytes32) {
        return EfficientHashLib.hash(
            _domainSeparator(), EfficientHashLib.hashCalldata(msg.data, _TERMS_OFFSET, _TERMS_END)
        );
    }

    /// @dev The id of the terms in the present call, and the amount held for them. Reverts unless
    /// the deal is open.
    function _openDeal() internal view returns (bytes32 id, uint256 held) {
        id = _id();
        uint256 slot = _slots[id];
        if (uint8(slot) != uint8(State.Open)) {
            revert RefundEscrow_WrongState(id, State(uint8(slot)), State.Open);
        }
        held = slot >> _HELD_OFFSET;
    }

    function _load(bytes32 id) internal view returns (Deal memory current) {
        uint256 slot = _slots[id];

        current.state = State(uint8(slot));
        current.appellant = Party(uint8(slot >> _APPELLANT_OFFSET));
        current.rulingBps = uint16(slot >> _RULING_OFFSET);
        current.appealBps = uint16(slot >> _APPEAL_OFFSET);
        current.window = uint32(slot >> _WINDOW_OFFSET);
        current.deadline = uint40(slot >> _DEADLINE_OFFSET);
        current.held = uint128(slot >> _HELD_OFFSET);
    }

    function _store(bytes32 id, Deal memory current) internal {
        _slots[id] = uint256(current.state) | (uint256(current.appellant) << _APPELLANT_OFFSET)
            | (uint256(current.rulingBps) << _RULING_OFFSET)
            | (uint256(current.appealBps) << _APPEAL_OFFSET)
            | (uint256(current.window) << _WINDOW_OFFSET)
            | (uint256(current.deadline) << _DEADLINE_OFFSET)
            | (uint256(current.held) << _HELD_OFFSET);
    }

    function _storeOpen(bytes32 id, uint256 held) internal {
        _slots[id] = uint256(State.Open) | (held << _HELD_OFFSET);
    }

    /// @dev Write a new deal down. The deposit must follow in the same transaction.
    function _book(bytes32 id, Terms calldata terms, address payer)
        internal
        returns (address token, uint256 amount)
    {
        // Checks
        uint256 slot = _slots[id];
        if (slot != 0) revert RefundEscrow_AlreadyOpened(id, State(uint8(slot)));
        _checkTimes(id, terms);
        _checkShares(id, terms);
        address seller = terms.seller;
        _checkPayee(id, "seller", seller);
        amount = terms.amount;
        if (amount == 0 || amount > type(uint128).max) {
            revert RefundEscrow_BadTerms(id, "amount", amount, type(uint128).max);
        }

        // Effects
        _storeOpen(id, amount);
        token = terms.token;
        emit Opened(id, payer, seller, token, amount, terms.orderRef);
    }

    // --------------------------------------------------------------------------- internals: checks

    function _checkTimes(bytes32 id, Terms calldata terms) private view {
        uint256 releaseAt = terms.releaseAt;
        unchecked {
            // One comparison for both bounds: a time that is not in the future wraps around.
            if (releaseAt - block.timestamp - 1 >= _MAX_DURATION) {
                revert RefundEscrow_BadTerms(
                    id, "releaseAt", releaseAt, block.timestamp + _MAX_DURATION
                );
            }
        }

        uint256 slaAt = terms.slaAt;
        if (slaAt != 0 && (slaAt <= block.timestamp || slaAt >= releaseAt)) {
            revert RefundEscrow_BadTerms(id, "slaAt", slaAt, releaseAt);
        }

        if (terms.arbiter != address(0)) {
            uint256 window = terms.disputeWindow;
            if (window < _MIN_WINDOW) {
                revert RefundEscrow_BadTerms(id, "disputeWindow", window, _MIN_WINDOW);
            }
            if (window > _MAX_WINDOW) {
                revert RefundEscrow_BadTerms(id, "disputeWindow", window, _MAX_WINDOW);
            }
        }
    }

    function _checkShares(bytes32 id, Terms calldata terms) private view {
        // `feeTo` is read even when there is no fee: terms with an invalid address must not be
        // opened, because criteria could not read them.
        address feeTo = terms.feeTo;
        if (terms.feeBps != 0) {
            if (terms.feeBps > _ALL_BPS) {
                revert RefundEscrow_BadTerms(id, "feeBps", terms.feeBps, _ALL_BPS);
            }
            _checkPayee(id, "feeTo", feeTo);
        }
        if (terms.defaultBps > _ALL_BPS) {
            revert RefundEscrow_BadTerms(id, "defaultBps", terms.defaultBps, _ALL_BPS);
        }

        address refundTo = terms.refundTo;
        if (refundTo != address(0)) _checkPayee(id, "refundTo", refundTo);
        if (terms.criteria == address(this)) {
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

    function _requireBefore(bytes32 id, uint256 end) internal view {
        if (block.timestamp >= end) revert RefundEscrow_TooLate(id, block.timestamp, end);
    }

    function _requireFrom(bytes32 id, uint256 start) internal view {
        if (block.timestamp < start) revert RefundEscrow_TooEarly(id, block.timestamp, start);
    }

    // --------------------------------------------------------------------------- internals: ending

    function _refundee(Terms calldata terms) internal pure returns (address to) {
        to = terms.refundTo;
        if (to == address(0)) to = terms.payer;
    }

    /// @dev Basis points of an amount of at most 128 bits, rounded up.
    function _shareUp(uint256 amount, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return (amount * bps + _ALL_BPS - 1) / _ALL_BPS;
        }
    }

    /// @dev End a deal with a share for the payer. A fraction of a unit belongs to the payer.
    function _closeAt(bytes32 id, Terms calldata terms, uint256 held, uint256 bps) internal {
        uint256 back = _shareUp(held, bps);
        unchecked {
            _close(id, terms, back, held - back);
        }
    }

    /// @dev End a deal: `back` goes to the payer, `forth` to the seller.
    function _close(bytes32 id, Terms calldata terms, uint256 back, uint256 forth) internal {
        if (forth == 0) _refund(id, terms, back);
        else _release(id, terms, back, forth);
    }

    /// @dev End a deal: everything goes back to the payer.
    function _refund(bytes32 id, Terms calldata terms, uint256 held) internal {
        // Effects
        _slots[id] = uint256(State.Refunded);
        emit Refunded(id, held);

        // Interactions
        _pay(id, terms.token, _refundee(terms), held);
    }

    /// @dev End a deal: `back`, which may be nothing, goes to the payer, and `forth` to the
    /// seller, less the fee, which is rounded down.
    function _release(bytes32 id, Terms calldata terms, uint256 back, uint256 forth) internal {
        uint256 fee;
        unchecked {
            fee = forth * terms.feeBps / _ALL_BPS;
            forth -= fee;
        }
        address token = terms.token;

        // Effects, then interactions
        if (back == 0) {
            _slots[id] = uint256(State.Released);
            emit Released(id, forth, fee);
        } else {
            _slots[id] = uint256(State.Split);
            emit Split(id, back, forth, fee);
            _pay(id, token, _refundee(terms), back);
        }
        if (forth != 0) _pay(id, token, terms.seller, forth);
        if (fee != 0) _pay(id, token, terms.feeTo, fee);
    }

    // ------------------------------------------------------------------------- internals: criteria

    /// @dev What the criteria say is due. They get a fixed amount of gas and may answer one word
    /// of at most 10,000. Whatever else they do means that nothing is due. So broken criteria can
    /// neither steal nor block.
    function _dueBps(bytes32 id, Terms calldata terms) internal view returns (uint256) {
        address criteria = terms.criteria;
        if (criteria == address(0)) return 0;

        // The terms are passed on as they lie in the calldata: opening has read every field.
        bytes memory question =
            abi.encodePacked(ICriteria.dueBps.selector, id, msg.data[_TERMS_OFFSET:_TERMS_END]);
        (bool answered, uint256 bps) = _ask(criteria, question);
        return answered && bps <= _ALL_BPS ? bps : 0;
    }

    /// @dev Ask a contract that is not trusted for one word.
    function _ask(address target, bytes memory question)
        internal
        view
        returns (bool answered, uint256 word)
    {
        if (gasleft() < _CRITERIA_GAS_NEEDED) {
            revert RefundEscrow_TooLittleGas(gasleft(), _CRITERIA_GAS_NEEDED);
        }
        (bool success, bool more, bytes memory answer) =
            LibCall.tryStaticCall(target, _CRITERIA_GAS, 32, question);

        answered = success && !more && answer.length == 32;
        if (answered) word = uint256(LibBytes.load(answer, 0));
    }
}

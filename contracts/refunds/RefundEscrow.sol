// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {IAuthorizationToken, IPermitToken} from "./IEscrowTokens.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {Deals} from "./Deals.sol";
import {Disputes} from "./Disputes.sol";

/// @title RefundEscrow
/// @notice Described in IRefundEscrow.
/// @dev In here: how deals are opened, and how they end without a dispute. The books are in Deals,
/// arbitration in Disputes, payments and signatures in Payouts.
contract RefundEscrow is Disputes {
    using SafeTransferLib for address;

    // ----------------------------------------------------------------------------------- constants

    bytes32 private constant _TERMS_TYPEHASH = keccak256(
        "Terms(address payer,address refundTo,address seller,address token,uint256 amount,"
        "uint256 releaseAt,uint256 slaAt,uint256 disputeWindow,address criteria,address arbiter,"
        "uint256 feeBps,address feeTo,uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
    );
    bytes32 private constant _OPEN_TYPEHASH = keccak256(
        "Open(Terms terms,uint256 deadline)"
        "Terms(address payer,address refundTo,address seller,address token,uint256 amount,"
        "uint256 releaseAt,uint256 slaAt,uint256 disputeWindow,address criteria,address arbiter,"
        "uint256 feeBps,address feeTo,uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
    );
    bytes32 private constant _RELEASE_TYPEHASH = keccak256("Release(bytes32 id,uint256 deadline)");
    bytes32 private constant _SPLIT_TYPEHASH =
        keccak256("Split(bytes32 id,uint256 toPayer,uint256 toSeller,uint256 deadline)");

    constructor(IIdentityRegistry registry) Deals(registry) {}

    // ------------------------------------------------------------------------------------- opening

    /// @inheritdoc IRefundEscrow
    function open(Terms calldata terms) external payable returns (bytes32 id) {
        id = _id();
        address payer = terms.payer;
        if (msg.sender != payer) revert RefundEscrow_NotPermitted(id, msg.sender, payer);
        _openPaid(id, terms, payer);
    }

    /// @inheritdoc IRefundEscrow
    function openBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        payable
        returns (bytes32 id)
    {
        id = _id();
        address payer = terms.payer;
        _checkOpening(payer, deadline, signature);
        _openPaid(id, terms, payer);
    }

    /// @inheritdoc IRefundEscrow
    function openWithPermit(
        Terms calldata terms,
        Permit calldata permit,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bytes32 id) {
        id = _id();
        address payer = terms.payer;
        if (msg.sender != payer) _checkOpening(payer, deadline, signature);
        (address token, uint256 amount) = _bookTokens(id, terms, payer);
        // Whoever saw the permit under way may have brought it in already: what counts is the
        // allowance.
        bytes memory call = abi.encodeCall(
            IPermitToken.permit,
            (payer, address(this), amount, permit.deadline, permit.v, permit.r, permit.s)
        );
        LibCall.tryCall(token, 0, gasleft(), 0, call);
        _pull(id, token, payer, amount);
    }

    /// @inheritdoc IRefundEscrow
    function openWithAuthorization(Terms calldata terms, Authorization calldata authorization)
        external
        returns (bytes32 id)
    {
        id = _id();
        address payer = terms.payer;
        (address token, uint256 amount) = _bookTokens(id, terms, payer);
        uint256 before = token.balanceOf(address(this));
        IAuthorizationToken(token)
            .receiveWithAuthorization(
                payer,
                address(this),
                amount,
                authorization.validAfter,
                authorization.validBefore,
                id,
                authorization.v,
                authorization.r,
                authorization.s
            );
        _checkArrival(id, token, before, amount);
    }

    /// @inheritdoc IRefundEscrow
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4)
    {
        this.openReceived(abi.decode(data, (Terms)), msg.sender, operator, from, value);
        return this.onTransferReceived.selector;
    }

    /// @inheritdoc IRefundEscrow
    function openReceived(
        Terms calldata terms,
        address token,
        address operator,
        address from,
        uint256 value
    ) external {
        if (msg.sender != address(this)) revert RefundEscrow_OnlySelf(msg.sender);
        bytes32 id = _id();
        address payer = terms.payer;
        if (operator != payer) revert RefundEscrow_NotPermitted(id, operator, payer);
        if (from != payer) revert RefundEscrow_NotPermitted(id, from, payer);
        (address due, uint256 amount) = _bookTokens(id, terms, payer);
        if (token != due) revert RefundEscrow_NotPermitted(id, token, due);
        if (value != amount) revert RefundEscrow_WrongDeposit(id, value, amount);
        // What was here before can no longer be told. So the token has to show that it delivers
        // what it says it does, by a transfer from this contract to itself: if that changes the
        // balance, it takes a fee.
        uint256 balance = token.balanceOf(address(this));
        if (!_sendToken(token, address(this), amount, _PUSH_GAS)) {
            revert RefundEscrow_WrongDeposit(id, 0, amount);
        }
        unchecked {
            _checkArrival(id, token, balance - amount, amount);
        }
    }

    // -------------------------------------------------------------------------------------- ending

    /// @inheritdoc IRefundEscrow
    function release(Terms calldata terms) external returns (bytes32 id) {
        uint256 held;
        (id, held) = _openDeal();
        if (msg.sender != terms.payer) {
            uint256 releaseAt = terms.releaseAt;
            if (block.timestamp < releaseAt) {
                revert RefundEscrow_TooEarly(id, block.timestamp, releaseAt);
            }
            uint256 due = _dueBps(id, terms);
            if (due != 0) revert RefundEscrow_CriteriaDue(id, due);
        }
        _release(id, terms, held);
    }

    /// @inheritdoc IRefundEscrow
    function releaseBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 id)
    {
        uint256 held;
        (id, held) = _openDeal();
        _checkSignature(
            terms.payer,
            keccak256(abi.encode(_RELEASE_TYPEHASH, id, deadline)),
            deadline,
            signature
        );
        _release(id, terms, held);
    }

    /// @inheritdoc IRefundEscrow
    function refund(Terms calldata terms) external returns (bytes32 id) {
        uint256 held;
        (id, held) = _openDeal();
        uint256 due = _dueBps(id, terms);
        if (due == 0) revert RefundEscrow_CriteriaNotDue(id);
        _closeAt(id, terms, held, due);
    }

    /// @inheritdoc IRefundEscrow
    function refundDue(Terms calldata terms, uint256 bps) external returns (bytes32 id) {
        uint256 held;
        (id, held) = _openDeal();
        address criteria = terms.criteria;
        if (msg.sender != criteria) revert RefundEscrow_NotPermitted(id, msg.sender, criteria);
        if (bps == 0 || bps > _ALL_BPS) revert RefundEscrow_BadShare(id, bps, _ALL_BPS);
        _closeAt(id, terms, held, bps);
    }

    /// @inheritdoc IRefundEscrow
    function refundPart(Terms calldata terms, uint256 amount) external returns (bytes32 id) {
        uint256 held;
        (id, held) = _openDeal();
        _requireSeller(id, terms.seller, msg.sender);
        if (amount == 0 || amount > held) revert RefundEscrow_BadShare(id, amount, held);
        if (amount == held) {
            _refund(id, terms, held);
            return id;
        }
        _storeOpen(id, held - amount);
        emit PartRefunded(id, amount, held - amount);
        _pay(id, terms.token, _refundee(terms), amount);
    }

    /// @inheritdoc IRefundEscrow
    function split(Terms calldata terms, Agreement calldata agreement)
        external
        returns (bytes32 id)
    {
        uint256 held;
        (id, held) = _openDeal();
        (uint256 toPayer, uint256 toSeller) = (agreement.toPayer, agreement.toSeller);
        if (toPayer > held || toSeller != held - toPayer) {
            revert RefundEscrow_BadSplit(id, toPayer, toSeller, held);
        }
        uint256 deadline = agreement.deadline;
        bytes32 message = keccak256(abi.encode(_SPLIT_TYPEHASH, id, toPayer, toSeller, deadline));
        address payer = terms.payer;
        if (msg.sender != payer) {
            _checkSignature(payer, message, deadline, agreement.payerSignature);
        }
        address signer = agreement.sellerSigner;
        _requireSeller(id, terms.seller, signer);
        if (msg.sender != signer) {
            _checkSignature(signer, message, deadline, agreement.sellerSignature);
        }
        _close(id, terms, toPayer, toSeller);
    }

    // ----------------------------------------------------------------------------------- internals

    function _checkOpening(address payer, uint256 deadline, bytes calldata signature)
        private
        view
    {
        bytes32 terms = keccak256(abi.encodePacked(_TERMS_TYPEHASH, msg.data[4:484]));
        bytes32 message = keccak256(abi.encode(_OPEN_TYPEHASH, terms, deadline));
        _checkSignature(payer, message, deadline, signature);
    }

    function _openPaid(bytes32 id, Terms calldata t, address payer) private {
        (address token, uint256 amount) = _book(id, t, payer);
        if (token == address(0)) {
            if (msg.value != amount) revert RefundEscrow_WrongValue(id, msg.value, amount, 0);
        } else {
            if (msg.value != 0) revert RefundEscrow_WrongValue(id, msg.value, 0, 0);
            _pull(id, token, payer, amount);
        }
    }

    function _bookTokens(bytes32 id, Terms calldata t, address payer)
        private
        returns (address token, uint256 amount)
    {
        (token, amount) = _book(id, t, payer);
        if (token == address(0)) revert RefundEscrow_WrongValue(id, 0, amount, 0);
    }
}

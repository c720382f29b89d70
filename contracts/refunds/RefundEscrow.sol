// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {IAuthorizationToken, IPermitToken} from "./IEscrowTokens.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {Deals} from "./Deals.sol";
import {Disputes} from "./Disputes.sol";

/// @title RefundEscrow
/// @notice See `IRefundEscrow`.
/// @dev This file opens deals and ends them without a dispute. The books are in `Deals`,
/// arbitration is in `Disputes`, payments and signatures are in `Payouts`.
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

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) Deals(registry) {}

    // ----------------------------------------------------------------------------- writes: opening

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
        // Checks and effects
        id = _id();
        address payer = terms.payer;
        if (msg.sender != payer) _checkOpening(payer, deadline, signature);
        (address token, uint256 amount) = _bookTokens(id, terms, payer);

        // Interactions: somebody who saw the permit may have sent it before. The allowance counts,
        // so a permit that fails does no harm.
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
        // Checks and effects
        id = _id();
        address payer = terms.payer;
        (address token, uint256 amount) = _bookTokens(id, terms, payer);

        // Interactions
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
        // Checks and effects
        if (msg.sender != address(this)) revert RefundEscrow_OnlySelf(msg.sender);
        bytes32 id = _id();
        address payer = terms.payer;
        if (operator != payer) revert RefundEscrow_NotPermitted(id, operator, payer);
        if (from != payer) revert RefundEscrow_NotPermitted(id, from, payer);
        (address due, uint256 amount) = _bookTokens(id, terms, payer);
        if (token != due) revert RefundEscrow_NotPermitted(id, token, due);
        if (value != amount) revert RefundEscrow_WrongDeposit(id, value, amount);

        // Interactions: the balance before the deposit is not known any more. So the token makes a
        // transfer from this contract to itself. If that changes the balance, the token takes a
        // fee.
        uint256 balance = token.balanceOf(address(this));
        if (!_send(token, address(this), amount, _PUSH_GAS)) {
            revert RefundEscrow_WrongDeposit(id, 0, amount);
        }
        unchecked {
            _checkArrival(id, token, balance - amount, amount);
        }
    }

    // ------------------------------------------------------------------------------ writes: ending

    /// @inheritdoc IRefundEscrow
    function release(Terms calldata terms) external returns (bytes32 id) {
        uint256 held;
        (id, held) = _openDeal();
        if (msg.sender != terms.payer) {
            _requireFrom(id, terms.releaseAt);
            uint256 due = _dueBps(id, terms);
            if (due != 0) revert RefundEscrow_CriteriaDue(id, due);
        }
        _release(id, terms, 0, held);
    }

    /// @inheritdoc IRefundEscrow
    function releaseBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 id)
    {
        uint256 held;
        (id, held) = _openDeal();

        bytes32 message = EfficientHashLib.hash(_RELEASE_TYPEHASH, id, bytes32(deadline));
        _checkSignature(terms.payer, message, deadline, signature);
        _release(id, terms, 0, held);
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
        // Checks
        _requireSeller(id, terms.seller, msg.sender);
        if (amount == 0 || amount > held) revert RefundEscrow_BadShare(id, amount, held);
        if (amount == held) {
            _refund(id, terms, held);
            return id;
        }

        // Effects
        _storeOpen(id, held - amount);
        emit PartRefunded(id, amount, held - amount);

        // Interactions
        _pay(id, terms.token, _refundee(terms), amount);
    }

    /// @inheritdoc IRefundEscrow
    function split(Terms calldata terms, Agreement calldata agreement)
        external
        returns (bytes32 id)
    {
        uint256 held;
        (id, held) = _openDeal();
        uint256 toPayer = agreement.toPayer;
        uint256 toSeller = agreement.toSeller;
        if (toPayer > held || toSeller != held - toPayer) {
            revert RefundEscrow_BadSplit(id, toPayer, toSeller, held);
        }

        uint256 deadline = agreement.deadline;
        bytes32 message = EfficientHashLib.hash(
            uint256(_SPLIT_TYPEHASH), uint256(id), toPayer, toSeller, deadline
        );
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

    /// @dev The terms lie in the calldata as EIP-712 encodes them.
    function _checkOpening(address payer, uint256 deadline, bytes calldata signature)
        private
        view
    {
        bytes32 termsHash =
            keccak256(abi.encodePacked(_TERMS_TYPEHASH, msg.data[_TERMS_OFFSET:_TERMS_END]));
        bytes32 message = EfficientHashLib.hash(_OPEN_TYPEHASH, termsHash, bytes32(deadline));
        _checkSignature(payer, message, deadline, signature);
    }

    function _openPaid(bytes32 id, Terms calldata terms, address payer) private {
        // Checks and effects
        (address token, uint256 amount) = _book(id, terms, payer);

        // Interactions: the deposit. Ether is here already.
        if (token == address(0)) {
            if (msg.value != amount) revert RefundEscrow_WrongValue(id, msg.value, amount, 0);
        } else {
            if (msg.value != 0) revert RefundEscrow_WrongValue(id, msg.value, 0, 0);
            _pull(id, token, payer, amount);
        }
    }

    function _bookTokens(bytes32 id, Terms calldata terms, address payer)
        private
        returns (address token, uint256 amount)
    {
        (token, amount) = _book(id, terms, payer);
        if (token == address(0)) revert RefundEscrow_WrongValue(id, 0, amount, 0);
    }
}

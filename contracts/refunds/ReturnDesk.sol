// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ICriteria} from "./ICriteria.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {IReturnDesk} from "./IReturnDesk.sol";
import {Signatures} from "../shared/Signatures.sol";

/// @title ReturnDesk
/// @notice Described in IReturnDesk.
contract ReturnDesk is IReturnDesk, EIP712 {
    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc IReturnDesk
    bytes32 public constant SCANNER_ROLE = "careledger.scanner";

    /// @inheritdoc IReturnDesk
    IIdentityRegistry public immutable REGISTRY;

    /// @inheritdoc IReturnDesk
    IRefundEscrow public immutable ESCROW;

    uint256 private constant _ALL_BPS = 10_000;
    bytes32 private constant _DELIVERY_TYPEHASH =
        keccak256("DeliveryScan(bytes32 orderRef,address scanner,uint256 deadline)");
    bytes32 private constant _RETURN_TYPEHASH = keccak256(
        "ReturnScan(bytes32 orderRef,uint256 gradeBps,address scanner,uint256 deadline)"
    );

    // ------------------------------------------------------------------------------------- storage

    mapping(bytes32 orderRef => Record) private _records;

    constructor(IIdentityRegistry registry, IRefundEscrow escrow) {
        REGISTRY = registry;
        ESCROW = escrow;
    }

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc IReturnDesk
    function scanDelivery(bytes32 orderRef) external {
        _scanDelivery(orderRef, msg.sender);
    }

    /// @inheritdoc IReturnDesk
    function scanDeliveryBySig(
        bytes32 orderRef,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _checkSignature(
            scanner,
            keccak256(abi.encode(_DELIVERY_TYPEHASH, orderRef, scanner, deadline)),
            deadline,
            signature
        );
        _scanDelivery(orderRef, scanner);
    }

    /// @inheritdoc IReturnDesk
    function scanReturn(bytes32 orderRef, uint256 gradeBps) external {
        _scanReturn(orderRef, gradeBps, msg.sender);
    }

    /// @inheritdoc IReturnDesk
    function scanReturnBySig(
        bytes32 orderRef,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _checkReturn(orderRef, gradeBps, scanner, deadline, signature);
        _scanReturn(orderRef, gradeBps, scanner);
    }

    /// @inheritdoc IReturnDesk
    function settleReturn(IRefundEscrow.Terms calldata terms, uint256 gradeBps)
        external
        returns (uint256 bps)
    {
        bps = _due(_scanReturn(terms.orderRef, gradeBps, msg.sender), terms.slaAt);
        if (bps != 0) ESCROW.refundDue(terms, bps);
    }

    /// @inheritdoc IReturnDesk
    function settleReturnBySig(
        IRefundEscrow.Terms calldata terms,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 bps) {
        bytes32 orderRef = terms.orderRef;
        _checkReturn(orderRef, gradeBps, scanner, deadline, signature);
        bps = _due(_scanReturn(orderRef, gradeBps, scanner), terms.slaAt);
        if (bps != 0) ESCROW.refundDue(terms, bps);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc ICriteria
    function dueBps(bytes32, IRefundEscrow.Terms calldata terms) external view returns (uint256) {
        return _due(_records[terms.orderRef], terms.slaAt);
    }

    /// @inheritdoc IReturnDesk
    function record(bytes32 orderRef) external view returns (Record memory) {
        return _records[orderRef];
    }

    /// @inheritdoc IReturnDesk
    function carrierOf(bytes32 orderRef) public pure returns (address) {
        return address(bytes20(orderRef));
    }

    // ----------------------------------------------------------------------------------- internals

    function _scanDelivery(bytes32 orderRef, address scanner) private {
        _requireScanner(orderRef, scanner);
        Record memory r = _records[orderRef];
        if (r.returnedAt != 0) {
            revert ReturnDesk_AlreadyReturned(orderRef, r.scanner, r.returnedAt);
        }
        if (r.deliveredAt != 0) {
            revert ReturnDesk_AlreadyDelivered(orderRef, r.scanner, r.deliveredAt);
        }
        _records[orderRef] = Record(scanner, uint40(block.timestamp), 0, 0);
        emit DeliveryScanned(orderRef, scanner);
    }

    function _scanReturn(bytes32 orderRef, uint256 gradeBps, address scanner)
        private
        returns (Record memory r)
    {
        if (gradeBps > _ALL_BPS) revert ReturnDesk_BadGrade(orderRef, gradeBps, _ALL_BPS);
        _requireScanner(orderRef, scanner);
        r = _records[orderRef];
        if (r.returnedAt != 0) {
            revert ReturnDesk_AlreadyReturned(orderRef, r.scanner, r.returnedAt);
        }
        (r.scanner, r.returnedAt, r.gradeBps) =
        (scanner, uint40(block.timestamp), uint16(gradeBps));
        _records[orderRef] = r;
        emit ReturnScanned(orderRef, scanner, gradeBps);
    }

    function _requireScanner(bytes32 orderRef, address scanner) private view {
        address carrier = carrierOf(orderRef);
        if (!REGISTRY.mayAct(carrier, SCANNER_ROLE, scanner)) {
            revert ReturnDesk_NotScanner(orderRef, scanner, carrier);
        }
    }

    /// @dev The grade, or everything when nobody had seen the goods at the promised time. Goods
    /// that came back by then had been delivered before.
    function _due(Record memory r, uint256 slaAt) private view returns (uint256) {
        if (slaAt != 0 && block.timestamp > slaAt) {
            uint256 seenAt = r.deliveredAt != 0 ? r.deliveredAt : r.returnedAt;
            if (seenAt == 0 || seenAt > slaAt) return _ALL_BPS;
        }
        return r.gradeBps;
    }

    function _checkReturn(
        bytes32 orderRef,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) private view {
        bytes32 message = keccak256(
            abi.encode(_RETURN_TYPEHASH, orderRef, gradeBps, scanner, deadline)
        );
        _checkSignature(scanner, message, deadline, signature);
    }

    function _checkSignature(
        address scanner,
        bytes32 message,
        uint256 deadline,
        bytes calldata signature
    ) private view {
        bytes32 digest = _hashTypedData(message);
        if (block.timestamp > deadline) {
            revert ReturnDesk_SignatureExpired(digest, block.timestamp, deadline);
        }
        if (!Signatures.isBy(scanner, digest, signature)) {
            revert ReturnDesk_BadSignature(digest, scanner);
        }
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory, string memory)
    {
        return ("CareLedger ReturnDesk", "1");
    }
}

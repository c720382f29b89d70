// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ICriteria} from "./ICriteria.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";

/// @title IReturnDesk
/// @notice Criteria for goods that are shipped: a return that a carrier's scanner received and
/// graded is due back by its grade; a delivery that no scanner saw by the time that was promised is
/// due back whole.
/// @dev An order is known by the deal's `orderRef`: 20 bytes are the carrier's identity, the other
/// 12 a commitment to the order that only those who know it can recompute. So the terms say whose
/// scanners count, and only they can write to an order's record, whoever else reads its number.
/// Several deals may name the same order: a scan counts for all.
///
/// Warning: the time of a scan is that of its block. A scan that is relayed late counts late, and a
/// delivery scan that comes after the promised time does not take back what fell due. Warning:
/// payers make up terms; a seller that ships looks first whether the order's record is empty, for
/// what came back before is due back at once.
interface IReturnDesk is ICriteria {
    // --------------------------------------------------------------------------------------- types

    /// @notice What is known of an order; times are seconds since 1970 UTC, zero for not yet.
    /// @param scanner Who made the latest scan.
    /// @param deliveredAt When it was scanned as delivered.
    /// @param returnedAt When it was scanned as returned.
    /// @param gradeBps What of the price the returned goods are worth to the payer, in basis
    /// points.
    struct Record {
        address scanner;
        uint40 deliveredAt;
        uint40 returnedAt;
        uint16 gradeBps;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice An order was scanned as delivered.
    event DeliveryScanned(bytes32 indexed orderRef, address indexed scanner);

    /// @notice An order was scanned as returned, and graded.
    event ReturnScanned(bytes32 indexed orderRef, address indexed scanner, uint256 gradeBps);

    // -------------------------------------------------------------------------------------- errors

    /// @notice The account is neither the carrier's controller nor its delegate for
    /// `careledger.scanner`.
    error ReturnDesk_NotScanner(bytes32 orderRef, address actual, address carrier);
    /// @notice The order has been scanned as returned: nothing about it changes any more.
    error ReturnDesk_AlreadyReturned(bytes32 orderRef, address scanner, uint256 scannedAt);
    /// @notice The order has been scanned as delivered before.
    error ReturnDesk_AlreadyDelivered(bytes32 orderRef, address scanner, uint256 scannedAt);
    /// @notice A grade is at most 10,000 basis points.
    error ReturnDesk_BadGrade(bytes32 orderRef, uint256 actual, uint256 limit);
    /// @notice The signature is not the scanner's, or has a high s.
    error ReturnDesk_BadSignature(bytes32 digest, address scanner);
    /// @notice The signature's deadline has passed.
    error ReturnDesk_SignatureExpired(bytes32 digest, uint256 actual, uint256 expected);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Record that an order was delivered, now.
    /// @dev For the carrier's controller and its `careledger.scanner` delegates, once, and not
    /// after a return. Reverts: NotScanner, AlreadyDelivered, AlreadyReturned.
    function scanDelivery(bytes32 orderRef) external;

    /// @notice Record a delivery as the scanner signed in `DeliveryScan(bytes32 orderRef,address
    /// scanner,uint256 deadline)`.
    /// @dev For anyone. Reverts as `scanDelivery`, and: BadSignature, SignatureExpired.
    function scanDeliveryBySig(
        bytes32 orderRef,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Record that an order came back, now, and in which state, without settling any deal.
    /// @dev For the same scanners, once; the grade never changes. For deals that are in dispute, or
    /// over. Reverts: NotScanner, AlreadyReturned, BadGrade.
    function scanReturn(bytes32 orderRef, uint256 gradeBps) external;

    /// @notice Record a return as the scanner signed in `ReturnScan(bytes32 orderRef,uint256
    /// gradeBps,address scanner, uint256 deadline)`.
    /// @dev For anyone. Reverts as `scanReturn`, and: BadSignature, SignatureExpired.
    function scanReturnBySig(
        bytes32 orderRef,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Record that an order came back and pay the refund, in one transaction.
    /// @dev For the same scanners. Reverts as `scanReturn`, and with what `IRefundEscrow.refundDue`
    /// reverts with; then nothing is recorded either. A grade of 0 is recorded, and nothing is paid
    /// unless the delivery was late.
    /// @return bps What was paid back.
    function settleReturn(IRefundEscrow.Terms calldata terms, uint256 gradeBps)
        external
        returns (uint256 bps);

    /// @notice Record a return and pay the refund, as the scanner signed in `ReturnScan`.
    /// @dev For anyone. Reverts as `settleReturn`, and: BadSignature, SignatureExpired.
    function settleReturnBySig(
        IRefundEscrow.Terms calldata terms,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 bps);

    // --------------------------------------------------------------------------------------- views

    /// @notice What is known of an order.
    function record(bytes32 orderRef) external view returns (Record memory);

    /// @notice The identity whose scanners may write to an order's record: its first 20 bytes.
    function carrierOf(bytes32 orderRef) external pure returns (address);

    /// @notice The role of scanners: `careledger.scanner`.
    function SCANNER_ROLE() external view returns (bytes32);

    /// @notice Where identities and their delegates are looked up.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The escrow whose deals are settled.
    function ESCROW() external view returns (IRefundEscrow);
}

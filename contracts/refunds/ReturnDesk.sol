// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ICriteria} from "./ICriteria.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {IReturnDesk} from "./IReturnDesk.sol";
import {Signatures} from "../shared/Signatures.sol";

/// @title ReturnDesk
/// @notice See `IReturnDesk`.
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

    // --------------------------------------------------------------------------------- constructor

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
        bytes32 message = keccak256(abi.encode(_DELIVERY_TYPEHASH, orderRef, scanner, deadline));
        _checkSignature(scanner, message, deadline, signature);
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
        return _settle(terms, gradeBps, msg.sender);
    }

    /// @inheritdoc IReturnDesk
    function settleReturnBySig(
        IRefundEscrow.Terms calldata terms,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 bps) {
        _checkReturn(terms.orderRef, gradeBps, scanner, deadline, signature);
        return _settle(terms, gradeBps, scanner);
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

        Record memory entry = _records[orderRef];
        _requireUnreturned(orderRef, entry);
        if (entry.deliveredAt != 0) {
            revert ReturnDesk_AlreadyDelivered(orderRef, entry.scanner, entry.deliveredAt);
        }

        entry.scanner = scanner;
        entry.deliveredAt = uint40(block.timestamp);
        _records[orderRef] = entry;
        emit DeliveryScanned(orderRef, scanner);
    }

    function _scanReturn(bytes32 orderRef, uint256 gradeBps, address scanner)
        private
        returns (Record memory entry)
    {
        if (gradeBps > _ALL_BPS) revert ReturnDesk_BadGrade(orderRef, gradeBps, _ALL_BPS);
        _requireScanner(orderRef, scanner);

        entry = _records[orderRef];
        _requireUnreturned(orderRef, entry);

        entry.scanner = scanner;
        entry.returnedAt = uint40(block.timestamp);
        entry.gradeBps = uint16(gradeBps);
        _records[orderRef] = entry;
        emit ReturnScanned(orderRef, scanner, gradeBps);
    }

    function _settle(IRefundEscrow.Terms calldata terms, uint256 gradeBps, address scanner)
        private
        returns (uint256 bps)
    {
        bps = _due(_scanReturn(terms.orderRef, gradeBps, scanner), terms.slaAt);
        if (bps != 0) ESCROW.refundDue(terms, bps);
    }

    function _requireUnreturned(bytes32 orderRef, Record memory entry) private pure {
        if (entry.returnedAt != 0) {
            revert ReturnDesk_AlreadyReturned(orderRef, entry.scanner, entry.returnedAt);
        }
    }

    function _requireScanner(bytes32 orderRef, address scanner) private view {
        address carrier = carrierOf(orderRef);
        if (!REGISTRY.mayAct(carrier, SCANNER_ROLE, scanner)) {
            revert ReturnDesk_NotScanner(orderRef, scanner, carrier);
        }
    }

    /// @dev The grade, or everything when no scanner had seen the goods by the promised time.
    /// Goods that came back by then had been delivered before.
    function _due(Record memory entry, uint256 slaAt) private view returns (uint256) {
        if (slaAt != 0 && block.timestamp > slaAt) {
            uint256 seenAt = entry.deliveredAt != 0 ? entry.deliveredAt : entry.returnedAt;
            if (seenAt == 0 || seenAt > slaAt) return _ALL_BPS;
        }
        return entry.gradeBps;
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

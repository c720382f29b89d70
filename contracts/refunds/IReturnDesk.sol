// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ICriteria} from "./ICriteria.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";

/// @title IReturnDesk
/// @notice Criteria for goods that are shipped. When a carrier's scanner received and graded a
/// return, the refund is the grade. When no scanner saw the delivery by the promised time, the
/// refund is the whole price.
/// @dev An order is known by the deal's `orderRef`: 20 bytes are the carrier's identity, the other
/// 12 are a commitment to the order that only those who know the order can compute. So the terms
/// say whose scanners count, and only these can write to an order's record, whoever else reads its
/// number. Several deals may name the same order: a scan counts for all of them.
///
/// Warning: the time of a scan is the time of its block. A scan that is relayed late counts late,
/// and a delivery scan after the promised time does not cancel a refund that fell due. Warning:
/// payers make up terms. Before a seller ships, it checks that the order's record is empty: what
/// came back before is due back at once.
interface IReturnDesk is ICriteria {
    // --------------------------------------------------------------------------------------- types

    /// @notice What is known of an order. Times are seconds since 1970 UTC; zero means "not yet".
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

    /// @notice A scanner recorded that an order was delivered.
    /// @custom:es Un escáner registró que se entregó un pedido.
    event DeliveryScanned(bytes32 indexed orderRef, address indexed scanner);

    /// @notice A scanner recorded that an order came back, and graded the goods.
    /// @custom:es Un escáner registró que un pedido fue devuelto, y valoró la mercancía.
    event ReturnScanned(bytes32 indexed orderRef, address indexed scanner, uint256 gradeBps);

    // -------------------------------------------------------------------------------------- errors

    /// @notice The account is not a scanner of the carrier.
    /// @custom:es La cuenta no es un escáner del transportista.
    /// @dev It is neither the carrier's controller nor its delegate for `careledger.scanner`.
    error ReturnDesk_NotScanner(bytes32 orderRef, address actual, address carrier);

    /// @notice The order already came back, so its record does not change any more.
    /// @custom:es El pedido ya fue devuelto, así que su registro ya no cambia.
    error ReturnDesk_AlreadyReturned(bytes32 orderRef, address scanner, uint256 scannedAt);

    /// @notice The order was already scanned as delivered.
    /// @custom:es El pedido ya se escaneó como entregado.
    error ReturnDesk_AlreadyDelivered(bytes32 orderRef, address scanner, uint256 scannedAt);

    /// @notice A grade is at most 10,000 basis points.
    /// @custom:es Una valoración es de 10.000 puntos básicos como máximo.
    error ReturnDesk_BadGrade(bytes32 orderRef, uint256 actual, uint256 limit);

    /// @notice The signature is not valid for this scanner.
    /// @custom:es La firma no es válida para este escáner.
    /// @dev Also for an account's signature with a high s.
    error ReturnDesk_BadSignature(bytes32 digest, address scanner);

    /// @notice The deadline of the signature has passed.
    /// @custom:es La firma ha vencido.
    error ReturnDesk_SignatureExpired(bytes32 digest, uint256 actual, uint256 expected);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Record that an order was delivered now.
    /// @custom:es Registra que un pedido se entregó ahora.
    /// @dev For the carrier's controller and its `careledger.scanner` delegates, once, and not
    /// after a return. Reverts: NotScanner, AlreadyDelivered, AlreadyReturned.
    function scanDelivery(bytes32 orderRef) external;

    /// @notice Record that an order was delivered now, with the scanner's signature.
    /// @custom:es Registra que un pedido se entregó ahora, con la firma del escáner.
    /// @dev For anyone. The scanner signs `DeliveryScan(bytes32 orderRef,address scanner,uint256
    /// deadline)`. Reverts as `scanDelivery`, and: BadSignature, SignatureExpired.
    function scanDeliveryBySig(
        bytes32 orderRef,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Record that an order came back now, with a grade, without a refund.
    /// @custom:es Registra que un pedido fue devuelto ahora, con una valoración, sin reembolso.
    /// @dev For the carrier's controller and its `careledger.scanner` delegates, once. The grade
    /// never changes. For deals that are in dispute or over. Reverts: NotScanner, AlreadyReturned,
    /// BadGrade.
    function scanReturn(bytes32 orderRef, uint256 gradeBps) external;

    /// @notice Record that an order came back now, with a grade and the scanner's signature,
    /// without a refund.
    /// @custom:es Registra que un pedido fue devuelto ahora, con una valoración y la firma del
    /// escáner, sin reembolso.
    /// @dev For anyone. The scanner signs `ReturnScan(bytes32 orderRef,uint256 gradeBps,address
    /// scanner,uint256 deadline)`. Reverts as `scanReturn`, and: BadSignature, SignatureExpired.
    function scanReturnBySig(
        bytes32 orderRef,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Record that an order came back now, with a grade, and pay the refund at once.
    /// @custom:es Registra que un pedido fue devuelto ahora, con una valoración, y paga el
    /// reembolso de inmediato.
    /// @dev For the same scanners. Reverts as `scanReturn` and as `IRefundEscrow.refundDue`; then
    /// nothing is recorded. A grade of 0 is recorded, and nothing is paid unless the delivery was
    /// late.
    /// @return bps What was paid back, in basis points.
    function settleReturn(IRefundEscrow.Terms calldata terms, uint256 gradeBps)
        external
        returns (uint256 bps);

    /// @notice Record that an order came back now, with a grade and the scanner's signature, and
    /// pay the refund at once.
    /// @custom:es Registra que un pedido fue devuelto ahora, con una valoración y la firma del
    /// escáner, y paga el reembolso de inmediato.
    /// @dev For anyone. The scanner signs `ReturnScan`. Reverts as `settleReturn`, and:
    /// BadSignature, SignatureExpired.
    function settleReturnBySig(
        IRefundEscrow.Terms calldata terms,
        uint256 gradeBps,
        address scanner,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 bps);

    // --------------------------------------------------------------------------------------- views

    /// @notice What is known of an order: delivery, return and grade.
    /// @custom:es Lo que se sabe de un pedido: entrega, devolución y valoración.
    function record(bytes32 orderRef) external view returns (Record memory);

    /// @notice The carrier whose scanners may record an order.
    /// @custom:es El transportista cuyos escáneres pueden registrar un pedido.
    /// @dev The first 20 bytes of `orderRef`.
    function carrierOf(bytes32 orderRef) external pure returns (address);

    /// @notice The type of the delegates who may scan for a carrier.
    /// @custom:es El tipo de los delegados que pueden escanear por un transportista.
    /// @dev `careledger.scanner`.
    function SCANNER_ROLE() external view returns (bytes32);

    /// @notice The registry that says who controls an identity and who its delegates are.
    /// @custom:es El registro que dice quién controla una identidad y quiénes son sus delegados.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The escrow whose deals are settled.
    /// @custom:es El depósito en garantía cuyas operaciones se liquidan.
    function ESCROW() external view returns (IRefundEscrow);
}

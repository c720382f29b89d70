// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefundEscrow} from "./IRefundEscrow.sol";

/// @title ICriteria
/// @notice A contract that knows whether a promise was broken, and how much of the price is due
/// back.
///
/// The escrow asks it by a static call with a fixed amount of gas (`limits().criteriaGas`). Only
/// an answer of exactly one word of at most 10,000 counts. A revert, another answer, or too much
/// gas means that nothing is due. The contract may also act by itself: in the transaction in which
/// it learns of the fact, it calls `IRefundEscrow.refundDue`.
///
/// Warning: what is due must not depend on who asks, on the transaction or on the gas price, and
/// should never become less: whoever wants the other outcome would wait for the right moment.
interface ICriteria {
    /// @notice What is due back to the payer of a deal now, in basis points.
    /// @custom:es Lo que ahora corresponde devolver al pagador de una operación, en puntos
    /// básicos.
    /// @dev In basis points of what is held; 0 when nothing is due.
    /// @param id The deal.
    /// @param terms Its terms. The escrow checks that they belong to the id when it asks; other
    /// callers may lie.
    function dueBps(bytes32 id, IRefundEscrow.Terms calldata terms) external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefundEscrow} from "./IRefundEscrow.sol";

/// @title ICriteria
/// @notice A contract that knows whether a promise was broken, and how much of the price is due
/// back.
///
/// The escrow asks it by a static call with a fixed amount of gas (`limits().criteriaGas`). Only an
/// answer of exactly one word of at most 10,000 counts; a revert, garbage, or too much gas means
/// that nothing is due. The contract may also act by itself: in the transaction in which it learns
/// of the fact, it calls `IRefundEscrow.refundDue`.
///
/// Warning: what is due must not depend on who asks, on the transaction or on the gas price, and
/// should never become less: whoever wants the other outcome would wait for the moment that suits
/// them.
interface ICriteria {
    /// @notice What is due back to the payer, in basis points of what is held; 0 when nothing is.
    /// @param id The deal.
    /// @param terms Its terms; that they belong to the id is the caller's word, and checked by the
    /// escrow when it asks.
    function dueBps(bytes32 id, IRefundEscrow.Terms calldata terms) external view returns (uint256);
}

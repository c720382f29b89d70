// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPointSwaps
/// @notice The events of every swap of points. They are the same for signed offers and for pools,
/// so a brand sees all uses of its points with two filters: its token as `paid`, and its token as
/// `received`.
interface IPointSwaps {
    /// @notice Somebody gave one brand's points and got another's.
    /// @custom:es Alguien dio puntos de una marca y recibió los de otra.
    /// @param paid The token that left the taker.
    /// @param received The token that reached the taker.
    /// @param taker Who swapped: the one who filled the offer, or who paid into the pool.
    /// @param maker The other side: the maker of the offer, or the pool contract.
    /// @param paidAmount All that left the taker, the fee of `paid`'s brand included.
    /// @param receivedAmount All that reached the taker, the fee of `received`'s brand deducted.
    /// @param id The offer's id or the pair's id.
    event Swapped(
        address indexed paid,
        address indexed received,
        address taker,
        address maker,
        uint256 paidAmount,
        uint256 receivedAmount,
        bytes32 id
    );

    /// @notice A brand earned a fee in a swap of its points.
    /// @custom:es Una marca ganó una comisión en un intercambio de sus puntos.
    /// @dev In the swap of this `id` in the same transaction. Only when there is a fee.
    event FeeCharged(address indexed token, bytes32 indexed id, uint256 amount);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPointSwaps
/// @notice The events of every swap of points, the same from signed offers and from pools, so that
/// a brand sees all uses of its points with two filters: its token as `paid`, and its token as
/// `received`.
interface IPointSwaps {
    /// @notice `taker` gave one brand's points and got another's.
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

    /// @notice The brand of `token` earned a fee in the swap of this `id` in the same transaction.
    /// Only when there is one.
    event FeeCharged(address indexed token, bytes32 indexed id, uint256 amount);
}

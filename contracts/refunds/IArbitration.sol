// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IArbitrator
/// @notice The part of ERC-792 that an arbitrator, such as a court of jurors, offers to the
/// escrow.
interface IArbitrator {
    /// @notice Open a dispute before this arbitrator.
    /// @custom:es Abre una disputa ante este árbitro.
    /// @dev For a contract that the arbitrator then tells the outcome, by `rule`.
    /// @param choices How many outcomes there are, without 0 (a refusal to rule).
    /// @param extraData What the arbitrator understands. The escrow sends none, which means its
    /// default court.
    /// @return disputeId The arbitrator's number for the dispute.
    function createDispute(uint256 choices, bytes calldata extraData)
        external
        payable
        returns (uint256 disputeId);

    /// @notice What a dispute before this arbitrator costs, in wei.
    /// @custom:es Lo que cuesta una disputa ante este árbitro, en wei.
    /// @dev A contract that answers this is an arbitrator for the escrow.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256 cost);
}

/// @title IArbitrable
/// @notice The part of ERC-792 that the escrow offers to an arbitrator.
interface IArbitrable {
    /// @notice An arbitrator ruled on a dispute.
    /// @custom:es Un árbitro resolvió una disputa.
    /// @dev The event that ERC-792 asks for.
    event Ruling(IArbitrator indexed arbitrator, uint256 indexed disputeId, uint256 ruling);

    /// @notice Tell the ruling on a dispute, as its arbitrator.
    /// @custom:es Comunica la resolución de una disputa, como su árbitro.
    /// @dev 1 for the payer, 2 for the seller; 0 refuses to rule, which gives the payer the terms'
    /// `defaultBps`. For the arbitrator that gave the dispute this number, in its time. Reverts:
    /// UnknownDispute, BadShare, WrongState, TooLate.
    function rule(uint256 disputeId, uint256 ruling) external;
}

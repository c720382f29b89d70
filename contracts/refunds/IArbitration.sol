// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IArbitrator
/// @notice The part of ERC-792 that an arbitrator, such as a court of jurors, offers to the escrow.
interface IArbitrator {
    /// @notice Open a dispute that the caller will be told the outcome of, by `rule`.
    /// @param choices How many outcomes there are, 0 (a refusal to rule) not counted.
    /// @param extraData Whatever the arbitrator understands; the escrow sends none, which is for
    /// its default court.
    /// @return disputeId The arbitrator's number for the dispute.
    function createDispute(uint256 choices, bytes calldata extraData)
        external
        payable
        returns (uint256 disputeId);

    /// @notice What `createDispute` costs, in wei. That a contract answers this makes it an
    /// arbitrator for the escrow.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256 cost);
}

/// @title IArbitrable
/// @notice The part of ERC-792 that the escrow offers to an arbitrator.
interface IArbitrable {
    /// @notice An arbitrator ruled; the event that ERC-792 asks for.
    event Ruling(IArbitrator indexed arbitrator, uint256 indexed disputeId, uint256 ruling);

    /// @notice Rule: 1 for the payer, 2 for the seller, 0 refuses, which comes to the terms'
    /// `defaultBps`.
    /// @dev For the arbitrator that gave the dispute this number, in its time.
    /// Reverts: UnknownDispute, BadShare, WrongState, TooLate.
    function rule(uint256 disputeId, uint256 ruling) external;
}

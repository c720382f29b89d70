// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrable, IArbitrator} from "../refunds/IArbitration.sol";

/// @title TestArbitrator
/// @notice An ERC-792 arbitrator whose one juror is anyone who calls, and which can be told to
/// misbehave.
contract TestArbitrator is IArbitrator {
    enum Mood {
        HONEST,
        REFUSE, // opens no dispute
        REPEAT, // gives every dispute the same number
        HASTY // rules before it has told the number
    }

    Mood public mood;
    uint256 public cost;
    uint256 public count;
    mapping(uint256 disputeId => address arbitrable) public arbitrableOf;

    constructor(uint256 cost_) {
        cost = cost_;
    }

    function set(Mood mood_, uint256 cost_) external {
        (mood, cost) = (mood_, cost_);
    }

    function createDispute(uint256, bytes calldata) external payable returns (uint256 disputeId) {
        require(mood != Mood.REFUSE && msg.value == cost, "TestArbitrator: no");
        disputeId = mood == Mood.REPEAT ? 7 : ++count;
        arbitrableOf[disputeId] = msg.sender;
        if (mood == Mood.HASTY) IArbitrable(msg.sender).rule(disputeId, 1);
    }

    function giveRuling(uint256 disputeId, uint256 ruling) external {
        IArbitrable(arbitrableOf[disputeId]).rule(disputeId, ruling);
    }

    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return cost;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title HostileReceiver
/// @notice A contract that misbehaves when it is sent ether; calls are open to everyone, so that it
/// can be any party.
contract HostileReceiver {
    enum Mood {
        ACCEPT,
        REVERT, // refuses
        BURN, // eats all the gas that it is given
        BOMB, // refuses with as much data as its gas can write
        REENTER, // makes the call that it was armed with, once, and accepts
        PICKY // refuses at once unless it is given a quarter of a million gas
    }

    Mood public mood;
    address public target;
    bytes public payload;

    /// @notice What came of re-entering, for the test to look at.
    uint256 public calls;
    bool public lastSuccess;
    bytes public lastReturn;

    receive() external payable {
        if (mood == Mood.PICKY) require(gasleft() > 250_000, "HostileReceiver: too little");
        if (mood == Mood.REVERT) revert("HostileReceiver: no");
        if (mood == Mood.BURN) while (gasleft() > 0) keccak256(abi.encode(mood));
        if (mood == Mood.BOMB) revert(string(new bytes(200_000)));
        if (mood == Mood.REENTER && target != address(0)) {
            address aim = target;
            target = address(0);
            ++calls;
            (lastSuccess, lastReturn) = aim.call(payload);
        }
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function arm(address target_, bytes calldata payload_) external {
        (mood, target, payload) = (Mood.REENTER, target_, payload_);
    }

    function execute(address to, uint256 value, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        (bool success, bytes memory answer) = to.call{value: value}(data);
        require(success, string(answer));
        return answer;
    }
}

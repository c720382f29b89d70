// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PointReceiver
/// @notice A contract that is told of tokens and allowances (ERC-1363) and answers as its mood is;
/// calls are open to everyone, so that it can be any party.
contract PointReceiver {
    enum Mood {
        ACCEPT,
        WRONG, // another selector
        REVERT, // reverts with a text
        SHORT, // four bytes where a word belongs
        DIRTY, // the right selector with rubbish in the rest of the word
        EMPTY, // returns nothing
        REENTER // makes the call that it was armed with, and accepts
    }

    Mood public mood;
    address public target;
    bytes public payload;

    /// @notice What it was called with last, and what came of re-entering.
    bytes public told;
    bool public lastSuccess;
    bytes public lastReturn;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function arm(address target_, bytes calldata payload_) external {
        (mood, target, payload) = (Mood.REENTER, target_, payload_);
    }

    function execute(address to, bytes calldata data) external returns (bytes memory) {
        (bool success, bytes memory answer) = to.call(data);
        require(success, "PointReceiver: call failed");
        return answer;
    }

    fallback(bytes calldata data) external returns (bytes memory) {
        // onTransferReceived and onApprovalReceived, raw, so that the answer may be malformed
        told = data;
        if (mood == Mood.WRONG) return abi.encode(bytes4(0xffffffff));
        if (mood == Mood.REVERT) revert("PointReceiver: no");
        if (mood == Mood.SHORT) return data[:4];
        if (mood == Mood.DIRTY) return abi.encode(uint256(uint32(bytes4(data[:4]))) << 224 | 1);
        if (mood == Mood.EMPTY) return "";
        if (mood == Mood.REENTER) (lastSuccess, lastReturn) = target.call(payload);
        return abi.encode(bytes4(data[:4]));
    }
}

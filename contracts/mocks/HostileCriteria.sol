// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefundEscrow} from "../refunds/IRefundEscrow.sol";

/// @title HostileCriteria
/// @notice Criteria that answer as told, honestly or not.
contract HostileCriteria {
    enum Mood {
        WORD, // `word`, whatever that is
        REVERT, // reverts with a text
        BURN, // eats all the gas that it is given
        HEAVY, // eats most of the gas that it is entitled to, then answers `word`
        SHORT, // 31 bytes
        LONG, // two words, the first of them `word`
        EMPTY, // nothing
        BOMB, // a megabyte, or as much as its gas can write
        REVERT_BOMB, // reverts with as much
        REENTER, // tries to settle the deal from within, then answers `word`
        // refuses at once unless it gets nearly all the gas that it may have, then answers `word`
        PICKY
    }

    Mood public mood;
    uint256 public word;
    address public target;
    bytes public payload;

    function set(Mood mood_, uint256 word_) external {
        (mood, word) = (mood_, word_);
    }

    function aim(address target_, bytes calldata payload_) external {
        (target, payload) = (target_, payload_);
    }

    /// @notice Settle by itself, as criteria may.
    function push(IRefundEscrow escrow, IRefundEscrow.Terms calldata terms, uint256 bps) external {
        escrow.refundDue(terms, bps);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        // dueBps(bytes32,Terms), raw, so that the answer may be malformed
        uint256 start = gasleft();
        if (mood == Mood.REVERT) revert("HostileCriteria: no");
        if (mood == Mood.PICKY) require(start > 90_000, "HostileCriteria: too little");
        if (mood == Mood.BURN) while (gasleft() > 0) keccak256(abi.encode(start));
        if (mood == Mood.HEAVY) while (gasleft() + 70_000 > start) keccak256(abi.encode(start));
        if (mood == Mood.SHORT) return new bytes(31);
        if (mood == Mood.LONG) return abi.encode(word, word);
        if (mood == Mood.EMPTY) return "";
        if (mood == Mood.BOMB) return new bytes(150_000);
        if (mood == Mood.REVERT_BOMB) revert(string(new bytes(60_000)));
        if (mood == Mood.REENTER) {
            (bool success,) = target.staticcall(payload);
            require(!success, "HostileCriteria: re-entered");
        }
        return abi.encode(word);
    }
}

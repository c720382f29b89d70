// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Counts how often each effect is asked for, and brings it about once: the outbox's tests.
/// @dev An id whose first byte is 0xff is refused, with all that come in the same call.
contract EffectCounter {
    /// @notice How often an effect was asked for.
    mapping(bytes32 id => uint256) public times;

    /// @notice An effect came about.
    event Effected(bytes32 indexed id);

    /// @notice The id is refused.
    error EffectCounter_Refused(bytes32 id);

    /// @notice Bring effects about.
    /// @param ids Their keys.
    function effect(bytes32[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i][0] == 0xff) revert EffectCounter_Refused(ids[i]);
            if (times[ids[i]]++ == 0) emit Effected(ids[i]);
        }
    }
}

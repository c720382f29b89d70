// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity 0.8.37;

import {Owned} from "solmate/src/auth/Owned.sol";
import {ERC20} from "solmate/src/tokens/ERC20.sol";

/// @notice Solmate's token with its owner: a yardstick on a developer's machine, part of nothing
/// that is shipped.
contract SolmateToken is ERC20, Owned {
    constructor() ERC20("Points", "PTS", 18) Owned(msg.sender) {}

    function mint(address to, uint256 amount) public onlyOwner {
        _mint(to, amount);
    }
}

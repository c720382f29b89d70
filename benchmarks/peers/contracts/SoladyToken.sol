// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OwnableRoles} from "solady/auth/OwnableRoles.sol";
import {ERC20} from "solady/tokens/ERC20.sol";

/// @notice Solady's token with its roles: the least that makes its abstract contracts deployable.
contract SoladyToken is ERC20, OwnableRoles {
    constructor() {
        _initializeOwner(msg.sender);
        _grantRoles(msg.sender, _ROLE_0);
    }

    function name() public pure override returns (string memory) {
        return "Points";
    }

    function symbol() public pure override returns (string memory) {
        return "PTS";
    }

    function mint(address to, uint256 amount) public onlyRoles(_ROLE_0) {
        _mint(to, amount);
    }
}

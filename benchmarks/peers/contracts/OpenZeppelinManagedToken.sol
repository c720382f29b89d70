// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice The same with the roles kept in a contract that many others ask: OpenZeppelin's
/// AccessManager.
contract OpenZeppelinManagedToken is ERC20, AccessManaged {
    constructor(address manager) ERC20("Points", "PTS") AccessManaged(manager) {}

    function mint(address to, uint256 amount) public restricted {
        _mint(to, amount);
    }
}

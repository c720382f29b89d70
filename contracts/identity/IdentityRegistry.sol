// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title IdentityRegistry
contract IdentityRegistry is IIdentityRegistry {
    struct Record {
        address owner;
        uint96 changed;
    }

    mapping(address identity => Record) private _records;
    mapping(address identity => mapping(bytes32 typeHash => mapping(address delegate => uint256))) public delegates;

    function addDelegate(address identity, bytes32 delegateType, address delegate, uint256 validity) external {
        require(msg.sender == identityOwner(identity), "bad_actor");
        delegates[identity][keccak256(abi.encodePacked(delegateType))][delegate] = block.timestamp + validity;
        emit DIDDelegateChanged(
            identity, delegateType, delegate, block.timestamp + validity, _records[identity].changed
        );
        _records[identity].changed = uint96(block.number);
    }

    function identityOwner(address identity) public view returns (address) {
        address owner = _records[identity].owner;
        return owner == address(0) ? identity : owner;
    }

    function validDelegate(address identity, bytes32 delegateType, address delegate) public view returns (bool) {
        return delegates[identity][keccak256(abi.encodePacked(delegateType))][delegate] > block.timestamp;
    }

    function mayAct(address identity, bytes32 role, address actor) external view returns (bool) {
        return validDelegate(identity, role, actor) || actor == identityOwner(identity);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title IdentityRegistry
/// @notice See `IIdentityRegistry`.
contract IdentityRegistry is IIdentityRegistry, EIP712 {
    // ------------------------------------------------------------------------------------------------------- types

    /// @dev One slot, where the reference contract has two: a block number never needs more than 96 bits.
    struct Record {
        address owner;
        uint96 changed;
    }

    /// @dev One slot. `changed` is the identity's at the start; it moves when the controller does anything.
    struct Started {
        address newOwner;
        uint48 readyAt;
        uint48 changed;
    }

    // --------------------------------------------------------------------------------------------------- constants

    address public constant DEACTIVATED = 0x000000000000000000000000000000000000dEaD;
    uint32 public constant MIN_RECOVERY_DELAY = 1 days;
    uint32 public constant MAX_RECOVERY_DELAY = 365 days;

    /// @dev Half the order of secp256k1: of the two values of s that make a signature, the lower one counts.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    bytes32 private constant CHANGE_OWNER =
        keccak256("ChangeOwner(address identity,address newOwner,uint256 nonce,uint256 deadline)");
    bytes32 private constant ADD_DELEGATE = keccak256(
        "AddDelegate(address identity,string delegateType,address delegate,uint256 validTo,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant REVOKE_DELEGATE = keccak256(
        "RevokeDelegate(address identity,string delegateType,address delegate,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant SET_ATTRIBUTE = keccak256(
        "SetAttribute(address identity,string name,bytes value,uint256 validTo,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant REVOKE_ATTRIBUTE =
        keccak256("RevokeAttribute(address identity,string name,bytes value,uint256 nonce,uint256 deadline)");
    bytes32 private constant OPERATION =
        keccak256("Operation(string action,string name,address account,bytes value,uint256 validTo)");
    bytes32 private constant BATCH = keccak256(
        "Batch(address identity,Operation[] operations,uint256 nonce,uint256 deadline)Operation(string action,string name,address account,bytes value,uint256 validTo)"
    );
    bytes32 private constant SET_GUARDIANS = keccak256(
        "SetGuardians(address identity,bytes32 root,uint8 threshold,uint32 delay,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant APPROVE_RECOVERY = keccak256(
        "ApproveRecovery(address identity,address controller,address newOwner,uint256 round,uint256 deadline)"
    );
    bytes32 private constant STOP_RECOVERY =
        keccak256("StopRecovery(address identity,uint256 nonce,uint256 deadline)");

    // ----------------------------------------------------------------------------------------------------- storage

    mapping(address identity => Record) private _records;
    mapping(address identity => mapping(bytes32 typeHash => mapping(address delegate => uint256 validTo)))
        private _delegates;
    mapping(address controller => uint256) private _nonces;
    mapping(address identity => Guardianship) private _guardianships;
    mapping(address identity => Started) private _recoveries;

    // ---------------------------------------------------------------------------------------------- writes: ERC-1056

    function changeOwner(address identity, address newOwner) external {
        Record storage record = _records[identity];
        require(msg.sender == _controller(identity, record.owner), "bad_actor");
        _changeOwner(identity, newOwner, newOwner);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {GuardianRecovery} from "./GuardianRecovery.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title IdentityRegistry
/// @notice Decentralised identifiers and who may act for them. See `IIdentityRegistry`.
contract IdentityRegistry is GuardianRecovery {
    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc IIdentityRegistry
    address public constant DEACTIVATED = 0x000000000000000000000000000000000000dEaD;

    bytes32 private constant _CHANGE_OWNER_TYPEHASH =
        keccak256("ChangeOwner(address identity,address newOwner,uint256 nonce,uint256 deadline)");
    bytes32 private constant _ADD_DELEGATE_TYPEHASH = keccak256(
        "AddDelegate(address identity,string delegateType,address delegate,uint256 validTo,"
        "uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant _REVOKE_DELEGATE_TYPEHASH = keccak256(
        "RevokeDelegate(address identity,string delegateType,address delegate,uint256 nonce,"
        "uint256 deadline)"
    );
    bytes32 private constant _SET_ATTRIBUTE_TYPEHASH = keccak256(
        "SetAttribute(address identity,string name,bytes value,uint256 validTo,uint256 nonce,"
        "uint256 deadline)"
    );
    bytes32 private constant _REVOKE_ATTRIBUTE_TYPEHASH = keccak256(
        "RevokeAttribute(address identity,string name,bytes value,uint256 nonce,"
        "uint256 deadline)"
    );
    bytes32 private constant _BATCH_TYPEHASH = keccak256(
        "Batch(address identity,Operation[] operations,uint256 nonce,uint256 deadline)"
        "Operation(string action,string name,address account,bytes value,uint256 validTo)"
    );
    bytes32 private constant _OPERATION_TYPEHASH = keccak256(
        "Operation(string action,string name,address account,bytes value,uint256 validTo)"
    );

    // ------------------------------------------------------------------- writes: by the controller

    /// @inheritdoc IIdentityRegistry
    function deactivate(address identity) external {
        _changeOwner(identity, _controlled(identity), DEACTIVATED, address(0));
    }

    /// @inheritdoc IIdentityRegistry
    function execute(address identity, Operation[] calldata operations) external {
        _execute(identity, _controlled(identity), operations);
    }

    /// @inheritdoc IIdentityRegistry
    function cancelSignatures() external {
        emit SignaturesCancelled(_useNonce(msg.sender) + 1, msg.sender);
    }

    // ----------------------------------------------------------------------- writes: by typed data

    /// @inheritdoc IIdentityRegistry
    function changeOwnerBySig(
        address identity,
        address newOwner,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 data = keccak256(
            abi.encode(
                _CHANGE_OWNER_TYPEHASH, identity, newOwner, _count(identity, deadline), deadline
            )
        );
        Record record = _signedBy(identity, data, signature);
        _changeOwner(identity, record, newOwner, newOwner);
    }

    /// @inheritdoc IIdentityRegistry
    function addDelegateBySig(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 validTo,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireFuture(identity, validTo);
        uint256 counted = _count(identity, deadline);
        bytes32 data = keccak256(
            abi.encode(
                _ADD_DELEGATE_TYPEHASH,
                identity,
                _text(delegateType),
                delegate,
                validTo,
                counted,
                deadline
            )
        );
        Record record = _signedBy(identity, data, signature);
        _setDelegate(identity, record, delegateType, delegate, validTo);
    }

    /// @inheritdoc IIdentityRegistry
    function revokeDelegateBySig(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 counted = _count(identity, deadline);
        bytes32 data = keccak256(
            abi.encode(
                _REVOKE_DELEGATE_TYPEHASH,
                identity,
                _text(delegateType),
                delegate,
                counted,
                deadline
            )
        );
        Record record = _signedBy(identity, data, signature);
        _setDelegate(identity, record, delegateType, delegate, block.timestamp);
    }

    /// @inheritdoc IIdentityRegistry
    function setAttributeBySig(
        address identity,
        bytes32 name,
        bytes calldata value,
        uint256 validTo,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireFuture(identity, validTo);
        uint256 counted = _count(identity, deadline);
        bytes32 data = keccak256(
            abi.encode(
                _SET_ATTRIBUTE_TYPEHASH,
                identity,
                _text(name),
                keccak256(value),
                validTo,
                counted,
                deadline
            )
        );
        Record record = _signedBy(identity, data, signature);
        _setAttribute(identity, record, name, value, validTo);
    }

    /// @inheritdoc IIdentityRegistry
    function revokeAttributeBySig(
        address identity,
        bytes32 name,
        bytes calldata value,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 counted = _count(identity, deadline);
        bytes32 data = keccak256(
            abi.encode(
                _REVOKE_ATTRIBUTE_TYPEHASH,
                identity,
                _text(name),
                keccak256(value),
                counted,
                deadline
            )
        );
        Record record = _signedBy(identity, data, signature);
        _setAttribute(identity, record, name, value, 0);
    }

    /// @inheritdoc IIdentityRegistry
    function executeBySig(
        address identity,
        Operation[] calldata operations,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 counted = _count(identity, deadline);
        bytes32 data =
            keccak256(abi.encode(_BATCH_TYPEHASH, identity, _hash(operations), counted, deadline));
        _execute(identity, _signedBy(identity, data, signature), operations);
    }

    // ----------------------------------------------------------------------------------- internals

    function _requireFuture(address identity, uint256 validTo) private view {
        if (validTo <= block.timestamp) {
            revert IdentityRegistry_AlreadyExpired(identity, validTo, block.timestamp);
        }
    }

    function _execute(address identity, Record record, Operation[] calldata operations) private {
        uint256 count = operations.length;
        if (count == 0) revert IdentityRegistry_EmptyBatch(identity);
        for (uint256 i; i < count; ++i) {
            if (_apply(identity, record, operations[i]) && i + 1 != count) {
                revert IdentityRegistry_ControllerChangedMidway(identity, i);
            }
        }
    }

    /// @dev Return whether the identity has another controller now.
    function _apply(address identity, Record record, Operation calldata operation)
        private
        returns (bool)
    {
        Action action = operation.action;
        if (action == Action.ChangeOwner) {
            _changeOwner(identity, record, operation.account, operation.account);
            return true;
        }
        if (action == Action.Deactivate) {
            _changeOwner(identity, record, DEACTIVATED, address(0));
            return true;
        }

        if (action == Action.AddDelegate) {
            _requireFuture(identity, operation.validTo);
            _setDelegate(identity, record, operation.name, operation.account, operation.validTo);
        } else if (action == Action.RevokeDelegate) {
            _setDelegate(identity, record, operation.name, operation.account, block.timestamp);
        } else if (action == Action.SetAttribute) {
            _requireFuture(identity, operation.validTo);
            _setAttribute(identity, record, operation.name, operation.value, operation.validTo);
        } else {
            _setAttribute(identity, record, operation.name, operation.value, 0);
        }
        return false;
    }

    function _hash(Operation[] calldata operations) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](operations.length);
        for (uint256 i; i < hashes.length; ++i) {
            Operation calldata operation = operations[i];
            bytes32 action = _actionName(operation.action);
            bytes32 value = keccak256(operation.value);
            hashes[i] = keccak256(
                abi.encode(
                    _OPERATION_TYPEHASH,
                    action,
                    _text(operation.name),
                    operation.account,
                    value,
                    operation.validTo
                )
            );
        }
        return EfficientHashLib.hash(hashes);
    }

    function _actionName(Action action) private pure returns (bytes32) {
        if (action == Action.ChangeOwner) return keccak256("ChangeOwner");
        if (action == Action.AddDelegate) return keccak256("AddDelegate");
        if (action == Action.RevokeDelegate) return keccak256("RevokeDelegate");
        if (action == Action.SetAttribute) return keccak256("SetAttribute");
        if (action == Action.RevokeAttribute) return keccak256("RevokeAttribute");
        return keccak256("Deactivate");
    }

    /// @dev The hash of a name as text, for EIP-712. Without the zeros that pad a name, no two
    /// names have the same text.
    function _text(bytes32 name) private pure returns (bytes32) {
        return EfficientHashLib.hash(abi.encodePacked(name), 0, 32 - LibBit.ffs(uint256(name)) / 8);
    }
}

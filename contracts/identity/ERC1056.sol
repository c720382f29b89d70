// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {IERC1056} from "./IERC1056.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ERC1056
/// @notice The part of the registry that ERC-1056 prescribes, and `mayAct`. See `IERC1056`.
abstract contract ERC1056 is IIdentityRegistry {
    // --------------------------------------------------------------------------------------- types

    /// @dev One slot, where the reference contract has two: the controller on record in the lower
    /// 160 bits, and above them the block of the latest change.
    type Record is uint256;

    // ----------------------------------------------------------------------------------- constants

    uint256 private constant _CHANGED_OFFSET = 160;

    // ------------------------------------------------------------------------------------- storage

    mapping(address identity => Record) private _records;
    mapping(
        address identity
            => mapping(bytes32 typeHash => mapping(address delegate => uint256 validTo))
    ) private _delegates;
    mapping(address controller => uint256) private _nonces;

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc IERC1056
    function changeOwner(address identity, address newOwner) external {
        _changeOwner(identity, _authorized(identity), newOwner, newOwner);
    }

    /// @inheritdoc IERC1056
    function changeOwnerSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        address newOwner
    ) external {
        (Record record, address controller) = _load(identity);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1900", this, _useNonce(controller), identity, "changeOwner", newOwner
            )
        );

        _requireSigner(controller, digest, sigV, sigR, sigS);
        _changeOwner(identity, record, newOwner, newOwner);
    }

    /// @inheritdoc IERC1056
    function addDelegate(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external {
        _setDelegate(
            identity, _authorized(identity), delegateType, delegate, block.timestamp + validity
        );
    }

    /// @inheritdoc IERC1056
    function addDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external {
        (Record record, address controller) = _load(identity);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1900",
                this,
                _useNonce(controller),
                identity,
                "addDelegate",
                delegateType,
                delegate,
                validity
            )
        );

        _requireSigner(controller, digest, sigV, sigR, sigS);
        _setDelegate(identity, record, delegateType, delegate, block.timestamp + validity);
    }

    /// @inheritdoc IERC1056
    function revokeDelegate(address identity, bytes32 delegateType, address delegate) external {
        _setDelegate(identity, _authorized(identity), delegateType, delegate, block.timestamp);
    }

    /// @inheritdoc IERC1056
    function revokeDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate
    ) external {
        (Record record, address controller) = _load(identity);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1900",
                this,
                _useNonce(controller),
                identity,
                "revokeDelegate",
                delegateType,
                delegate
            )
        );

        _requireSigner(controller, digest, sigV, sigR, sigS);
        _setDelegate(identity, record, delegateType, delegate, block.timestamp);
    }

    /// @inheritdoc IERC1056
    function setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validity)
        external
    {
        _setAttribute(identity, _authorized(identity), name, value, block.timestamp + validity);
    }

    /// @inheritdoc IERC1056
    function setAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value,
        uint256 validity
    ) external {
        (Record record, address controller) = _load(identity);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1900",
                this,
                _useNonce(controller),
                identity,
                "setAttribute",
                name,
                value,
                validity
            )
        );

        _requireSigner(controller, digest, sigV, sigR, sigS);
        _setAttribute(identity, record, name, value, block.timestamp + validity);
    }

    /// @inheritdoc IERC1056
    function revokeAttribute(address identity, bytes32 name, bytes calldata value) external {
        _setAttribute(identity, _authorized(identity), name, value, 0);
    }

    /// @inheritdoc IERC1056
    function revokeAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value
    ) external {
        (Record record, address controller) = _load(identity);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1900", this, _useNonce(controller), identity, "revokeAttribute", name, value
            )
        );

        _requireSigner(controller, digest, sigV, sigR, sigS);
        _setAttribute(identity, record, name, value, 0);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IERC1056
    function owners(address identity) external view returns (address) {
        return _owner(_records[identity]);
    }

    /// @inheritdoc IERC1056
    function delegates(address identity, bytes32 typeHash, address delegate)
        external
        view
        returns (uint256)
    {
        return _delegates[identity][typeHash][delegate];
    }

    /// @inheritdoc IERC1056
    function changed(address identity) external view returns (uint256) {
        return _changed(_records[identity]);
    }

    /// @inheritdoc IERC1056
    function nonce(address controller) external view returns (uint256) {
        return _nonces[controller];
    }

    /// @inheritdoc IERC1056
    function identityOwner(address identity) external view returns (address controller) {
        (, controller) = _load(identity);
    }

    /// @inheritdoc IERC1056
    function validDelegate(address identity, bytes32 delegateType, address delegate)
        external
        view
        returns (bool)
    {
        return
            _delegates[identity][EfficientHashLib.hash(delegateType)][delegate] > block.timestamp;
    }

    /// @inheritdoc IIdentityRegistry
    function mayAct(address identity, bytes32 role, address actor) external view returns (bool) {
        if (_delegates[identity][EfficientHashLib.hash(role)][actor] > block.timestamp) {
            return true;
        }
        (, address controller) = _load(identity);
        return actor == controller;
    }

    // ----------------------------------------------------------------------------------- internals

    function _load(address identity) internal view returns (Record record, address controller) {
        record = _records[identity];
        controller = _owner(record);
        if (controller == address(0)) controller = identity;
    }

    function _owner(Record record) internal pure returns (address) {
        return address(uint160(Record.unwrap(record)));
    }

    function _changed(Record record) internal pure returns (uint256) {
        return Record.unwrap(record) >> _CHANGED_OFFSET;
    }

    function _record(address owner) private view returns (Record) {
        return Record.wrap(block.number << _CHANGED_OFFSET | uint160(owner));
    }

    function _useNonce(address controller) internal returns (uint256) {
        unchecked {
            return _nonces[controller]++;
        }
    }

    function _changeOwner(address identity, Record record, address owner, address announced)
        internal
    {
        _records[identity] = _record(owner);
        emit DIDOwnerChanged(identity, announced, _changed(record));
    }

    function _setDelegate(
        address identity,
        Record record,
        bytes32 delegateType,
        address delegate,
        uint256 validTo
    ) internal {
        _delegates[identity][EfficientHashLib.hash(delegateType)][delegate] = validTo;
        _records[identity] = _record(_owner(record));
        emit DIDDelegateChanged(identity, delegateType, delegate, validTo, _changed(record));
    }

    function _setAttribute(
        address identity,
        Record record,
        bytes32 name,
        bytes calldata value,
        uint256 validTo
    ) internal {
        _records[identity] = _record(_owner(record));
        emit DIDAttributeChanged(identity, name, value, validTo, _changed(record));
    }

    function _authorized(address identity) private view returns (Record record) {
        address controller;
        (record, controller) = _load(identity);
        require(msg.sender == controller, "bad_actor");
    }

    /// @dev ecrecover returns zero for an invalid signature, and zero controls the identity zero.
    function _requireSigner(address controller, bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        private
        pure
    {
        require(
            ecrecover(digest, v, r, s) == controller && controller != address(0), "bad_signature"
        );
    }
}

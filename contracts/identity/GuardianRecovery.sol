// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";
import {Signatures} from "../shared/Signatures.sol";
import {IGuardianRecovery} from "./IGuardianRecovery.sol";
import {ControllerAuthority} from "./ControllerAuthority.sol";

/// @title GuardianRecovery
/// @notice For a lost key: guardians start a recovery, the controller can stop it. See
/// `IGuardianRecovery`.
abstract contract GuardianRecovery is ControllerAuthority {
    // --------------------------------------------------------------------------------------- types

    /// @dev Two slots; see `Guardianship`.
    struct Named {
        bytes32 root;
        address controller;
        uint8 threshold;
        uint32 delay;
        uint56 round;
    }

    /// @dev One slot. `changed` is the identity's at the start. It moves when the controller
    /// changes anything.
    struct Started {
        address newOwner;
        uint48 readyAt;
        uint48 changed;
    }

    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc IGuardianRecovery
    uint32 public constant MIN_RECOVERY_DELAY = 1 days;
    /// @inheritdoc IGuardianRecovery
    uint32 public constant MAX_RECOVERY_DELAY = 365 days;

    bytes32 private constant _SET_GUARDIANS_TYPEHASH = keccak256(
        "SetGuardians(address identity,bytes32 root,uint8 threshold,uint32 delay,uint256 nonce,"
        "uint256 deadline)"
    );
    bytes32 private constant _APPROVE_RECOVERY_TYPEHASH = keccak256(
        "ApproveRecovery(address identity,address controller,address newOwner,uint256 round,"
        "uint256 deadline)"
    );
    bytes32 private constant _STOP_RECOVERY_TYPEHASH =
        keccak256("StopRecovery(address identity,uint256 nonce,uint256 deadline)");

    // ------------------------------------------------------------------------------------- storage

    mapping(address identity => Named) private _guardianships;
    mapping(address identity => Started) private _recoveries;

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc IGuardianRecovery
    function setGuardians(address identity, bytes32 root, uint8 threshold, uint32 delay) external {
        _controlled(identity);
        _setGuardians(identity, root, threshold, delay);
    }

    /// @inheritdoc IGuardianRecovery
    function setGuardiansBySig(
        address identity,
        bytes32 root,
        uint8 threshold,
        uint32 delay,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 counted = _count(identity, deadline);
        bytes32 data = keccak256(
            abi.encode(
                _SET_GUARDIANS_TYPEHASH, identity, root, threshold, delay, counted, deadline
            )
        );
        _signedBy(identity, data, signature);
        _setGuardians(identity, root, threshold, delay);
    }

    /// @inheritdoc IGuardianRecovery
    function startRecovery(address identity, address newOwner, Approval[] calldata approvals)
        external
    {
        // Checks
        (Record record, address controller) = _load(identity);
        Named memory named = _guardianships[identity];
        if (named.root == 0 || named.controller != controller) {
            revert IdentityRegistry_NoGuardians(identity, named.controller, controller);
        }
        if (newOwner == address(0) || newOwner == controller) {
            revert IdentityRegistry_BadNewOwner(identity, newOwner);
        }
        if (approvals.length != named.threshold) {
            revert IdentityRegistry_WrongThreshold(identity, approvals.length, named.threshold);
        }
        _requireApprovals(identity, named, newOwner, approvals);

        // Effects
        uint48 readyAt = uint48(block.timestamp + named.delay);
        _guardianships[identity].round = ++named.round;
        _recoveries[identity] = Started(newOwner, readyAt, uint48(_changed(record)));
        emit RecoveryStarted(named.round, identity, newOwner, readyAt);
    }

    /// @inheritdoc IGuardianRecovery
    function stopRecovery(address identity) external {
        _controlled(identity);
        _stopRecovery(identity);
    }

    /// @inheritdoc IGuardianRecovery
    function stopRecoveryBySig(address identity, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 data = keccak256(
            abi.encode(_STOP_RECOVERY_TYPEHASH, identity, _count(identity, deadline), deadline)
        );
        _signedBy(identity, data, signature);
        _stopRecovery(identity);
    }

    /// @inheritdoc IGuardianRecovery
    function finishRecovery(address identity) external {
        // Checks
        Started memory started = _recoveries[identity];
        Named storage named = _guardianships[identity];
        (Record record, address controller) = _load(identity);
        if (started.newOwner == address(0)) revert IdentityRegistry_NoRecovery(identity);
        if (named.controller != controller) {
            revert IdentityRegistry_NoGuardians(identity, named.controller, controller);
        }
        if (started.changed != _changed(record)) {
            revert IdentityRegistry_RecoveryVoid(identity, started.changed, _changed(record));
        }
        if (block.timestamp < started.readyAt) {
            revert IdentityRegistry_TooEarly(identity, started.readyAt, block.timestamp);
        }

        // Effects
        delete _recoveries[identity];
        emit RecoveryFinished(named.round, identity, started.newOwner);
        _changeOwner(identity, record, started.newOwner, started.newOwner);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IGuardianRecovery
    function guardianship(address identity) external view returns (Guardianship memory) {
        Named memory named = _guardianships[identity];
        (, address controller) = _load(identity);
        bool active = named.root != 0 && named.controller == controller;
        return Guardianship(
            named.root, named.controller, named.threshold, named.delay, named.round, active
        );
    }

    /// @inheritdoc IGuardianRecovery
    function recovery(address identity) external view returns (Recovery memory) {
        Started memory started = _recoveries[identity];
        (Record record, address controller) = _load(identity);
        bool live = started.newOwner != address(0)
            && _guardianships[identity].controller == controller
            && started.changed == _changed(record);
        return Recovery(started.newOwner, started.readyAt, live);
    }

    /// @inheritdoc IGuardianRecovery
    function guardianLeaf(address guardian, bytes32 salt) public pure returns (bytes32) {
        return EfficientHashLib.hash(keccak256(abi.encode(guardian, salt)));
    }

    // ----------------------------------------------------------------------------------- internals

    function _setGuardians(address identity, bytes32 root, uint8 threshold, uint32 delay) private {
        bool fits = threshold != 0 && delay >= MIN_RECOVERY_DELAY && delay <= MAX_RECOVERY_DELAY;
        if (root == 0 ? (threshold != 0 || delay != 0) : !fits) {
            revert IdentityRegistry_BadGuardianship(identity, root, threshold, delay);
        }

        (, address controller) = _load(identity);
        uint56 round = _guardianships[identity].round + 1;
        _guardianships[identity] = Named(root, controller, threshold, delay, round);
        delete _recoveries[identity];
        emit GuardiansSet(round, identity, controller, root, threshold, delay);
    }

    /// @dev Ascending addresses prevent that a guardian counts twice.
    function _requireApprovals(
        address identity,
        Named memory named,
        address newOwner,
        Approval[] calldata approvals
    ) private view {
        address last;
        for (uint256 i; i < approvals.length; ++i) {
            Approval calldata approval = approvals[i];
            address guardian = approval.guardian;
            bytes32 leaf = guardianLeaf(guardian, approval.salt);
            if (
                guardian <= last
                    || !MerkleProofLib.verifyCalldata(approval.proof, named.root, leaf)
            ) {
                revert IdentityRegistry_NotGuardian(identity, guardian);
            }

            uint256 deadline = approval.deadline;
            _requireInTime(identity, deadline);
            bytes32 data = keccak256(
                abi.encode(
                    _APPROVE_RECOVERY_TYPEHASH,
                    identity,
                    named.controller,
                    newOwner,
                    named.round,
                    deadline
                )
            );
            if (!Signatures.isBy(guardian, _hashTypedData(data), approval.signature)) {
                revert IdentityRegistry_BadSignature(identity, guardian);
            }
            last = guardian;
        }
    }

    function _stopRecovery(address identity) private {
        if (_recoveries[identity].newOwner == address(0)) {
            revert IdentityRegistry_NoRecovery(identity);
        }
        delete _recoveries[identity];
        (, address controller) = _load(identity);
        emit RecoveryStopped(++_guardianships[identity].round, identity, controller);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {Signatures} from "../shared/Signatures.sol";
import {ConsentAuthority} from "./ConsentAuthority.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ConsentRegistry
/// @notice A customer's consent that a company reads a verification. See `IConsentRegistry`.
contract ConsentRegistry is ConsentAuthority {
    // --------------------------------------------------------------------------------------- types

    /// @dev `Record` in one word, packed by hand, because passing a word around costs less than
    /// passing a struct.
    struct Kept {
        uint256 word;
    }

    // ----------------------------------------------------------------------------------- constants

    /// @dev Where the parts of a word begin: the subject (160 bits), then these.
    uint256 private constant _EXPIRY_OFFSET = 160; // 48 bits
    uint256 private constant _EPOCH_OFFSET = 208; // 40 bits
    uint256 private constant _STATUS_OFFSET = 248; // 8 bits

    // ------------------------------------------------------------------------------------- storage

    mapping(bytes32 id => Kept) private _kept;
    mapping(address subject => uint256) private _epochs;

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) ConsentAuthority(registry) {}

    // ---------------------------------------------------------------------------- writes: granting

    /// @inheritdoc IConsentRegistry
    function grant(Consent calldata given, uint40 inEpoch) external {
        (bytes32 id, uint256 word) = _read(given);
        Kept storage kept = _requireGrantable(id, word, inEpoch);
        _requireActs(address(uint160(word)), msg.sender);
        _grant(kept, id, word, inEpoch);
    }

    /// @inheritdoc IConsentRegistry
    function grantBySig(
        Consent calldata given,
        uint40 inEpoch,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        (bytes32 id, uint256 word) = _read(given);
        Kept storage kept = _requireGrantable(id, word, inEpoch);
        _requireSigned(
            address(uint160(word)),
            signer,
            deadline,
            _grantDigest(id, inEpoch, deadline),
            signature
        );
        _grant(kept, id, word, inEpoch);
    }

    /// @inheritdoc IConsentRegistry
    function grantBatch(Act[] calldata acts) external returns (uint256 granted) {
        for (uint256 i; i < acts.length; ++i) {
            if (_tryGrant(acts[i])) ++granted;
        }
    }

    // ------------------------------------------------------------------------------ writes: ending

    /// @inheritdoc IConsentRegistry
    function revoke(Consent calldata given) external {
        (bytes32 id, uint256 word) = _read(given);
        Kept storage kept = _requireRevocable(id);
        _requireActs(address(uint160(word)), msg.sender);
        _revoke(kept, id, word);
    }

    /// @inheritdoc IConsentRegistry
    function revokeBySig(
        Consent calldata given,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        (bytes32 id, uint256 word) = _read(given);
        Kept storage kept = _requireRevocable(id);
        _requireSigned(
            address(uint160(word)), signer, deadline, _revokeDigest(id, deadline), signature
        );
        _revoke(kept, id, word);
    }

    /// @inheritdoc IConsentRegistry
    function revokeCompactBySig(bytes32 id, uint256 deadline, bytes32 r, bytes32 vs) external {
        Kept storage kept = _kept[id];
        uint256 word = kept.word;
        if (word >> _STATUS_OFFSET != uint256(Status.Granted)) {
            revert ConsentRegistry_NotGranted(id, _status(word));
        }

        address subject = address(uint160(word));
        _requireInTime(subject, deadline);
        address controller = REGISTRY.identityOwner(subject);
        bytes32 digest = _revokeDigest(id, deadline);
        if (!Signatures.isBy(
                controller, digest, uint8(27 + (uint256(vs) >> 255)), r, vs << 1 >> 1
            )) {
            revert ConsentRegistry_BadSignature(subject, controller, digest);
        }

        // From Granted to Revoked, which is the next number.
        unchecked {
            kept.word = word + (1 << _STATUS_OFFSET);
        }
        emit ConsentRevoked(id, subject);
    }

    /// @inheritdoc IConsentRegistry
    function revokeBatch(Act[] calldata acts) external returns (uint256 revoked) {
        for (uint256 i; i < acts.length; ++i) {
            if (_tryRevoke(acts[i])) ++revoked;
        }
    }

    /// @inheritdoc IConsentRegistry
    function revokeAll(address subject) external {
        _requireActs(subject, msg.sender);
        _revokeAll(subject);
    }

    /// @inheritdoc IConsentRegistry
    function revokeAllBySig(
        address subject,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 inEpoch = _epochs[subject];
        bytes32 digest = _hashTypedData(
            keccak256(abi.encode(_REVOKE_ALL_TYPEHASH, subject, inEpoch, deadline))
        );
        _requireSigned(subject, signer, deadline, digest, signature);
        _revokeAll(subject);
    }

    /// @inheritdoc IConsentRegistry
    function renounce(Consent calldata given, Terms calldata terms) external {
        (bytes32 id, uint256 word) = _read(given);
        bytes32 actual = termsHash(terms);
        if (actual != given.terms) revert ConsentRegistry_WrongTerms(id, actual, given.terms);

        Kept storage kept = _kept[id];
        Status status = _status(kept.word);
        if (status != Status.Granted) revert ConsentRegistry_NotGranted(id, status);
        if (!_acts(terms.grantee, msg.sender)) {
            revert ConsentRegistry_NotGrantee(id, msg.sender, terms.grantee);
        }

        _end(kept, word, uint256(Status.Renounced));
        emit ConsentRenounced(id, address(uint160(word)));
    }

    // -------------------------------------------------------------------------------- writes: uses

    /// @inheritdoc IConsentRegistry
    function commitUse(bytes32 commitment) external {
        emit UseCommitted(commitment);
    }

    /// @inheritdoc IConsentRegistry
    function commitUses(bytes32[] calldata commitments) external {
        for (uint256 i; i < commitments.length; ++i) {
            emit UseCommitted(commitments[i]);
        }
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IConsentRegistry
    function isValid(bytes32 id) external view returns (bool) {
        Record memory record = consent(id);
        return record.status == Status.Granted && record.expiry > block.timestamp
            && record.epoch == _epochs[record.subject];
    }

    /// @inheritdoc IConsentRegistry
    function consent(bytes32 id) public view returns (Record memory) {
        uint256 word = _kept[id].word;
        return Record(
            address(uint160(word)),
            uint48(word >> _EXPIRY_OFFSET),
            uint40(word >> _EPOCH_OFFSET),
            _status(word)
        );
    }

    /// @inheritdoc IConsentRegistry
    function epoch(address subject) external view returns (uint40) {
        return uint40(_epochs[subject]);
    }

    /// @inheritdoc IConsentRegistry
    function idOf(Consent calldata given) external pure returns (bytes32 id) {
        (id,) = _read(given);
    }

    /// @inheritdoc IConsentRegistry
    function termsHash(Terms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(_TERMS_TYPEHASH, terms));
    }

    // ----------------------------------------------------------------------------------- internals

    /// @dev The id of a consent, and its word before anything has happened: subject and expiry.
    function _read(Consent calldata given) private pure returns (bytes32 id, uint256 word) {
        uint256 subject = uint160(given.subject);
        uint256 expiry = given.expiry;
        id = EfficientHashLib.hash(
            uint256(_CONSENT_TYPEHASH), subject, expiry, uint256(given.terms)
        );
        word = subject | expiry << _EXPIRY_OFFSET;
    }

    function _status(uint256 word) private pure returns (Status) {
        return Status(word >> _STATUS_OFFSET);
    }

    function _isAhead(uint256 inEpoch) private view returns (bool) {
        return inEpoch >= block.timestamp;
    }

    function _isExpired(uint256 word) private view returns (bool) {
        return word >> _EXPIRY_OFFSET <= block.timestamp;
    }

    function _isEnded(uint256 word) private pure returns (bool) {
        return word >> _STATUS_OFFSET > uint256(Status.Granted);
    }

    function _grant(Kept storage kept, bytes32 id, uint256 word, uint256 inEpoch) private {
        kept.word = word | inEpoch << _EPOCH_OFFSET | uint256(Status.Granted) << _STATUS_OFFSET;
        emit ConsentGranted(
            id, address(uint160(word)), uint48(word >> _EXPIRY_OFFSET), uint40(inEpoch)
        );
    }

    function _revoke(Kept storage kept, bytes32 id, uint256 word) private {
        _end(kept, word, uint256(Status.Revoked));
        emit ConsentRevoked(id, address(uint160(word)));
    }

    /// @dev The epoch stays as it was. It is 0 where nothing was granted.
    function _end(Kept storage kept, uint256 word, uint256 status) private {
        kept.word = word | uint256(uint40(kept.word >> _EPOCH_OFFSET)) << _EPOCH_OFFSET | status
            << _STATUS_OFFSET;
    }

    function _revokeAll(address subject) private {
        _epochs[subject] = block.timestamp;
        emit AllRevoked(subject, uint40(block.timestamp));
    }

    function _requireGrantable(bytes32 id, uint256 word, uint256 inEpoch)
        private
        view
        returns (Kept storage kept)
    {
        if (_isAhead(inEpoch)) {
            revert ConsentRegistry_EpochAhead(
                address(uint160(word)), block.timestamp, uint40(inEpoch)
            );
        }
        if (_isExpired(word)) {
            revert ConsentRegistry_Expired(id, block.timestamp, uint48(word >> _EXPIRY_OFFSET));
        }

        kept = _kept[id];
        uint256 known = kept.word;
        if (known != 0) revert ConsentRegistry_AlreadyUsed(id, _status(known));
    }

    function _requireRevocable(bytes32 id) private view returns (Kept storage kept) {
        kept = _kept[id];
        uint256 known = kept.word;
        if (_isEnded(known)) revert ConsentRegistry_AlreadyEnded(id, _status(known));
    }

    function _tryGrant(Act calldata act) private returns (bool) {
        (bytes32 id, uint256 word) = _read(act.consent);
        Kept storage kept = _kept[id];
        uint256 inEpoch = act.epoch;
        if (_isExpired(word) || _isAhead(inEpoch) || kept.word != 0) return false;
        if (!_isSigned(address(uint160(word)), act, _grantDigest(id, inEpoch, act.deadline))) {
            return false;
        }
        _grant(kept, id, word, inEpoch);
        return true;
    }

    function _tryRevoke(Act calldata act) private returns (bool) {
        (bytes32 id, uint256 word) = _read(act.consent);
        Kept storage kept = _kept[id];
        if (_isEnded(kept.word)) return false;
        if (!_isSigned(address(uint160(word)), act, _revokeDigest(id, act.deadline))) {
            return false;
        }
        _revoke(kept, id, word);
        return true;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {Signatures} from "../shared/Signatures.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ConsentRegistry
/// @notice A customer's leave to read a verification that exists already. See `IConsentRegistry`.
contract ConsentRegistry is IConsentRegistry, EIP712 {
    // ------------------------------------------------------------------------------------------------------- constants

    bytes32 public constant CONSENT_ROLE = "careledger.consent";
    uint256 public constant SIGNATURE_GAS = 1_000_000;

    IIdentityRegistry public immutable REGISTRY;

    bytes32 private constant _TERMS = keccak256("Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)");
    bytes32 private constant _CONSENT = keccak256(
        "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 private constant _GRANT = keccak256(
        "GrantConsent(Consent consent,uint40 epoch,uint256 deadline)"
        "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 private constant _REVOKE = keccak256(
        "RevokeConsent(Consent consent,uint256 deadline)" "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 private constant _REVOKE_ALL = keccak256("RevokeAll(address subject,uint40 epoch,uint256 deadline)");

    // --------------------------------------------------------------------------------------------------------- storage

    mapping(bytes32 id => Record) private _records;
    mapping(address subject => uint40) private _epochs;

    // ----------------------------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
    }

    // -------------------------------------------------------------------------------------------------- writes: giving

    function grant(Consent calldata consent_) external {
        bytes32 id = _requireGrantable(consent_);
        _requireSubject(consent_.subject, msg.sender);
        _grant(id, consent_, _epochs[consent_.subject]);
    }

    function grantBySig(Consent calldata consent_, address signer, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 id = _requireGrantable(consent_);
        uint40 epoch_ = _epochs[consent_.subject];
        _requireSigned(consent_.subject, signer, deadline, _grantDigest(id, epoch_, deadline), signature);
        _grant(id, consent_, epoch_);
    }

    function grantBatch(Act[] calldata acts) external returns (uint256 granted) {
        for (uint256 i; i < acts.length; ++i) {
            Act calldata act = acts[i];
            bytes32 id = idOf(act.consent);
            if (act.consent.expiry <= block.timestamp || _records[id].status != Status.None) continue;
            uint40 epoch_ = _epochs[act.consent.subject];
            if (!_isSigned(act, _grantDigest(id, epoch_, act.deadline))) continue;
            _grant(id, act.consent, epoch_);
            ++granted;
        }
    }

    // -------------------------------------------------------------------------------------------------- writes: ending

    function revoke(Consent calldata consent_) external {
        bytes32 id = _requireRevocable(consent_);
        _requireSubject(consent_.subject, msg.sender);
        _revoke(id, consent_);
    }

    function revokeBySig(Consent calldata consent_, address signer, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 id = _requireRevocable(consent_);
        _requireSigned(consent_.subject, signer, deadline, _revokeDigest(id, deadline), signature);
        _revoke(id, consent_);
    }

    function revokeBatch(Act[] calldata acts) external returns (uint256 revoked) {
        for (uint256 i; i < acts.length; ++i) {
            Act calldata act = acts[i];
            bytes32 id = idOf(act.consent);
            if (_records[id].status > Status.Granted || !_isSigned(act, _revokeDigest(id, act.deadline))) continue;
            _revoke(id, act.consent);
            ++revoked;
        }
    }

    function revokeAll(address subject) external {
        _requireSubject(subject, msg.sender);
        _revokeAll(subject, _epochs[subject]);
    }

    function revokeAllBySig(address subject, address signer, uint256 deadline, bytes calldata signature) external {
        uint40 epoch_ = _epochs[subject];
        bytes32 digest = _hashTypedData(keccak256(abi.encode(_REVOKE_ALL, subject, epoch_, deadline)));
        _requireSigned(subject, signer, deadline, digest, signature);
        _revokeAll(subject, epoch_);
    }

    function renounce(Consent calldata consent_, Terms calldata terms) external {
        bytes32 id = idOf(consent_);
        bytes32 actual = termsHash(terms);
        if (actual != consent_.terms) revert ConsentRegistry_WrongTerms(id, actual, consent_.terms);
        Status status = _records[id].status;
        if (status != Status.Granted) revert ConsentRegistry_NotGranted(id, status);
        if (!_mayAct(terms.grantee, msg.sender)) revert ConsentRegistry_NotGrantee(id, msg.sender, terms.grantee);
        _records[id].status = Status.Renounced;
        emit ConsentRenounced(id, consent_.subject);
    }

    // ---------------------------------------------------------------------------------------------------- writes: uses

    function commitUse(bytes32 commitment) external {
        emit UseCommitted(commitment);
    }

    function commitUses(bytes32[] calldata commitments) external {
        for (uint256 i; i < commitments.length; ++i) {
            emit UseCommitted(commitments[i]);
        }
    }

    // ----------------------------------------------------------------------------------------------------------- views

    function isValid(bytes32 id) external view returns (bool) {
        Record memory record = _records[id];
        return
            record.status == Status.Granted && record.expiry > block.timestamp
                && record.epoch == _epochs[record.subject];
    }

    function consent(bytes32 id) external view returns (Record memory) {
        return _records[id];
    }

    function epoch(address subject) external view returns (uint40) {
        return _epochs[subject];
    }

    function idOf(Consent calldata consent_) public pure returns (bytes32) {
        return keccak256(abi.encode(_CONSENT, consent_));
    }

    function termsHash(Terms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(_TERMS, terms));
    }

    function isSignedBy(address signer, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.isBy(signer, digest, signature);
    }

    // ------------------------------------------------------------------------------------------------------- internals

    function _grant(bytes32 id, Consent calldata consent_, uint40 epoch_) private {
        _records[id] = Record(consent_.subject, consent_.expiry, epoch_, Status.Granted);
        emit ConsentGranted(id, consent_.subject, consent_.expiry, epoch_);
    }

    function _revoke(bytes32 id, Consent calldata consent_) private {
        _records[id] = Record(consent_.subject, consent_.expiry, _records[id].epoch, Status.Revoked);
        emit ConsentRevoked(id, consent_.subject);
    }

    function _revokeAll(address subject, uint40 ended) private {
        _epochs[subject] = ended + 1;
        emit AllRevoked(subject, ended + 1);
    }

    function _requireGrantable(Consent calldata consent_) private view returns (bytes32 id) {
        id = idOf(consent_);
        if (consent_.expiry <= block.timestamp) {
            revert ConsentRegistry_Expired(id, block.timestamp, consent_.expiry);
        }
        Status status = _records[id].status;
        if (status != Status.None) revert ConsentRegistry_AlreadyUsed(id, status);
    }

    function _requireRevocable(Consent calldata consent_) private view returns (bytes32 id) {
        id = idOf(consent_);
        Status status = _records[id].status;
        if (status > Status.Granted) revert ConsentRegistry_AlreadyEnded(id, status);
    }

    function _requireSubject(address subject, address actor) private view {
        if (_mayAct(subject, actor)) return;
        revert ConsentRegistry_NotSubject(subject, actor, REGISTRY.identityOwner(subject));
    }

    function _requireSigned(address subject, address signer, uint256 deadline, bytes32 digest, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) {
            revert ConsentRegistry_SignatureExpired(subject, block.timestamp, deadline);
        }
        _requireSubject(subject, signer);
        if (!Signatures.isBy(signer, digest, signature)) {
            revert ConsentRegistry_BadSignature(subject, signer, digest);
        }
    }

    /// @dev The same for a batch: says no instead of reverting, and gives foreign code a limit. An account's own
    /// signature runs none.
    function _isSigned(Act calldata act, bytes32 digest) private view returns (bool) {
        if (block.timestamp > act.deadline || !_mayAct(act.consent.subject, act.signer)) return false;
        bytes calldata signature = act.signature;
        if (
            signature.length == 65
                && Signatures.isBy(
                    act.signer, digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64])
                )
        ) return true;
        try this.isSignedBy{gas: SIGNATURE_GAS}(act.signer, digest, signature) returns (bool signed) {
            return signed;
        } catch {
            return false;
        }
    }

    /// @dev Most subjects control themselves and act for themselves, so the controller is looked at first.
    function _mayAct(address identity, address actor) private view returns (bool) {
        return REGISTRY.identityOwner(identity) == actor || REGISTRY.mayAct(identity, CONSENT_ROLE, actor);
    }

    function _grantDigest(bytes32 id, uint40 epoch_, uint256 deadline) private view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(_GRANT, id, epoch_, deadline)));
    }

    function _revokeDigest(bytes32 id, uint256 deadline) private view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(_REVOKE, id, deadline)));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("CareLedger ConsentRegistry", "1");
    }
}

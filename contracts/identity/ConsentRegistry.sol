// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {Signatures} from "../shared/Signatures.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ConsentRegistry
/// @notice A customer's leave to read a verification that exists already. See `IConsentRegistry`.
contract ConsentRegistry is IConsentRegistry, EIP712 {
    // --------------------------------------------------------------------------------------- types

    /// @dev `Record` in one word: subject in the lower 160 bits, then expiry (48), epoch (40) and
    /// status (8). Packed by hand, because a word that is passed around costs less than a struct.
    struct Kept {
        uint256 word;
    }

    // ----------------------------------------------------------------------------------- constants

    bytes32 public constant CONSENT_ROLE = "careledger.consent";
    uint256 public constant SIGNATURE_GAS = 1_000_000;

    /// @dev For what happens between looking at the gas and the call.
    uint256 private constant _ROOM = 5_000;

    IIdentityRegistry public immutable REGISTRY;

    bytes32 private constant _TERMS =
        keccak256("Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)");
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
        "RevokeConsent(Consent consent,uint256 deadline)"
        "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 private constant _REVOKE_ALL =
        keccak256("RevokeAll(address subject,uint40 epoch,uint256 deadline)");

    uint256 private constant _EXPIRY = 160;
    uint256 private constant _EPOCH = 208;
    uint256 private constant _STATUS = 248;

    // ------------------------------------------------------------------------------------- storage

    mapping(bytes32 id => Kept) private _kept;
    mapping(address subject => uint256) private _epochs;

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
    }

    // ------------------------------------------------------------------------------ writes: giving

    function grant(Consent calldata given, uint40 inEpoch) external {
        (bytes32 id, uint256 word) = _read(given);
        Kept storage kept = _requireGrantable(id, word, inEpoch);
        _requireActs(address(uint160(word)), msg.sender);
        _grant(kept, id, word, inEpoch);
    }

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

    function grantBatch(Act[] calldata acts) external returns (uint256 granted) {
        for (uint256 i; i < acts.length; ++i) {
            if (_tryGrant(acts[i])) ++granted;
        }
    }

    // ------------------------------------------------------------------------------ writes: ending

    function revoke(Consent calldata given) external {
        (bytes32 id, uint256 word) = _read(given);
        Kept storage kept = _requireRevocable(id);
        _requireActs(address(uint160(word)), msg.sender);
        _revoke(kept, id, word);
    }

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

    function revokeCompactBySig(bytes32 id, uint256 deadline, bytes32 r, bytes32 vs) external {
        Kept storage kept = _kept[id];
        uint256 word = kept.word;
        if (word >> _STATUS != uint256(Status.Granted)) {
            revert ConsentRegistry_NotGranted(id, _status(word));
        }
        address subject = address(uint160(word));
        if (block.timestamp > deadline) {
            revert ConsentRegistry_SignatureExpired(subject, block.timestamp, deadline);
        }
        address controller = REGISTRY.identityOwner(subject);
        bytes32 digest = _revokeDigest(id, deadline);
        if (!Signatures.isBy(
                controller, digest, uint8(27 + (uint256(vs) >> 255)), r, vs << 1 >> 1
            )) {
            revert ConsentRegistry_BadSignature(subject, controller, digest);
        }
        // From Granted to Revoked, the number after it.
        unchecked {
            kept.word = word + (1 << _STATUS);
        }
        emit ConsentRevoked(id, subject);
    }

    function revokeBatch(Act[] calldata acts) external returns (uint256 revoked) {
        for (uint256 i; i < acts.length; ++i) {
            if (_tryRevoke(acts[i])) ++revoked;
        }
    }

    function revokeAll(address subject) external {
        _requireActs(subject, msg.sender);
        _revokeAll(subject);
    }

    function revokeAllBySig(
        address subject,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 inEpoch = _epochs[subject];
        bytes32 digest =
            _hashTypedData(keccak256(abi.encode(_REVOKE_ALL, subject, inEpoch, deadline)));
        _requireSigned(subject, signer, deadline, digest, signature);
        _revokeAll(subject);
    }

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

    function commitUse(bytes32 commitment) external {
        emit UseCommitted(commitment);
    }

    function commitUses(bytes32[] calldata commitments) external {
        for (uint256 i; i < commitments.length; ++i) {
            emit UseCommitted(commitments[i]);
        }
    }

    // --------------------------------------------------------------------------------------- views

    function isValid(bytes32 id) external view returns (bool) {
        Record memory record = consent(id);
        return record.status == Status.Granted && record.expiry > block.timestamp
            && record.epoch == _epochs[record.subject];
    }

    function consent(bytes32 id) public view returns (Record memory) {
        uint256 word = _kept[id].word;
        return Record(
            address(uint160(word)), uint48(word >> _EXPIRY), uint40(word >> _EPOCH), _status(word)
        );
    }

    function epoch(address subject) external view returns (uint40) {
        return uint40(_epochs[subject]);
    }

    function idOf(Consent calldata given) external pure returns (bytes32 id) {
        (id,) = _read(given);
    }

    function termsHash(Terms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(_TERMS, terms));
    }

    function isSignedBy(address signer, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool)
    {
        return Signatures.isBy(signer, digest, signature);
    }

    // ----------------------------------------------------------------------------------- internals

    /// @dev The consent's id, and the word that is kept of it before anything has happened: subject
    /// and expiry.
    function _read(Consent calldata given) private pure returns (bytes32 id, uint256 word) {
        uint256 subject = uint160(given.subject);
        uint256 expiry = given.expiry;
        id = EfficientHashLib.hash(uint256(_CONSENT), subject, expiry, uint256(given.terms));
        word = subject | expiry << _EXPIRY;
    }

    function _status(uint256 word) private pure returns (Status) {
        return Status(word >> _STATUS);
    }

    function _isEnded(uint256 word) private pure returns (bool) {
        return word >> _STATUS > uint256(Status.Granted);
    }

    function _grant(Kept storage kept, bytes32 id, uint256 word, uint256 inEpoch) private {
        kept.word = word | inEpoch << _EPOCH | uint256(Status.Granted) << _STATUS;
        emit ConsentGranted(id, address(uint160(word)), uint48(word >> _EXPIRY), uint40(inEpoch));
    }

    function _revoke(Kept storage kept, bytes32 id, uint256 word) private {
        _end(kept, word, uint256(Status.Revoked));
        emit ConsentRevoked(id, address(uint160(word)));
    }

    /// @dev The epoch stays as it was; there is none where nothing was granted.
    function _end(Kept storage kept, uint256 word, uint256 status) private {
        kept.word = word | uint256(uint40(kept.word >> _EPOCH)) << _EPOCH | status << _STATUS;
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
        uint256 expiry = word >> _EXPIRY;
        if (inEpoch >= block.timestamp) {
            revert ConsentRegistry_EpochAhead(
                address(uint160(word)), block.timestamp, uint40(inEpoch)
            );
        }
        if (expiry <= block.timestamp) {
            revert ConsentRegistry_Expired(id, block.timestamp, uint48(expiry));
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

    function _requireActs(address subject, address actor) private view {
        if (_acts(subject, actor)) return;
        revert ConsentRegistry_NotSubject(subject, actor, REGISTRY.identityOwner(subject));
    }

    function _requireSigned(
        address subject,
        address signer,
        uint256 deadline,
        bytes32 digest,
        bytes calldata signature
    ) private view {
        if (block.timestamp > deadline) {
            revert ConsentRegistry_SignatureExpired(subject, block.timestamp, deadline);
        }
        _requireActs(subject, signer);
        if (!Signatures.isBy(signer, digest, signature)) {
            revert ConsentRegistry_BadSignature(subject, signer, digest);
        }
    }

    function _tryGrant(Act calldata act) private returns (bool) {
        (bytes32 id, uint256 word) = _read(act.consent);
        Kept storage kept = _kept[id];
        uint256 inEpoch = act.epoch;
        if (word >> _EXPIRY <= block.timestamp || inEpoch >= block.timestamp || kept.word != 0) {
            return false;
        }
        if (!_isSigned(act, word, _grantDigest(id, inEpoch, act.deadline))) return false;
        _grant(kept, id, word, inEpoch);
        return true;
    }

    function _tryRevoke(Act calldata act) private returns (bool) {
        (bytes32 id, uint256 word) = _read(act.consent);
        Kept storage kept = _kept[id];
        if (_isEnded(kept.word)) return false;
        if (!_isSigned(act, word, _revokeDigest(id, act.deadline))) return false;
        _revoke(kept, id, word);
        return true;
    }

    /// @dev `_requireSigned` for a batch: says no instead of reverting, and gives foreign code a
    /// limit. An account's own signature runs none. A call gets at most 63/64 of what is left;
    /// where that is less than the limit, gas would decide what is granted.
    function _isSigned(Act calldata act, uint256 word, bytes32 digest)
        private
        view
        returns (bool)
    {
        address signer = act.signer;
        if (block.timestamp > act.deadline || !_acts(address(uint160(word)), signer)) {
            return false;
        }
        bytes calldata signature = act.signature;
        if (signature.length == 65) {
            (bytes32 r, bytes32 s) = (bytes32(signature), bytes32(signature[32:]));
            if (Signatures.isBy(signer, digest, uint8(signature[64]), r, s)) return true;
            // There is no contract to ask, so no gas is needed for it.
            if (signer.code.length == 0) return false;
        }
        uint256 needed = SIGNATURE_GAS * 64 / 63 + _ROOM;
        if (gasleft() < needed) revert ConsentRegistry_TooLittleGas(gasleft(), needed);
        try this.isSignedBy{gas: SIGNATURE_GAS}(signer, digest, signature) returns (bool signed) {
            return signed;
        } catch {
            return false;
        }
    }

    /// @dev Most subjects control themselves and act for themselves, so the controller is looked at
    /// first.
    function _acts(address identity, address actor) private view returns (bool) {
        return REGISTRY.identityOwner(identity) == actor
            || REGISTRY.mayAct(identity, CONSENT_ROLE, actor);
    }

    function _grantDigest(bytes32 id, uint256 inEpoch, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        return
            _hashTypedData(EfficientHashLib.hash(_GRANT, id, bytes32(inEpoch), bytes32(deadline)));
    }

    function _revokeDigest(bytes32 id, uint256 deadline) private view returns (bytes32) {
        return _hashTypedData(EfficientHashLib.hash(_REVOKE, id, bytes32(deadline)));
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory, string memory)
    {
        return ("CareLedger ConsentRegistry", "1");
    }
}

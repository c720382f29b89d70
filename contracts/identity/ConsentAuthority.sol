// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {Signatures} from "../shared/Signatures.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ConsentAuthority
/// @notice The part of the consent registry that says who may act for a subject, as the caller or
/// by typed data. See `IConsentRegistry`.
abstract contract ConsentAuthority is IConsentRegistry, EIP712 {
    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc IConsentRegistry
    bytes32 public constant CONSENT_ROLE = "careledger.consent";
    /// @inheritdoc IConsentRegistry
    uint256 public constant SIGNATURE_GAS = 1_000_000;

    /// @dev For what happens between the check of the gas and the call.
    uint256 private constant _GAS_MARGIN = 5_000;

    /// @inheritdoc IConsentRegistry
    IIdentityRegistry public immutable REGISTRY;

    bytes32 internal constant _TERMS_TYPEHASH =
        keccak256("Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)");
    bytes32 internal constant _CONSENT_TYPEHASH = keccak256(
        "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 private constant _GRANT_TYPEHASH = keccak256(
        "GrantConsent(Consent consent,uint40 epoch,uint256 deadline)"
        "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 private constant _REVOKE_TYPEHASH = keccak256(
        "RevokeConsent(Consent consent,uint256 deadline)"
        "Consent(address subject,uint48 expiry,Terms terms)"
        "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
    );
    bytes32 internal constant _REVOKE_ALL_TYPEHASH =
        keccak256("RevokeAll(address subject,uint40 epoch,uint256 deadline)");

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IConsentRegistry
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool)
    {
        return Signatures.isBy(signer, digest, signature);
    }

    // --------------------------------------------------------------------- internals: requirements

    function _requireActs(address subject, address actor) internal view {
        if (_acts(subject, actor)) return;
        revert ConsentRegistry_NotSubject(subject, actor, REGISTRY.identityOwner(subject));
    }

    function _requireInTime(address subject, uint256 deadline) internal view {
        if (_isLate(deadline)) {
            revert ConsentRegistry_SignatureExpired(subject, block.timestamp, deadline);
        }
    }

    function _requireSigned(
        address subject,
        address signer,
        uint256 deadline,
        bytes32 digest,
        bytes calldata signature
    ) internal view {
        _requireInTime(subject, deadline);
        _requireActs(subject, signer);
        if (!Signatures.isBy(signer, digest, signature)) {
            revert ConsentRegistry_BadSignature(subject, signer, digest);
        }
    }

    // ----------------------------------------------------------------------- internals: conditions

    /// @dev `_requireSigned` for a batch: it returns false instead of reverting, and it limits the
    /// gas of foreign code. An account's own signature runs no foreign code. A call gets at most
    /// 63/64 of the gas that is left. Where that is less than the limit, gas would decide what is
    /// granted.
    function _isSigned(address subject, Act calldata act, bytes32 digest)
        internal
        view
        returns (bool)
    {
        address signer = act.signer;
        if (_isLate(act.deadline) || !_acts(subject, signer)) return false;

        bytes calldata signature = act.signature;
        if (Signatures.isByAccount(signer, digest, signature)) return true;
        // An account without code has signed with 65 bytes or not at all.
        if (signature.length == 65 && signer.code.length == 0) return false;

        uint256 needed = SIGNATURE_GAS * 64 / 63 + _GAS_MARGIN;
        if (gasleft() < needed) revert ConsentRegistry_TooLittleGas(gasleft(), needed);
        try this.isSignedBy{gas: SIGNATURE_GAS}(signer, digest, signature) returns (bool signed) {
            return signed;
        } catch {
            return false;
        }
    }

    function _isLate(uint256 deadline) internal view returns (bool) {
        return block.timestamp > deadline;
    }

    /// @dev Most subjects control themselves and act for themselves, so the controller is checked
    /// first.
    function _acts(address identity, address actor) internal view returns (bool) {
        return REGISTRY.identityOwner(identity) == actor
            || REGISTRY.mayAct(identity, CONSENT_ROLE, actor);
    }

    // -------------------------------------------------------------------------- internals: digests

    function _grantDigest(bytes32 id, uint256 inEpoch, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedData(
            EfficientHashLib.hash(_GRANT_TYPEHASH, id, bytes32(inEpoch), bytes32(deadline))
        );
    }

    function _revokeDigest(bytes32 id, uint256 deadline) internal view returns (bytes32) {
        return _hashTypedData(EfficientHashLib.hash(_REVOKE_TYPEHASH, id, bytes32(deadline)));
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

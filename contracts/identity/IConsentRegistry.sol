// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title IConsentRegistry
/// @notice A customer's leave to read a verification that exists already: given, ended, and what
/// was done under it.
///
/// The chain learns that some subject agreed to something until some time, and whether it stands.
/// To whom, of what and what for is hidden in `terms`, a hash over these and a secret salt;
/// customer and company hold what it was made of, and recompute it. By default every consent has a
/// subject of its own, a key that serves once, so that nobody can join up what one person agreed
/// to.
///
/// An id is granted at most once and never comes back: ended is ended, and a new consent has a new
/// salt. It ends by its expiry, by the subject (one, or all at once), or by the company it was
/// given to. Nobody else can end it, and nobody at all can move its expiry.
///
/// Everything a subject does can be signed and handed in by anyone, who pays. A signature names
/// this chain and this contract, and cannot be used twice: a grant by its id, an end because ended
/// is ended, an end of all by the epoch.
///
/// A subject's epoch is the time at which it last ended all its consents, 0 where it never did.
/// Every grant names the epoch that it was signed in, and is good in that one only. They are
/// compared when somebody asks, not at the grant: that spares each grant a slot, and changes
/// nothing, for an epoch that is over never comes back, and one that has not begun is refused.
/// @dev Nothing here is owned, paused or upgraded; no value is held. The subject's controller and
/// delegates are read from the registry at every call.
///
/// Warning: a change of the subject's controller ends nothing. Whoever takes over an identity, or
/// gets it back from a thief, ends what it should not have given, or all (`revokeAll`).
interface IConsentRegistry {
    // --------------------------------------------------------------------------------------- types

    /// @notice What has become of an id. `Granted` says that it was granted and nobody ended this
    /// very one; whether it is good now is `isValid`, which knows time and epoch too.
    enum Status {
        None,
        Granted,
        Revoked,
        Renounced
    }

    /// @notice What is agreed to. Only its hash is in a consent; see `termsHash`.
    struct Terms {
        /// The identity that may read.
        address grantee;
        /// What it may read: a hash over the credential and the attributes that are disclosed.
        bytes32 scope;
        /// What for: a hash over the text that the customer saw and the request's nonce.
        bytes32 purpose;
        /// 32 random bytes, which keep the rest from being guessed.
        bytes32 salt;
    }

    /// @notice A consent, as it comes on chain; see `idOf`.
    struct Consent {
        /// The identity that agrees.
        address subject;
        /// Until when, exclusive; seconds since 1970 UTC.
        uint48 expiry;
        /// The hash of `Terms`.
        bytes32 terms;
    }

    /// @notice What somebody signed about a consent: typed data `GrantConsent` or `RevokeConsent`.
    struct Act {
        Consent consent;
        /// The subject's epoch that a grant names; no part of a revocation, and not looked at
        /// there.
        uint40 epoch;
        /// The subject's controller or its delegate of the type CONSENT_ROLE.
        address signer;
        /// The last second in which it can be handed in; seconds since 1970 UTC.
        uint256 deadline;
        /// 65 bytes of an account, what a passkey makes, or what an ERC-1271 contract takes.
        bytes signature;
    }

    /// @notice What is kept of an id: one slot.
    struct Record {
        /// The identity that agreed, or burned it; zero where nothing is kept.
        address subject;
        /// Until when it was to be good; seconds since 1970 UTC.
        uint48 expiry;
        /// The subject's epoch that the grant names; 0 where the id was burned before any.
        uint40 epoch;
        Status status;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A consent was given.
    /// @param id The consent's id.
    /// @param subject The identity that agreed.
    /// @param expiry Until when, exclusive; seconds since 1970 UTC.
    /// @param epoch What the grant names as the subject's epoch; the consent is good in that one
    /// only.
    event ConsentGranted(bytes32 indexed id, address indexed subject, uint48 expiry, uint40 epoch);

    /// @notice The subject ended a consent, or burned its id before it was granted.
    event ConsentRevoked(bytes32 indexed id, address indexed subject);

    /// @notice The company gave a consent back.
    event ConsentRenounced(bytes32 indexed id, address indexed subject);

    /// @notice The subject ended all its consents, and made void what it had signed and nobody had
    /// handed in.
    /// @param subject The identity that agreed to them.
    /// @param epoch The one that begins, this block's time; only grants that name it are good.
    event AllRevoked(address indexed subject, uint40 epoch);

    /// @notice Somebody committed to a use; of which consent, and what was read, only customer and
    /// company can tell.
    event UseCommitted(bytes32 indexed commitment);

    // -------------------------------------------------------------------------------------- errors

    /// @notice Only the subject's controller, or its delegate of the type CONSENT_ROLE, may do
    /// this.
    error ConsentRegistry_NotSubject(address subject, address actor, address controller);

    /// @notice Only the controller of the identity that the consent was given to, or its delegate
    /// of the type CONSENT_ROLE, may do this.
    error ConsentRegistry_NotGrantee(bytes32 id, address actor, address grantee);

    /// @notice The signature came too late.
    error ConsentRegistry_SignatureExpired(address subject, uint256 time, uint256 deadline);

    /// @notice The signature is malformed, or not the signer's over this digest: other values,
    /// another chain or contract, or an epoch that is over.
    error ConsentRegistry_BadSignature(address subject, address signer, bytes32 digest);

    /// @notice The consent would be over before it began.
    error ConsentRegistry_Expired(bytes32 id, uint256 time, uint48 expiry);

    /// @notice A grant names an epoch that began before this block's second. So nothing can be
    /// granted ahead of an end of all, and after one the first grant has to wait for the next
    /// second.
    error ConsentRegistry_EpochAhead(address subject, uint256 time, uint40 epoch);

    /// @notice The id was granted before, or burned.
    error ConsentRegistry_AlreadyUsed(bytes32 id, Status actual);

    /// @notice The consent has been ended already.
    error ConsentRegistry_AlreadyEnded(bytes32 id, Status actual);

    /// @notice Only what was granted, and has not been ended, can be given back.
    error ConsentRegistry_NotGranted(bytes32 id, Status actual);

    /// @notice A batch needs more gas to check the next signature.
    error ConsentRegistry_TooLittleGas(uint256 actual, uint256 needed);

    /// @notice These are not the terms of the consent.
    error ConsentRegistry_WrongTerms(bytes32 id, bytes32 actual, bytes32 expected);

    // -------------------------------------------------------------------------------------- giving

    /// @notice Give a consent.
    /// @dev By the subject's controller or its delegate of the type CONSENT_ROLE, else
    /// `NotSubject`. `Expired` where the expiry is not later than this block; `EpochAhead`;
    /// `AlreadyUsed` where the id was granted or burned. Warning: the chain cannot tell whether
    /// anybody knows what `terms` is made of. A company checks it before it relies on the consent.
    /// Warning: with an epoch that is not the subject's, the consent is used up and never valid.
    /// Ask `epoch` before.
    /// @param inEpoch The subject's; `epoch` says which it is.
    function grant(Consent calldata given, uint40 inEpoch) external;

    /// @notice `grant` by typed data `GrantConsent`; anyone may send it.
    /// @dev Refuses as `grant` does, about the signer; and with `SignatureExpired`, `BadSignature`.
    /// Handed in a second time, by whomever, it changes nothing: `AlreadyUsed` with status
    /// `Granted`. Warning: who relays for others and is paid for it looks at `epoch` first: what
    /// was signed in an epoch that is over can be handed in, and gives a consent that is not valid.
    /// @param inEpoch The one that was signed.
    function grantBySig(
        Consent calldata given,
        uint40 inEpoch,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Hand in many grants; what cannot be granted (used, expired, ahead, not signed
    /// rightly) is skipped, so that one bad item spoils nothing. What was granted is in the events.
    /// @dev A signature of 65 bytes is looked at as an account's. One of another length, or by a
    /// signer that is a contract, is checked with SIGNATURE_GAS: a wallet that burns gas costs that
    /// much and no more. `TooLittleGas` where less is left, so that gas never decides what is
    /// granted. Who sends leaves room for it at every such item, or sends these one by one.
    /// @return granted How many were.
    function grantBatch(Act[] calldata acts) external returns (uint256 granted);

    // -------------------------------------------------------------------------------------- ending

    /// @notice End a consent at once and for good. An id that was never granted is burned: a grant
    /// that is signed and still under way can then no longer be handed in.
    /// @dev By the subject's controller or its delegate of the type CONSENT_ROLE, else
    /// `NotSubject`. `AlreadyEnded` where it was revoked or renounced. One that has merely expired
    /// can be revoked. Warning: what was read before stays read.
    /// `docs/protocol/identity-consent.md` says what a company then owes.
    function revoke(Consent calldata given) external;

    /// @notice `revoke` by typed data `RevokeConsent`; anyone may send it.
    /// @dev Refuses as `revoke` does, about the signer; and with `SignatureExpired`,
    /// `BadSignature`. It names no epoch: whoever fears for their key can sign it together with the
    /// grant, and keep it; it is good for as long as its signer may act for the subject.
    function revokeBySig(
        Consent calldata given,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `revokeBySig` in fewer bytes, for what most revocations are: of a consent on chain,
    /// signed by the account that controls the subject. The same typed data `RevokeConsent`, so one
    /// signature fits both.
    /// @param r of the signature.
    /// @param vs its s, with the parity of v in the highest bit (ERC-2098).
    /// @dev Anyone may send it. `NotGranted` where there is nothing to end (an id is burned before
    /// its grant by `revokeBySig`), `SignatureExpired`, and `BadSignature` where it is not the
    /// controller's own: delegates, contract wallets and passkeys go by `revokeBySig`.
    function revokeCompactBySig(bytes32 id, uint256 deadline, bytes32 r, bytes32 vs) external;

    /// @notice Hand in many revocations; what cannot be revoked (ended, not signed as it should be)
    /// is skipped.
    /// @dev Gas as with `grantBatch`.
    /// @return revoked How many were.
    function revokeBatch(Act[] calldata acts) external returns (uint256 revoked);

    /// @notice End all consents of a subject in one go, and with them every `GrantConsent` that it
    /// signed and nobody handed in yet. Its epoch is this block's time from then on.
    /// @dev By the subject's controller or its delegate of the type CONSENT_ROLE, else
    /// `NotSubject`. Warning: it ends those of this one subject. Whoever uses a key per consent
    /// revokes each. Warning: against a stolen key it does not help alone, for the thief can sign
    /// anew: change the controller first.
    function revokeAll(address subject) external;

    /// @notice `revokeAll` by typed data `RevokeAll`, which names the epoch that it ends; anyone
    /// may send it.
    /// @dev Refuses as `revokeAll` does, about the signer; and with `SignatureExpired`,
    /// `BadSignature` (also where it was handed in before: the epoch that it names is over).
    function revokeAllBySig(
        address subject,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Give a consent back, as the company it was given to: the purpose is fulfilled, or
    /// fell away.
    /// @dev By the controller of `terms.grantee` or its delegate of the type CONSENT_ROLE, else
    /// `NotGrantee`. `WrongTerms` where these are not the consent's; `NotGranted` where it was
    /// never granted or has been ended. Warning: this shows the terms to everybody, for good: that
    /// this company had leave of that subject. A company that merely stops reading need not do it.
    function renounce(Consent calldata given, Terms calldata terms) external;

    // ---------------------------------------------------------------------------------------- uses

    /// @notice Put on record that a consent was used: a commitment that only customer and company
    /// can open.
    /// @dev Anyone; nothing is stored or checked. What stands before the block of a revocation was
    /// read before it. Warning: a commitment proves that something was read by then, and nothing
    /// proves that no more was.
    function commitUse(bytes32 commitment) external;

    /// @notice `commitUse` for many.
    function commitUses(bytes32[] calldata commitments) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether the consent stands now: granted, ended by nobody, of the subject's present
    /// epoch, not expired. Warning: it says nothing about what was agreed to. Whoever relies on it
    /// recomputes the id from the terms.
    function isValid(bytes32 id) external view returns (bool);

    /// @notice What is kept of an id.
    function consent(bytes32 id) external view returns (Record memory);

    /// @notice When the subject last ended all its consents, 0 where it never did; seconds since
    /// 1970 UTC.
    function epoch(address subject) external view returns (uint40);

    /// @notice The id of a consent: EIP-712's hashStruct of `Consent`, with its `Terms` in their
    /// place.
    function idOf(Consent calldata given) external pure returns (bytes32);

    /// @notice What a consent holds of its terms: EIP-712's hashStruct of `Terms`.
    function termsHash(Terms calldata terms) external pure returns (bytes32);

    /// @notice Whether `signer` signed `digest`, in any form that this contract takes.
    /// @dev A batch asks itself so, to put a limit on the gas.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool);

    /// @notice Where identities, their controllers and their delegates are looked up.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The type of the delegates who may act about an identity's consents, given or
    /// received.
    function CONSENT_ROLE() external view returns (bytes32);

    /// @notice What checking a signature in a batch may take, where it is not an account's own;
    /// gas.
    function SIGNATURE_GAS() external view returns (uint256);
}

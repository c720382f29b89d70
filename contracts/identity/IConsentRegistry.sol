// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title IConsentRegistry
/// @notice A customer's consent that a company reads a verification that already exists: how it is
/// granted, how it ends, and what was done with it.
///
/// The chain learns that some subject agreed to something until some time, and whether the consent
/// is valid. The company, the scope and the purpose are hidden in `terms`, a hash over these and a
/// secret salt. Customer and company keep what it was made of, and compute it again. By default
/// every consent has a subject of its own, a key that serves once, so that nobody can connect what
/// one person agreed to.
///
/// An id is granted at most once. A consent that ended never becomes valid again: a new consent
/// has a new salt. A consent ends by its expiry, by the subject (one consent, or all of them), or
/// by the company that it was given to. Nobody else can end it, and nobody can move its expiry.
///
/// A subject can sign everything that it does, and anyone can send the signature and pay. A
/// signature contains this chain and this contract, and cannot be used twice: a grant because of
/// its id, a revocation because the end of a consent is final, a revocation of all because of the
/// epoch.
///
/// The epoch of a subject is the time at which it last revoked all its consents, or 0. Every grant
/// names the epoch in which it was signed, and is valid in that epoch only. The two are compared
/// when somebody asks, not at the grant. That saves each grant a slot and changes nothing: an
/// epoch that is over never comes back, and a future epoch is refused.
/// @dev This contract has no owner, cannot be paused or upgraded, and holds no value. It reads the
/// subject's controller and delegates from the registry at every call.
///
/// Warning: a change of the subject's controller does not end a consent. Whoever takes over an
/// identity, or gets it back from a thief, revokes the wrong consents, or all (`revokeAll`).
interface IConsentRegistry {
    // --------------------------------------------------------------------------------------- types

    /// @notice What happened to an id. `Granted` means that it was granted and that nobody ended
    /// this one. Whether it is valid now also depends on time and epoch: see `isValid`.
    enum Status {
        None,
        Granted,
        Revoked,
        Renounced
    }

    /// @notice What a subject agrees to. Only the hash is in a consent: see `termsHash`.
    struct Terms {
        /// The identity that may read.
        address grantee;
        /// What it may read: a hash over the credential and the attributes that are disclosed.
        bytes32 scope;
        /// For what purpose: a hash over the text that the customer saw and the nonce of the
        /// request.
        bytes32 purpose;
        /// 32 random bytes, so that nobody can guess the rest.
        bytes32 salt;
    }

    /// @notice A consent, in the form that is sent to the chain: see `idOf`.
    struct Consent {
        /// The identity that agrees.
        address subject;
        /// Until when, exclusive; seconds since 1970 UTC.
        uint48 expiry;
        /// The hash of `Terms`.
        bytes32 terms;
    }

    /// @notice Something that somebody signed about a consent: typed data `GrantConsent` or
    /// `RevokeConsent`.
    struct Act {
        Consent consent;
        /// The subject's epoch that a grant names. It is not part of a revocation, and is ignored
        /// there.
        uint40 epoch;
        /// The subject's controller or its delegate of the type CONSENT_ROLE.
        address signer;
        /// The last second in which it can be sent; seconds since 1970 UTC.
        uint256 deadline;
        /// 65 bytes of an account, the bytes of a passkey, or what an ERC-1271 contract accepts.
        bytes signature;
    }

    /// @notice What is stored for an id: one slot.
    struct Record {
        /// The identity that granted or revoked the id; zero where nothing is stored.
        address subject;
        /// Until when the consent is valid; seconds since 1970 UTC.
        uint48 expiry;
        /// The subject's epoch that the grant names; 0 where the id was revoked before any grant.
        uint40 epoch;
        Status status;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A customer gave a consent.
    /// @custom:es Un cliente dio un consentimiento.
    /// @param id The id of the consent.
    /// @param subject The identity that agreed.
    /// @param expiry Until when, exclusive; seconds since 1970 UTC.
    /// @param epoch The subject's epoch that the grant names. The consent is valid in that epoch
    /// only.
    event ConsentGranted(bytes32 indexed id, address indexed subject, uint48 expiry, uint40 epoch);

    /// @notice A customer revoked a consent.
    /// @custom:es Un cliente revocó un consentimiento.
    /// @dev Also emitted for an id that was never granted, and now never can be.
    event ConsentRevoked(bytes32 indexed id, address indexed subject);

    /// @notice A company gave up a consent that it had received.
    /// @custom:es Una empresa renunció a un consentimiento que había recibido.
    event ConsentRenounced(bytes32 indexed id, address indexed subject);

    /// @notice A customer revoked all consents, and every grant that was signed and not sent yet.
    /// @custom:es Un cliente revocó todos sus consentimientos, y también los que había firmado y
    /// nadie había enviado aún.
    /// @param subject The identity that had agreed to them.
    /// @param epoch The new epoch, which is the time of this block. Only grants that name it are
    /// valid.
    event AllRevoked(address indexed subject, uint40 epoch);

    /// @notice A company recorded that it used a consent. Only customer and company can tell which
    /// one.
    /// @custom:es Una empresa registró que usó un consentimiento. Solo el cliente y la empresa
    /// saben cuál.
    event UseCommitted(bytes32 indexed commitment);

    // -------------------------------------------------------------------------------------- errors

    /// @notice Only the controller of the subject, or its delegate for consents, may do this.
    /// @custom:es Solo el controlador del titular, o su delegado para consentimientos, puede hacer
    /// esto.
    error ConsentRegistry_NotSubject(address subject, address actor, address controller);

    /// @notice Only the company that received the consent, or its delegate for consents, may do
    /// this.
    /// @custom:es Solo la empresa que recibió el consentimiento, o su delegado para
    /// consentimientos, puede hacer esto.
    error ConsentRegistry_NotGrantee(bytes32 id, address actor, address grantee);

    /// @notice The deadline of the signature has passed.
    /// @custom:es La firma ha vencido.
    error ConsentRegistry_SignatureExpired(address subject, uint256 time, uint256 deadline);

    /// @notice The signature is not valid: it is malformed, of another signer, or over other
    /// values.
    /// @custom:es La firma no es válida: está mal formada, es de otro firmante o de otros valores.
    /// @dev Other values include another chain or contract, and an epoch that is over.
    error ConsentRegistry_BadSignature(address subject, address signer, bytes32 digest);

    /// @notice The consent has already expired.
    /// @custom:es El consentimiento ya venció.
    error ConsentRegistry_Expired(bytes32 id, uint256 time, uint48 expiry);

    /// @notice The grant names an epoch that has not begun. Try again in the next second.
    /// @custom:es El consentimiento indica una época que no ha empezado. Vuelva a intentarlo en el
    /// segundo siguiente.
    /// @dev A grant names an epoch that began before this block's second. So nothing can be
    /// granted in advance for the time after a revocation of all, and after one the first grant
    /// waits for the next second.
    error ConsentRegistry_EpochAhead(address subject, uint256 time, uint40 epoch);

    /// @notice This consent was already granted or revoked.
    /// @custom:es Este consentimiento ya se dio o ya se revocó.
    error ConsentRegistry_AlreadyUsed(bytes32 id, Status actual);

    /// @notice This consent has already ended.
    /// @custom:es Este consentimiento ya terminó.
    error ConsentRegistry_AlreadyEnded(bytes32 id, Status actual);

    /// @notice This consent is not granted, or has already ended.
    /// @custom:es Este consentimiento no se ha dado, o ya terminó.
    error ConsentRegistry_NotGranted(bytes32 id, Status actual);

    /// @notice The transaction needs more gas to check the next signature.
    /// @custom:es La transacción necesita más gas para comprobar la siguiente firma.
    error ConsentRegistry_TooLittleGas(uint256 actual, uint256 needed);

    /// @notice These are not the terms of the consent.
    /// @custom:es Estas no son las condiciones del consentimiento.
    error ConsentRegistry_WrongTerms(bytes32 id, bytes32 actual, bytes32 expected);

    // ---------------------------------------------------------------------------- writes: granting

    /// @notice Give a consent.
    /// @custom:es Da un consentimiento.
    /// @dev For the subject's controller or its delegate of the type CONSENT_ROLE. Reverts:
    /// NotSubject, Expired (the expiry is not later than this block), EpochAhead, AlreadyUsed.
    ///
    /// Warning: the chain cannot tell whether anybody knows what `terms` is made of. A company
    /// checks it before it relies on the consent. Warning: with an epoch that is not the
    /// subject's, the consent is used up and never valid. Ask `epoch` first.
    /// @param inEpoch The subject's epoch: see `epoch`.
    function grant(Consent calldata given, uint40 inEpoch) external;

    /// @notice Give a consent, with the signature of the customer.
    /// @custom:es Da un consentimiento, con la firma del cliente.
    /// @dev For anyone. Typed data `GrantConsent`. Reverts as `grant` (about the signer), and:
    /// SignatureExpired, BadSignature. A second call with the same signature changes nothing: it
    /// reverts with AlreadyUsed and the status `Granted`.
    ///
    /// Warning: a relayer that is paid for it asks `epoch` first: a grant that was signed in an
    /// epoch that is over can be sent, and gives a consent that is not valid.
    /// @param inEpoch The epoch that was signed.
    function grantBySig(
        Consent calldata given,
        uint40 inEpoch,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Give many consents, with the signatures of the customers. Items that are not valid
    /// are skipped.
    /// @custom:es Da muchos consentimientos, con las firmas de los clientes. Los que no son
    /// válidos se omiten.
    /// @dev For anyone. An item is skipped when it is used, expired, ahead, or has no valid
    /// signature. The events show what was granted. A signature of 65 bytes is first checked as an
    /// account's. A signature of another length, or by a signer that is a contract, is checked
    /// with SIGNATURE_GAS: a wallet that burns gas costs that much and no more. Reverts with
    /// TooLittleGas where less gas is left, so that gas never decides what is granted. Whoever
    /// sends it leaves enough gas for every such item, or sends these one by one.
    /// @return granted How many consents were granted.
    function grantBatch(Act[] calldata acts) external returns (uint256 granted);

    // ------------------------------------------------------------------------------ writes: ending

    /// @notice Revoke a consent at once and for good.
    /// @custom:es Revoca un consentimiento de inmediato y para siempre.
    /// @dev For the subject's controller or its delegate of the type CONSENT_ROLE. An id that was
    /// never granted is used up: a grant that is signed and not sent yet can then no longer be
    /// sent. A consent that has only expired can be revoked. Reverts: NotSubject, AlreadyEnded.
    ///
    /// Warning: the company knows what it has read before. `docs/protocol/identity-consent.md`
    /// says what a company then has to do.
    function revoke(Consent calldata given) external;

    /// @notice Revoke a consent, with the signature of the customer.
    /// @custom:es Revoca un consentimiento, con la firma del cliente.
    /// @dev For anyone. Typed data `RevokeConsent`. Reverts as `revoke` (about the signer), and:
    /// SignatureExpired, BadSignature. It names no epoch: whoever is afraid of losing the key can
    /// sign it together with the grant, and keep it. It is valid for as long as its signer may act
    /// for the subject.
    function revokeBySig(
        Consent calldata given,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Revoke a consent, with a short form of the customer's signature that costs less.
    /// @custom:es Revoca un consentimiento, con una forma corta de la firma del cliente que cuesta
    /// menos.
    /// @dev For anyone. For a consent on chain, signed by the account that controls the subject.
    /// The typed data `RevokeConsent` is the same, so one signature fits both functions. Reverts:
    /// NotGranted (`revokeBySig` also works before a grant), SignatureExpired, BadSignature
    /// (delegates, contract wallets and passkeys use `revokeBySig`).
    /// @param r The first half of the signature.
    /// @param vs The second half, s, with the parity of v in the highest bit (ERC-2098).
    function revokeCompactBySig(bytes32 id, uint256 deadline, bytes32 r, bytes32 vs) external;

    /// @notice Revoke many consents, with the signatures of the customers. Items that are not
    /// valid are skipped.
    /// @custom:es Revoca muchos consentimientos, con las firmas de los clientes. Los que no son
    /// válidos se omiten.
    /// @dev For anyone. An item is skipped when it has ended or has no valid signature. Gas as for
    /// `grantBatch`.
    /// @return revoked How many consents were revoked.
    function revokeBatch(Act[] calldata acts) external returns (uint256 revoked);

    /// @notice Revoke all consents of a customer, and every grant that was signed and not sent
    /// yet.
    /// @custom:es Revoca todos los consentimientos de un cliente, y también los que firmó y nadie
    /// ha enviado aún.
    /// @dev For the subject's controller or its delegate of the type CONSENT_ROLE. The subject's
    /// epoch is this block's time from then on. Reverts: NotSubject.
    ///
    /// Warning: it ends the consents of this one subject. Whoever uses a key per consent revokes
    /// each of them. Warning: it is not enough against a stolen key, because the thief can sign
    /// again: change the controller first.
    function revokeAll(address subject) external;

    /// @notice Revoke all consents of a customer, with the customer's signature.
    /// @custom:es Revoca todos los consentimientos de un cliente, con la firma del cliente.
    /// @dev For anyone. Typed data `RevokeAll`, which names the epoch that it ends. Reverts as
    /// `revokeAll` (about the signer), and: SignatureExpired, BadSignature (also when it was sent
    /// before, because the epoch that it names is over).
    function revokeAllBySig(
        address subject,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Give up a consent, as the company that received it.
    /// @custom:es Renuncia a un consentimiento, como la empresa que lo recibió.
    /// @dev For the controller of `terms.grantee` or its delegate of the type CONSENT_ROLE, when
    /// the purpose is fulfilled or no longer exists. Reverts: WrongTerms, NotGranted, NotGrantee.
    ///
    /// Warning: this shows the terms to everybody, for good: that this company had a consent of
    /// that subject. A company that only stops reading need not do it.
    function renounce(Consent calldata given, Terms calldata terms) external;

    // -------------------------------------------------------------------------------- writes: uses

    /// @notice Record that a consent was used, in a form that only customer and company can read.
    /// @custom:es Registra que se usó un consentimiento, de una forma que solo el cliente y la
    /// empresa pueden leer.
    /// @dev For anyone: nothing is stored or checked. What is recorded before the block of a
    /// revocation was read before it.
    ///
    /// Warning: a commitment proves that something was read by then. Nothing proves that no more
    /// was read.
    function commitUse(bytes32 commitment) external;

    /// @notice Record many uses of consents.
    /// @custom:es Registra muchos usos de consentimientos.
    /// @dev As `commitUse`, for each of them.
    function commitUses(bytes32[] calldata commitments) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether a consent is valid now: granted, not ended, and not expired.
    /// @custom:es Si un consentimiento es válido ahora: dado, no terminado y no vencido.
    /// @dev The grant must name the subject's present epoch.
    ///
    /// Warning: it says nothing about what was agreed to. Whoever relies on it computes the id
    /// from the terms.
    function isValid(bytes32 id) external view returns (bool);

    /// @notice What is stored for a consent.
    /// @custom:es Lo que está guardado sobre un consentimiento.
    function consent(bytes32 id) external view returns (Record memory);

    /// @notice When a customer last revoked all consents; 0 for never.
    /// @custom:es Cuándo revocó un cliente todos sus consentimientos por última vez; 0 si nunca.
    /// @return Seconds since 1970 UTC.
    function epoch(address subject) external view returns (uint40);

    /// @notice The id of a consent.
    /// @custom:es El identificador de un consentimiento.
    /// @dev EIP-712's hashStruct of `Consent`, with its `Terms` in their place.
    function idOf(Consent calldata given) external pure returns (bytes32);

    /// @notice The hash of the terms of a consent.
    /// @custom:es El hash de las condiciones de un consentimiento.
    /// @dev EIP-712's hashStruct of `Terms`.
    function termsHash(Terms calldata terms) external pure returns (bytes32);

    /// @notice Whether somebody signed a digest, in any form that this contract accepts.
    /// @custom:es Si alguien firmó un digest, en cualquier forma que este contrato acepta.
    /// @dev A batch asks itself this question, to limit the gas.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool);

    /// @notice The registry that says who controls an identity and who its delegates are.
    /// @custom:es El registro que dice quién controla una identidad y quiénes son sus delegados.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The type of the delegates who may act about the consents of an identity, given or
    /// received.
    /// @custom:es El tipo de los delegados que pueden actuar sobre los consentimientos de una
    /// identidad, dados o recibidos.
    function CONSENT_ROLE() external view returns (bytes32);

    /// @notice How much gas a batch spends at most on a signature that is not an account's own.
    /// @custom:es Cuánto gas gasta un lote como máximo en una firma que no es de una cuenta.
    function SIGNATURE_GAS() external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1056} from "./IERC1056.sol";
import {IGuardianRecovery} from "./IGuardianRecovery.sol";

/// @title IIdentityRegistry
/// @notice Decentralised identifiers (did:ethr) and who may act for them: an ERC-1056 registry
/// (`IERC1056`) with recovery by guardians (`IGuardianRecovery`), and in this file with batches
/// and with signatures that are bound to a chain.
///
/// An identity is an address. Nobody registers it: it exists, controlled by its own key, until
/// something is recorded. Its controller may give it to another controller, name delegates (an
/// account, a type and an expiry) and publish attributes (keys and services). Every contract of
/// the suite asks this registry who may act for a brand, through `mayAct`. So a new key, or a
/// revoked agent, takes effect everywhere at once.
///
/// **Typed data.** The functions named `BySig` take a signature by EIP-712 that contains this
/// chain, this contract, the controller's nonce and a deadline. The signer is the controller: an
/// account (65 bytes, s in the lower half), a passkey or other key of ERC-7913
/// (`IPasskeyVerifier`), or an ERC-1271 contract. Anyone may send them. Types and names are signed
/// as text, without the zeros that pad them, so that a wallet shows them readably. Expiries are
/// points in time: a relayer who waits cannot move them.
///
/// @dev No event of our own has an address as its first topic: resolvers ask for "every event
/// whose first topic is this identity", and some of them fail on events that they do not know.
///
/// Warning: when the controller changes, delegates stay until they expire or are revoked. Whoever
/// takes over an identity, or gets it back from a thief, must check them.
interface IIdentityRegistry is IERC1056, IGuardianRecovery {
    // --------------------------------------------------------------------------------------- types

    /// @notice What a step of a batch does.
    enum Action {
        ChangeOwner,
        AddDelegate,
        RevokeDelegate,
        SetAttribute,
        RevokeAttribute,
        Deactivate
    }

    /// @notice A step of a batch. A field that the action does not need is signed too, and has no
    /// effect.
    struct Operation {
        Action action;
        /// The delegate's type or the attribute's name; text, padded with zeros on the right.
        bytes32 name;
        /// The new controller or the delegate.
        address account;
        /// The attribute's value.
        bytes value;
        /// Until when the delegate or attribute is valid, in seconds since 1970 UTC.
        uint256 validTo;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A controller made all its unused signatures void.
    /// @custom:es Un controlador anuló todas sus firmas sin usar.
    /// @param nonce The number that its next signature must carry.
    event SignaturesCancelled(uint256 indexed nonce, address indexed controller);

    // -------------------------------------------------------------------------------------- errors

    /// @notice Only the controller of the identity may do this.
    /// @custom:es Solo el controlador de la identidad puede hacer esto.
    error IdentityRegistry_NotController(address identity, address actor, address controller);

    /// @notice The deadline of the signature has passed.
    /// @custom:es La firma ha vencido.
    error IdentityRegistry_SignatureExpired(address identity, uint256 deadline, uint256 time);

    /// @notice The signature is not valid: it is malformed, of another signer, or over other
    /// values.
    /// @custom:es La firma no es válida: está mal formada, es de otro firmante o de otros valores.
    error IdentityRegistry_BadSignature(address identity, address signer);

    /// @notice The expiry is not in the future.
    /// @custom:es La fecha de vencimiento no está en el futuro.
    error IdentityRegistry_AlreadyExpired(address identity, uint256 validTo, uint256 time);

    /// @notice A batch needs at least one operation.
    /// @custom:es Un lote necesita al menos una operación.
    error IdentityRegistry_EmptyBatch(address identity);

    /// @notice An operation gives the identity another controller, so no operation may follow it.
    /// @custom:es Una operación da otro controlador a la identidad, así que ninguna puede
    /// seguirla.
    error IdentityRegistry_ControllerChangedMidway(address identity, uint256 index);

    // -------------------------------------------------------------------- writes by the controller

    /// @notice Deactivate an identity for good: nobody controls it any more.
    /// @custom:es Desactiva una identidad para siempre: ya nadie la controla.
    /// @dev For the controller. Emits `DIDOwnerChanged` with the zero address, so resolvers show
    /// the identity as deactivated. Reverts: NotController.
    function deactivate(address identity) external;

    /// @notice Do several things for one identity in order, all of them or none.
    /// @custom:es Hace varias cosas para una identidad en orden, todas o ninguna.
    /// @dev For the controller. All events of a batch name the same previous change, the one
    /// before the batch. Reverts: NotController, EmptyBatch, AlreadyExpired,
    /// ControllerChangedMidway.
    function execute(address identity, Operation[] calldata operations) external;

    /// @notice Make all unused signatures of the caller void.
    /// @custom:es Anula todas las firmas sin usar de quien llama.
    /// @dev For anyone, about their own signatures: those of both kinds, and for all identities
    /// that they control.
    function cancelSignatures() external;

    // ------------------------------------------------------------------------ writes by typed data

    /// @notice Give an identity another controller, with the signature of its controller.
    /// @custom:es Da otro controlador a una identidad, con la firma de su controlador.
    /// @dev For anyone. Typed data `ChangeOwner`. Reverts: SignatureExpired, BadSignature.
    function changeOwnerBySig(
        address identity,
        address newOwner,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Name a delegate until a given time, with the signature of the controller.
    /// @custom:es Nombra a un delegado hasta una fecha, con la firma del controlador.
    /// @dev For anyone. Typed data `AddDelegate`. Reverts: AlreadyExpired, SignatureExpired,
    /// BadSignature.
    function addDelegateBySig(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 validTo,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Revoke a delegate, with the signature of the controller.
    /// @custom:es Revoca a un delegado, con la firma del controlador.
    /// @dev For anyone. Typed data `RevokeDelegate`. Reverts: SignatureExpired, BadSignature.
    function revokeDelegateBySig(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Publish an attribute until a given time, with the signature of the controller.
    /// @custom:es Publica un atributo hasta una fecha, con la firma del controlador.
    /// @dev For anyone. Typed data `SetAttribute`. Reverts: AlreadyExpired, SignatureExpired,
    /// BadSignature.
    function setAttributeBySig(
        address identity,
        bytes32 name,
        bytes calldata value,
        uint256 validTo,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Withdraw an attribute, with the signature of the controller.
    /// @custom:es Retira un atributo, con la firma del controlador.
    /// @dev For anyone. Typed data `RevokeAttribute`. Reverts: SignatureExpired, BadSignature.
    function revokeAttributeBySig(
        address identity,
        bytes32 name,
        bytes calldata value,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Do several things for one identity in order, with the signature of its controller.
    /// @custom:es Hace varias cosas para una identidad en orden, con la firma de su controlador.
    /// @dev For anyone. Typed data `Batch`. Reverts as `execute`, and: SignatureExpired,
    /// BadSignature.
    function executeBySig(
        address identity,
        Operation[] calldata operations,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether an account may act for an identity in a role: as its controller, or as a
    /// valid delegate.
    /// @custom:es Si una cuenta puede actuar por una identidad en un rol: como su controlador o
    /// como delegado válido.
    /// @dev Every other contract of the suite asks this question and no other. It reads one
    /// storage slot for a delegate, two for the controller.
    ///
    /// Warning: a delegate stays valid after a deactivation until its expiry. Revoke delegates in
    /// the same batch.
    /// @param identity The identity that the account acts for, such as a brand.
    /// @param role The delegate's type, such as `careledger.agent`, left-aligned.
    /// @param actor The account that acts; pass `msg.sender`, never the zero address.
    function mayAct(address identity, bytes32 role, address actor) external view returns (bool);

    /// @notice The controller of every deactivated identity: an address without a key.
    /// @custom:es El controlador de toda identidad desactivada: una dirección sin clave.
    function DEACTIVATED() external view returns (address);
}

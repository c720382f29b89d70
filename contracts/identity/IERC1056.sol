// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IERC1056
/// @notice The part of the identity registry that ERC-1056 prescribes: the controller of an
/// identity, its delegates and its attributes.
///
/// These functions and events behave like those of the reference contract (`EthereumDIDRegistry`
/// 1.3.0), including the digests that are signed and the two texts of its reverts. So resolvers
/// and libraries for did:ethr work without changes.
///
/// @dev `changed` moves only together with one of these events: resolvers follow it from block to
/// block and stop where they find no event.
///
/// Digests: a function named `Signed` takes a signature over keccak256 of these bytes, tightly
/// packed: 0x19 0x00, this contract, the controller's nonce (32 bytes), the identity, the name of
/// the function without `Signed`, and the arguments that follow the signature.
///
/// Warning: as ERC-1056 prescribes, these digests contain neither the chain nor a deadline. Where
/// this registry has the same address on another chain, the signature is valid there too. The
/// functions named `BySig` in `IIdentityRegistry` bind both.
interface IERC1056 {
    // -------------------------------------------------------------------------------------- events

    /// @notice The identity has another controller. The zero address means that it is deactivated.
    /// @custom:es La identidad tiene otro controlador. La dirección cero significa que está
    /// desactivada.
    /// @param previousChange The block of the change before this one; 0 for the first change.
    event DIDOwnerChanged(address indexed identity, address owner, uint256 previousChange);

    /// @notice A delegate was named until a given time, or revoked.
    /// @custom:es Se nombró a un delegado hasta una fecha, o se le revocó.
    /// @param validTo Seconds since 1970 UTC. A revoked delegate gets the time of the revocation.
    event DIDDelegateChanged(
        address indexed identity,
        bytes32 delegateType,
        address delegate,
        uint256 validTo,
        uint256 previousChange
    );

    /// @notice An attribute was published until a given time, or withdrawn.
    /// @custom:es Se publicó un atributo hasta una fecha, o se retiró.
    /// @param validTo Seconds since 1970 UTC; 0 when the attribute was withdrawn.
    event DIDAttributeChanged(
        address indexed identity,
        bytes32 name,
        bytes value,
        uint256 validTo,
        uint256 previousChange
    );

    // -------------------------------------------------------------------------------------- writes

    /// @notice Give an identity another controller.
    /// @custom:es Da otro controlador a una identidad.
    /// @dev For the controller. Reverts with the text "bad_actor". Guardians that the old
    /// controller named no longer count.
    ///
    /// Warning: as on every ERC-1056 registry, the zero address marks the identity as deactivated
    /// for resolvers, but it also gives control back to the identity's first key, which may have
    /// leaked since. `deactivate` does not have this weakness.
    ///
    /// Warning: a change to an address whose key nobody holds is final.
    function changeOwner(address identity, address newOwner) external;

    /// @notice Give an identity another controller, with the signature of its controller.
    /// @custom:es Da otro controlador a una identidad, con la firma de su controlador.
    /// @dev For anyone. Reverts with the text "bad_signature". The digest is described above.
    function changeOwnerSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        address newOwner
    ) external;

    /// @notice Name a delegate for a number of seconds, or give a delegate a new expiry.
    /// @custom:es Nombra a un delegado por un número de segundos, o le da otra fecha de
    /// vencimiento.
    /// @dev For the controller. Reverts with the text "bad_actor", and with a panic where the
    /// expiry overflows.
    function addDelegate(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external;

    /// @notice Name a delegate for a number of seconds, with the signature of the controller.
    /// @custom:es Nombra a un delegado por un número de segundos, con la firma del controlador.
    /// @dev For anyone. Reverts with the text "bad_signature". The digest is described above.
    ///
    /// Warning: the validity begins when the call is made, not when it is signed.
    function addDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external;

    /// @notice Revoke a delegate, from this block on.
    /// @custom:es Revoca a un delegado desde este bloque.
    /// @dev For the controller. Reverts with the text "bad_actor". It works for an address that
    /// was never a delegate too.
    function revokeDelegate(address identity, bytes32 delegateType, address delegate) external;

    /// @notice Revoke a delegate, with the signature of the controller.
    /// @custom:es Revoca a un delegado, con la firma del controlador.
    /// @dev For anyone. Reverts with the text "bad_signature". The digest is described above.
    function revokeDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate
    ) external;

    /// @notice Publish an attribute, such as a key or a service, for a number of seconds.
    /// @custom:es Publica un atributo, como una clave o un servicio, por un número de segundos.
    /// @dev For the controller. Reverts with the text "bad_actor", and with a panic where the
    /// expiry overflows. Nothing is stored: the attribute is an event.
    function setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validity)
        external;

    /// @notice Publish an attribute, with the signature of the controller.
    /// @custom:es Publica un atributo, con la firma del controlador.
    /// @dev For anyone. Reverts with the text "bad_signature". The digest is described above.
    function setAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value,
        uint256 validity
    ) external;

    /// @notice Withdraw an attribute.
    /// @custom:es Retira un atributo.
    /// @dev For the controller. Reverts with the text "bad_actor". It works for an attribute that
    /// was never published too.
    function revokeAttribute(address identity, bytes32 name, bytes calldata value) external;

    /// @notice Withdraw an attribute, with the signature of the controller.
    /// @custom:es Retira un atributo, con la firma del controlador.
    /// @dev For anyone. Reverts with the text "bad_signature". The digest is described above.
    function revokeAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value
    ) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice The controller on record; the zero address where none was recorded.
    /// @custom:es El controlador registrado; la dirección cero si no se registró ninguno.
    /// @dev Where nothing is recorded, the identity controls itself: see `identityOwner`.
    function owners(address identity) external view returns (address);

    /// @notice The time until which a delegate is valid; 0 for an address that was never a
    /// delegate.
    /// @custom:es La fecha hasta la que un delegado es válido; 0 si nunca fue delegado.
    /// @param typeHash keccak256 of the 32 bytes of the delegate's type.
    /// @return Seconds since 1970 UTC.
    function delegates(address identity, bytes32 typeHash, address delegate)
        external
        view
        returns (uint256);

    /// @notice The block of the latest change of an identity; 0 where nothing was ever recorded.
    /// @custom:es El bloque del último cambio de una identidad; 0 si nunca se registró nada.
    function changed(address identity) external view returns (uint256);

    /// @notice The number that the controller's next signature must carry.
    /// @custom:es El número que debe llevar la próxima firma del controlador.
    /// @dev One sequence for all identities that it controls, for the signatures of ERC-1056 and
    /// for those with typed data.
    function nonce(address controller) external view returns (uint256);

    /// @notice The controller of an identity. An identity controls itself until that is changed.
    /// @custom:es El controlador de una identidad. Una identidad se controla a sí misma hasta que
    /// eso se cambia.
    /// @dev 0x…dEaD for a deactivated identity.
    function identityOwner(address identity) external view returns (address);

    /// @notice Whether an address is a valid delegate of an identity now.
    /// @custom:es Si una dirección es ahora un delegado válido de una identidad.
    function validDelegate(address identity, bytes32 delegateType, address delegate)
        external
        view
        returns (bool);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IGuardianRecovery
/// @notice The part of the identity registry for a lost key: guardians give the identity a new
/// controller after a delay in which the present controller can object.
///
/// Nobody learns who the guardians are until they act: the registry keeps only the root of a tree.
/// It is laid out like OpenZeppelin's StandardMerkleTree over (address guardian, bytes32 salt),
/// with a secret random salt for each guardian.
///
/// Guardians guard for the controller who named them. When the identity passes to another
/// controller, they no longer count. So whoever receives an identity does not inherit strangers
/// who could take it, and whoever changes a key names the guardians again.
///
/// Warning: guardians help when a key is lost. They do not help against a thief who holds the
/// controller's key, because that key can dismiss them.
interface IGuardianRecovery {
    // --------------------------------------------------------------------------------------- types

    /// @notice The guardians of an identity.
    struct Guardianship {
        /// The root of the tree of guardians; zero when no guardians are named.
        bytes32 root;
        /// The controller who named them.
        address controller;
        /// How many guardians must agree.
        uint8 threshold;
        /// How long the controller can object, in seconds.
        uint32 delay;
        /// Counts what happens here. An approval is valid in one round only.
        uint56 round;
        /// Whether guardians are named and their controller still controls the identity.
        bool active;
    }

    /// @notice A recovery that guardians have started.
    struct Recovery {
        /// The new controller; zero when no recovery was started, or when it was stopped or
        /// finished.
        address newOwner;
        /// From when it can be finished, in seconds since 1970 UTC.
        uint48 readyAt;
        /// Whether it can still be finished: nothing about the identity has changed since the
        /// start.
        bool live;
    }

    /// @notice The approval of a recovery by one guardian.
    struct Approval {
        address guardian;
        /// Until when the approval is valid, in seconds since 1970 UTC.
        uint256 deadline;
        /// The salt of the guardian's leaf.
        bytes32 salt;
        /// The path from the guardian's leaf to the root.
        bytes32[] proof;
        /// The signature over the typed data `ApproveRecovery`: 65 bytes of an account, the bytes
        /// of a passkey, or what the guardian's contract accepts.
        bytes signature;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice The controller named guardians, or dismissed them.
    /// @custom:es El controlador nombró guardianes, o los destituyó.
    /// @param root The root of the tree of guardians; zero when they were dismissed.
    event GuardiansSet(
        uint256 indexed round,
        address indexed identity,
        address indexed controller,
        bytes32 root,
        uint8 threshold,
        uint32 delay
    );

    /// @notice Enough guardians agreed. The recovery can be finished from a given time on.
    /// @custom:es Suficientes guardianes estuvieron de acuerdo. La recuperación se puede terminar
    /// a partir de una fecha.
    event RecoveryStarted(
        uint256 indexed round, address indexed identity, address indexed newOwner, uint256 readyAt
    );

    /// @notice The controller stopped a recovery.
    /// @custom:es El controlador detuvo una recuperación.
    event RecoveryStopped(
        uint256 indexed round, address indexed identity, address indexed controller
    );

    /// @notice A recovery is finished: the identity has a new controller.
    /// @custom:es Terminó una recuperación: la identidad tiene un nuevo controlador.
    event RecoveryFinished(
        uint256 indexed round, address indexed identity, address indexed newOwner
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice Guardians need a root, a threshold of at least 1, and a delay between the two
    /// limits.
    /// @custom:es Los guardianes necesitan una raíz, un umbral de al menos 1 y un plazo dentro de
    /// los dos límites.
    error IdentityRegistry_BadGuardianship(
        address identity, bytes32 root, uint8 threshold, uint32 delay
    );

    /// @notice The identity has no guardians, or a former controller named them.
    /// @custom:es La identidad no tiene guardianes, o los nombró un controlador anterior.
    error IdentityRegistry_NoGuardians(address identity, address namedBy, address controller);

    /// @notice The number of approvals is not the threshold.
    /// @custom:es El número de aprobaciones no es el umbral.
    error IdentityRegistry_WrongThreshold(address identity, uint256 approvals, uint256 threshold);

    /// @notice The address is not a guardian of the identity, or the guardians are not in
    /// ascending order.
    /// @custom:es La dirección no es de un guardián de la identidad, o los guardianes no están en
    /// orden ascendente.
    error IdentityRegistry_NotGuardian(address identity, address guardian);

    /// @notice The new controller must be another address than the present one, and not zero.
    /// @custom:es El nuevo controlador debe ser una dirección distinta de la actual y de cero.
    error IdentityRegistry_BadNewOwner(address identity, address newOwner);

    /// @notice No recovery of this identity has been started.
    /// @custom:es No se ha iniciado ninguna recuperación de esta identidad.
    error IdentityRegistry_NoRecovery(address identity);

    /// @notice The delay is not over: the controller can still object.
    /// @custom:es El plazo no ha terminado: el controlador aún puede oponerse.
    error IdentityRegistry_TooEarly(address identity, uint256 readyAt, uint256 time);

    /// @notice The recovery is void: the controller acted after its start, so the key is not lost.
    /// @custom:es La recuperación no vale: el controlador actuó después de su inicio, así que la
    /// clave no está perdida.
    error IdentityRegistry_RecoveryVoid(address identity, uint256 startedAfter, uint256 changed);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Name the guardians who can give the identity a new controller when its key is lost,
    /// or dismiss them.
    /// @custom:es Nombra a los guardianes que pueden dar un nuevo controlador a la identidad si se
    /// pierde su clave, o los destituye.
    /// @dev For the controller. A zero root dismisses the guardians. A recovery that was started
    /// ends. Reverts: NotController, BadGuardianship.
    ///
    /// Warning: the contract cannot know how many guardians the tree has. A threshold above that
    /// number can never be met.
    /// @param threshold How many guardians must agree. With 1, each of them alone can take the
    /// identity after the delay.
    /// @param delay How long the controller can object, in seconds: from `MIN_RECOVERY_DELAY` to
    /// `MAX_RECOVERY_DELAY`.
    function setGuardians(address identity, bytes32 root, uint8 threshold, uint32 delay) external;

    /// @notice Name the guardians of an identity, or dismiss them, with the signature of its
    /// controller.
    /// @custom:es Nombra a los guardianes de una identidad, o los destituye, con la firma de su
    /// controlador.
    /// @dev For anyone. The controller signs the typed data `SetGuardians`. Reverts as
    /// `setGuardians`, and: SignatureExpired, BadSignature.
    function setGuardiansBySig(
        address identity,
        bytes32 root,
        uint8 threshold,
        uint32 delay,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Start to give an identity a new controller, with the signatures of its guardians.
    /// @custom:es Inicia el cambio de controlador de una identidad, con las firmas de sus
    /// guardianes.
    /// @dev For anyone. A recovery that was started before is replaced, and the delay begins
    /// again. A guardian signs the typed data `ApproveRecovery`: the identity, its present
    /// controller, the new one, the round and a deadline. So an approval is void once the
    /// controller changes, and after any start, any stop and any new guardians. There must be
    /// exactly as many approvals as the threshold, in ascending order of the guardians' addresses.
    /// Reverts: NoGuardians, BadNewOwner, WrongThreshold, NotGuardian, SignatureExpired,
    /// BadSignature.
    ///
    /// Warning: nothing proves that somebody holds the key of the new controller. Guardians ask
    /// the person.
    function startRecovery(address identity, address newOwner, Approval[] calldata approvals)
        external;

    /// @notice Stop a recovery: the key is not lost.
    /// @custom:es Detiene una recuperación: la clave no está perdida.
    /// @dev For the controller. Any other change that the controller makes has the same effect.
    /// Reverts: NotController, NoRecovery.
    function stopRecovery(address identity) external;

    /// @notice Stop a recovery, with the signature of the controller.
    /// @custom:es Detiene una recuperación, con la firma del controlador.
    /// @dev For anyone. The controller signs the typed data `StopRecovery`. Reverts as
    /// `stopRecovery`, and: SignatureExpired, BadSignature.
    function stopRecoveryBySig(address identity, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Finish a recovery: give the identity its new controller, once the delay is over.
    /// @custom:es Termina una recuperación: da a la identidad su nuevo controlador, una vez
    /// cumplido el plazo.
    /// @dev For anyone. Emits `DIDOwnerChanged` too. Reverts: NoRecovery, NoGuardians,
    /// RecoveryVoid, TooEarly.
    function finishRecovery(address identity) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice The guardians of an identity: root, threshold and delay.
    /// @custom:es Los guardianes de una identidad: raíz, umbral y plazo.
    function guardianship(address identity) external view returns (Guardianship memory);

    /// @notice The recovery of an identity that was started and is neither stopped nor finished.
    /// @custom:es La recuperación de una identidad que se inició y no se ha detenido ni terminado.
    function recovery(address identity) external view returns (Recovery memory);

    /// @notice The leaf of a guardian in the tree of guardians.
    /// @custom:es La hoja de un guardián en el árbol de guardianes.
    function guardianLeaf(address guardian, bytes32 salt) external pure returns (bytes32);

    /// @notice The shortest time that a controller can have to object, in seconds.
    /// @custom:es El plazo más corto que puede tener un controlador para oponerse, en segundos.
    function MIN_RECOVERY_DELAY() external view returns (uint32);

    /// @notice The longest time that a controller can have to object, in seconds.
    /// @custom:es El plazo más largo que puede tener un controlador para oponerse, en segundos.
    function MAX_RECOVERY_DELAY() external view returns (uint32);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IIdentityRegistry
/// @notice Decentralised identifiers (did:ethr) and who may act for them: an ERC-1056 registry,
/// with chain-bound signatures, batches and recovery by guardians beside it.
///
/// An identity is an address. Nobody registers it: it exists, controlled by its own key, until
/// something is recorded. Its controller may hand it over, name delegates (an account, a type and
/// an expiry) and publish attributes (keys and services). Every contract of the suite asks this
/// registry who may act for a brand, through `mayAct`, so rotating a key or dismissing an agent
/// takes effect everywhere at once.
///
/// The functions and events of ERC-1056 behave as those of the reference contract
/// (`EthereumDIDRegistry` 1.3.0), to the digest that is signed and the two texts that it refuses
/// with, so did:ethr resolvers and libraries work unmodified. All else has names of its own and
/// refuses with typed errors.
///
/// @dev `changed` moves only together with an event of ERC-1056: resolvers follow it from block to
/// block and stop where they find none. For the same reason no event of our own carries an address
/// as its first topic: resolvers ask for "every event whose first topic is this identity" and some
/// of them choke on events that they do not know.
///
/// Warning: on a change of the controller, delegates stay until they expire or are revoked. Whoever
/// takes over an identity, or gets it back from a thief, must look through them.
interface IIdentityRegistry {
    /// @notice What a step of a batch does.
    enum Action {
        ChangeOwner,
        AddDelegate,
        RevokeDelegate,
        SetAttribute,
        RevokeAttribute,
        Deactivate
    }

    /// @notice A step of a batch. What an action does not use is signed all the same and otherwise
    /// ignored.
    struct Operation {
        Action action;
        /// The delegate's type or the attribute's name; text, padded with zeros on the right.
        bytes32 name;
        /// The new controller or the delegate.
        address account;
        /// The attribute's value.
        bytes value;
        /// Until when the delegate or attribute is valid; seconds since 1970 UTC.
        uint256 validTo;
    }

    /// @notice What an identity has committed to for the day when its key is lost.
    struct Guardianship {
        /// Root over the guardians; zero: nobody was named.
        bytes32 root;
        /// The controller who named them. They lapse as soon as somebody else controls the
        /// identity.
        address controller;
        /// How many of them must agree.
        uint8 threshold;
        /// How long the controller can still object; seconds.
        uint32 delay;
        /// Counts what happens here; an approval is good for one round.
        uint56 round;
        /// Whether guardians are named and their controller still controls the identity.
        bool active;
    }

    /// @notice A recovery that guardians have started.
    struct Recovery {
        /// Who is to control the identity; zero: none was started, or it was stopped or finished.
        address newOwner;
        /// From when it can be finished; seconds since 1970 UTC.
        uint48 readyAt;
        /// Whether it can still be finished: neither the controller nor anything else has changed
        /// since its start.
        bool live;
    }

    /// @notice A guardian's consent to a recovery.
    struct Approval {
        address guardian;
        /// Until when the guardian stands by it; seconds since 1970 UTC.
        uint256 deadline;
        /// The salt that hid the guardian in the tree.
        bytes32 salt;
        /// From the guardian's leaf to the root.
        bytes32[] proof;
        /// Over the typed data `ApproveRecovery`; 65 bytes, a passkey's, or what the guardian's
        /// contract takes.
        bytes signature;
    }

    /// @notice ERC-1056: `identity` has another controller; the zero address: it is deactivated.
    /// @param previousChange Block of the change before this one; 0 when this is the first.
    event DIDOwnerChanged(address indexed identity, address owner, uint256 previousChange);

    /// @notice ERC-1056: a delegate was named until `validTo`, or revoked as of it.
    event DIDDelegateChanged(
        address indexed identity,
        bytes32 delegateType,
        address delegate,
        uint256 validTo,
        uint256 previousChange
    );

    /// @notice ERC-1056: an attribute was published until `validTo`, or revoked (0).
    event DIDAttributeChanged(
        address indexed identity,
        bytes32 name,
        bytes value,
        uint256 validTo,
        uint256 previousChange
    );

    /// @notice The controller named guardians, or dismissed them (zero root).
    event GuardiansSet(
        uint256 indexed round,
        address indexed identity,
        address indexed controller,
        bytes32 root,
        uint8 threshold,
        uint32 delay
    );

    /// @notice Enough guardians agreed; from `readyAt` on, anyone can finish.
    event RecoveryStarted(
        uint256 indexed round, address indexed identity, address indexed newOwner, uint256 readyAt
    );

    /// @notice The controller objected.
    event RecoveryStopped(
        uint256 indexed round, address indexed identity, address indexed controller
    );

    /// @notice The identity has passed to the new controller.
    event RecoveryFinished(
        uint256 indexed round, address indexed identity, address indexed newOwner
    );

    /// @notice What `controller` had signed and nobody had used is void; `nonce` is its next one.
    event SignaturesCancelled(uint256 indexed nonce, address indexed controller);

    /// @notice Only the controller may do this.
    error IdentityRegistry_NotController(address identity, address actor, address controller);

    /// @notice The signature came too late.
    error IdentityRegistry_SignatureExpired(address identity, uint256 deadline, uint256 time);

    /// @notice The signature is malformed, or not the signer's over these values with this nonce or
    /// round.
    error IdentityRegistry_BadSignature(address identity, address signer);

    /// @notice What was to be valid until `validTo` would be void at once.
    error IdentityRegistry_AlreadyExpired(address identity, uint256 validTo, uint256 time);

    /// @notice A batch needs at least one operation.
    error IdentityRegistry_EmptyBatch(address identity);

    /// @notice After operation `index` the identity has another controller, so nothing may follow
    /// it.
    error IdentityRegistry_ControllerChangedMidway(address identity, uint256 index);

    /// @notice Guardians need a root, at least one who must agree, and a delay between the two
    /// bounds.
    error IdentityRegistry_BadGuardianship(
        address identity, bytes32 root, uint8 threshold, uint32 delay
    );

    /// @notice No guardians are named, or those named were a former controller's.
    error IdentityRegistry_NoGuardians(address identity, address namedBy, address controller);

    /// @notice More or fewer guardians agreed than are needed.
    error IdentityRegistry_WrongThreshold(address identity, uint256 approvals, uint256 threshold);

    /// @notice This is no guardian of the identity, or comes out of ascending order (or twice).
    error IdentityRegistry_NotGuardian(address identity, address guardian);

    /// @notice An identity cannot be recovered to nobody, nor to whom it has.
    error IdentityRegistry_BadNewOwner(address identity, address newOwner);

    /// @notice No recovery is under way.
    error IdentityRegistry_NoRecovery(address identity);

    /// @notice The controller can still object.
    error IdentityRegistry_TooEarly(address identity, uint256 readyAt, uint256 time);

    /// @notice The controller acted after the start, so its key is not lost.
    error IdentityRegistry_RecoveryVoid(address identity, uint256 startedAfter, uint256 changed);

    // ------------------------------------------------------------------------------------ ERC-1056

    /// @notice Give `identity` another controller.
    /// @dev Only the controller; refuses with "bad_actor". Guardians whom the old one named lapse.
    /// Warning: as on every ERC-1056 registry, the zero address marks the identity as deactivated
    /// for resolvers, but gives control back to the identity's first key, which may have leaked
    /// since. `deactivate` has no such tail. Warning: an address that nobody holds the key of is
    /// final.
    function changeOwner(address identity, address newOwner) external;

    /// @notice `changeOwner`, signed by the controller and sent by anyone.
    /// @dev Refuses with "bad_signature". The digest is keccak256 of the bytes 0x19 0x00, this
    /// contract, the controller's nonce (32 bytes), the identity, "changeOwner", the new owner,
    /// tightly packed. Warning: as ERC-1056 has it, neither chain nor deadline is signed: where
    /// this registry has the same address on another chain, the signature is good there too. The
    /// functions named `BySig` bind both.
    function changeOwnerSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        address newOwner
    ) external;

    /// @notice Name a delegate for `validity` seconds; one that is named already gets the new
    /// expiry.
    /// @dev Only the controller; refuses with "bad_actor", and with a panic where the expiry
    /// overflows.
    function addDelegate(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external;

    /// @notice `addDelegate`, signed by the controller and sent by anyone.
    /// @dev Packed after the identity: "addDelegate", type, delegate, validity. See
    /// `changeOwnerSigned`. Warning: validity counts from when it is sent.
    function addDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external;

    /// @notice Dismiss a delegate, effective in this block.
    /// @dev Only the controller; refuses with "bad_actor". Whether it was a delegate does not
    /// matter.
    function revokeDelegate(address identity, bytes32 delegateType, address delegate) external;

    /// @notice `revokeDelegate`, signed by the controller and sent by anyone.
    /// @dev Packed after the identity: "revokeDelegate", type, delegate. See `changeOwnerSigned`.
    function revokeDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate
    ) external;

    /// @notice Publish an attribute for `validity` seconds. Nothing is stored: it is an event.
    /// @dev Only the controller; refuses with "bad_actor", and with a panic where the expiry
    /// overflows.
    function setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validity)
        external;

    /// @notice `setAttribute`, signed by the controller and sent by anyone.
    /// @dev Packed after the identity: "setAttribute", name, value, validity. See
    /// `changeOwnerSigned`.
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
    /// @dev Only the controller; refuses with "bad_actor". Whether it was published does not
    /// matter.
    function revokeAttribute(address identity, bytes32 name, bytes calldata value) external;

    /// @notice `revokeAttribute`, signed by the controller and sent by anyone.
    /// @dev Packed after the identity: "revokeAttribute", name, value. See `changeOwnerSigned`.
    function revokeAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value
    ) external;

    /// @notice The controller as recorded; zero where none was, and then the identity controls
    /// itself.
    function owners(address identity) external view returns (address);

    /// @notice Until when a delegate is valid, seconds since 1970 UTC; 0 where it never was.
    /// @param typeHash keccak256 of the 32 bytes of the delegate's type.
    function delegates(address identity, bytes32 typeHash, address delegate)
        external
        view
        returns (uint256);

    /// @notice Block of the latest event of ERC-1056 about `identity`; 0 where there is none.
    function changed(address identity) external view returns (uint256);

    /// @notice What the next signature of `controller` must count: one row for all its identities,
    /// and for both the signatures of ERC-1056 and those with typed data.
    function nonce(address controller) external view returns (uint256);

    /// @notice The controller of `identity`: itself, until changed; 0x…dEaD once it is deactivated.
    function identityOwner(address identity) external view returns (address);

    /// @notice Whether a delegate's expiry lies in the future.
    function validDelegate(address identity, bytes32 delegateType, address delegate)
        external
        view
        returns (bool);

    // ----------------------------------------------------------------------------------- authority

    /// @notice Whether `actor` may act for `identity` in `role`: it is the identity's controller,
    /// or a delegate of that type whose expiry lies in the future. The one question that every
    /// other contract of the suite asks.
    /// @dev One storage slot is read for a delegate, two for the controller.
    /// Warning: a delegate outlives a deactivation until its expiry: revoke delegates in the same
    /// batch.
    /// @param identity The identity that is acted for, such as a brand.
    /// @param role The delegate's type, such as `careledger.agent`, left-aligned.
    /// @param actor The account that acts; pass `msg.sender`, never the zero address.
    function mayAct(address identity, bytes32 role, address actor) external view returns (bool);

    // ------------------------------------------------------------------- beside ERC-1056, directly

    /// @notice Take an identity out of use for good: nobody controls it any more, resolvers call it
    /// deactivated.
    /// @dev Only the controller, else `NotController`. Emits `DIDOwnerChanged` to the zero address.
    function deactivate(address identity) external;

    /// @notice Do several things for one identity, all or none, in order.
    /// @dev Only the controller, else `NotController`. `EmptyBatch`; `AlreadyExpired` where
    /// something would be void at once; `ControllerChangedMidway` where anything follows
    /// `ChangeOwner` or `Deactivate`. All events of a batch name the same previous change, that
    /// before the batch.
    function execute(address identity, Operation[] calldata operations) external;

    /// @notice Void every unused signature of the caller, of both kinds and for all identities that
    /// it controls.
    function cancelSignatures() external;

    // ------------------------------------------------------- beside ERC-1056, signed by typed data
    //
    // EIP-712 with this chain, this contract, the controller's nonce and a deadline. The signer is
    // the controller: an account (65 bytes, s in the lower half), a passkey or other key of
    // ERC-7913 (`IPasskeyVerifier`), or an ERC-1271 contract. Anyone may send them. Types and names
    // are signed as text, without the zeros that pad them, so that a wallet shows them readably.
    // Expiries are points in time: a relayer who waits cannot shift them. All refuse with
    // `SignatureExpired`, `BadSignature`.

    /// @notice `changeOwner` by typed data `ChangeOwner`.
    function changeOwnerBySig(
        address identity,
        address newOwner,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `addDelegate` by typed data `AddDelegate`; also refuses with `AlreadyExpired`.
    function addDelegateBySig(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 validTo,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `revokeDelegate` by typed data `RevokeDelegate`.
    function revokeDelegateBySig(
        address identity,
        bytes32 delegateType,
        address delegate,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `setAttribute` by typed data `SetAttribute`; also refuses with `AlreadyExpired`.
    function setAttributeBySig(
        address identity,
        bytes32 name,
        bytes calldata value,
        uint256 validTo,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `revokeAttribute` by typed data `RevokeAttribute`.
    function revokeAttributeBySig(
        address identity,
        bytes32 name,
        bytes calldata value,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `execute` by typed data `Batch`; refuses as that does, too.
    function executeBySig(
        address identity,
        Operation[] calldata operations,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // ------------------------------------------------------------------------------------ recovery

    /// @notice Name the guardians who may give the identity a new controller when its key is lost;
    /// a zero root dismisses them. A recovery that is under way ends.
    /// @dev Only the controller, else `NotController`; `BadGuardianship` for a threshold of 0 or a
    /// delay out of bounds. Nobody learns who they are until they act: the root is that of a tree
    /// laid out as OpenZeppelin's StandardMerkleTree over (address guardian, bytes32 salt), a
    /// secret random salt each. They guard for the controller who names them: when the identity
    /// passes to another one they lapse, so whoever receives an identity does not inherit strangers
    /// with a key to it, and whoever merely rotates a key names them anew. Warning: the contract
    /// cannot tell how many leaves the tree has: a threshold above that number cannot be met.
    /// Warning: guardians help against loss. Against a thief who holds the controller's key they do
    /// not: that key can dismiss them.
    /// @param threshold How many must agree; with 1, each of them alone can take the identity after
    /// the delay.
    /// @param delay How long the controller can object; seconds, `MIN_RECOVERY_DELAY` to
    /// `MAX_RECOVERY_DELAY`.
    function setGuardians(address identity, bytes32 root, uint8 threshold, uint32 delay) external;

    /// @notice `setGuardians` by typed data `SetGuardians`.
    function setGuardiansBySig(
        address identity,
        bytes32 root,
        uint8 threshold,
        uint32 delay,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Start to hand the identity to `newOwner`; anyone may send what the guardians signed.
    /// One that is under way is replaced, and the delay begins anew.
    /// @dev Each approval is over typed data `ApproveRecovery`: identity, its present controller,
    /// the new one, the round and a deadline; so it is void once the controller changes and after
    /// any start, stop or new guardians. Exactly as many as the threshold, in ascending order of
    /// the guardians' addresses. Refuses with `NoGuardians`, `BadNewOwner`, `WrongThreshold`,
    /// `NotGuardian`, `SignatureExpired`, `BadSignature`. Warning: nothing proves that somebody
    /// holds the key of `newOwner`; guardians ask the person.
    function startRecovery(address identity, address newOwner, Approval[] calldata approvals)
        external;

    /// @notice Object to a recovery: the key is not lost.
    /// @dev Only the controller, else `NotController`; `NoRecovery` where none is under way. Any
    /// other change that the controller makes has the same effect.
    function stopRecovery(address identity) external;

    /// @notice `stopRecovery` by typed data `StopRecovery`.
    function stopRecoveryBySig(address identity, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Hand the identity over; anyone may call, once the delay has passed.
    /// @dev Emits `DIDOwnerChanged` as well. Refuses with `NoRecovery`, `NoGuardians` (another
    /// controller), `RecoveryVoid` (the controller changed something after the start), `TooEarly`.
    function finishRecovery(address identity) external;

    /// @notice What is committed to for the loss of the identity's key.
    function guardianship(address identity) external view returns (Guardianship memory);

    /// @notice The recovery that was started last, while it is neither stopped nor finished.
    function recovery(address identity) external view returns (Recovery memory);

    /// @notice The leaf of a guardian in the tree.
    function guardianLeaf(address guardian, bytes32 salt) external pure returns (bytes32);

    /// @notice The shortest time that a controller can leave itself to object; seconds.
    function MIN_RECOVERY_DELAY() external view returns (uint32);

    /// @notice The longest; seconds.
    function MAX_RECOVERY_DELAY() external view returns (uint32);

    /// @notice Who controls what is deactivated: an address without a key.
    function DEACTIVATED() external view returns (address);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ICredentialStatus
/// @notice Which credentials their issuers have revoked: a bit each, 256 to a slot.
///
/// An issuer keeps as many lists as it likes, each under a name of 32 bytes, and gives every
/// credential a place in one; issuer, list and place stand in the credential. A list comes to be
/// with its first bit and has no end. A bit that is set stays set: a credential that was revoked by
/// mistake is issued anew.
///
/// Credential `index` of a list is bit `index & 255`, counted from the least significant, of word
/// `index >> 8`.
/// @dev Nobody but the issuer can write to its lists, under whatever name: the issuer is part of
/// the key. Nothing here is owned, paused or upgraded. Suspension is left out: what can be undone
/// needs a history that a verifier would have to read.
///
/// Warning: whoever sees a credential can watch its bit. To keep holders from being counted,
/// issuers give places at random, and several in a list may be nobody's.
interface ICredentialStatus {
    // -------------------------------------------------------------------------------------- events

    /// @notice Credentials were revoked.
    /// @param issuer Whose credentials they are.
    /// @param list The list's name.
    /// @param word Which 256 places: from `word * 256` on.
    /// @param bits Those that this call set; the ones set before are left out.
    event CredentialsRevoked(
        address indexed issuer, bytes32 indexed list, uint256 word, uint256 bits
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice Only the issuer's controller, or its delegate of the type STATUS_ROLE, may do this.
    error CredentialStatus_NotIssuer(address issuer, address actor, address controller);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Revoke a credential.
    /// @dev By the issuer's controller or its delegate of the type STATUS_ROLE, else `NotIssuer`.
    /// One that is revoked already stays so, without an event: a second try does no harm.
    function revoke(address issuer, bytes32 list, uint256 index) external;

    /// @notice Revoke any of the 256 credentials of a word.
    /// @dev As `revoke`. A bit that is not set in `bits` stays as it is.
    function revokeWord(address issuer, bytes32 list, uint256 number, uint256 bits) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether a credential has been revoked. False for a list that nobody has written to.
    /// Warning: it does not know whether such a credential was ever issued.
    function isRevoked(address issuer, bytes32 list, uint256 index) external view returns (bool);

    /// @notice 256 credentials of a list.
    function word(address issuer, bytes32 list, uint256 number)
        external
        view
        returns (uint256 bits);

    /// @notice Several words of a list, for who exports it.
    /// @param first The first one's number.
    /// @param count How many; a node's limits on a call apply.
    function words(address issuer, bytes32 list, uint256 first, uint256 count)
        external
        view
        returns (uint256[] memory);

    /// @notice Where issuers, their controllers and their delegates are looked up.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The type of the delegates who may revoke an issuer's credentials.
    function STATUS_ROLE() external view returns (bytes32);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title ICredentialStatus
/// @notice Which credentials their issuers have revoked: one bit each, 256 in a slot.
///
/// An issuer has as many lists as it likes, each with a name of 32 bytes, and gives every
/// credential an index in one of them. Issuer, list and index are in the credential. A list begins
/// with its first bit and has no end. A bit that is set stays set: a credential that was revoked
/// by mistake is issued again.
///
/// Credential `index` of a list is bit `index & 255`, counted from the least significant, of word
/// `index >> 8`.
/// @dev Nobody but the issuer can write to its lists: the issuer is part of the key. This contract
/// has no owner and cannot be paused or upgraded. There is no suspension: a verifier would have to
/// read the history of what can be undone.
///
/// Warning: whoever sees a credential can watch its bit. To keep outsiders from counting holders,
/// issuers give indexes at random, and some indexes of a list belong to nobody.
interface ICredentialStatus {
    // -------------------------------------------------------------------------------------- events

    /// @notice An issuer revoked credentials.
    /// @custom:es Un emisor revocó credenciales.
    /// @param issuer Whose credentials they are.
    /// @param list The name of the list.
    /// @param word Which 256 indexes: from `word * 256` on.
    /// @param bits The bits that this call set, without those that were set before.
    event CredentialsRevoked(
        address indexed issuer, bytes32 indexed list, uint256 word, uint256 bits
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice Only the controller of the issuer, or its delegate for credential status, may do
    /// this.
    /// @custom:es Solo el controlador del emisor, o su delegado para el estado de credenciales,
    /// puede hacer esto.
    error CredentialStatus_NotIssuer(address issuer, address actor, address controller);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Revoke a credential for good.
    /// @custom:es Revoca una credencial para siempre.
    /// @dev For the issuer's controller or its delegate of the type STATUS_ROLE. A credential that
    /// is already revoked stays revoked, without an event: a second try does no harm. Reverts:
    /// NotIssuer.
    function revoke(address issuer, bytes32 list, uint256 index) external;

    /// @notice Revoke several of 256 neighbouring credentials of a list for good.
    /// @custom:es Revoca para siempre varias de 256 credenciales vecinas de una lista.
    /// @dev As `revoke`. A bit that is not set in `bits` stays as it is.
    function revokeWord(address issuer, bytes32 list, uint256 number, uint256 bits) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether a credential is revoked.
    /// @custom:es Si una credencial está revocada.
    /// @dev False for a list that nobody has written to.
    ///
    /// Warning: the contract does not know whether such a credential was ever issued.
    function isRevoked(address issuer, bytes32 list, uint256 index) external view returns (bool);

    /// @notice The state of 256 neighbouring credentials of a list, one bit each.
    /// @custom:es El estado de 256 credenciales vecinas de una lista, un bit cada una.
    function word(address issuer, bytes32 list, uint256 number)
        external
        view
        returns (uint256 bits);

    /// @notice Several words of a list, for whoever exports it.
    /// @custom:es Varias palabras de una lista, para quien la exporta.
    /// @param first The number of the first word.
    /// @param count How many words; the limits of the node for a call apply.
    function words(address issuer, bytes32 list, uint256 first, uint256 count)
        external
        view
        returns (uint256[] memory);

    /// @notice The registry that says who controls an issuer and who its delegates are.
    /// @custom:es El registro que dice quién controla a un emisor y quiénes son sus delegados.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The type of the delegates who may revoke an issuer's credentials.
    /// @custom:es El tipo de los delegados que pueden revocar las credenciales de un emisor.
    function STATUS_ROLE() external view returns (bytes32);
}

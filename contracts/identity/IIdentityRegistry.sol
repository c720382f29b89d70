// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IIdentityRegistry
/// @notice Decentralised identifiers (did:ethr) and who may act for them.
interface IIdentityRegistry {
    event DIDOwnerChanged(address indexed identity, address owner, uint256 previousChange);
    event DIDDelegateChanged(
        address indexed identity, bytes32 delegateType, address delegate, uint256 validTo, uint256 previousChange
    );
    event DIDAttributeChanged(
        address indexed identity, bytes32 name, bytes value, uint256 validTo, uint256 previousChange
    );

    /// @notice Whether `actor` may act for `identity` in `role`: it is the identity's controller, or a delegate of
    /// that type whose validity has not passed. The one question that every other contract of the suite asks.
    /// @param identity The identity that is acted for, such as a brand.
    /// @param role The delegate type, such as `careledger.agent`, left-aligned.
    /// @param actor The account that acts.
    function mayAct(address identity, bytes32 role, address actor) external view returns (bool);

    /// @notice The controller of `identity`: itself, until changed.
    function identityOwner(address identity) external view returns (address);

    function validDelegate(address identity, bytes32 delegateType, address delegate) external view returns (bool);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICredentialStatus} from "./ICredentialStatus.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";

/// @title CredentialStatus
/// @notice Which credentials their issuers have revoked. See `ICredentialStatus`.
contract CredentialStatus is ICredentialStatus {
    // ----------------------------------------------------------------------------------- constants

    /// @inheritdoc ICredentialStatus
    bytes32 public constant STATUS_ROLE = "careledger.status";

    /// @inheritdoc ICredentialStatus
    IIdentityRegistry public immutable REGISTRY;

    // ------------------------------------------------------------------------------------- storage

    mapping(address issuer => mapping(bytes32 list => mapping(uint256 word => uint256))) private
        _words;

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
    }

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc ICredentialStatus
    function revoke(address issuer, bytes32 list, uint256 index) external {
        _revoke(issuer, list, index >> 8, 1 << (index & 255));
    }

    /// @inheritdoc ICredentialStatus
    function revokeWord(address issuer, bytes32 list, uint256 number, uint256 bits) external {
        _revoke(issuer, list, number, bits);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc ICredentialStatus
    function isRevoked(address issuer, bytes32 list, uint256 index) external view returns (bool) {
        return _words[issuer][list][index >> 8] >> (index & 255) & 1 == 1;
    }

    /// @inheritdoc ICredentialStatus
    function word(address issuer, bytes32 list, uint256 number) external view returns (uint256) {
        return _words[issuer][list][number];
    }

    /// @inheritdoc ICredentialStatus
    function words(address issuer, bytes32 list, uint256 first, uint256 count)
        external
        view
        returns (uint256[] memory found)
    {
        found = new uint256[](count);
        mapping(uint256 word => uint256) storage own = _words[issuer][list];
        for (uint256 i; i < count; ++i) {
            found[i] = own[first + i];
        }
    }

    // ----------------------------------------------------------------------------------- internals

    function _revoke(address issuer, bytes32 list, uint256 number, uint256 bits) private {
        if (!REGISTRY.mayAct(issuer, STATUS_ROLE, msg.sender)) {
            revert CredentialStatus_NotIssuer(issuer, msg.sender, REGISTRY.identityOwner(issuer));
        }
        mapping(uint256 word => uint256) storage own = _words[issuer][list];
        uint256 known = own[number];
        uint256 added = bits & ~known;
        if (added == 0) return;
        own[number] = known | added;
        emit CredentialsRevoked(issuer, list, number, added);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {Signatures} from "../shared/Signatures.sol";
import {ERC1056} from "./ERC1056.sol";

/// @title ControllerAuthority
/// @notice The controller of an identity, as the caller or by typed data. See `IIdentityRegistry`.
abstract contract ControllerAuthority is ERC1056, EIP712 {
    // ----------------------------------------------------------------------------------- internals

    function _controlled(address identity) internal view returns (Record record) {
        address controller;
        (record, controller) = _load(identity);
        if (msg.sender != controller) {
            revert IdentityRegistry_NotController(identity, msg.sender, controller);
        }
    }

    function _requireInTime(address identity, uint256 deadline) internal view {
        if (block.timestamp > deadline) {
            revert IdentityRegistry_SignatureExpired(identity, deadline, block.timestamp);
        }
    }

    /// @dev Use up a nonce of the controller. A revert later in the call undoes it.
    function _count(address identity, uint256 deadline) internal returns (uint256) {
        _requireInTime(identity, deadline);
        (, address controller) = _load(identity);
        return _useNonce(controller);
    }

    function _signedBy(address identity, bytes32 data, bytes calldata signature)
        internal
        view
        returns (Record record)
    {
        address controller;
        (record, controller) = _load(identity);
        if (!Signatures.isBy(controller, _hashTypedData(data), signature)) {
            revert IdentityRegistry_BadSignature(identity, controller);
        }
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory, string memory)
    {
        return ("CareLedger IdentityRegistry", "1");
    }
}

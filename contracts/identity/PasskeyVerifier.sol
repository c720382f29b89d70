// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {P256} from "../shared/P256.sol";
import {IPasskeyVerifier} from "./IPasskeyVerifier.sol";

/// @title PasskeyVerifier
/// @notice Whether a passkey signed a hash. See `IPasskeyVerifier`.
contract PasskeyVerifier is IPasskeyVerifier {
    // ----------------------------------------------------------------------------------- constants

    /// @dev authenticatorData begins with the hash of the relying party's id, the flags and the
    /// counter. Extensions may follow.
    uint256 private constant _LEAST_AUTHENTICATOR_DATA = 37;
    uint256 private constant _FLAGS_OFFSET = 32;
    bytes1 private constant _PRESENT_AND_VERIFIED = 0x05;
    bytes1 private constant _BACKUP = 0x18;
    bytes1 private constant _BACKED_UP_BUT_NOT_ELIGIBLE = 0x10;

    /// @dev A signature begins with six words: r, s, then these. The two byte strings follow.
    uint256 private constant _CHALLENGE_INDEX_OFFSET = 64;
    uint256 private constant _TYPE_INDEX_OFFSET = 96;
    uint256 private constant _AUTHENTICATOR_DATA_OFFSET = 128;
    uint256 private constant _CLIENT_DATA_OFFSET = 160;
    uint256 private constant _HEAD_LENGTH = 192;

    uint256 private constant _KEY_LENGTH = 64;

    bytes21 private constant _TYPE = "\"type\":\"webauthn.get\"";
    uint256 private constant _TYPE_LENGTH = 21;

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IPasskeyVerifier
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return _verified(key, hash, signature) ? this.verify.selector : bytes4(0xffffffff);
    }

    /// @inheritdoc IPasskeyVerifier
    function addressOf(bytes32 x, bytes32 y) external view returns (address) {
        if (!P256.isOnCurve(uint256(x), uint256(y))) revert PasskeyVerifier_NotOnCurve(x, y);
        return address(uint160(uint256(keccak256(abi.encodePacked(address(this), x, y)))));
    }

    // ----------------------------------------------------------------------------------- internals

    function _verified(bytes calldata key, bytes32 hash, bytes calldata signature)
        private
        view
        returns (bool)
    {
        if (key.length != _KEY_LENGTH || signature.length < _HEAD_LENGTH) return false;
        (bool asserted, bytes32 message) = _message(hash, signature);
        if (!asserted) return false;

        uint256 r = uint256(bytes32(signature));
        uint256 s = uint256(bytes32(signature[32:]));
        return P256.verify(message, r, s, uint256(bytes32(key)), uint256(bytes32(key[32:])));
    }

    /// @dev The message that the authenticator signed; false where a condition of
    /// `IPasskeyVerifier` does not hold.
    function _message(bytes32 hash, bytes calldata signature)
        private
        pure
        returns (bool, bytes32)
    {
        (bool found, bytes calldata authenticatorData) =
            _piece(signature, _AUTHENTICATOR_DATA_OFFSET);
        if (!found || !_attended(authenticatorData)) return (false, 0);

        bytes calldata clientData;
        (found, clientData) = _piece(signature, _CLIENT_DATA_OFFSET);
        if (!found) return (false, 0);
        uint256 index = uint256(bytes32(signature[_TYPE_INDEX_OFFSET:]));
        if (!_hasType(clientData, index)) return (false, 0);
        index = uint256(bytes32(signature[_CHALLENGE_INDEX_OFFSET:]));
        if (!_hasChallenge(clientData, index, hash)) return (false, 0);

        return (true, sha256(bytes.concat(authenticatorData, sha256(clientData))));
    }

    /// @dev The byte string whose place is in the word at `offset`; false where it would reach
    /// beyond the end.
    function _piece(bytes calldata signature, uint256 offset)
        private
        pure
        returns (bool, bytes calldata)
    {
        uint256 start = uint256(bytes32(signature[offset:]));
        if (start > signature.length - 32) return (false, signature);

        bytes calldata rest = signature[start:];
        uint256 length = uint256(bytes32(rest));
        rest = rest[32:];
        return length > rest.length ? (false, signature) : (true, rest[:length]);
    }

    /// @dev Whether the user was present and verified, and the flags do not contradict each other.
    function _attended(bytes calldata authenticatorData) private pure returns (bool) {
        if (authenticatorData.length < _LEAST_AUTHENTICATOR_DATA) return false;
        bytes1 flags = authenticatorData[_FLAGS_OFFSET];
        return flags & _PRESENT_AND_VERIFIED == _PRESENT_AND_VERIFIED
            && flags & _BACKUP != _BACKED_UP_BUT_NOT_ELIGIBLE;
    }

    function _hasType(bytes calldata clientData, uint256 index) private pure returns (bool) {
        if (clientData.length < _TYPE_LENGTH) return false;
        if (index > clientData.length - _TYPE_LENGTH) return false;
        return bytes21(clientData[index:]) == _TYPE;
    }

    function _hasChallenge(bytes calldata clientData, uint256 index, bytes32 hash)
        private
        pure
        returns (bool)
    {
        bytes memory expected = abi.encodePacked(
            "\"challenge\":\"", Base64.encode(abi.encode(hash), true, true), "\""
        );
        if (clientData.length < expected.length || index > clientData.length - expected.length) {
            return false;
        }
        return keccak256(clientData[index:index + expected.length]) == keccak256(expected);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {P256} from "../shared/P256.sol";
import {IPasskeyVerifier} from "./IPasskeyVerifier.sol";

/// @title PasskeyVerifier
/// @notice Whether a passkey signed a hash. See `IPasskeyVerifier`.
contract PasskeyVerifier is IPasskeyVerifier {
    // ----------------------------------------------------------------------------------- constants

    /// @dev Of authenticatorData: the hash of the relying party's id, the flags, the counter.
    /// Extensions may follow.
    uint256 private constant LEAST_AUTHENTICATOR_DATA = 37;
    uint256 private constant FLAGS_AT = 32;
    bytes1 private constant PRESENT_AND_VERIFIED = 0x05;
    bytes1 private constant BACKUP = 0x18;
    bytes1 private constant BACKED_UP_BUT_NOT_ELIGIBLE = 0x10;

    /// @dev The six words of the signature before its two byte strings.
    uint256 private constant HEAD = 192;

    bytes21 private constant TYPE = "\"type\":\"webauthn.get\"";

    // --------------------------------------------------------------------------------------- views

    /// @notice ERC-7913: the selector of this function when `key` signed `hash`, else 0xffffffff.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return _verified(key, hash, signature) ? this.verify.selector : bytes4(0xffffffff);
    }

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
        if (key.length != 64 || signature.length < HEAD) return false;
        (bool asserted, bytes32 message) = _message(hash, signature);
        if (!asserted) return false;
        (uint256 r, uint256 s) = (uint256(bytes32(signature)), uint256(bytes32(signature[32:])));
        return P256.verify(message, r, s, uint256(bytes32(key)), uint256(bytes32(key[32:])));
    }

    /// @dev What the authenticator signed, where it asserts what it must.
    function _message(bytes32 hash, bytes calldata signature)
        private
        pure
        returns (bool, bytes32)
    {
        (bool found, bytes calldata authenticatorData) = _piece(signature, 128);
        if (!found || !_attended(authenticatorData)) return (false, 0);
        bytes calldata clientData;
        (found, clientData) = _piece(signature, 160);
        if (!found || !_hasType(clientData, uint256(bytes32(signature[96:])))) return (false, 0);
        if (!_hasChallenge(clientData, uint256(bytes32(signature[64:])), hash)) return (false, 0);
        return (true, sha256(bytes.concat(authenticatorData, sha256(clientData))));
    }

    /// @dev The byte string whose place is told at `slot`; false where it would reach beyond the
    /// end.
    function _piece(bytes calldata signature, uint256 slot)
        private
        pure
        returns (bool, bytes calldata)
    {
        uint256 start = uint256(bytes32(signature[slot:]));
        if (start > signature.length - 32) return (false, signature);
        bytes calldata rest = signature[start:];
        uint256 length = uint256(bytes32(rest));
        rest = rest[32:];
        return length > rest.length ? (false, signature) : (true, rest[:length]);
    }

    /// @dev Whether somebody was there and showed it to be them, and the flags do not contradict
    /// each other.
    function _attended(bytes calldata authenticatorData) private pure returns (bool) {
        if (authenticatorData.length < LEAST_AUTHENTICATOR_DATA) return false;
        bytes1 flags = authenticatorData[FLAGS_AT];
        return flags & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED
            && flags & BACKUP != BACKED_UP_BUT_NOT_ELIGIBLE;
    }

    function _hasType(bytes calldata clientData, uint256 index) private pure returns (bool) {
        if (clientData.length < 21 || index > clientData.length - 21) return false;
        return bytes21(clientData[index:]) == TYPE;
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

/// @title IPasskeyVerifier
/// @notice Whether a passkey (WebAuthn, P-256) signed a hash: an ERC-7913 verifier. It stores
/// nothing.
///
/// A passkey has an address: the low 20 bytes of keccak256 of this verifier's address and the key,
/// 84 bytes together. It can be used wherever an address is: as an identity, a controller, a
/// delegate or a guardian. It never sends a transaction. What it signs is relayed, and every
/// signed call of the suite takes those 84 bytes followed by the assertion as the signature
/// (`shared/Signatures.sol`).
///
/// @dev `verify(bytes key, bytes32 hash, bytes signature)` is ERC-7913's. `key` is x then y, 32
/// bytes each. `signature` is `abi.encode(bytes32 r, bytes32 s, uint256 challengeIndex, uint256
/// typeIndex, bytes authenticatorData, string clientDataJSON)`: OpenZeppelin's layout. It returns
/// its own selector when all of this holds, else 0xffffffff:
/// - clientDataJSON has `"type":"webauthn.get"` at byte `typeIndex`, and `"challenge":"…"` with
/// the base64url of the hash, without padding, at byte `challengeIndex`;
/// - authenticatorData has at least 37 bytes; its flags say user present and user verified (a
/// finger, a face, a PIN), and do not say "backed up" where they say that this is not possible;
/// - (r, s) is the key's signature over sha256(authenticatorData, sha256(clientDataJSON)), checked
/// by the precompile at 0x100 (EIP-7951, RIP-7212) where the chain has it, else in Solidity
/// (`shared/P256.sol`), which takes about 205,000 gas more. Both values of s are valid, because
/// authenticators make either. It never reverts, whatever its arguments are. It stops at the first
/// condition that fails. Its gas grows only with the length of the signature, by less than the
/// calldata costs.
///
/// Warning: the site where the passkey was used (rpIdHash, origin) and the signature counter are
/// not checked. The browser binds a passkey to its site. A relayer that needs to know the site
/// checks the assertion first. Warning: one signature has many encodings, and the same key signs
/// the same hash differently each time: prevent replay by a nonce or an id, never by the
/// signature. Warning: the address depends on this verifier, so the same passkey has another
/// address on a chain where the verifier has another address.
interface IPasskeyVerifier is IERC7913SignatureVerifier {
    // -------------------------------------------------------------------------------------- errors

    /// @notice These numbers are not a public key of a passkey.
    /// @custom:es Estos números no son la clave pública de una passkey.
    /// @dev (x, y) is not a point of the curve P-256.
    error PasskeyVerifier_NotOnCurve(bytes32 x, bytes32 y);

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether a passkey signed a hash.
    /// @custom:es Si una passkey firmó un hash.
    /// @dev ERC-7913. See above.
    /// @return The selector of this function when the passkey signed, else 0xffffffff.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4);

    /// @notice The address of the passkey with this public key.
    /// @custom:es La dirección de la passkey con esta clave pública.
    /// @dev Reverts: NotOnCurve.
    function addressOf(bytes32 x, bytes32 y) external view returns (address);
}

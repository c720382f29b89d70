// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

/// @title IPasskeyVerifier
/// @notice Whether a passkey (WebAuthn, P-256) signed a hash: an ERC-7913 verifier. It keeps
/// nothing.
///
/// A passkey has an address: the low 20 bytes of keccak256 of this verifier's address and the key,
/// 84 bytes in all. It stands wherever an address does: as an identity, a controller, a delegate, a
/// guardian. It never sends anything; what it signs is relayed, and every signed call of the suite
/// takes those 84 bytes followed by the assertion as the signature (`shared/Signatures.sol`).
///
/// @dev `verify(bytes key, bytes32 hash, bytes signature)` is ERC-7913's. `key` is x then y, 32
/// bytes each. `signature` is `abi.encode(bytes32 r, bytes32 s, uint256 challengeIndex, uint256
/// typeIndex, bytes authenticatorData, string clientDataJSON)`: OpenZeppelin's layout. It returns
/// its own selector when all of this holds, else 0xffffffff:
/// - at byte `typeIndex` of clientDataJSON stands `"type":"webauthn.get"`, and at byte
/// `challengeIndex` stands `"challenge":"…"` with the base64url of the hash, without padding;
/// - authenticatorData has at least 37 bytes; its flags say user present and user verified (a
/// finger, a face, a PIN), and do not say backed up where they say that it cannot be;
/// - (r, s) is the key's signature over sha256(authenticatorData, sha256(clientDataJSON)), by the
/// precompile at 0x100 (EIP-7951, RIP-7212) where the chain has it, else in Solidity
/// (`shared/P256.sol`), some 205,000 gas dearer. Of s both values count: authenticators make
/// either. Whatever it is given, it does not revert; it stops at the first thing that is wrong, and
/// what it uses grows with the signature's length only, by less than its calldata costs.
///
/// Warning: the site where the passkey was used (rpIdHash, origin) and the signature counter are
/// not looked at. The browser keeps a passkey to its site; who relays and wants to know the site
/// checks the assertion before. Warning: one signature has many encodings, and signing again gives
/// another one: count by nonce or id, never by the signature. Warning: the address contains this
/// verifier's, so the same passkey has another address where the verifier has.
interface IPasskeyVerifier is IERC7913SignatureVerifier {
    /// @notice This is no point of the curve P-256, so nobody holds its key.
    error PasskeyVerifier_NotOnCurve(bytes32 x, bytes32 y);

    /// @notice The address of the passkey with this public key.
    /// @dev Refuses with `NotOnCurve`.
    function addressOf(bytes32 x, bytes32 y) external view returns (address);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Signatures} from "../shared/Signatures.sol";

/// @title SignatureProbe
/// @notice The library `Signatures`, to be asked directly.
contract SignatureProbe {
    function isBy(address signer, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool)
    {
        return Signatures.isBy(signer, digest, signature);
    }

    function isByNumbers(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        external
        pure
        returns (bool)
    {
        return Signatures.isBy(signer, digest, v, r, s);
    }
}

/// @title LyingVerifier
/// @notice An ERC-7913 verifier that answers as the first byte of the signature tells it to.
contract LyingVerifier {
    fallback(bytes calldata input) external returns (bytes memory) {
        (, bytes32 hash, bytes memory signature) = abi.decode(input[4:], (bytes, bytes32, bytes));
        bytes1 mood = signature[0];
        if (mood == "y") return abi.encode(msg.sig); // yes
        if (mood == "n") return abi.encode(bytes4(0xffffffff)); // no
        if (mood == "r") revert("LyingVerifier: no");
        if (mood == "s") return abi.encodePacked(msg.sig); // four bytes where a word belongs
        // rubbish in the rest of the word
        if (mood == "d") return abi.encode(uint256(uint32(msg.sig)) << 224 | 1);
        if (mood == "l") return abi.encode(msg.sig, hash); // a word too many
        if (mood == "b") return new bytes(1_000_000); // a bomb
        if (mood == "g") {
            // eats all the gas that it gets
            while (hash != 0) hash = keccak256(abi.encode(hash));
        }
        if (mood == "w") {
            _written = hash; // in a static call: an exception that takes all the gas
        }
        return "";
    }

    bytes32 private _written;
}

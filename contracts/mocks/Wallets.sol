// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Wallet1271
/// @notice An honest contract wallet with one owner key: ERC-1271 signatures, and calls that the
/// owner orders.
contract Wallet1271 {
    error Wallet1271_NotOwner(address actual, address expected);

    bytes4 private constant _MAGIC = 0x1626ba7e;

    address public immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    receive() external payable {}

    function execute(address target, uint256 value, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        if (msg.sender != OWNER) revert Wallet1271_NotOwner(msg.sender, OWNER);
        (bool success, bytes memory answer) = target.call{value: value}(data);
        require(success, "Wallet1271: call failed");
        return answer;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        if (signature.length != 65) return 0xffffffff;
        address signer = ecrecover(
            hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64])
        );
        return signer == OWNER && signer != address(0) ? _MAGIC : bytes4(0xffffffff);
    }
}

/// @title LyingWallet
/// @notice A contract wallet whose signature check misbehaves as told; calls are open to everyone.
contract LyingWallet {
    enum Mood {
        YES, // the magic value for whatever it is asked
        NO, // another value
        REVERT, // reverts with a text
        SHORT, // four bytes where a word belongs
        DIRTY, // the magic value with rubbish in the rest of the word
        EMPTY, // returns nothing
        BURN // eats all the gas that it is given
    }

    Mood public mood;

    receive() external payable {}

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function execute(address target, uint256 value, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        (bool success, bytes memory answer) = target.call{value: value}(data);
        require(success, "LyingWallet: call failed");
        return answer;
    }

    fallback(bytes calldata) external payable returns (bytes memory) {
        // isValidSignature(bytes32,bytes), raw, so that the answer may be malformed
        if (mood == Mood.YES) return abi.encode(bytes4(0x1626ba7e));
        if (mood == Mood.NO) return abi.encode(bytes4(0xffffffff));
        if (mood == Mood.REVERT) revert("LyingWallet: no");
        if (mood == Mood.SHORT) return hex"1626ba7e";
        if (mood == Mood.DIRTY) return abi.encode(uint256(0x1626ba7e) << 224 | 1);
        if (mood == Mood.BURN) {
            uint256 waste = 1;
            while (waste != 0) waste = uint256(keccak256(abi.encode(waste)));
        }
        return "";
    }
}

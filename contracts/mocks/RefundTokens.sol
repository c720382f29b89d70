// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeToken} from "./HostileTokens.sol";

interface IReceiver {
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4);
}

/// @title CallingToken
/// @notice A token with `transferAndCall` (ERC-1363) and `receiveWithAuthorization` (ERC-3009, no
/// signature asked) that takes a fee of its transfers when told to, tells its receivers of
/// transfers that never were, and can turn against whoever trusts it: by failing, eating gas, or
/// answering too much.
contract CallingToken is FeeToken {
    enum Mood {
        HONEST,
        BURN, // eats all the gas that a transfer is given
        BOMB, // reverts with as much data as its gas can write
        GRUDGING // moves, and answers false
    }

    Mood public mood;

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        FeeToken(name_, symbol_, decimals_)
    {}

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function transferAndCall(address to, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        _transfer(msg.sender, to, value);
        return _tell(to, msg.sender, msg.sender, value, data);
    }

    function transferFromAndCall(address from, address to, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        transferFrom(from, to, value);
        return _tell(to, msg.sender, from, value, data);
    }

    /// @notice Tell a receiver of a transfer that never was.
    function lie(address to, address from, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        return _tell(to, from, from, value, data);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external {
        _transfer(from, to, value);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (mood == Mood.BURN) while (gasleft() > 0) keccak256(abi.encode(amount));
        if (mood == Mood.BOMB) revert(string(new bytes(60_000)));
        super.transfer(to, amount);
        return mood != Mood.GRUDGING;
    }

    function _tell(address to, address operator, address from, uint256 value, bytes calldata data)
        private
        returns (bool)
    {
        bytes4 answer = IReceiver(to).onTransferReceived(operator, from, value, data);
        require(answer == IReceiver.onTransferReceived.selector, "CallingToken: not accepted");
        return true;
    }
}

/// @title ShortToken
/// @notice A token whose `transfer` answers 31 bytes and moves nothing, until it is mended.
contract ShortToken {
    mapping(address owner => uint256) public balanceOf;
    bool public mended;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function mend() external {
        mended = true;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    fallback(bytes calldata data) external returns (bytes memory) {
        // transfer(address,uint256), raw, so that the answer may be malformed
        if (!mended) return hex"00000000000000000000000000000000000000000000000000000000000000";
        (address to, uint256 amount) = abi.decode(data[4:], (address, uint256));
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return abi.encode(true);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @title TestToken
/// @notice An honest ERC-20 with EIP-2612 that anyone may mint. For tests and development chains:
/// worth nothing.
/// @dev The ones below misbehave in one way each, and can be funded honestly before they start to.
contract TestToken is ERC20 {
    bytes32 private immutable _NAME_HASH;
    uint8 private immutable _DECIMALS;

    /// @notice The identity that this token says it belongs to, and its registry; anyone may set
    /// them.
    address public BRAND;
    address public REGISTRY;

    string private _name;
    string private _symbol;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        (_name, _symbol, _DECIMALS) = (name_, symbol_, decimals_);
        _NAME_HASH = keccak256(bytes(name_));
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function belongTo(address registry, address brand) external {
        (REGISTRY, BRAND) = (registry, brand);
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }

    function _constantNameHash() internal view override returns (bytes32) {
        return _NAME_HASH;
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}

/// @title FeeToken
/// @notice Burns a part of every transfer: the receiver gets less than was sent (1 % until set).
contract FeeToken is TestToken {
    uint256 public feeBps = 100;

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestToken(name_, symbol_, decimals_)
    {}

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function _afterTokenTransfer(address from, address to, uint256 amount) internal override {
        if (from != address(0) && to != address(0)) _burn(to, (amount * feeBps) / 10_000);
    }
}

/// @title FalseToken
/// @notice Returns false where others revert; once `refusing`, it returns false always and moves
/// nothing.
contract FalseToken is TestToken {
    bool public refusing;

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestToken(name_, symbol_, decimals_)
    {}

    function setRefusing(bool on) external {
        refusing = on;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (refusing || balanceOf(msg.sender) < amount) return false;
        return super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount)
        public
        override
        returns (bool)
    {
        if (refusing || balanceOf(from) < amount || allowance(from, msg.sender) < amount) {
            return false;
        }
        return super.transferFrom(from, to, amount);
    }
}

/// @title SilentToken
/// @notice Moves tokens and returns nothing, as some large stablecoins do.
contract SilentToken {
    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    string public name;
    string public symbol;
    uint8 public immutable decimals;
    uint256 public totalSupply;
    address public BRAND;
    address public REGISTRY;
    mapping(address owner => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        (name, symbol, decimals) = (name_, symbol_, decimals_);
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function belongTo(address registry, address brand) external {
        (REGISTRY, BRAND) = (registry, brand);
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] != type(uint256).max) {
            allowance[from][msg.sender] -= amount;
        }
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }
}

/// @title ZeroRevertToken
/// @notice Reverts on a transfer of nothing.
contract ZeroRevertToken is TestToken {
    error ZeroRevertToken_Zero();

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestToken(name_, symbol_, decimals_)
    {}

    function _beforeTokenTransfer(address, address, uint256 amount) internal pure override {
        if (amount == 0) revert ZeroRevertToken_Zero();
    }
}

/// @title ReentrantToken
/// @notice Calls a target of anyone's choosing in the middle of its next transfer (not mint or
/// burn), once.
contract ReentrantToken is TestToken {
    /// @notice Whom to call, with what, and whether before the balances change or after; empty when
    /// disarmed.
    address public target;
    bytes public payload;
    bool public early;

    /// @notice What came of the last call, for the test to look at.
    uint256 public calls;
    bool public lastSuccess;
    bytes public lastReturn;

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestToken(name_, symbol_, decimals_)
    {}

    function arm(address target_, bytes calldata payload_, bool early_) external {
        (target, payload, early) = (target_, payload_, early_);
    }

    /// @notice Let the token itself hold and spend tokens, so that it can be a party to what it
    /// re-enters.
    function act(address to, bytes calldata data) external {
        (bool success,) = to.call(data);
        require(success, "ReentrantToken: act failed");
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal override {
        if (early && from != address(0) && to != address(0)) _strike();
    }

    function _afterTokenTransfer(address from, address to, uint256) internal override {
        if (!early && from != address(0) && to != address(0)) _strike();
    }

    function _strike() private {
        address aim = target;
        if (aim == address(0)) return;
        target = address(0);
        ++calls;
        (lastSuccess, lastReturn) = aim.call(payload);
    }
}

/// @title BlockingToken
/// @notice Refuses every transfer from or to a blocked address, as stablecoins with a block list
/// do.
contract BlockingToken is TestToken {
    error BlockingToken_Blocked(address account);

    mapping(address account => bool) public blocked;

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestToken(name_, symbol_, decimals_)
    {}

    function setBlocked(address account, bool on) external {
        blocked[account] = on;
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal view override {
        if (blocked[from]) revert BlockingToken_Blocked(from);
        if (blocked[to]) revert BlockingToken_Blocked(to);
    }
}

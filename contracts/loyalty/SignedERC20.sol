// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {Signatures} from "../shared/Signatures.sol";
import {IReceivesApprovals, IReceivesTransfers, ISignedERC20} from "./ISignedERC20.sol";

/// @title SignedERC20
/// @notice See `ISignedERC20`.
abstract contract SignedERC20 is ERC20, ISignedERC20 {
    // ----------------------------------------------------------------------------------- constants

    bytes32 private constant _PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant _TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant _RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant _CANCEL_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    // ------------------------------------------------------------------------------------- storage

    mapping(address authorizer => mapping(bytes32 nonce => bool)) private _authorizations;

    // ------------------------------------------------------------------------------ writes: ERC-20

    /// @inheritdoc ERC20
    function transfer(address to, uint256 amount) public override returns (bool) {
        _checkRecipient(to);
        return super.transfer(to, amount);
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 amount)
        public
        override
        returns (bool)
    {
        _checkRecipient(to);
        return super.transferFrom(from, to, amount);
    }

    // ---------------------------------------------------------------------------- writes: EIP-2612

    /// @inheritdoc ERC20
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) public override {
        if (!Signatures.isLow(s)) revert SignedERC20_BadSignature(owner);
        super.permit(owner, spender, value, deadline, v, r, s);
    }

    /// @inheritdoc ISignedERC20
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert PermitExpired();
        bytes32 content = keccak256(
            abi.encode(_PERMIT_TYPEHASH, owner, spender, value, nonces(owner), deadline)
        );
        _incrementNonce(owner);
        _checkSigner(owner, content, signature);
        _approve(owner, spender, value);
    }

    // ---------------------------------------------------------------------------- writes: ERC-3009

    /// @inheritdoc ISignedERC20
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 content = _useTransfer(
            _TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce
        );
        _checkSigner(from, content, v, r, s);
        _move(from, to, value);
    }

    /// @inheritdoc ISignedERC20
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 content = _useTransfer(
            _TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce
        );
        _checkSigner(from, content, signature);
        _move(from, to, value);
    }

    /// @inheritdoc ISignedERC20
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (msg.sender != to) revert SignedERC20_NotPayee(msg.sender, to);
        bytes32 content =
            _useTransfer(_RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce);
        _checkSigner(from, content, v, r, s);
        _move(from, to, value);
    }

    /// @inheritdoc ISignedERC20
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (msg.sender != to) revert SignedERC20_NotPayee(msg.sender, to);
        bytes32 content =
            _useTransfer(_RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce);
        _checkSigner(from, content, signature);
        _move(from, to, value);
    }

    /// @inheritdoc ISignedERC20
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)
        external
    {
        _checkSigner(
            authorizer, keccak256(abi.encode(_CANCEL_TYPEHASH, authorizer, nonce)), v, r, s
        );
        _cancel(authorizer, nonce);
    }

    /// @inheritdoc ISignedERC20
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature)
        external
    {
        _checkSigner(
            authorizer, keccak256(abi.encode(_CANCEL_TYPEHASH, authorizer, nonce)), signature
        );
        _cancel(authorizer, nonce);
    }

    // ---------------------------------------------------------------------------- writes: ERC-1363

    /// @inheritdoc ISignedERC20
    function transferAndCall(address to, uint256 value) external returns (bool) {
        transfer(to, value);
        return _tellReceiver(msg.sender, to, value, "");
    }

    /// @inheritdoc ISignedERC20
    function transferAndCall(address to, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        transfer(to, value);
        return _tellReceiver(msg.sender, to, value, data);
    }

    /// @inheritdoc ISignedERC20
    function transferFromAndCall(address from, address to, uint256 value) external returns (bool) {
        transferFrom(from, to, value);
        return _tellReceiver(from, to, value, "");
    }

    /// @inheritdoc ISignedERC20
    function transferFromAndCall(address from, address to, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        transferFrom(from, to, value);
        return _tellReceiver(from, to, value, data);
    }

    /// @inheritdoc ISignedERC20
    function approveAndCall(address spender, uint256 value) external returns (bool) {
        approve(spender, value);
        return _tellSpender(spender, value, "");
    }

    /// @inheritdoc ISignedERC20
    function approveAndCall(address spender, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        approve(spender, value);
        return _tellSpender(spender, value, data);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc ISignedERC20
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool) {
        return _authorizations[authorizer][nonce];
    }

    /// @inheritdoc ISignedERC20
    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (0x0f, name(), "1", block.chainid, address(this), 0, new uint256[](0));
    }

    /// @inheritdoc ISignedERC20
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == 0x01ffc9a7 // ERC-165
            || interfaceId == 0x36372b07 // ERC-20
            || interfaceId == 0xb0202a11 // ERC-1363
            || interfaceId == 0x84b0196e; // EIP-5267
    }

    // ----------------------------------------------------------------------------------- internals

    function _checkRecipient(address to) internal view {
        if (to == address(0) || to == address(this)) revert SignedERC20_BadRecipient(to);
    }

    function _useAuthorization(
        address from,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) internal {
        if (block.timestamp <= validAfter) {
            revert SignedERC20_NotYetValid(nonce, block.timestamp, validAfter);
        }
        if (block.timestamp >= validBefore) {
            revert SignedERC20_Expired(nonce, block.timestamp, validBefore);
        }
        _spendAuthorization(from, nonce);
        emit AuthorizationUsed(from, nonce);
    }

    /// @dev Use up an authorization of a transfer, and return what its holder signed.
    function _useTransfer(
        bytes32 typeHash,
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) private returns (bytes32 content) {
        _useAuthorization(from, validAfter, validBefore, nonce);
        return keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce));
    }

    function _checkSigner(address signer, bytes32 content, bytes calldata signature)
        internal
        view
    {
        if (!Signatures.isBy(signer, _digest(content), signature)) {
            revert SignedERC20_BadSignature(signer);
        }
    }

    function _checkSigner(address signer, bytes32 content, uint8 v, bytes32 r, bytes32 s)
        private
        view
    {
        if (!Signatures.isBy(signer, _digest(content), v, r, s)) {
            revert SignedERC20_BadSignature(signer);
        }
    }

    function _digest(bytes32 content) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR(), content));
    }

    function _cancel(address authorizer, bytes32 nonce) private {
        _spendAuthorization(authorizer, nonce);
        emit AuthorizationCanceled(authorizer, nonce);
    }

    function _spendAuthorization(address authorizer, bytes32 nonce) private {
        if (_authorizations[authorizer][nonce]) {
            revert SignedERC20_AuthorizationSpent(authorizer, nonce);
        }
        _authorizations[authorizer][nonce] = true;
    }

    function _move(address from, address to, uint256 value) private {
        _checkRecipient(to);
        _transfer(from, to, value);
    }

    function _tellReceiver(address from, address to, uint256 value, bytes memory data)
        private
        returns (bool)
    {
        if (to.code.length == 0) revert SignedERC20_NotAccepted(to);
        bytes4 answer = IReceivesTransfers(to).onTransferReceived(msg.sender, from, value, data);
        if (answer != IReceivesTransfers.onTransferReceived.selector) {
            revert SignedERC20_NotAccepted(to);
        }
        return true;
    }

    function _tellSpender(address spender, uint256 value, bytes memory data)
        private
        returns (bool)
    {
        if (spender.code.length == 0) revert SignedERC20_NotAccepted(spender);
        bytes4 answer = IReceivesApprovals(spender).onApprovalReceived(msg.sender, value, data);
        if (answer != IReceivesApprovals.onApprovalReceived.selector) {
            revert SignedERC20_NotAccepted(spender);
        }
        return true;
    }

    /// @dev Solady lets Permit2 spend everybody's tokens without asking. Here nobody may do that.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ITransferableToken} from "./IEscrowTokens.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {Signatures} from "../shared/Signatures.sol";

/// @title Payouts
/// @notice The part of the escrow that lets money out, and that checks who signed.
/// @dev Re-entering gets nobody anywhere: a deal is closed, or a credit struck out, before anybody
/// is called, and a deposit counts only when the balance rose by exactly its amount, so that
/// whatever else moved in between undoes it. A lock on top of that would cost 2,300 gas in every
/// release.
abstract contract Payouts is IRefundEscrow, EIP712 {
    using SafeTransferLib for address;

    // ----------------------------------------------------------------------------------- constants

    uint256 internal constant _PUSH_GAS = 300_000;

    /// @dev A call is handed at most 63/64 of what gas there is: what must be there so that a
    /// payment gets its gas.
    uint256 private constant _PUSH_GAS_NEEDED = 320_000;

    bytes32 private constant _CLAIM_TYPEHASH =
        keccak256("Claim(address payee,address token,address to,uint256 nonce,uint256 deadline)");

    // ------------------------------------------------------------------------------------- storage

    mapping(address token => mapping(address payee => uint256)) private _credits;
    mapping(address payee => uint256) private _nonces;

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc IRefundEscrow
    function claim(address token, address to) external {
        _claim(msg.sender, token, to);
    }

    /// @inheritdoc IRefundEscrow
    function claimFor(address payee, address token) external {
        _claim(payee, token, payee);
    }

    /// @inheritdoc IRefundEscrow
    function claimBySig(
        address payee,
        address token,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 message = keccak256(
            abi.encode(_CLAIM_TYPEHASH, payee, token, to, _nonces[payee]++, deadline)
        );
        _checkSignature(payee, message, deadline, signature);
        _claim(payee, token, to);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IRefundEscrow
    function credit(address token, address payee) external view returns (uint256) {
        return _credits[token][payee];
    }

    /// @inheritdoc IRefundEscrow
    function nonce(address payee) external view returns (uint256) {
        return _nonces[payee];
    }

    // ----------------------------------------------------------------------------------- internals

    /// @dev Pay, or credit what could not be paid. The books say already that the money is gone.
    function _pay(bytes32 id, address token, address to, uint256 amount) internal {
        if (amount == 0) return;
        _requireGas(_PUSH_GAS_NEEDED);
        bool paid = token == address(0)
            ? to.trySafeTransferETH(amount, _PUSH_GAS)
            : _sendToken(token, to, amount, _PUSH_GAS);
        if (paid) return;
        _credits[token][to] += amount;
        emit Credited(id, token, to, amount);
    }

    function _claim(address payee, address token, address to) private {
        uint256 amount = _credits[token][payee];
        if (amount == 0) revert RefundEscrow_NothingOwed(token, payee);
        if (to == address(0) || to == address(this)) {
            revert RefundEscrow_BadDestination(payee, to);
        }
        _credits[token][payee] = 0;
        emit Claimed(token, payee, to, amount);
        // No allowance here: a payment that takes more gas than a push may use has to have a way
        // out.
        bool paid = token == address(0)
            ? to.trySafeTransferETH(amount, gasleft())
            : _sendToken(token, to, amount, gasleft());
        if (!paid) revert RefundEscrow_NotPaid(token, to, amount);
    }

    /// @dev Whether a token did as it was told: it did not revert, and answered true or, being a
    /// contract, nothing.
    function _sendToken(address token, address to, uint256 amount, uint256 allowance)
        internal
        returns (bool)
    {
        (bool success,, bytes memory answer) = LibCall.tryCall(
            token, 0, allowance, 32, abi.encodeCall(ITransferableToken.transfer, (to, amount))
        );
        if (!success) return false;
        if (answer.length == 0) return token.code.length != 0;
        return answer.length == 32 && uint256(LibBytes.load(answer, 0)) == 1;
    }

    /// @dev So that nobody can make a call fail by being mean with gas.
    function _requireGas(uint256 needed) internal view {
        if (gasleft() < needed) revert RefundEscrow_TooLittleGas(gasleft(), needed);
    }

    function _checkSignature(
        address signer,
        bytes32 message,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 digest = _hashTypedData(message);
        if (block.timestamp > deadline) {
            revert RefundEscrow_SignatureExpired(digest, block.timestamp, deadline);
        }
        if (!Signatures.isBy(signer, digest, signature)) {
            revert RefundEscrow_BadSignature(digest, signer);
        }
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory, string memory)
    {
        return ("CareLedger RefundEscrow", "1");
    }
}

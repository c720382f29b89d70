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
/// @notice The part of the escrow that takes money in, lets it out, and checks signatures.
/// @dev A call that comes back in the middle of another one gains nothing. A deal is closed, or a
/// credit is deleted, before anybody is called. A deposit counts only when the balance rose by
/// exactly its amount, so whatever else moved in between makes the deposit fail. A lock in
/// addition would cost 2,300 gas in every release.
abstract contract Payouts is IRefundEscrow, EIP712 {
    using SafeTransferLib for address;

    // ----------------------------------------------------------------------------------- constants

    uint256 internal constant _PUSH_GAS = 300_000;

    /// @dev A call gets at most 63/64 of the gas that is left. This much must be left, so that a
    /// payment gets `_PUSH_GAS`.
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

    // ------------------------------------------------------------------------ internals: money out

    /// @dev Pay, or credit what could not be paid. The books already say that the money is gone.
    function _pay(bytes32 id, address token, address to, uint256 amount) internal {
        // Checks: the payment gets its gas. Without this, whoever sends the transaction could make
        // the payment fail by giving too little gas.
        if (gasleft() < _PUSH_GAS_NEEDED) {
            revert RefundEscrow_TooLittleGas(gasleft(), _PUSH_GAS_NEEDED);
        }

        // Interactions
        if (_send(token, to, amount, _PUSH_GAS)) return;

        // Effects: they come last, because only a payment that failed makes a credit.
        unchecked {
            // No sum of amounts of at most 128 bits overflows 256 bits.
            _credits[token][to] += amount;
        }
        emit Credited(id, token, to, amount);
    }

    function _claim(address payee, address token, address to) private {
        // Checks
        uint256 amount = _credits[token][payee];
        if (amount == 0) revert RefundEscrow_NothingOwed(token, payee);
        if (to == address(0) || to == address(this)) {
            revert RefundEscrow_BadDestination(payee, to);
        }

        // Effects
        _credits[token][payee] = 0;
        emit Claimed(token, payee, to, amount);

        // Interactions: no limit on the gas here. A payment that takes more gas than `_pay` allows
        // must have a way out.
        if (!_send(token, to, amount, gasleft())) revert RefundEscrow_NotPaid(token, to, amount);
    }

    /// @dev Send ether or tokens, and return whether it worked. A token call worked when it did
    /// not revert and answered true or, where there is a contract, nothing.
    function _send(address token, address to, uint256 amount, uint256 allowance)
        internal
        returns (bool)
    {
        if (token == address(0)) return to.trySafeTransferETH(amount, allowance);

        (bool success,, bytes memory answer) = LibCall.tryCall(
            token, 0, allowance, 32, abi.encodeCall(ITransferableToken.transfer, (to, amount))
        );
        if (!success) return false;
        if (answer.length == 0) return token.code.length != 0;
        return answer.length == 32 && uint256(LibBytes.load(answer, 0)) == 1;
    }

    // ------------------------------------------------------------------------- internals: money in

    /// @dev Take tokens in. Exactly the amount must arrive.
    function _pull(bytes32 id, address token, address from, uint256 amount) internal {
        uint256 before = token.balanceOf(address(this));
        if (!token.trySafeTransferFrom(from, address(this), amount)) {
            revert RefundEscrow_WrongDeposit(id, 0, amount);
        }
        _checkArrival(id, token, before, amount);
    }

    /// @dev `before` is the balance before the tokens came.
    function _checkArrival(bytes32 id, address token, uint256 before, uint256 amount)
        internal
        view
    {
        uint256 afterwards = token.balanceOf(address(this));
        unchecked {
            if (afterwards - before == amount) return;
            revert RefundEscrow_WrongDeposit(
                id, afterwards < before ? 0 : afterwards - before, amount
            );
        }
    }

    // --------------------------------------------------------------------------- internals: checks

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

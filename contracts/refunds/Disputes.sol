// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IArbitrable, IArbitrator} from "./IArbitration.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {Deals} from "./Deals.sol";

/// @title Disputes
/// @notice The part of the escrow that lets a third party decide.
abstract contract Disputes is Deals, IArbitrable {
    using SafeTransferLib for address;

    // ----------------------------------------------------------------------------------- constants

    bytes32 internal constant _ARBITER_ROLE = "careledger.arbiter";
    uint256 internal constant _BOND_BPS = 1_000;
    uint256 internal constant _REFUSED = 10_001;

    /// @dev What an ERC-792 arbitrator may answer: 1 for the payer, 2 for the seller; 0 is a
    /// refusal.
    uint256 private constant _CHOICES = 2;

    bytes32 private constant _DISPUTE_TYPEHASH =
        keccak256("Dispute(bytes32 id,bytes32 evidence,uint256 deadline)");
    bytes32 private constant _APPEAL_TYPEHASH =
        keccak256("Appeal(bytes32 id,bytes32 evidence,uint256 deadline)");

    // ------------------------------------------------------------------------------------- storage

    mapping(address arbitrator => mapping(uint256 disputeId => bytes32 id)) private _disputes;

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc IRefundEscrow
    function dispute(Terms calldata terms, bytes32 evidence)
        external
        payable
        returns (bytes32 id)
    {
        uint256 held;
        (id, held) = _openDeal();
        uint256 releaseAt = terms.releaseAt;
        if (block.timestamp < releaseAt) {
            if (msg.sender != terms.payer) {
                revert RefundEscrow_NotPermitted(id, msg.sender, terms.payer);
            }
            _dispute(id, terms, held, Party.Payer, evidence);
            return id;
        }
        if (terms.arbiter == address(0)) revert RefundEscrow_NoArbiter(id);
        uint256 end = releaseAt + terms.disputeWindow;
        if (block.timestamp >= end) revert RefundEscrow_TooLate(id, block.timestamp, end);
        _requireSeller(id, terms.seller, msg.sender);
        _dispute(id, terms, held, Party.Seller, evidence);
    }

    /// @inheritdoc IRefundEscrow
    function disputeBySig(
        Terms calldata terms,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes32 id) {
        uint256 held;
        (id, held) = _openDeal();
        uint256 releaseAt = terms.releaseAt;
        if (block.timestamp >= releaseAt) {
            revert RefundEscrow_TooLate(id, block.timestamp, releaseAt);
        }
        bytes32 message = keccak256(abi.encode(_DISPUTE_TYPEHASH, id, evidence, deadline));
        _checkSignature(terms.payer, message, deadline, signature);
        _dispute(id, terms, held, Party.Payer, evidence);
    }

    /// @inheritdoc IRefundEscrow
    function submitEvidence(Terms calldata terms, bytes32 evidence) external returns (bytes32 id) {
        id = _id();
        State state = _load(id).state;
        if (state != State.Disputed && state != State.Appealed) {
            revert RefundEscrow_WrongState(id, state, State.Disputed);
        }
        emit EvidenceSubmitted(id, _partyOf(id, terms, msg.sender), evidence);
    }

    /// @inheritdoc IRefundEscrow
    function award(Terms calldata terms, uint256 refundBps) external returns (bytes32 id) {
        id = _id();
        address arbiter = terms.arbiter;
        if (!REGISTRY.mayAct(arbiter, _ARBITER_ROLE, msg.sender)) {
            revert RefundEscrow_NotPermitted(id, msg.sender, arbiter);
        }
        if (refundBps > _REFUSED) revert RefundEscrow_BadShare(id, refundBps, _REFUSED);
        _rule(id, arbiter, refundBps);
    }

    /// @inheritdoc IArbitrable
    function rule(uint256 disputeId, uint256 ruling) external {
        bytes32 id = _disputes[msg.sender][disputeId];
        if (id == 0) revert RefundEscrow_UnknownDispute(msg.sender, disputeId);
        if (ruling > _CHOICES) revert RefundEscrow_BadShare(id, ruling, _CHOICES);
        delete _disputes[msg.sender][disputeId];
        emit Ruling(IArbitrator(msg.sender), disputeId, ruling);
        _rule(id, msg.sender, ruling == 0 ? _REFUSED : ruling == 1 ? _ALL_BPS : 0);
    }

    /// @inheritdoc IRefundEscrow
    function appeal(Terms calldata terms, bytes32 evidence) external payable returns (bytes32 id) {
        id = _id();
        _appeal(id, terms, _partyOf(id, terms, msg.sender), msg.sender, evidence);
    }

    /// @inheritdoc IRefundEscrow
    function appealBySig(
        Terms calldata terms,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes32 id) {
        id = _id();
        address payer = terms.payer;
        bytes32 message = keccak256(abi.encode(_APPEAL_TYPEHASH, id, evidence, deadline));
        _checkSignature(payer, message, deadline, signature);
        _appeal(id, terms, Party.Payer, payer, evidence);
    }

    /// @inheritdoc IRefundEscrow
    function execute(Terms calldata terms) external returns (bytes32 id) {
        id = _id();
        Deal memory d = _load(id);
        if (d.state != State.Disputed && d.state != State.Ruled && d.state != State.Appealed) {
            revert RefundEscrow_WrongState(id, d.state, State.Ruled);
        }
        if (block.timestamp < d.deadline) {
            revert RefundEscrow_TooEarly(id, block.timestamp, d.deadline);
        }
        if (d.state == State.Disputed) {
            _closeAt(id, terms, d.held, terms.defaultBps);
            return id;
        }
        uint256 first = _share(d.rulingBps, terms);
        // An arbiter that stays silent on appeal leaves its first ruling standing.
        bool heard = d.appellant != Party.None && d.state == State.Ruled;
        uint256 last = heard ? _share(d.appealBps, terms) : first;
        _closeAt(id, terms, d.held, last);
        if (d.appellant == Party.None) return id;
        bool byPayer = d.appellant == Party.Payer;
        bool inVain = heard && (byPayer ? last <= first : last >= first);
        address to = byPayer == inVain ? terms.seller : _refundee(terms);
        uint256 bond = _bond(d.held);
        emit BondPaid(id, to, bond);
        _pay(id, terms.token, to, bond);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IRefundEscrow
    function disputeOf(address arbitrator, uint256 disputeId) external view returns (bytes32 id) {
        return _disputes[arbitrator][disputeId];
    }

    /// @inheritdoc IRefundEscrow
    function costs(Terms calldata terms)
        external
        view
        returns (uint256 arbitration, uint256 bond)
    {
        (, arbitration) = _arbitrationCost(terms.arbiter);
        bond = _bond(_load(_id()).held);
    }

    /// @inheritdoc IRefundEscrow
    function limits() external pure returns (Limits memory) {
        return Limits({
            criteriaGas: _CRITERIA_GAS,
            pushGas: _PUSH_GAS,
            maxDuration: _MAX_DURATION,
            minWindow: _MIN_WINDOW,
            maxWindow: _MAX_WINDOW,
            bondBps: _BOND_BPS,
            refused: _REFUSED,
            sellerRole: _SELLER_ROLE,
            arbiterRole: _ARBITER_ROLE
        });
    }

    // ----------------------------------------------------------------------------------- internals

    function _partyOf(bytes32 id, Terms calldata t, address actor) private view returns (Party) {
        if (actor == t.payer) return Party.Payer;
        _requireSeller(id, t.seller, actor);
        return Party.Seller;
    }

    /// @dev What a ruling gives the payer.
    function _share(uint256 ruling, Terms calldata t) private pure returns (uint256) {
        return ruling == _REFUSED ? t.defaultBps : ruling;
    }

    function _bond(uint256 held) private pure returns (uint256) {
        return (held * _BOND_BPS + _ALL_BPS - 1) / _ALL_BPS;
    }

    function _dispute(bytes32 id, Terms calldata t, uint256 held, Party by, bytes32 evidence)
        private
    {
        address arbiter = t.arbiter;
        if (arbiter == address(0)) revert RefundEscrow_NoArbiter(id);
        Deal memory d;
        d.held = uint128(held);
        d.state = State.Disputed;
        d.window = uint32(t.disputeWindow);
        d.deadline = uint40(block.timestamp + d.window);
        _store(id, d);
        emit Disputed(id, by, evidence, d.deadline);
        _bringBefore(id, arbiter, 0);
    }

    function _rule(bytes32 id, address arbiter, uint256 bps) private {
        Deal memory d = _load(id);
        bool again = d.state == State.Appealed;
        if (!again && d.state != State.Disputed) {
            revert RefundEscrow_WrongState(id, d.state, State.Disputed);
        }
        if (block.timestamp >= d.deadline) {
            revert RefundEscrow_TooLate(id, block.timestamp, d.deadline);
        }
        if (again) d.appealBps = uint16(bps);
        else d.rulingBps = uint16(bps);
        d.state = State.Ruled;
        d.deadline = uint40(again ? block.timestamp : block.timestamp + d.window);
        _store(id, d);
        emit Ruled(id, arbiter, bps, d.deadline);
    }

    function _appeal(bytes32 id, Terms calldata t, Party by, address from, bytes32 evidence)
        private
    {
        Deal memory d = _load(id);
        if (d.state != State.Ruled) revert RefundEscrow_WrongState(id, d.state, State.Ruled);
        if (d.appellant != Party.None) revert RefundEscrow_AlreadyAppealed(id, d.appellant);
        if (block.timestamp >= d.deadline) {
            revert RefundEscrow_TooLate(id, block.timestamp, d.deadline);
        }
        uint256 bps = _share(d.rulingBps, t);
        if (bps == (by == Party.Payer ? _ALL_BPS : 0)) {
            revert RefundEscrow_NothingToAppeal(id, by, bps);
        }
        d.state = State.Appealed;
        d.appellant = by;
        d.deadline = uint40(block.timestamp + d.window);
        _store(id, d);
        uint256 bond = _bond(d.held);
        emit Appealed(id, by, evidence, bond, d.deadline);
        address token = t.token;
        if (token != address(0)) _pull(id, token, from, bond);
        _bringBefore(id, t.arbiter, token == address(0) ? bond : 0);
    }

    /// @dev Bring a dispute before an ERC-792 arbitrator; other arbiters read the event. `kept` is
    /// what this contract keeps of the ether that came with the call.
    function _bringBefore(bytes32 id, address arbiter, uint256 kept) private {
        (bool erc792, uint256 cost) = _arbitrationCost(arbiter);
        if (msg.value < kept || msg.value - kept != cost) {
            revert RefundEscrow_WrongValue(id, msg.value, kept, cost);
        }
        if (!erc792) return;
        uint256 disputeId = IArbitrator(arbiter).createDispute{value: cost}(_CHOICES, "");
        if (_disputes[arbiter][disputeId] != 0) {
            revert RefundEscrow_DisputeExists(arbiter, disputeId);
        }
        _disputes[arbiter][disputeId] = id;
        emit ArbitrationRequested(id, arbiter, disputeId);
    }

    /// @dev An arbiter that answers `arbitrationCost` is an ERC-792 arbitrator.
    function _arbitrationCost(address arbiter) private view returns (bool erc792, uint256 cost) {
        return _ask(arbiter, abi.encodeCall(IArbitrator.arbitrationCost, ("")));
    }

    /// @dev Take tokens in; what arrives must be what was asked for.
    function _pull(bytes32 id, address token, address from, uint256 amount) internal {
        uint256 before = token.balanceOf(address(this));
        if (!token.trySafeTransferFrom(from, address(this), amount)) {
            revert RefundEscrow_WrongDeposit(id, 0, amount);
        }
        _checkArrival(id, token, before, amount);
    }

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
}

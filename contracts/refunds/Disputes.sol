// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";

import {IArbitrable, IArbitrator} from "./IArbitration.sol";
import {IRefundEscrow} from "./IRefundEscrow.sol";
import {Deals} from "./Deals.sol";

/// @title Disputes
/// @notice The part of the escrow that lets a third party decide.
abstract contract Disputes is Deals, IArbitrable {
    // ----------------------------------------------------------------------------------- constants

    bytes32 internal constant _ARBITER_ROLE = "careledger.arbiter";
    uint256 internal constant _BOND_BPS = 1_000;

    /// @dev What stands for a refusal to rule. It is one more than all basis points.
    uint256 internal constant _REFUSED = 10_001;

    /// @dev What an ERC-792 arbitrator may answer: 1 for the payer, 2 for the seller, 0 for a
    /// refusal to rule.
    uint256 private constant _CHOICES = 2;

    bytes32 private constant _DISPUTE_TYPEHASH =
        keccak256("Dispute(bytes32 id,bytes32 evidence,uint256 deadline)");
    bytes32 private constant _APPEAL_TYPEHASH =
        keccak256("Appeal(bytes32 id,bytes32 evidence,uint256 deadline)");

    // ------------------------------------------------------------------------------------- storage

    mapping(address arbitrator => mapping(uint256 disputeId => bytes32 id)) private _disputes;

    // ----------------------------------------------------------------------------- writes: opening

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
        _requireBefore(id, releaseAt + terms.disputeWindow);
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
        _requireBefore(id, terms.releaseAt);

        bytes32 message = EfficientHashLib.hash(_DISPUTE_TYPEHASH, id, evidence, bytes32(deadline));
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

    // ------------------------------------------------------------------------------ writes: ruling

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
        bytes32 message = EfficientHashLib.hash(_APPEAL_TYPEHASH, id, evidence, bytes32(deadline));
        _checkSignature(payer, message, deadline, signature);
        _appeal(id, terms, Party.Payer, payer, evidence);
    }

    /// @inheritdoc IRefundEscrow
    function execute(Terms calldata terms) external returns (bytes32 id) {
        id = _id();
        Deal memory current = _load(id);
        State state = current.state;
        if (state != State.Disputed && state != State.Ruled && state != State.Appealed) {
            revert RefundEscrow_WrongState(id, state, State.Ruled);
        }
        _requireFrom(id, current.deadline);

        if (state == State.Disputed) {
            _closeAt(id, terms, current.held, terms.defaultBps);
            return id;
        }

        // When the arbiter stays silent on appeal, its first ruling stands.
        uint256 first = _share(current.rulingBps, terms);
        bool heard = current.appellant != Party.None && state == State.Ruled;
        uint256 last = heard ? _share(current.appealBps, terms) : first;
        _closeAt(id, terms, current.held, last);

        if (current.appellant == Party.None) return id;
        bool byPayer = current.appellant == Party.Payer;
        bool inVain = heard && (byPayer ? last <= first : last >= first);
        address to = byPayer == inVain ? terms.seller : _refundee(terms);
        uint256 bond = _bond(current.held);
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

    function _partyOf(bytes32 id, Terms calldata terms, address actor)
        private
        view
        returns (Party)
    {
        if (actor == terms.payer) return Party.Payer;
        _requireSeller(id, terms.seller, actor);
        return Party.Seller;
    }

    /// @dev What a ruling gives the payer.
    function _share(uint256 ruling, Terms calldata terms) private pure returns (uint256) {
        return ruling == _REFUSED ? terms.defaultBps : ruling;
    }

    function _bond(uint256 held) private pure returns (uint256) {
        return _shareUp(held, _BOND_BPS);
    }

    function _dispute(bytes32 id, Terms calldata terms, uint256 held, Party by, bytes32 evidence)
        private
    {
        // Checks
        address arbiter = terms.arbiter;
        if (arbiter == address(0)) revert RefundEscrow_NoArbiter(id);

        // Effects
        Deal memory current;
        current.held = uint128(held);
        current.state = State.Disputed;
        current.window = uint32(terms.disputeWindow);
        current.deadline = uint40(block.timestamp + current.window);
        _store(id, current);
        emit Disputed(id, by, evidence, current.deadline);

        // Interactions
        _bringBefore(id, arbiter, 0);
    }

    function _rule(bytes32 id, address arbiter, uint256 bps) private {
        Deal memory current = _load(id);
        bool again = current.state == State.Appealed;
        if (!again && current.state != State.Disputed) {
            revert RefundEscrow_WrongState(id, current.state, State.Disputed);
        }
        _requireBefore(id, current.deadline);

        if (again) current.appealBps = uint16(bps);
        else current.rulingBps = uint16(bps);
        current.state = State.Ruled;
        unchecked {
            current.deadline = uint40(block.timestamp + (again ? 0 : current.window));
        }
        _store(id, current);
        emit Ruled(id, arbiter, bps, current.deadline);
    }

    function _appeal(bytes32 id, Terms calldata terms, Party by, address from, bytes32 evidence)
        private
    {
        // Checks
        Deal memory current = _load(id);
        if (current.state != State.Ruled) {
            revert RefundEscrow_WrongState(id, current.state, State.Ruled);
        }
        if (current.appellant != Party.None) {
            revert RefundEscrow_AlreadyAppealed(id, current.appellant);
        }
        _requireBefore(id, current.deadline);
        uint256 bps = _share(current.rulingBps, terms);
        if (bps == (by == Party.Payer ? _ALL_BPS : 0)) {
            revert RefundEscrow_NothingToAppeal(id, by, bps);
        }

        // Effects
        current.state = State.Appealed;
        current.appellant = by;
        current.deadline = uint40(block.timestamp + current.window);
        _store(id, current);
        uint256 bond = _bond(current.held);
        emit Appealed(id, by, evidence, bond, current.deadline);

        // Interactions: take the bond in, then call the arbitrator.
        address token = terms.token;
        if (token != address(0)) _pull(id, token, from, bond);
        _bringBefore(id, terms.arbiter, token == address(0) ? bond : 0);
    }

    /// @dev Bring a dispute before an ERC-792 arbitrator. Other arbiters read the event. `kept` is
    /// the part of the ether in the call that this contract keeps.
    function _bringBefore(bytes32 id, address arbiter, uint256 kept) private {
        // Checks
        (bool erc792, uint256 cost) = _arbitrationCost(arbiter);
        if (msg.value < kept || msg.value - kept != cost) {
            revert RefundEscrow_WrongValue(id, msg.value, kept, cost);
        }
        if (!erc792) return;

        // Interactions: the arbitrator gives the number, so the number is stored afterwards.
        uint256 disputeId = IArbitrator(arbiter).createDispute{value: cost}(_CHOICES, "");
        if (_disputes[arbiter][disputeId] != 0) {
            revert RefundEscrow_DisputeExists(arbiter, disputeId);
        }

        // Effects
        _disputes[arbiter][disputeId] = id;
        emit ArbitrationRequested(id, arbiter, disputeId);
    }

    /// @dev An arbiter that answers `arbitrationCost` is an ERC-792 arbitrator.
    function _arbitrationCost(address arbiter) private view returns (bool erc792, uint256 cost) {
        return _ask(arbiter, abi.encodeCall(IArbitrator.arbitrationCost, ("")));
    }
}

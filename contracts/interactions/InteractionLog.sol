// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {Signatures} from "../shared/Signatures.sol";
import {IInteractionLog} from "./IInteractionLog.sol";

/// @title InteractionLog
/// @notice What a brand and its customers said to each other, anchored. See `IInteractionLog`.
/// @dev The storage layout saves gas where most is written. A batch takes one new slot for its
/// root. Every second batch takes one more slot for the numbers, counts and times of two batches
/// together. Until then the numbers of an even batch are in the tip, which is written anyway.
/// Level 0 of the log's frontier is not stored: its only leaf is that of the last even batch,
/// whose record is in these slots.
contract InteractionLog is IInteractionLog, EIP712 {
    // --------------------------------------------------------------------------------------- types

    struct Log {
        /// `Tip`, packed.
        uint256 tip;
        /// Batch id -> root of its tree.
        mapping(uint256 id => bytes32) roots;
        /// Batch id / 2 -> first number, count and time of the even batch, count and time of the
        /// odd batch, packed.
        mapping(uint256 half => uint256) pairs;
        /// Level, from 1 -> root of the rightmost complete subtree of 2^level records whose right
        /// sibling is missing.
        mapping(uint256 level => bytes32) frontier;
    }

    /// @dev The tip, unpacked.
    struct Tip {
        uint64 batches;
        uint64 interactions;
        uint32 lastCount;
        uint40 lastAt;
    }

    // ----------------------------------------------------------------------------------- constants

    /// @notice The type of the delegates who may anchor for a brand.
    /// @custom:es El tipo de los delegados que pueden anclar por una marca.
    bytes32 public constant AGENT_ROLE = "careledger.agent";
    /// @notice The version of the formats of this log.
    /// @custom:es La versión de los formatos de este libro.
    /// @dev Part of DOMAIN.
    bytes32 public constant VERSION = "careledger.interactions.v1";
    /// @notice The type hash of what a customer signs to confirm an interaction.
    /// @custom:es El hash del tipo de lo que firma un cliente para confirmar una interacción.
    /// @dev EIP-712.
    bytes32 public constant ACKNOWLEDGEMENT_TYPEHASH = keccak256(
        "Acknowledgement(address customer,address brand,bytes32 content,bytes32 parties,"
        "uint16 kind,uint64 startedAt,uint64 index,uint256 deadline)"
    );

    /// @inheritdoc IInteractionLog
    IIdentityRegistry public immutable REGISTRY;
    /// @inheritdoc IInteractionLog
    bytes32 public immutable DOMAIN;

    /// @dev Where the parts of a tip begin: batches (64 bits), then these.
    uint256 private constant _INTERACTIONS_OFFSET = 64; // 64 bits
    uint256 private constant _LAST_COUNT_OFFSET = 128; // 32 bits
    uint256 private constant _LAST_AT_OFFSET = 160; // 40 bits

    /// @dev Where the parts of a pair begin: first number of the even batch (64 bits), then these.
    uint256 private constant _EVEN_COUNT_OFFSET = 64; // 32 bits
    uint256 private constant _EVEN_AT_OFFSET = 96; // 40 bits
    uint256 private constant _ODD_COUNT_OFFSET = 136; // 32 bits
    uint256 private constant _ODD_AT_OFFSET = 168; // 40 bits

    // ------------------------------------------------------------------------------------- storage

    mapping(address brand => Log) private _logs;
    mapping(bytes32 key => uint256 time) private _acknowledged;

    // --------------------------------------------------------------------------------- constructor

    constructor(IIdentityRegistry registry) {
        REGISTRY = registry;
        DOMAIN = keccak256(abi.encode(VERSION, block.chainid, address(this)));
    }

    // -------------------------------------------------------------------------------------- writes

    /// @inheritdoc IInteractionLog
    function anchorBatch(address brand, bytes32 root, uint32 count, uint64 expectedFirst)
        external
        returns (uint256 id)
    {
        if (!REGISTRY.mayAct(brand, AGENT_ROLE, msg.sender)) {
            revert InteractionLog_NotAuthorised(brand, msg.sender);
        }
        if (root == 0) revert InteractionLog_NoRoot(brand);
        if (count == 0) revert InteractionLog_NoInteractions(brand);

        Log storage log = _logs[brand];
        Tip memory tip = _unpack(log.tip);
        if (tip.interactions != expectedFirst) {
            revert InteractionLog_WrongFirst(brand, tip.interactions, expectedFirst);
        }

        id = tip.batches;
        Batch memory added = Batch(root, tip.interactions, count, uint40(block.timestamp));
        if (id & 1 == 1) _completePair(log, brand, tip, added);
        log.roots[id] = root;
        log.tip = uint256(id + 1) | uint256(tip.interactions + count) << _INTERACTIONS_OFFSET
            | uint256(count) << _LAST_COUNT_OFFSET | block.timestamp << _LAST_AT_OFFSET;
        emit BatchAnchored(brand, id, root, expectedFirst, count, added.anchoredAt, msg.sender);
    }

    /// @inheritdoc IInteractionLog
    function acknowledge(
        address customer,
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof
    ) external {
        address controller = REGISTRY.identityOwner(customer);
        if (msg.sender != controller) {
            revert InteractionLog_NotCustomer(customer, msg.sender, controller);
        }
        _acknowledge(customer, brand, id, interaction, proof);
    }

    /// @inheritdoc IInteractionLog
    function acknowledgeBySig(
        address customer,
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) {
            revert InteractionLog_Expired(customer, block.timestamp, deadline);
        }
        bytes32 digest = acknowledgementDigest(customer, brand, interaction, deadline);
        address controller = REGISTRY.identityOwner(customer);
        if (!Signatures.isBy(controller, digest, signature)) {
            revert InteractionLog_BadSignature(customer, controller, digest);
        }
        _acknowledge(customer, brand, id, interaction, proof);
    }

    // --------------------------------------------------------------------------------------- views

    /// @inheritdoc IInteractionLog
    function batch(address brand, uint256 id) external view returns (Batch memory) {
        Log storage log = _logs[brand];
        return _batch(log, _known(log, brand, id), id);
    }

    /// @inheritdoc IInteractionLog
    function batchOf(address brand, uint256 index) external view returns (uint256 id) {
        Log storage log = _logs[brand];
        Tip memory tip = _unpack(log.tip);
        if (index >= tip.interactions) {
            revert InteractionLog_UnknownInteraction(brand, index, tip.interactions);
        }
        uint256 end = tip.batches;
        while (end - id > 1) {
            uint256 middle = (id + end) / 2;
            if (_batch(log, tip, middle).first <= index) id = middle;
            else end = middle;
        }
    }

    /// @inheritdoc IInteractionLog
    function head(address brand) external view returns (Head memory) {
        Log storage log = _logs[brand];
        Tip memory tip = _unpack(log.tip);
        uint256 size = tip.batches;
        if (size == 0) return Head(sha256(""), 0, 0);

        bool started = size & 1 == 1;
        bytes32 node = started ? _leaf(brand, size - 1, _batch(log, tip, size - 1)) : bytes32(0);
        uint256 level = 1;
        for (uint256 rest = size >> 1; rest != 0; rest >>= 1) {
            if (rest & 1 == 1) {
                bytes32 left = log.frontier[level];
                node = started ? _node(left, node) : left;
                started = true;
            }
            ++level;
        }
        return Head(node, tip.batches, tip.interactions);
    }

    /// @inheritdoc IInteractionLog
    function recordOf(address brand, uint256 id) external view returns (bytes memory) {
        Log storage log = _logs[brand];
        return _record(brand, id, _batch(log, _known(log, brand, id), id));
    }

    /// @inheritdoc IInteractionLog
    function leafOf(Interaction calldata interaction) public view returns (bytes32) {
        uint256 meta = uint256(interaction.kind) << 128 | uint256(interaction.startedAt) << 64
            | interaction.index;
        return keccak256(
            bytes.concat(
                keccak256(
                    abi.encode(DOMAIN, interaction.content, interaction.parties, bytes32(meta))
                )
            )
        );
    }

    /// @inheritdoc IInteractionLog
    function verify(
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof
    ) public view returns (bool) {
        Log storage log = _logs[brand];
        Tip memory tip = _unpack(log.tip);
        if (id >= tip.batches) return false;
        Batch memory found = _batch(log, tip, id);
        if (interaction.index < found.first || interaction.index - found.first >= found.count) {
            return false;
        }
        if (!_fits(proof.length, found.count)) return false;
        return MerkleProofLib.verifyCalldata(proof, found.root, leafOf(interaction));
    }

    /// @inheritdoc IInteractionLog
    function acknowledgedAt(address customer, address brand, bytes32 leaf)
        external
        view
        returns (uint256)
    {
        return _acknowledged[keccak256(abi.encode(customer, brand, leaf))];
    }

    /// @inheritdoc IInteractionLog
    function acknowledgementDigest(
        address customer,
        address brand,
        Interaction calldata interaction,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedData(
            keccak256(abi.encode(ACKNOWLEDGEMENT_TYPEHASH, customer, brand, interaction, deadline))
        );
    }

    // ----------------------------------------------------------------------------------- internals

    function _acknowledge(
        address customer,
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof
    ) private {
        bytes32 leaf = leafOf(interaction);
        if (!verify(brand, id, interaction, proof)) {
            revert InteractionLog_NotIncluded(brand, id, leaf);
        }
        bytes32 key = keccak256(abi.encode(customer, brand, leaf));
        uint256 known = _acknowledged[key];
        if (known != 0) revert InteractionLog_AlreadyAcknowledged(customer, leaf, known);
        _acknowledged[key] = block.timestamp;
        emit Acknowledged(brand, customer, leaf, interaction.index);
    }

    /// @dev For an odd batch: its numbers and those of the even batch before it go into one slot,
    /// and their two leaves go into the frontier. As when 1 is added to a binary number, the carry
    /// goes up through every subtree that becomes complete.
    function _completePair(Log storage log, address brand, Tip memory tip, Batch memory odd)
        private
    {
        uint256 half = tip.batches >> 1;
        uint64 first = tip.interactions - tip.lastCount;
        log.pairs[half] = uint256(first) | uint256(tip.lastCount) << _EVEN_COUNT_OFFSET
            | uint256(tip.lastAt) << _EVEN_AT_OFFSET | uint256(odd.count) << _ODD_COUNT_OFFSET
            | uint256(odd.anchoredAt) << _ODD_AT_OFFSET;

        uint256 id = tip.batches;
        Batch memory even = Batch(log.roots[id - 1], first, tip.lastCount, tip.lastAt);
        bytes32 node = _node(_leaf(brand, id - 1, even), _leaf(brand, id, odd));
        uint256 level = 1;
        for (; half & 1 == 1; half >>= 1) {
            node = _node(log.frontier[level], node);
            ++level;
        }
        log.frontier[level] = node;
    }

    function _known(Log storage log, address brand, uint256 id)
        private
        view
        returns (Tip memory tip)
    {
        tip = _unpack(log.tip);
        if (id >= tip.batches) revert InteractionLog_UnknownBatch(brand, id, tip.batches);
    }

    /// @dev The caller checks that the batch exists.
    function _batch(Log storage log, Tip memory tip, uint256 id)
        private
        view
        returns (Batch memory)
    {
        bytes32 root = log.roots[id];
        if (id & 1 == 0 && id + 1 == tip.batches) {
            return Batch(root, tip.interactions - tip.lastCount, tip.lastCount, tip.lastAt);
        }
        uint256 pair = log.pairs[id >> 1];
        uint64 first = uint64(pair);
        uint32 count = uint32(pair >> _EVEN_COUNT_OFFSET);
        if (id & 1 == 0) return Batch(root, first, count, uint40(pair >> _EVEN_AT_OFFSET));
        return Batch(
            root, first + count, uint32(pair >> _ODD_COUNT_OFFSET), uint40(pair >> _ODD_AT_OFFSET)
        );
    }

    function _unpack(uint256 tip) private pure returns (Tip memory) {
        return Tip(
            uint64(tip),
            uint64(tip >> _INTERACTIONS_OFFSET),
            uint32(tip >> _LAST_COUNT_OFFSET),
            uint40(tip >> _LAST_AT_OFFSET)
        );
    }

    function _record(address brand, uint256 id, Batch memory item)
        private
        view
        returns (bytes memory)
    {
        return abi.encodePacked(
            DOMAIN, brand, uint64(id), item.first, item.count, uint64(item.anchoredAt), item.root
        );
    }

    /// @dev RFC 6962's hash of an entry.
    function _leaf(address brand, uint256 id, Batch memory item) private view returns (bytes32) {
        return sha256(bytes.concat(hex"00", _record(brand, id, item)));
    }

    /// @dev RFC 6962's hash of two subtrees.
    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev Whether a leaf of a tree of `count` leaves can have a proof of this length: leaves are
    /// the nodes from `count` to 2 * `count` - 1 of a heap that begins with 1, and a node's depth
    /// is its binary logarithm.
    function _fits(uint256 length, uint256 count) private pure returns (bool) {
        return length <= 32 && count < 2 << length && 1 << length < 2 * count;
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory, string memory)
    {
        return ("CareLedger InteractionLog", "1");
    }
}

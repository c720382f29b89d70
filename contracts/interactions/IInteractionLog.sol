// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";

/// @title IInteractionLog
/// @notice What a brand and its customers said to each other, anchored: calls, chats, e-mails,
/// visits.
///
/// A brand numbers its interactions from 0 and anchors them in batches, each by one Merkle root.
/// Nothing that identifies a person, and no text, comes near the chain: a leaf holds two keyed
/// commitments, the kind, the time and the number. What each of them is made of, byte by byte, is
/// in `docs/protocol/interactions.md`.
///
/// The roots of a brand form an RFC 6962 log (SHA-256) whose head this contract computes: 32 bytes
/// for everything that the brand ever anchored, append-only by construction.
///
/// Immutable and without an owner. Nothing anchored can be changed or removed by anyone.
/// @dev A leaf does not know its place in the tree: pairs are sorted before they are hashed. What
/// ties a leaf to its number is the number inside the leaf. `verify` refuses a number outside its
/// batch; that no number is used twice and none is missing shows when the leaves of a batch are
/// laid open, and two leaves of one number that both verify convict the brand without that.
interface IInteractionLog {
    // --------------------------------------------------------------------------------------- types

    /// @notice One anchored batch.
    struct Batch {
        /// The root of the batch tree; for a batch of one, the leaf itself.
        bytes32 root;
        /// The number of its first interaction; the others follow without a gap.
        uint64 first;
        /// How many interactions it holds, at least 1.
        uint32 count;
        /// When it was anchored: the block's time, seconds since 1970 UTC.
        uint40 anchoredAt;
    }

    /// @notice The log of a brand's batches.
    struct Head {
        /// The RFC 6962 root over the records of all batches; SHA-256 of nothing before the first.
        bytes32 root;
        /// How many batches it covers; the next one gets this id.
        uint64 batches;
        /// How many interactions they hold; the next one gets this number.
        uint64 interactions;
    }

    /// @notice The fields that a leaf commits to, beside DOMAIN.
    struct Interaction {
        /// HMAC-SHA256 of the record, under a salt that only the parties hold.
        bytes32 content;
        /// HMAC-SHA256 of the two parties' identifiers, under another such salt.
        bytes32 parties;
        /// What it was; the numbers are in the protocol (1 call, 2 chat, 3 e-mail, …).
        uint16 kind;
        /// When it began, seconds since 1970 UTC, as the brand says.
        uint64 startedAt;
        /// Its number among all interactions of the brand.
        uint64 index;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A batch was anchored. With the brand and the id this is the whole record that
    /// entered the log, so the log can be rebuilt from events alone and compared with `head`.
    /// @param brand Whose interactions they are.
    /// @param id The batch's place in the brand's log, from 0.
    /// @param root The root of the batch tree.
    /// @param first The number of the first interaction.
    /// @param count How many they are.
    /// @param anchoredAt The block's time.
    /// @param by Who anchored it: the brand's controller, or a delegate.
    event BatchAnchored(
        address indexed brand,
        uint256 indexed id,
        bytes32 indexed root,
        uint64 first,
        uint32 count,
        uint40 anchoredAt,
        address by
    );

    /// @notice A customer countersigned an interaction.
    /// @param brand Whose log it is in.
    /// @param customer Who countersigned. The leaf commits to the customer; who holds the receipt
    /// can compare.
    /// @param leaf The leaf of the interaction.
    /// @param index The number of the interaction.
    event Acknowledged(
        address indexed brand, address indexed customer, bytes32 indexed leaf, uint64 index
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice The caller is neither the brand's controller nor a valid delegate of it for
    /// `careledger.agent`.
    error InteractionLog_NotAuthorised(address brand, address actor);
    /// @notice A batch needs a root that is not zero.
    error InteractionLog_NoRoot(address brand);
    /// @notice A batch holds at least one interaction.
    error InteractionLog_NoInteractions(address brand);
    /// @notice The brand's next interaction has the number `actual`, and the caller expected
    /// another. After a submission of unknown outcome: `batchOf(brand, expected)` tells whether
    /// that submission got in.
    error InteractionLog_WrongFirst(address brand, uint64 actual, uint64 expected);
    /// @notice The brand has anchored only so many batches.
    error InteractionLog_UnknownBatch(address brand, uint256 id, uint256 batches);
    /// @notice The brand has anchored only so many interactions.
    error InteractionLog_UnknownInteraction(address brand, uint256 index, uint256 interactions);
    /// @notice The interaction is not in that batch, or the proof does not show it.
    error InteractionLog_NotIncluded(address brand, uint256 id, bytes32 leaf);
    /// @notice Only the customer's controller acknowledges without a signature.
    error InteractionLog_NotCustomer(address customer, address actual, address expected);
    /// @notice This customer acknowledged this interaction already.
    error InteractionLog_AlreadyAcknowledged(
        address customer, bytes32 leaf, uint256 acknowledgedAt
    );
    /// @notice The signature's deadline has passed.
    error InteractionLog_Expired(address customer, uint256 actual, uint256 deadline);
    /// @notice The signature is not one of the customer's controller over this digest, or has a
    /// high s.
    error InteractionLog_BadSignature(address customer, address controller, bytes32 digest);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Anchor the next batch of a brand's interactions.
    ///
    /// Callable by the brand's controller, or by its delegate for the role `careledger.agent`, as
    /// the registry says at this moment. Safe to submit again after an unknown outcome:
    /// `expectedFirst` lets one in and refuses the others, so nothing is anchored twice and no
    /// number is left out.
    /// @dev Gas does not depend on `count`. Warning: the contract sees neither leaves nor records;
    /// that the root is one of `count` leaves with the right numbers is the brand's word, which any
    /// two receipts can test.
    /// @param brand Whose interactions they are.
    /// @param root The root of the batch tree; for one interaction, its leaf.
    /// @param count How many interactions the tree holds.
    /// @param expectedFirst The number that the caller gave the first of them.
    /// @return id The batch's place in the brand's log.
    function anchorBatch(address brand, bytes32 root, uint32 count, uint64 expectedFirst)
        external
        returns (uint256 id);

    /// @notice Countersign an interaction: the customer agrees that it took place as recorded.
    ///
    /// Callable by the customer's controller. Once only, for good.
    /// @dev Warning: this ties the customer's address to the leaf in public. A customer who does
    /// not want that countersigns under an address of its own for this brand, which the record then
    /// names.
    /// @param customer The customer's identity.
    /// @param brand Whose log the interaction is in.
    /// @param id The batch that it is in.
    /// @param interaction Its fields.
    /// @param proof Its proof in the batch tree.
    function acknowledge(
        address customer,
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof
    ) external;

    /// @notice Countersign by signature: anyone may relay it and pay.
    ///
    /// The signature is the customer's controller's, over EIP-712 `Acknowledgement` under this
    /// contract's domain: by an account (65 bytes, low s), a passkey (ERC-7913) or a contract
    /// wallet (ERC-1271). Once only per customer and interaction, which is why no nonce is needed.
    /// @param customer The customer's identity.
    /// @param brand Whose log the interaction is in.
    /// @param id The batch that it is in.
    /// @param interaction Its fields; these are what is signed.
    /// @param proof Its proof in the batch tree.
    /// @param deadline Until when the signature may be used, seconds since 1970 UTC, inclusive.
    /// @param signature Over the digest that `acknowledgementDigest` returns.
    function acknowledgeBySig(
        address customer,
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Who may act for whom.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The first word of every leaf and record: the format's version, the chain and this
    /// contract, hashed.
    /// @dev Fixed when the contract was deployed: after a fork that changes the chain id, both
    /// sides keep it.
    function DOMAIN() external view returns (bytes32);

    /// @notice A batch by its id. Reverts where there is none.
    function batch(address brand, uint256 id) external view returns (Batch memory);

    /// @notice The id of the batch that holds an interaction, by its number. Reverts where there is
    /// none.
    function batchOf(address brand, uint256 index) external view returns (uint256 id);

    /// @notice The head of a brand's log, computed from the frontier that is stored; costs about
    /// 2,500 gas for each power of two in the number of batches.
    function head(address brand) external view returns (Head memory);

    /// @notice The record of a batch as it entered the log: 112 bytes, whose RFC 6962 leaf is
    /// SHA-256(0x00 || record). Reverts where there is none.
    function recordOf(address brand, uint256 id) external view returns (bytes memory);

    /// @notice The leaf of an interaction of this log.
    function leafOf(Interaction calldata interaction) external view returns (bytes32);

    /// @notice Whether an interaction is in a batch, by its fields: the leaf is computed here, the
    /// number must be one of the batch's, and the proof must have a length that a leaf of such a
    /// tree has (none at all only for a batch of one). False for a batch that is not there.
    /// @dev Never give the caller of your own contract the choice of the leaf: an interior node
    /// passes for one.
    function verify(
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice When a customer acknowledged an interaction, seconds since 1970 UTC; 0 if not.
    function acknowledgedAt(address customer, address brand, bytes32 leaf)
        external
        view
        returns (uint256);

    /// @notice What a customer signs to acknowledge an interaction.
    function acknowledgementDigest(
        address customer,
        address brand,
        Interaction calldata interaction,
        uint256 deadline
    ) external view returns (bytes32);
}

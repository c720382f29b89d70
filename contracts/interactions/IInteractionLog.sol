// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";

/// @title IInteractionLog
/// @notice What a brand and its customers said to each other, anchored: calls, chats, e-mails,
/// visits.
///
/// A brand numbers its interactions from 0 and anchors them in batches, each by one Merkle root.
/// No text, and nothing that identifies a person, is on chain: a leaf holds two keyed commitments,
/// the kind, the time and the number. `docs/protocol/interactions.md` describes each of them byte
/// by byte.
///
/// The roots of a brand form an RFC 6962 log (SHA-256) whose head this contract computes: 32 bytes
/// for everything that the brand ever anchored, append-only by construction.
///
/// This contract has no owner and cannot be changed. Nobody can change or remove what is anchored.
/// @dev A leaf does not contain its place in the tree: pairs are sorted before they are hashed.
/// The number inside the leaf ties the leaf to its number. `verify` refuses a number outside its
/// batch. When the leaves of a batch are disclosed, they show that no number is used twice and
/// none is missing. Two leaves with one number that both verify prove that the brand lied, without
/// a disclosure.
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
        /// When it began, in seconds since 1970 UTC, as the brand says.
        uint64 startedAt;
        /// Its number among all interactions of the brand.
        uint64 index;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A brand anchored a batch of interactions.
    /// @custom:es Una marca ancló un lote de interacciones.
    /// @dev With the brand and the id this is the whole record that entered the log. So the log
    /// can be rebuilt from events alone and compared with `head`.
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

    /// @notice A customer confirmed an interaction.
    /// @custom:es Un cliente confirmó una interacción.
    /// @param brand Whose log it is in.
    /// @param customer Who confirmed it. The leaf commits to the customer; whoever holds the
    /// receipt can compare.
    /// @param leaf The leaf of the interaction.
    /// @param index The number of the interaction.
    event Acknowledged(
        address indexed brand, address indexed customer, bytes32 indexed leaf, uint64 index
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice The caller may not anchor for this brand.
    /// @custom:es Quien llama no puede anclar por esta marca.
    /// @dev It is neither the brand's controller nor a valid delegate for `careledger.agent`.
    error InteractionLog_NotAuthorised(address brand, address actor);

    /// @notice The root of a batch must not be zero.
    /// @custom:es La raíz de un lote no debe ser cero.
    error InteractionLog_NoRoot(address brand);

    /// @notice A batch must hold at least one interaction.
    /// @custom:es Un lote debe tener al menos una interacción.
    error InteractionLog_NoInteractions(address brand);

    /// @notice The number of the first interaction is not the brand's next number.
    /// @custom:es El número de la primera interacción no es el siguiente número de la marca.
    /// @dev The brand's next interaction has the number `actual`. After a transaction of unknown
    /// outcome, `batchOf(brand, expected)` says whether it was successful.
    error InteractionLog_WrongFirst(address brand, uint64 actual, uint64 expected);

    /// @notice The brand has no batch with this number.
    /// @custom:es La marca no tiene ningún lote con este número.
    error InteractionLog_UnknownBatch(address brand, uint256 id, uint256 batches);

    /// @notice The brand has no interaction with this number.
    /// @custom:es La marca no tiene ninguna interacción con este número.
    error InteractionLog_UnknownInteraction(address brand, uint256 index, uint256 interactions);

    /// @notice The proof does not show that the interaction is in the batch.
    /// @custom:es La prueba no demuestra que la interacción está en el lote.
    error InteractionLog_NotIncluded(address brand, uint256 id, bytes32 leaf);

    /// @notice Only the customer's controller may do this without a signature.
    /// @custom:es Solo el controlador del cliente puede hacer esto sin firma.
    error InteractionLog_NotCustomer(address customer, address actual, address expected);

    /// @notice The customer already confirmed this interaction.
    /// @custom:es El cliente ya confirmó esta interacción.
    error InteractionLog_AlreadyAcknowledged(
        address customer, bytes32 leaf, uint256 acknowledgedAt
    );

    /// @notice The deadline of the signature has passed.
    /// @custom:es La firma ha vencido.
    error InteractionLog_Expired(address customer, uint256 actual, uint256 deadline);

    /// @notice The signature is not valid for the customer's controller.
    /// @custom:es La firma no es válida para el controlador del cliente.
    /// @dev Also for an account's signature with a high s.
    error InteractionLog_BadSignature(address customer, address controller, bytes32 digest);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Anchor the next batch of a brand's interactions.
    /// @custom:es Ancla el siguiente lote de interacciones de una marca.
    /// @dev For the brand's controller, or its delegate for the role `careledger.agent`. It is
    /// safe to send again after an unknown outcome: `expectedFirst` accepts one and refuses the
    /// others, so nothing is anchored twice and no number is left out. Gas does not depend on
    /// `count`. Reverts: NotAuthorised, NoRoot, NoInteractions, WrongFirst.
    ///
    /// Warning: the contract sees neither leaves nor records. Only the brand says that the root is
    /// the root of `count` leaves with the right numbers. Any two receipts can test it.
    /// @param brand Whose interactions they are.
    /// @param root The root of the batch tree; for one interaction, its leaf.
    /// @param count How many interactions the tree holds.
    /// @param expectedFirst The number that the caller gave the first of them.
    /// @return id The batch's place in the brand's log.
    function anchorBatch(address brand, bytes32 root, uint32 count, uint64 expectedFirst)
        external
        returns (uint256 id);

    /// @notice Confirm an interaction as the customer: it took place as recorded.
    /// @custom:es Confirma una interacción como cliente: ocurrió tal como se registró.
    /// @dev For the customer's controller, once. Reverts: NotCustomer, NotIncluded,
    /// AlreadyAcknowledged.
    ///
    /// Warning: this connects the customer's address to the leaf in public. A customer who does
    /// not want that uses an address of its own for this brand, which the record then names.
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

    /// @notice Confirm an interaction, with the customer's signature.
    /// @custom:es Confirma una interacción, con la firma del cliente.
    /// @dev For anyone. The customer's controller signs the typed data `Acknowledgement`: an
    /// account (65 bytes, low s), a passkey (ERC-7913) or a contract wallet (ERC-1271). Once per
    /// customer and interaction, so no nonce is needed. Reverts: Expired, BadSignature,
    /// NotIncluded, AlreadyAcknowledged.
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

    /// @notice The registry that says who controls an identity and who its delegates are.
    /// @custom:es El registro que dice quién controla una identidad y quiénes son sus delegados.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The first word of every leaf and record of this log.
    /// @custom:es La primera palabra de cada hoja y registro de este libro.
    /// @dev The hash of the format's version, the chain and this contract. Fixed when the contract
    /// was deployed: after a fork that changes the chain id, both sides keep it.
    function DOMAIN() external view returns (bytes32);

    /// @notice A batch of a brand, by its number.
    /// @custom:es Un lote de una marca, por su número.
    /// @dev Reverts: UnknownBatch.
    function batch(address brand, uint256 id) external view returns (Batch memory);

    /// @notice The number of the batch that holds an interaction.
    /// @custom:es El número del lote que contiene una interacción.
    /// @dev Reverts: UnknownInteraction.
    function batchOf(address brand, uint256 index) external view returns (uint256 id);

    /// @notice The head of a brand's log: one hash for all its batches.
    /// @custom:es La cabecera del libro de una marca: un hash para todos sus lotes.
    /// @dev Computed from the stored frontier. It costs about 2,500 gas for each power of two in
    /// the number of batches.
    function head(address brand) external view returns (Head memory);

    /// @notice The record of a batch as it entered the log.
    /// @custom:es El registro de un lote tal como entró en el libro.
    /// @dev 112 bytes, whose RFC 6962 leaf is SHA-256(0x00 || record). Reverts: UnknownBatch.
    function recordOf(address brand, uint256 id) external view returns (bytes memory);

    /// @notice The leaf of an interaction in this log.
    /// @custom:es La hoja de una interacción en este libro.
    function leafOf(Interaction calldata interaction) external view returns (bytes32);

    /// @notice Whether an interaction is in a batch, by its fields and a proof.
    /// @custom:es Si una interacción está en un lote, según sus campos y una prueba.
    /// @dev The leaf is computed here. The number must be one of the batch's, and the proof must
    /// have a length that a leaf of such a tree has (none at all only for a batch of one). False
    /// for a batch that does not exist.
    ///
    /// Warning: never let the caller of your own contract choose the leaf, because an interior
    /// node would pass for one.
    function verify(
        address brand,
        uint256 id,
        Interaction calldata interaction,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice When a customer confirmed an interaction; 0 for never.
    /// @custom:es Cuándo confirmó un cliente una interacción; 0 si nunca.
    /// @dev Seconds since 1970 UTC.
    function acknowledgedAt(address customer, address brand, bytes32 leaf)
        external
        view
        returns (uint256);

    /// @notice The digest that a customer signs to confirm an interaction.
    /// @custom:es El digest que un cliente firma para confirmar una interacción.
    function acknowledgementDigest(
        address customer,
        address brand,
        Interaction calldata interaction,
        uint256 deadline
    ) external view returns (bytes32);
}

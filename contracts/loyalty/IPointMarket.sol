// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {IPointSwaps} from "./IPointSwaps.sol";

/// @title IPointMarket
/// @notice Customers swap points of one brand for points of another, by offers that cost nothing
/// to make: the maker signs, and whoever takes the offer sends the transaction. It is also the one
/// place where a brand says on what terms its points may be swapped, here and in the pools.
///
/// **Offers.** An offer gives up to `giveAmount` of `give` for `wantAmount` of `want`, at that
/// rate, until `expiry`. It is filled whole or in parts. The sum of the parts is never more than
/// `giveAmount`. What the taker pays for a part is rounded up, so the maker never gets less than
/// the rate. The maker gets what the offer says: the taker pays the fees. The market holds
/// nothing: tokens move between the two sides, from allowances, in the transaction of the fill.
///
/// **Nonces.** Each maker has 2^256 nonces, in words of 256: nonce = word * 256 + bit. The first
/// fill of an offer takes its nonce. From then on only that same offer can be filled further. So
/// of several offers with one nonce, only the first one that is taken counts. Cancelling is by
/// nonce, one or any set within a word, and is final.
///
/// **Brands.** A token is swapped only while its brand says so. The brand is the token's own
/// `BRAND()`, read once, at the first `setPolicy`, and stored. The token must also name this
/// market's identity registry. So nobody sets the policy of a token whose brand they do not act
/// for, and a token cannot change its brand afterwards. Warning: anybody can deploy a token with a
/// deceptive name under an identity of their own. Check `brandOf`, not the name.
///
/// **Fees.** A brand may take a part of its own points that are swapped. It sets a cap in its
/// first policy, at most `HIGHEST_FEE_BPS`, and can only lower it. Fees are rounded down, and go
/// directly to the brand's account.
///
/// Warning: what reaches the maker, who does not take part in the transaction, is measured; less
/// than the offer says reverts. What reaches the taker is not measured: a brand may register a
/// token of its own that takes a part of transfers. A token that lies about balances cannot be
/// measured at all.
interface IPointMarket is IPointSwaps {
    // --------------------------------------------------------------------------------------- types

    /// @notice What a maker signs: EIP-712, with the domain of `eip712Domain()`, members in this
    /// order.
    struct Offer {
        /// @notice Whose offer: an account, a passkey (ERC-7913) or a contract wallet (ERC-1271).
        address maker;
        /// @notice Who may take it; the zero address for anyone. The maker may not.
        address taker;
        /// @notice The points that the maker gives.
        address give;
        /// @notice The points that the maker wants.
        address want;
        /// @notice The most that the maker gives, in the smallest unit of `give`.
        uint256 giveAmount;
        /// @notice What the maker wants for all of it, in the smallest unit of `want`.
        uint256 wantAmount;
        /// @notice The least of `give` that may be taken at a time, unless it is the rest.
        /// `giveAmount` for all or nothing.
        uint256 minFill;
        /// @notice The last second at which the offer holds, since 1970 UTC.
        uint256 expiry;
        /// @notice Word and bit: see above.
        uint256 nonce;
        /// @notice A commitment of the maker's own, such as to the ticket that the swap belongs
        /// to; or zero.
        bytes32 ref;
    }

    /// @notice The state of an offer.
    struct OfferState {
        /// @notice The offer's id: its EIP-712 digest.
        bytes32 id;
        /// @notice How much of `give` was taken in parts. It is 0 for an offer that was taken
        /// whole, and for one whose nonce another offer took: nothing is stored then, and the
        /// events say which.
        uint256 filled;
        /// @notice How much of `give` can still be taken, by nonce and expiry.
        uint256 remaining;
        /// @notice Whether the maker cancelled the nonce.
        bool cancelled;
    }

    /// @notice An EIP-2612 permit for this market, given with a fill; a `deadline` of 0 means
    /// none.
    struct Permit {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice On what terms a brand lets its points be swapped.
    struct Policy {
        /// @notice Where the brand's fees go; not the zero address nor the token, unless `feeBps`
        /// is 0.
        address feeTo;
        /// @notice The fee now, in basis points of the brand's own points that are swapped.
        uint16 feeBps;
        /// @notice The highest value that the fee can have. It can only become lower.
        uint16 maxFeeBps;
        /// @notice Whether signed offers may be filled.
        bool offers;
        /// @notice Whether pools may swap the points and take them in.
        bool pools;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice Somebody cancelled own offers.
    /// @custom:es Alguien canceló ofertas propias.
    /// @dev `maker` cancelled the nonces of `word` whose bits are set in `mask`.
    event Cancelled(address indexed maker, uint256 word, uint256 mask);

    /// @notice A brand set on what terms its points may be swapped.
    /// @custom:es Una marca fijó en qué condiciones se pueden intercambiar sus puntos.
    event PolicySet(address indexed token, address indexed brand, Policy policy);

    // -------------------------------------------------------------------------------------- errors

    /// @notice The offer is not valid: it must swap two different tokens, and amounts above zero.
    /// @custom:es La oferta no es válida: debe intercambiar dos tokens distintos, y cantidades
    /// mayores que cero.
    error PointMarket_BadOffer(bytes32 id);

    /// @notice The offer has expired.
    /// @custom:es La oferta ha vencido.
    error PointMarket_Expired(bytes32 id, uint256 actual, uint256 expiry);

    /// @notice The offer is for somebody else, or your own.
    /// @custom:es La oferta es para otra persona, o es suya.
    error PointMarket_NotTaker(bytes32 id, address actual, address expected);

    /// @notice The offer was cancelled, or another offer with its nonce was taken.
    /// @custom:es La oferta se canceló, o se aceptó otra oferta con su nonce.
    error PointMarket_NonceSpent(bytes32 id, address maker, uint256 nonce);

    /// @notice The signature is not valid for the maker of the offer.
    /// @custom:es La firma no es válida para quien hizo la oferta.
    /// @dev Over this offer or cancellation.
    error PointMarket_BadSignature(bytes32 id, address maker);

    /// @notice There is less left of the offer than this amount.
    /// @custom:es Queda menos de la oferta que esta cantidad.
    error PointMarket_Overfill(bytes32 id, uint256 amount, uint256 remaining);

    /// @notice The amount is below the smallest part of the offer that can be taken.
    /// @custom:es La cantidad es menor que la parte más pequeña de la oferta que se puede aceptar.
    error PointMarket_BelowMinimum(bytes32 id, uint256 amount, uint256 minFill);

    /// @notice You would pay more than you allowed.
    /// @custom:es Pagaría más de lo que permitió.
    /// @dev Fee included.
    error PointMarket_PaysTooMuch(bytes32 id, uint256 paid, uint256 mostPaid);

    /// @notice You would receive less than you asked for.
    /// @custom:es Recibiría menos de lo que pidió.
    /// @dev Fee deducted.
    error PointMarket_ReceivesTooLittle(bytes32 id, uint256 received, uint256 leastReceived);

    /// @notice The market may not spend enough points of this owner.
    /// @custom:es El mercado no puede gastar suficientes puntos de este titular.
    /// @dev After the permits were tried.
    error PointMarket_NoAllowance(address token, address owner, uint256 actual, uint256 expected);

    /// @notice Fewer points arrived than were sent.
    /// @custom:es Llegaron menos puntos de los que se enviaron.
    /// @dev The token takes a part of transfers.
    error PointMarket_Short(address token, address to, uint256 actual, uint256 expected);

    /// @notice The brand does not allow offers with these points.
    /// @custom:es La marca no permite ofertas con estos puntos.
    error PointMarket_NotOffered(address token);

    /// @notice The contract is not a token of points of a brand.
    /// @custom:es El contrato no es un token de puntos de una marca.
    /// @dev Of a brand under this market's registry.
    error PointMarket_NotPoints(address token);

    /// @notice The caller does not act for the brand.
    /// @custom:es Quien llama no actúa por la marca.
    error PointMarket_NotAllowed(address token, address actor, address brand);

    /// @notice The terms for swaps are not valid.
    /// @custom:es Las condiciones para intercambios no son válidas.
    /// @dev The fee is above its cap, or nobody gets the fee.
    error PointMarket_BadPolicy(address token, uint256 feeBps, uint256 maxFeeBps, address feeTo);

    /// @notice The highest fee of a brand can only become lower.
    /// @custom:es La comisión máxima de una marca solo puede bajar.
    /// @dev It begins at `HIGHEST_FEE_BPS`.
    error PointMarket_FeeCapRaised(address token, uint256 actual, uint256 highest);

    /// @notice The signed cancellation has expired.
    /// @custom:es La cancelación firmada ha vencido.
    error PointMarket_CancellationExpired(uint256 actual, uint256 deadline);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Take an offer, or a part of it.
    /// @custom:es Acepta una oferta, o una parte de ella.
    /// @dev The caller is the taker. Maker and taker must have let this market spend what they
    /// give. Emits `Swapped`, and `FeeCharged` for each brand that earns. The checks, in this
    /// order: the offer is valid (BadOffer), in time (Expired), for the caller (NotTaker), not
    /// spent (NonceSpent), has so much left (Overfill, BelowMinimum), is signed (BadSignature),
    /// both brands allow it (NotOffered), the caller's limits hold (PaysTooMuch,
    /// ReceivesTooLittle), and the tokens move (TransferFromFailed for errors of the tokens).
    /// @param signature 65 bytes (r, s, v) of the maker's account, or what its contract wallet
    /// takes.
    /// @param amount Of `give`, fee included.
    /// @param mostPaid The most of `want` that the taker pays, fee included: a brand may change
    /// its fee at any time.
    /// @param leastReceived The least of `give` that the taker gets, fee deducted.
    /// @return paid What the taker paid, fee included.
    /// @return received What the taker got, fee deducted.
    function fill(
        Offer calldata offer,
        bytes calldata signature,
        uint256 amount,
        uint256 mostPaid,
        uint256 leastReceived
    ) external returns (uint256 paid, uint256 received);

    /// @notice Take an offer, or a part of it, with signed permits instead of approvals.
    /// @custom:es Acepta una oferta, o una parte de ella, con permisos firmados en lugar de
    /// aprobaciones.
    /// @dev As `fill`, with permits of the maker for `give` and of the taker for `want`. A permit
    /// that fails because somebody has already sent it is ignored: the allowance counts. Reverts
    /// also: NoAllowance.
    function fillWithPermits(
        Offer calldata offer,
        bytes calldata signature,
        uint256 amount,
        uint256 mostPaid,
        uint256 leastReceived,
        Permit calldata makerPermit,
        Permit calldata takerPermit
    ) external returns (uint256 paid, uint256 received);

    /// @notice Cancel own offers with this nonce for good.
    /// @custom:es Cancela para siempre las ofertas propias con este nonce.
    function cancel(uint256 nonce) external;

    /// @notice Cancel own offers with several nonces for good.
    /// @custom:es Cancela para siempre las ofertas propias con varios nonces.
    /// @dev The nonces `word * 256 + i` for the bits i that are set in `mask`.
    function cancelWord(uint256 word, uint256 mask) external;

    /// @notice Cancel offers with several nonces for good, with the maker's signature.
    /// @custom:es Cancela para siempre ofertas con varios nonces, con la firma de quien las hizo.
    /// @dev For anyone. The maker signs `Cancel(address maker,uint256 word,uint256 mask,uint256
    /// deadline)`. A second call changes nothing. Reverts: CancellationExpired, BadSignature.
    function cancelWordBySig(
        address maker,
        uint256 word,
        uint256 mask,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Set on what terms a brand's points may be swapped.
    /// @custom:es Fija en qué condiciones se pueden intercambiar los puntos de una marca.
    /// @dev For the brand's controller or its delegate `careledger.manager`. The first time, the
    /// token's brand is read and stored. Pools follow the new policy as soon as anyone calls their
    /// `sync`. Reverts: NotPoints, NotAllowed, FeeCapRaised, BadPolicy.
    function setPolicy(address token, Policy calldata policy) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice The highest fee that a brand can have, in basis points.
    /// @custom:es La comisión más alta que puede tener una marca, en puntos básicos.
    function HIGHEST_FEE_BPS() external view returns (uint256);

    /// @notice The registry that says who acts for a brand.
    /// @custom:es El registro que dice quién actúa por una marca.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice On what terms a brand's points may be swapped.
    /// @custom:es En qué condiciones se pueden intercambiar los puntos de una marca.
    /// @dev All zero when the token has no policy.
    function policyOf(address token) external view returns (Policy memory);

    /// @notice The brand that a token of points belongs to.
    /// @custom:es La marca a la que pertenece un token de puntos.
    /// @dev The zero address when the token has no policy.
    function brandOf(address token) external view returns (address);

    /// @notice What has become of an offer, and how much of it is left.
    /// @custom:es Qué ha sido de una oferta, y cuánto queda de ella.
    /// @dev It does not consider signature, allowances, balances and policies.
    function stateOf(Offer calldata offer) external view returns (OfferState memory);

    /// @notice Which nonces of a maker were used or cancelled.
    /// @custom:es Qué nonces de un oferente se usaron o cancelaron.
    /// @dev As bits: those of a word that were taken or cancelled, and those that were cancelled.
    function noncesOf(address maker, uint256 word)
        external
        view
        returns (uint256 spent, uint256 cancelled);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {IRefundEscrowTypes} from "./IRefundEscrowTypes.sol";

/// @title IRefundEscrow
/// @notice Holds what a customer paid until the seller has kept the promise that the terms name,
/// and pays it out by those terms: to the seller, back to the customer, or to both. Nobody else
/// ever gets any of it, nobody can stop it, and anyone can end a deal once the deadlines in its
/// terms have passed.
/// @dev A deal's id is a hash of its terms, which also contains chain and contract. Every call
/// carries the terms again, and one storage slot per deal holds what changes. Anyone finds the
/// terms in the calldata of the transaction that opened the deal. A contract that makes up terms
/// when it opens a deal must publish them, or strangers cannot help.
///
/// Warning: a seller is paid at the address in the terms, whoever controls the identity of that
/// address by then. A seller that fears for its key is a contract. Warning: tokens whose balances
/// change by themselves (rebasing) break the books of their own deals: whoever is paid last gets
/// too little. So do tokens that move and answer false: their payees are paid and credited too.
/// Tokens that take a fee are refused. Warning: an id contains the number of the chain. On a chain
/// that changes its number, deals that are open at that time cannot be reached any more.
interface IRefundEscrow is IRefundEscrowTypes {
    // ----------------------------------------------------------------------------- writes: opening

    /// @notice Open a deal and deposit its amount.
    /// @custom:es Abre una operación y deposita su importe.
    /// @dev For the payer. Ether: send exactly the amount. Tokens: give this contract an allowance
    /// first. Exactly the amount must arrive, so a token that takes a fee is refused. Reverts:
    /// BadTerms, AlreadyOpened, NotPermitted, WrongValue, WrongDeposit.
    /// @return id The id of the deal from now on.
    function open(Terms calldata terms) external payable returns (bytes32 id);

    /// @notice Open a deal, with the payer's signature.
    /// @custom:es Abre una operación, con la firma del pagador.
    /// @dev For anyone, who pays the gas and, when the deal is in ether, the ether, which belongs
    /// to the payer from then on. The payer signs `Open(Terms terms,uint256 deadline)`. The terms
    /// work once, and so does the signature. Reverts as `open`, and: BadSignature,
    /// SignatureExpired.
    function openBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        payable
        returns (bytes32 id);

    /// @notice Open a deal, with a signed permit for its amount.
    /// @custom:es Abre una operación, con un permiso firmado para su importe.
    /// @dev For the payer, whose `signature` is then empty, or for anyone with the payer's
    /// signature as in `openBySig`. The permit is one of EIP-2612. If somebody else has sent it
    /// before, that does no harm: the allowance counts.
    function openWithPermit(
        Terms calldata terms,
        Permit calldata permit,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bytes32 id);

    /// @notice Open a deal, with a signed transfer of its amount.
    /// @custom:es Abre una operación, con una transferencia firmada de su importe.
    /// @dev For anyone. The transfer is an ERC-3009 authorization to this contract, whose nonce is
    /// the deal's id. So one signature of the payer covers the money and the terms.
    ///
    /// Warning: the token decides whom it accepts as the payer. Use tokens that you trust.
    function openWithAuthorization(Terms calldata terms, Authorization calldata authorization)
        external
        returns (bytes32 id);

    /// @notice Open a deal by sending tokens to the escrow together with the terms.
    /// @custom:es Abre una operación al enviar tokens al depósito en garantía junto con las
    /// condiciones.
    /// @dev For the token that the terms name, when the payer calls its ERC-1363 `transferAndCall`
    /// with `abi.encode(terms)` as data. The deposit is already here, so the token must transfer
    /// the same amount once more, from this contract to itself. It is refused when that changes
    /// the balance.
    /// @return The function's own selector, as ERC-1363 asks.
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4);

    /// @notice The second half of opening a deal by sending tokens. Only the escrow calls it.
    /// @custom:es La segunda mitad de abrir una operación al enviar tokens. Solo la llama el
    /// depósito en garantía.
    /// @dev For this contract alone, in `onTransferReceived`. Reverts: OnlySelf, and as `open`.
    function openReceived(
        Terms calldata terms,
        address token,
        address operator,
        address from,
        uint256 value
    ) external;

    // ------------------------------------------------------------------------------ writes: ending

    /// @notice Pay the seller.
    /// @custom:es Paga al vendedor.
    /// @dev For the payer at any time while the deal is open. For anyone from `releaseAt` on,
    /// unless the criteria say that something is due back. Reverts: WrongState, TooEarly,
    /// CriteriaDue, TooLittleGas.
    function release(Terms calldata terms) external returns (bytes32 id);

    /// @notice Pay the seller, with the payer's signature.
    /// @custom:es Paga al vendedor, con la firma del pagador.
    /// @dev For anyone. The payer signs `Release(bytes32 id,uint256 deadline)`. Reverts:
    /// WrongState, BadSignature, SignatureExpired, TooLittleGas.
    function releaseBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 id);

    /// @notice Pay back what is due by the criteria of the deal, and the rest to the seller.
    /// @custom:es Devuelve lo que corresponde según los criterios de la operación, y paga el resto
    /// al vendedor.
    /// @dev For anyone, at any time while the deal is open. The payer's part is rounded up.
    /// Reverts: WrongState, CriteriaNotDue, TooLittleGas.
    function refund(Terms calldata terms) external returns (bytes32 id);

    /// @notice Pay back a share that the criteria of the deal found due, and the rest to the
    /// seller.
    /// @custom:es Devuelve la parte que los criterios de la operación han fijado, y paga el resto
    /// al vendedor.
    /// @dev For the criteria contract: a scan that shows that something is due settles the deal in
    /// the same transaction. Reverts: WrongState, NotPermitted, BadShare, TooLittleGas.
    function refundDue(Terms calldata terms, uint256 bps) external returns (bytes32 id);

    /// @notice Give a part of the amount back to the payer, or all of it, which ends the deal.
    /// @custom:es Devuelve al pagador una parte del importe, o todo, lo que termina la operación.
    /// @dev For the seller's controller or its `careledger.refunder` delegates, while the deal is
    /// open. Reverts: WrongState, NotPermitted, BadShare, TooLittleGas.
    function refundPart(Terms calldata terms, uint256 amount) external returns (bytes32 id);

    /// @notice Divide the amount between payer and seller, with the signatures of both.
    /// @custom:es Reparte el importe entre pagador y vendedor, con las firmas de ambos.
    /// @dev For anyone. Both sign `Split(bytes32 id,uint256 toPayer,uint256 toSeller,uint256
    /// deadline)`; a party that calls need not sign. The seller's signer is its controller or a
    /// `careledger.refunder` delegate. The sum of the parts must be what is held now, so an
    /// agreement from before the seller gave a part back is void. Reverts: WrongState, BadSplit,
    /// NotPermitted, BadSignature, SignatureExpired, TooLittleGas.
    function split(Terms calldata terms, Agreement calldata agreement)
        external
        returns (bytes32 id);

    // ---------------------------------------------------------------------------- writes: disputes

    /// @notice Ask the arbiter to decide.
    /// @custom:es Pide al árbitro que decida.
    /// @dev For the payer before `releaseAt`. For the seller from `releaseAt` on, during
    /// `disputeWindow`, so that the seller cannot block a refund that falls due in the customer's
    /// time. The arbiter then has `disputeWindow`. Send exactly what an ERC-792 arbitrator charges
    /// (`costs`); it is not paid back. Reverts: WrongState, NotPermitted, TooLate, NoArbiter,
    /// WrongValue, DisputeExists, TooLittleGas, and whatever the arbitrator reverts with.
    /// @param evidence A hash of what the party says, such as the content commitment of an
    /// interaction.
    function dispute(Terms calldata terms, bytes32 evidence) external payable returns (bytes32 id);

    /// @notice Ask the arbiter to decide, with the payer's signature.
    /// @custom:es Pide al árbitro que decida, con la firma del pagador.
    /// @dev For anyone, before `releaseAt`. The payer signs `Dispute(bytes32 id,bytes32
    /// evidence,uint256 deadline)`. Reverts as `dispute`, and: BadSignature, SignatureExpired.
    function disputeBySig(
        Terms calldata terms,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes32 id);

    /// @notice Add evidence to a dispute or an appeal.
    /// @custom:es Añade pruebas a una disputa o a una apelación.
    /// @dev For the payer and for those who act for the seller. Reverts: WrongState, NotPermitted.
    function submitEvidence(Terms calldata terms, bytes32 evidence) external returns (bytes32 id);

    /// @notice Decide a dispute as its arbiter: what share the payer gets back.
    /// @custom:es Decide una disputa como su árbitro: qué parte recupera el pagador.
    /// @dev For the arbiter's controller and its `careledger.arbiter` delegates, in its time. The
    /// share is in basis points of what is held; 10,001 refuses to rule, which gives the payer
    /// `defaultBps`. After the first decision a party can appeal. The second decision is the last.
    /// Reverts: NotPermitted, BadShare, WrongState, TooLate.
    function award(Terms calldata terms, uint256 refundBps) external returns (bytes32 id);

    /// @notice Ask the arbiter to decide once more, for a bond.
    /// @custom:es Pide al árbitro que decida una vez más, a cambio de una fianza.
    /// @dev For a party that did not get all, once, before the ruling's deadline. The bond is a
    /// tenth of what is held, in the deal's token. Ether deals: send the bond and the arbitrator's
    /// charge. Token deals: send the charge; the bond is taken from the caller's allowance. The
    /// bond goes back to the appellant when the second ruling gives it more than the first, or
    /// when there is no second ruling in time (then the first one stands). Otherwise the other
    /// party gets it for the delay. Reverts: WrongState, AlreadyAppealed, TooLate,
    /// NothingToAppeal, NotPermitted, WrongValue, WrongDeposit, DisputeExists, TooLittleGas.
    function appeal(Terms calldata terms, bytes32 evidence) external payable returns (bytes32 id);

    /// @notice Ask the arbiter to decide once more, with the payer's signature.
    /// @custom:es Pide al árbitro que decida una vez más, con la firma del pagador.
    /// @dev For anyone, who sends the ether. Tokens for the bond are taken from the payer's
    /// allowance. A bond that comes back goes to the payer's side. The payer signs `Appeal(bytes32
    /// id,bytes32 evidence,uint256 deadline)`. Reverts as `appeal`, and: BadSignature,
    /// SignatureExpired.
    function appealBySig(
        Terms calldata terms,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes32 id);

    /// @notice End a dispute whose time is over: pay as ruled, or by the terms when nobody ruled.
    /// @custom:es Termina una disputa cuyo plazo acabó: paga según la resolución, o según las
    /// condiciones si nadie resolvió.
    /// @dev For anyone, from the deal's `deadline` on. Without a ruling, the payer gets
    /// `defaultBps`. Reverts: WrongState, TooEarly, TooLittleGas.
    function execute(Terms calldata terms) external returns (bytes32 id);

    // ----------------------------------------------------------------------------- writes: credits

    /// @notice Claim what could not be paid to the caller, at another address.
    /// @custom:es Cobra en otra dirección lo que no se pudo pagar a quien llama.
    /// @dev For the payee. Reverts: NothingOwed, BadDestination, NotPaid.
    function claim(address token, address to) external;

    /// @notice Try once more to pay what could not be paid, at the payee's own address.
    /// @custom:es Intenta de nuevo pagar lo que no se pudo pagar, en la dirección del
    /// destinatario.
    /// @dev For anyone. Reverts: NothingOwed, NotPaid.
    function claimFor(address payee, address token) external;

    /// @notice Claim what could not be paid, at another address, with the payee's signature.
    /// @custom:es Cobra en otra dirección lo que no se pudo pagar, con la firma del destinatario.
    /// @dev For anyone. The payee signs `Claim(address payee,address token,address to,uint256
    /// nonce,uint256 deadline)`. Reverts as `claim`, and: BadSignature, SignatureExpired.
    function claimBySig(
        address payee,
        address token,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice The state of a deal.
    /// @custom:es El estado de una operación.
    function deal(bytes32 id) external view returns (Deal memory);

    /// @notice The id of a deal with these terms.
    /// @custom:es El identificador de una operación con estas condiciones.
    /// @dev keccak256(EIP-712 domain separator || keccak256(abi.encode(terms))).
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice What is due back by the criteria of a deal now, in basis points.
    /// @custom:es Lo que ahora corresponde devolver según los criterios de una operación, en
    /// puntos básicos.
    /// @dev 0 when the criteria do not work.
    function dueBps(Terms calldata terms) external view returns (uint256);

    /// @notice What a dispute and an appeal of a deal cost.
    /// @custom:es Lo que cuestan una disputa y una apelación de una operación.
    /// @return arbitration What must be sent for the arbitrator, in wei.
    /// @return bond The bond of an appeal, in the deal's token.
    function costs(Terms calldata terms) external view returns (uint256 arbitration, uint256 bond);

    /// @notice The deal for which an arbitrator has a running dispute with this number; zero for
    /// none.
    /// @custom:es La operación para la que un árbitro tiene una disputa en curso con este número;
    /// cero si no hay ninguna.
    function disputeOf(address arbitrator, uint256 disputeId) external view returns (bytes32 id);

    /// @notice What a payee can claim in a token.
    /// @custom:es Lo que un destinatario puede cobrar en un token.
    /// @param token The zero address for ether.
    function credit(address token, address payee) external view returns (uint256);

    /// @notice The number that a payee's next signed claim must carry.
    /// @custom:es El número que debe llevar el próximo cobro firmado de un destinatario.
    function nonce(address payee) external view returns (uint256);

    /// @notice The registry that says who controls an identity and who its delegates are.
    /// @custom:es El registro que dice quién controla una identidad y quiénes son sus delegados.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The limits for every deal.
    /// @custom:es Los límites de toda operación.
    function limits() external pure returns (Limits memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IRefundEscrowTypes
/// @notice The types, events and errors of the escrow. `IRefundEscrow` has its functions.
/// @dev They are in a file of their own so that the functions can be read in one go.
interface IRefundEscrowTypes {
    // --------------------------------------------------------------------------------------- types

    /// @notice The terms of a deal. They never change.
    /// @param payer The customer whose money it is.
    /// @param refundTo The address that gets refunds; zero for the payer.
    /// @param seller The address that is paid, and the identity whose controller and
    /// `careledger.refunder` delegates act for the seller.
    /// @param token The ERC-20 token; zero for ether.
    /// @param amount In the token's smallest unit.
    /// @param releaseAt From then on (seconds since 1970 UTC) anyone may release to the seller.
    /// @param slaAt The promised time of delivery; zero for no such promise. Only the criteria
    /// contract reads it.
    /// @param disputeWindow Seconds for each step of a dispute, and for the seller to begin one
    /// after `releaseAt`.
    /// @param criteria The contract that says how much is due back (ICriteria); zero for none.
    /// @param arbiter Who rules: an account, an identity or an ERC-792 arbitrator. Zero for
    /// nobody: then there are no disputes.
    /// @param feeBps Fee on what the seller gets, in basis points, rounded down.
    /// @param feeTo Who gets the fee.
    /// @param defaultBps What the payer gets, in basis points, when the arbiter stays silent or
    /// refuses to rule.
    /// @param orderRef A commitment to the order. The criteria contract defines its form.
    /// @param salt Random, so that the id reveals nothing and the same order can be opened twice.
    struct Terms {
        address payer;
        address refundTo;
        address seller;
        address token;
        uint256 amount;
        uint256 releaseAt;
        uint256 slaAt;
        uint256 disputeWindow;
        address criteria;
        address arbiter;
        uint256 feeBps;
        address feeTo;
        uint256 defaultBps;
        bytes32 orderRef;
        bytes32 salt;
    }

    /// @notice The state of a deal. The last three are final.
    enum State {
        None,
        Open,
        Disputed,
        Ruled,
        Appealed,
        Released,
        Refunded,
        Split
    }

    /// @notice A side of a deal.
    enum Party {
        None,
        Payer,
        Seller
    }

    /// @notice What changes while a deal lives.
    /// @param held What is still in escrow, in the token's smallest unit, without bonds; zero at
    /// the end.
    /// @param deadline When the present step of a dispute ends; zero while open and at the end.
    /// @param window The terms' `disputeWindow`. It is stored because an ERC-792 ruling comes
    /// without the terms.
    /// @param rulingBps What the first ruling gives the payer; 10,001 means `defaultBps`.
    /// @param appealBps What the ruling on appeal gives the payer, in the same form; valid when
    /// the state is `Ruled` again.
    /// @param state The state of the deal.
    /// @param appellant Who appealed.
    struct Deal {
        uint128 held;
        uint40 deadline;
        uint32 window;
        uint16 rulingBps;
        uint16 appealBps;
        State state;
        Party appellant;
    }

    /// @notice A signature for EIP-2612 `permit` of the amount.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice A signature for ERC-3009 `receiveWithAuthorization`, whose nonce is the deal's id.
    struct Authorization {
        uint256 validAfter;
        uint256 validBefore;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice The limits for every deal.
    /// @param criteriaGas Gas for a question to criteria or to an arbitrator.
    /// @param pushGas Gas for a payment.
    /// @param maxDuration How far ahead `releaseAt` may be, in seconds.
    /// @param minWindow The shortest `disputeWindow`, in seconds.
    /// @param maxWindow The longest `disputeWindow`, in seconds.
    /// @param bondBps The bond of an appeal, in basis points of what is held.
    /// @param refused The number that stands for a refusal to rule.
    /// @param sellerRole The role of those who act for sellers: `careledger.refunder`.
    /// @param arbiterRole The role of those who act for arbiters: `careledger.arbiter`.
    struct Limits {
        uint256 criteriaGas;
        uint256 pushGas;
        uint256 maxDuration;
        uint256 minWindow;
        uint256 maxWindow;
        uint256 bondBps;
        uint256 refused;
        bytes32 sellerRole;
        bytes32 arbiterRole;
    }

    /// @notice A split that both parties agreed to, and their signatures.
    struct Agreement {
        uint256 toPayer;
        uint256 toSeller;
        uint256 deadline;
        address sellerSigner;
        bytes payerSignature;
        bytes sellerSignature;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A deal was opened, and the escrow holds its amount.
    /// @custom:es Se abrió una operación, y el depósito en garantía tiene su importe.
    event Opened(
        bytes32 indexed id,
        address indexed payer,
        address indexed seller,
        address token,
        uint256 amount,
        bytes32 orderRef
    );

    /// @notice The seller gave a part of the amount back.
    /// @custom:es El vendedor devolvió una parte del importe.
    /// @param held What the escrow still holds.
    event PartRefunded(bytes32 indexed id, uint256 amount, uint256 held);

    /// @notice A party asked the arbiter to decide.
    /// @custom:es Una parte pidió al árbitro que decida.
    /// @param evidence A hash of what the party says.
    /// @param deadline Until when the arbiter can rule.
    event Disputed(bytes32 indexed id, Party indexed by, bytes32 evidence, uint256 deadline);

    /// @notice A party added evidence to a dispute.
    /// @custom:es Una parte añadió pruebas a una disputa.
    event EvidenceSubmitted(bytes32 indexed id, Party indexed by, bytes32 evidence);

    /// @notice The arbiter ruled, or refused to rule.
    /// @custom:es El árbitro resolvió, o se negó a resolver.
    /// @param refundBps What the payer gets, in basis points; 10,001 for a refusal to rule.
    /// @param deadline Until when a party can appeal. There is no second appeal.
    event Ruled(bytes32 indexed id, address indexed arbiter, uint256 refundBps, uint256 deadline);

    /// @notice A party appealed and deposited a bond.
    /// @custom:es Una parte apeló y depositó una fianza.
    /// @param deadline Until when the arbiter can rule again.
    event Appealed(
        bytes32 indexed id, Party indexed by, bytes32 evidence, uint256 bond, uint256 deadline
    );

    /// @notice The deal ended: the seller was paid.
    /// @custom:es La operación terminó: se pagó al vendedor.
    /// @param paid What the seller got, without the fee.
    event Released(bytes32 indexed id, uint256 paid, uint256 fee);

    /// @notice The deal ended: the payer got everything back.
    /// @custom:es La operación terminó: el pagador lo recibió todo de vuelta.
    event Refunded(bytes32 indexed id, uint256 refunded);

    /// @notice The deal ended: the payer got a part back, and the seller was paid the rest.
    /// @custom:es La operación terminó: el pagador recibió una parte de vuelta, y se pagó el resto
    /// al vendedor.
    /// @param paid What the seller got, without the fee.
    event Split(bytes32 indexed id, uint256 refunded, uint256 paid, uint256 fee);

    /// @notice A dispute was brought before an arbitrator, which gave it a number.
    /// @custom:es Se llevó una disputa ante un árbitro, que le dio un número.
    /// @dev An ERC-792 arbitrator.
    event ArbitrationRequested(bytes32 indexed id, address indexed arbitrator, uint256 disputeId);

    /// @notice The bond of an appeal was paid: to the party that appealed, or to the other party
    /// when the appeal failed.
    /// @custom:es Se pagó la fianza de una apelación: a la parte que apeló, o a la otra si la
    /// apelación fracasó.
    event BondPaid(bytes32 indexed id, address indexed to, uint256 bond);

    /// @notice A payment failed. The payee can claim the amount later.
    /// @custom:es Un pago falló. El destinatario puede cobrar el importe más tarde.
    event Credited(
        bytes32 indexed id, address indexed token, address indexed payee, uint256 amount
    );

    /// @notice A payee claimed an amount that could not be paid before.
    /// @custom:es Un destinatario cobró un importe que antes no se pudo pagar.
    event Claimed(
        address indexed token, address indexed payee, address indexed to, uint256 amount
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice A field of the terms is not valid.
    /// @custom:es Un campo de las condiciones no es válido.
    /// @param field The name of the field in ASCII.
    /// @param limit The limit that the field does not keep.
    error RefundEscrow_BadTerms(bytes32 id, bytes32 field, uint256 actual, uint256 limit);

    /// @notice A deal with exactly these terms was already opened.
    /// @custom:es Ya se abrió una operación con exactamente estas condiciones.
    error RefundEscrow_AlreadyOpened(bytes32 id, State actual);

    /// @notice This is not possible in the present state of the deal.
    /// @custom:es Esto no es posible en el estado actual de la operación.
    error RefundEscrow_WrongState(bytes32 id, State actual, State expected);

    /// @notice The caller or signer may not do this.
    /// @custom:es Quien llama o firma no puede hacer esto.
    error RefundEscrow_NotPermitted(bytes32 id, address actual, address expected);

    /// @notice It is too early for this.
    /// @custom:es Es demasiado pronto para esto.
    error RefundEscrow_TooEarly(bytes32 id, uint256 actual, uint256 expected);

    /// @notice It is too late for this.
    /// @custom:es Es demasiado tarde para esto.
    error RefundEscrow_TooLate(bytes32 id, uint256 actual, uint256 expected);

    /// @notice The amount of tokens that arrived is not the amount that was due.
    /// @custom:es La cantidad de tokens que llegó no es la que se debía.
    error RefundEscrow_WrongDeposit(bytes32 id, uint256 actual, uint256 expected);

    /// @notice The amount of ether that was sent is not the amount that was due.
    /// @custom:es La cantidad de ether enviada no es la que se debía.
    /// @param deposit What was due as deposit or bond.
    /// @param charge What was due for the arbitrator.
    error RefundEscrow_WrongValue(bytes32 id, uint256 actual, uint256 deposit, uint256 charge);

    /// @notice A refund is due: refund instead of releasing.
    /// @custom:es Corresponde un reembolso: reembolse en lugar de liberar el pago.
    error RefundEscrow_CriteriaDue(bytes32 id, uint256 actual);

    /// @notice No refund is due.
    /// @custom:es No corresponde ningún reembolso.
    error RefundEscrow_CriteriaNotDue(bytes32 id);

    /// @notice The share or part is zero, or more than there is.
    /// @custom:es La parte es cero, o más de lo que hay.
    error RefundEscrow_BadShare(bytes32 id, uint256 actual, uint256 limit);

    /// @notice The two parts of the split are not the amount that the escrow holds.
    /// @custom:es Las dos partes del reparto no suman el importe que tiene el depósito en
    /// garantía.
    error RefundEscrow_BadSplit(bytes32 id, uint256 toPayer, uint256 toSeller, uint256 held);

    /// @notice The signature is not valid for this signer.
    /// @custom:es La firma no es válida para este firmante.
    /// @dev Also for an account's signature with a high s.
    error RefundEscrow_BadSignature(bytes32 digest, address signer);

    /// @notice The deadline of the signature has passed.
    /// @custom:es La firma ha vencido.
    error RefundEscrow_SignatureExpired(bytes32 digest, uint256 actual, uint256 expected);

    /// @notice The terms name no arbiter, so there can be no dispute.
    /// @custom:es Las condiciones no nombran a ningún árbitro, así que no puede haber disputa.
    error RefundEscrow_NoArbiter(bytes32 id);

    /// @notice The caller has no running dispute with this number.
    /// @custom:es Quien llama no tiene ninguna disputa en curso con este número.
    error RefundEscrow_UnknownDispute(address arbitrator, uint256 disputeId);

    /// @notice The arbitrator gave a dispute the number of another running dispute.
    /// @custom:es El árbitro dio a una disputa el número de otra disputa en curso.
    error RefundEscrow_DisputeExists(address arbitrator, uint256 disputeId);

    /// @notice There was already an appeal.
    /// @custom:es Ya hubo una apelación.
    error RefundEscrow_AlreadyAppealed(bytes32 id, Party appellant);

    /// @notice The ruling already gives this party everything.
    /// @custom:es La resolución ya se lo da todo a esta parte.
    error RefundEscrow_NothingToAppeal(bytes32 id, Party party, uint256 refundBps);

    /// @notice There is nothing to claim for this payee in this token.
    /// @custom:es Este destinatario no tiene nada que cobrar en este token.
    error RefundEscrow_NothingOwed(address token, address payee);

    /// @notice The transaction has too little gas.
    /// @custom:es La transacción tiene muy poco gas.
    /// @dev Too little to ask the criteria, or to pay, under fair conditions.
    error RefundEscrow_TooLittleGas(uint256 actual, uint256 expected);

    /// @notice The payment failed. The amount can still be claimed.
    /// @custom:es El pago falló. El importe todavía se puede cobrar.
    error RefundEscrow_NotPaid(address token, address payee, uint256 amount);

    /// @notice The amount cannot be paid to this address.
    /// @custom:es El importe no se puede pagar a esta dirección.
    error RefundEscrow_BadDestination(address payee, address actual);

    /// @notice Only the escrow itself may call this.
    /// @custom:es Solo el propio depósito en garantía puede llamar a esto.
    error RefundEscrow_OnlySelf(address actual);
}

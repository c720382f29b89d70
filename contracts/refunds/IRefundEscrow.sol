// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";

/// @title IRefundEscrow
/// @notice Holds what a customer paid until the seller has kept the promise that the terms name,
/// and pays it out by those terms: to the seller, back to the customer, or to both. Nobody else
/// ever gets any of it, nobody can stop it, and from every state a stranger can bring a deal to its
/// end once the deadlines in its terms have passed.
/// @dev Terms are committed as a hash, the deal's id, which names chain and contract too: every
/// call carries the terms again, and one storage slot per deal holds what changes. Anyone finds
/// them in the calldata of the transaction that opened the deal; a contract that makes terms up as
/// it opens has to publish them, or strangers cannot help.
///
/// Warning: a seller is paid at the address in the terms, whoever controls the identity of that
/// name by then: a seller that fears for its key is a contract. Warning: tokens whose balances
/// change by themselves (rebasing) break the books of their own deals: what is missing is missing
/// to whoever is paid last; so do tokens that move and answer false, whose payees are paid and
/// credited too. Tokens that take a fee are refused. Warning: an id names the chain's number; on a
/// chain that changes its own, deals that are open then are out of reach.
interface IRefundEscrow {
    // --------------------------------------------------------------------------------------- types

    /// @notice What a deal is about; fixed when it is opened.
    /// @param payer The customer whose money it is.
    /// @param refundTo Where refunds go; zero for the payer itself.
    /// @param seller Who is paid, and the identity whose controller and `careledger.refunder`
    /// delegates act for it.
    /// @param token The ERC-20 token; zero for ether.
    /// @param amount In the token's smallest unit.
    /// @param releaseAt From then on (seconds since 1970 UTC) anyone may release to the seller.
    /// @param slaAt By then the order must be delivered; zero for no such promise. Only the
    /// criteria contract reads it.
    /// @param disputeWindow Seconds for each step of a dispute, and for the seller to begin one
    /// after `releaseAt`.
    /// @param criteria The contract that says how much is due back (ICriteria); zero for none.
    /// @param arbiter Who rules: an account, an identity, an ERC-792 arbitrator; zero for nobody,
    /// and no disputes.
    /// @param feeBps Fee on what the seller gets, in basis points, rounded down.
    /// @param feeTo Who gets the fee.
    /// @param defaultBps What the payer gets, in basis points, when the arbiter stays silent or
    /// refuses to rule.
    /// @param orderRef A commitment to the order; what it must look like is for the criteria
    /// contract to say.
    /// @param salt Random, so that the id tells nothing and the same order can be opened twice.
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

    /// @notice Where a deal is. The last three are ends and never change again.
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
    /// @param held What is still in escrow, in the token's smallest unit, bonds not counted; zero
    /// at the end.
    /// @param deadline When the present step of a dispute is over; zero while open and at the end.
    /// @param window The terms' `disputeWindow`, kept because an ERC-792 ruling comes without the
    /// terms.
    /// @param rulingBps What the first ruling gives the payer; 10,001 means `defaultBps`.
    /// @param appealBps What the ruling on appeal gives the payer, in the same way; meaningful once
    /// `Ruled` again.
    /// @param state Where the deal is.
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

    /// @notice What holds for every deal: gas for a question to criteria or arbitrator, and for a
    /// payment; how far ahead `releaseAt` may lie and how long a `disputeWindow` lasts, in seconds;
    /// an appeal's bond, in basis points of what is held; what stands for a refusal to rule; the
    /// roles of those who act for sellers (`careledger.refunder`) and arbiters
    /// (`careledger.arbiter`).
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

    /// @notice What both parties agreed to, and their signatures.
    struct Agreement {
        uint256 toPayer;
        uint256 toSeller;
        uint256 deadline;
        address sellerSigner;
        bytes payerSignature;
        bytes sellerSignature;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A deal was opened and its amount is here.
    event Opened(
        bytes32 indexed id,
        address indexed payer,
        address indexed seller,
        address token,
        uint256 amount,
        bytes32 orderRef
    );

    /// @notice The seller gave a part back; `held` is left.
    event PartRefunded(bytes32 indexed id, uint256 amount, uint256 held);

    /// @notice A party disputes; the arbiter has until `deadline`. `evidence` is a hash of what the
    /// party says.
    event Disputed(bytes32 indexed id, Party indexed by, bytes32 evidence, uint256 deadline);

    /// @notice A party adds evidence to a running dispute.
    event EvidenceSubmitted(bytes32 indexed id, Party indexed by, bytes32 evidence);

    /// @notice The arbiter ruled, or refused (10,001); the first time, the loser may appeal before
    /// `deadline`.
    event Ruled(bytes32 indexed id, address indexed arbiter, uint256 refundBps, uint256 deadline);

    /// @notice The loser appealed and deposited a bond; the arbiter has until `deadline` to rule
    /// again.
    event Appealed(
        bytes32 indexed id, Party indexed by, bytes32 evidence, uint256 bond, uint256 deadline
    );

    /// @notice A deal reached its end: all that was held, less the fee, went to the seller.
    event Released(bytes32 indexed id, uint256 paid, uint256 fee);

    /// @notice A deal reached its end: all that was held went back to the payer.
    event Refunded(bytes32 indexed id, uint256 refunded);

    /// @notice A deal reached its end: a part went back to the payer, the rest, less the fee, to
    /// the seller.
    event Split(bytes32 indexed id, uint256 refunded, uint256 paid, uint256 fee);

    /// @notice A dispute was brought before an ERC-792 arbitrator, under its number.
    event ArbitrationRequested(bytes32 indexed id, address indexed arbitrator, uint256 disputeId);

    /// @notice The bond of an appeal went to the appellant, or to the other party when the appeal
    /// was in vain.
    event BondPaid(bytes32 indexed id, address indexed to, uint256 bond);

    /// @notice A payee could not be paid and has a claim instead.
    event Credited(
        bytes32 indexed id, address indexed token, address indexed payee, uint256 amount
    );

    /// @notice A payee took its credit, at a destination of its choosing.
    event Claimed(
        address indexed token, address indexed payee, address indexed to, uint256 amount
    );

    // -------------------------------------------------------------------------------------- errors

    /// @notice A field of the terms cannot be: `field` is its name in ASCII, `limit` the bound that
    /// it misses.
    error RefundEscrow_BadTerms(bytes32 id, bytes32 field, uint256 actual, uint256 limit);
    /// @notice A deal with these very terms exists: its id is used up, whatever became of it.
    error RefundEscrow_AlreadyOpened(bytes32 id, State actual);
    /// @notice The deal is in another state than the call needs.
    error RefundEscrow_WrongState(bytes32 id, State actual, State expected);
    /// @notice The caller (or signer) is not who may do this.
    error RefundEscrow_NotPermitted(bytes32 id, address actual, address expected);
    /// @notice The time for this has not come.
    error RefundEscrow_TooEarly(bytes32 id, uint256 actual, uint256 expected);
    /// @notice The time for this is over.
    error RefundEscrow_TooLate(bytes32 id, uint256 actual, uint256 expected);
    /// @notice Another amount of the token arrived than was due.
    error RefundEscrow_WrongDeposit(bytes32 id, uint256 actual, uint256 expected);
    /// @notice Another amount of ether was sent than the deposit or bond and the arbitrator's
    /// charge together.
    error RefundEscrow_WrongValue(bytes32 id, uint256 actual, uint256 deposit, uint256 charge);
    /// @notice The criteria say that the payer is due something: refund instead of releasing.
    error RefundEscrow_CriteriaDue(bytes32 id, uint256 actual);
    /// @notice The criteria do not say that the payer is due anything.
    error RefundEscrow_CriteriaNotDue(bytes32 id);
    /// @notice A share or a part is zero or more than there is.
    error RefundEscrow_BadShare(bytes32 id, uint256 actual, uint256 limit);
    /// @notice What the parties agreed on does not sum up to what is held.
    error RefundEscrow_BadSplit(bytes32 id, uint256 toPayer, uint256 toSeller, uint256 held);
    /// @notice The signature is not the signer's, or has a high s.
    error RefundEscrow_BadSignature(bytes32 digest, address signer);
    /// @notice The signature's deadline has passed.
    error RefundEscrow_SignatureExpired(bytes32 digest, uint256 actual, uint256 expected);
    /// @notice The terms name no arbiter.
    error RefundEscrow_NoArbiter(bytes32 id);
    /// @notice No running dispute of this number was brought before the caller.
    error RefundEscrow_UnknownDispute(address arbitrator, uint256 disputeId);
    /// @notice The arbitrator gave a dispute a number that another running one of its has.
    error RefundEscrow_DisputeExists(address arbitrator, uint256 disputeId);
    /// @notice There was an appeal already.
    error RefundEscrow_AlreadyAppealed(bytes32 id, Party appellant);
    /// @notice The ruling already gives this party everything.
    error RefundEscrow_NothingToAppeal(bytes32 id, Party party, uint256 refundBps);
    /// @notice The payee has no credit in this token.
    error RefundEscrow_NothingOwed(address token, address payee);
    /// @notice The transaction carries too little gas to ask the criteria, or to pay, under fair
    /// conditions.
    error RefundEscrow_TooLittleGas(uint256 actual, uint256 expected);
    /// @notice The payment did not go through; the credit stays.
    error RefundEscrow_NotPaid(address token, address payee, uint256 amount);
    /// @notice A credit cannot go there.
    error RefundEscrow_BadDestination(address payee, address actual);
    /// @notice Only this contract may call this, on itself.
    error RefundEscrow_OnlySelf(address actual);

    // ------------------------------------------------------------------------------------- opening

    /// @notice Open a deal and deposit its amount, in ether or by an allowance given before.
    /// @dev For the payer. Ether: send exactly the amount. Tokens: exactly the amount must arrive,
    /// which a token that takes a fee does not do. Reverts: BadTerms, AlreadyOpened, NotPermitted,
    /// WrongValue, WrongDeposit.
    /// @return id What the deal is known by from now on.
    function open(Terms calldata terms) external payable returns (bytes32 id);

    /// @notice Open a deal for a payer that signed `Open(Terms terms,uint256 deadline)`.
    /// @dev For anyone, who pays the gas and, when the deal is in ether, the ether: it is the
    /// payer's from then on. The terms work once, and so does the signature. Reverts as `open`
    /// does, and: BadSignature, SignatureExpired.
    function openBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        payable
        returns (bytes32 id);

    /// @notice Open a deal with an EIP-2612 permit for its amount in the same call.
    /// @dev For the payer, whose `signature` is then left empty, or for anyone with the payer's
    /// signature as in `openBySig`. A permit that somebody else has brought in first does no harm:
    /// the allowance counts.
    function openWithPermit(
        Terms calldata terms,
        Permit calldata permit,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bytes32 id);

    /// @notice Open a deal with an ERC-3009 authorization of its amount to this contract.
    /// @dev For anyone: the authorization's nonce is the deal's id, so that one signature of the
    /// payer covers both the money and the terms. Warning: it is up to the token whom it takes for
    /// the payer; use tokens you trust.
    function openWithAuthorization(Terms calldata terms, Authorization calldata authorization)
        external
        returns (bytes32 id);

    /// @notice Open a deal by an ERC-1363 `transferAndCall` of its amount, with `abi.encode(terms)`
    /// as data.
    /// @dev For the token that the terms name, called by the payer itself. Since the deposit is
    /// here already, the token is made to transfer it once more, from this contract to itself, and
    /// refused when that changes the balance.
    /// @return The function's own selector, as ERC-1363 asks.
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4);

    /// @notice The second half of `onTransferReceived`, for this contract alone.
    function openReceived(
        Terms calldata terms,
        address token,
        address operator,
        address from,
        uint256 value
    ) external;

    // -------------------------------------------------------------------------------------- ending

    /// @notice Pay the seller.
    /// @dev For the payer at any time while the deal is open; for anyone from `releaseAt` on,
    /// unless the criteria say that something is due back. Reverts: WrongState, TooEarly,
    /// CriteriaDue, TooLittleGas.
    function release(Terms calldata terms) external returns (bytes32 id);

    /// @notice Pay the seller, as the payer signed in `Release(bytes32 id,uint256 deadline)`.
    /// @dev For anyone. Reverts: WrongState, BadSignature, SignatureExpired, TooLittleGas.
    function releaseBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 id);

    /// @notice Pay back what the criteria say is due, and the rest to the seller.
    /// @dev For anyone, at any time while the deal is open. The payer's part is rounded up.
    /// Reverts: WrongState, CriteriaNotDue, TooLittleGas.
    function refund(Terms calldata terms) external returns (bytes32 id);

    /// @notice Pay back a share of what is held, and the rest to the seller.
    /// @dev For the criteria contract itself: a scan that shows something due settles in the same
    /// transaction. Reverts: WrongState, NotPermitted, BadShare, TooLittleGas.
    function refundDue(Terms calldata terms, uint256 bps) external returns (bytes32 id);

    /// @notice Give back a part of what is held, or all of it, which ends the deal.
    /// @dev For the seller's controller or `careledger.refunder` delegates, while the deal is open.
    /// Reverts: WrongState, NotPermitted, BadShare, TooLittleGas.
    function refundPart(Terms calldata terms, uint256 amount) external returns (bytes32 id);

    /// @notice Divide what is held, as signed in `Split(bytes32 id,uint256 toPayer,uint256
    /// toSeller,uint256 deadline)`.
    /// @dev For anyone with both signatures; a party that calls need not sign. The parts must sum
    /// up to what is held now, so that an agreement from before the seller gave a part back is
    /// void. The seller's signer is its controller or a `careledger.refunder` delegate. Reverts:
    /// WrongState, BadSplit, NotPermitted, BadSignature, SignatureExpired, TooLittleGas.
    function split(Terms calldata terms, Agreement calldata agreement)
        external
        returns (bytes32 id);

    // ------------------------------------------------------------------------------------ disputes

    /// @notice Ask the arbiter to decide.
    /// @dev For the payer before `releaseAt`; for the seller from `releaseAt` on, during
    /// `disputeWindow`, so that it cannot stand in the way of a refund that falls due in the
    /// customer's time. The arbiter then has `disputeWindow`. Send exactly what an ERC-792
    /// arbitrator charges (`costs`); it is not paid back. Reverts: WrongState, NotPermitted,
    /// TooLate, NoArbiter, WrongValue, DisputeExists, TooLittleGas, and whatever the arbitrator
    /// reverts with.
    /// @param evidence A hash of what the party says, such as an interaction's content commitment.
    function dispute(Terms calldata terms, bytes32 evidence) external payable returns (bytes32 id);

    /// @notice Ask the arbiter, as the payer signed in `Dispute(bytes32 id,bytes32 evidence,uint256
    /// deadline)`.
    /// @dev For anyone, before `releaseAt`. Reverts as `dispute`, and: BadSignature,
    /// SignatureExpired.
    function disputeBySig(
        Terms calldata terms,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes32 id);

    /// @notice Add evidence to a running dispute or appeal.
    /// @dev For the payer and for those who act for the seller. Reverts: WrongState, NotPermitted.
    function submitEvidence(Terms calldata terms, bytes32 evidence) external returns (bytes32 id);

    /// @notice Decide: so many basis points of what is held for the payer; 10,001 refuses, which
    /// comes to `defaultBps`.
    /// @dev For the arbiter's controller and its `careledger.arbiter` delegates, in its time. The
    /// first decision opens the time for an appeal; the second one is the last. Reverts:
    /// NotPermitted, BadShare, WrongState, TooLate.
    function award(Terms calldata terms, uint256 refundBps) external returns (bytes32 id);

    /// @notice Have the arbiter decide once more, against a bond of a tenth of what is held, in the
    /// deal's token.
    /// @dev For a party that did not get all, once, before the ruling's deadline. Ether deals: send
    /// bond and arbitrator's charge; token deals: send the charge, and the bond is taken by
    /// allowance from the caller. The bond goes back to the appellant when the second ruling gives
    /// it more than the first, or when there is no second ruling in time (then the first stands);
    /// otherwise the other party gets it for the delay. Reverts: WrongState, AlreadyAppealed,
    /// TooLate, NothingToAppeal, NotPermitted, WrongValue, WrongDeposit, DisputeExists,
    /// TooLittleGas.
    function appeal(Terms calldata terms, bytes32 evidence) external payable returns (bytes32 id);

    /// @notice Appeal as the payer signed in `Appeal(bytes32 id,bytes32 evidence,uint256
    /// deadline)`.
    /// @dev For anyone, who sends the ether; tokens for the bond come by the payer's allowance. A
    /// bond that comes back goes to the payer's side. Reverts as `appeal`, and: BadSignature,
    /// SignatureExpired.
    function appealBySig(
        Terms calldata terms,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes32 id);

    /// @notice End a dispute whose time is over: pay as ruled, or by `defaultBps` when nobody ruled
    /// in time.
    /// @dev For anyone, from the deal's `deadline` on. Reverts: WrongState, TooEarly, TooLittleGas.
    function execute(Terms calldata terms) external returns (bytes32 id);

    // ------------------------------------------------------------------------------------- credits

    /// @notice Take what could not be paid to the caller, at another address.
    /// @dev For the payee. Reverts: NothingOwed, BadDestination, NotPaid.
    function claim(address token, address to) external;

    /// @notice Try again to pay a payee what could not be paid, at its own address.
    /// @dev For anyone. Reverts: NothingOwed, NotPaid.
    function claimFor(address payee, address token) external;

    /// @notice Take a credit, as signed in `Claim(address payee,address token,address to,uint256
    /// nonce,uint256 deadline)`.
    /// @dev For anyone. Reverts as `claim`, and: BadSignature, SignatureExpired.
    function claimBySig(
        address payee,
        address token,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // --------------------------------------------------------------------------------------- views

    /// @notice Where a deal is.
    function deal(bytes32 id) external view returns (Deal memory);

    /// @notice The id of terms: keccak256(EIP-712 domain separator ||
    /// keccak256(abi.encode(terms))).
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice What the criteria say is due, in basis points; 0 when they are broken.
    function dueBps(Terms calldata terms) external view returns (uint256);

    /// @notice What has to be sent with `dispute` in wei, and what bond an appeal takes, in the
    /// deal's token.
    function costs(Terms calldata terms) external view returns (uint256 arbitration, uint256 bond);

    /// @notice The deal that an ERC-792 arbitrator knows under a number; zero when there is none
    /// waiting for a ruling.
    function disputeOf(address arbitrator, uint256 disputeId) external view returns (bytes32 id);

    /// @notice What a payee may claim of a token; zero address for ether.
    function credit(address token, address payee) external view returns (uint256);

    /// @notice The nonce that a payee's next `Claim` signature must carry.
    function nonce(address payee) external view returns (uint256);

    /// @notice Where identities and their delegates are looked up.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The bounds and allowances that hold for every deal.
    function limits() external pure returns (Limits memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../identity/IIdentityRegistry.sol";
import {ISignedERC20} from "./ISignedERC20.sol";

/// @title ILoyaltyToken
/// @notice The points of one brand, owned by its customers.
///
/// A customer who holds points can rely on this, whatever the brand does:
/// - Nobody but the holder can move, freeze or take back the holder's points, and they do not
/// expire. There is no function for it.
/// - There are never more than `CAP` points, and an issuer is never faster than the limit that the
/// brand published.
/// - Redeeming ends only after a notice of at least `NOTICE` seconds, made public by an event.
/// After it, the points still belong to the holders, who can still transfer them.
/// - A pause stops issuing, and nothing else.
///
/// The identity registry says at every call who may act for the brand: the controller of the
/// identity `BRAND`, or its valid delegate for a role. So an issuer that is revoked there is
/// stopped here at once.
///
/// | function | who |
/// |---|---|
/// | `issue`, `issueBatch` | delegate `careledger.issuer` or the controller, within its limit |
/// | `setIssuerLimit`, `setPaused` | delegate `careledger.manager`, or the controller |
/// | `announceWindDown`, `callOffWindDown` | the controller alone |
/// | `redeem`, everything of ERC-20, ERC-1363 | the holder |
/// | `redeemWithAuthorization`, `permit`, ERC-3009 | anyone who has the holder's signature |
///
/// Amounts have 18 decimals: 1 point is 10^18. Times are seconds since 1970 UTC. `ref` is a
/// commitment (a salted hash) to the order, ticket or feedback for which points were given or
/// redeemed. It never contains a readable name or number.
interface ILoyaltyToken is ISignedERC20 {
    // --------------------------------------------------------------------------------------- types

    /// @notice The state of the programme.
    struct Programme {
        /// @notice The identity whose points these are.
        address brand;
        /// @notice Points that were issued and not redeemed: what the brand owes.
        uint256 outstanding;
        /// @notice The most that may ever be outstanding.
        uint256 cap;
        /// @notice Seconds between the announcement of the end and the end.
        uint256 notice;
        /// @notice When issuing and redeeming end; 0 while no end is announced.
        uint256 closesAt;
        /// @notice Whether issuing is paused.
        bool paused;
    }

    /// @notice How fast an issuer may issue. The allowance refills evenly, `capacity` in `period`,
    /// up to `capacity`; so within any t seconds an issuer issues at most `capacity` * (1 + t /
    /// `period`).
    struct IssuerLimit {
        /// @notice The most at once; 0 when the issuer may issue nothing.
        uint256 capacity;
        /// @notice Seconds in which an empty allowance becomes full.
        uint256 period;
        /// @notice What the issuer may issue now.
        uint256 available;
    }

    /// @notice One item of a batch.
    struct Issue {
        address to;
        uint256 amount;
        bytes32 ref;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice A programme of points began.
    /// @custom:es Empezó un programa de puntos.
    /// @dev Emitted when the token is deployed.
    event ProgrammeOpened(address indexed brand, uint256 cap, uint256 notice);

    /// @notice A brand gave new points to a customer.
    /// @custom:es Una marca dio puntos nuevos a un cliente.
    /// @dev The `Transfer` from the zero address just before it says to whom and how many. To say
    /// it twice would cost every issue 631 gas.
    event Issued(bytes32 indexed ref, address issuer);

    /// @notice A brand gave new points to many customers.
    /// @custom:es Una marca dio puntos nuevos a muchos clientes.
    /// @dev The last `refs.length` `Transfer`s from the zero address before it, in their order,
    /// say to whom and how many.
    event IssuedBatch(address indexed issuer, bytes32[] refs);

    /// @notice A customer redeemed points.
    /// @custom:es Un cliente canjeó puntos.
    /// @dev `ref` stands for what the customer got.
    event Redeemed(address indexed from, bytes32 indexed ref, uint256 amount);

    /// @notice A brand set how fast an issuer may give points.
    /// @custom:es Una marca fijó la rapidez con la que un emisor puede dar puntos.
    event IssuerLimitSet(address indexed issuer, uint256 capacity, uint256 period);

    /// @notice A brand paused or resumed giving points.
    /// @custom:es Una marca pausó o reanudó la entrega de puntos.
    event PausedSet(bool paused);

    /// @notice A brand announced the end of its programme of points.
    /// @custom:es Una marca anunció el fin de su programa de puntos.
    event WindDownAnnounced(uint256 closesAt);

    /// @notice A brand called off the announced end of its programme of points.
    /// @custom:es Una marca anuló el fin anunciado de su programa de puntos.
    event WindDownCalledOff(uint256 closesAt);

    // -------------------------------------------------------------------------------------- errors

    /// @notice The caller does not act for the brand in this role.
    /// @custom:es Quien llama no actúa por la marca en este rol.
    error LoyaltyToken_NotAllowed(address actor, bytes32 role);

    /// @notice Only the brand's controller may do this.
    /// @custom:es Solo el controlador de la marca puede hacer esto.
    error LoyaltyToken_NotController(address actual, address expected);

    /// @notice The brand has paused giving points.
    /// @custom:es La marca ha pausado la entrega de puntos.
    error LoyaltyToken_Paused();

    /// @notice The programme of points has ended.
    /// @custom:es El programa de puntos ha terminado.
    error LoyaltyToken_Closed(uint256 closesAt);

    /// @notice No end of the programme is announced.
    /// @custom:es No hay un fin anunciado del programa.
    error LoyaltyToken_NotClosing();

    /// @notice The end of the programme is already announced.
    /// @custom:es El fin del programa ya está anunciado.
    error LoyaltyToken_ClosingAlready(uint256 closesAt);

    /// @notice There would be more points than the programme allows.
    /// @custom:es Habría más puntos de los que permite el programa.
    error LoyaltyToken_AboveCap(uint256 amount, uint256 room);

    /// @notice The issuer may not give so many points now.
    /// @custom:es El emisor no puede dar tantos puntos ahora.
    error LoyaltyToken_AboveLimit(address issuer, uint256 amount, uint256 available);

    /// @notice The limit of the issuer is not valid.
    /// @custom:es El límite del emisor no es válido.
    /// @dev `capacity` is above 2^96 - 1, or `period` is 0 or above 2^24 - 1 (194 days).
    error LoyaltyToken_BadLimit(uint256 capacity, uint256 period);

    /// @notice The programme of points is not valid.
    /// @custom:es El programa de puntos no es válido.
    /// @dev No registry, no brand, a cap of 0 or above 2^128 - 1, or a notice below
    /// `SHORTEST_NOTICE` or above ten years.
    error LoyaltyToken_BadProgramme(address registry, address brand, uint256 cap, uint256 notice);

    /// @notice The amount of points must not be zero.
    /// @custom:es La cantidad de puntos no debe ser cero.
    error LoyaltyToken_ZeroAmount();

    // -------------------------------------------------------------------------------------- writes

    /// @notice Give new points to a customer.
    /// @custom:es Da puntos nuevos a un cliente.
    /// @dev For the brand's issuers, within their limit. Emits `Transfer` from the zero address,
    /// and `Issued`. Reverts: NotAllowed, AboveLimit, AboveCap, Paused, Closed, ZeroAmount, and
    /// SignedERC20_BadRecipient when `to` is the zero address or this contract.
    ///
    /// Warning: points may be issued twice for the same `ref`. Whoever must not do so checks the
    /// events first.
    function issue(address to, uint256 amount, bytes32 ref) external;

    /// @notice Give new points to many customers, to all of them or to none.
    /// @custom:es Da puntos nuevos a muchos clientes, a todos o a ninguno.
    /// @dev As `issue`, for the sum. Emits a `Transfer` from the zero address for each, and one
    /// `IssuedBatch`. No amount may be 0.
    function issueBatch(Issue[] calldata items) external;

    /// @notice Redeem own points.
    /// @custom:es Canjea puntos propios.
    /// @dev `ref` stands for what the holder gets; the brand's shop watches for `Redeemed`. Emits
    /// `Transfer` to the zero address, and `Redeemed`. A pause does not stop it. Reverts:
    /// InsufficientBalance, ZeroAmount, and Closed when the programme has ended, because then
    /// nobody gives anything for the points.
    function redeem(uint256 amount, bytes32 ref) external;

    /// @notice Redeem points, with the holder's signature.
    /// @custom:es Canjea puntos, con la firma del titular.
    /// @dev For anyone. The holder signs `RedeemWithAuthorization(address from,uint256
    /// value,bytes32 ref,uint256 validAfter,uint256 validBefore,bytes32 nonce)`. Times and nonce
    /// are those of ERC-3009, with the same nonces, so `cancelAuthorization` cancels it.
    function redeemWithAuthorization(
        address from,
        uint256 amount,
        bytes32 ref,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Set how fast an issuer may give points.
    /// @custom:es Fija la rapidez con la que un emisor puede dar puntos.
    /// @dev A capacity of 0 with any period stops the issuer. An issuer that had no limit begins
    /// with a full allowance. Otherwise it keeps what it has, up to the new capacity. The limit
    /// alone allows nothing: the registry must name the issuer too. Reverts: NotAllowed, BadLimit.
    function setIssuerLimit(address issuer, uint256 capacity, uint256 period) external;

    /// @notice Pause or resume giving points.
    /// @custom:es Pausa o reanuda la entrega de puntos.
    /// @dev Reverts: NotAllowed.
    function setPaused(bool paused) external;

    /// @notice Announce that the programme of points ends after the notice period.
    /// @custom:es Anuncia que el programa de puntos termina tras el plazo de preaviso.
    /// @dev For the brand's controller. The programme ends `NOTICE` seconds from now; until then
    /// nothing changes. Reverts: NotController, ClosingAlready.
    function announceWindDown() external;

    /// @notice Call off the announced end of the programme before it comes.
    /// @custom:es Anula el fin anunciado del programa antes de que llegue.
    /// @dev For the brand's controller. To end the programme after all, the whole notice runs
    /// again. Reverts: NotController, NotClosing, Closed.
    function callOffWindDown() external;

    // --------------------------------------------------------------------------------------- views

    /// @notice The shortest notice that a programme may have, in seconds.
    /// @custom:es El preaviso más corto que puede tener un programa, en segundos.
    function SHORTEST_NOTICE() external view returns (uint256);

    /// @notice The registry that says who acts for the brand.
    /// @custom:es El registro que dice quién actúa por la marca.
    function REGISTRY() external view returns (IIdentityRegistry);

    /// @notice The brand whose points these are.
    /// @custom:es La marca cuyos puntos son estos.
    function BRAND() external view returns (address);

    /// @notice The highest number of points that there may ever be.
    /// @custom:es El mayor número de puntos que puede haber.
    function CAP() external view returns (uint256);

    /// @notice How long before its end a programme must announce it, in seconds.
    /// @custom:es Con cuánta antelación debe anunciar un programa su fin, en segundos.
    function NOTICE() external view returns (uint256);

    /// @notice The state of the programme, including how many points customers hold.
    /// @custom:es El estado del programa, incluidos los puntos que tienen los clientes.
    function programme() external view returns (Programme memory);

    /// @notice How fast an issuer may give points, and how many now.
    /// @custom:es La rapidez con la que un emisor puede dar puntos, y cuántos ahora.
    function issuerLimit(address issuer) external view returns (IssuerLimit memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPointMarket} from "./IPointMarket.sol";
import {IPointSwaps} from "./IPointSwaps.sol";

/// @title IPointPools
/// @notice Points of one brand for points of another at any time, against a pool whose price
/// follows from what it holds.
///
/// **Price.** Each pair of tokens has one pool. From what is paid in, first the fee of its brand
/// is deducted, then 0.30 % (`LP_FEE_BPS`) stays for those who funded the pool. The rest is priced
/// so that the product of the two reserves stays constant. From what comes out, the fee of its
/// brand is deducted. Every division is rounded in the pool's favour, except that brands' fees are
/// rounded down. A swap never lowers the product of the reserves.
///
/// **Shares.** Whoever funds a pool gets shares (ERC-6909, id = the pair's id as a number): a part
/// of both reserves and of what they earn. The first 1,000 shares of a pair never belong to
/// anybody. Reserves are booked: tokens that are only sent here change no price, and are lost.
///
/// **Brands.** A pool swaps only while the policies of both brands in `POLICIES` allow pools. The
/// policies are copied into the pair's own slot, which makes a swap cheap. `addLiquidity` copies
/// them, and so does `sync`, which anyone may call and a brand's own tools call directly after
/// `setPolicy`. A brand's fees are collected here and go to the account in its policy, whoever
/// calls `collectFees`. Removing liquidity needs no policy: no brand can lock it in.
///
/// **Hostile tokens.** Only tokens with a policy are accepted, and anyone can have one for a token
/// of their own. A hostile token harms only the pools that hold it: what arrives is measured, a
/// pair that is in the middle of a swap is locked, and a token that cannot be paid out does not
/// block the other one (see `claim`).
///
/// Reserves are below 2^104 (with 18 decimals 20 million million points). Times are seconds since
/// 1970 UTC.
interface IPointPools is IPointSwaps {
    // --------------------------------------------------------------------------------------- types

    /// @notice The state of a pair. Token 0 is the one with the lower address.
    struct Pair {
        bytes32 id;
        address token0;
        address token1;
        uint256 reserve0;
        uint256 reserve1;
        /// @notice All shares, the 1,000 that belong to nobody included; 0 for a pair that was
        /// never funded.
        uint256 shares;
        /// @notice The brands' fees as of the last copy, in basis points.
        uint256 feeBps0;
        uint256 feeBps1;
        /// @notice Whether both brands let the pool swap, as of the last copy.
        bool open;
    }

    /// @notice What a swap would come to.
    struct Quote {
        /// @notice What the swapper gets.
        uint256 received;
        /// @notice What of the amount paid in goes to the brand of the token paid in.
        uint256 feeIn;
        /// @notice What goes to the brand of the token that comes out, beside `received`.
        uint256 feeOut;
    }

    /// @notice Tokens to fund a pool with; A and B in either order.
    struct Funding {
        address tokenA;
        address tokenB;
        /// @notice The most to pay in; of one of them less is taken, as the pool's price demands.
        uint256 amountA;
        uint256 amountB;
        /// @notice The least to pay in, against a price that moves before the transaction is
        /// mined.
        uint256 minA;
        uint256 minB;
        /// @notice Who gets the shares.
        address to;
        /// @notice The last second at which to do it.
        uint256 deadline;
    }

    /// @notice Shares to give up; A and B in either order.
    struct Removal {
        address tokenA;
        address tokenB;
        uint256 shares;
        /// @notice The least to get back, against a price that moves before the transaction is
        /// mined.
        uint256 minA;
        uint256 minB;
        /// @notice Who gets the tokens.
        address to;
        /// @notice The last second at which to do it.
        uint256 deadline;
    }

    /// @notice A swap that a holder signs and somebody else sends.
    struct SwapOrder {
        address from;
        address tokenIn;
        address tokenOut;
        uint256 amountIn;
        uint256 minOut;
        /// @notice Who gets what comes out.
        address to;
        /// @notice The last second at which to do it.
        uint256 deadline;
        /// @notice Anything, to tell one's orders apart.
        bytes32 salt;
    }

    // -------------------------------------------------------------------------------------- events

    /// @notice Somebody paid points into a pool and got shares.
    /// @custom:es Alguien aportó puntos a un fondo y recibió participaciones.
    event LiquidityAdded(
        bytes32 indexed id,
        address indexed provider,
        address indexed to,
        uint256 amount0,
        uint256 amount1,
        uint256 shares
    );

    /// @notice Somebody gave up shares and got points back from a pool.
    /// @custom:es Alguien entregó participaciones y recuperó puntos de un fondo.
    event LiquidityRemoved(
        bytes32 indexed id,
        address indexed provider,
        address indexed to,
        uint256 amount0,
        uint256 amount1,
        uint256 shares
    );

    /// @notice Points could not be paid out to a provider, who can claim them later.
    /// @custom:es No se pudieron pagar puntos a un aportante, que puede cobrarlos más tarde.
    event Credited(address indexed token, address indexed provider, uint256 amount);

    /// @notice A provider claimed points that could not be paid out before.
    /// @custom:es Un aportante cobró puntos que antes no se pudieron pagar.
    event Claimed(address indexed token, address indexed provider, address to, uint256 amount);

    /// @notice A pool took over the brands' present terms for swaps.
    /// @custom:es Un fondo adoptó las condiciones actuales de las marcas para intercambios.
    event Synced(bytes32 indexed id, uint256 feeBps0, uint256 feeBps1, bool open);

    /// @notice A brand got the fees of its points.
    /// @custom:es Una marca recibió las comisiones de sus puntos.
    event FeesCollected(address indexed token, address indexed to, uint256 amount);

    // -------------------------------------------------------------------------------------- errors

    /// @notice A pair consists of two different tokens.
    /// @custom:es Un par consta de dos tokens distintos.
    error PointPools_SameToken(address token);

    /// @notice The pool is not open for swaps.
    /// @custom:es El fondo no está abierto para intercambios.
    /// @dev The brands do not allow it, or nobody has told the pool that they do (`addLiquidity`,
    /// `sync`).
    error PointPools_NotOpen(bytes32 id);

    /// @notice The pool is in the middle of another transaction.
    /// @custom:es El fondo está en medio de otra transacción.
    /// @dev A token called back.
    error PointPools_Locked(bytes32 id);

    /// @notice The deadline has passed.
    /// @custom:es El plazo ha vencido.
    error PointPools_Expired(uint256 actual, uint256 deadline);

    /// @notice Points and shares cannot go to the zero address or to the pools themselves.
    /// @custom:es Los puntos y las participaciones no pueden ir a la dirección cero ni a los
    /// propios fondos.
    error PointPools_BadRecipient(address to);

    /// @notice The swap gives less than you asked for, or nothing.
    /// @custom:es El intercambio da menos de lo que pidió, o nada.
    /// @dev It gives nothing while nobody has funded the pool.
    error PointPools_TooLittleOut(bytes32 id, uint256 received, uint256 minOut);

    /// @notice The amount is too large for the pool.
    /// @custom:es La cantidad es demasiado grande para el fondo.
    /// @dev A reserve would be above 2^104 - 1. `reserve` is what it would be or, in a swap, what
    /// would be paid in.
    error PointPools_TooMuch(bytes32 id, uint256 reserve);

    /// @notice The price of the pool asks for, or gives back, less of a token than you allowed.
    /// @custom:es El precio del fondo exige, o devuelve, menos de un token de lo que permitió.
    error PointPools_BelowMinimum(address token, uint256 amount, uint256 minimum);

    /// @notice The amounts are too small for a share.
    /// @custom:es Las cantidades son demasiado pequeñas para una participación.
    error PointPools_NoShares(bytes32 id);

    /// @notice Fewer points arrived than were sent.
    /// @custom:es Llegaron menos puntos de los que se enviaron.
    /// @dev The token takes a part of transfers.
    error PointPools_Short(address token, uint256 actual, uint256 expected);

    /// @notice There are no fees, or the brand's terms name nobody to get them.
    /// @custom:es No hay comisiones, o las condiciones de la marca no nombran a nadie que las
    /// reciba.
    error PointPools_NothingToCollect(address token, uint256 amount, address to);

    /// @notice There is nothing to claim.
    /// @custom:es No hay nada que cobrar.
    error PointPools_NothingToClaim(address token, address provider);

    // -------------------------------------------------------------------------------------- writes

    /// @notice Swap points of one brand for points of another in a pool.
    /// @custom:es Intercambia en un fondo puntos de una marca por puntos de otra.
    /// @dev For anyone, who must have let this contract spend `amountIn`. Emits `Swapped` (maker:
    /// this contract; id: the pair's), and `FeeCharged` for each brand that earns. Reverts:
    /// Expired, NotOpen, Locked, TooMuch, TooLittleOut, Short, or with the error of a token.
    /// @param minOut The least that the caller must get, fees deducted; nothing is refused anyway.
    /// @param deadline The last second at which to do it.
    /// @return received What the caller got.
    function swap(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        uint256 deadline
    ) external returns (uint256 received);

    /// @notice Swap points in a pool, with the holder's signature.
    /// @custom:es Intercambia puntos en un fondo, con la firma del titular.
    /// @dev For anyone. The holder needs no ether and no allowance. The holder signs an ERC-3009
    /// `ReceiveWithAuthorization` of `tokenIn`: from = order.from, to = this contract, value =
    /// order.amountIn, validAfter = 0, validBefore = order.deadline + 1, and nonce =
    /// `orderNonce(order)`, which binds the rest. To cancel an order, cancel that authorization at
    /// the token.
    function swapWithAuthorization(SwapOrder calldata order, bytes calldata signature)
        external
        returns (uint256 received);

    /// @notice Pay points of two brands into a pool and get shares.
    /// @custom:es Aporta a un fondo puntos de dos marcas y recibe participaciones.
    /// @dev The first payment sets the price, and leaves 1,000 shares to nobody. Both policies are
    /// copied first. Emits `Synced` when that changed something, and `LiquidityAdded`. Reverts:
    /// Expired, BadRecipient, SameToken, Locked, NotOpen, TooMuch, NoShares, BelowMinimum, Short.
    /// @return shares What `to` got.
    function addLiquidity(Funding calldata funding) external returns (uint256 shares);

    /// @notice Give up own shares and get points of both brands back.
    /// @custom:es Entrega participaciones propias y recupera puntos de ambas marcas.
    /// @dev It needs no consent. A token whose transfer fails is credited to the caller, for
    /// `claim`. Reverts: Expired, BadRecipient, Locked, NoShares, BelowMinimum.
    function removeLiquidity(Removal calldata removal)
        external
        returns (uint256 amountA, uint256 amountB);

    /// @notice Claim points that could not be paid out to the caller before.
    /// @custom:es Cobra puntos que antes no se pudieron pagar a quien llama.
    /// @dev At an address of the caller's choice. Reverts: BadRecipient, NothingToClaim.
    function claim(address token, address to) external returns (uint256 amount);

    /// @notice Let a pool take over both brands' present terms for swaps.
    /// @custom:es Hace que un fondo adopte las condiciones actuales de ambas marcas para
    /// intercambios.
    /// @dev For anyone. Reverts: Locked.
    function sync(address tokenA, address tokenB) external;

    /// @notice Send the fees of a brand to the account that the brand named.
    /// @custom:es Envía las comisiones de una marca a la cuenta que la marca nombró.
    /// @dev For anyone. Reverts: NothingToCollect.
    function collectFees(address token) external returns (uint256 amount);

    // --------------------------------------------------------------------------------------- views

    /// @notice What every swap leaves to those who fund pools, in basis points of what is paid in.
    /// @custom:es Lo que cada intercambio deja a quienes aportan a los fondos, en puntos básicos
    /// de lo que se paga.
    function LP_FEE_BPS() external view returns (uint256);

    /// @notice How many of a pair's shares belong to nobody.
    /// @custom:es Cuántas participaciones de un par no son de nadie.
    function LOCKED_SHARES() external view returns (uint256);

    /// @notice The market in which brands set their terms for swaps.
    /// @custom:es El mercado en el que las marcas fijan sus condiciones para intercambios.
    function POLICIES() external view returns (IPointMarket);

    /// @notice What a swap would give now.
    /// @custom:es Lo que daría ahora un intercambio.
    /// @dev Reverts as `swap`.
    function quote(address tokenIn, address tokenOut, uint256 amountIn)
        external
        view
        returns (Quote memory);

    /// @notice The state of a pair: reserves, shares and fees.
    /// @custom:es El estado de un par: reservas, participaciones y comisiones.
    /// @dev A pair that was never funded has no reserves and no shares, whatever was copied.
    function pairOf(address tokenA, address tokenB) external view returns (Pair memory);

    /// @notice The fees of a brand that were not collected yet.
    /// @custom:es Las comisiones de una marca que aún no se han cobrado.
    function feesOf(address token) external view returns (uint256);

    /// @notice What a provider can claim in a token.
    /// @custom:es Lo que un aportante puede cobrar en un token.
    function creditOf(address token, address provider) external view returns (uint256);

    /// @notice The nonce of the authorization that stands for a signed swap.
    /// @custom:es El nonce de la autorización que representa un intercambio firmado.
    /// @dev keccak256(tokenOut, minOut, to, salt), each as a word.
    function orderNonce(SwapOrder calldata order) external pure returns (bytes32);
}

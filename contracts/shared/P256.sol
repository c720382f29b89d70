// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title P256
/// @notice Whether a key of the curve P-256 (secp256r1) signed a hash: by the chain's precompile,
/// else in Solidity.
///
/// @dev Written from the mathematics, from no other program. Verification: SEC 1 (2.0) 4.1.4 and
/// FIPS 186-5 6.4.2; the curve: SP 800-186 3.2.1.3. Jacobian coordinates, where a = -3: the
/// Explicit-Formulas Database, the identities of "dbl-2001-b" (slope 3 (X + Z^2) (X - Z^2)) and of
/// "madd" (the second point has Z = 1). The sum of two multiples by Shamir's trick: both scalars
/// are read two bits at a time, and one addition serves both. Inverses: Fermat.
///
/// Assumed: that the precompile at 0x100, where it takes the canary, verifies as EIP-7951
/// (RIP-7212) says, and that it never takes a bad signature (deployment asks it about one:
/// `careledger/chain/p256.py`). Of modexp (0x05) nothing is assumed: its answers are checked, and
/// done without where they are wrong. Nothing here is secret, so nothing runs in constant time:
/// never sign with this.
///
/// Warning: both values of s are good (s and N - s), so a signature has two forms. Count by nonce
/// or id.
library P256 {
    // --------------------------------------------------------------------------------------- types

    /// @dev The point (x / z^2, y / z^3). The point at infinity is (0, 0, 0) and has no other form
    /// here.
    struct Point {
        uint256 x;
        uint256 y;
        uint256 z;
    }

    // ----------------------------------------------------------------------------------- constants

    /// @dev The curve is y^2 = x^3 - 3x + B over the integers modulo P; G generates its points, N
    /// in number, a prime.
    uint256 internal constant P =
        0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff;
    uint256 internal constant N =
        0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 internal constant B =
        0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b;
    uint256 internal constant GX =
        0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296;
    uint256 internal constant GY =
        0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5;

    uint256 private constant _2GX =
        0x7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978;
    uint256 private constant _2GY =
        0x07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1;
    uint256 private constant _3GX =
        0x5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c;
    uint256 private constant _3GY =
        0x8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032;

    address private constant _PRECOMPILE = address(0x100);
    address private constant _MODEXP = address(0x05);

    // --------------------------------------------------------------------------------------- views

    /// @notice Whether (x, y) is a point of the curve, both coordinates below P.
    /// @dev The point at infinity has no such coordinates. The cofactor is 1: every point is a
    /// multiple of G.
    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        if (x >= P || y >= P) return false;
        uint256 cube = mulmod(mulmod(x, x, P), x, P);
        return mulmod(y, y, P) == addmod(addmod(cube, mulmod(P - 3, x, P), P), B, P);
    }

    /// @notice Whether (r, s) is a signature of `hash` by the key (x, y).
    /// @dev Never reverts but for want of gas. About 8,000 gas by the precompile; some 210,000 in
    /// Solidity, good or bad (30,000 more for each inverse that modexp does not give). What no
    /// signature can be costs next to nothing.
    ///
    /// The precompile answers with nothing where a signature is bad and where it is not there
    /// itself. Only then is it asked about one that is good: that of the hash 1 by the private key
    /// 1 with the nonce 1, so that the key and the nonce's point are G, r is G's x and s is r + 1.
    function verify(bytes32 hash, uint256 r, uint256 s, uint256 x, uint256 y)
        internal
        view
        returns (bool)
    {
        if (r == 0 || r >= N || s == 0 || s >= N) return false;
        if (_precompileTakes(hash, r, s, x, y)) return true;
        if (!isOnCurve(x, y) || _precompileTakes(bytes32(uint256(1)), GX, GX + 1, GX, GY)) {
            return false;
        }
        return _isSignature(hash, r, s, x, y);
    }

    // ----------------------------------------------------------------------------------- internals

    function _precompileTakes(bytes32 hash, uint256 r, uint256 s, uint256 x, uint256 y)
        private
        view
        returns (bool)
    {
        (bool success, bytes memory answer) = _PRECOMPILE.staticcall(abi.encode(hash, r, s, x, y));
        return success && answer.length == 32 && uint256(bytes32(answer)) == 1;
    }

    /// @dev Whether the x of (hash / s) G + (r / s) (x, y) is r modulo N. That x is below P, so it
    /// is r or r + N; it is compared without dividing by z^2. A hash of N and more counts modulo
    /// N.
    function _isSignature(bytes32 hash, uint256 r, uint256 s, uint256 x, uint256 y)
        private
        view
        returns (bool)
    {
        uint256 w = _inverse(s, N);
        Point memory p = _combined(_table(x, y), mulmod(uint256(hash), w, N), mulmod(r, w, N));
        if (p.z == 0) return false;
        w = mulmod(p.z, p.z, P);
        return p.x == mulmod(r, w, P) || (r < P - N && p.x == mulmod(r + N, w, P));
    }

    /// @dev u G + v Q, by `table`, from the highest two bits of both down to the lowest.
    function _combined(Point[16] memory table, uint256 u, uint256 v)
        private
        pure
        returns (Point memory p)
    {
        // i goes down from 256 to 0 by twos.
        unchecked {
            uint256 i = 256;
            do {
                i -= 2;
                _advance(p, 2, table[(u >> i & 3) << 2 | (v >> i & 3)]);
            } while (i != 0);
        }
    }

    /// @dev At 4 i + j is i G + j (x, y), each with z = 1, or infinity: 0 always, others where (x,
    /// y) makes them so.
    function _table(uint256 x, uint256 y) private view returns (Point[16] memory table) {
        for (uint256 j = 1; j < 4; ++j) {
            table[j] = Point(x, y, 1);
        }
        _advance(table[2], 1, table[0]);
        _advance(table[3], 1, table[1]);
        table[4] = Point(GX, GY, 1);
        table[8] = Point(_2GX, _2GY, 1);
        table[12] = Point(_3GX, _3GY, 1);
        for (uint256 i = 4; i < 16; i += 4) {
            for (uint256 j = 1; j < 4; ++j) {
                table[i + j] = Point(table[j].x, table[j].y, table[j].z);
                _advance(table[i + j], 0, table[i]);
            }
        }
        _flatten(table);
    }

    /// @dev Make every z 1, by one inverse for all (Montgomery's trick): the inverse of their
    /// product, times the product of those before, is the inverse of the last; times the last, it
    /// is the inverse of the shorter product.
    function _flatten(Point[16] memory table) private view {
        uint256[16] memory before;
        uint256 product = 1;
        for (uint256 i = 1; i < 16; ++i) {
            before[i] = product;
            if (table[i].z != 0) product = mulmod(product, table[i].z, P);
        }
        product = _inverse(product, P);
        for (uint256 i = 15; i != 0; --i) {
            Point memory p = table[i];
            if (p.z == 0) continue;
            uint256 inverse = mulmod(product, before[i], P);
            product = mulmod(product, p.z, P);
            uint256 square = mulmod(inverse, inverse, P);
            (p.x, p.y, p.z) =
            (mulmod(p.x, square, P), mulmod(p.y, mulmod(square, inverse, P), P), 1);
        }
    }

    /// @dev Double p so many times, then add q, whose z is 1 or which is infinity.
    ///
    /// Doubling, with Y = 2y and c = x Y^2: slope m = 3 (x - z^2) (x + z^2), x' = m^2 - 2c, y' = m
    /// (c - x') - Y^4 / 2, z' = Y z. P >> 1 is -1/2. No point has y = 0, the order being odd;
    /// infinity stays (0, 0, 0). Adding: h = q.x z^2 - x, t = q.y z^3 - y, x' = t^2 - h^3 - 2 x
    /// h^2, y' = t (x h^2 - x') - y h^3, z' = z h. With h = 0 that says nothing: then p is
    /// infinity (whose x is 0), or q, or -q.
    function _advance(Point memory p, uint256 doublings, Point memory q) private pure {
        (uint256 x, uint256 y, uint256 z) = (p.x, p.y, p.z);
        // Coordinates are below P, for mulmod and addmod made them so, or the check of the key: P
        // - x cannot wrap.
        unchecked {
            while (doublings != 0) {
                --doublings;
                uint256 m = mulmod(z, z, P);
                m = mulmod(3, mulmod(addmod(x, m, P), addmod(x, P - m, P), P), P);
                y = addmod(y, y, P);
                z = mulmod(y, z, P);
                y = mulmod(y, y, P);
                uint256 c = mulmod(x, y, P);
                x = addmod(mulmod(m, m, P), mulmod(P - 2, c, P), P);
                y = addmod(
                    mulmod(m, addmod(c, P - x, P), P), mulmod(P >> 1, mulmod(y, y, P), P), P
                );
            }
            if (q.z != 0) {
                uint256 t = mulmod(z, z, P);
                uint256 h = addmod(mulmod(q.x, t, P), P - x, P);
                t = addmod(mulmod(q.y, mulmod(t, z, P), P), P - y, P);
                if (h == 0) return _addAlike(p, z == 0, t == 0, q);
                z = mulmod(z, h, P);
                uint256 v = mulmod(h, h, P);
                h = mulmod(h, v, P);
                v = mulmod(x, v, P);
                x = addmod(mulmod(t, t, P), addmod(P - h, mulmod(P - 2, v, P), P), P);
                y = addmod(mulmod(t, addmod(v, P - x, P), P), P - mulmod(y, h, P), P);
            }
        }
        (p.x, p.y, p.z) = (x, y, z);
    }

    /// @dev Into p goes infinity + q, q + q or -q + q.
    function _addAlike(Point memory p, bool isInfinity, bool isEqual, Point memory q)
        private
        pure
    {
        (p.x, p.y, p.z) = isInfinity || isEqual ? (q.x, q.y, 1) : (0, 0, 0);
        if (isEqual && !isInfinity) _advance(p, 1, Point(0, 0, 0));
    }

    /// @dev a^(prime - 2), where a is not 0: by modexp, or by squaring and multiplying where
    /// modexp cannot be had.
    function _inverse(uint256 a, uint256 prime) private view returns (uint256 inverse) {
        uint256 exponent = prime - 2;
        (bool success, bytes memory answer) =
            _MODEXP.staticcall(abi.encode(32, 32, 32, a, exponent, prime));
        if (success && answer.length == 32) inverse = uint256(bytes32(answer));
        if (mulmod(a, inverse, prime) == 1) return inverse;
        inverse = 1;
        for (uint256 bit = 1 << 255; bit != 0; bit >>= 1) {
            inverse = mulmod(inverse, inverse, prime);
            if (exponent & bit != 0) inverse = mulmod(inverse, a, prime);
        }
    }
}

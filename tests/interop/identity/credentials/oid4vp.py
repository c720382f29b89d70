"""Other people's SD-JWT verifiers in Python, in an environment of their own: `polaris-oid4vp` and
`sd-jwt`.

Reads one JSON object from stdin, `{"steps": [{"do": name, ...}]}`, and writes a list: for every
step `{"ok": answer}`, or `{"refused": why}`. Run by tests/interop/.venv, which `make interop`
installs from requirements-oid4vp.txt.
"""

import json
import sys
from typing import Any

from jwcrypto.common import JWException, base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, InvalidJWSSignature
from polaris_oid4vp.sdjwt import verify_presentation
from polaris_oid4vp.status import StatedAuthority, decide
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

Json = Any


class Refused(Exception):
    """A verifier says no, and why."""


def polaris(
    token: str,
    *,
    nonce: str,
    audience: str,
    keys: list[Json],
    vct: str,
    lists: dict[str, str],
    now: int,
) -> Json:
    """Verify a presentation, and its status where `lists` has the list."""

    def status(uri: str, idx: int, issuer: str) -> Json:
        authority = StatedAuthority()
        authority.state(
            credential_issuer=issuer, status_uri=uri, verify=signed, why="the issuer's own list"
        )
        return decide(
            lists[uri],
            index=idx,
            expected_uri=uri,
            authority=authority,
            now=now,
            credential_issuer=issuer,
        )

    def signed(signing_input: bytes, signature: bytes, _header: Json) -> bool:
        jws = JWS()
        jws.deserialize(f"{signing_input.decode()}.{base64url_encode(signature)}")
        return any(fits(jws, JWK(**key)) for key in keys)

    verdict = verify_presentation(
        token, expected_nonce=nonce, expected_audience=audience, issuer_jwks=keys, expected_vct=vct,
        now=now,
        status_resolver=status if lists else None,
    )  # fmt: skip
    if not verdict.authentic:
        raise Refused(f"{verdict.code}: {verdict.reason}")
    return {"claims": verdict.claims, "revocation": verdict.revocation}


def fits(jws: JWS, key: JWK) -> bool:
    try:
        jws.verify(key, alg="ES256")
    except InvalidJWSSignature:
        return False
    return True


def marked(claims: Json) -> Json:
    """Return claims with the reference's marks: {"sd": value} is a value to be disclosed apart.

    In an object the mark stands at the key: {"name": {"sd": value}} is {SDObj("name"): value}.
    """
    if isinstance(claims, dict):
        return {
            SDObj(name) if is_marked(value) else name: marked(
                value["sd"] if is_marked(value) else value
            )
            for name, value in claims.items()
        }
    if isinstance(claims, list):
        return [
            SDObj(marked(value["sd"])) if is_marked(value) else marked(value) for value in claims
        ]
    return claims


def is_marked(value: Json) -> bool:
    return isinstance(value, dict) and set(value) == {"sd"}


def issue(claims: Json, *, key: Json, holder: Json, alg: str, decoys: bool, header: Json) -> str:
    made = SDJWTIssuer(
        marked(claims),
        JWK(**key),
        JWK(**holder),
        sign_alg=alg,
        add_decoy_claims=decoys,
        extra_header_parameters=header,
    )
    return made.sd_jwt_issuance


def present(
    token: str, *, disclose: Json, nonce: str, audience: str, holder: Json, alg: str
) -> str:
    wallet = SDJWTHolder(token)
    wallet.create_presentation(disclose, nonce, audience, JWK(**holder), alg)
    return wallet.sd_jwt_presentation


def verify(token: str, *, key: Json, nonce: str | None = None, audience: str | None = None) -> Json:
    return SDJWTVerifier(
        token, lambda _issuer, _header: JWK(**key), audience, nonce
    ).get_verified_payload()


STEPS = {"polaris": polaris, "issue": issue, "present": present, "verify": verify}


def main() -> None:
    answers = []
    for step in json.load(sys.stdin)["steps"]:
        action = STEPS[step.pop("do")]
        try:
            answers.append({"ok": action(**step)})
        except (Refused, ValueError, JWException) as refusal:
            answers.append({"refused": f"{type(refusal).__name__}: {refusal}"})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

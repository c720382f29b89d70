"""What a verifier does with a presentation: everything is checked, always, and each failure has its own class.

What can be checked without the node comes first, so that garbage costs no calls. Then everything is
read as of one block: the issuer's keys, the credential's status, the consent. Six calls to the node
for an issuer who has changed its document, and the time of the block of that change, once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from careledger.errors import InputError, SettingsError
from careledger.identity.consent.terms import Consent, hash_text, presentation_hash
from careledger.identity.credentials.checks import (
    ConsentReader,
    StatusReader,
    check_consent,
    check_status,
    check_terms,
)
from careledger.identity.credentials.credential import Received, from_sd_jwt, from_vc_jwt
from careledger.identity.credentials.errors import (
    ClaimMissing,
    ConsentMissing,
    Expired,
    IssuedInFuture,
    KeyBindingInvalid,
    KeyBindingMissing,
    KeyBindingStale,
    MalformedClaim,
    MalformedToken,
    NotYetValid,
    PresentationAltered,
    Replayed,
    StatusMissing,
    TokenTooLarge,
    UntrustedIssuer,
    WrongAudience,
    WrongNonce,
    WrongType,
)
from careledger.identity.credentials.formats import (
    StatusReference,
    at_path,
    path_of,
    path_text,
    read_date,
    read_text,
)
from careledger.identity.credentials.issuer_keys import DidKeys, KeyPolicy
from careledger.identity.credentials.jose import Jws, parse
from careledger.identity.credentials.policy import (
    Expected,
    ExpectedConsent,
    Nonces,
    Policy,
    Verified,
)
from careledger.identity.credentials.presentation import confirmed_key
from careledger.identity.credentials.sd_jwt import KEY_BINDING_TYPES, SdJwt
from careledger.identity.credentials.vc_jwt import VpJwt
from careledger.identity.did.client import IdentityRegistry
from careledger.values.times import from_seconds, time_text

__all__ = [
    "ConsentReader",
    "Expected",
    "ExpectedConsent",
    "KeyPolicy",
    "Nonces",
    "Policy",
    "StatusReader",
    "Verified",
    "Verifier",
]


@dataclass(frozen=True)
class _Moment:
    """Now, and the block as of which the chain is read."""

    at: datetime
    block: int


class Verifier:
    """Checks presentations and credentials against the chain."""

    def __init__(
        self,
        registry: IdentityRegistry,
        policy: Policy,
        *,
        consents: ConsentReader | None = None,
        statuses: StatusReader | None = None,
        nonces: Nonces | None = None,
        keys: DidKeys | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Say what to rely on.

        Args:
            consents: needed where consent is expected.
            statuses: needed for credentials with a status.
            nonces: where answered requests are remembered. None: the caller does, as
                `Verifications.record` does in one transaction with the result.
            keys: shares its memory of block times between verifiers.
            clock: returns the present time, aware; the machine's when None. The newest block's
                counts where later.

        """
        self.registry, self.policy = registry, policy
        self.consents, self.statuses, self.nonces = consents, statuses, nonces
        self.keys = keys or DidKeys(registry)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._trusted = (
            None
            if policy.issuers is None
            else {self.keys.did(one).address for one in policy.issuers}
        )

    def verify(
        self, presentation: str, expected: Expected, consent: Consent | None = None
    ) -> Verified:
        """Check a presentation, of either format.

        Args:
            presentation: an SD-JWT with key binding, or a W3C presentation as JWT.
            consent: what the customer handed over with it; its id is in the holder's proof.

        Raises:
            CredentialError: it is not accepted; the subclass says why.
            NodeError: the chain cannot be asked.
            SettingsError: a reader is missing that this presentation needs.

        """
        if len(presentation) > self.policy.limits.token:
            raise TokenTooLarge(
                f"the presentation has {len(presentation)} characters; at most {self.policy.limits.token} are read"
            )
        if "~" in presentation:
            return self._sd_jwt(presentation, expected, consent)
        return self._vc_jwt(presentation, expected, consent)

    def check(self, credential: str, type_: str | None = None) -> Verified:
        """Check a credential that nobody presents: what a holder does with what an issuer gave it.

        Signature, issuer's key, times, type and status are checked; no key binding, audience, nonce
        or consent.

        Args:
            type_: the type that it has to be of; None: any.

        Raises:
            CredentialError: it is not accepted; the subclass says why.
            NodeError: the chain cannot be asked.

        """
        if "~" in credential:
            token = SdJwt.read(credential, self.policy.limits)
            if token.key_binding is not None:
                raise MalformedToken(
                    "this is a presentation, with key binding, and not a credential"
                )
            found = from_sd_jwt(token)
        else:
            found = from_vc_jwt(credential, self.policy.limits)
        _check_type(found, type_)
        moment = self._moment()
        return self._believe(
            found, moment, credential, type_=type_ or found.types[-1], holder=None, consent_id=None
        )

    # -- the two formats

    def _sd_jwt(self, presentation: str, expected: Expected, consent: Consent | None) -> Verified:
        token = SdJwt.read(presentation, self.policy.limits)
        if token.key_binding is None:
            raise KeyBindingMissing(
                "the presentation carries no proof of the holder's key: anybody could hand it over"
            )
        proof = parse(token.key_binding, KEY_BINDING_TYPES, "the key binding", self.policy.limits)
        found = from_sd_jwt(token)
        key = confirmed_key(token.issuer_jwt.claims)
        _check_request(read_text(proof.claims, "aud", "the key binding"), proof, expected)
        if read_text(proof.claims, "sd_hash", "the key binding") != token.sd_hash:
            raise PresentationAltered(
                "the disclosures are not those that the holder signed for: one was added or removed"
            )
        if not key.verify(proof.alg, proof.signing_input, proof.signature):
            raise KeyBindingInvalid(
                "the proof is not by the key that the issuer confirmed as the holder's"
            )
        _check_type(found, expected.type)
        _check_claims(found.claims, expected.claims)
        consent_id = _check_named_consent(proof, expected, consent, found.scope)
        moment = self._moment()
        made = read_date(proof.claims, "iat", "the key binding")
        if made is None:
            raise MalformedClaim("the key binding: 'iat' is missing")
        self._check_made(made, moment)
        self._check_times(proof.claims, moment, "the key binding")
        verified = self._believe(
            found,
            moment,
            presentation,
            type_=expected.type,
            holder=key.thumbprint,
            consent_id=consent_id,
        )
        return self._finish(verified, expected, consent, moment)

    def _vc_jwt(self, presentation: str, expected: Expected, consent: Consent | None) -> Verified:
        vp = VpJwt.read(presentation, self.policy.limits)
        if len(vp.credentials) != 1:
            raise MalformedClaim(
                f"the presentation holds {len(vp.credentials)} credentials, and one was asked for"
            )
        found = from_vc_jwt(vp.credentials[0], self.policy.limits)
        if expected.audience not in vp.audience:
            raise WrongAudience(
                "the presentation was made for somebody else ('aud'): ask the holder for one of your own"
            )
        _check_request(expected.audience, vp.token, expected)
        holder = self.keys.did(vp.holder)
        if found.subject is None or self.keys.did(found.subject).address != holder.address:
            raise KeyBindingInvalid(
                "the presentation is not by the credential's subject: somebody else hands it over"
            )
        _check_type(found, expected.type)
        _check_claims(found.claims, expected.claims)
        consent_id = _check_named_consent(vp.token, expected, consent, found.scope)
        moment = self._moment()
        made = vp.issued_at
        if made is not None:
            self._check_made(made, moment)
        self._check_times(vp.token.claims, moment, "the presentation")
        self.keys.check(
            vp.token,
            vp.holder,
            moment.at,
            purpose="authentication",
            policy=KeyPolicy.AT_SIGNING,
            now=moment.at,
        )
        verified = self._believe(
            found,
            moment,
            presentation,
            type_=expected.type,
            holder=vp.holder,
            consent_id=consent_id,
        )
        return self._finish(verified, expected, consent, moment)

    # -- what both need

    def _moment(self) -> _Moment:
        block = self.registry.chain.block("latest")
        return _Moment(
            max(self._clock(), from_seconds(int(block["timestamp"], 16))), int(block["number"], 16)
        )

    def _check_made(self, made: int, moment: _Moment) -> None:
        at = from_seconds(made)
        if at > moment.at + self.policy.leeway:
            raise KeyBindingStale(
                f"the holder's proof was made at {time_text(at)}, which is not yet: a clock is wrong"
            )
        if at < moment.at - self.policy.key_binding_age - self.policy.leeway:
            raise KeyBindingStale(
                f"the holder's proof was made at {time_text(at)}, "
                f"longer ago than {self.policy.key_binding_age}: ask again"
            )

    def _check_times(
        self, claims: Mapping[str, Any], moment: _Moment, what: str
    ) -> datetime | None:
        begins, ends = read_date(claims, "nbf", what), read_date(claims, "exp", what)
        made = read_date(claims, "iat", what)
        if ends is not None and from_seconds(ends) <= moment.at - self.policy.leeway:
            raise Expired(
                f"{what} expired at {time_text(from_seconds(ends))}: ask the holder for a new one"
            )
        if begins is not None and from_seconds(begins) > moment.at + self.policy.leeway:
            raise NotYetValid(
                f"{what} is valid from {time_text(from_seconds(begins))} on, which is not yet"
            )
        if made is not None and from_seconds(made) > moment.at + self.policy.leeway:
            raise IssuedInFuture(
                f"{what} says that it was signed at {time_text(from_seconds(made))}, which is not yet: a clock is wrong"
            )
        return None if ends is None else from_seconds(ends)

    def _believe(
        self,
        found: Received,
        moment: _Moment,
        text: str,
        *,
        type_: str,
        holder: str | None,
        consent_id: bytes | None,
    ) -> Verified:
        """Check what the issuer has to do with: its key, the times, the status."""
        signed_at = from_seconds(found.signed_at)
        expires_at = self._check_times(found.token.claims, moment, "the credential")
        issuer = self.keys.did(found.issuer)
        if self._trusted is not None and issuer.address not in self._trusted:
            raise UntrustedIssuer(
                f"{found.issuer} issued the credential, and is none of those that you trust"
            )
        signed = self.keys.check(
            found.token, found.issuer, signed_at, policy=self.policy.keys, now=moment.at
        )
        if (
            found.status is not None
            and found.status.on_chain
            and found.status.issuer != issuer.address
        ):
            raise UntrustedIssuer(
                f"the credential is by {found.issuer}, who could not withdraw it: its status is {found.status.issuer}'s"
            )
        self._check_status(found.status, moment)
        return Verified(
            format=found.format,
            issuer=found.issuer,
            issuer_key=signed.key_id,
            key_valid_now=signed.valid_now,
            type=type_,
            subject=found.subject,
            claims=found.claims,
            disclosed=found.disclosed,
            issued_at=signed_at,
            expires_at=expires_at,
            status=found.status,
            holder=holder,
            scope=found.scope,
            consent_id=consent_id,
            presentation_hash=presentation_hash(text),
            verified_at=moment.at,
            block_number=moment.block,
        )

    def _check_status(self, status: StatusReference | None, moment: _Moment) -> None:
        if status is None:
            if self.policy.status_required:
                raise StatusMissing(
                    "the credential says nowhere whether it was withdrawn, and the policy insists on it"
                )
            return
        if self.statuses is None:
            raise SettingsError(
                "the credential has a status, and the verifier has nothing to read it with: give `statuses`"
            )
        check_status(self.statuses, status, moment.block)

    def _finish(
        self, verified: Verified, expected: Expected, consent: Consent | None, moment: _Moment
    ) -> Verified:
        """Check what the customer has to do with: the consent; then mark the request as answered."""
        if expected.consent is not None and verified.consent_id is not None:
            if self.consents is None:
                raise SettingsError(
                    "consent is expected, and the verifier has nothing to read it with: give `consents`"
                )
            check_consent(self.consents, verified.consent_id, moment.at, moment.block, consent)
        if self.nonces is not None and not self.nonces.spend(expected.nonce):
            raise Replayed(
                "this request was answered already: a presentation is good for one reading; ask anew"
            )
        return verified


def _check_request(audience: str, proof: Jws, expected: Expected) -> None:
    if audience != expected.audience:
        raise WrongAudience(
            "the presentation was made for somebody else ('aud'): ask the holder for one of your own"
        )
    if read_text(proof.claims, "nonce", "the holder's proof") != expected.nonce:
        raise WrongNonce(
            "the presentation answers another request ('nonce'): it may be a copy; ask anew"
        )


def _check_type(found: Received, wanted: str | None) -> None:
    if wanted is not None and wanted not in found.types:
        raise WrongType(
            f"the credential is of type {found.types[-1][:100]!r}, and {wanted!r} was asked for"
        )


def _check_claims(
    claims: Mapping[str, Any], wanted: Sequence[str | Sequence[str | int | None]]
) -> None:
    for path in map(path_of, wanted):
        if not any(True for _ in at_path(claims, path)):
            raise ClaimMissing(
                f"{path_text(path)} was asked for and not disclosed: ask the holder again"
            )


def _check_named_consent(
    proof: Jws, expected: Expected, consent: Consent | None, scope: bytes
) -> bytes | None:
    """Check the consent as far as the chain is not needed, and return its id."""
    named = proof.claims.get("consent")
    if expected.consent is None:
        return None
    if named is None or consent is None:
        raise ConsentMissing(
            "the presentation comes without the customer's consent, or the holder's proof names none"
        )
    try:
        consent_id = hash_text(named, "the consent's id")
    except InputError:
        raise MalformedClaim(
            "the holder's proof: 'consent' is no id of 32 bytes, 0x and 64 hexadecimal digits"
        ) from None
    check_terms(
        consent, grantee=expected.consent.grantee, scope=scope, purpose=expected.consent.purpose
    )
    return consent_id

"""Why a credential or a presentation is not accepted: a class for each kind, reasons in it.

```
CredentialError
+-- MalformedToken         it cannot be read, so nothing in it was believed     TokenReason
|   +-- BadBase64
+-- TokenSignatureError    the algorithm, the key or the signature is refused   SignatureReason
+-- KeyBindingError        the holder did not present it, here and now          KeyBindingReason
|   +-- HolderKeyMissing, Replayed
+-- DisclosureError        what is disclosed is not what the issuer signed      DisclosureReason
+-- IssuerError            the issuer, or its key, cannot be relied on          IssuerReason
+-- TimeError              it is not valid now                                  TimeReason
+-- ContentError           it is not about what was asked for                   ContentReason
|   +-- ClaimNotHeld
+-- StatusError            the issuer may have revoked the credential           StatusReason
|   +-- StatusStale
+-- ConsentError           the customer does not agree to this reading          ConsentReason
```

The code of such an error is `identity.<reason>`. Only what callers tell apart has a class of its
own. No message quotes the value of a claim: messages go to logs, and attributes of customers must
not.
"""

from careledger.errors import InputError, NotFound, ProofError, Reason, ReasonedError


class TokenReason(Reason):
    """Why a token cannot be read."""

    MALFORMED_TOKEN = "malformed-token", "The token is not one of a known form."
    TOKEN_TOO_LARGE = "token-too-large", "The token is longer or has more disclosures than allowed."
    BAD_BASE64 = "bad-base64", "A part is not base64url without padding (RFC 7515)."
    BAD_JSON = "bad-json", "A part is not strict JSON, or is nested too deep."
    BAD_HEADER = "bad-header", "A header parameter is missing or invalid."
    CRITICAL_HEADER = "critical-header", "The header demands (`crit`) an extension that is unknown."
    WRONG_TOKEN_TYPE = "wrong-token-type", "The header's `typ` is that of another kind of token."
    MALFORMED_CLAIM = "malformed-claim", "A claim with a fixed meaning is missing or invalid."
    MALFORMED_DISCLOSURE = (
        "malformed-disclosure",
        "A disclosure is not a salt and a value, or a salt, a name and a value.",
    )
    RESERVED_CLAIM_NAME = (
        "reserved-claim-name",
        "A claim has a name that SD-JWT uses itself: `_sd`, `_sd_alg` or `...`.",
    )


class SignatureReason(Reason):
    """Why a token's signature is refused."""

    ALGORITHM_REFUSED = (
        "algorithm-refused",
        "The algorithm is not ES256K, ES256K-R, ES256 or EdDSA.",
    )
    KEY_TYPE_MISMATCH = "key-type-mismatch", "The key is not of the type that the algorithm needs."
    SIGNATURE_INVALID = (
        "signature-invalid",
        "The signature is not the expected signer's, or the content was changed afterwards.",
    )


class KeyBindingReason(Reason):
    """Why a presentation is not the holder's, for this request, now."""

    KEY_BINDING_MISSING = (
        "key-binding-missing",
        "The presentation has no proof of the holder's key.",
    )
    HOLDER_KEY_MISSING = "holder-key-missing", "The credential does not name its holder's key."
    KEY_BINDING_INVALID = (
        "key-binding-invalid",
        "The proof is not by the key that the credential names.",
    )
    KEY_BINDING_STALE = "key-binding-stale", "The proof was made too long ago, or in the future."
    PRESENTATION_ALTERED = (
        "presentation-altered",
        "The disclosures are not those that the holder signed (`sd_hash`).",
    )
    WRONG_AUDIENCE = "wrong-audience", "The presentation was made for another verifier."
    WRONG_NONCE = "wrong-nonce", "The presentation answers another request."
    REPLAYED = "replayed", "The request was answered already."


class DisclosureReason(Reason):
    """Why what is disclosed is not what the issuer signed."""

    DISCLOSURE_NOT_SIGNED = (
        "disclosure-not-signed",
        "The issuer did not sign a disclosure's digest.",
    )
    DUPLICATE_DISCLOSURE = "duplicate-disclosure", "The same disclosure is given twice."
    DUPLICATE_DIGEST = "duplicate-digest", "The same digest is in two places."
    CLAIM_COLLISION = "claim-collision", "A disclosed claim has the name of another claim."
    HASH_REFUSED = "hash-refused", "The hash of disclosures is not SHA-256, SHA-384 or SHA-512."


class IssuerReason(Reason):
    """Why an issuer, or its key, cannot be relied on."""

    UNKNOWN_DID_METHOD = "unknown-did-method", "The issuer or holder is not named by a did:ethr."
    MALFORMED_ISSUER = "malformed-issuer", "The issuer's or holder's did:ethr is malformed."
    UNKNOWN_CHAIN = (
        "unknown-chain",
        "The issuer, its status or the consent is on another chain or contract than is read here.",
    )
    UNTRUSTED_ISSUER = "untrusted-issuer", "The verifier does not trust the issuer."
    ISSUER_KEY_UNKNOWN = (
        "issuer-key-unknown",
        "The key is not, and was not, in the signer's DID document.",
    )
    KEY_ROTATED = "key-rotated", "The key was in the signer's DID document at another time only."
    IDENTITY_DEACTIVATED = (
        "identity-deactivated",
        "The signer's identity was deactivated at the time that counts.",
    )


class TimeReason(Reason):
    """Why a credential or a proof is not valid now."""

    EXPIRED = "expired", "It has expired (`exp`)."
    NOT_YET_VALID = "not-yet-valid", "It is not valid yet (`nbf`)."
    ISSUED_IN_FUTURE = "issued-in-future", "It says that it was signed in the future (`iat`)."


class ContentReason(Reason):
    """Why a credential is not what was asked for."""

    WRONG_TYPE = "wrong-type", "The credential is of another type (`vct`, `vc.type`)."
    CLAIM_MISSING = "claim-missing", "A claim that was asked for was not disclosed."
    CLAIM_NOT_HELD = "claim-not-held", "The holder's credential has no such claim."


class StatusReason(Reason):
    """Why a credential's status does not allow to rely on it."""

    STATUS_MISSING = "status-missing", "The credential names no status, and the verifier needs one."
    STATUS_UNREADABLE = "status-unreadable", "The place of the status cannot be read from here."
    STATUS_STALE = "status-stale", "The status list is older than the verifier allows."
    CREDENTIAL_REVOKED = "credential-revoked", "The issuer revoked the credential."


class ConsentReason(Reason):
    """Why a consent does not allow this reading."""

    CONSENT_MISSING = (
        "consent-missing",
        "No consent came with the presentation, or the holder's proof names none.",
    )
    CONSENT_MISMATCH = "consent-mismatch", "The consent is for another presentation."
    SUBJECT_MISMATCH = "subject-mismatch", "The consent is another subject's on chain."
    GRANTEE_MISMATCH = "grantee-mismatch", "The consent is for another company."
    SCOPE_MISMATCH = "scope-mismatch", "The consent is for another credential or other claims."
    PURPOSE_MISMATCH = "purpose-mismatch", "The consent is for another purpose or request."
    EXPIRY_MISMATCH = "expiry-mismatch", "The consent has another expiry on chain."
    CONSENT_UNKNOWN = "consent-unknown", "The consent was not granted on chain."
    CONSENT_EXPIRED = "consent-expired", "The consent has expired."
    CONSENT_REVOKED = "consent-revoked", "The customer revoked the consent."
    CONSENT_RENOUNCED = "consent-renounced", "The company renounced the consent."
    CONSENT_EPOCH_ENDED = (
        "consent-epoch-ended",
        "The customer revoked all consents at once after granting this one.",
    )


class CredentialError(ReasonedError, ProofError):
    """The credential or presentation is not accepted."""


class MalformedToken(CredentialError, InputError, reasons=TokenReason):
    """The token cannot be read, so nothing in it was believed."""


class BadBase64(MalformedToken):
    """A part is not base64url without padding (RFC 7515)."""

    def __init__(self, message: str) -> None:
        super().__init__(TokenReason.BAD_BASE64, message)


class TokenSignatureError(CredentialError, reasons=SignatureReason):
    """The algorithm, the key or the signature is refused."""


class KeyBindingError(CredentialError, reasons=KeyBindingReason):
    """The holder did not present this to us, for this request, now."""


class HolderKeyMissing(KeyBindingError):
    """The credential does not name its holder's key, so nobody can prove to be the holder."""

    def __init__(self, message: str) -> None:
        super().__init__(KeyBindingReason.HOLDER_KEY_MISSING, message)


class Replayed(KeyBindingError):
    """The request was answered already."""

    def __init__(self, message: str) -> None:
        super().__init__(KeyBindingReason.REPLAYED, message)


class DisclosureError(CredentialError, reasons=DisclosureReason):
    """What is disclosed is not what the issuer signed."""


class IssuerError(CredentialError, reasons=IssuerReason):
    """The issuer, or its key, cannot be relied on."""


class TimeError(CredentialError, reasons=TimeReason):
    """It is not valid now."""


class ContentError(CredentialError, reasons=ContentReason):
    """It is not about what was asked for."""


class ClaimNotHeld(ContentError, NotFound):
    """The holder's credential has no such claim."""

    def __init__(self, message: str) -> None:
        super().__init__(ContentReason.CLAIM_NOT_HELD, message)


class StatusError(CredentialError, reasons=StatusReason):
    """The issuer may have revoked the credential."""


class StatusStale(StatusError):
    """The status list is older than the verifier allows."""

    def __init__(self, message: str) -> None:
        super().__init__(StatusReason.STATUS_STALE, message)


class ConsentError(CredentialError, reasons=ConsentReason):
    """The customer does not, or no longer, agree to this reading."""

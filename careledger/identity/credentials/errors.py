"""Why a credential or a presentation is not accepted: a class for each reason.

```
CredentialError
+-- MalformedToken        it cannot be read, so nothing in it was believed
|   +-- TokenTooLarge, BadBase64, BadJson, BadHeader, CriticalHeader, WrongTokenType, MalformedClaim
|   +-- MalformedDisclosure, ReservedClaimName
+-- AlgorithmRefused      `none`, a shared secret, or another algorithm than the four
+-- KeyTypeMismatch       the key is of another type than the header's algorithm
+-- SignatureInvalid      somebody else signed it, or it was changed
+-- KeyBindingError       the holder did not present it, here and now
|   +-- KeyBindingMissing, HolderKeyMissing, KeyBindingInvalid, KeyBindingStale, PresentationAltered
|   +-- WrongAudience, WrongNonce, Replayed
+-- DisclosureError       what is disclosed is not what the issuer signed
|   +-- DisclosureNotSigned, DuplicateDisclosure, DuplicateDigest, ClaimCollision, HashRefused
+-- IssuerError           the issuer, or its key
|   +-- UnknownDidMethod, MalformedIssuer, UnknownChain, UntrustedIssuer
|   +-- IssuerKeyUnknown, KeyRotated, IdentityDeactivated
+-- TimeError             Expired, NotYetValid, IssuedInFuture
+-- ContentError          WrongType, ClaimMissing
+-- ClaimNotHeld          the holder's credential has no such claim
+-- StatusError           StatusMissing, StatusUnreadable, StatusStale, CredentialRevoked
+-- ConsentError          ConsentMissing, ConsentMismatch (Subject-, Grantee-, Scope-, Purpose-, ExpiryMismatch),
                          ConsentUnknown, ConsentExpired, ConsentRevoked, ConsentRenounced, ConsentEpochEnded
```

No message quotes the value of a claim: messages go to logs, and attributes of customers must not.
"""

from careledger.errors import InputError, NotFound, ProofError


class CredentialError(ProofError):
    """The credential or presentation is not accepted."""


# -- what cannot be read


class MalformedToken(CredentialError, InputError):
    """The token cannot be read, so nothing in it was believed."""


class TokenTooLarge(MalformedToken):
    """The token is longer, or holds more disclosures, than the limits allow."""


class BadBase64(MalformedToken):
    """A part is not base64url as RFC 7515 writes it: no padding, no other characters, no stray bits."""


class BadJson(MalformedToken):
    """A part is not JSON, is nested too deep, or gives a member twice."""


class BadHeader(MalformedToken):
    """A header parameter is missing or is not what it has to be."""


class CriticalHeader(MalformedToken):
    """The header demands (`crit`) that an extension be understood, and none is."""


class WrongTokenType(MalformedToken):
    """The header's `typ` is that of another kind of token."""


class MalformedClaim(MalformedToken):
    """A claim that the protocol gives a meaning to is missing or is not what it has to be."""


class MalformedDisclosure(MalformedToken):
    """A disclosure is not a salt with a value, or a salt with a name and a value."""


class ReservedClaimName(MalformedToken):
    """A claim or disclosure uses a name that selective disclosure keeps for itself: `_sd`, `_sd_alg`, `...`."""


# -- signatures


class AlgorithmRefused(CredentialError):
    """The algorithm is `none`, a shared secret, or another than ES256K, ES256K-R, ES256 and EdDSA."""


class KeyTypeMismatch(CredentialError):
    """The key is of another type than the algorithm that the header names."""


class SignatureInvalid(CredentialError):
    """The signature is not by the key that it should be by, or what was signed was changed afterwards."""


# -- the holder


class KeyBindingError(CredentialError):
    """The holder did not present this to us, for this request, now."""


class KeyBindingMissing(KeyBindingError):
    """The presentation carries no proof of the holder's key."""


class HolderKeyMissing(KeyBindingError):
    """The credential names no key of its holder, so nobody can prove to be the holder."""


class KeyBindingInvalid(KeyBindingError):
    """The proof of possession is not by the key that the credential names."""


class KeyBindingStale(KeyBindingError):
    """The proof of possession was made too long ago, or in the future."""


class PresentationAltered(KeyBindingError):
    """The disclosures are not those that the holder signed for: `sd_hash` differs."""


class WrongAudience(KeyBindingError):
    """The presentation was made for somebody else."""


class WrongNonce(KeyBindingError):
    """The presentation answers another request."""


class Replayed(KeyBindingError):
    """The request was answered already."""


# -- selective disclosure


class DisclosureError(CredentialError):
    """What is disclosed is not what the issuer signed."""


class DisclosureNotSigned(DisclosureError):
    """A disclosure has a digest that the issuer signed nowhere."""


class DuplicateDisclosure(DisclosureError):
    """The same disclosure is given twice."""


class DuplicateDigest(DisclosureError):
    """The same digest stands in two places."""


class ClaimCollision(DisclosureError):
    """A disclosed claim has the name of one that is there already."""


class HashRefused(DisclosureError):
    """Disclosures are hashed by something else than SHA-256, SHA-384 or SHA-512."""


# -- the issuer


class IssuerError(CredentialError):
    """The issuer, or its key, cannot be relied on."""


class UnknownDidMethod(IssuerError):
    """The issuer or holder is not named by a did:ethr."""


class MalformedIssuer(IssuerError):
    """The issuer's or holder's did:ethr is malformed."""


class UnknownChain(IssuerError):
    """The issuer, its status or the consent is on another chain, or in another contract, than the one that is read."""


class UntrustedIssuer(IssuerError):
    """The issuer is none of those that the verifier trusts."""


class IssuerKeyUnknown(IssuerError):
    """The key is not, and was not, in the signer's DID document."""


class KeyRotated(IssuerError):
    """The key is in the signer's history, but not at the time that counts."""


class IdentityDeactivated(IssuerError):
    """The signer's identity was out of use at the time that counts."""


# -- times and content


class TimeError(CredentialError):
    """It is not valid now."""


class Expired(TimeError):
    """Its time is over (`exp`)."""


class NotYetValid(TimeError):
    """Its time has not come (`nbf`)."""


class IssuedInFuture(TimeError):
    """It says that it was signed later than now (`iat`): a clock is wrong, or it was made up."""


class ContentError(CredentialError):
    """It is not about what was asked for."""


class WrongType(ContentError):
    """The credential is of another type (`vct`, `vc.type`)."""


class ClaimMissing(ContentError):
    """A claim that was asked for was not disclosed."""


class ClaimNotHeld(CredentialError, NotFound):
    """The holder's credential has no such claim."""


# -- status


class StatusError(CredentialError):
    """The issuer may have withdrawn the credential."""


class StatusMissing(StatusError):
    """The credential says nowhere whether it is still good, and the verifier insists."""


class StatusUnreadable(StatusError):
    """Where the status is kept cannot be read from here."""


class StatusStale(StatusError):
    """The exported status list is older than the verifier allows."""


class CredentialRevoked(StatusError):
    """The issuer withdrew the credential."""


# -- consent


class ConsentError(CredentialError):
    """The customer does not, or no longer, agree to this reading."""


class ConsentMissing(ConsentError):
    """No consent came with the presentation, or the holder's proof names none."""


class ConsentMismatch(ConsentError):
    """The consent is about something else than this presentation."""


class SubjectMismatch(ConsentMismatch):
    """The chain has the consent under another subject."""


class GranteeMismatch(ConsentMismatch):
    """The consent is for another company."""


class ScopeMismatch(ConsentMismatch):
    """The consent is for another credential, or for other claims of it."""


class PurposeMismatch(ConsentMismatch):
    """The consent is for another purpose, or answers another request."""


class ExpiryMismatch(ConsentMismatch):
    """The chain has the consent with another expiry."""


class ConsentUnknown(ConsentError):
    """The consent was not granted on chain."""


class ConsentExpired(ConsentError):
    """The consent's time is over."""


class ConsentRevoked(ConsentError):
    """The customer revoked the consent."""


class ConsentRenounced(ConsentError):
    """The company gave the consent back."""


class ConsentEpochEnded(ConsentError):
    """The customer revoked all consents at once after granting this one."""

"""What the commands of a company share: who asks, from which database, and the answers' files."""

from pathlib import Path
from typing import TYPE_CHECKING

from careledger.cli.identity.files import issuer_with
from careledger.files import read_file

if TYPE_CHECKING:
    from careledger.identity.consent.relay import Relay
    from careledger.identity.credentials.policy import VerifierPolicy
    from careledger.identity.exchange.answer import Answer
    from careledger.identity.exchange.company import Company
    from careledger.suite import Suite


def company_of(
    suite: "Suite", identity: str, policy: "VerifierPolicy", key: Path | None = None
) -> "Company":
    """Return the company of an identity, to ask and read in its name.

    Args:
        suite: the suite.
        identity: its did:ethr or address.
        policy: what it believes.
        key: file with a private JWK of its document; the settings' key when None.

    Raises:
        Conflict: its document does not list the key.

    """
    issuer = issuer_with(suite, suite.identity.address_of(identity), key)
    return suite.identity.company(policy, issuer)


def open_relay(suite: "Suite") -> "Relay":
    """Return the relay of the suite's database; the settings' key pays."""
    from careledger.identity.consent.relay import Relay
    from careledger.identity.exchange.company import PATIENCE

    return Relay(suite.store, suite.identity.consents, patience=PATIENCE)


def read_answer(file: Path) -> "Answer":
    """Read an answer file.

    Raises:
        InputError: it cannot be read.
        MalformedAnswer: it is not an answer.

    """
    from careledger.identity.exchange.answer import MAX_FILE_BYTES, Answer

    return Answer.read(read_file(file, "answer", MAX_FILE_BYTES))
